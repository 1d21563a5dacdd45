"""docs/compatibility.md is what matrix/typed measures, and each public function
that names a PJRT function in its header has a case there."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("PJRT_TEST_BUILD_DIR", ROOT / "build")

checked = subprocess.run(
    [sys.executable, "-B", ROOT / "tools" / "compatibility_table.py",
     "--check", BUILD], capture_output=True, text=True)
problem = "; ".join((checked.stdout + checked.stderr).splitlines())
if checked.returncode:
    print(f"not ok compatibility_table: {problem or 'no reason was given'}")
else:
    print("ok compatibility_table")
sys.exit(checked.returncode)
