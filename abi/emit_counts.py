"""src/abi/generated/out_counts.*: which counts a plugin answers with."""

from emit_tables import head, undefine
from model import is_pointer

# Pointers whose name does not tell what counts them.
ITEMS = {
    "PJRT_Buffer_UnpaddedDimensions": ("unpadded_dims",),
    "PJRT_Buffer_DynamicDimensionIndices": ("dynamic_dim_indices",),
    # What dims counts is in dim_sizes.
    "PJRT_Executable_OutputDimensions": ("dim_sizes",),
    "PJRT_Executable_ParameterMemoryKinds":
        ("memory_kinds", "memory_kind_sizes"),
    "PJRT_Executable_OutputMemoryKinds":
        ("memory_kinds", "memory_kind_sizes"),
}


def counted(call, name, fields):
    """The pointers that a count belongs to."""
    if call in ITEMS:
        return ITEMS[call]
    bare = name.removeprefix("num_").removesuffix("_size")
    found = [f.name for f in fields if f.name == bare and is_pointer(f.type)]
    return tuple(found)


def counts(abi):
    """(call, count, pointer or None, whether it counts bytes)"""
    structs = {s.name: s for s in abi.core_structs()}
    for function in abi.functions:
        struct = structs[f"{function.name}_Args"]
        for f in struct.fields:
            if f.dir != "out" or f.type != "size_t":
                continue
            is_bytes = "size" in f.name
            pointers = counted(function.name, f.name, struct.fields)
            for pointer in pointers or (None,):
                yield function.name, f.name, pointer, is_bytes


def render_rows(abi):
    lines = head("""\
The counts and sizes that functions of PJRT_Api answer with, in slot order:
  PJRT_OUT_COUNT_ROW(function, field, pointer, ITEMS | BYTES)
PJRT_OUT_COUNT_ROW_PLAIN has no pointer: nothing of the args is counted.""")
    for call, name, pointer, is_bytes in counts(abi):
        unit = "BYTES" if is_bytes else "ITEMS"
        lines.append(f"PJRT_OUT_COUNT_ROW({call}, {name}, {pointer}, {unit})"
                     if pointer else
                     f"PJRT_OUT_COUNT_ROW_PLAIN({call}, {name}, {unit})")
    return "\n".join(lines + undefine("PJRT_OUT_COUNT_ROW",
                                      "PJRT_OUT_COUNT_ROW_PLAIN")) + "\n"


def render_ids(abi):
    guard = "PJRT_ABI_GENERATED_OUT_COUNTS_H_"
    first = {}
    for i, row in enumerate(counts(abi)):
        first.setdefault(row[0], i)
    lines = head("For each function its first row in out_counts.inc; -1: none.")
    lines += [f"#ifndef {guard}", f"#define {guard}", "", "enum {"]
    lines += [f"  PJRT_FIRST_OUT_COUNT_{f.name} = {first.get(f.name, -1)},"
              for f in abi.functions]
    return "\n".join(lines + ["};", "", f"#endif /* {guard} */"]) + "\n"
