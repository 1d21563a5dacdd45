#!/usr/bin/env python3
"""The extensions of the simulated plugin do what PJRT's contracts say, leak
nothing, are clean under AddressSanitizer and UBSan, and are there with the
sizes that the registry knows of real plugins, minor by minor."""
# timeout: 600

import json
import tempfile
from pathlib import Path

import test_sim
from test_sim import FLAGS, HERE, ROOT, SANITIZE, run

from checks import check, compile_problem, finish, skip

# The minors at which nodes come and grow, and some between.
MINORS = [45, 46, 47, 48, 49, 51, 53, 54, 55, 58, 59, 64, 65, 68, 69, 72, 74,
          75, 76, 78, 80, 81, 85, 90, 91, 93, 94, 100, 104, 110, 112, 113,
          114, 115, 116, 117, 118]


def build(program, extra=SANITIZE):
    """The reason why the program could not be built."""
    sources = [*HERE.glob("core_*.c"), *HERE.glob("ext_*.c")]
    return compile_problem(
        ["gcc", *FLAGS, *extra, "-o", str(program),
         *map(str, sorted(sources)), "-ldl", "-lpthread"])


def registry():
    """{type: (name, first minor, [(size, first minor, last minor)])}"""
    found = {}
    for path in sorted((ROOT / "abi/registry/ext").glob("*.json")):
        data = json.loads(path.read_text())
        if "type" in data:
            first = data.get("since", data.get("by"))
            found[data["type"]] = (data["name"], first, sizes_of(data))
    return found


def sizes_of(data):
    """What was observed, less the slots that nobody has described."""
    unpublished = [slot["offset"] for slot in data.get("unpublished", [])]
    end = min(unpublished, default=1 << 20)
    return [(min(size, end), first, last)
            for size, first, last in data.get("observed", [])]


def chain(program, plugin, environment):
    """{type: size} of the plugin's chain, or None."""
    quiet = {"ASAN_OPTIONS": "detect_leaks=0"}
    result = run([program, plugin, "chain"], {**quiet, **environment})
    if result.returncode:
        return None
    rows = [line.split() for line in result.stdout.splitlines()]
    return {int(kind): int(size) for kind, size in rows}


def problem_at(minor, nodes, known):
    """What the chain of this minor has that real plugins had not."""
    for kind in nodes:
        name, first, _ = known[kind]
        if minor < first:
            return f"{name} is there before 0.{first}"
    for kind, (name, _, observed) in known.items():
        expected = {size for size, first, last in observed
                    if first <= minor <= last}
        # Two sizes at one minor: it changed within it.
        if kind in nodes and expected and nodes[kind] not in expected:
            return f"{name} has {nodes[kind]} bytes, expected {expected}"
    return ""


def check_sizes(program, plugin):
    known = registry()
    for minor in MINORS:
        nodes = chain(program, plugin, {"PJRT_SIM_MINOR": str(minor)})
        check(f"chain-at-{minor}", "the chain cannot be read"
              if nodes is None else problem_at(minor, nodes, known))


def check_growth(program, plugin):
    """What came once stays, except where it is known to have gone."""
    previous = {}
    problem = ""
    for minor in MINORS:
        nodes = chain(program, plugin, {"PJRT_SIM_MINOR": str(minor)}) or {}
        gone = set(previous) - set(nodes) - ({7} if minor == 116 else set())
        problem = problem or (f"{gone} are gone at 0.{minor}" if gone else "")
        previous = nodes
    check("chain-grows", problem)


def check_environment(program, plugin):
    nodes = chain(program, plugin, {
        "PJRT_SIM_ABSENT_EXTENSIONS": "FFI,Stream",
        "PJRT_SIM_SHORT_EXTENSIONS": "Layouts",
        "PJRT_SIM_LONG_EXTENSIONS": "Profiler",
        "PJRT_SIM_UNKNOWN_EXTENSIONS": "1",
        "PJRT_SIM_GARBAGE_IN_UNKNOWN_EXTENSIONS": "1"}) or {}
    found = {kind: nodes.get(kind) for kind in (5, 3, 4, 1, 900)}
    expected = {5: None, 3: None, 4: 72, 1: 56, 900: 96}
    check("env-extensions",
          "" if found == expected else f"expected {expected}, got {found}")
    refused = run([program, plugin, "chain"],
                  {"PJRT_SIM_ABSENT_EXTENSIONS": "Nonsense"})
    check("env-unknown-extension",
          "" if refused.stderr == "pjrt_sim: there is no extension "
          "'Nonsense'\n" else refused.stderr)


def main():
    with tempfile.TemporaryDirectory() as folder:
        plugin, _, problem = test_sim.build(folder)
        program = Path(folder) / "ext_check"
        problem = problem or build(program)
        if "cannot find -lasan" in problem or "libasan" in problem:
            skip("extensions", "the compiler has no AddressSanitizer")
            finish()
        if problem:
            check("build", problem)
            finish()
        test_sim.check_cases(plugin, program)
        check_sizes(program, plugin)
        check_growth(program, plugin)
        check_environment(program, plugin)
    finish()


if __name__ == "__main__":
    main()
