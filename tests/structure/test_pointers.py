"""Every pointer that crosses the ABI is reviewed: docs/pointers.md is what
abi/registry/pointers.json says, and that speaks of every pointer that the
registry has."""
import subprocess
import sys

from tree import ROOT, case

checked = subprocess.run(
    [sys.executable, "-B", ROOT / "tools" / "pointers_table.py", "--check"],
    capture_output=True, text=True)
case("pointers_table", checked.stdout.splitlines() or
     ([] if checked.returncode == 0 else [checked.stderr.strip()[-300:]]))
