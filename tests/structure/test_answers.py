"""docs/plugins.md is what tests/real/answers.inc says, which has a row for
every function of the ABI."""
import subprocess
import sys

from tree import ROOT, case

checked = subprocess.run(
    [sys.executable, "-B", ROOT / "tools" / "answers_table.py", "--check"],
    capture_output=True, text=True)
case("answers_table", checked.stdout.splitlines() or
     ([] if checked.returncode == 0 else [checked.stderr.strip()[-300:]]))
