"""The direction of dependencies, read from the #include lines."""
import re

from tree import case, files, name_of, ROOT

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# Which folders of src/ each folder may include, and which public headers:
# "base" headers say nothing of PJRT, "abi" ones are the raw ABI.
BASE_HEADERS = {"pjrt/base.h", "pjrt/error.h", "pjrt/dtype.h"}
ABI_HEADERS = {"pjrt/abi.h", "pjrt/raw.h"}
ALLOWED = {
    "base": {"base"},
    "abi": {"base", "abi"},
    "core": {"base", "abi", "proto", "core"},
    "raw": {"abi", "raw"},
    "io": {"base", "core", "io"},
    "options": {"base", "core", "options"},
    "cache": {"base", "core", "options", "describe", "cache"},
    "checked": {"base", "checked"},
    "describe": {"base", "core", "describe"},
    "hlo": {"base", "core", "proto", "hlo"},
    "kv": {"base", "core", "kv"},
    "layout": {"base", "core", "layout"},
    "mlir": {"base", "core", "mlir"},
    "ext": {"base", "abi", "proto", "core", "ext"},
}
KNOWS_ABI = {"abi", "core", "raw", "ext"}


def includes(path):
    return [(m[1], m[2]) for m in INCLUDE.finditer(path.read_text())]


def is_public(header):
    return header.startswith("pjrt/")


def library_problems(layer):
    for path in files(".c", ".h", under=f"src/{layer}"):
        for _, header in includes(path):
            where = f"{name_of(path)} includes {header}"
            folder = header.split("/")[0]
            if header in ABI_HEADERS and layer not in KNOWS_ABI:
                yield f"{where}: {layer} knows nothing of the raw ABI"
            elif is_public(header) and layer == "base":
                if header not in BASE_HEADERS:
                    yield f"{where}: base knows nothing of PJRT"
            elif folder in ALLOWED and folder not in ALLOWED[layer]:
                yield f"{where}: {layer} may not depend on {folder}"


def user_problems(folder):
    """Programs are users like any other: no header of src/ is for them."""
    private = {name_of(p).removeprefix("src/") for p in files(".h", under="src")}
    for path in files(".c", ".h", under=folder):
        for _, header in includes(path):
            if header in private and not (path.parent / header).exists():
                yield f"{name_of(path)} includes {header} of src/"


def public_problems():
    """A typed header needs only the C library and other typed headers."""
    for path in files(".h", under="include/pjrt"):
        if name_of(path).removeprefix("include/") in ABI_HEADERS:
            continue
        for _, header in includes(path):
            where = f"{name_of(path)} includes {header}"
            if header in ABI_HEADERS:
                yield f"{where}: typed headers never show the raw ABI"
            elif is_public(header):
                if not (ROOT / "include" / header).exists():
                    yield f"{where}: no such header"
            elif "/" in header:
                yield f"{where}: not a header of the C library"


def cycles():
    """Headers that include each other."""
    graph = {name_of(p).removeprefix("include/"):
             [h for _, h in includes(p) if is_public(h)]
             for p in files(".h", under="include/pjrt")}
    done = set()

    def visit(header, trail):
        if header in trail:
            yield " -> ".join(trail[trail.index(header):] + [header])
        elif header not in done:
            for other in graph.get(header, []):
                yield from visit(other, trail + [header])
            done.add(header)

    for header in graph:
        yield from visit(header, [])


def umbrella_problems():
    """pjrt.h includes every typed header, and does nothing else."""
    umbrella = {h for _, h in includes(ROOT / "include/pjrt/pjrt.h")}
    for path in files(".h", under="include/pjrt"):
        header = name_of(path).removeprefix("include/")
        optional = ABI_HEADERS | {"pjrt/pjrt.h", "pjrt/unsafe.h"}
        if header not in umbrella | optional and "/ext/" not in header:
            yield f"pjrt.h leaves out {header}"


for layer_name in ALLOWED:
    if (ROOT / "src" / layer_name).is_dir():
        case(f"src_{layer_name}", library_problems(layer_name))
for program_folder in ("cli", "examples", "bench"):
    case(program_folder, user_problems(program_folder))
case("public_headers", public_problems())
case("no_cycles", cycles())
case("umbrella", umbrella_problems())
