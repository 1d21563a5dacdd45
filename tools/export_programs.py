#!/usr/bin/env python3
"""Export the test programs of tests/data from JAX, with inputs and results.

    tools/jax-python tools/export_programs.py [NAME ...]

Each program becomes a folder that holds the program as StableHLO text, its
inputs, the outputs that JAX computed on its own CPU backend, and a case.json
that says what is what (tests/data/README.md has the format). Without names,
every program is exported and folders of programs that are gone are removed.
"""

import json
import os
import pathlib
import shutil
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax
import ml_dtypes
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from jaxlib import _jax
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo
from jaxlib.mlir.passmanager import PassManager

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")

import jax_programs

DATA = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data"
DEVICES = 4
AXIS = "i"

# The portable artifact is written for the oldest version with a promise of
# compatibility, so that plugins older than this JAX read it.
PORTABLE_VERSION = "1.0.0"

XLA_NAMES = {
    "bool": "pred", "bfloat16": "bf16", "float16": "f16", "float32": "f32",
    "float64": "f64", "complex64": "c64", "complex128": "c128",
} | {
    f"{long}{bits}": f"{short}{bits}"
    for long, short in (("int", "s"), ("uint", "u"))
    for bits in (2, 4, 8, 16, 32, 64)
}


def type_name(dtype):
    """XLA's name of an element type; float8_e5m2 is f8e5m2."""
    name = np.dtype(dtype).name
    if name in XLA_NAMES:
        return XLA_NAMES[name]
    return name.replace("float", "f").replace("_", "")


def is_exact(dtype):
    """Whether a type has no rounding: integers, bools, 4-bit integers."""
    name = np.dtype(dtype).name
    return name.startswith(("int", "uint", "bool"))


def save_array(path, array):
    """Write a .npy file; what NumPy cannot spell becomes raw bytes, |V<n>."""
    array = np.ascontiguousarray(array).reshape(np.shape(array))
    if array.dtype.type.__module__ != "numpy":
        array = array.view(np.dtype(f"V{array.dtype.itemsize}"))
    np.save(path, array)


def walk(module, visit):
    """Call visit(op) for every operation of the module."""

    def callback(op):
        visit(op)
        return ir.WalkResult.ADVANCE

    module.operation.walk(callback)


def strip_jax_notes(module, name):
    """Drop what JAX writes for itself: argument and result names."""

    def visit(op):
        if op.name != "func.func":
            return
        for key in ("arg_attrs", "res_attrs"):
            if key not in op.attributes:
                continue
            kept = [
                ir.DictAttr.get(
                    {a.name: a.attr for a in attrs
                     if not a.name.startswith("jax.")})
                for attrs in op.attributes[key]
            ]
            op.attributes[key] = ir.ArrayAttr.get(kept)

    with module.context, ir.Location.unknown():
        module.operation.attributes["sym_name"] = ir.StringAttr.get(name)
        walk(module, visit)


def replica_module(module):
    """Turn a shard_map over DEVICES partitions into a replicated program.

    The per-device body becomes main, and its collectives group replicas: that
    is what they do when they carry no channel.
    """

    def visit(op):
        for key in ("channel_handle", "use_global_device_ids"):
            if key in op.attributes:
                del op.attributes[key]

    with module.context, ir.Location.unknown():
        for function in module.body.operations:
            if function.attributes["sym_name"].value == "main":
                function.operation.erase()
                break
        (body,) = (f for f in module.body.operations
                   if f.attributes["sym_name"].value == "shmap_body")
        body.attributes["sym_name"] = ir.StringAttr.get("main")
        body.attributes["sym_visibility"] = ir.StringAttr.get("public")
        walk(module, visit)
        i32 = ir.IntegerType.get_signless(32)
        attributes = module.operation.attributes
        attributes["mhlo.num_replicas"] = ir.IntegerAttr.get(i32, DEVICES)
        attributes["mhlo.num_partitions"] = ir.IntegerAttr.get(i32, 1)
        text = str(module).replace("stablehlo.partition_id",
                                   "stablehlo.replica_id")
        return ir.Module.parse(text)


def jitted(program):
    """The jax.jit of a program, which computes its expected outputs."""
    if program.devices == "one":
        return jax.jit(program.function, keep_unused=True)
    mesh = jax.make_mesh((DEVICES,), (AXIS,), axis_types=(AxisType.Auto,))
    in_specs, out_specs = program.in_specs, program.out_specs
    if program.devices == "replicas":
        in_specs = out_specs = PartitionSpec(AXIS)
    function = program.function
    if program.devices != "automatic":
        function = jax.shard_map(function, mesh=mesh, in_specs=in_specs,
                                 out_specs=out_specs, check_vma=False)

    def shardings(specs):
        return jax.tree.map(lambda s: NamedSharding(mesh, s), specs)

    return jax.jit(function, keep_unused=True, in_shardings=shardings(in_specs),
                   out_shardings=shardings(out_specs))


def shards(array):
    """The per-device pieces of a JAX array, in device order."""
    pieces = sorted(array.addressable_shards, key=lambda s: s.device.id)
    return [np.asarray(piece.data) for piece in pieces]


def write_arrays(folder, stem, arrays):
    """Write one group of arrays and return its case.json entries."""
    entries = []
    for i, pieces in enumerate(arrays):
        files = [f"{stem}{i}.npy"]
        if len(pieces) > 1:
            files = [f"{stem}{i}.dev{d}.npy" for d in range(len(pieces))]
        for file, piece in zip(files, pieces):
            save_array(folder / file, piece)
        entries.append({
            "type": type_name(pieces[0].dtype),
            "shape": list(pieces[0].shape),
            "files": files,
        })
    return entries


def tolerance_of(program, outputs):
    """How far a float result may lie from JAX's; no reason, no loosening."""
    if all(is_exact(pieces[0].dtype) for pieces in outputs):
        return {"ulps": 0}
    if not program.tolerance:
        return {"ulps": 4}
    assert program.tolerance.get("reason"), f"{program.name}: say why"
    return program.tolerance


def write_case(folder, case):
    """Write case.json with one array a line, so that diffs stay readable."""

    def line(value):
        return json.dumps(value)

    rows = []
    for key, value in case.items():
        if key in ("inputs", "outputs") and value:
            items = ",\n    ".join(line(entry) for entry in value)
            rows.append(f"  {line(key)}: [\n    {items}\n  ]")
        else:
            rows.append(f"  {line(key)}: {line(value)}")
    (folder / "case.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


def lower(program, arguments):
    """Lower and run: the jitted function, its module, inputs and outputs."""
    jax.config.update("jax_use_shardy_partitioner", program.shardy)
    function = jitted(program)
    lowered = function.lower(*arguments)
    module = lowered.compiler_ir()
    shardings = lowered.compile().input_shardings[0]
    placed = [jax.device_put(a, s) for a, s in zip(arguments, shardings)]
    results = jax.tree.leaves(function(*placed))
    strip_jax_notes(module, program.name)
    if program.devices == "replicas":
        module = replica_module(module)
    return module, [shards(a) for a in placed], [shards(r) for r in results]


def export(program, folder):
    """Write the folder of one program."""
    module, inputs, outputs = lower(program, program.arguments())
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    text = module.operation.get_asm(enable_debug_info=False)
    (folder / "program.mlir").write_text(text)
    programs = ["program.mlir"]
    if program.all_formats:
        programs += write_other_formats(folder, module, text)
    partitioned = program.devices in ("partitions", "automatic")
    write_case(folder, {
        "name": program.name,
        "kind": program.kind,
        "about": program.about,
        "programs": programs,
        "num_replicas": DEVICES if program.devices == "replicas" else 1,
        "num_partitions": DEVICES if partitioned else 1,
        "use_spmd_partitioning": partitioned,
        "use_shardy_partitioner": partitioned and program.shardy,
        "inputs": write_arrays(folder, "in", inputs),
        "outputs": write_arrays(folder, "out", outputs),
        "tolerance": tolerance_of(program, outputs),
    })


def write_other_formats(folder, module, text):
    """The same program as bytecode, portable artifact and HloModuleProto."""
    with module.context, (folder / "program.bc").open("wb") as file:
        bare = module.parse(text)  # without this machine's source paths
        PassManager.parse("builtin.module(strip-debuginfo)").run(bare.operation)
        bare.operation.write_bytecode(file)
    (folder / "program.vhlo").write_bytes(
        stablehlo.serialize_portable_artifact_str(text, PORTABLE_VERSION))
    computation = _jax.mlir.mlir_module_to_xla_computation(text)
    (folder / "program.hlo.pb").write_bytes(
        computation.as_serialized_hlo_module_proto())
    return ["program.bc", "program.vhlo", "program.hlo.pb"]


def folder_of(program):
    """Where a program lives below tests/data."""
    parent = "formats" if program.all_formats else "programs"
    return DATA / parent / program.name


def remove_stale(programs):
    """Remove the folders of programs that no longer exist."""
    current = {folder_of(program) for program in programs}
    for parent in ("formats", "programs"):
        for folder in (DATA / parent).glob("*"):
            if folder.is_dir() and folder not in current:
                shutil.rmtree(folder)


def main(names):
    programs = jax_programs.PROGRAMS
    unknown = set(names) - {p.name for p in programs}
    if unknown:
        sys.exit(f"export_programs.py: no program named {sorted(unknown)}")
    if not names:
        remove_stale(programs)
    for program in programs:
        if not names or program.name in names:
            print(program.name, file=sys.stderr, flush=True)
            export(program, folder_of(program))


if __name__ == "__main__":
    main(sys.argv[1:])
