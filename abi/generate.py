#!/usr/bin/env python3
"""Writes every file that is generated from abi/registry.

  abi/generate.py          write the files
  abi/generate.py --check  write nothing; fail, naming each file that differs
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True

import emit_counts  # noqa: E402
import emit_header  # noqa: E402
import emit_raw  # noqa: E402
import emit_tables  # noqa: E402
import emit_tests  # noqa: E402
import model  # noqa: E402

GENERATED = "src/abi/generated"
ROOT = Path(__file__).resolve().parent.parent


def outputs(abi):
    """Path under the project root -> text."""
    return {
        "include/pjrt/abi.h": emit_header.render(abi),
        "include/pjrt/raw.h": emit_raw.render_h(abi),
        "src/raw/calls.c": emit_raw.render_c(abi),
        "src/raw/field_names.c": emit_tables.render_field_names(abi),
        f"{GENERATED}/calls.inc": emit_tables.render_calls(abi),
        f"{GENERATED}/call_ids.h": emit_tables.render_ids(abi),
        f"{GENERATED}/sizes.h": emit_tables.render_sizes_h(abi),
        f"{GENERATED}/sizes.c": emit_tables.render_sizes_c(abi),
        f"{GENERATED}/out_counts.h": emit_counts.render_ids(abi),
        f"{GENERATED}/out_counts.inc": emit_counts.render_rows(abi),
        f"{GENERATED}/out_numbers.inc": emit_tables.render_out_numbers(abi),
        f"{GENERATED}/enums.inc": emit_tables.render_enums(abi),
        f"{GENERATED}/fields.inc": emit_tables.render_fields_core(abi),
        f"{GENERATED}/extensions.inc": emit_tables.render_extensions(abi),
        f"{GENERATED}/extension_fields.inc":
            emit_tables.render_fields_ext(abi),
        "tests/headers/abi_layout.c": emit_tests.render_layout(abi),
        "tests/headers/accepted_sizes.inc": emit_tests.render_accepted(abi),
        "tests/matrix/raw_rows.inc": emit_tests.render_raw_rows(abi),
    }


def drift(files):
    stale = []
    for path, text in files.items():
        target = ROOT / path
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            stale.append(path)
    return stale


def write(files):
    for path in drift(files):
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(files[path], encoding="utf-8")
        print(f"wrote {path}", file=sys.stderr)


def main(argv):
    if argv not in ([], ["--check"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        files = outputs(model.load())
    except model.RegistryError as error:
        print(f"abi/registry: {error}", file=sys.stderr)
        return 1
    if not argv:
        write(files)
        return 0
    stale = drift(files)
    for path in stale:
        print(f"{path} differs from abi/registry; run abi/generate.py",
              file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
