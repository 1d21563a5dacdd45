"""src/proto/xla.proto and src/options/compile_options.proto against the
descriptors inside real plugins.

Protocol-buffer code carries its own description: each plugin holds serialized
FileDescriptorProtos of the messages that it really speaks. Each message and
enum of ours must be there with the same names, numbers and types. Older plugins
may lack what is newer than they are, and may call a field otherwise, but may
not give its number another meaning.

Of the compile options ours are all that there are: what a plugin of the newest
CPU minor knows and we do not is a hole.
"""
import os
import sys
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "tools"))

import options_table
import plugin_protos

NEWEST = "PJRT_TEST_PLUGIN_CPU"
SUBSET = "src/proto/xla.proto"

# How a field stands on the wire: what shares a form can be read as the other.
SCALARS = {"double": "fixed64", "float": "fixed32", "string": "bytes",
           "bytes": "bytes", "message": "bytes",
           **dict.fromkeys(("int64", "int32", "uint64", "uint32", "bool",
                            "enum"), "varint")}


# ---- in a plugin -------------------------------------------------------------

def normal_field(entry):
    number, is_repeated, kind, name, _ = entry
    return number, is_repeated, kind, name.rsplit(".", 1)[-1]


def plugin_types(path):
    """name without package: {field: (number, is repeated, type, what)}"""
    found = {}
    for name, entries in plugin_protos.plugin_types(path).items():
        if name.startswith(plugin_protos.PACKAGES):
            found[plugin_protos.short(name)] = {
                n: normal_field(e) if isinstance(e, tuple) else e
                for n, e in entries.items()}
    return found


# ---- our own -----------------------------------------------------------------

def our_field(entry):
    if isinstance(entry, int):
        return entry
    kind = "map" if entry.label == "map" else entry.type.rsplit(".", 1)[-1]
    return (entry.number, bool(entry.label),
            kind if kind in SCALARS else None, kind)


def our_types(path):
    """The same form from one of our files."""
    types = options_table.read_proto((ROOT / path).read_text())
    return {name: {n: our_field(e) for n, e in entries.items()}
            for name, entries in types.items()}


# ---- comparing ---------------------------------------------------------------

def form(field):
    return field[1], SCALARS.get(field[2], "bytes")


def same_field(ours, theirs):
    """Of the same type; our bytes stand for any message, unread."""
    number, is_repeated, scalar, kind = ours
    if (number, is_repeated) != theirs[:2]:
        return False
    if scalar == "bytes":
        return theirs[2] in ("bytes", "message")
    if scalar == "int64":  # some were int32, the same on the wire
        return theirs[2] in ("int64", "int32")
    if scalar:
        return scalar == theirs[2]
    return theirs[2] in ("message", "enum") and kind in ("map", theirs[3])


def differences(ours, theirs, is_newest):
    """Of a subset: all of it must be there."""
    by_number = {v if isinstance(v, int) else v[0]: n
                 for n, v in theirs.items()}
    for name, value in ours.items():
        number = value if isinstance(value, int) else value[0]
        if name not in theirs:
            other = by_number.get(number)
            if other or is_newest:
                yield f"{name} = {number} is {other or 'missing'} there"
        elif isinstance(value, int):
            if theirs[name] != value:
                yield f"{name} is {value}, there {theirs[name]}"
        elif not same_field(value, theirs[name]):
            yield f"{name} is {value}, there {theirs[name]}"


def compare_subset(plugin, theirs, is_newest):
    for name, ours in our_types(SUBSET).items():
        problems = list(differences(ours, theirs[name], is_newest)) \
            if name in theirs else ["it is missing there"]
        report(f"{plugin}/{name}", problems)


def holes(ours, theirs):
    """Of a complete message: all of theirs must be in ours."""
    for name, value in theirs.items():
        if name not in ours:
            yield f"{name} = {value} is missing here"
        elif isinstance(value, int):
            if ours[name] != value:
                yield f"{name} is {ours[name]}, there {value}"
        elif not same_field(ours[name], value):
            yield f"{name} is {ours[name]}, there {value}"


def other_meanings(ours, theirs):
    """Of a message that has grown: a number stands for one thing for ever.
    Enums have been renumbered, long ago."""
    by_number = {v[0]: (n, v) for n, v in ours.items()
                 if not isinstance(v, int)}
    for name, value in theirs.items():
        if isinstance(value, int) or value[0] not in by_number:
            continue
        other, field = by_number[value[0]]
        kind = field[2] or value[2]  # ours says "map" or a type's name
        if (field[1], SCALARS[kind]) != form(value):
            yield f"{other} is {field}, there {name} is {value}"


def compare_options(plugin, path, is_newest):
    ours = our_types(options_table.PROTO)
    reachable = plugin_protos.reachable(plugin_protos.plugin_types(path))
    for full_name, entries in reachable.items():
        name = plugin_protos.short(full_name)
        theirs = {n: normal_field(e) if isinstance(e, tuple) else e
                  for n, e in entries.items()}
        if plugin_protos.is_map_entry(name, entries):
            continue
        if name not in ours:
            problems = ["it is missing here"] if is_newest else []
        else:
            judge = holes if is_newest else other_meanings
            problems = list(judge(ours[name], theirs))
        report(f"{plugin}/options/{name}", problems)


def report(case, problems):
    if problems:
        print(f"not ok {case}: {'; '.join(problems)}")
    else:
        print(f"ok {case}")


def compare(plugin, path, is_newest):
    theirs = plugin_types(path)
    if not theirs:
        print(f"skip {plugin}: it carries no descriptors of XLA")
        return
    compare_subset(plugin, theirs, is_newest)
    compare_options(plugin, path, is_newest)


PLUGINS = {name: path for name, path in sorted(os.environ.items())
           if name.startswith("PJRT_TEST_PLUGIN_C")}  # CPU and CUDA
if NEWEST not in PLUGINS:
    print(f"skip proto_subset: {NEWEST} is not set")
for variable, plugin_path in PLUGINS.items():
    compare(variable.removeprefix("PJRT_TEST_PLUGIN_").lower(), plugin_path,
            variable == NEWEST)
