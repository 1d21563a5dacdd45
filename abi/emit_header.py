"""include/pjrt/abi.h: the raw ABI under its official names."""

from model import declare, since_of
from text import align_notes, banner, comment, sentence, wrap_call

INTRO = """\
 * The raw ABI of PJRT, the plugin interface of OpenXLA, under its official
 * names, as of PJRT {major}.{minor} and XLA FFI {ffi_major}.{ffi_minor}; valid
 * C99 to C23 and C++11 to C++23.
 *
 * Users of the library do not need this header: no other <pjrt/...> header
 * but raw.h includes it. It is for code that makes plugins, layers or raw
 * calls.
 *
 * Beside the official headers: this one defines their include guards, so that
 * an official header that comes later is skipped. When an official one came
 * first, one that is as new as this header or newer is taken as it is, and an
 * older one is an error. Guards are per header, so extensions are still
 * declared here where only the official core came first.
 *
 * X_STRUCT_SIZE is the official size: the end of the last field, not
 * sizeof. "out" marks a field that the plugin sets, "in, out" one that it
 * reads and sets. Versions in comments are PJRT minors unless they say FFI."""

PROLOGUE = """\
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef PJRT_STRUCT_SIZE
#define PJRT_STRUCT_SIZE(struct_type, last_field) \\
  (offsetof(struct_type, last_field) +            \\
   sizeof(((struct_type *)0)->last_field))
#endif

#ifndef PJRT_DEFINE_STRUCT_TRAITS
#define PJRT_DEFINE_STRUCT_TRAITS(struct_type, last_field) \\
  typedef struct struct_type struct_type;                  \\
  enum { struct_type##_STRUCT_SIZE =                       \\
             PJRT_STRUCT_SIZE(struct_type, last_field) }
#endif

#ifndef PJRT_NO_DISCARD
#define PJRT_NO_DISCARD
#endif

/* Slots bear the name of their function type. C++ takes that only when the
 * type is named with its scope. */
#ifdef __cplusplus
#define PJRT_ABI_TYPE(name) ::name
#else
#define PJRT_ABI_TYPE(name) name
#endif

/* Unnamed unions came with C11; gcc and clang have them in C99 too. */
#if defined(__GNUC__) && !defined(__cplusplus)
#define PJRT_ABI_UNION __extension__ union
#else
#define PJRT_ABI_UNION union
#endif

#define PJRT_ABI_TEXT_OF(x) #x
#define PJRT_ABI_TEXT(x) PJRT_ABI_TEXT_OF(x)
#if defined(__GNUC__)
#define PJRT_ABI_ERROR(text) _Pragma(PJRT_ABI_TEXT(GCC error text))
#endif
"""

REFUSE = """\
#elif {minor_macro} < {minor}
#define PJRT_ABI_REFUSED
#ifdef PJRT_ABI_ERROR
PJRT_ABI_ERROR(PJRT_ABI_TEXT(
    an official header with {name} minor {minor_macro}
    came before pjrt/abi.h with {name} minor {minor}; include pjrt/abi.h first))
#else
#error "an older official {name} header came before pjrt/abi.h (minor {minor})"
#endif
"""


def since_note(since):
    return "" if since.kind == "none" else f"since {since.text()}"


def field_note(f, struct):
    words = []
    if f.dead:
        words.append("dead slot, NULL in new plugins")
    if f.dir == "out":
        words.append("out")
    elif f.dir == "inout":
        words.append("in, out")
    if f.fills:
        words.append("plugin fills the memory")
    if f.since.kind != "none" and f.since.minor > struct.since.minor:
        words.append(since_note(f.since))
    return ", ".join(words)


def field_lines(f, struct):
    if f.union:
        return (["  PJRT_ABI_UNION {"]
                + [f"    {declare(m.type, m.name)};" for m in f.union]
                + ["  };"])
    if f.type == f.name + " *":
        return slot_lines(f.name, field_note(f, struct))
    count = f"[{f.count}]" if f.count else ""
    line = "  " + declare(f.type, f.name) + count + ";"
    note = field_note(f, struct)
    if len(line) <= 80:
        return [(line, note)]
    if "(*" in line:
        lines = wrap_call(line)
    else:
        lines = [f"  {f.type}", f"      {f.name};"]
    return [f"  /* {note} */", *lines] if note else lines


def slot_lines(name, note=""):
    """A slot that bears the name of its function type."""
    line = f"  PJRT_ABI_TYPE({name}) *{name};"
    lines = [line] if len(line) <= 80 else [f"  PJRT_ABI_TYPE({name})",
                                            f"      *{name};"]
    return [f"  /* {note} */", *lines] if note else lines


def struct_lines(struct, forward):
    lines = []
    notes = list(struct.notes)
    if notes:
        lines += comment(sentence(notes))
    # A struct whose typedef stands above already must not repeat it in C99.
    head = f"struct {struct.name} {{" if struct.name in forward else \
        f"typedef struct {struct.name} {{"
    lines.append(head)
    fields = []
    for f in struct.fields:
        fields += field_lines(f, struct)
    lines += align_notes(fields)
    lines.append("};" if struct.name in forward else f"}} {struct.name};")
    if struct.declares is not None:
        lines += size_lines(struct)
    return lines


def size_lines(struct):
    size = f"PJRT_STRUCT_SIZE({struct.name}, {struct.last_declared().name})"
    line = f"  {struct.name}_STRUCT_SIZE = {size}"
    lines = [line]
    if len(line) > 80:
        lines = [f"  {struct.name}_STRUCT_SIZE =", f"      {size}"]
    if len(lines[-1]) > 80:
        lines[-1:] = ["      PJRT_STRUCT_SIZE(",
                      f"          {struct.name},",
                      f"          {struct.last_declared().name})"]
    return ["enum {", *lines, "};"]


def function_lines(f):
    since = since_note(f.since)
    words = [f"deprecated at 0.{f.deprecated}"] if f.deprecated else []
    text = sentence(words + ([since] if since else []) + f.contract)
    name = f"(*{f.name})" if f.pointer else f.name
    gap = "" if f.returns.endswith("*") else " "
    line = f"typedef {f.returns}{gap}{name}({f.args} *args);"
    return comment(text) + wrap_call(line)


def enum_lines(enum):
    lines = comment(sentence(enum.notes)) if enum.notes else []
    lines.append("typedef enum {")
    last = enum.values[-1][0]
    lines += align_notes([
        (f"  {name} = {value}{'' if name == last else ','}", since_note(since))
        for name, value, since in enum.values])
    return lines + [f"}} {enum.name};"]


def callback_lines(c):
    lines = comment(sentence(c.contract)) if c.contract else []
    if "(*)" in c.type:
        text = declare(c.type, c.name)
    else:
        text = c.type.replace("(", f"{c.name}(", 1)
    return lines + wrap_call(f"typedef {text};")


def forward_names(areas):
    """Structs that a pointer mentions before their own declaration."""
    order = [s.name for area in areas for s in area.structs]
    seen, needed = set(), set()
    for area in areas:
        for c in area.callbacks:
            needed |= {n for n in order if n in tokens(c.type)}
        for struct in area.structs:
            seen_before = set(seen)
            seen.add(struct.name)
            for f in struct.fields:
                for t in [f.type, *(m.type for m in f.union)]:
                    needed |= {n for n in order
                               if n in tokens(t) and n not in seen_before}
    return [n for n in order if n in needed]


def tokens(text):
    for mark in "(),*":
        text = text.replace(mark, " ")
    return set(text.split())


def area_lines(area, forward, functions, aliases=()):
    """Declarations of one area: types, structs with their functions."""
    blocks = [enum_lines(e) for e in area.enums]
    for alias in aliases:
        blocks.append([f"typedef {declare(alias['type'], alias['name'])};"])
    blocks += [callback_lines(c) for c in area.callbacks]
    by_args = {}
    for f in functions:
        by_args.setdefault(f.args, []).append(f)
    for struct in area.structs:
        if struct.name == area.raw.get("struct"):
            for args in list(by_args):
                blocks += map(function_lines, by_args.pop(args))
        blocks.append(struct_lines(struct, forward))
        blocks += map(function_lines, by_args.pop(struct.name, []))
    return join(blocks)


def join(blocks):
    lines = []
    for block in blocks:
        lines += [*block, ""]
    return lines


def forward_lines(handles, forward):
    lines = [f"typedef struct {n} {n};" for n in handles]
    lines += [f"typedef struct {n} {n};" for n in forward]
    wrapped = []
    for line in lines:
        if len(line) > 80:
            head, tail = line.rsplit(" ", 1)
            wrapped += [head, f"    {tail}"]
        else:
            wrapped.append(line)
    return wrapped


def api_struct_lines(abi):
    lines = ["typedef struct PJRT_Api {",
             "  size_t struct_size;",
             "  PJRT_Extension_Base *extension_start;",
             "  PJRT_Api_Version pjrt_api_version;"]
    for f in abi.functions:
        lines += slot_lines(f.name)
    last = abi.functions[-1].name
    return lines + ["} PJRT_Api;", "enum {", "  PJRT_Api_STRUCT_SIZE =",
                    f"      PJRT_STRUCT_SIZE(PJRT_Api, {last})", "};", ""]


def core_lines(abi):
    forward = forward_names(abi.core)
    handles = [h for area in abi.core for h in area.handles]
    first = [comment("Handles. None of them may be looked into."),
             forward_lines(handles, forward)]
    lines = [f"#define PJRT_API_MAJOR {abi.api['major']}",
             f"#define PJRT_API_MINOR {abi.api['minor']}", ""]
    lines += first[0] + first[1] + [""]
    for area in abi.core:
        lines += [*banner(area.title), ""]
        names = {s.name for s in area.structs}
        fns = [f for f in abi.functions if f.args in names]
        lines += area_lines(area, forward, fns)
    lines += [*banner(abi.api["title"]), ""]
    lines += comment("Slot order never changes, 0.56 excepted. A plugin's "
                     "table may be shorter than this struct, and a slot "
                     "inside it may be NULL.")
    return lines + api_struct_lines(abi)


def extension_lines(area):
    forward = forward_names([area])
    head = [*banner(area.title)]
    if "status" in area.raw:
        since = f"Type {area.raw['type']}, {since_note(since_of(area.raw))}. "
        head += comment(since + area.raw["status"])
    body = []
    version = area.raw.get("version")
    if version:
        body += [f"#define {version['macro']} {version['value']}", ""]
    opaque = forward_lines(area.handles, forward)
    if opaque:
        body += [*opaque, ""]
    body += area_lines(area, forward, area.functions)
    return head + guarded(area.guard, body)


def ffi_lines(abi):
    area = abi.ffi
    forward = forward_names([area])
    raw = area.raw
    lines = [f"#define XLA_FFI_API_MAJOR {raw['major']}",
             f"#define XLA_FFI_API_MINOR {raw['minor']}", "",
             "#ifdef __cplusplus",
             "#define XLA_FFI_UNKNOWN_TYPE_ID XLA_FFI_TypeId{0}", "#else",
             "#define XLA_FFI_UNKNOWN_TYPE_ID ((XLA_FFI_TypeId){0})",
             "#endif", "",
             "#ifndef XLA_FFI_STRUCT_SIZE",
             "#define XLA_FFI_STRUCT_SIZE PJRT_STRUCT_SIZE",
             "#define XLA_FFI_DEFINE_STRUCT_TRAITS PJRT_DEFINE_STRUCT_TRAITS",
             "#endif", ""]
    lines += forward_lines(area.handles, forward) + [""]
    lines += area_lines(area, forward, area.functions, raw["aliases"])
    return lines + [
        *comment("Exported by programs that hold XLA, for handlers that are "
                 "not called through a plugin."),
        "const XLA_FFI_Api *XLA_FFI_GetApi(void);", ""]


def refuse_lines(name, minor_macro, minor):
    return REFUSE.format(name=name, minor_macro=minor_macro,
                         minor=minor).rstrip("\n").split("\n")


def guarded(guard, body, refuse=()):
    """`body` unless an official header came first; then check its minor."""
    return [f"#ifndef {guard}", f"#define {guard}", "", *body, *refuse,
            end_of(guard), ""]


def end_of(guard):
    line = f"#endif  /* {guard} */"
    return line if len(line) <= 80 else "#endif"


def render(abi):
    api, ffi = abi.api, abi.ffi.raw
    intro = INTRO.format(major=api["major"], minor=api["minor"],
                         ffi_major=ffi["major"], ffi_minor=ffi["minor"])
    lines = ["/* Generated by abi/generate.py from abi/registry; do not edit.",
             " *", *intro.split("\n"), " */", "#ifndef PJRT_ABI_H_",
             "#define PJRT_ABI_H_", "", *PROLOGUE.split("\n"),
             "#ifdef __cplusplus", 'extern "C" {', "#endif", ""]
    lines += guarded(api["guard"], core_lines(abi),
                     refuse_lines("PJRT", "PJRT_API_MINOR", api["minor"]))
    lines += ["#ifndef PJRT_ABI_REFUSED", "", *banner(abi.ffi.title), ""]
    lines += guarded(abi.ffi.guard, ffi_lines(abi),
                     refuse_lines("XLA FFI", "XLA_FFI_API_MINOR",
                                  ffi["minor"]))
    for area in [abi.profiler, *abi.extensions]:
        lines += extension_lines(area)
    lines += ["#endif  /* PJRT_ABI_REFUSED */", ""]
    lines += ["#ifdef __cplusplus", "}", "#endif", "",
              "#endif  /* PJRT_ABI_H_ */"]
    return "\n".join(lines) + "\n"
