"""tools/run_tests.py counts what programs print, and is not fooled by those
that die, hang or say nothing."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR") or ROOT / "build")
CMOCKA = """[==========] Running 3 test(s).
[ RUN      ] first
[       OK ] first
[ RUN      ] second one
[  ERROR   ] --- 0x1 != 0x2
[  FAILED  ] second one
[ RUN      ] third
skip: no such plugin
[  SKIPPED ] third
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] second one
[  SKIPPED ] third
"""
# name: (shell script, the line expected at the end)
PROGRAMS = {
    "cmocka": (f"cat <<'END'\n{CMOCKA}END\nexit 1",
               "1 passed, 1 failed, 1 skipped"),
    "script": ("echo ok a; echo not ok b: why; echo skip c: none",
               "1 passed, 1 failed, 1 skipped"),
    "dies_later": ("echo ok a; kill -SEGV $$", "1 passed, 1 failed, 0 skipped"),
    "dies_inside": ("echo '[ RUN      ] a'; kill -ABRT $$",
                    "0 passed, 1 failed, 0 skipped"),
    "hangs": ("echo ok a; sleep 60", "1 passed, 1 failed, 0 skipped"),
    "leaves_somebody": ("echo ok a; setsid sleep 50 & sleep 60",
                        "1 passed, 1 failed, 0 skipped"),
    "silent": ("true", "0 passed, 1 failed, 0 skipped"),
    "unexplained_status": ("echo ok a; exit 3",
                           "1 passed, 1 failed, 0 skipped"),
    "good": ("echo ok a; echo ok b", "2 passed, 0 failed, 0 skipped"),
    "skips_silently": ("echo ok a; echo skip b",
                       "1 passed, 1 failed, 0 skipped"),
    "only_skips": ("echo skip a: none", "0 passed, 0 failed, 1 skipped"),
}
TIERS = {"quick": "1 passed, 0 failed, 0 skipped",
         "heavy": "2 passed, 0 failed, 0 skipped",
         "all": "3 passed, 0 failed, 0 skipped"}


def run(folder, tests, *options):
    return run_listed(folder, [
        {"name": name, "command": ["bash", "-c", script], "tier": tier,
         "timeout_s": 2, "plugins": "none"} for name, script, tier in tests],
        *options)


def run_listed(folder, tests, *options, recorder=""):
    manifest = {"configuration": "", "environment": {}, "tests": tests,
                "recorder": recorder}
    (Path(folder) / "tests.json").write_text(json.dumps(manifest))
    result = subprocess.run(
        [sys.executable, "-B", str(ROOT / "tools/run_tests.py"), *options,
         folder], capture_output=True, text=True, timeout=45)
    lines = result.stdout.splitlines() or [result.stderr]
    return result.returncode, lines


def check(name, expected, status, lines):
    want_status = 0 if ", 0 failed" in expected and expected[0] != "0" else 1
    if (lines[-1], status) == (expected, want_status):
        print(f"ok {name}")
    else:
        print(f"not ok {name}: expected {expected!r} and status {want_status}, "
              f"found {lines[-1]!r} and {status}")


with tempfile.TemporaryDirectory() as scratch:
    for program, (text, last_line) in PROGRAMS.items():
        check(program, last_line, *run(scratch, [(program, text, "quick")]))
    missing = {"name": "m", "command": ["./no-such-program"], "tier": "quick",
               "timeout_s": 2, "plugins": "none"}
    check("cannot_start", "0 passed, 1 failed, 0 skipped",
          *run_listed(scratch, [missing]))
    both = [("a", "echo ok a", "quick"), ("b", "echo ok b; echo ok c", "all")]
    for tier_name, last_line in TIERS.items():
        check(f"tier_{tier_name}", last_line,
              *run(scratch, both, "--tier", tier_name))
    reasons = run(scratch, [("s", "echo skip x: no GPU; echo ok y", "quick")])
    check("skips_say_why", "1 passed, 0 failed, 1 skipped", *reasons)
    if not any("no GPU" in line for line in reasons[1][1:]):
        print("not ok skips_say_why: the reason is not shown")
    os.environ.update(WORLD_SIZE="4", SLURM_STEP_NUM_TASKS="4")
    check("no_other_job", "1 passed, 0 failed, 0 skipped", *run(scratch, [
        ("s", "test -z ${WORLD_SIZE-}${SLURM_STEP_NUM_TASKS-} && echo ok a",
         "quick")]))
    # All of the unit tests have run, and called nothing that the table tells.
    listed = [{"name": "unit/a", "command": ["bash", "-c", "echo ok a"],
               "tier": "quick", "timeout_s": 9, "plugins": "none"}]
    library = str(BUILD / "tests/libpjrt_recorder.so")
    said = run_listed(scratch, listed, recorder=library)[1]
    print("ok calls_are_compared" if any(
        line.startswith("failed: coverage: recorded_unit:") for line in said)
        else f"not ok calls_are_compared: {said[-3:]}")
    check("part_is_not_compared", "1 passed, 0 failed, 0 skipped",
          *run_listed(scratch, listed, "--match", "unit", recorder=library))
    # A record that does not add up fails its own test, and the others run on.
    odd = dict(listed[0], name="unit/odd", command=[
        "bash", "-c", r"echo ok a; printf '\1\0\0\0\1\0\0\0' "
        ">$LIBPJRT_CALLS_DIR/odd"])
    check("odd_record", "2 passed, 1 failed, 0 skipped",
          *run_listed(scratch, [odd, *listed], "--match", "unit",
                      recorder=library))
