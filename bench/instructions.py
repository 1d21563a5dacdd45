#!/usr/bin/env python3
"""Counts the instructions of each unit of work through the library and as bare
calls, with callgrind, and prints a table.

    bench/instructions.py BUILD_DIR [--plugin FILE] [--json]
    bench/instructions.py BUILD_DIR --baseline    writes bench/instructions.json

The plugin is the simulated one in BUILD_DIR, whose hot functions return at
once. Counts are exact: those of 2N units less those of N, by N.
"""
import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TIMES = 1000
BASELINE = Path(__file__).resolve().parent / "instructions.json"


# The C library chooses by the processor and its caches how it copies and
# clears memory; these leave it one way, the same everywhere.
TUNABLES = "glibc.cpu.hwcaps=" + ",".join(
    f"-{feature}" for feature in (
        "AVX", "AVX2", "AVX512F", "AVX512VL", "ERMS", "FSRM", "RTM", "SSSE3",
        "AVX_Fast_Unaligned_Load", "Fast_Copy_Backward", "Fast_Rep_String",
        "Fast_Unaligned_Copy", "Fast_Unaligned_Load"))


def machine():
    """Such as "glibc 2.36, AuthenticAMD 25 17"."""
    cpu = Path("/proc/cpuinfo").read_text()
    names = (re.search(rf"^{name}\s*: (.*)", cpu, re.M)
             for name in ("vendor_id", "cpu family", "model"))
    return (" ".join(platform.libc_ver()) + ", " +
            " ".join(name[1] if name else "?" for name in names))


def compiler_of(build):
    """Such as "GNU 12.2.0 -O2 -DNDEBUG": what exact counts depend on."""
    text = "".join(path.read_text() for path in
                   Path(build).glob("CMakeFiles/*/CMakeCCompiler.cmake"))
    name = re.search(r'CMAKE_C_COMPILER_ID "(.*)"', text)[1]
    version = re.search(r'CMAKE_C_COMPILER_VERSION "(.*)"', text)[1]
    cache = (Path(build) / "CMakeCache.txt").read_text()
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)", cache, re.M)[1].upper()
    flags = re.search(rf"^CMAKE_C_FLAGS_{kind}:\w+=(.*)", cache, re.M)[1]
    return f"{name} {version} {flags}"


def more_than_bare(counts):
    """{unit: instructions of the library's own}"""
    return {unit: round(found["library"] - found["bare"], 1)
            for unit, found in counts.items()}


def write_baseline(build, counts):
    BASELINE.write_text(json.dumps(
        {"compiler": compiler_of(build), "machine": machine(),
         "more": more_than_bare(counts)},
        indent=2) + "\n")


def totals(folder):
    """What each call of repeat() took, in order."""
    files = [(int(path.suffix[1:]), path)
             for path in Path(folder).glob("profile.*.*")
             if path.suffix[1:].isdigit()]
    for _, path in sorted(files):
        text = path.read_text()
        if re.search(r"^desc: Trigger: .*repeat", text, re.M):
            yield int(re.search(r"^(?:summary|totals): (\d+)", text, re.M)[1])


def profile(program, plugin):
    """The lines that the program prints, and a total for each."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no",
             "--toggle-collect=repeat", "--dump-after=repeat",
             f"--callgrind-out-file={folder}/profile.%p", str(program),
             "--plugin", str(plugin), "--profile", str(TIMES)],
            capture_output=True, text=True,
            env={"PJRT_SIM_EXECUTION": "instant", "GLIBC_TUNABLES": TUNABLES,
                 **os.environ})
        if result.returncode != 0:
            raise RuntimeError(result.stderr.strip()[-500:])
        lines = [line.split("\t") for line in result.stdout.splitlines()]
        found = list(totals(folder))
    if len(found) != len(lines):
        raise RuntimeError(f"{len(found)} profiles of {len(lines)} loops")
    return lines, found


def count(program, plugin):
    """{unit: {"bare": instructions, "library": instructions,
    "allocations": of the library}}, each for one time, in the program's
    order."""
    loops = {}
    for (unit, side, allocations), total in zip(*profile(program, plugin)):
        loops.setdefault(unit, {}).setdefault(side, []).append(
            (total, int(allocations)))
    return {unit: {
        **{side: (twice[0] - once[0]) / TIMES
           for side, (once, twice) in sides.items()},
        "allocations": sum(loop[1] for loop in sides["library"]) / (3 * TIMES)}
        for unit, sides in loops.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--plugin", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--baseline", action="store_true")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("instructions.py: no valgrind (Debian: apt-get install "
                 "valgrind)")
    counts = count(options.build / "bench/wrapper",
                   options.plugin or options.build / "sim/libpjrt_sim.so")
    if options.baseline:
        write_baseline(options.build, counts)
        return
    if options.json:
        print(json.dumps(counts, indent=2))
        return
    print(f"{'instructions':28} {'bare':>9} {'library':>9} {'more':>9} "
          f"{'allocations':>12}")
    for unit, found in counts.items():
        print(f"{unit:28} {found['bare']:9.1f} {found['library']:9.1f} "
              f"{found['library'] - found['bare']:9.1f} "
              f"{found['allocations']:12.3f}")


if __name__ == "__main__":
    main()
