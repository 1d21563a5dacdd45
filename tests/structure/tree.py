"""What the structure tests share: finding the tree's files, stripping C
comments, and printing one line per case as tools/run_tests.py reads it."""
import os
import re
import sys
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR") or ROOT / "build")

SKIPPED_FOLDERS = {".git", "build", "__pycache__"}
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])+'")


def files(*suffixes, under="."):
    """The tree's files with these suffixes (all, when none is given)."""
    found = []
    for folder, folders, names in os.walk(ROOT / under):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            if not suffixes or name.endswith(suffixes):
                found.append(Path(folder) / name)
    return found


def name_of(path):
    return str(path.relative_to(ROOT))


def is_generated(path):
    return path.read_text(errors="replace")[:200].startswith("/* Generated")


def blank(pattern, text):
    """Replaces what matches by blanks, so that line numbers stay."""
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


def code_of(path):
    """A C file without comments and without what its strings say."""
    text = path.read_text(errors="replace")
    tokens = re.compile(f"{COMMENT.pattern}|{STRING.pattern}", re.S)
    return blank(tokens, text)


def case(name, problems):
    """Prints the case: `problems` are lines, none means that it holds."""
    problems = list(problems)
    for problem in problems:
        print(f"  {problem}")
    if problems:
        print(f"not ok {name}: {len(problems)} found, such as {problems[0]}")
    else:
        print(f"ok {name}")


def skip(name, reason):
    print(f"skip {name}: {reason}")


def grep(pattern, paths, text_of=code_of):
    """"file:line: match" for each match of the pattern."""
    for path in paths:
        for number, line in enumerate(text_of(path).splitlines(), 1):
            for match in re.finditer(pattern, line):
                yield f"{name_of(path)}:{number}: {match[0].strip()}"


if __name__ == "__main__":
    sys.exit("this is a module of the structure tests")
