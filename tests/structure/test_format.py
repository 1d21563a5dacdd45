"""The C sources are laid out as .clang-format says (make format does it).

tier: all
"""
import re
import shutil
import subprocess

from tree import ROOT, case, files, is_generated, name_of, skip

TOOL = "clang-format-19"
FOLDERS = ("include", "src", "cli", "examples", "bench", "sim", "tests")


def problems():
    paths = [str(p) for folder in FOLDERS for p in files(".c", ".h", under=folder)
             if not is_generated(p) and "tests/data" not in name_of(p)]
    result = subprocess.run([TOOL, "--dry-run", "-Werror", *paths], cwd=ROOT,
                            capture_output=True, text=True)
    found = re.findall(r"^(.+?):\d+:\d+: error", result.stderr, re.M)
    return sorted({f"{path.removeprefix(f'{ROOT}/')} is not formatted"
                   for path in found}) or \
        ([] if result.returncode == 0 else [result.stderr[:300]])


if shutil.which(TOOL):
    case("clang_format", problems())
else:
    skip("clang_format", f"no {TOOL} on this machine")
