# tier: all
"""Compile options against Google's protocol buffers, which take the messages
from the descriptors inside the newest CPU plugin: what our JSON says of a
message reads back there as the same one, and what it says we read so."""

import ctypes
import os
import random
import sys
from pathlib import Path

import oracle

oracle.require("compile_options", "google.protobuf")

from google.protobuf import descriptor_pb2, descriptor_pool, json_format
from google.protobuf import message_factory

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "tools"))

import plugin_protos

PLUGIN = os.environ.get("PJRT_TEST_PLUGIN_CPU")
OPTIONS_FILE = "xla/pjrt/proto/compile_options.proto"
NUM_MESSAGES = 40
MAX_DEPTH = 6

if not PLUGIN:
    print("skip compile_options: PJRT_TEST_PLUGIN_CPU is not set")
    sys.exit(0)
LIB = oracle.load_library("compile_options")


# ---- messages ----------------------------------------------------------------

def options_class():
    """CompileOptionsProto as the plugin knows it."""
    files = plugin_protos.files_in(PLUGIN)
    pool = descriptor_pool.DescriptorPool()
    added = set()

    def add(name):
        if name in added:
            return
        added.add(name)
        proto = descriptor_pb2.FileDescriptorProto.FromString(files[name])
        for dependency in proto.dependency:
            add(dependency)
        pool.Add(proto)

    add(OPTIONS_FILE)
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName("xla.CompileOptionsProto"))


def scalar(chance, field):
    big = {"int32": 1 << 31, "uint32": 1 << 32, "int64": 1 << 63,
           "uint64": 1 << 64}
    kind = plugin_protos.TYPES[field.type]
    if kind == "enum":
        return chance.choice(field.enum_type.values).number
    if kind == "bool":
        return chance.random() < 0.5
    if kind == "string":
        return "".join(chance.choices("az\"\\/\n\x01\x7f\u00e9\u4e16\U0001f600 ",
                                      k=chance.randrange(6)))
    if kind == "bytes":
        return chance.randbytes(chance.randrange(6))
    if kind in ("float", "double"):
        return chance.choice([0.0, -0.0, 0.1, 1.0, -3e30, 1e-30, 16777217.0,
                              float("inf"), float("-inf")])
    edge = big[kind]
    low = 0 if kind.startswith("u") else -edge
    return chance.choice([0, 1, edge - 1, low, chance.randrange(low, edge)])


def has_own_json_form(field):
    return field.message_type is not None and \
        field.message_type.full_name.startswith("google.protobuf.")


def fill_map(chance, message, field, depth):
    key, value = (field.message_type.fields_by_name[n]
                  for n in ("key", "value"))
    entries = getattr(message, field.name)
    for _ in range(chance.randrange(3)):
        name = scalar(chance, key)
        if value.message_type:
            fill(chance, entries[name], depth + 1)
        else:
            entries[name] = scalar(chance, value)


def fill(chance, message, depth=0):
    for field in message.DESCRIPTOR.fields:
        if has_own_json_form(field) or chance.random() < 0.3:
            continue
        if field.message_type and depth >= MAX_DEPTH:
            continue
        value = getattr(message, field.name)
        if field.message_type and field.message_type.GetOptions().map_entry:
            fill_map(chance, message, field, depth)
        elif field.message_type and field.is_repeated:
            for _ in range(chance.randrange(3)):
                fill(chance, value.add(), depth + 1)
        elif field.message_type:
            value.SetInParent()
            fill(chance, value, depth + 1)
        elif field.is_repeated:
            value.extend(scalar(chance, field)
                         for _ in range(chance.randrange(4)))
        else:
            setattr(message, field.name, scalar(chance, field))


# ---- our side ----------------------------------------------------------------

def checked(error):
    assert not error, oracle.error_text(LIB, error)


def take(function, options):
    data, size = ctypes.c_void_p(), ctypes.c_size_t()
    checked(function(options, ctypes.byref(data), ctypes.byref(size)))
    result = ctypes.string_at(data, size.value)
    LIB.pjrt_host_free(data)
    return result


def convert(make, data, function):
    options = ctypes.c_void_p()
    checked(make(data, len(data), ctypes.byref(options)))
    try:
        return take(function, options)
    finally:
        LIB.pjrt_compile_options_free(options)


# ---- cases -------------------------------------------------------------------

def same(ours, theirs):
    if ours != theirs:
        pairs = zip(str(ours).splitlines(), str(theirs).splitlines())
        assert False, next((f"{a.strip()} != {b.strip()}" for a, b in pairs
                            if a != b), "one has more fields")


def our_json_is_theirs(options_type, message):
    json = convert(LIB.pjrt_compile_options_parse, message.SerializeToString(),
                   LIB.pjrt_compile_options_to_json)
    same(json_format.Parse(json, options_type(),
                           max_recursion_depth=200), message)


def their_json_is_ours(options_type, message):
    message.executable_build_options.num_replicas = 2
    message.executable_build_options.num_partitions = 3
    json = json_format.MessageToJson(message, preserving_proto_field_name=True)
    data = convert(LIB.pjrt_compile_options_from_json, json.encode(),
                   LIB.pjrt_compile_options_serialize)
    same(options_type.FromString(data), message)


def every_message(case):
    options_type = options_class()
    for seed in range(NUM_MESSAGES):
        message = options_type()
        fill(random.Random(seed), message)
        case(options_type, message)


CASES = oracle.Cases("compile_options")
CASES.run("our_json_is_theirs", every_message, our_json_is_theirs)
CASES.run("their_json_is_ours", every_message, their_json_is_ours)
CASES.finish()
