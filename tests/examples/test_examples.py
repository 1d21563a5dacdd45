#!/usr/bin/env python3
"""The examples print what stands beside them, and the main job tells a right
model from a wrong one."""
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
              Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR") or SOURCE / "build")
PLUGIN = os.environ.get("PJRT_TEST_PLUGIN_CPU")
SIM = os.environ.get("PJRT_TEST_SIM")
EXAMPLES = sorted(p.stem for p in (SOURCE / "examples").glob("[0-9]*.c"))
# What an example is to print on a plugin stands beside it: on the CPU plugin,
# on the simulated one where that can more, and on libtpu without a TPU.
PLUGINS = {".expected": PLUGIN, ".sim.expected": SIM,
           ".tpu.expected": os.environ.get("PJRT_TEST_PLUGIN_TPU")}
ARGUMENTS = {"09_devices.expected": ["cpu_device_count=2"],
             "10_aot.sim.expected": ["2x2"],
             "31_tpu_topology.tpu.expected": ["v4:2x2x1", "tpu7x"]}
# Keeps libtpu from asking the network, and from minding another user's lock
# file.
os.environ.update(TPU_SKIP_MDS_QUERY="1", ALLOW_MULTIPLE_LIBTPU_LOAD="1")
MODEL = SOURCE / "models" / "digits"


class Failure(Exception):
    pass


def check(condition, reason):
    if not condition:
        raise Failure(reason)


def run(name, *arguments, **options):
    return subprocess.run([BUILD / "examples" / name, *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120,
                          **options)


# ---- the numbered examples --------------------------------------------------


def prints_what_is_expected(name):
    found = [suffix for suffix in PLUGINS
             if (SOURCE / "examples" / (name + suffix)).exists()]
    check(found, "nothing says what it is to print")
    for suffix in found:
        if PLUGINS[suffix]:
            prints(name, PLUGINS[suffix], name + suffix)
        else:
            print(f"skip {name}{suffix}: its plugin is not installed")


def environment_of(name):
    """What the simulated plugin is started with, as the example's head says:
    VARIABLE=value before its name."""
    source = (SOURCE / "examples" / (name + ".c")).read_text()
    said = re.search(rf"^ \* +((?:PJRT_SIM_\w+=\S+ )+){name}\b", source, re.M)
    return dict(word.split("=", 1) for word in said[1].split()) if said else {}


def prints(name, plugin, file):
    expected = (SOURCE / "examples" / file).read_text()
    done = run(name, plugin, *ARGUMENTS.get(file, []),
               env={**os.environ, **environment_of(name)})
    check(done.returncode == 0,
          f"exit status {done.returncode}: {done.stderr[-300:]!r}")
    for number, (got, wanted) in enumerate(
            zip(done.stdout.splitlines(), expected.splitlines()), 1):
        check(got == wanted, f"line {number}: got {got!r}, expected {wanted!r}")
    check(done.stdout == expected, "more or fewer lines than expected")


def without_a_plugin_one_line_says_so(name):
    done = run(name, "./no-such-plugin.so")
    check(done.returncode == 1, f"exit status {done.returncode}")
    check(done.stdout == "", f"printed {done.stdout!r}")
    check(len(done.stderr.splitlines()) == 1 and "NOT_FOUND" in done.stderr,
          f"said {done.stderr!r}")


def several_processes_meet():
    """15_processes, as a launcher would start it, on the simulated plugin."""
    started = [subprocess.Popen(
        [BUILD / "examples" / "15_processes", SIM, "file:meeting"],
        stdout=subprocess.PIPE, text=True,
        env={**os.environ, "RANK": str(rank), "WORLD_SIZE": "2",
             "TORCHELASTIC_RUN_ID": "first"}) for rank in range(2)]
    for rank, process in enumerate(started):
        said, _ = process.communicate(timeout=120)
        check(said == f"process {rank} of 2: 8 devices, 4 of them its own\n",
              f"process {rank} said {said!r}")


# ---- the main job -----------------------------------------------------------


def digits(folder, **options):
    return run("digits", "--plugin", PLUGIN, folder, **options)


def copy_of_model(name):
    shutil.copytree(MODEL, name, dirs_exist_ok=True)
    return Path(name)


def change(path, old, new):
    text = path.read_text()
    check(old in text, f"{path} has no {old!r}")
    path.write_text(text.replace(old, new, 1))


def digits_agree_with_jax():
    done = digits(MODEL)
    check(done.returncode == 0, f"exit status {done.returncode}: "
          f"{done.stderr[-300:]!r}")
    check("\n  ..%%--**##" in done.stdout, "shows no image")
    check(re.search(r"^9, \d\d\.\d %, is 5", done.stdout, re.M),
          "shows no misread image")
    check(re.search(r"^accuracy +349 of 360 .*; JAX: 349$", done.stdout, re.M),
          f"ends with {done.stdout[-100:]!r}")


def another_accuracy_fails():
    folder = copy_of_model("accuracy")
    change(folder / "expected.json", '"correct": 349', '"correct": 350')
    done = digits(folder)
    check(done.returncode == 1, f"exit status {done.returncode}")
    check("349 images are right, where JAX had 350" in done.stderr,
          f"said {done.stderr!r}")


def other_probabilities_fail():
    folder = copy_of_model("probabilities")
    path = folder / "probabilities.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 0x40
    path.write_bytes(data)
    done = digits(folder)
    check(done.returncode == 1, f"exit status {done.returncode}")
    check("DATA_LOSS" in done.stderr, f"said {done.stderr!r}")


def too_few_images_fail():
    folder = copy_of_model("images")
    change(folder / "expected.json", '"total": 360', '"total": 361')
    done = digits(folder)
    check(done.returncode == 1, f"exit status {done.returncode}")
    check("images.npy: expected as many images as expected.json counts"
          in done.stderr, f"said {done.stderr!r}")


def a_missing_file_is_named():
    folder = copy_of_model("missing")
    (folder / "w2.npy").unlink()
    done = digits(folder)
    check(done.returncode == 1, f"exit status {done.returncode}")
    check("w2.npy" in done.stderr, f"said {done.stderr!r}")


def usage_is_told():
    done = run("digits")
    check(done.returncode == 2 and done.stderr.startswith("usage: digits"),
          f"exit status {done.returncode}, said {done.stderr!r}")


def on_a_terminal(environment):
    """What digits writes when its stdout is a terminal."""
    master, terminal = pty.openpty()
    worker = subprocess.Popen(
        [BUILD / "examples" / "digits", "--plugin", PLUGIN, MODEL],
        stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL,
        env=environment)
    os.close(terminal)
    text = b""
    try:
        while block := os.read(master, 65536):
            text += block
    except OSError:  # the terminal is gone with its last writer
        pass
    os.close(master)
    check(worker.wait(120) == 0, f"exit status {worker.returncode}")
    return text


def colour_is_for_terminals():
    plain = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    check(b"\033[48;5;" in on_a_terminal(plain), "no colour on a terminal")
    check(b"\033" not in on_a_terminal({**plain, "NO_COLOR": "1"}),
          "colour in spite of NO_COLOR")
    check("\033" not in digits(MODEL, env=plain).stdout, "colour in a pipe")


MAIN_JOB = [digits_agree_with_jax, another_accuracy_fails,
            other_probabilities_fail, too_few_images_fail,
            a_missing_file_is_named, usage_is_told, colour_is_for_terminals]


def report(name, function, *arguments):
    """Prints the case's line and says whether it holds."""
    if not PLUGIN:
        print(f"skip {name}: the CPU plugin is not installed")
        return True
    try:
        function(*arguments)
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        print(f"not ok {name}: {failure}")
        return False
    print(f"ok {name}")
    return True


def main():
    held = [report(name, prints_what_is_expected, name) for name in EXAMPLES]
    held.append(report("without_a_plugin", without_a_plugin_one_line_says_so,
                       EXAMPLES[0]))
    held.append(report("several_processes", several_processes_meet))
    held += [report(case.__name__, case) for case in MAIN_JOB]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
