"""A function that does not fit on a screen is split."""
import re

from tree import case, code_of, files, is_generated, name_of

CEILING = {"src": 60, "cli": 60, "examples": 60, "sim": 60, "bench": 60,
           "tests": 80}
OPENING = re.compile(r"^[A-Za-z_].*\)[^;]*$")
NAME = re.compile(r"(\w+)\s*\(")


def functions(path):
    """(name, first line, number of lines) of each definition: a line in column
    0 that opens a parameter list, up to the brace in column 0."""
    head = start = None
    for number, line in enumerate(code_of(path).splitlines(), 1):
        if re.match(r"[A-Za-z_]", line) and "(" in line:
            head, start = NAME.search(line), number
        elif line.rstrip() == "}" and head:
            yield head[1], start, number - start + 1
            head = None
        elif line.startswith(("}", "#")) or re.match(r"\S.*;\s*$", line):
            head = None


def too_long(folder, ceiling):
    for path in files(".c", ".h", under=folder):
        if is_generated(path):
            continue
        for name, line, length in functions(path):
            if length > ceiling:
                yield f"{name_of(path)}:{line}: {name} has {length} lines"


for top, most in CEILING.items():
    case(f"{top}_functions_within_{most}_lines", too_long(top, most))
