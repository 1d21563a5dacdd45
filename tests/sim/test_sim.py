#!/usr/bin/env python3
"""What the environment configures of the simulated plugin, and what it refuses
there. The rest is the work of sim_checks, a program of each build."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "headers"))

from checks import ROOT, check, finish, skip  # noqa: E402

BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR", ROOT / "build"))
PROGRAM = BUILD / "tests/sim_checks"

# name: (environment, the first line of `sim_checks describe`)
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


def run(command, environment, timeout=None):
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith("PJRT_SIM_")}
    return subprocess.run(list(map(str, command)), capture_output=True,
                          text=True, env={**clean, **environment},
                          timeout=timeout)


def require_plugin():
    if not os.environ.get("PJRT_TEST_SIM"):
        skip("plugin", "PJRT_TEST_SIM is not set")
        finish()


def check_environment():
    for name, (environment, expected) in ENVIRONMENTS.items():
        result = run([PROGRAM, "describe"], environment)
        found = (result.stdout.splitlines() or [""])[0]
        check(name, "" if found == expected else
              f"expected {expected!r}, got {found!r} {result.stderr!r}")
    for name, environment in REFUSED.items():
        result = run([PROGRAM, "describe"], environment)
        is_refused = (result.returncode == 2
                      and result.stderr.startswith("pjrt_sim: "))
        check(name, "" if is_refused else
              f"status {result.returncode}, {result.stderr!r}")


def check_program():
    result = run([PROGRAM, "nonsense"], {})
    check("unknown-suite", "" if result.returncode == 2 and result.stderr ==
          "sim_checks: there is no suite 'nonsense'\n" else result.stderr)
    missing = run([PROGRAM], {"PJRT_TEST_SIM": "nowhere.so"})
    check("no-plugin", "" if missing.returncode == 2 and
          "nowhere.so" in missing.stderr else missing.stderr)


def main():
    require_plugin()
    check_environment()
    check_program()
    finish()


if __name__ == "__main__":
    main()
