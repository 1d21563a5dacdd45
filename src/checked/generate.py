#!/usr/bin/env python3
"""Writes what a checked build adds to the library (see handles.h):

    generate.py INCLUDE_FOLDER OUT_FOLDER

checked_names.h renames every public function that has to do with handles, for
the library's own sources; checked_calls.c defines the public names again, with
checks around a call of the renamed ones. What is checked follows from the
prototypes and the ownership tags in their comments: [taken] frees a handle,
[owned: ...] makes one, [borrowed: ...] lends one, and the others use it."""
import re
import sys
from dataclasses import dataclass
from pathlib import Path

OPAQUE = re.compile(r"^typedef struct (pjrt_\w+) \1;", re.M)
PROTOTYPE = re.compile(
    r"(?:/\*((?:(?!\*/).)*)\*/\s*)?PJRT_API\b([^;{]*);", re.S)
PARAMETER = re.compile(r"(.*?)(\w+)((?:\[\w*\])?)$", re.S)


# These may come after the handle was freed: a mapping keeps its buffer.
AFTER_FREE = {"pjrt_buffer_unmap", "pjrt_buffer_unmap_device"}


@dataclass
class Parameter:
    type: str   # "const pjrt_buffer *", without blanks before stars
    name: str
    suffix: str  # "[3]"
    tag: str    # "taken", "owned", "borrowed", "shared" or ""


@dataclass
class Function:
    name: str
    result: str
    result_tag: str
    parameters: list


def squeeze(text):
    text = re.sub(r"\s*\*\s*", " *", re.sub(r"\s+", " ", text))
    return text.replace("* *", "**").strip()


def tag_of(comment, what):
    found = re.search(rf"@{what}\b[^@]*?\[(\w+)", comment, re.S)
    return found[1] if found else ""


def read_function(comment, code):
    code = re.sub(r"\bPJRT_MUST_USE\b", "", code)
    head, _, rest = code.partition("(")
    result, name, _ = PARAMETER.match(squeeze(head)).groups()
    parameters = []
    for text in rest.rsplit(")", 1)[0].split(","):
        if squeeze(text) == "void":
            continue
        kind, parameter, suffix = PARAMETER.match(squeeze(text)).groups()
        parameters.append(Parameter(kind.strip(), parameter, suffix, tag_of(
            comment, f"param {parameter}")))
    return Function(name, result.strip(), tag_of(comment, "return"),
                    parameters)


def read_header(text):
    for match in PROTOTYPE.finditer(text):
        yield read_function(match[1] or "", match[2])


class Checks:
    """The statements before and after the call of one function."""

    def __init__(self, function, opaque):
        self.function, self.opaque = function, opaque
        self.before, self.after = [], []
        if function.name in AFTER_FREE:
            return
        for i, parameter in enumerate(function.parameters):
            self.add(parameter, function.parameters[i + 1:i + 2])
        self.add_result()

    def kind(self, type_, form):
        """ "buffer" for a type of this form of a handle, else None."""
        match = re.fullmatch(rf"(?:const )?(pjrt_\w+) {form}", type_)
        return match[1][5:] if match and match[1] in self.opaque else None

    def call(self, verb, kind, handle):
        return (f'pjrt_handle_{verb}("{self.function.name}", "{kind}", '
                f"{handle});")

    def count_of(self, following):
        """How many there are in a list; None when it is no list."""
        if not following or not following[0].name.startswith("num_"):
            return None
        count = following[0].name
        if any(p.name == "num_devices" for p in self.function.parameters):
            return f"num_devices * {count}"  # a group for each device
        return count

    def each(self, verb, kind, parameter, following):
        count = self.count_of(following)
        handle = f"{parameter.name}[i_]" if count else f"*{parameter.name}"
        loop = f"for (size_t i_ = 0; i_ < {count}; i_++) " if count else ""
        return (f"if ({parameter.name}) {loop}"
                f"{self.call(verb, kind, handle)}")

    def add(self, parameter, following):
        one = self.kind(parameter.type, r"\*")
        many = self.kind(parameter.type, r"\*const \*")
        out = self.kind(parameter.type, r"\*\*")
        if one:
            verb = "taken" if parameter.tag == "taken" else "used"
            self.before.append(self.call(verb, one, parameter.name))
        elif many:
            self.before.append(self.each("used", many, parameter, following))
        elif out and parameter.tag in ("owned", "borrowed"):
            verb = "made" if parameter.tag == "owned" else "lent"
            self.after.append(self.each(verb, out, parameter, following))

    def add_result(self):
        result = self.function.result
        kind = self.kind(result, r"\*")
        if not kind:
            return
        borrowed = self.function.result_tag == "borrowed"
        if self.after and result == "pjrt_error *":
            self.after = [f"if (!result_) {{ {' '.join(self.after)} }}"]
        self.after.append(self.call("lent" if borrowed else "made", kind,
                                    "result_"))


def inner(name):
    return name.replace("pjrt_", "pjrt_unchecked_", 1)


def declare(function, name):
    def spaced(kind):
        return kind if kind.endswith("*") else kind + " "
    parameters = ", ".join(spaced(p.type) + p.name + p.suffix
                           for p in function.parameters) or "void"
    return f"{spaced(function.result)}{name}({parameters})"


def define(function, checks):
    arguments = ", ".join(p.name for p in function.parameters)
    call = f"{inner(function.name)}({arguments});"
    lines = [f"{declare(function, inner(function.name))};",
             f"{declare(function, function.name)} {{", *checks.before]
    if function.result == "void":
        lines += [call, *checks.after]
    else:
        space = "" if function.result.endswith("*") else " "
        lines += [f"{function.result}{space}result_ = {call}", *checks.after,
                  "return result_;"]
    return "\n".join(lines + ["}"])


def main(include, out):
    headers = sorted(Path(include).glob("pjrt/**/*.h"))
    texts = {h: h.read_text() for h in headers if h.name != "abi.h"}
    opaque = {kind for text in texts.values() for kind in OPAQUE.findall(text)}
    names, calls = [], []
    for text in texts.values():
        for function in read_header(text):
            checks = Checks(function, opaque)
            if checks.before or checks.after:
                names.append(
                    f"#define {function.name} {inner(function.name)}\n")
                calls.append(define(function, checks) + "\n")
    includes = "".join(f"#include <{h.relative_to(include)}>\n" for h in texts)
    note = "/* Generated by src/checked/generate.py. */\n"
    (Path(out) / "checked_names.h").write_text(note + "".join(names))
    (Path(out) / "checked_calls.c").write_text(
        f'{note}{includes}#include "checked/handles.h"\n\n{"".join(calls)}')


if __name__ == "__main__":
    main(*sys.argv[1:])
