"""src/proto/xla.proto against the descriptors inside real plugins.

Protocol-buffer code carries its own description: each plugin holds serialized
FileDescriptorProtos of the messages that it really speaks. Each message and
enum of ours must be there with the same names, numbers and types. Older plugins
may lack what is newer than they are, but may not give it another meaning.
"""
import mmap
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
FILES = ["xla/xla_data.proto", "xla/service/hlo.proto", "xla/xla.proto",
         "xla/pjrt/proto/compile_options.proto",
         "xla/pjrt/compile_options.proto"]
NEWEST = "PJRT_TEST_PLUGIN_CPU"

# FieldDescriptorProto.Type and .Label
SCALARS = {"double": 1, "int64": 3, "int32": 5, "bool": 8, "string": 9,
           "bytes": 12}
MESSAGE, BYTES, ENUM = 11, 12, 14
REPEATED = 3


class Malformed(Exception):
    """The bytes are no wire format."""


# ---- descriptors in a plugin -------------------------------------------------

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


def file_descriptor(data, at):
    """The fields of the FileDescriptorProto at `at`. It says nowhere how long
    it is: it ends where no field of it can follow."""
    found, start = [], at
    while True:
        try:
            number, value, after = field(data, at)
        except Malformed:
            return found
        if not 1 <= number <= 14 or (number == 1 and at != start):
            return found
        found.append((number, value))
        at = after


def enum_values(descriptor):
    values = [dict(fields(v)) for n, v in fields(descriptor) if n == 2]
    return {v[1].decode(): v.get(2, 0) for v in values}


def message_fields(descriptor):
    """name: (number, is repeated, type, name of the message or enum)"""
    found = {}
    for number, value in fields(descriptor):
        if number == 2:
            f = dict(fields(value))
            kind = f.get(6, b"").decode().rsplit(".", 1)[-1]
            found[f[1].decode()] = (f[3], f.get(4) == REPEATED, f[5], kind)
    return found


def collect(descriptor, prefix, out):
    """Adds a message and those inside it; their names are joined by dots."""
    name = prefix + dict(fields(descriptor))[1].decode()
    out[name] = message_fields(descriptor)
    for number, value in fields(descriptor):
        if number == 3:
            collect(value, name + ".", out)


def plugin_types(path):
    types = {}
    with open(path, "rb") as file, \
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for name in FILES:
            wanted = b"\x0a" + bytes([len(name)]) + name.encode() + b"\x12\x03xla"
            at = data.find(wanted)
            for number, value in file_descriptor(data, at) if at >= 0 else []:
                if number == 4:
                    collect(value, "", types)
                elif number == 5:
                    types[dict(fields(value))[1].decode()] = enum_values(value)
    return types


# ---- our own -----------------------------------------------------------------

TOKEN = re.compile(r"//[^\n]*|(\w+|[{}<>,;=])")


def our_types():
    """The same form from src/proto/xla.proto."""
    text = (ROOT / "src/proto/xla.proto").read_text()
    text = text[text.index("package"):]
    tokens = [m[1] for m in TOKEN.finditer(text) if m[1]]
    types, open_blocks, at = {}, [], 0
    while at < len(tokens):
        end = at + next(i for i, t in enumerate(tokens[at:]) if t in "{};")
        statement, closer = tokens[at:end], tokens[end]
        if closer == "{":
            open_blocks.append(statement)
            if statement[0] != "oneof":
                types[scope(open_blocks)] = {}
        elif closer == ";" and open_blocks:
            add_entry(types[scope(open_blocks)], open_blocks[-1], statement)
        elif closer == "}":
            open_blocks.pop()
        at = end + 1
    return types


def scope(blocks):
    return ".".join(name for kind, name in blocks if kind != "oneof")


def add_entry(into, block, statement):
    name, number = statement[-3], int(statement[-1])
    if block[0] == "enum":
        into[name] = number
        return
    is_repeated = statement[0] in ("repeated", "map")
    kind = "map" if statement[0] == "map" else statement[-4]
    into[name] = (number, is_repeated, SCALARS.get(kind), kind)


# ---- comparing ---------------------------------------------------------------

def same_field(ours, theirs):
    number, is_repeated, scalar, kind = ours
    if (number, is_repeated) != theirs[:2]:
        return False
    if scalar == BYTES:  # stands for any message, unread
        return theirs[2] in (BYTES, MESSAGE)
    if scalar == SCALARS["int64"]:  # some were int32, the same on the wire
        return theirs[2] in (scalar, SCALARS["int32"])
    if scalar:
        return scalar == theirs[2]
    return theirs[2] in (MESSAGE, ENUM) and (kind in ("map", theirs[3]))


def differences(ours, theirs, is_newest):
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


def compare(plugin, path, is_newest):
    theirs = plugin_types(path)
    if not theirs:
        print(f"skip {plugin}: it carries no descriptors of XLA")
        return
    for name, ours in our_types().items():
        problems = list(differences(ours, theirs.get(name, {}), is_newest)) \
            if name in theirs else ["it is missing there"]
        if problems:
            print(f"not ok {plugin}/{name}: {'; '.join(problems)}")
        else:
            print(f"ok {plugin}/{name}")


PLUGINS = {name: path for name, path in sorted(os.environ.items())
           if name.startswith("PJRT_TEST_PLUGIN_C")}  # CPU and CUDA
if NEWEST not in PLUGINS:
    print(f"skip proto_subset: {NEWEST} is not set")
for variable, plugin_path in PLUGINS.items():
    compare(variable.removeprefix("PJRT_TEST_PLUGIN_").lower(), plugin_path,
            variable == NEWEST)
