#!/usr/bin/env python3
"""Writes docs/compatibility.md: what works with which version of the ABI.

    tools/compatibility_table.py BUILD_DIR            writes the table
    tools/compatibility_table.py --check BUILD_DIR    says what is wrong

Nothing in it is recorded by hand. The test program matrix/typed counts which
PJRT functions each public function calls; the registry tells which minor
brought them; the program's own list tells what the library does without. The
same rule is what matrix/typed holds the library to at every minor.

A public function whose "PJRT:" line names PJRT functions must have a case in
tests/matrix, and the case must have met all of them.
"""
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import coverage_table
from coverage_table import ROOT

TABLE = ROOT / "docs" / "compatibility.md"
OLDEST = coverage_table.OLDEST_MINOR

HEAD = """\
# What works with which plugin

Written by `tools/compatibility_table.py`; do not edit.

A plugin may speak any minor of the ABI from 0.40 on, but for 0.56. What it has
works; where it lacks what a function needs, the call ends with one error,
UNIMPLEMENTED, that names the PJRT function, the minor that brought it, the plugin
and its version. Nothing else changes: no output is set and nothing leaks.

`matrix/typed`, `matrix/ext` and `matrix/raw` hold the library to this on the simulated plugin,
one public function or raw call at a time, each with a known right result:

- at every minor, up to three beyond the newest known, and with exact sizes;
- with the function table ending before each of its {num} slots;
- with each function missing, failing, and failing later in its event;
- with each extension absent, shorter, longer, all of them so at once behind
  unknown ones, and with a chain that does not end.

After each attempt nothing is alive in the plugin, and nothing was misused.

## Typed functions

The PJRT functions are those that do it; what a function needs to get there counts
for *from* as well. *From* 0.40 means "in every version". *Before* says what happens
with an older plugin: the error, or what the answer is then.
"""

TYPED_HEAD = """
### {header}

| function | PJRT functions | from | before |
|---|---|---|---|
"""

WITHOUT_HEAD = """
## What the library does without

PJRT functions that it calls where a plugin has them.

| PJRT function | without it | when it fails |
|---|---|---|
"""

RAW_HEAD = """
## Raw calls

`pjrt/raw.h` reaches every function from the minor on that brought it, and is
UNIMPLEMENTED before. Those that are not listed came with 0.40 or earlier.

| from | functions |
|---|---|
"""

# Called when something fails, which is no case of its own.
ERRORS_OF_PROFILERS = "PLUGIN_Profiler_Error_"

FAILURES = {0: "its error", 1: "the same", 2: "the same; memory that is short "
            "is told"}


@dataclass
class Case:
    name: str
    variant: str
    own: list      # PJRT functions that it calls itself
    called: list   # and all that were called on the way to it
    direct: str    # one that it cannot do without
    since: int     # for other reasons than functions


@dataclass
class Fallback:
    failure: int
    what: str


def measure(build):
    """What matrix/typed and matrix/ext counted: their cases, and the fallbacks
    by function."""
    cases, fallbacks = [], {}
    for name in ("typed", "ext"):
        more, others = measure_program(build, build / "tests" /
                                       f"matrix_test_{name}")
        cases += more
        fallbacks |= others
    return cases, fallbacks


def measure_program(build, program):
    environment = {**os.environ,
                   "PJRT_TEST_SIM": str(build / "sim" / "libpjrt_sim.so")}
    result = subprocess.run([program, "--facts"], env=environment,
                            capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{program}: {(result.stdout + result.stderr).strip()}")
    cases, fallbacks = [], {}
    for line in result.stdout.splitlines():
        words = line.split("\t")
        if words[0] == "fallback":
            fallbacks[words[1]] = Fallback(int(words[2]), words[3])
        else:
            name, variant, own, called, direct, since = words
            cases.append(Case(name, variant, own.split(), called.split(),
                              direct, int(since)))
    return cases, fallbacks


def problems_of(cases, known):
    """Public functions without a case, and cases that missed a function."""
    header = coverage_table.read_headers(known)
    met = {}
    for case in cases:
        met.setdefault(case.name, set()).update(case.own)
    for function, names in header.typed.items():
        for name in dict.fromkeys(names):
            if (name, function) in header.answered or \
                    function.startswith(ERRORS_OF_PROFILERS):
                continue
            if name not in met:
                yield f"tests/matrix has no case for {name}"
            elif function not in met[name]:
                yield f"the case of {name} never met {function}"


def needs(case, fallbacks):
    """The PJRT functions without which the case cannot do."""
    return [f for f in case.called if f not in fallbacks or f == case.direct]


def row(case, named, known, fallbacks):
    """One line of a table; `named` are the functions that the header names."""
    told_by = [f for f in dict.fromkeys(named) if f in case.own]
    since = max([OLDEST, case.since,
                 *(known[f] for f in needs(case, fallbacks))])
    before = "UNIMPLEMENTED" if since > OLDEST else ""
    newer = [f for f in told_by if known[f] > since and f in fallbacks]
    if newer:
        since = max(known[f] for f in newer)
        before = "; ".join(fallbacks[f].what for f in newer)
    name = f"`{case.name}`" + (f", {case.variant}" if case.variant else "")
    functions = ", ".join(f"`{f}`" for f in told_by)
    return f"| {name} | {functions} | 0.{since} | {before} |\n"


def headers():
    """Public function -> the header that declares it."""
    return {name: str(path.relative_to(ROOT / "include"))
            for path in sorted((ROOT / "include" / "pjrt").rglob("*.h"))
            if path.name != "abi.h"
            for _, name in coverage_table.PROTOTYPE.findall(path.read_text())}


def typed_tables(cases, known, fallbacks):
    where = headers()
    named = {}
    for function, names in coverage_table.read_headers(known).typed.items():
        for name in names:
            named.setdefault(name, []).append(function)
    for header in dict.fromkeys(where[case.name] for case in cases):
        yield TYPED_HEAD.format(header=header)
        yield from (row(case, named.get(case.name, []), known, fallbacks)
                    for case in cases if where[case.name] == header)


def render(cases, known, fallbacks):
    core = coverage_table.core_functions()
    parts = [HEAD.format(num=len(core)),
             *typed_tables(cases, known, fallbacks), WITHOUT_HEAD]
    parts += [f"| `{f}` | {b.what} | {FAILURES[b.failure]} |\n"
              for f, b in fallbacks.items()]
    parts.append(RAW_HEAD)
    for minor in sorted(set(core.values()) - {OLDEST}):
        names = ", ".join(f"`{f}`" for f, since in core.items()
                          if since == minor)
        parts.append(f"| 0.{minor} | {names} |\n")
    return "".join(parts)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    known = coverage_table.functions()
    cases, fallbacks = measure(Path(arguments[0]))
    problems = list(problems_of(cases, known))
    text = render(cases, known, fallbacks)
    if "--check" not in sys.argv[1:]:
        TABLE.write_text(text)
    elif not TABLE.exists() or TABLE.read_text() != text:
        problems.append("docs/compatibility.md is not what was measured; run "
                        "tools/compatibility_table.py")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
