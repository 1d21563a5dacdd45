#!/usr/bin/env python3
"""Writes docs/plugins.md: what real plugins answer, function by function.

    tools/answers_table.py            writes the table
    tools/answers_table.py --check    says what is wrong, changes nothing

The table is tests/real/answers.inc, which real/answers and compat/answers hold
real plugins to: each cell is a call that is made and judged. Every function of
the ABI must have a row.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ROOT / "tests" / "real" / "answers.inc"
CALLS = ROOT / "src" / "abi" / "generated" / "calls.inc"
TABLE = ROOT / "docs" / "plugins.md"
COLUMNS = ["CPU 0.81", "CPU 0.106", "CPU 0.115", "CUDA 0.116", "TPU 0.117"]

HEAD = """\
# What real plugins answer

Written by `tools/answers_table.py`; do not edit.

Each cell is a test: `real/answers` makes the call on the CPU plugins,
`compat/answers` on those whose hardware is not there, CUDA without a GPU and TPU
without a TPU. The plugin's function table is watched meanwhile, so a cell says what
the plugin itself answered to that very function.

| answer | |
|---|---|
| OK | it does its job, with the right result |
| unimplemented | the plugin has the function, which says UNIMPLEMENTED |
| not found | the plugin has the function, which says NOT_FOUND: no compiler |
| absent | the plugin is too old; the library says UNIMPLEMENTED, naming it |
| *needs X* | it cannot be called, for X does not succeed; the error is X's |
| no hardware | no client: "No visible GPU devices", "No jellyfish device found" |
| *no program* | it cannot be called: the plugin compiles no program that sends |

"""

NOWHERE_HEAD = """
## Not to be seen on any of these

No plugin here does these: the tests on the simulated plugin are all there is.

{functions}
"""

REFUSED_HEAD = """
## What the library refuses

Plugins end the process on these. The library says what is wrong instead, and the
plugin never sees the call.

| function | misuse | error |
|---|---|---|
"""

WORDS = {"OK": "OK", "UNIMPL": "unimplemented", "NOT_FOUND": "not found",
         "ABSENT": "absent", "NO_GPU": "no hardware", "NO_TPU": "no hardware",
         "NO_STREAM": "*no program*"}


def macros(name):
    """The arguments of each call of the macro in the table."""
    for text in re.findall(rf"^{name}\((.*?)\)$", ANSWERS.read_text(),
                           re.M | re.S):
        yield [m.strip('"') for m in
               re.findall(r'"[^"]*"|[^\s,][^,\n]*', text)]


def functions():
    return re.findall(r"^PJRT_CALL_ROW(?:_VOID)?\((\w+)", CALLS.read_text(),
                      re.M)


def cell(word, needs):
    if word != "NEEDS":
        return WORDS[word]
    return f"*needs {'Client_Create' if needs == 'NOTHING' else needs}*"


def render(rows, refusals):
    yield HEAD
    yield f"| function | {' | '.join(COLUMNS)} |\n"
    yield "|---" * (1 + len(COLUMNS)) + "|\n"
    for function, needs, *words in rows:
        cells = " | ".join(cell(word, needs) for word in words)
        yield f"| `{function}` | {cells} |\n"
    nowhere = [f"- `{row[0]}`" for row in rows if "OK" not in row[2:]]
    yield NOWHERE_HEAD.format(functions="\n".join(nowhere))
    yield REFUSED_HEAD
    for function, what, _, code, message in refusals:
        yield (f"| `{function}` | {what} | {code.removeprefix('PJRT_')}, "
               f"\"{message}\" |\n")


def problems_of(rows, refusals):
    names = [row[0] for row in rows]
    for name in functions():
        if name not in names:
            yield f"tests/real/answers.inc has no row for {name}"
    for name, *rest in rows + refusals:
        if name not in functions():
            yield f"tests/real/answers.inc: there is no {name}"
    for name, _, *words in rows:
        if len(words) != len(COLUMNS):
            yield f"{name}: {len(words)} answers for {len(COLUMNS)} plugins"
        for word in words:
            if word not in WORDS and word != "NEEDS":
                yield f"{name}: {word} is no answer"


def main():
    rows = list(macros("ANSWER(?:_VOID)?"))
    refusals = list(macros("REFUSED"))
    problems = list(problems_of(rows, refusals))
    text = "" if problems else "".join(render(rows, refusals))
    if problems:
        pass
    elif "--check" not in sys.argv[1:]:
        TABLE.write_text(text)
    elif not TABLE.exists() or TABLE.read_text() != text:
        problems.append("docs/plugins.md is not what tests/real/answers.inc "
                        "says; run tools/answers_table.py")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
