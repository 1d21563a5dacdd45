#!/usr/bin/env python3
"""Writes docs/coverage.md: what the library does with each PJRT function.

    tools/coverage_table.py            writes the table
    tools/coverage_table.py --check    says what is wrong, changes nothing

The typed functions come from the "PJRT: PJRT_X (0.NN)" lines of the public
headers. A function that the sources call and no such line names works inside
the library; the rest is reachable through raw.h alone. A line that names a
function which does not exist, came with another minor, or is neither called
nor answered from facts is a mistake in the header.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "coverage.md"
CALLS = ROOT / "src" / "abi" / "generated" / "calls.inc"
TEST_FOLDERS = ("unit", "compat", "real")
OLDEST_MINOR = 40

COMMENT = re.compile(r"/\*.*?\*/", re.S)
PROTOTYPE = re.compile(r"/\*((?:(?!\*/).)*)\*/\s*PJRT_API\b[^;]*?"
                       r"\b(pjrt_\w+)\s*\(", re.S)
DOC_LINE = re.compile(r"\bPJRT: (.*?)(?=@param|@return|$)", re.S)
NAMED = re.compile(r"\b(PJRT_[A-Z]\w*)(?: \(0\.(\d+)\))?")

HEAD = """\
# What the library does with each PJRT function

Written by `tools/coverage_table.py`; do not edit.

API 0.117 has {total} core functions. {typed} of them have typed functions, which
check what they are given; {inside} work inside the library (errors, events, the
life of objects), and {raw} are reachable through `pjrt/raw.h` alone: a checked
call for each, which does not judge what its args hold.

*Since* is the minor that brought the function; 0.40 means "0.40 or earlier".
*Tests* are the folders of `tests` whose C programs use one of the typed functions
or name the PJRT function: `unit` runs on the simulated plugin, `real` on real ones.
Nearly every test passes through those that work inside the library.

| PJRT function | since | typed functions | tests |
|---|---|---|---|
"""


def functions():
    """The core functions in table order: name -> minor that brought it, or
    the oldest that the library supports."""
    rows = re.findall(r"^PJRT_CALL_ROW(?:_VOID)?\((\w+), (\d+)",
                      CALLS.read_text(), re.M)
    return {name: max(int(since), OLDEST_MINOR) for name, since in rows}


def documented(known):
    """Maps PJRT functions to the typed functions that name them, and lists
    what is wrong with those lines."""
    typed, answered, problems = {}, set(), []
    for path in sorted((ROOT / "include" / "pjrt").rglob("*.h")):
        if path.name in ("abi.h", "raw.h"):
            continue
        for comment, function in PROTOTYPE.findall(path.read_text()):
            text = re.sub(r"\s*\n \* ?", " ", comment)
            for line in DOC_LINE.findall(text):
                for name, minor in NAMED.findall(line):
                    if name not in known:
                        problems.append(f"{function}: there is no {name}")
                        continue
                    if minor and int(minor) != known[name]:
                        problems.append(f"{function}: {name} came with "
                                        f"0.{known[name]}, not 0.{minor}")
                    typed.setdefault(name, []).append(function)
                    if "answered from" in line:
                        answered.add(name)
    return typed, answered, problems


def called(known):
    """The functions that the hand-written sources name in code."""
    found = set()
    for folder in ("abi", "core", "ext"):
        for path in sorted((ROOT / "src" / folder).glob("*.c")):
            code = COMMENT.sub("", path.read_text())
            found.update(re.findall(r"\bPJRT_[A-Z]\w*", code))
    return found & set(known)


def tests():
    """Folder -> the identifiers that its programs hold."""
    return {folder: {word for path in (ROOT / "tests" / folder).glob("*.c")
                     for word in re.findall(
                         r"\w+", COMMENT.sub("", path.read_text()))}
            for folder in TEST_FOLDERS}


def tests_cell(words, folders):
    return ", ".join(name for name, held in folders.items() if held & words)


def typed_cell(names, kind):
    if names:
        return ", ".join(f"`{name}`" for name in dict.fromkeys(names))
    return "*inside the library*" if kind == "inside" else "*raw.h alone*"


def render(known, typed, in_use):
    folders = tests()
    kinds = {name: "typed" if name in typed else
             "inside" if name in in_use else "raw" for name in known}
    count = {kind: list(kinds.values()).count(kind)
             for kind in ("typed", "inside", "raw")}
    rows = []
    for name, since in known.items():
        words = {name, f"pjrt_raw_{name}", *typed.get(name, [])}
        rows.append(f"| `{name}` | 0.{since} "
                    f"| {typed_cell(typed.get(name, []), kinds[name])} "
                    f"| {tests_cell(words, folders)} |\n")
    return HEAD.format(total=len(known), **count) + "".join(rows)


def main():
    known = functions()
    typed, answered, problems = documented(known)
    in_use = called(known)
    problems += [f"{', '.join(typed[name])}: the library never calls {name}"
                 for name in sorted(set(typed) - in_use - answered)]
    text = render(known, typed, in_use)
    if "--check" not in sys.argv[1:]:
        TABLE.write_text(text)
    elif not TABLE.exists() or TABLE.read_text() != text:
        problems.append("docs/coverage.md is not what the sources say; run "
                        "tools/coverage_table.py")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
