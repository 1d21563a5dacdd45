#!/usr/bin/env python3
"""Real plugins expect the args sizes that the registry records.

Asks each CPU plugin that is in the cache; the first is the one that all tests
use.
"""
# timeout: 900

import subprocess
import sys
import tempfile
from pathlib import Path

from checks import HERE, INCLUDE, ROOT, check, compile_problem, finish, skip

PLUGINS = ["cpu", "cpu-0.106", "cpu-0.81"]
LEAST_ANSWERS = 90


def installed(plugin):
    """Its path, or an empty string; nothing is downloaded."""
    fetch = [sys.executable, str(ROOT / "tools/fetch_plugins.py")]
    if subprocess.run([*fetch, "--have", plugin],
                      capture_output=True).returncode:
        return ""
    result = subprocess.run([*fetch, plugin], capture_output=True, text=True)
    return result.stdout.strip().split("\t")[-1]


def problem_with(program, path):
    result = subprocess.run([program, path], capture_output=True, text=True)
    lines = result.stdout.strip().splitlines()
    if result.returncode or not lines:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        return (lines[0] + more) if lines else result.stderr.strip()[-300:]
    answered = int(lines[-1].split()[0])
    if answered < LEAST_ANSWERS:
        return f"only {answered} functions answered"
    return ""


def main(plugins):
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "plugin_sizes")
        problem = compile_problem(
            ["gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
             f"-I{INCLUDE}", "-o", program, str(HERE / "plugin_sizes.c"),
             "-ldl"])
        if problem:
            raise SystemExit(problem)
        for plugin in plugins:
            path = installed(plugin)
            if path:
                check(f"sizes-{plugin}", problem_with(program, path))
            else:
                skip(f"sizes-{plugin}", "the plugin is not in the cache; "
                     f"tools/fetch_plugins.py {plugin} fetches it")
    finish()


if __name__ == "__main__":
    main(PLUGINS)
