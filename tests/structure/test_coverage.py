"""docs/coverage.md and the "PJRT:" lines of the public headers are what the
sources say, and no function lacks anything. What tests call is compared at the
end of their run."""
import subprocess
import sys

from tree import ROOT

sys.exit(subprocess.call(
    [sys.executable, "-B", ROOT / "tools" / "coverage_table.py", "--check"]))
