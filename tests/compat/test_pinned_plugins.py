#!/usr/bin/env python3
"""Every pinned plugin is what tools/plugins.json says, and has the table, the
functions and the extensions, each of a size, that the ABI's registry records;
the command tells so, and CUDA's say why they make no client.

A plugin that could not be fetched is a failure: the other tests skip theirs.
tier: all
timeout: 900
"""
import json
import os
import platform
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from harness import (CASES, SOURCE, Skip, check, complaints,  # noqa: E402
                     describe, main, pjrt, succeeds)

REGISTRY = SOURCE / "abi/registry"
SIZED_NODES_MINOR = 45
NO_GPU = "No visible GPU devices."
# What plugins that are not OpenXLA's leave out of the table's middle.
HOLES = {"tt": {"PJRT_LoadedExecutable_AddressableDeviceLogicalIds"}}


def read(path):
    return json.loads(path.read_text())


PINNED = read(SOURCE / "tools/plugins.json")["plugins"]
API = read(REGISTRY / "api.json")
EXTENSIONS = {e["type"]: e for e in map(read, (REGISTRY / "ext").glob("*.json"))
              if "type" in e}


def path_of(name):
    path = os.environ.get("PJRT_TEST_PLUGIN_" + re.sub(r"\W", "_",
                                                       name).upper())
    if not path and platform.machine() != "x86_64":
        raise Skip("the pinned plugins are for x86-64")
    check(path, f"not fetched; tools/fetch_plugins.py {name} says why")
    return path


def check_table(found, minor):
    row = next(r for r in API["sizes"] if r["from"] <= minor <= r["to"])
    check(found["api_major"] == 0 and found["api_minor"] == minor,
          f"expected API 0.{minor}, it is 0.{found['api_minor']}")
    check(found["table_size"] == row["declares"],
          f"a table of {found['table_size']} bytes, recorded "
          f"{row['declares']}")


def check_functions(found, minor, holes):
    newer = {f["name"] for f in API["functions"]
             if f.get("since", f.get("by", f.get("inferred"))) > minor}
    missing = {f["name"] for f in found["missing_functions"]}
    check(missing == newer | holes,
          f"not as recorded: {sorted(missing ^ (newer | holes))}")


def check_extensions(found, minor):
    check(found["extensions"], "no extensions")
    for node in found["extensions"]:
        recorded = EXTENSIONS.get(node["type"])
        check(recorded, f"extension {node} is not recorded")
        check(recorded["name"] == node["name"], str(node))
        sizes = [size for size, first, last in recorded.get("observed", [])
                 if first <= minor <= last]
        if minor < SIZED_NODES_MINOR:
            sizes = [0]
        check(node["struct_size"] in sizes, f"{node}, recorded {sizes}")


def check_negotiation(entry):
    result = succeeds("info", "--json", "--no-client",
                      f"--plugin={path_of(entry['name'])}")
    found = json.loads(result.stdout)["plugin"]
    minor = entry["api_minor"]
    check_table(found, minor)
    check_functions(found, minor, HOLES.get(entry["name"], set()))
    check_extensions(found, minor)


def check_commands(entry):
    """Of a CUDA plugin: one line says that there is no GPU."""
    path = path_of(entry["name"])
    if Path("/dev/nvidiactl").exists():
        raise Skip("this machine has a GPU")
    label = f"API 0.{entry['api_minor']}"
    for command in (("info", f"--plugin={path}"), ("plugin", "doctor", path)):
        result = pjrt(*command, "--timeout=60")
        check(result.returncode == 4, describe(result))
        (line,) = complaints(result)
        check("make a client" in line or "makes no client" in line, line)
        if command[0] == "info":
            check(NO_GPU in line and label in line, line)
        else:
            check(re.search(rf"^client +BAD .*{re.escape(NO_GPU)}$",
                            result.stdout, re.M), describe(result))
            check(result.stdout.count(" BAD ") == 1, describe(result))


def add_case(name, function, entry):
    def run():
        function(entry)
    run.__name__ = f"{name}[{entry['name']}]"
    CASES.append(run)


def add_cases():
    for entry in PINNED:
        if entry["api_minor"] is None:  # it does not load everywhere
            add_case("fetched", lambda e: path_of(e["name"]), entry)
        else:
            add_case("negotiated", check_negotiation, entry)
        if "cuda" in entry["package"]:
            add_case("commands", check_commands, entry)


if __name__ == "__main__":
    add_cases()
    sys.exit(main())
