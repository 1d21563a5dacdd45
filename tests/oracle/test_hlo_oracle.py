# tier: all
# plugins: each
"""HLO text against XLA's own, which JAX brings: what a plugin's compiler made
of each test program, and modules that have every opcode and attribute."""

import ctypes
import json
import os
from pathlib import Path

import oracle

oracle.require_jax("hlo")

from jaxlib import _hlo

DATA = oracle.ROOT / "tests" / "data"
PLUGIN = os.environ.get("PJRT_TEST_PLUGIN")
PLUGIN_NAME = os.environ.get("PJRT_TEST_PLUGIN_NAME")
HLO = 2  # PJRT_FORMAT_HLO
# Where our text differs, and why.
DIFFERENT = {
    ("cpu-0.81", "partitioned_matmul"):
        "XLA no longer reads the field in which 0.81 has its replica groups",
}
LIB = oracle.load_library("hlo")

P, SIZE, BOOL = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_bool
INT, OUT, SIZE_OUT = ctypes.c_int, ctypes.POINTER(P), ctypes.POINTER(SIZE)
TEXT = [ctypes.c_char_p, SIZE]


class ClientOpts(ctypes.Structure):
    _fields_ = [("struct_size", SIZE), ("options", P)]


class CompileOpts(ctypes.Structure):
    """The start of pjrt_compile_opts."""
    _fields_ = [("struct_size", SIZE), ("num_replicas", INT),
                ("num_partitions", INT), ("device_ids", P),
                ("num_device_ids", SIZE), ("use_spmd_partitioning", BOOL),
                ("use_shardy_partitioner", BOOL)]


class HloOpts(ctypes.Structure):
    _fields_ = [("struct_size", SIZE), ("print_large_constants", BOOL),
                ("print_metadata", BOOL), ("print_backend_config", BOOL),
                ("print_operand_shapes", BOOL)]


for name, result, arguments in [
        ("pjrt_plugin_open", P, TEXT + [P, OUT]),
        ("pjrt_plugin_free", None, [P]),
        ("pjrt_named_values_create", P, [OUT]),
        ("pjrt_named_values_parse", P, [P] + TEXT),
        ("pjrt_named_values_free", None, [P]),
        ("pjrt_client_create", P, [P, P, OUT]),
        ("pjrt_client_free", None, [P]),
        ("pjrt_program_create", P, TEXT + [INT, OUT]),
        ("pjrt_program_read", P, TEXT + [OUT]),
        ("pjrt_program_code", P, [P, SIZE_OUT]),
        ("pjrt_program_free", None, [P]),
        ("pjrt_client_compile", P, [P, P, P, OUT]),
        ("pjrt_executable_optimized_program", P, [P, OUT]),
        ("pjrt_executable_free", None, [P]),
        ("pjrt_hlo_opts_init", None, [P]),
        ("pjrt_hlo_print", P, [P, P, OUT, SIZE_OUT])]:
    function = getattr(LIB, name)
    function.restype, function.argtypes = result, arguments


def make(function, *arguments):
    """What a function puts out, or the error's message as a failure."""
    out = P()
    error = function(*arguments, ctypes.byref(out))
    assert not error, oracle.error_text(LIB, error)
    return out


# ---- both texts --------------------------------------------------------------

def ours(program, options):
    opts, size = HloOpts(), SIZE()
    LIB.pjrt_hlo_opts_init(ctypes.byref(opts))
    opts.struct_size = ctypes.sizeof(opts)
    for option, value in options.items():
        setattr(opts, option, value)
    text = P()
    error = LIB.pjrt_hlo_print(program, ctypes.byref(opts), ctypes.byref(text),
                               ctypes.byref(size))
    assert not error, oracle.error_text(LIB, error)
    result = ctypes.string_at(text, size.value).decode()
    LIB.pjrt_host_free(text)
    return result


def theirs(module, options):
    opts = _hlo.HloPrintOptions()
    for option, value in options.items():
        setattr(opts, option.replace("shapes", "shape"), value)
    return module.to_string(opts)


OPTIONS = [
    {},
    {"print_large_constants": True},
    {"print_metadata": False, "print_backend_config": False,
     "print_operand_shapes": True},
]


def first_difference(got, wanted):
    """Of two texts, the lines that are not the same."""
    for pair in zip(got.split("\n") + [""], wanted.split("\n") + [""]):
        if pair[0] != pair[1]:
            return f"{pair[0]!r}, where XLA has {pair[1]!r}"
    return "one is longer"


def compare(name, program, code):
    module = _hlo.HloModule.from_serialized_hlo_module_proto(code)
    for options in OPTIONS:
        got, wanted = ours(program, options), theirs(module, options)
        assert got == wanted, f"{name}: {first_difference(got, wanted)}"


# ---- compiled programs -------------------------------------------------------

def open_client():
    """With as many devices as any of the programs needs."""
    plugin = make(LIB.pjrt_plugin_open, PLUGIN.encode(), len(PLUGIN.encode()),
                  None)
    options = make(LIB.pjrt_named_values_create)
    text = b"cpu_device_count=8"
    error = LIB.pjrt_named_values_parse(options, text, len(text))
    assert not error, oracle.error_text(LIB, error)
    opts = ClientOpts(ctypes.sizeof(ClientOpts), options)
    client = make(LIB.pjrt_client_create, plugin, ctypes.byref(opts))
    LIB.pjrt_named_values_free(options)
    LIB.pjrt_plugin_free(plugin)
    return client


def compile_options(case):
    opts = CompileOpts(ctypes.sizeof(CompileOpts))
    for field, _ in CompileOpts._fields_:
        if field in case:
            setattr(opts, field, case[field])
    return opts


def optimized(client, path, case):
    """The compiler's program, and its bytes."""
    name = str(path).encode()
    program = make(LIB.pjrt_program_read, name, len(name))
    executable = make(LIB.pjrt_client_compile, client, program,
                      ctypes.byref(compile_options(case)))
    result = make(LIB.pjrt_executable_optimized_program, executable)
    LIB.pjrt_executable_free(executable)
    LIB.pjrt_program_free(program)
    size = SIZE()
    code = LIB.pjrt_program_code(result, ctypes.byref(size))
    return result, ctypes.string_at(code, size.value)


def programs():
    client = open_client()
    folders = sorted((DATA / "programs").iterdir())
    assert len(folders) > 100, f"{len(folders)} programs"
    for folder in folders:
        case = json.loads((folder / "case.json").read_text())
        program, code = optimized(client, folder / case["programs"][0], case)
        if (PLUGIN_NAME, folder.name) not in DIFFERENT:
            compare(folder.name, program, code)
        LIB.pjrt_program_free(program)
    LIB.pjrt_client_free(client)


# ---- modules -----------------------------------------------------------------

def modules():
    paths = sorted((DATA / "hlo").glob("*.hlo"))
    assert len(paths) > 5, f"{len(paths)} modules"
    for path in paths:
        text = path.read_text()
        code = _hlo.hlo_module_from_text(text).as_serialized_hlo_module_proto()
        program = make(LIB.pjrt_program_create, code, len(code), HLO)
        compare(path.name, program, code)
        LIB.pjrt_program_free(program)


CASES = oracle.Cases("hlo")
CASES.run("modules", modules)
if PLUGIN:
    CASES.run("programs", programs)
else:
    print("skip hlo/programs: PJRT_TEST_PLUGIN is not set")
CASES.finish()
