#!/usr/bin/env python3
"""Every function of the simulated plugin has a test that notices when its
body is replaced by `return NULL`: for each, the checks run on a plugin in
which it is, and one of them must fail."""
# tier: all
# timeout: 1200

import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import TimeoutExpired

import test_extensions
import test_sim
from test_sim import ROOT, run

from checks import check, finish

GENERATED = ROOT / "src/abi/generated"
FLAGS = ["-DSIM_MUTANTS"]
# A mutant that leaves the checks waiting has been noticed.
PATIENCE_S = 20

# What cannot be noticed, with the reason.
UNNOTICEABLE = {}


def functions():
    core = re.findall(r"^PJRT_CALL_ROW(?:_VOID)?\((\w+),",
                      (GENERATED / "calls.inc").read_text(), re.M)
    rows = re.findall(r"^PJRT_EXTENSION_SLOT_ROW\((\w+), (\w+), (\w+),",
                      (GENERATED / "extensions.inc").read_text(), re.M)
    return core + [args for _, _, args in rows]


def notices(program, plugin, name):
    try:
        result = run([program, plugin], {"PJRT_SIM_MUTANT": name}, PATIENCE_S)
    except TimeoutExpired:
        return True
    return result.returncode != 0


def check_mutant(programs, plugin, name):
    is_noticed = any(notices(p, plugin, name) for p in programs)
    if name in UNNOTICEABLE:
        return "is noticed after all" if is_noticed else ""
    return "" if is_noticed else "no check fails without it"


def main():
    with tempfile.TemporaryDirectory() as folder:
        plugin, program, problem = test_sim.build(folder, FLAGS)
        other = Path(folder) / "ext_check"
        problem = problem or test_extensions.build(other, FLAGS)
        if problem:
            check("build", problem)
            finish()
        programs = [program, other]
        check("no-mutant", "a check fails" if any(
            notices(p, plugin, "") for p in programs) else "")
        names = sys.argv[1:] or functions()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(
                lambda name: check_mutant(programs, plugin, name), names)
            for name, result in zip(names, results):
                check(name, result)
    finish()


if __name__ == "__main__":
    main()
