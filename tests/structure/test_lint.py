"""clang-tidy finds nothing suspicious in what the project ships (.clang-tidy
says which checks, and why others are off). `make lint` runs this alone.

tier: all
timeout: 1800
"""
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tree import BUILD, case, files, is_generated, name_of, skip

TOOL = "clang-tidy-19"
FOLDERS = ("src", "cli", "examples")
FINDING = re.compile(r"^(\S+:\d+):\d+: (?:error|warning): (.*)$", re.M)


def findings(path):
    result = subprocess.run([TOOL, "--quiet", "-p", str(BUILD), str(path)],
                            capture_output=True, text=True)
    found = [f"{m[1]}: {m[2]}" for m in FINDING.finditer(result.stdout)]
    if result.returncode != 0 and not found:
        found = [f"{name_of(path)}: {TOOL} failed: {result.stderr[-200:]}"]
    return found


def all_findings(paths):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lists = pool.map(findings, paths)
        return sorted({line for found in lists for line in found})


if not shutil.which(TOOL):
    skip("clang_tidy", f"no {TOOL} on this machine")
elif not (BUILD / "compile_commands.json").exists():
    skip("clang_tidy", "the build wrote no compile_commands.json")
else:
    case("clang_tidy", all_findings(
        p for folder in FOLDERS for p in files(".c", under=folder)
        if not is_generated(p)))
