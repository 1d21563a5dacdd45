#!/usr/bin/env python3
"""The programs of tests/data on the simulated plugin: each gives the results
that JAX computed, or is on the list of those that need what the plugin does
not have, and is refused for that; "accuracy" is a result further from JAX's
than its tolerance.

With the argument --list it prints the list as it should be.
"""
import json
import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "cli"))

from harness import check, describe, pjrt  # noqa: E402
from test_programs import DATA, arguments, run_program  # noqa: E402

LIST = HERE / "outside_subset.txt"
PLUGIN = os.environ.get("PJRT_TEST_SIM")
REASON = re.compile(r"UNIMPLEMENTED: (?:\d+:\d+: )?([\w. ]+?)(?::| is not)")


def outside():
    """What each program on the list needs."""
    lines = LIST.read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines
                if line and not line.startswith("#"))


def programs():
    """(name, path, case) of every program."""
    for file in sorted(DATA.glob("*/*/case.json")):
        case = json.loads(file.read_text())
        for program in case["programs"]:
            several = len(case["programs"]) > 1
            yield (case["name"] + (f"/{program}" if several else ""),
                   file.parent / program, case)


def missing(path, case):
    """What the plugin says it lacks; None: nothing."""
    result = pjrt("run", path, f"--plugin={PLUGIN}",
                  *arguments(path.parent, case))
    if result.returncode == 0:
        return None
    if result.returncode == 1 and " differs from " in result.stderr:
        return "accuracy"
    reason = REASON.search(result.stderr)
    check(reason, describe(result))
    return reason[1]


def expect(name, path, case, lack):
    if lack is None:
        run_program(path, case, PLUGIN)
        return
    found = missing(path, case)
    check(found == lack, f"expected to lack {lack}, and lacks {found}")


def tell(name, test, *args):
    try:
        test(*args)
        print(f"ok {name}", flush=True)
        return True
    except Exception as error:  # every failure is a failed case
        print(f"not ok {name}: {' '.join(str(error).split())}", flush=True)
        return False


def every_line_is_a_program(known):
    check(known <= {name for name, _, _ in programs()},
          f"no programs: {sorted(known - {n for n, _, _ in programs()})}")


def main():
    if not PLUGIN or not os.environ.get("PJRT_TEST_CLI"):
        print("skip programs: PJRT_TEST_SIM and PJRT_TEST_CLI are not set")
        return 0
    if "--list" in sys.argv:
        for name, path, case in programs():
            lack = missing(path, case)
            if lack:
                print(f"{name}: {lack}")
        return 0
    lacks = outside()
    results = [tell("list", every_line_is_a_program, set(lacks))]
    results += [tell(name, expect, name, path, case, lacks.get(name))
                for name, path, case in programs()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
