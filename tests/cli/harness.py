"""What the tests of the command share: running it, and telling the outcome.

A test script decorates its cases with @case and ends with main(). Each case
prints one line: "ok NAME", "not ok NAME: reason" or "skip NAME: reason".
"""
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent.parent
COMMAND = os.environ.get("PJRT_TEST_CLI", "")
CASES = []

# Discovery must not see what happens to be installed here.
HIDDEN = ("PJRT_", "TPU_", "VIRTUAL_ENV", "CONDA_PREFIX", "XDG_", "NO_COLOR",
          "PIP_", "TERM")


class Skip(Exception):
    """Why a case cannot run."""


def case(function):
    CASES.append(function)
    return function


def check(truth, message):
    if not truth:
        raise AssertionError(message)


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(HIDDEN)}
    env.update(XDG_DATA_HOME=os.path.join(os.getcwd(), "no-data"),
               XDG_CONFIG_HOME=os.path.join(os.getcwd(), "no-config"),
               PATH="/usr/bin:/bin", LC_ALL="C.UTF-8")
    env.update(more)
    return env


def pjrt(*arguments, env=None, timeout=120, **options):
    """Runs the command; stdout and stderr come back as text."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    result = subprocess.run([COMMAND, *map(str, arguments)],
                            env=environment(**(env or {})), timeout=timeout,
                            **options)
    for name in ("stdout", "stderr"):
        value = getattr(result, name)
        if isinstance(value, bytes):
            setattr(result, name, value.decode(errors="replace"))
    return result


def describe(result):
    return (f"exit status {result.returncode}\nstdout: {result.stdout!r:.600}\n"
            f"stderr: {result.stderr!r:.1200}")


def succeeds(*arguments, **options):
    result = pjrt(*arguments, **options)
    check(result.returncode == 0, f"{arguments}: {describe(result)}")
    return result


def on_terminal(arguments, **env):
    """What the command shows on a terminal as its stderr."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([COMMAND, *arguments], stderr=follower,
                               stdout=subprocess.DEVNULL,
                               env=environment(**env))
    os.close(follower)
    shown = b""
    while True:
        try:
            block = os.read(leader, 4096)
        except OSError:  # the last writer is gone
            break
        if not block:
            break
        shown += block
    os.close(leader)
    process.wait()
    return shown.decode()


def complaints(result):
    """The command's own lines on stderr, without what a plugin wrote."""
    return [line for line in result.stderr.splitlines()
            if line and not line.startswith("  | ")]


def fails(status, *arguments, says=(), **options):
    """Fails with the status, one line on stderr that has all of `says` in it,
    and nothing on stdout unless stdout=None says that it does not matter."""
    allow_output = options.pop("allow_output", False)
    result = pjrt(*arguments, **options)
    told = f"{arguments}: {describe(result)}"
    check(result.returncode == status, f"expected {status}: {told}")
    lines = complaints(result)
    check(len(lines) == 1, f"expected one line of complaint: {told}")
    check(lines[0].startswith("pjrt"), f"expected 'pjrt ...: ': {told}")
    for text in (says,) if isinstance(says, str) else says:
        check(text in lines[0], f"expected {text!r} in it: {told}")
    check(allow_output or not result.stdout, f"expected no stdout: {told}")
    return result


def as_nobody():
    """Options that run the command as a user who may not read everything."""
    if os.geteuid() != 0:
        return {}
    os.chmod(".", 0o755)
    nobody = {"user": 65534}
    try:
        subprocess.run([COMMAND, "version"], check=True, capture_output=True,
                       **nobody)
    except OSError as error:
        raise Skip(f"nobody may not run the command: {error}") from error
    return nobody


def cpu_plugin():
    path = os.environ.get("PJRT_TEST_PLUGIN_CPU")
    if not path:
        raise Skip("plugin cpu is not fetched")
    return path


def npy(descr, shape, data=b"", fortran="False", header=None):
    """The bytes of a .npy file, valid or not."""
    if header is None:
        dims = "".join(f"{d}, " for d in shape)
        header = (f"{{'descr': {descr!r}, 'fortran_order': {fortran}, "
                  f"'shape': ({dims}), }}")
    body = header.encode()
    body += b" " * (-(len(body) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body + data


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def compile_plugin(name, code):
    """Builds a shared library from C in the current folder."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        raise Skip("there is no C compiler")
    Path(f"{name}.c").write_text(code)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", f"{name}.so",
                    f"{name}.c", "-ldl"], check=True)
    return f"{os.getcwd()}/{name}.so"


def run_case(function):
    name = function.__name__
    try:
        function()
        print(f"ok {name}", flush=True)
        return True
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
        return True
    except Exception as error:  # every failure is a failed case
        where = traceback.extract_tb(error.__traceback__)
        lines = [f.lineno for f in where if "harness" not in f.filename]
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"not ok {name}: line {lines[-1:]}: {reason}", flush=True)
        return False


def main():
    """Runs the cases, each in a folder of its own; arguments select some."""
    if not COMMAND:
        print("skip command: PJRT_TEST_CLI does not name the command")
        return 0
    failed = 0
    wanted = sys.argv[1:]
    home = os.getcwd()
    for function in CASES:
        if wanted and function.__name__ not in wanted:
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            failed += not run_case(function)
            os.chdir(home)
    return 1 if failed else 0
