#!/usr/bin/env python3
"""The extensions of the simulated plugin are there with the sizes that the
registry knows of real plugins, minor by minor; what they do is the work of
sim_checks."""

import json

from test_sim import PROGRAM, ROOT, require_plugin, run

from checks import check, finish

# The minors at which nodes come and grow, and some between.
MINORS = [45, 46, 47, 48, 49, 51, 53, 54, 55, 58, 59, 64, 65, 68, 69, 72, 74,
          75, 76, 78, 80, 81, 85, 90, 91, 93, 94, 100, 104, 110, 112, 113,
          114, 115, 116, 117, 118]


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


def chain(environment):
    """{type: size} of the plugin's chain, or None."""
    result = run([PROGRAM, "describe"], environment)
    if result.returncode:
        return None
    rows = [line.split() for line in result.stdout.splitlines()[1:]]
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


def check_sizes():
    known = registry()
    for minor in MINORS:
        nodes = chain({"PJRT_SIM_MINOR": str(minor)})
        check(f"chain-at-{minor}", "the chain cannot be read"
              if nodes is None else problem_at(minor, nodes, known))


def check_growth():
    """What came once stays, except where it is known to have gone."""
    previous = {}
    problem = ""
    for minor in MINORS:
        nodes = chain({"PJRT_SIM_MINOR": str(minor)}) or {}
        gone = set(previous) - set(nodes) - ({7} if minor == 116 else set())
        problem = problem or (f"{gone} are gone at 0.{minor}" if gone else "")
        previous = nodes
    check("chain-grows", problem)


def check_environment():
    nodes = chain({
        "PJRT_SIM_ABSENT_EXTENSIONS": "FFI,Stream",
        "PJRT_SIM_SHORT_EXTENSIONS": "Layouts",
        "PJRT_SIM_LONG_EXTENSIONS": "Profiler",
        "PJRT_SIM_UNKNOWN_EXTENSIONS": "1",
        "PJRT_SIM_GARBAGE_IN_UNKNOWN_EXTENSIONS": "1"}) or {}
    found = {kind: nodes.get(kind) for kind in (5, 3, 4, 1, 900)}
    expected = {5: None, 3: None, 4: 72, 1: 56, 900: 96}
    check("env-extensions",
          "" if found == expected else f"expected {expected}, got {found}")
    refused = run([PROGRAM, "describe"],
                  {"PJRT_SIM_ABSENT_EXTENSIONS": "Nonsense"})
    check("env-unknown-extension",
          "" if refused.stderr == "pjrt_sim: there is no extension "
          "'Nonsense'\n" else refused.stderr)


def main():
    require_plugin()
    check_sizes()
    check_growth()
    check_environment()
    finish()


if __name__ == "__main__":
    main()
