"""tools/coverage_table.py notices when the coverage table and what was seen
differ, either way, and every function that lacks something."""
import os
import sys
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "tools"))
sys.dont_write_bytecode = True

import coverage_table as table  # noqa: E402

NAME = "PJRT_Client_Create"
NOTHING, ALL = table.Seen(), table.Seen(True, True, {"CPU": "OK"})


def equal(case, got, expected):
    if got == expected:
        print(f"ok {case}")
    else:
        print(f"not ok {case}: {got!r} instead of {expected!r}")


def unit_differs(told, seen, whole):
    return bool(list(table.differences("unit", {NAME: told}, {NAME: seen},
                                       whole)))


def real_differs(told, seen, whole, kind="CPU"):
    told, seen = ({NAME: table.Seen(real={kind: answer} if answer else {})}
                  for answer in (told, seen))
    return bool(list(table.differences_on(kind, told, seen, whole)))


def holes(seen, header):
    return list(table.holes({NAME: 40}, header, {NAME: seen}))


def row(seen):
    """What is read back of what is written."""
    header = table.Header(typed={NAME: ["pjrt_client_create"]})
    text = table.render({NAME: 40}, header, {NAME: seen})
    ((name, unit, real, example),) = table.ROW.findall(text)
    return name, unit == "yes", example == "yes", table.read_real_cell(real)


equal("equal_is_equal", unit_differs(ALL, ALL, True), False)
equal("more_than_told", unit_differs(NOTHING, ALL, False), True)
equal("less_than_told", unit_differs(ALL, NOTHING, True), True)
equal("less_of_a_part", unit_differs(ALL, NOTHING, False), False)

equal("another_answer", real_differs("OK", "UNIMPLEMENTED", True), True)
equal("another_of_a_part", real_differs("OK", "UNIMPLEMENTED", False), False)
equal("a_better_answer", real_differs("UNIMPLEMENTED", "OK", False), True)
equal("a_new_answer", real_differs(None, "UNIMPLEMENTED", False), True)
equal("no_answer", real_differs("OK", None, True), True)
equal("more_hardware", real_differs(None, "OK", True, "CUDA"), False)
equal("less_hardware", real_differs("OK", None, True, "CUDA"), True)

good = table.Header(typed={NAME: ["pjrt_client_create"]})
silent = table.Header(typed=good.typed, wordless={"pjrt_client_create"})
equal("no_hole", holes(ALL, good), [])
equal("all_holes", holes(NOTHING, table.Header()), [
    f"{NAME} lacks a typed function, a unit test, a test on a real plugin, an "
    "example"])
equal("a_function_without_a_sentence", holes(ALL, silent), [
    f"{NAME} lacks a sentence on pjrt_client_create"])

answers = {"CPU": "UNIMPLEMENTED", "CUDA": "OK", "TPU": "OK"}
for case_name, cells in {
        "nothing_comes_back": NOTHING, "all_comes_back": ALL,
        "answers_come_back": table.Seen(True, False, answers)}.items():
    equal(case_name, row(cells),
          (NAME, cells.unit, cells.example, cells.real))
