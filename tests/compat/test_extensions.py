#!/usr/bin/env python3
"""docs/extensions.md is what the pinned plugins have.

tier: all
timeout: 900
"""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import extensions_table  # noqa: E402
import run_tests  # noqa: E402

absent = set(extensions_table.pinned()) - run_tests.test_plugins().keys()
if absent:
    print(f"skip extensions_table: {', '.join(sorted(absent))} not fetched")
    sys.exit(0)
checked = subprocess.run(
    [sys.executable, "-B", ROOT / "tools" / "extensions_table.py", "--check",
     os.environ.get("PJRT_TEST_BUILD_DIR", ROOT / "build")],
    capture_output=True, text=True)
problem = "; ".join((checked.stdout + checked.stderr).splitlines())
if checked.returncode:
    print(f"not ok extensions_table: {problem or 'no reason was given'}")
else:
    print("ok extensions_table")
sys.exit(checked.returncode)
