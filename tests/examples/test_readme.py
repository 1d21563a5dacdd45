#!/usr/bin/env python3
"""What the documents show is true: the README's program compiles without a
warning and prints what it says, the sessions with `pjrt run` go as they are
shown, and the tables of the guides are the command's own."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
              Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR") or SOURCE / "build")
PLUGIN = os.environ.get("PJRT_TEST_PLUGIN_CPU")
COMMAND = os.environ.get("PJRT_TEST_CLI")
IS_MAKES = BUILD == SOURCE / "build"


README, GUIDE = SOURCE / "README.md", SOURCE / "docs" / "command.md"
VERBS = ("run", "bench", "profile", "cache", "compile", "info", "plugin list",
         "plugin install", "plugin doctor", "conform")

# Adds up over four devices; the guide refers to an example for it.
SUM = """func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %sum = "stablehlo.all_reduce"(%x) ({
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %c = stablehlo.add %a, %b : tensor<f32>
    stablehlo.return %c : tensor<f32>
  }) {replica_groups = dense<[[0, 1, 2, 3]]> : tensor<1x4xi64>} :
      (tensor<f32>) -> tensor<f32>
  return %sum : tensor<f32>
}
"""


def blocks(language, document=README):
    """The code blocks of a document in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(),
                      re.M | re.S)


def call(*command, **environment):
    return subprocess.run(command, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120,
                          env={**os.environ, **environment})


# ---- the cases: each returns why it does not hold, or "" --------------------


def make_demo(*variables):
    """What `make demo` ends with, as said, or what went wrong."""
    done = call("make", "--no-print-directory", "-C", str(SOURCE), "demo",
                *variables, MAKEFLAGS="", MAKELEVEL="")
    said = blocks("text")[0].splitlines()[-2:]
    ended = done.stdout.splitlines()[-2:]
    return "" if done.returncode == 0 and ended == said else (
        f"make demo ended with {done.stdout[-200:]} {done.stderr[-300:]}")


def demo_ends_as_said():
    return make_demo()


def demo_needs_no_download():
    return make_demo("PLUGIN=sim")


def program_compiles():
    Path("prog.c").write_text(blocks("c")[0])
    done = call("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                "prog.c", "-o", "prog", f"-I{SOURCE / 'include'}",
                f"-L{BUILD}", f"-Wl,-rpath,{BUILD}", "-lpjrt")
    return done.stderr[-500:] if done.returncode else ""


def program_prints_what_is_said():
    Path("root.mlir").write_text(blocks("mlir")[0])
    done = call("./prog", PJRT_PLUGIN=PLUGIN)
    expected = blocks("text")[-1]
    if done.returncode or done.stdout != expected:
        return f"exit status {done.returncode}, printed {done.stdout!r}, " \
            f"expected {expected!r}; {done.stderr[-300:]}"
    return ""


def program_fails_in_one_line():
    Path("root.mlir").unlink()
    done = call("./prog", PJRT_PLUGIN=PLUGIN)
    said = [line for line in done.stderr.splitlines() if "root.mlir" in line]
    return "" if done.returncode == 5 and len(said) == 1 else \
        f"exit status {done.returncode}, said {done.stderr!r}"


def commands_of(session):
    """[command, what it printed] pairs of a block that shows a session."""
    joined = session.replace("\\\n", "")
    parts = re.split(r"^\$ (.*)\n", joined, flags=re.M)[1:]
    return [(parts[i], parts[i + 1].rstrip("\n"))
            for i in range(0, len(parts), 2)]


def play(commands):
    """Runs the commands in one shell and gives what each printed."""
    script = "".join(f"{{ {command}; }} 2>&1; s=$?; echo; echo @@; (exit $s)\n"
                     for command, _ in commands)
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    done = call("bash", "-c", script, PATH=path, PJRT_PLUGIN=PLUGIN)
    return [text.strip("\n") for text in done.stdout.split("@@\n")]


def sessions_go_as_shown():
    Path("root.mlir").write_text(blocks("mlir")[0])
    Path("add.mlir").write_text(blocks("mlir", GUIDE)[0])
    Path("sum.mlir").write_text(SUM)
    Path("models").symlink_to(SOURCE / "models")
    played = 0
    for session in blocks("console") + blocks("console", GUIDE):
        commands = commands_of(session)
        if not all(command.startswith(("pjrt run ", "cd ", "echo "))
                   for command, _ in commands):
            continue  # depends on what is installed
        for (command, shown), printed in zip(commands, play(commands)):
            played += 1
            if printed != shown:
                return f"{command}: printed {printed!r}, shown is {shown!r}"
    return "" if played > 8 else f"only {played} commands were found"


def exit_statuses_are_the_commands():
    told = dict(re.findall(r"^ +(\d+)  (.+)$",
                           call(COMMAND, "help", "exit-codes").stdout, re.M))
    listed = dict(re.findall(r"^\| (\d+) \| (.+?) \|$", GUIDE.read_text(),
                             re.M))
    listed = {code: text.replace("`", "") for code, text in listed.items()}
    return "" if told and told == listed else \
        f"the command tells {told}, docs/command.md {listed}"


def options_exist():
    """Every --option in a document's command lines is one of the command's."""
    known = set()
    for verb in VERBS:
        text = call(COMMAND, "help", *verb.split()).stdout
        known |= set(re.findall(r"--[a-z][a-z-]+", text))
    for path in (README, GUIDE, SOURCE / "docs" / "getting-started.md"):
        joined = path.read_text().replace("\\\n", " ")
        for line in re.findall(r"^\$? ?(pjrt .*)$", joined, re.M):
            for option in re.findall(r"--[a-z][a-z-]+", line):
                if option not in known:
                    return f"{path.name}: {option} in {line!r}"
    return "" if known else "the command shows no options"


def options_are_described():
    """The guide speaks of every option that the command has."""
    guide = GUIDE.read_text()
    for verb in VERBS:
        text = call(COMMAND, "help", *verb.split()).stdout
        for option in re.findall(r"^ +(--[a-z][a-z-]+)", text, re.M):
            if option != "--help" and not re.search(option + r"(?![a-z-])",
                                                    guide):
                return f"docs/command.md has nothing on {option} of pjrt {verb}"
    return ""


CASES = [
    (demo_ends_as_said, IS_MAKES, "this is not the build of the Makefile"),
    (demo_needs_no_download, IS_MAKES,
     "this is not the build of the Makefile"),
    (program_compiles, shutil.which("cc"), "no C compiler"),
    (program_prints_what_is_said, PLUGIN, "the CPU plugin is not installed"),
    (program_fails_in_one_line, PLUGIN, "the CPU plugin is not installed"),
    (sessions_go_as_shown, COMMAND and PLUGIN,
     "it needs the command and the CPU plugin"),
    (exit_statuses_are_the_commands, COMMAND, "the command is not built"),
    (options_exist, COMMAND, "the command is not built"),
    (options_are_described, COMMAND, "the command is not built"),
]


def main():
    failed = False
    for case, needed, reason in CASES:
        if not needed:
            print(f"skip {case.__name__}: {reason}")
            continue
        problem = " ".join(case().split())
        failed |= bool(problem)
        print(f"not ok {case.__name__}: {problem}" if problem else
              f"ok {case.__name__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
