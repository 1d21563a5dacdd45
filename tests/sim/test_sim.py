#!/usr/bin/env python3
"""The simulated plugin does what its header says, leaks nothing, and is
clean under AddressSanitizer and UBSan."""
# timeout: 600

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "headers"))

from checks import ROOT, check, compile_problem, finish, skip  # noqa: E402

FLAGS = ["-std=c11", "-D_GNU_SOURCE=", "-g", "-O1", "-Wall", "-Wextra",
         "-Werror", "-fvisibility=hidden", f"-I{ROOT / 'sim'}",
         f"-I{ROOT / 'src'}", f"-I{ROOT / 'include'}"]
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR", ROOT / "build"))
# What has tests of its own, and is not instrumented here.
LIBRARIES = ("sim/libsim_interp.a", "src/mlir/libpjrt_mlir.a", "libpjrt.a")
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]

# name: (environment, what `sim_check version` prints)
ENVIRONMENTS = {
    "env-default": ({}, "0.117 1144 client"),
    "env-minor": ({"PJRT_SIM_MINOR": "57"}, "0.57 848 client"),
    "env-null-api": ({"PJRT_SIM_NULL_API": "1"}, "none"),
    "env-table-size": ({"PJRT_SIM_TABLE_SIZE": "400"}, "0.117 400 client"),
    "env-fault": ({"PJRT_SIM_FAULTS":
                   "PJRT_Client_Destroy;PJRT_Client_Create,nth=1,code=14,"
                   "message=no hardware"}, "0.117 1144 no client"),
}
REFUSED = {
    "env-unknown-function": {"PJRT_SIM_NULL_FUNCTIONS": "PJRT_Nonsense"},
    "env-unknown-setting": {"PJRT_SIM_FAULTS": "PJRT_Client_Create,foo=1"},
    "env-no-number": {"PJRT_SIM_MINOR": "new"},
    "env-no-execution": {"PJRT_SIM_EXECUTION": "guess"},
}


def build(folder, extra=SANITIZE):
    """(plugin, program, the reason why they could not be built)."""
    plugin, program = Path(folder) / "sim.so", Path(folder) / "sim_check"
    sources = [source for folder in ("sim/plugin", "sim/ext")
               for source in sorted((ROOT / folder).glob("*.c"))]
    problem = compile_problem(
        ["gcc", *FLAGS, *extra, "-fPIC", "-shared", "-o", str(plugin),
         *map(str, sources), str(ROOT / "src/abi/generated/sizes.c"),
         *(str(BUILD / name) for name in LIBRARIES), "-Wl,--exclude-libs,ALL",
         "-lpthread", "-lm"])
    problem = problem or compile_problem(
        ["gcc", *FLAGS, *extra, "-o", str(program),
         str(HERE / "sim_check.c"), "-ldl", "-lpthread"])
    return plugin, program, problem


def run(command, environment, timeout=None):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith("PJRT_SIM_")}
    return subprocess.run(list(map(str, command)), capture_output=True,
                          text=True, env={**clean, **environment},
                          timeout=timeout)


def check_cases(plugin, program):
    result = run([program, plugin], {})
    sys.stdout.write(result.stdout)
    sys.stdout.flush()
    lines = result.stderr.strip().splitlines()
    said = next((x for x in lines if "ERROR" in x or "error" in x), "")
    check("sanitizers", said or ("it ended with status "
                                 f"{result.returncode}"
                                 if result.returncode else ""))


def check_environment(plugin, program):
    quiet = {"ASAN_OPTIONS": "detect_leaks=0"}
    for name, (environment, expected) in ENVIRONMENTS.items():
        result = run([program, plugin, "version"], {**quiet, **environment})
        found = result.stdout.strip()
        check(name, "" if found == expected else
              f"expected {expected!r}, got {found!r} {result.stderr!r}")
    for name, environment in REFUSED.items():
        result = run([program, plugin, "version"], {**quiet, **environment})
        is_refused = (result.returncode == 2
                      and result.stderr.startswith("pjrt_sim: "))
        check(name, "" if is_refused else
              f"status {result.returncode}, {result.stderr!r}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        plugin, program, problem = build(folder)
        if "cannot find -lasan" in problem or "libasan" in problem:
            skip("sim", "the compiler has no AddressSanitizer")
            finish()
        if problem:
            check("build", problem)
            finish()
        check_cases(plugin, program)
        check_environment(plugin, program)
    finish()


if __name__ == "__main__":
    main()
