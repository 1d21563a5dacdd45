"""What the tests of the plain build called: each runs with tests/recorder in
it, and BUILD/calls/NAME.json says which PJRT functions it called on which kind
of plugin, and what they answered.

A test that did not pass leaves no record, and a record of another build of what
it ran is none: so two runs on one build, of the quick and the heavy tier, add
up to the whole.
"""
import hashlib
import json
import os
import re
import struct
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CALLS = ROOT / "src" / "abi" / "generated" / "calls.inc"
EXTENSIONS = ROOT / "src" / "abi" / "generated" / "extensions.inc"
# The folders of tests whose calls count, and for which column.
COLUMNS = {"unit": "unit", "examples": "example", "real": "real",
           "compat": "real", "cli": "real"}
SIMULATED = "sim"

# As in tests/recorder/recorder.c.
FOLDER_VARIABLE = "LIBPJRT_CALLS_DIR"
MAX_PLUGINS, MAX_PATH = 16, 1008
HEADER = struct.Struct("=II")
ANSWERS = {0: "OK", 5: "NOT_FOUND", 12: "UNIMPLEMENTED"}


def functions():
    """The core functions in table order: name -> the minor that brought it."""
    return {name: int(since) for name, since in re.findall(
        r"^PJRT_CALL_ROW(?:_VOID)?\((\w+), (\d+)", CALLS.read_text(), re.M)}


def extension_rows():
    """(kind of row, its arguments) of extensions.inc."""
    for kind, arguments in re.findall(
            r"^PJRT_EXTENSION_(?:(\w+)_)?ROW\((.*)\)$",
            EXTENSIONS.read_text(), re.M):
        yield kind, [a.strip().strip('"') for a in arguments.split(",")]


def extension_functions():
    """Those of extensions, in the order of the registry, and behind each
    extension those of the table that it points to: name -> (the extension's
    name, the minor that brought the function)."""
    found, extension, brought = {}, "", 0
    for kind, row in extension_rows():
        if not kind:
            extension, brought = row[1], int(row[3])
        elif kind in ("FUNCTION", "NESTED"):
            found[row[2]] = extension, int(row[-1]) or brought
    return found


def recorded_functions():
    """The name of each number in a record. Two slots may share a name."""
    rows = list(extension_rows())
    return [*functions(), *(row[2].removesuffix("_Args") for kind, row in rows
                            if kind == "SLOT"),
            *(row[2] for kind, row in rows if kind == "NESTED")]


def column_of(test_name):
    return COLUMNS.get(test_name.split("/")[0])


def kind_of(plugin_name):
    """cpu-0.81 is of the kind CPU."""
    return plugin_name.split("-")[0].upper()


def read_file(path):
    """[(plugin's path, {function: answers})] of one process."""
    data, names = path.read_bytes(), recorded_functions()
    if not data:
        return []  # killed before it had anything to say
    num, lost = HEADER.unpack_from(data)
    if num != len(names) or lost:
        raise ValueError(f"{num} functions, {lost} of them without a lane")
    row = struct.Struct(f"={MAX_PATH}s{num}I")
    found = []
    for at in range(HEADER.size, HEADER.size + MAX_PLUGINS * row.size,
                    row.size):
        text, *answers = row.unpack_from(data, at)
        text = text.split(b"\0")[0].decode(errors="replace")
        if text:
            found.append((text, words_of(names, answers)))
    return found


def words_of(names, answers):
    found = {}
    for name, bits in zip(names, answers):
        if bits:
            found.setdefault(name, set()).update(
                word for bit, word in ANSWERS.items() if bits >> bit & 1)
    return found


class Recorder:
    """Records the tests of one build folder."""

    def __init__(self, build_dir, manifest, plugins):
        self.folder = Path(build_dir) / "calls"
        self.library = manifest.get("recorder", "")
        self.tests = manifest["tests"]
        self.kinds = {os.path.realpath(path): kind_of(name)
                      for name, path in plugins.items()}
        self.shared_stamp = self.stamp_of(
            [self.library, Path(build_dir) / "libpjrt.so",
             *manifest["environment"].values()])
        self.example_stamp = self.stamp_of(
            sorted(Path(build_dir).glob("examples/[0-9]*[a-z]")))

    def wants(self, test_name):
        return bool(self.library) and column_of(test_name) is not None

    @staticmethod
    def stamp_of(paths):
        digest = hashlib.sha256()
        for path in map(str, paths):
            if os.path.isfile(path):
                status = os.stat(path)
                digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n"
                              .encode())
        return digest.hexdigest()

    def stamp(self, test_name, command):
        """What the build was made of that the test ran."""
        own = self.example_stamp if column_of(test_name) == "example" else ""
        return self.stamp_of(command) + self.shared_stamp + own

    def kind_at(self, path):
        if Path(path).name.startswith("libpjrt_sim"):
            return SIMULATED
        return self.kinds.get(os.path.realpath(path))

    def path_of(self, test_name):
        return self.folder / (re.sub(r"\W", "_", test_name) + ".json")

    def environment(self, folder):
        return {FOLDER_VARIABLE: folder, "LD_PRELOAD": self.library}

    def keep(self, test_name, command, folder, passed):
        """Keeps what a test's processes left in the folder, if it passed."""
        path = self.path_of(test_name)
        path.unlink(missing_ok=True)
        if not passed:
            return
        calls = {}
        for file in Path(folder).iterdir():
            for plugin, answers in read_file(file):
                kind = self.kind_at(plugin)
                if kind:
                    merge(calls.setdefault(kind, {}), answers)
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({
            "stamp": self.stamp(test_name, command), "calls": {
                kind: {name: sorted(words) for name, words in answers.items()}
                for kind, answers in calls.items()}}))

    def read(self, test_name, command):
        """What a test called: kind of plugin -> function -> answers. None when
        that is not known of this build."""
        path = self.path_of(test_name)
        record = json.loads(path.read_text()) if path.exists() else {}
        if record.get("stamp") != self.stamp(test_name, command):
            return None
        return record["calls"]


def merge(into, answers):
    for name, words in answers.items():
        into.setdefault(name, set()).update(words)
