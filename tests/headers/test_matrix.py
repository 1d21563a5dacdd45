#!/usr/bin/env python3
"""Every public header compiles alone, in every standard, without a warning."""
# timeout: 900

import tempfile
from pathlib import Path

from checks import (CXX_STANDARDS, C_STANDARDS, HERE, INCLUDE, STRICT, check,
                    compile_problem, compilers, finish, skip)


def write_sources(folder, suffix):
    """One source per header, so that each is compiled alone."""
    names = []
    for header in sorted(INCLUDE.rglob("*.h")):
        path = header.relative_to(INCLUDE).as_posix()
        name = path.replace("/", "_").removesuffix(".h") + suffix
        (Path(folder) / name).write_text(
            f"#include <{path}>\n#include <{path}>\nint used_by_nobody;\n")
        names.append(name)
    return names


def accepts(compiler, standard, suffix):
    language = "c++" if suffix == ".cc" else "c"
    return not compile_problem([compiler, f"-std={standard}", "-x", language,
                                "-fsyntax-only", "/dev/null"])


def check_headers(name, compiler, standard, suffix):
    if not accepts(compiler, standard, suffix):
        skip(name, f"{compiler} does not know -std={standard}")
        return
    with tempfile.TemporaryDirectory() as folder:
        sources = write_sources(folder, suffix)
        check(name, compile_problem(
            [compiler, f"-std={standard}", *STRICT, f"-I{INCLUDE}",
             "-fsyntax-only", *sources], cwd=folder))


def check_layout(name, compiler, standard, language):
    check(name, compile_problem(
        [compiler, f"-std={standard}", "-x", language, *STRICT, f"-I{INCLUDE}",
         "-fsyntax-only", str(HERE / "abi_layout.c")]))


def check_control(name, compiler, language):
    """The flags in use do find what they are there to find."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "control"
        source.write_text("#include <pjrt/abi.h>\n"
                          "int narrow(long wide);\n"
                          "int narrow(long wide) { return wide; }\n")
        problem = compile_problem([compiler, "-x", language, *STRICT,
                                   f"-I{INCLUDE}", "-fsyntax-only",
                                   str(source)])
        check(name, "" if problem else "a narrowing conversion passed")


def main():
    found = compilers()
    for name in ("gcc", "clang"):
        if name not in found:
            skip(f"headers-{name}", f"no {name} here")
            continue
        c, cxx = found[name]
        for standard in C_STANDARDS:
            check_headers(f"headers-{name}-{standard}", c, standard, ".c")
        check_layout(f"layout-{name}-c11", c, "c11", "c")
        check_control(f"warnings-{name}", c, "c")
        if not cxx:
            skip(f"headers-{name}-c++", f"{name} has no C++ compiler here")
            continue
        for standard in CXX_STANDARDS:
            check_headers(f"headers-{name}-{standard}", cxx, standard, ".cc")
        check_layout(f"layout-{name}-c++11", cxx, "c++11", "c++")
    finish()


if __name__ == "__main__":
    main()
