#!/usr/bin/env python3
"""Writes src/options/compile_options.proto from what plugins say of themselves,
and what tools/options_table.py makes of it.

    tools/plugin_protos.py PLUGIN.so...      newest first

Protocol-buffer code carries its own description: each plugin holds serialized
FileDescriptorProtos of the messages that it really speaks. This takes from them
xla.CompileOptionsProto and all that can stand in it. What a newer plugin has
dropped keeps the meaning that it had, so an older plugin adds the names whose
numbers are free. tests/oracle compares the result with each plugin.
"""
import mmap
import re
import sys

import options_table

OUTPUT = options_table.ROOT / options_table.PROTO
ROOT_MESSAGE = ".xla.CompileOptionsProto"
PACKAGES = (".xla.autotuner", ".xla.cpu", ".xla", ".stream_executor.dnn",
            ".stream_executor", ".google.protobuf")

# FieldDescriptorProto.Type and .Label
TYPES = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32",
         6: "fixed64", 7: "fixed32", 8: "bool", 9: "string", 11: "message",
         12: "bytes", 13: "uint32", 14: "enum", 15: "sfixed32",
         16: "sfixed64", 17: "sint32", 18: "sint64"}
REPEATED = 3

FILE_START = re.compile(rb"\x0a(.)((?:third_party/|xla/|tsl/|google/)"
                        rb"[\w/]+\.proto)\x12", re.S)

HEAD = """\
// XLA's compile options and all that can stand in them: names, numbers and
// types, for looking fields up by name. Written by tools/plugin_protos.py from
// the descriptors inside plugins, which a test compares with it; what the
// library keeps of it is written by tools/options_table.py.
syntax = "proto3";

package pjrt.options;
"""


class Malformed(Exception):
    """The bytes are no wire format."""


# ---- wire format -------------------------------------------------------------

def varint(data, at):
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            raise Malformed
        value |= (data[at] & 0x7f) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise Malformed


def field(data, at):
    """(number, value, where the next field starts)"""
    tag, at = varint(data, at)
    number, kind = tag >> 3, tag & 7
    if kind == 0:
        value, at = varint(data, at)
        return number, value, at
    if kind != 2:
        raise Malformed
    size, at = varint(data, at)
    if at + size > len(data):
        raise Malformed
    return number, data[at:at + size], at + size


def fields(data):
    at = 0
    while at < len(data):
        number, value, at = field(data, at)
        yield number, value


# ---- descriptors -------------------------------------------------------------

def file_descriptor(data, at):
    """(its fields, where it ends) of the FileDescriptorProto at `at`. It says
    nowhere how long it is: it ends where no field of it can follow."""
    found, start = [], at
    while True:
        try:
            number, value, after = field(data, at)
        except Malformed:
            return found, at
        if not 1 <= number <= 14 or (number == 1 and at != start):
            return found, at
        found.append((number, value))
        at = after


def enum_of(descriptor):
    values = [dict(fields(v)) for n, v in fields(descriptor) if n == 2]
    return {v[1].decode(): v.get(2, 0) for v in values}


def field_of(descriptor, oneofs):
    """(number, is repeated, type, name of the message or enum, oneof)"""
    f = dict(fields(descriptor))
    oneof = None if f.get(17) or 9 not in f else oneofs[f[9]]
    return (f[3], f.get(4) == REPEATED, TYPES[f[5]], f.get(6, b"").decode(),
            oneof)


def collect(descriptor, prefix, out):
    """Adds a message and those inside it by their full names."""
    parts = list(fields(descriptor))
    name = f"{prefix}.{dict(parts)[1].decode()}"
    oneofs = [dict(fields(v))[1].decode() for n, v in parts if n == 8]
    out[name] = {dict(fields(v))[1].decode(): field_of(v, oneofs)
                 for n, v in parts if n == 2}
    for number, value in parts:
        if number == 3:
            collect(value, name, out)
        elif number == 4:
            out[f"{name}.{dict(fields(value))[1].decode()}"] = enum_of(value)


def files_in(path):
    """name: serialized FileDescriptorProto, of each in a plugin"""
    found = {}
    with open(path, "rb") as file, \
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for match in FILE_START.finditer(data):
            if match[1][0] == len(match[2]):
                at = match.start()
                _, end = file_descriptor(data, at)
                found[match[2].decode()] = data[at:end]
    return found


def plugin_types(path):
    """name: {field: field_of} or {enum value: number}, of all types in it"""
    types = {}
    for descriptor in files_in(path).values():
        parts = list(fields(descriptor))
        package = "." + dict(parts).get(2, b"").decode()
        for number, value in parts:
            if number == 4:
                collect(value, package, types)
            elif number == 5:
                name = dict(fields(value))[1].decode()
                types[f"{package}.{name}"] = enum_of(value)
    return types


def reachable(types, root=ROOT_MESSAGE):
    """The types that can stand in a message, itself first."""
    order, to_do = [], [root]
    while to_do:
        name = to_do.pop(0)
        if name in order or name not in types:
            continue
        order.append(name)
        to_do += [f[3] for f in types[name].values()
                  if isinstance(f, tuple) and f[3]]
    return {name: types[name] for name in order}


def short(name):
    """The name without its package; one file has one package."""
    for package in PACKAGES:
        if name.startswith(package + "."):
            return name[len(package) + 1:]
    raise ValueError(f"{name} is in none of the known packages")


# ---- writing -----------------------------------------------------------------

def number_of(entry):
    return entry[0] if isinstance(entry, tuple) else entry


def merge(plugins):
    merged = {}
    for path in plugins:
        for name, entries in reachable(plugin_types(path)).items():
            known = merged.setdefault(short(name), {})
            taken = {number_of(e) for e in known.values()}
            for entry_name, entry in entries.items():
                if entry_name not in known and number_of(entry) not in taken:
                    known[entry_name] = entry
    return merged


def is_map_entry(name, entries):
    return name.endswith("Entry") and list(entries) == ["key", "value"]


class Writer:
    def __init__(self, types):
        self.types = types
        self.lines = []

    def type_of(self, entry):
        number, is_repeated, kind, name, oneof = entry
        if not name:
            return kind
        entries = self.types[short(name)]
        if is_map_entry(name, entries):
            key, value = (self.type_of(entries[n]) for n in ("key", "value"))
            return f"map<{key}, {value}>"
        return short(name)

    def add_field(self, indent, name, entry):
        kind = self.type_of(entry)
        repeated = entry[1] and not kind.startswith("map<")
        self.lines.append(f"{indent}{'repeated ' if repeated else ''}{kind} "
                          f"{name} = {entry[0]};")

    def add_fields(self, indent, entries):
        oneofs = {}
        for name, entry in sorted(entries.items(), key=lambda e: e[1][0]):
            if entry[4]:
                oneofs.setdefault(entry[4], []).append((name, entry))
            else:
                self.add_field(indent, name, entry)
        for oneof, members in oneofs.items():
            self.lines.append(f"{indent}oneof {oneof} {{")
            for name, entry in members:
                self.add_field(indent + "  ", name, entry)
            self.lines.append(f"{indent}}}")

    def add_type(self, name):
        entries = self.types[name]
        indent = "  " * name.count(".")
        is_enum = entries and isinstance(next(iter(entries.values())), int)
        self.lines.append(f"{indent}{'enum' if is_enum else 'message'} "
                          f"{name.rsplit('.', 1)[-1]} {{")
        inside = re.compile(re.escape(name) + r"\.\w+$")
        for other, others in self.types.items():
            if inside.match(other) and not is_map_entry(other, others):
                self.add_type(other)
        if is_enum:
            for value, number in sorted(entries.items(), key=lambda e: e[1]):
                self.lines.append(f"{indent}  {value} = {number};")
        else:
            self.add_fields(indent + "  ", entries)
        self.lines.append(indent + "}")

    def text(self):
        for name in self.types:
            if name.split(".")[0] == name:
                self.lines.append("")
                self.add_type(name)
        return HEAD + "\n".join(self.lines) + "\n"


def with_outer_messages(types):
    """An enum may be used whose message is not: that one is only a scope."""
    result = {}
    for name, entries in types.items():
        outer = name.rsplit(".", 1)[0]
        if outer != name and outer not in types:
            result.setdefault(outer, {})
        result[name] = entries
    return result


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: tools/plugin_protos.py PLUGIN.so...  (newest first)")
    OUTPUT.write_text(Writer(with_outer_messages(merge(sys.argv[1:]))).text())
    options_table.write()


if __name__ == "__main__":
    main()
