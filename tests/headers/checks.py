"""What the header tests share: reporting, compilers, folders.

A check prints one line, "ok NAME", "not ok NAME: reason" or "skip NAME:
reason"; finish() is the exit status.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
HERE = ROOT / "tests" / "headers"
INCLUDE = ROOT / "include"
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wshadow",
          "-Werror"]
C_STANDARDS = ["c99", "c11", "c17", "c2x"]
CXX_STANDARDS = ["c++11", "c++14", "c++17", "c++20", "c++23"]

failures = 0


def ok(name):
    print(f"ok {name}", flush=True)


def not_ok(name, reason):
    global failures
    failures += 1
    print(f"not ok {name}: {reason}", flush=True)


def skip(name, reason):
    print(f"skip {name}: {reason}", flush=True)


def check(name, problem):
    """`problem` is what is wrong, empty when nothing is."""
    if problem:
        not_ok(name, problem)
    else:
        ok(name)


def finish():
    sys.exit(1 if failures else 0)


def compilers():
    """name -> (C compiler, C++ compiler or None), those that are here."""
    found = {}
    for name, c, cxx in [("gcc", "gcc", "g++"),
                         ("clang", "clang-19", "clang++-19"),
                         ("clang", "clang", "clang++")]:
        if name not in found and shutil.which(c):
            found[name] = (c, cxx if shutil.which(cxx) else None)
    return found


def first_error(text):
    lines = [x for x in text.splitlines() if "error" in x] or text.splitlines()
    return lines[0].strip() if lines else "no output"


def compile_problem(command, cwd=None):
    """Runs a compiler; its first error, empty when it was content."""
    result = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    if result.returncode == 0:
        return ""
    return first_error(result.stderr)
