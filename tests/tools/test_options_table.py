"""The table of compile options is what tools/options_table.py makes of the
.proto, drift is noticed, and so is what the table has no place for."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
TOOL = "tools/options_table.py"
PROTO = "src/options/compile_options.proto"
TABLE = "src/options/generated/table.inc"
NUMBERS = "src/core/generated/option_numbers.h"
FIELD = "  int64 profile_version = 5;\n"


def run(root, *options):
    """(exit status, what it says) of the tool in a tree."""
    result = subprocess.run([sys.executable, str(root / TOOL), *options],
                            capture_output=True, text=True)
    return result.returncode, result.stderr.strip()


def report(name, reason):
    print(f"not ok {name}: {reason}" if reason else f"ok {name}")


def expect(name, result, *words):
    """A failure that says these words, or none when none are given."""
    status, said = result
    missing = [w for w in words if w not in said]
    report(name, f"status {status}: {said!r}"
           if missing or (status != 0) != bool(words) else "")


def copy_tree(folder):
    root = Path(folder)
    for path in (TOOL, PROTO, TABLE, NUMBERS):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, root / path)
    return root


def with_field(root, line):
    text = (ROOT / PROTO).read_text()
    assert FIELD in text
    (root / PROTO).write_text(text.replace(FIELD, line))


def check_copy(root):
    (root / TABLE).unlink()
    expect("missing_table_is_named", run(root, "--check"), TABLE)
    expect("table_is_written", run(root))
    report("written_is_the_same",
           "" if (root / TABLE).read_text() == (ROOT / TABLE).read_text()
           else f"{TABLE} differs")
    with_field(root, "  int64 profile_version = 13;\n")
    expect("changed_number_is_noticed", run(root, "--check"), TABLE, NUMBERS)
    with_field(root, "  sint64 profile_version = 5;\n")
    expect("other_type_is_refused", run(root), PROTO, "no type sint64")
    with_field(root, "  int64 profile_version = 65536;\n")
    expect("large_number_is_refused", run(root), "profile_version = 65536")
    expect("other_option_is_refused", run(root, "--chekc"), "usage")


expect("no_drift", run(ROOT, "--check"))
with tempfile.TemporaryDirectory() as copy:
    check_copy(copy_tree(copy))
