#!/usr/bin/env python3
"""Writes docs/extensions.md: which functions of which extension each pinned
plugin has.

    tools/extensions_table.py BUILD_DIR            writes the table
    tools/extensions_table.py --check BUILD_DIR    says what is wrong

The facts are those of `pjrt info --extensions --json`, asked of every plugin
that tools/fetch_plugins.py has fetched; compat/extensions checks them. The
functions that no plugin can be brought to run, and why, are those that
tools/coverage_table.py names.
"""
import json
import subprocess
import sys
from pathlib import Path

import call_records
import coverage_table
import fetch_plugins
import run_tests

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "extensions.md"
REGISTRY = ROOT / "abi" / "registry" / "ext"

HEAD = """\
# What plugins have of each extension

Written by `tools/extensions_table.py`; do not edit.

What `pjrt info --extensions` says of the plugins that `tools/plugins.json` pins.
A plugin that is not in a table does not have the extension; the library then says
UNIMPLEMENTED, naming the extension, the function and the API that brought it. It
says the same of a slot behind the end of the plugin's own struct, and of one that
is NULL.

| cell | |
|---|---|
| yes | the slot holds the function |
| NULL | the slot is empty |
| | the plugin's struct ends before it |
| ? | it holds something that this library does not know, and never calls |

`version` is that of the header of the plugin's minor; extensions do not tell it.
"""
MARKS = {"present": "yes", "null": "NULL", "absent": "", "unknown": "?"}
NEWER = "*of no published meaning*"

OUT_OF_REACH_HEAD = """
## What no plugin here can be brought to run

The tests on the simulated plugin hold these. What real plugins answer as far as
they can be asked is held by `compat/ext_runtime`, `compat/ext_gpu`,
`compat/ext_megascale` and `compat/ext_abi_version`; that they make no client
without their hardware by `compat/no_hardware` and `compat/answers`.

| function | plugins that have it | why not |
|---|---|---|
"""


def ask(build, path):
    """{extension: facts} of a plugin."""
    run = subprocess.run(
        [build / "pjrt", "info", "--extensions", "--json",
         f"--plugin={path}"], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{path}: {run.stderr.strip()}")
    return {extension["name"]: extension
            for extension in json.loads(run.stdout)["plugin"]["extensions"]}


def cells(extension):
    """The column of one plugin: row -> cell."""
    column = {"version": extension["version"], "size": extension["struct_size"]}
    for slot in extension["slots"]:
        name = slot["name"]
        label = f"`{name}`" if name else NEWER
        column[label] = MARKS[slot["state"]]
    return {row: "?" if cell is None else str(cell)
            for row, cell in column.items()}


def registry():
    """The extensions that have a struct, by type."""
    found = [json.loads(path.read_text()) for path in REGISTRY.glob("*.json")]
    return sorted((e for e in found if "type" in e), key=lambda e: e["type"])


def render_extension(extension, columns):
    """`columns` are those of the plugins that have it, by plugin."""
    since = extension.get("since", extension.get("by"))
    earlier = "" if "since" in extension else " or earlier"
    yield (f"\n## {extension['name']}\n\nType {extension['type']}, since API "
           f"0.{since}{earlier}. {extension['status']}\n\n")
    if not columns:
        yield "No pinned plugin has it.\n"
        return
    yield f"| | {' | '.join(columns)} |\n{'|---' * (len(columns) + 1)}|\n"
    for row in dict.fromkeys(row for column in columns.values()
                             for row in column):
        line = " | ".join(column.get(row, "") for column in columns.values())
        yield f"| {row} | {line} |\n"


def owners(function, asked):
    """The plugins in which the function's slot is filled."""
    return [plugin for plugin, extensions in asked.items()
            if any(slot["name"] == function and slot["state"] == "present"
                   for extension in extensions.values()
                   for slot in extension["slots"])]


def render_out_of_reach(asked):
    for function in call_records.extension_functions():
        reason = coverage_table.OUT_OF_REACH.get(function)
        if reason:
            yield (f"| `{function}` "
                   f"| {', '.join(owners(function, asked)) or 'none'} "
                   f"| {reason.strip('*')} |\n")


def render(asked):
    parts = [HEAD]
    for extension in registry():
        name = extension["name"]
        parts += render_extension(extension, {
            plugin: cells(extensions[name])
            for plugin, extensions in asked.items() if name in extensions})
    return "".join([*parts, OUT_OF_REACH_HEAD, *render_out_of_reach(asked)])


def pinned():
    """The plugins that load on any machine."""
    return [e["name"] for e in fetch_plugins.catalogue().values()
            if e["folder"] == "plugins" and e["api_minor"]]


def label(name):
    """The plugin's name, with its minor: cpu-0.115."""
    minor = fetch_plugins.catalogue()[name]["api_minor"]
    return name if "-0." in name else f"{name}-0.{minor}"


def ask_all(build, names):
    paths = run_tests.test_plugins()
    return {label(name): ask(build, paths[name]) for name in names}


def main():
    arguments = [a for a in sys.argv[1:] if a != "--check"]
    if len(arguments) != 1:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    absent = set(pinned()) - run_tests.test_plugins().keys()
    if absent:
        print(f"not fetched: {', '.join(sorted(absent))}", file=sys.stderr)
        return 2
    text = render(ask_all(Path(arguments[0]), pinned()))
    if "--check" not in sys.argv[1:]:
        TABLE.write_text(text)
        return 0
    if TABLE.exists() and TABLE.read_text() == text:
        return 0
    print("docs/extensions.md is not what the plugins have; run "
          "tools/extensions_table.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
