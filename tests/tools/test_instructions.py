"""What the library costs over bare calls, in instructions and allocations,
stays under its ceilings. The plugin does nothing, so that there is nothing
else."""
import json
import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR") or ROOT / "build")
PROGRAM = BUILD / "bench/wrapper"

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))
import instructions  # noqa: E402

# Instructions over bare calls.
CEILINGS = {
    "execute 1x1": 120,
    "execute with event 1x1": 240,
    "execute without waiting 1x1": 125,
    "ready event": 180,
    "await": 75,
    "upload": 540,
    "upload in place": 700,
    "download": 560,
    "execute with options 100x100": 9300,
}
PER_ARGUMENT = 12
PER_OUTPUT = 30
PER_GETTER = 5
# Of the counts that the baseline holds.
TOLERANCE = 0.01


def setting(name):
    """A variable of the build."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    return re.search(rf"^{name}:\w+=(.*)", cache, re.M)[1]


def why_not():
    """Why this cannot run, or None."""
    if not shutil.which("valgrind"):
        return "no valgrind (Debian: apt-get install valgrind)"
    if not PROGRAM.exists():
        return "the benchmarks are not built"
    if not (BUILD / "sim/libpjrt_sim.so").exists():
        return "the simulated plugin is not built"
    if setting("CMAKE_BUILD_TYPE") not in ("Release", "RelWithDebInfo"):
        return "the build is not an optimized one"
    if "clang" in setting("CMAKE_C_COMPILER"):
        return "the ceilings are for what gcc makes of the code"
    return None


def case(name, found, ceiling):
    if found <= ceiling:
        print(f"ok {name}")
    else:
        print(f"not ok {name}: {found:g}, expected at most {ceiling}")


def judge(counts):
    more = {unit: found["library"] - found["bare"]
            for unit, found in counts.items()}
    for unit, ceiling in CEILINGS.items():
        case(unit.replace(" ", "_"), more[unit], ceiling)
    case("each_argument", (more["execute 101x1"] - more["execute 1x1"]) / 100,
         PER_ARGUMENT)
    case("each_output", (more["execute 1x101"] - more["execute 1x1"]) / 100,
         PER_OUTPUT)
    for unit in more:
        if unit.startswith("get "):
            # What is left over after the point is the loop's.
            case(unit.replace(" ", "_"), more[unit] // 100, PER_GETTER)
    for unit, found in counts.items():
        case("allocations_" + unit.replace(" ", "_"), found["allocations"], 0)


def compare(counts):
    """A regression below the ceilings shows too, where the counts are those
    of the compiler that the baseline is from."""
    baseline = json.loads(instructions.BASELINE.read_text())
    here = {"compiler": instructions.compiler_of(BUILD),
            "machine": instructions.machine()}
    for what, found in here.items():
        if found != baseline[what]:
            print(f"skip baseline: its {what} is {baseline[what]}, here it is "
                  f"{found}")
            return
    found, expected = instructions.more_than_bare(counts), baseline["more"]
    for unit in sorted(found.keys() | expected.keys()):
        name = "baseline_" + unit.replace(" ", "_")
        one, other = found.get(unit), expected.get(unit)
        if one is not None and other is not None and (
                abs(one - other) <= max(1, other * TOLERANCE)):
            print(f"ok {name}")
        else:
            print(f"not ok {name}: {one}, where the baseline has {other}; if "
                  "that is meant: bench/instructions.py BUILD_DIR --baseline")


reason = why_not()
if reason:
    print(f"skip instructions: {reason}")
else:
    found = instructions.count(PROGRAM, BUILD / "sim/libpjrt_sim.so")
    judge(found)
    compare(found)
