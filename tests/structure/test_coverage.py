"""docs/coverage.md is what the sources say, and so are the "PJRT:" lines of
the public headers."""
import subprocess
import sys

from tree import ROOT, case

checked = subprocess.run(
    [sys.executable, "-B", ROOT / "tools" / "coverage_table.py", "--check"],
    capture_output=True, text=True)
case("coverage_table", checked.stdout.splitlines() or
     ([] if checked.returncode == 0 else [checked.stderr.strip()[-300:]]))
