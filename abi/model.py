"""The ABI registry as Python objects, with the layout computed and checked.

Nothing here writes anything: load() reads registry/, works out every offset
for LP64, and raises RegistryError where a recorded number does not agree.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

REGISTRY = Path(__file__).resolve().parent / "registry"

# name: (size, alignment) on LP64.
PRIMITIVES = {
    "bool": (1, 1), "char": (1, 1), "uint8_t": (1, 1),
    "int": (4, 4), "int32_t": (4, 4), "uint32_t": (4, 4), "float": (4, 4),
    "int64_t": (8, 8), "uint64_t": (8, 8), "size_t": (8, 8),
    "intptr_t": (8, 8), "uintptr_t": (8, 8),
}

# A struct's "head" stands for its first fields, which nearly all share.
HEADS = {
    "args": [("struct_size", "size_t"), ("extension_start", None)],
    "size": [("struct_size", "size_t")],
}


class RegistryError(Exception):
    """A registry file contradicts itself; the text names the place."""


@dataclass
class Since:
    """When something appeared: `minor`, and how sure we are of it."""
    minor: int = 0
    kind: str = "none"  # exact, by, inferred, ffi, none
    absent: int = 0     # newest sample that lacked it, when kind is "by"

    def text(self):
        if self.kind == "ffi":
            return f"FFI 0.{self.minor}"
        if self.kind == "by":
            return f"0.{self.minor} or earlier"
        if self.kind == "inferred":
            return f"about 0.{self.minor}"
        return f"0.{self.minor}"


@dataclass
class Field:
    name: str
    type: str
    dir: str = ""
    since: Since = field(default_factory=Since)
    count: int = 0
    fills: bool = False
    bytes: bool = False  # not text, though of type const char *
    dead: bool = False
    contract: list = field(default_factory=list)
    union: list = field(default_factory=list)
    offset: int = 0
    size: int = 0

    @property
    def end(self):
        return self.offset + self.size


@dataclass
class Struct:
    name: str
    area: str
    fields: list
    size: int            # sizeof
    declares: int        # official STRUCT_SIZE; None where there is no macro
    since: Since
    sizes: list          # [minor, end of last field] steps
    declared: list       # the same, where old headers declared less
    accepted: list       # [from, to, size]: least struct_size real plugins took
    notes: list
    align: int = 8

    @property
    def end(self):
        return self.fields[-1].end

    @property
    def has_struct_size(self):
        return self.fields[0].name == "struct_size"

    def size_steps(self):
        """What a plugin of each minor declares, oldest first."""
        return self.declared or self.sizes or [[self.since.minor, self.end]]

    def last_declared(self):
        """The field that the official size macro ends with."""
        for f in self.fields:
            if f.end == self.declares:
                last = f
        return last


@dataclass
class Function:
    name: str
    args: str
    returns: str
    contract: list
    since: Since = field(default_factory=Since)
    slot: str = ""         # field of the table that holds it
    index: int = 0
    pointer: bool = False  # the official typedef is a pointer to function
    deprecated: int = 0


@dataclass
class Enum:
    name: str
    values: list  # (name, value, Since)
    notes: list


@dataclass
class Callback:
    name: str
    type: str
    contract: list


@dataclass
class Area:
    """One registry file."""
    key: str
    raw: dict
    handles: list
    enums: list
    callbacks: list
    structs: list
    functions: list

    @property
    def title(self):
        return self.raw["title"]

    @property
    def guard(self):
        return self.raw.get("guard")


@dataclass
class Abi:
    api: dict
    core: list        # areas
    extensions: list  # areas
    profiler: Area
    ffi: Area
    functions: list   # the 138 slots
    structs: dict
    enums: dict
    callbacks: dict
    handles: set
    legacy: list = field(default_factory=list)  # (registry row, Struct)

    @property
    def areas(self):
        return [*self.core, self.ffi, self.profiler, *self.extensions]

    def core_structs(self):
        return [s for area in self.core for s in area.structs]

    def call_args(self):
        return {f.args for f in self.functions}


def since_of(row):
    for key, kind in (("since", "exact"), ("by", "by"),
                      ("inferred", "inferred"), ("ffi", "ffi")):
        if key in row:
            return Since(row[key], kind, row.get("absent", 0))
    return Since()


def declare(type_, name):
    """C declaration of `name` with a registry type."""
    if "(*)" in type_:
        return type_.replace("(*)", f"(*{name})", 1)
    gap = "" if type_.endswith("*") else " "
    return f"{type_}{gap}{name}"


def is_pointer(type_):
    return type_.endswith("*") or "(*)" in type_


def pointee(type_):
    """Name of the thing that a chain of pointers leads to."""
    return re.sub(r"\bconst\b|\*", "", type_).strip()


def parse_field(row):
    union = [Field(m["name"], m["type"]) for m in row.get("union", [])]
    return Field(row["name"], row.get("type", "union"), row.get("dir", ""),
                 since_of(row), row.get("count", 0), row.get("fills", False),
                 row.get("bytes", False), row.get("dead", False),
                 row.get("contract", []), union)


def parse_struct(row, area, ffi):
    base = "XLA_FFI_InternalExtension *" if ffi else "PJRT_Extension_Base *"
    direction = "in" if any("dir" in f for f in row["fields"]) else ""
    if row["name"].endswith("_Args"):
        direction = "in"
    head = [Field(name, type_ or base, direction)
            for name, type_ in HEADS.get(row.get("head"), [])]
    return Struct(row["name"], area, head + [parse_field(f)
                                             for f in row["fields"]],
                  row["size"], row["declares"], since_of(row),
                  row.get("sizes", []), row.get("declared", []),
                  row.get("accepted", []), row.get("notes", []))


def parse_function(row):
    return Function(row["name"], row.get("args", row["name"] + "_Args"),
                    row.get("returns", ""), row["contract"], since_of(row),
                    row.get("slot", row["name"]),
                    pointer=row.get("pointer", False),
                    deprecated=row.get("deprecated", 0))


def parse_enum(row):
    values = [(v["name"], v["value"], since_of(v)) for v in row["values"]]
    return Enum(row["name"], values, row.get("notes", []))


def load_area(path, key):
    raw = json.loads((REGISTRY / path).read_text(encoding="utf-8"))
    return Area(
        key, raw, raw.get("handles", []),
        [parse_enum(e) for e in raw.get("enums", [])],
        [Callback(c["name"], c["type"], c.get("contract", []))
         for c in raw.get("callbacks", [])],
        [parse_struct(s, key, key == "xla_ffi") for s in raw.get("structs", [])],
        [parse_function(f) for f in raw.get("functions", [])])


def index(areas, attribute):
    found = {}
    for area in areas:
        for item in getattr(area, attribute):
            if item.name in found:
                raise RegistryError(f"{area.key}: {item.name} appears twice")
            found[item.name] = item
    return found


def load():
    api = json.loads((REGISTRY / "api.json").read_text(encoding="utf-8"))
    core = [load_area(f"core/{key}.json", key) for key in api["core"]]
    ext = [load_area(f"ext/{key}.json", key) for key in api["extensions"]]
    profiler = load_area("profiler.json", "profiler_table")
    ffi = load_area("ffi.json", "xla_ffi")
    functions = [parse_function(f) for f in api["functions"]]
    for i, f in enumerate(functions):
        f.index = i
    for area in [*core, *ext]:
        set_returns(area.functions, "PJRT_Error *")
    set_returns(functions, "PJRT_Error *")
    set_returns(profiler.functions, "PLUGIN_Profiler_Error *")
    set_returns(ffi.functions, "XLA_FFI_Error *")
    areas = [*core, ffi, profiler, *ext]
    abi = Abi(api, core, ext, profiler, ffi, functions,
              index(areas, "structs"), index(areas, "enums"),
              index(areas, "callbacks"),
              {h for area in areas for h in area.handles})
    lay_out(abi)
    lay_out_legacy(abi)
    check(abi)
    return abi


def set_returns(functions, default):
    for f in functions:
        f.returns = f.returns or default


def lay_out_legacy(abi):
    """Older layouts; one may hold another of its own generation by value."""
    raw = json.loads((REGISTRY / "legacy.json").read_text(encoding="utf-8"))
    generations = {}
    for row in raw["structs"]:
        older = generations.setdefault(str(row.get("ffi", row["seen"])), {})
        struct = parse_struct(row, "legacy", False)
        lay_out_struct(struct, {**known_types(abi), **older})
        older[struct.name] = (struct.size, struct.align)
        abi.legacy.append((row, struct))


def lay_out(abi):
    """Fills in offsets and sizes, in the order of declaration."""
    known = known_types(abi)
    for area in abi.areas:
        for struct in area.structs:
            lay_out_struct(struct, known)
            known[struct.name] = (struct.size, struct.align)


def known_types(abi):
    """name -> (size, alignment), structs that are laid out included."""
    known = dict(PRIMITIVES)
    known.update({name: (4, 4) for name in abi.enums})
    for alias in abi.ffi.raw["aliases"]:
        if alias["type"] in known:
            known[alias["name"]] = known[alias["type"]]
    pointers = {c.name for c in abi.callbacks.values() if "(*)" in c.type}
    pointers |= {f.name for area in abi.areas for f in area.functions
                 if f.pointer}
    known.update({name: (8, 8) for name in pointers})
    known.update({s.name: (s.size, s.align) for s in abi.structs.values()
                  if s.end > 0})
    return known


def lay_out_struct(struct, known):
    offset = 0
    align = 1
    for f in struct.fields:
        size, own_align = field_size(struct, f, known)
        offset = round_up(offset, own_align)
        f.offset, f.size = offset, size
        offset += size
        align = max(align, own_align)
    struct.align = align
    if round_up(offset, align) != struct.size:
        raise RegistryError(f"{struct.name}: recorded size {struct.size}, "
                            f"fields add up to {round_up(offset, align)}")


def field_size(struct, f, known):
    if f.union:
        sizes = [field_size(struct, m, known) for m in f.union]
        align = max(a for _, a in sizes)
        return round_up(max(s for s, _ in sizes), align), align
    if is_pointer(f.type):
        return 8, 8
    if f.type not in known:
        raise RegistryError(f"{struct.name}.{f.name}: type '{f.type}' is "
                            "unknown or declared later")
    size, align = known[f.type]
    return size * (f.count or 1), align


def round_up(value, align):
    return (value + align - 1) // align * align


def check(abi):
    for struct in abi.structs.values():
        check_sizes(struct)
    for area in [abi.profiler, abi.ffi, *abi.extensions]:
        check_slots(abi, area)
    for f in abi.functions:
        args = abi.structs.get(f.args)
        if args is None or not args.has_struct_size:
            raise RegistryError(f"{f.name}: no args struct {f.args}")
    check_api_sizes(abi)


def check_sizes(struct):
    if struct.declares is not None:
        if not any(f.end == struct.declares for f in struct.fields):
            raise RegistryError(f"{struct.name}: no field ends at the declared "
                                f"size {struct.declares}")
    if struct.sizes and struct.sizes[-1][1] != struct.end:
        raise RegistryError(f"{struct.name}: newest size step "
                            f"{struct.sizes[-1]} but the end is {struct.end}")
    for minor, size in struct.sizes:
        fields = [f for f in struct.fields if f.since.minor <= minor]
        if fields[-1].end != size:
            raise RegistryError(
                f"{struct.name}: size {size} recorded at 0.{minor}, but the "
                f"fields of that minor end at {fields[-1].end}")
    steps = struct.declared or struct.sizes
    if steps != sorted(steps):
        raise RegistryError(f"{struct.name}: size steps are not in order")


def check_slots(abi, area):
    """Every function of an area has a slot in the area's table."""
    if "struct" not in area.raw:
        return
    table = abi.structs[area.raw["struct"]]
    slots = {f.name: f for f in table.fields}
    for f in area.functions:
        want = f.name if f.pointer else f.name + " *"
        if f.slot not in slots or slots[f.slot].type != want:
            raise RegistryError(f"{area.key}: {table.name} has no slot "
                                f"'{f.slot}' of type '{want}'")


def check_api_sizes(abi):
    for row in abi.api["sizes"]:
        count = sum(f.since.minor <= row["from"] for f in abi.functions)
        if count != row["functions"]:
            raise RegistryError(
                f"api.json: {row['functions']} functions recorded at "
                f"0.{row['from']}, {count} by their 'since'")
    if abi.api["sizes"][-1]["declares"] != 40 + 8 * len(abi.functions):
        raise RegistryError("api.json: newest table size is wrong")
