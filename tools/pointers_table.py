#!/usr/bin/env python3
"""Writes docs/pointers.md: the review of every pointer that crosses the ABI.

    tools/pointers_table.py            writes the tables
    tools/pointers_table.py --check    says what is wrong, changes nothing

abi/registry/pointers.json says of every pointer in a struct of the core what
kind it is: who owns it, until when it is needed or valid, on which thread it is
used, and what the library does with it; a second text is about this one alone.
A pointer of the registry that is not there is a mistake, and so is one that
the registry does not have. Where it is handled is read from the sources.
"""
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGISTRY = ROOT / "abi" / "registry"
POINTERS = REGISTRY / "pointers.json"
TABLE = ROOT / "docs" / "pointers.md"
SOURCES = ROOT / "src"
NOWHERE = "nowhere"
WORDS = re.compile(r'"[^"\n]*"|/\*.*?\*/', re.S)

# Types that are pointers though they have no asterisk.
POINTER = re.compile(r"\*|Callback\b|Deleter\b|Visitor\b|^PJRT_CallbackError$")

HEAD = """\
# {title}

Written by `tools/pointers_table.py` from `abi/registry`; do not edit.

For each pointer: who frees it, how long it must live or stays valid, on which
thread it is used, and what the library does with it. *In* is what the plugin is
given, *out* what it gives; of a struct that the plugin gives to a callback, the
other way round.

What holds for all of them:

- An args struct lies in zeroed memory of the caller's stack, of the newest size and
  a reserve; no plugin may keep its address, and the library keeps none into it.
- `extension_start` is NULL in every struct that the library makes.
- `PJRT_Api` belongs to the plugin and lives as long as the process. The library
  copies the table at `pjrt_plugin_open`, and keeps the addresses of the extensions.
- What `pjrt/raw.h` calls, it passes on as it is: the rules below are the caller's
  there.
- Counts and sizes are checked before what they count is read.

"""

KINDS_HEAD = """\
## Kinds

| kind | owner | until | thread | the library |
|---|---|---|---|---|
"""

AREA_HEAD = """
## {title}

| pointer | | kind | owner | until | thread | the library | where |
|---|---|---|---|---|---|---|---|
"""


def areas():
    """(title, structs) of each file of the registry's core, in its order."""
    api = json.loads((REGISTRY / "api.json").read_text())
    for name in api["core"]:
        area = json.loads((REGISTRY / "core" / f"{name}.json").read_text())
        yield area["title"], area.get("structs", [])


def pointers_of(struct):
    """(field's name, direction) of each pointer; unions by their members."""
    for row in struct["fields"]:
        for field in row.get("union", [row]):
            if POINTER.search(field.get("type", "")):
                yield field["name"], field.get("dir", "in")


def sources():
    """File name -> code without strings and comments, of what is written by
    hand and calls plugins."""
    return {str(path.relative_to(SOURCES)): WORDS.sub("", path.read_text())
            for folder in ("abi", "core", "hlo", "options", "kv", "cache")
            for path in sorted((SOURCES / folder).glob("*.[ch]"))}


def where(struct, texts):
    """The files that speak of the struct; of args, of their function."""
    name = re.compile(rf"\b{struct.removesuffix('_Args')}(_Args)?\b")
    found = [f"`{file}`" for file, text in texts.items()
             if name.search(text)]
    return ", ".join(found[:3]) + (", ..." if len(found) > 3 else "") or \
        NOWHERE


def kind_of(entry):
    return (entry, None) if isinstance(entry, str) else tuple(entry)


def problems_of(data):
    known, kinds = {}, set()
    for _, structs in areas():
        for struct in structs:
            known[struct["name"]] = dict(pointers_of(struct))
    for struct, fields in known.items():
        for field in fields.keys() - data["structs"].get(struct, {}).keys():
            yield f"abi/registry/pointers.json has no {struct}.{field}"
    for struct, fields in data["structs"].items():
        for field, entry in fields.items():
            kind = kind_of(entry)[0]
            kinds.add(kind)
            if field not in known.get(struct, {}):
                yield f"pointers.json: {struct}.{field} is no pointer"
            if kind not in data["kinds"]:
                yield f"pointers.json: {struct}.{field}: no kind {kind}"
    for kind in data["kinds"].keys() - kinds:
        yield f"pointers.json: nothing is of the kind {kind}"


def row(struct, field, direction, entry, kinds, place):
    kind, note = kind_of(entry)
    k = kinds[kind]
    name = f"{struct.removeprefix('PJRT_')}.{field}".replace("_Args.", ".")
    does = k["library"] + (f"; {note}" if note else "")
    if place == NOWHERE and struct.endswith("_Args"):
        does = "does not call it: it answers from what it knows"
    return (f"| `{name}` | {direction} | {kind} | {k['owner']} | {k['until']} "
            f"| {k['thread']} | {does} | {place} |\n")


def render(data):
    texts = sources()
    yield HEAD.format(title=data["title"]) + KINDS_HEAD
    for kind, k in data["kinds"].items():
        yield (f"| {kind} | {k['owner']} | {k['until']} | {k['thread']} | "
               f"{k['library']} |\n")
    for title, structs in areas():
        rows = [row(s["name"], field, direction,
                    data["structs"][s["name"]][field], data["kinds"],
                    where(s["name"], texts))
                for s in structs for field, direction in pointers_of(s)]
        if rows:
            yield AREA_HEAD.format(title=title)
            yield from rows


def main():
    data = json.loads(POINTERS.read_text())
    problems = list(problems_of(data))
    text = "" if problems else "".join(render(data))
    if not problems and "--check" not in sys.argv[1:]:
        TABLE.write_text(text)
    elif not problems and (not TABLE.exists() or TABLE.read_text() != text):
        problems.append("docs/pointers.md is not what abi/registry says; run "
                        "tools/pointers_table.py")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
