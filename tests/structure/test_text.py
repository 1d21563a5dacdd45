"""What no file of the tree may say."""
import re

from tree import ROOT, case, code_of, files, grep, is_generated, name_of

C_FILES = [p for p in files(".c", ".h")
           if not name_of(p).startswith("tests/data")]
# What checked builds add ends the process with a message; see its header.
LIBRARY = [p for p in C_FILES if name_of(p).startswith("src/")
           and not name_of(p).startswith("src/checked/")]
PROGRAMS = [p for p in C_FILES
            if name_of(p).startswith(("cli/", "examples/", "bench/", "sim/"))]

# Each has a bounded, checked or reentrant replacement.
BANNED = (r"\b(gets|strcpy|strcat|stpcpy|sprintf|vsprintf|system|popen|tmpnam"
          r"|tempnam|mktemp|strtok|atoi|atol|atoll|atof|alloca|rand|srand"
          r"|localtime|gmtime|asctime|ctime|getwd|usleep)\s*\(")
# The library never ends the process and never writes to its streams.
BANNED_IN_LIBRARY = (r"\b((abort|exit|_exit|_Exit|quick_exit|assert|printf"
                     r"|puts|putchar|perror|setenv|putenv|setlocale|signal"
                     r"|sigaction|strerror)\s*\(|(stdout|stderr|stdin)\b)")
LEFT_OVERS = r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b"
MACHINE_PATHS = r"(?<![\w.$}>-])/(home|root|work|tmp)/\w[\w.-]*"
REGISTRY_HOSTS = (r"(?i)\b(pypi\.(org|python)|pythonhosted\.|crates\.io/"
                  r"|npmjs\.|deb\.debian\.|proxy\.golang|maven\.org"
                  r"|index[-]url)")


def text_files():
    """Files that people write: no data, no licence."""
    for path in files():
        if name_of(path) == "LICENSE" or name_of(path).startswith("models/"):
            continue
        if b"\0" not in path.read_bytes()[:4096]:
            yield path


def raw_text(path):
    return path.read_text(errors="replace") if path.exists() else ""


def layout_problems(path):
    """Tabs, blanks at line ends, a missing last newline, long lines of C."""
    text = raw_text(path)
    if text and not text.endswith("\n"):
        yield f"{name_of(path)}: no newline at the end"
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name_of(path)}:{number}"
        if line != line.rstrip():
            yield f"{where}: blanks at the end"
        if path.suffix in (".c", ".h", ".py") and "\t" in line:
            yield f"{where}: tab"
        if path.suffix in (".c", ".h") and len(line) > 80 \
                and not is_generated(path):
            yield f"{where}: {len(line)} columns"


TEXTS = list(text_files())
SOURCES = [p for p in TEXTS if not name_of(p).startswith("tests/data")]

case("banned_functions", grep(BANNED, C_FILES))
case("library_keeps_quiet", grep(BANNED_IN_LIBRARY, LIBRARY))
case("no_pasted_public_names", grep(r"pjrt_\w*\s*##", C_FILES))
case("no_left_overs", grep(LEFT_OVERS, SOURCES, raw_text))
case("no_machine_paths", grep(MACHINE_PATHS, TEXTS, raw_text))
case("no_registry_hosts", grep(REGISTRY_HOSTS, TEXTS, raw_text))
case("layout", [x for p in SOURCES for x in layout_problems(p)])
case("licence", [] if "Apache License" in raw_text(ROOT / "LICENSE") else
     ["LICENSE is not the Apache License"])
case("version_in_changelog", [] if re.search(
    r"^## .*\b%s\b" % re.escape(".".join(re.findall(
        r"define PJRT_VERSION_\w+ (\d+)",
        code_of(ROOT / "include/pjrt/base.h")))),
    raw_text(ROOT / "CHANGELOG.md"), re.M) else
     ["CHANGELOG.md has no section for the version in base.h"])
