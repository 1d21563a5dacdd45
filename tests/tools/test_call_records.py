"""tests/recorder notes what a program calls and changes nothing else, and
tools/call_records.py keeps what tests that passed have called on this build."""
import ctypes
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR") or ROOT / "build")
SIM = os.environ.get("PJRT_TEST_SIM") or str(BUILD / "sim/libpjrt_sim.so")
REAL = "/plugins/cpu.so"
sys.path.insert(0, str(ROOT / "tools"))
sys.dont_write_bytecode = True

import call_records  # noqa: E402

RECORDER = json.loads((BUILD / "tests.json").read_text())["recorder"]
NAMES = call_records.recorded_functions()
CORE = list(call_records.functions())
HEADER_WORDS = 5  # struct_size, extension_start and the version's three
# The extension that is called, and the first of its functions.
LAYOUTS, FIRST_OF_LAYOUTS = 4, "PJRT_Layouts_MemoryLayout_Destroy"
CASES = []


def case(function):
    CASES.append(function)
    return function


def check(truth, message):
    if not truth:
        raise AssertionError(message)


# ---- a program that calls a plugin ------------------------------------------


def client(*words):
    """What this script does when it is run with words: print the table of the
    plugin, call functions of it, and perhaps die."""
    library = ctypes.CDLL(SIM)
    library.GetPjrtApi.restype = ctypes.POINTER(
        ctypes.c_size_t * (HEADER_WORDS + len(CORE)))
    table = library.GetPjrtApi().contents
    for word in words:
        if word == "table":
            print(table[0], *map(bool, table))
        elif word == "die":
            os.kill(os.getpid(), 9)
        elif word == "fork":
            if (child := os.fork()) != 0:
                sys.exit(os.waitpid(child, 0)[1])
        else:
            slot = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(
                first_of_layouts(table[1]) if word == FIRST_OF_LAYOUTS else
                table[HEADER_WORDS + CORE.index(word)])
            args = (ctypes.c_size_t * 16)(1 if "Attributes" in word else 64)
            slot(ctypes.addressof(args))


def first_of_layouts(node):
    """The address in the first slot of that extension."""
    while True:
        size, type_, following, slot = (ctypes.c_size_t * 4).from_address(node)
        if type_ & 0xffffffff == LAYOUTS:
            return slot
        node = following


def run(*words, record=True, **environment):
    """Runs client(); what it printed, its status and what was recorded."""
    with tempfile.TemporaryDirectory() as folder:
        added = {call_records.FOLDER_VARIABLE: folder, "LD_PRELOAD": RECORDER}
        done = subprocess.run(
            [sys.executable, "-B", __file__, *words], text=True,
            stdout=subprocess.PIPE, timeout=60,
            env={**os.environ, **environment, **(added if record else {})})
        found = [row for file in Path(folder).iterdir()
                 for row in call_records.read_file(file)]
        return done.stdout, done.returncode, found


@case
def calls_are_noted_with_their_plugin():
    _, status, found = run("PJRT_Plugin_Initialize")
    check(status == 0, f"exit status {status}")
    check(found == [(SIM, {"PJRT_Plugin_Initialize": {"OK"}})], found)


@case
def errors_are_no_successes():
    _, _, found = run("PJRT_Plugin_Attributes")
    check(found == [(SIM, {"PJRT_Plugin_Attributes": set()})], found)


@case
def functions_of_extensions_are_noted():
    _, status, found = run(FIRST_OF_LAYOUTS)
    check(status == 0, f"exit status {status}")
    check(found == [(SIM, {FIRST_OF_LAYOUTS: {"OK"}})], found)


@case
def nothing_is_noted_of_a_table_that_is_only_read():
    check(run("table")[2] == [(SIM, {})], "something was called")


@case
def a_killed_process_has_told_before():
    _, status, found = run("PJRT_Plugin_Initialize", "die")
    check(status == -9, f"exit status {status}")
    check(found == [(SIM, {"PJRT_Plugin_Initialize": {"OK"}})], found)


@case
def a_forked_process_tells_too():
    _, status, found = run("fork", "PJRT_Plugin_Initialize")
    check(status == 0, f"exit status {status}")
    check(found == [(SIM, {"PJRT_Plugin_Initialize": {"OK"}})], found)


@case
def tables_stay_what_they_are():
    seen = set()
    holed = {"PJRT_SIM_NULL_FUNCTIONS": "PJRT_Client_Compile"}
    for name, environment in {"newest": {}, "holed": holed,
                              "old": {"PJRT_SIM_MINOR": "57"}}.items():
        plain = run("table", record=False, **environment)[0]
        check(plain and run("table", **environment)[0] == plain, name)
        seen.add(plain)
    check(len(seen) == 3, "the plugin does not do as it is told")


# ---- what is kept of tests --------------------------------------------------


def recorder_in(folder):
    """A recorder for a build folder with one program."""
    program = Path(folder) / "program"
    program.write_text("first")
    manifest = {"recorder": RECORDER, "tests": [], "environment": {}}
    return call_records.Recorder(folder, manifest, {"cpu-0.1": REAL}), \
        [str(program)]


def write_record(folder, path):
    rows = path.encode().ljust(call_records.MAX_PATH, b"\0") + \
        b"\1\0\0\0" * len(NAMES)
    empty = bytes((call_records.MAX_PLUGINS - 1) * len(rows))
    (Path(folder) / "calls").write_bytes(
        call_records.HEADER.pack(len(NAMES), 0) + rows + empty)


@case
def a_test_that_passed_is_kept_and_another_is_not():
    with tempfile.TemporaryDirectory() as folder, \
            tempfile.TemporaryDirectory() as calls:
        recorder, command = recorder_in(folder)
        check(recorder.read("unit/a", command) is None, "a record of nothing")
        write_record(calls, SIM)
        recorder.keep("unit/a", command, calls, True)
        kept = recorder.read("unit/a", command)
        check(kept == {"sim": {name: ["OK"] for name in NAMES}}, kept)
        recorder.keep("unit/a", command, calls, False)
        check(recorder.read("unit/a", command) is None, "a failure counts")


@case
def a_record_of_another_build_is_none():
    with tempfile.TemporaryDirectory() as folder, \
            tempfile.TemporaryDirectory() as calls:
        recorder, command = recorder_in(folder)
        write_record(calls, REAL)
        recorder.keep("real/a[cpu-0.1]", command, calls, True)
        kept = recorder.read("real/a[cpu-0.1]", command)
        check(kept and list(kept) == ["CPU"], kept)
        Path(command[0]).write_text("changed")
        check(recorder.read("real/a[cpu-0.1]", command) is None,
              "it counts for another program")


@case
def a_function_without_a_lane_is_told():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls"
        path.write_bytes(call_records.HEADER.pack(len(NAMES), 1))
        try:
            call_records.read_file(path)
        except ValueError as error:
            check(re.search("1 of them without a lane", str(error)), error)
        else:
            check(False, "nobody noticed")


def main():
    for function in CASES:
        try:
            function()
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            print(f"not ok {function.__name__}: {error}")
        else:
            print(f"ok {function.__name__}")


if len(sys.argv) > 1:
    client(*sys.argv[1:])
else:
    main()
