#!/usr/bin/env python3
"""Every function of the simulated plugin has a check that notices when its
body is replaced by `return NULL`: for each, the checks run on a plugin in
which it is, and one of them must fail.

With names as arguments: these alone, such as PJRT_Client_Compile,
PJRT_Get_Stream_For_External_Ready_Events_Args or XLA_FFI_Api.XLA_FFI_State_Set.
"""
# tier: all

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from test_sim import BUILD, HERE, PROGRAM, ROOT, run

from checks import check, finish

GENERATED = ROOT / "src/abi/generated"
REGISTRY = ROOT / "abi/registry"
PLUGIN = BUILD / "tests/libpjrt_sim_mutants.so"

# The tables besides PJRT_Api and the nodes, with what describes each.
TABLES = {
    "PLUGIN_Profiler_Api": "profiler.json",
    "XLA_FFI_Api": "ffi.json",
    "PJRT_RawBuffer_FunctionTable": "ext/raw_buffer.json",
    "PJRT_DeviceEvent_FunctionTable": "ext/device_event.json",
}
HEADERS = {"size": 8, "args": 16}
FIELD_SIZES = {"XLA_FFI_Api_Version": 24}  # of those that are no pointers

# The checks stop a case that hangs; this is for a plugin that hangs at its end.
PATIENCE_S = 60


def core_functions():
    rows = (GENERATED / "calls.inc").read_text()
    names = re.findall(r"^PJRT_CALL_ROW(?:_VOID)?\((\w+),", rows, re.M)
    return {name: (name, name) for name in names}


def extension_functions():
    rows = (GENERATED / "extensions.inc").read_text()
    slots = re.findall(r"^PJRT_EXTENSION_SLOT_ROW\((\w+), (\w+), (\w+),",
                       rows, re.M)
    return {args: (args, slot) for _, slot, args in slots}


def slots_of(table, path):
    """(name, offset) of each function in a table."""
    data = json.loads((REGISTRY / path).read_text())
    types = {f"{f['name']} *" for f in data.get("functions", [])}
    struct = next(s for s in data["structs"] if s["name"] == table)
    offset = HEADERS[struct["head"]]
    for field in struct["fields"]:
        if field["type"] in types or "(*)(" in field["type"]:
            yield field["name"], offset
        offset += FIELD_SIZES.get(field["type"], 8)


def table_functions():
    return {f"{table}.{slot}": (f"{table}+{offset}", slot)
            for table, path in TABLES.items()
            for slot, offset in slots_of(table, path)}


def suites():
    """{name: its source}"""
    return {path.stem: path.read_text() for path in HERE.glob("*.c")
            if path.stem not in ("main", "check")}


def likely(slot, sources):
    """The suites that call a function, those that do so the most first."""
    count = {name: len(re.findall(rf"\b{slot}\b", source))
             for name, source in sources.items()}
    return sorted((n for n in count if count[n]), key=lambda n: -count[n])


def notices(mutant, first):
    environment = {"PJRT_TEST_SIM": str(PLUGIN), "PJRT_SIM_MUTANT": mutant}
    try:
        result = run([PROGRAM, "quick", *first], environment, PATIENCE_S)
    except subprocess.TimeoutExpired:
        return True
    return result.returncode != 0


def problem_of_build():
    clean = {k: v for k, v in os.environ.items() if k != "MAKEFLAGS"}
    result = subprocess.run(
        ["cmake", "--build", str(BUILD), "--target", PLUGIN.stem[3:],
         "--parallel", str(os.cpu_count())],
        capture_output=True, text=True, env=clean)
    if result.returncode == 0:
        return ""
    lines = (result.stdout + result.stderr).splitlines()
    return next((x for x in lines if " error: " in x), lines[-1])


def main():
    problem = problem_of_build()
    check("build", problem)
    if problem:
        finish()
    functions = {**core_functions(), **extension_functions(),
                 **table_functions()}
    names = sys.argv[1:] or functions
    sources = suites()

    def problem_of(name):
        mutant, slot = functions[name]
        is_noticed = notices(mutant, likely(slot, sources))
        return "" if is_noticed else "no check fails without it"

    check("no-mutant", "a check fails"
          if notices("", sorted(sources)) else "")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, problem in zip(names, pool.map(problem_of, names)):
            check(name, problem)
    finish()


if __name__ == "__main__":
    main()
