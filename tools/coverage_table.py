#!/usr/bin/env python3
"""Writes docs/coverage.md: what the library does with each PJRT function, and
which tests were seen to call it.

    tools/coverage_table.py                   brings what the headers say up to
                                              date, and keeps what was recorded
    tools/coverage_table.py BUILD_DIR         puts in what the tests of that
                                              build called as they ran
    tools/coverage_table.py --check           judges what the headers say, and
                                              that no function lacks anything
    tools/coverage_table.py --check BUILD_DIR compares with what was recorded

The typed functions come from the "PJRT: PJRT_X (0.NN)" lines of the public
headers. A line that names a function which does not exist, came with another
minor, or is neither called by the sources nor said to be answered from facts
is a mistake in the header. The rest comes from calls that tests/recorder saw
in tests that passed. Where not all tests have run, as after `make test`, only
what was seen is compared.
"""
import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import call_records
import fetch_plugins
import run_tests

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "coverage.md"
OLDEST_MINOR = 40
HOME_KIND = "CPU"  # the plugins that run their tests in full on any machine
# Functions that no real plugin here can be brought to, and what holds that; of
# extensions, docs/extensions.md has what each plugin answers.
OUT_OF_REACH = {
    name: "*no program to call it*" for name in (
        "PJRT_CopyToDeviceStream_Destroy", "PJRT_CopyToDeviceStream_AddChunk",
        "PJRT_CopyToDeviceStream_TotalBytes",
        "PJRT_CopyToDeviceStream_GranuleSize",
        "PJRT_CopyToDeviceStream_CurrentBytes")}
# The same of whole extensions, and of single functions.
EXTENSIONS_OUT_OF_REACH = {
    "Stream": "*needs a GPU: without one CUDA's plugins make no client*",
    "RawBuffer": "*needs a TPU: of libtpu without one only the sizes of args "
                 "are heard*",
    "Callback": "*needs a TPU: of libtpu without one only the sizes of args "
                "are heard*",
    "HostMemoryAllocator": "*needs a TPU: libtpu refuses to allocate without "
                           "a client*",
    "CrossHostTransfers": "*needs GPUs or TPUs: without them only the sizes "
                          "of args are heard*",
    "HostAllocator": "*no plugin has it*",
    "Example": "*no plugin has it*"}
OUT_OF_REACH |= {
    name: EXTENSIONS_OUT_OF_REACH[extension] for name, (extension, _)
    in call_records.extension_functions().items()
    if extension in EXTENSIONS_OUT_OF_REACH}
OUT_OF_REACH |= {
    "PJRT_Client_RuntimeAbiVersion":
        "*needs a client of a GPU or TPU: without them none is made*",
    "PJRT_Megascale_CreateClientContextFromPjRtClient":
        "*needs a TPU: libtpu without one makes no client*"}

# Functions that are only called when something fails, which examples do not.
ONLY_ERRORS = {
    f"PLUGIN_Profiler_Error_{verb}": "*none fails*"
    for verb in ("Destroy", "Message", "GetCode")}

COMMENT = re.compile(r"/\*.*?\*/", re.S)
PROTOTYPE = re.compile(r"/\*((?:(?!\*/).)*)\*/\s*PJRT_API\b[^;]*?"
                       r"\b(pjrt_\w+)\s*\(", re.S)
DOC_LINE = re.compile(r"\bPJRT: (.*?)(?=\bPJRT: |@param|@return|$)", re.S)
# What a typed function that makes no call itself says in that line.
BEFOREHAND = re.compile(r"answered from|beforehand")
NAMED = re.compile(r"\b((?:PJRT|PLUGIN)_[A-Z]\w*)(?: \(0\.(\d+)\b)?")
ROW = re.compile(r"^\| `((?:PJRT|PLUGIN)_\w+)` \|.*\| (.*?) \| (.*?) \| (.*?) \|$", re.M)
NOTHING = "**none**"

HEAD = """\
# What the library does with each PJRT function

Written by `tools/coverage_table.py`; do not edit.

{typed} of the {total} core functions of API 0.117 have typed functions, which
check what they are given; `pjrt/raw.h` has a call for each, too. Of the
{total_ext} functions of extensions, those of Profiler's own table among them,
{typed_ext} have typed functions, in `pjrt/ext/`.

*Since* is the minor that brought the function; 0.40 means "0.40 or earlier".
*Doc* says that the comment of each typed function tells in its own words what
it does, and which PJRT function of which minor is behind it. The last three
columns are of calls that were seen while tests ran, in programs all of whose
cases passed: `tests/unit` on the simulated plugin, `tests/real`, `compat` and
`cli` on real ones, and the examples. Where a kind of plugin has only ever
said that it lacks the function, and the tests hold it to that, the kind
stands after UNIMPLEMENTED; on machines with no GPU or TPU, CUDA's and TPU's
plugins make topologies and compile. Streams are for programs that receive,
which XLA's plugins for CPUs refuse to compile as UNIMPLEMENTED, and the tests
hold them to that. What no real plugin here can be brought to call says why;
[extensions.md](extensions.md) has what each plugin has of each extension.

"""
TABLE_HEAD = """\
| PJRT function | since | typed functions | doc | unit | real plugins | example |
|---|---|---|---|---|---|---|
"""


@dataclass
class Header:
    """What the public headers say of the PJRT functions."""
    typed: dict = field(default_factory=dict)  # function -> typed functions
    wordless: set = field(default_factory=set)  # typed, without a sentence
    # (typed function, function): answered without a call at that moment
    answered: set = field(default_factory=set)
    problems: list = field(default_factory=list)


@dataclass
class Seen:
    """What was seen of one function as tests ran."""
    unit: bool = False
    example: bool = False
    real: dict = field(default_factory=dict)  # kind of plugin -> answer


def core_functions():
    """The core functions in table order: name -> minor that brought it, or
    the oldest that the library supports."""
    return {name: max(since, OLDEST_MINOR)
            for name, since in call_records.functions().items()}


def functions():
    """Those, and those of extensions."""
    return core_functions() | {
        name: max(since, OLDEST_MINOR) for name, (_, since)
        in call_records.extension_functions().items()}


# ---- what the sources say ---------------------------------------------------


def prose(comment):
    """A doc comment without its tags and its PJRT: lines."""
    text = re.sub(r"@(param|return).*", "", comment, flags=re.S)
    return DOC_LINE.sub("", text).strip()


def read_comment(header, known, function, comment):
    text = re.sub(r"\s*\n \* ?", " ", comment)
    for line in DOC_LINE.findall(text):
        if not prose(text):
            header.wordless.add(function)
        for name, minor in NAMED.findall(line):
            if name not in known:
                header.problems.append(f"{function}: there is no {name}")
                continue
            if minor and int(minor) != known[name]:
                header.problems.append(f"{function}: {name} came with "
                                       f"0.{known[name]}, not 0.{minor}")
            header.typed.setdefault(name, []).append(function)
            if BEFOREHAND.search(line):
                header.answered.add((function, name))


def read_headers(known):
    header = Header()
    for path in sorted((ROOT / "include" / "pjrt").rglob("*.h")):
        if path.name not in ("abi.h", "raw.h"):
            for comment, function in PROTOTYPE.findall(path.read_text()):
                read_comment(header, known, function, comment)
    in_use = called(known)
    for name, typed in header.typed.items():
        wrong = [f for f in typed if (f, name) not in header.answered]
        if wrong and name not in in_use:
            header.problems.append(f"{', '.join(wrong)}: the library never "
                                   f"calls {name}")
    return header


def called(known):
    """The functions that the hand-written sources name in code."""
    found = set()
    for path in (ROOT / "src").rglob("*.c"):
        text = path.read_text()
        if not text.startswith("/* Generated"):
            found.update(re.findall(r"\b(?:PJRT|PLUGIN)_[A-Z]\w*",
                                    COMMENT.sub("", text)))
    return found & set(known)


# ---- what was seen ----------------------------------------------------------


def recorded(build_dir):
    """What was seen of each function, and the tests without a record, by
    column. With the plugins that are there."""
    plugins = run_tests.test_plugins()
    tests = run_tests.load_tests(build_dir, run_tests.TIERS["all"], plugins, {})
    seen = {name: Seen() for name in functions()}
    missing = {column: [] for column in call_records.COLUMNS.values()}
    for test in tests:
        if not test.recorder:
            continue
        column = call_records.column_of(test.name)
        calls = test.recorder.read(test.name, test.command)
        if calls is None:
            missing[column].append(test.name)
            continue
        for kind, answers in calls.items():
            for name, words in answers.items():
                note(seen[name], column, kind, words)
    return seen, missing


def note(seen, column, kind, words):
    simulated = kind == call_records.SIMULATED
    if column == "real" and not simulated:
        if "OK" in words:
            seen.real[kind] = "OK"
        elif "UNIMPLEMENTED" in words:
            seen.real.setdefault(kind, "UNIMPLEMENTED")
    elif column == "unit" and simulated:
        seen.unit = True
    elif column == "example":
        seen.example = True


def real_cell(name, real):
    if not real:
        return OUT_OF_REACH.get(name, NOTHING)
    by_answer = {}
    for kind, answer in sorted(real.items()):
        by_answer.setdefault(answer, []).append(kind)
    cells = [", ".join(by_answer["OK"])] if "OK" in by_answer else []
    if "UNIMPLEMENTED" in by_answer:
        cells.append(f"UNIMPLEMENTED: {', '.join(by_answer['UNIMPLEMENTED'])}")
    return "; ".join(cells)


def read_real_cell(cell):
    real = {}
    for part in cell.split("; ") if not cell.startswith("*") else []:
        answer, _, kinds = part.rpartition(": ")
        for kind in kinds.split(", "):
            real[kind] = answer or "OK"
    return real


def written():
    """What the table says was seen."""
    text = TABLE.read_text() if TABLE.exists() else ""
    found = {name: Seen(unit == "yes", example == "yes", read_real_cell(real))
             for name, unit, real, example in ROW.findall(text)}
    return {name: found.get(name, Seen()) for name in functions()}


def merged(old, new, missing):
    """What to write: old sightings count where not all tests have a record."""
    if missing["unit"]:
        new.unit |= old.unit
    if missing["example"]:
        new.example |= old.example
    for kind, answer in old.real.items() if missing["real"] else ():
        if answer == "OK" or kind not in new.real:
            new.real[kind] = answer
    return new


# ---- the table --------------------------------------------------------------


def yes(truth):
    return "yes" if truth else NOTHING


def doc_cell(header, name):
    typed = header.typed.get(name, [])
    return yes(typed and not header.wordless.intersection(typed))


def example_cell(name, truth):
    return yes(truth) if truth else ONLY_ERRORS.get(name, NOTHING)


def render_rows(known, names, header, seen):
    for name in names:
        since = known[name]
        typed = ", ".join(f"`{function}`" for function in
                          dict.fromkeys(header.typed.get(name, [])))
        yield (f"| `{name}` | 0.{since} | {typed or NOTHING} "
               f"| {doc_cell(header, name)} | {yes(seen[name].unit)} "
               f"| {real_cell(name, seen[name].real)} "
               f"| {example_cell(name, seen[name].example)} |\n")


def render(known, header, seen):
    core = [name for name in core_functions() if name in known]
    ext = {name: row for name, row
           in call_records.extension_functions().items() if name in known}
    text = HEAD.format(total=len(core), total_ext=len(ext),
                       typed=len(set(core) & header.typed.keys()),
                       typed_ext=len(ext.keys() & header.typed.keys()))
    text += TABLE_HEAD + "".join(render_rows(known, core, header, seen))
    for extension in dict.fromkeys(of for of, _ in ext.values()):
        names = [name for name, (of, _) in ext.items() if of == extension]
        text += f"\n## Extension {extension}\n\n" + TABLE_HEAD + \
            "".join(render_rows(known, names, header, seen))
    return text


def holes(known, header, seen):
    """What a function lacks."""
    for name in known:
        lacks = [] if name in header.typed else ["a typed function"]
        for function in header.typed.get(name, ()):
            if function in header.wordless:
                lacks.append(f"a sentence on {function}")
        for word, found in (("a unit test", seen[name].unit),
                            ("a test on a real plugin",
                             seen[name].real or name in OUT_OF_REACH),
                            ("an example", seen[name].example or
                             name in ONLY_ERRORS)):
            if not found:
                lacks.append(word)
        if lacks:
            yield f"{name} lacks {', '.join(lacks)}"


# ---- judging ----------------------------------------------------------------


def say(case, problems):
    """The case's line, as tools/run_tests.py reads it."""
    for problem in problems:
        print(f"  {problem}")
    if problems:
        print(f"not ok {case}: {len(problems)} found, such as {problems[0]}")
    else:
        print(f"ok {case}")
    return not problems


def check_sources(known):
    header, seen = read_headers(known), written()
    good = say("headers", header.problems)
    text = TABLE.read_text() if TABLE.exists() else ""
    good &= say("table", [] if render(known, header, seen) == text else
                [f"{TABLE.name} is not what the headers say; run "
                 "tools/coverage_table.py"])
    return good & say("no_holes", list(holes(known, header, seen)))


def differences(column, told, seen, whole):
    """Of a column of words: wrong is what was seen and is not told, and when
    all tests have run also what is told and was not seen."""
    for name in told:
        says, saw = getattr(told[name], column), getattr(seen[name], column)
        if saw and not says:
            yield f"{name}: a test called it, and the table says none does"
        elif whole and says and not saw:
            yield f"{name}: the table says that a test calls it, and none did"


def differences_on(kind, told, seen, whole):
    """Of the real plugins of a kind. A machine with the hardware sees more than
    the table tells, and that is no mistake but for plugins that need none."""
    for name in told:
        says, saw = told[name].real.get(kind), seen[name].real.get(kind)
        more = saw == "OK" != says or (saw and not says)
        less = whole and says and says != saw
        if less or (more and kind == HOME_KIND):
            yield (f"{name}: the table says {says or 'nothing'} on {kind}, and "
                   f"it was {saw or 'not called'}")


def fetched_kinds():
    """The kinds whose pinned plugins are all there."""
    plugins = run_tests.test_plugins()
    names = [entry["name"] for entry in fetch_plugins.catalogue().values()]
    return {call_records.kind_of(name) for name in names} - {
        call_records.kind_of(name) for name in names if name not in plugins}


def check_records(build_dir):
    told = written()
    seen, missing = recorded(build_dir)
    good = True
    for column in ("unit", "example"):
        good &= say(f"recorded_{column}", list(differences(
            column, told, seen, not missing[column])))
    kinds = sorted({kind for row in told.values() for kind in row.real} |
                   {HOME_KIND})
    for kind in kinds:
        whole = not missing["real"] and kind in fetched_kinds()
        good &= say(f"recorded_real_{kind}",
                    list(differences_on(kind, told, seen, whole)))
    return good


def write(known, build_dir):
    header, seen = read_headers(known), written()
    if build_dir:
        new, missing = recorded(build_dir)
        seen = {name: merged(seen[name], new[name], missing) for name in known}
        for column, names in missing.items():
            if names:
                print(f"{column}: no record of {len(names)} tests on this "
                      f"build, such as {names[0]}; what the table said stays",
                      file=sys.stderr)
    TABLE.write_text(render(known, header, seen))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("build_dir", nargs="?")
    arguments = parser.parse_args()
    known = functions()
    if not arguments.check:
        write(known, arguments.build_dir)
        return 0
    good = check_records(arguments.build_dir) if arguments.build_dir else \
        check_sources(known)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
