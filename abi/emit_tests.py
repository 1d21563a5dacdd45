"""tests/headers: facts that the compiler and real plugins are held to."""

from emit_tables import head, undefine

LAYOUT = """\
#include "pjrt/abi.h"

#ifdef __cplusplus
#define CHECK(what) static_assert(what, #what)
#else
#define CHECK(what) _Static_assert(what, #what)
#endif
#define AT(type, field, offset) CHECK(offsetof(type, field) == (offset))
#define SIZE(type, size) CHECK(sizeof(type) == (size))
#define DECLARES(type, size) CHECK(type##_STRUCT_SIZE == (size))
#define VALUE(name, value) CHECK((int)name == (value))
"""


def struct_checks(struct):
    lines = [f"SIZE({struct.name}, {struct.size});"]
    if struct.declares is not None:
        lines.append(f"DECLARES({struct.name}, {struct.declares});")
    for f in struct.fields:
        for x in f.union or [f]:
            lines += wrapped("AT", struct.name, x.name, f.offset)
    return lines


def wrapped(macro, struct, name, value):
    line = f"{macro}({struct}, {name}, {value});"
    if len(line) <= 80:
        return [line]
    gap = " " * (len(macro) + 1)
    return [f"{macro}({struct},", f"{gap}{name}, {value});"]


def render_layout(abi):
    lines = head("Every size, offset and enum value of abi.h, as recorded in "
                 "the registry from\nreal headers and plugins. Compiles as C11 "
                 "and as C++11; there is nothing to run.")
    lines += LAYOUT.split("\n")
    for area in abi.areas:
        lines += [f"/* {area.title} */"]
        for enum in area.enums:
            lines += [f"VALUE({name}, {value});"
                      for name, value, _ in enum.values]
        for struct in area.structs:
            lines += struct_checks(struct)
        version = area.raw.get("version")
        if version:
            lines.append(f"VALUE({version['macro']}, {version['value']});")
        lines.append("")
    lines += [f"/* {abi.api['title']} */",
              f"SIZE(PJRT_Api, {abi.api['sizes'][-1]['declares']});",
              f"DECLARES(PJRT_Api, {abi.api['sizes'][-1]['declares']});",
              "AT(PJRT_Api, struct_size, 0);",
              "AT(PJRT_Api, extension_start, 8);",
              "AT(PJRT_Api, pjrt_api_version, 16);"]
    for f in abi.functions:
        lines += wrapped("AT", "PJRT_Api", f.name, 40 + 8 * f.index)
    return "\n".join(lines) + "\n"


def render_accepted(abi):
    lines = head("""\
What real plugins answered when asked with too small a struct_size, one row
per args struct and range of minors:
  PJRT_ACCEPTED_ROW(function, from minor, to minor, least accepted size)""")
    for f in abi.functions:
        lines += [f"PJRT_ACCEPTED_ROW({f.name}, {a}, {b}, {size})"
                  for a, b, size in abi.structs[f.args].accepted]
    return "\n".join(lines + undefine("PJRT_ACCEPTED_ROW")) + "\n"


RAW_ROWS = """\
A row per core function, in slot order, for the compatibility matrix:
  RAW_ROW(function, args struct, its checked call)"""


def render_raw_rows(abi):
    lines = head(RAW_ROWS)
    lines += [f"RAW_ROW({f.name}, {f.args}, pjrt_raw_{f.name})"
              for f in abi.functions]
    return "\n".join(lines + undefine("RAW_ROW")) + "\n"
