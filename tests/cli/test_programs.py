#!/usr/bin/env python3
"""Every program of tests/data through `pjrt run`, against what JAX computed.

plugins: each

The plugin is PJRT_TEST_PLUGIN. A program's case.json says how to run it, and
how far its results may lie from JAX's: tests/data/README.md.
"""
import json
import os
import sys

from harness import SOURCE, check, describe, pjrt

DATA = SOURCE / "tests" / "data"


def arrays(case, key, num_devices):
    """Files in the order of the command line: device after device."""
    return [entry["files"][device if len(entry["files"]) > 1 else 0]
            for device in range(num_devices) for entry in case[key]]


def arguments(folder, case):
    num_devices = case["num_replicas"] * case["num_partitions"]
    given = [f"--replicas={case['num_replicas']}",
             f"--partitions={case['num_partitions']}"]
    if case["use_shardy_partitioner"]:
        given.append("--shardy")
    given += [f"--{bound}={case['tolerance'][bound]}"
              for bound in ("ulps", "rtol", "atol")
              if bound in case["tolerance"]]
    for option, key in (("input", "inputs"), ("expected-output", "outputs")):
        given += [f"--{option}=@{folder / file}"
                  for file in arrays(case, key, num_devices)]
    return given


def run_program(path, case, plugin):
    result = pjrt("run", path, f"--plugin={plugin}",
                  *arguments(path.parent, case))
    check(result.returncode == 0, describe(result))
    if case["outputs"]:
        check("results are as expected" in result.stdout, describe(result))


def tell(name, path, case, plugin):
    try:
        run_program(path, case, plugin)
        print(f"ok {name}", flush=True)
        return True
    except Exception as error:  # every failure is a failed case
        print(f"not ok {name}: {' '.join(str(error).split())}", flush=True)
        return False


def main():
    plugin = os.environ.get("PJRT_TEST_PLUGIN")
    if not plugin or not os.environ.get("PJRT_TEST_CLI"):
        print("skip programs: PJRT_TEST_PLUGIN and PJRT_TEST_CLI are not set")
        return 0
    failed = 0
    for file in sorted(DATA.glob("*/*/case.json")):
        case = json.loads(file.read_text())
        for program in case["programs"]:
            name = case["name"]
            if len(case["programs"]) > 1:
                name += f"/{program}"
            failed += not tell(name, file.parent / program, case, plugin)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
