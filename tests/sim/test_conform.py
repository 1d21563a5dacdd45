#!/usr/bin/env python3
"""pypjrt's conformance suite finds nothing wrong with the simulated plugin.

tier: all

It is of 0.114, and so is the plugin here. The checks that do not apply are in
conform_skips.txt, each with its reason.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "headers"))

from checks import ROOT, check, finish, skip  # noqa: E402

PLUGIN = os.environ.get("PJRT_TEST_SIM")


def known_skips():
    lines = (HERE / "conform_skips.txt").read_text().splitlines()
    return {line.split(":")[0] for line in lines
            if line and not line.startswith("#")}


def python():
    """A Python that has the suite, or why there is none."""
    result = subprocess.run([str(ROOT / "tools/venv"), "conform"],
                            capture_output=True, text=True)
    if result.returncode:
        return "", (result.stderr.strip().splitlines() or ["no reason"])[-1]
    return result.stdout.strip(), ""


def report_of(interpreter):
    """The suite's report on the plugin: a result for each check."""
    environment = {**os.environ, "PJRT_SIM_MINOR": "114"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        subprocess.run(
            [interpreter, "-m", "pypjrt.conform", "--json", str(path), PLUGIN],
            cwd=folder, env=environment, capture_output=True, timeout=300)
        return json.loads(path.read_text())


def main():
    if not PLUGIN:
        skip("conform", "PJRT_TEST_SIM is not set")
        finish()
    interpreter, why = python()
    if why:
        skip("conform", why)
        finish()
    skipped = set()
    for result in report_of(interpreter)["checks"]:
        if result["result"] == "skip":
            skipped.add(result["id"])
        else:
            check(result["id"], "" if result["result"] == "pass" else
                  f"{result['result']}: {result['detail']}")
    unexpected = sorted(skipped ^ known_skips())
    check("skips", f"{unexpected} not as listed" if unexpected else "")
    finish()


if __name__ == "__main__":
    main()
