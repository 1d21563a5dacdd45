#!/usr/bin/env python3
"""StableHLO's own test suite through `pjrt conform`, on each CPU plugin and on
the simulated one.

tier: all
plugins: each

The suite is the folder testdata of StableHLO's sources, or a tarball of it:
PJRT_TEST_STABLEHLO names it; without that it is looked for beside the source
folder. tests/data/conform/exceptions lists what is known not to pass.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import SOURCE, check, describe, pjrt

EXCEPTIONS = SOURCE / "tests" / "data" / "conform" / "exceptions"
BESIDE = SOURCE.parent / "shared" / "stablehlo-testdata.tar.xz"

# Programs with static shapes in the suite of August 2026.
NUM_STATIC = 2325


def suite():
    """A folder or tarball, or None. One that was named must be there."""
    given = os.environ.get("PJRT_TEST_STABLEHLO")
    if given:
        return Path(given)
    return BESIDE if BESIDE.exists() else None


def unpacked(path, folder):
    """The folder of the programs, out of a tarball if it is one."""
    if path.is_dir():
        return path
    subprocess.run(["tar", "-xf", path, "-C", folder], check=True)
    inside = Path(folder, "testdata")
    return inside if inside.is_dir() else Path(folder)


def run_suite(folder, name, plugin):
    """Says what is wrong with the plugin's results, or nothing."""
    known = EXCEPTIONS / f"{name}.txt"
    result = pjrt("conform", f"--stablehlo={folder}", f"--plugin={plugin}",
                  f"--exceptions={known}", "--json", timeout=500)
    check(result.returncode in (0, 1), describe(result))
    found = json.loads(result.stdout)
    wrong = [f"{one['name']}: {one['cause']}" for one in found["programs"]
             if not one["expected"] and one["verdict"] != "passed"]
    check(result.returncode == 0 and not wrong,
          f"{len(wrong)} unexpected: {wrong[:5]}")
    return found


def cpu(folder):
    name = os.environ["PJRT_TEST_PLUGIN_NAME"]
    found = run_suite(folder, name, os.environ["PJRT_TEST_PLUGIN"])
    check(found["unsupported"] == 0, f"{found['unsupported']} unsupported")
    check(found["passed"] + found["failed"] >= NUM_STATIC,
          f"only {found['passed']} passed")


def simulated(folder):
    found = run_suite(folder, "sim", os.environ["PJRT_TEST_SIM"])
    check(found["passed"] >= 1068, f"only {found['passed']} passed")
    groups = {one["group"] for one in found["programs"]
              if one["verdict"] == "unsupported"}
    check(all("." in group for group in groups),
          f"unsupported are no operations: {sorted(groups)}")


def tell(case, folder):
    try:
        case(folder)
        print(f"ok {case.__name__}", flush=True)
        return True
    except Exception as error:  # every failure is a failed case
        print(f"not ok {case.__name__}: {' '.join(str(error).split())}",
              flush=True)
        return False


def main():
    if not os.environ.get("PJRT_TEST_CLI"):
        print("skip suite: PJRT_TEST_CLI does not name the command")
        return 0
    path = suite()
    if not path:
        print("skip suite: PJRT_TEST_STABLEHLO names no folder or tarball")
        return 0
    cases = [cpu] if os.environ.get("PJRT_TEST_PLUGIN") else []
    if not cases:
        print("skip cpu: PJRT_TEST_PLUGIN is not set")
    if os.environ.get("PJRT_TEST_SIM") and \
            os.environ.get("PJRT_TEST_PLUGIN_NAME", "cpu") == "cpu":
        cases.append(simulated)
    with tempfile.TemporaryDirectory() as folder:
        programs = unpacked(path, folder)
        return 0 if all([tell(case, programs) for case in cases]) else 1


if __name__ == "__main__":
    sys.exit(main())
