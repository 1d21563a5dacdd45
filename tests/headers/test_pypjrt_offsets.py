#!/usr/bin/env python3
"""Our layout equals that of an independent description of PJRT 0.114.

pypjrt 0.1.1 carries numbers that libclang read from the official headers of
0.114 (XLA FFI 0.3). Its module is read, not run. Each of its numbers must be
in our registry, cut back to that minor; what the registry knows to be younger
or to have changed since is compared with the layout it records for then.
"""
# tier: all

import ast
import subprocess
import sys

from checks import ROOT, check, finish, skip

sys.path.insert(0, str(ROOT / "abi"))

import model  # noqa: E402

MINOR, FFI_MINOR = 114, 3


class Theirs:
    """The numbers of pypjrt's module, without running it."""

    def __init__(self, text):
        self.offsets, self.sizes = {}, {}
        self.numbers, self.slots = {}, {}
        for node in ast.parse(text).body:
            if isinstance(node, ast.Assign):
                self.assign(node.targets[0].id, node.value)
            elif (isinstance(node, ast.Expr)
                  and isinstance(node.value, ast.Call)
                  and node.value.func.id == "_check"):
                struct, _, size = node.value.args
                self.sizes[struct.id] = size.value

    def assign(self, name, value):
        try:
            value = ast.literal_eval(value)
        except ValueError:
            return
        if name.startswith("_OFFSETS_"):
            self.offsets[name.removeprefix("_OFFSETS_")] = dict(value)
        elif name == "SLOT":
            self.slots = value
        elif isinstance(value, int):
            self.numbers[name] = value


def fetch():
    """Path of the module, or why it is not here."""
    result = subprocess.run(
        [sys.executable, str(ROOT / "tools/fetch_plugins.py"), "pypjrt"],
        capture_output=True, text=True)
    if result.returncode:
        return "", (result.stderr.strip().splitlines() or ["no reason"])[-1]
    return result.stdout.strip().split("\t")[1], ""


class Ours:
    """The registry, cut back to 0.114 with XLA FFI 0.3."""

    def __init__(self, abi):
        self.abi = abi
        self.structs = dict(abi.structs)
        for row, struct in abi.legacy:
            first, last = row.get("ffi", (1, 0))
            if first <= FFI_MINOR <= last:
                self.structs[struct.name] = struct
        self.renamed = {"XLA_FFI_Extension_Base": "XLA_FFI_InternalExtension"}
        for f in abi.ffi.raw["functions"]:
            if "older" in f:
                self.renamed[f["older"]] = f["name"]
                self.renamed[f["older"] + "_Args"] = f["name"] + "_Args"

    def struct(self, name):
        if name in self.structs:
            return self.structs[name]
        return self.structs.get(self.renamed.get(name))

    def is_younger(self, f, struct):
        """Not in their header: later, or added within 0.114 itself."""
        if f.since.kind == "ffi":
            older = self.renamed.values()
            return f.since.minor > FFI_MINOR and f.name not in older
        return (f.since.minor > MINOR
                or f.since.minor == MINOR > struct.since.minor
                and f.since.kind == "exact")

    def fields(self, struct):
        return [f for f in struct.fields if not self.is_younger(f, struct)]

    def end(self, struct):
        """The official size: end of the last field, bar recorded quirks."""
        if len(self.fields(struct)) == len(struct.fields):
            return struct.declares
        return self.fields(struct)[-1].end


def offset_problems(theirs, ours):
    for name, offsets in theirs.offsets.items():
        struct = ours.struct(name)
        if name == "PJRT_Api" or name.startswith("_Anon"):
            continue  # slots have numbers of their own; so have unions
        if struct is None:
            yield f"{name} is unknown to us"
            continue
        known = {f.name: f.offset for f in ours.fields(struct) if not f.union}
        known = {rename_back(n, offsets, ours): o for n, o in known.items()}
        for field in sorted(set(known) ^ set(offsets)):
            yield f"{name}.{field} is known to one side only"
        for field in set(known) & set(offsets):
            if known[field] != offsets[field]:
                yield (f"{name}.{field}: ours {known[field]}, "
                       f"theirs {offsets[field]}")


def rename_back(name, offsets, ours):
    older = [old for old, new in ours.renamed.items() if new == name]
    return older[0] if older and older[0] in offsets else name


def size_problems(theirs, ours):
    for name, size in theirs.sizes.items():
        struct = ours.struct(name)
        if name == "PJRT_Api" or name.startswith("_Anon"):
            continue
        found = model.round_up(ours.fields(struct)[-1].end, struct.align)
        if found != size:
            yield f"sizeof {name}: ours {found}, theirs {size}"


def declared_problems(theirs, ours):
    for name, size in theirs.numbers.items():
        if not name.endswith("_STRUCT_SIZE") or name.startswith("PJRT_Api_S"):
            continue
        found = ours.end(ours.struct(name.removesuffix("_STRUCT_SIZE")))
        if found != size:
            yield f"{name}: ours {found}, theirs {size}"


def enum_problems(theirs, ours):
    values = {n: v for e in ours.abi.enums.values() for n, v, _ in e.values}
    values.update(PJRT_API_MAJOR=0, PJRT_API_MINOR=MINOR, XLA_FFI_API_MAJOR=0,
                  XLA_FFI_API_MINOR=FFI_MINOR, VTABLE_OFFSET=40)
    for name, value in theirs.numbers.items():
        if not name.endswith("_STRUCT_SIZE") and values.get(name) != value:
            yield f"{name}: ours {values.get(name)}, theirs {value}"


def slot_problems(theirs, ours):
    slots = {f.name: f.index for f in ours.abi.functions
             if f.since.minor <= MINOR}
    for name in sorted(set(slots) | set(theirs.slots)):
        if slots.get(name) != theirs.slots.get(name):
            yield (f"{name}: ours {slots.get(name)}, "
                   f"theirs {theirs.slots.get(name)}")


def report(name, problems, looked_at, least):
    problems = list(problems)
    if looked_at < least:
        problems.insert(0, f"only {looked_at} numbers found, expected {least}")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    check(name, problems[0] + more if problems else "")


def main():
    path, why = fetch()
    if why:
        skip("pypjrt-offsets", why)
        finish()
    theirs = Theirs(open(path, encoding="utf-8").read())
    ours = Ours(model.load())
    offsets = sum(map(len, theirs.offsets.values()))
    report("pypjrt-offsets", offset_problems(theirs, ours), offsets, 1800)
    report("pypjrt-sizes", size_problems(theirs, ours), len(theirs.sizes), 370)
    report("pypjrt-declared-sizes", declared_problems(theirs, ours),
           len(theirs.numbers), 500)
    report("pypjrt-enum-values", enum_problems(theirs, ours),
           len(theirs.numbers), 500)
    report("pypjrt-slots", slot_problems(theirs, ours), len(theirs.slots), 138)
    finish()


if __name__ == "__main__":
    main()
