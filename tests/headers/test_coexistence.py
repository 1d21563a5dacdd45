#!/usr/bin/env python3
"""abi.h beside the official headers, whichever comes first."""
# tier: all
# timeout: 900

import copy
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import (HERE, INCLUDE, ROOT, check, compile_problem, compilers,
                    finish, skip)
import official

sys.path.insert(0, str(ROOT / "abi"))

import emit_header  # noqa: E402
import model  # noqa: E402

NEWER = 999
OLDER = (40, 90)
EXTENSION_GUARD = "XLA_PJRT_C_PJRT_C_API_LAYOUTS_EXTENSION_H_"


def at_minor(abi, minor):
    """The ABI as it was at an older minor."""
    old = copy.deepcopy(abi)
    old.api["minor"] = minor
    old.functions = [f for f in old.functions if f.since.minor <= minor]
    for area in old.core:
        area.handles += [s.name for s in area.structs
                         if s.since.minor > minor]
        area.structs = [s for s in area.structs if s.since.minor <= minor]
        for struct in area.structs:
            struct.fields = [f for f in struct.fields
                             if f.since.minor <= minor]
            struct.declares = struct.end
    return old


def official_like(abi, minor):
    """A core header of another minor, as the official project writes it."""
    if minor < abi.api["minor"]:
        abi = at_minor(abi, minor)
    else:
        abi = copy.deepcopy(abi)
        abi.api["minor"] = minor
    guard = abi.api["guard"]
    body = "\n".join(emit_header.core_lines(abi))
    return (f"#ifndef {guard}\n#define {guard}\n"
            + emit_header.PROLOGUE.replace("PJRT_ABI_", "OFFICIAL_")
            + '#ifdef __cplusplus\nextern "C" {\n#endif\n'
            + body.replace("PJRT_ABI_", "OFFICIAL_")
            + "\n#ifdef __cplusplus\n}\n#endif\n#endif\n")


def ffi_like(minor):
    return ("#define XLA_FFI_API_C_API_H_\n#define XLA_FFI_API_MAJOR 0\n"
            f"#define XLA_FFI_API_MINOR {minor}\n")


class Compilation:
    """One way to compile a text: compiler, language, standard."""

    def __init__(self, name, command):
        self.name = name
        self.command = command

    def run(self, text, *folders):
        with tempfile.TemporaryDirectory() as work:
            source = Path(work) / "source"
            source.write_text(text)
            return subprocess.run(
                [*self.command, f"-I{INCLUDE}", f"-I{HERE}",
                 *(f"-I{f}" for f in folders), "-fsyntax-only", str(source)],
                capture_output=True, text=True)

    def accepts(self, name, text, *folders):
        result = self.run(text, *folders)
        lines = [x for x in result.stderr.splitlines() if "error" in x]
        problem = (lines or ["failed"])[0] if result.returncode else ""
        check(f"{name}-{self.name}", problem)

    def refuses(self, name, text, words, *folders):
        """The text must fail with one error, and that says `words`."""
        result = self.run(text, *folders)
        errors = [x for x in result.stderr.splitlines() if " error: " in x]
        if not result.returncode:
            problem = "it compiled"
        elif len(errors) != 1:
            problem = f"{len(errors)} errors instead of one"
        else:
            problem = "".join(f"no {w!r} in {errors[0]!r}" for w in words
                              if w not in errors[0])
        check(f"{name}-{self.name}", problem)


def compilations():
    for name, (c, cxx) in compilers().items():
        yield Compilation(f"{name}-c11", [c, "-std=c11", "-x", "c", "-Wall",
                                          "-Wextra", "-Werror"])
        if cxx:
            yield Compilation(f"{name}-c++17",
                              [cxx, "-std=c++17", "-x", "c++", "-Wall",
                               "-Wextra", "-Werror"])


def expect_minor(minor):
    return f"typedef char minor_is[PJRT_API_MINOR == {minor} ? 1 : -1];\n"


def check_official(how, key, ours):
    minor = official.HEADERS[key][0]
    try:
        folder = official.header(key)
    except official.Missing as missing:
        skip(f"{key}-{how.name}", str(missing))
        return
    ours_first = '#include <pjrt/abi.h>\n#include "pjrt_c_api.h"\n'
    theirs_first = '#include "pjrt_c_api.h"\n#include <pjrt/abi.h>\n'
    how.accepts(f"{key}-after-ours", ours_first + expect_minor(ours), folder)
    how.refuses(f"{key}-before-ours", theirs_first,
                [f"minor {minor} ", f"minor {ours};"], folder)


def check_generated(how, abi):
    ours = abi.api["minor"]
    with tempfile.TemporaryDirectory() as folder:
        for minor in (*OLDER, ours, NEWER):
            (Path(folder) / f"core_{minor}.h").write_text(
                official_like(abi, minor))
        for minor in OLDER:
            how.refuses(f"older-first-{minor}",
                        f'#include "core_{minor}.h"\n#include <pjrt/abi.h>\n',
                        [f"minor {minor} ", f"minor {ours};"], folder)
        for name, minor in (("equal", ours), ("newer", NEWER)):
            first = f'#include "core_{minor}.h"\n'
            how.accepts(f"{name}-first", first + '#include "abi_layout.c"\n'
                        '#include <pjrt/raw.h>\n' + expect_minor(minor),
                        folder)
        how.accepts("newer-after", '#include "abi_layout.c"\n'
                    f'#include "core_{NEWER}.h"\n' + expect_minor(ours),
                    folder)


def check_guards(how, abi):
    ours = abi.ffi.raw["minor"]
    how.refuses("older-ffi-first", ffi_like(3) + "#include <pjrt/abi.h>\n",
                ["XLA FFI minor 3 ", f"XLA FFI minor {ours};"])
    how.accepts("newer-ffi-first", ffi_like(99) + "#include <pjrt/abi.h>\n"
                "PJRT_FFI_Extension ffi;\n")
    how.accepts("extension-first", f"#define {EXTENSION_GUARD}\n"
                "typedef struct { int theirs; } PJRT_Layouts_Extension;\n"
                "#include <pjrt/abi.h>\n"
                "PJRT_Layouts_Extension layouts;\n"
                "PJRT_Shardings_Extension shardings;\n")


def main():
    abi = model.load()
    for how in compilations():
        for key in official.HEADERS:
            check_official(how, key, abi.api["minor"])
        check_generated(how, abi)
        check_guards(how, abi)
    finish()


if __name__ == "__main__":
    main()
