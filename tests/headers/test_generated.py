#!/usr/bin/env python3
"""Nothing generated has drifted from the registry, and drift is noticed."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import ROOT, check, finish

REGISTRY = "abi/registry/core/event.json"


def generate(root, *options):
    return subprocess.run([sys.executable, str(root / "abi/generate.py"),
                           *options], capture_output=True, text=True)


def copy_tree(folder):
    """A copy of what the generator reads and writes, freshly written."""
    root = Path(folder)
    shutil.copytree(ROOT / "abi", root / "abi")
    result = generate(root)
    if result.returncode:
        raise SystemExit(result.stderr)
    return root


def edit(path, before, after):
    text = path.read_text(encoding="utf-8")
    if before not in text:
        raise SystemExit(f"{path} does not hold {before!r}")
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def expect_failure(name, result, *words):
    said = result.stderr.strip()
    if result.returncode != 1:
        check(name, f"exit status {result.returncode}, expected 1")
    else:
        missing = [w for w in words if w not in said]
        check(name, f"no {missing[0]!r} in {said!r}" if missing else "")


def check_drift():
    result = generate(ROOT, "--check")
    check("no-drift", result.stderr.strip().replace("\n", "; "))


def check_edited_output(root):
    edit(root / "include/pjrt/abi.h", "PJRT_API_MINOR 117",
         "PJRT_API_MINOR 118")
    expect_failure("edited-output-is-named", generate(root, "--check"),
                   "include/pjrt/abi.h")
    (root / "src/abi/generated/calls.inc").unlink()
    expect_failure("missing-output-is-named", generate(root, "--check"),
                   "include/pjrt/abi.h", "src/abi/generated/calls.inc")


def check_edited_registry(root):
    edit(root / REGISTRY, '"name": "is_ready", "type": "bool"',
         '"name": "is_ready", "type": "int64_t"')
    expect_failure("wrong-type-is-noticed", generate(root, "--check"),
                   "PJRT_Event_IsReady_Args")


def check_unknown_type(root):
    edit(root / REGISTRY, '"type": "bool"', '"type": "boole"')
    expect_failure("unknown-type-is-noticed", generate(root, "--check"),
                   "is_ready", "boole")


def check_wrong_since(root):
    path = root / "abi/registry/api.json"
    api = json.loads(path.read_text(encoding="utf-8"))
    api["functions"][-1]["since"] = 108
    path.write_text(json.dumps(api), encoding="utf-8")
    expect_failure("wrong-since-is-noticed", generate(root, "--check"),
                   "api.json", "functions recorded at 0.")


def main():
    check_drift()
    for part in (check_edited_output, check_edited_registry,
                 check_unknown_type, check_wrong_since):
        with tempfile.TemporaryDirectory() as folder:
            part(copy_tree(folder))
    finish()


if __name__ == "__main__":
    main()
