#!/usr/bin/env python3
"""Runs the tests that the build folders list and sums them up.

    tools/run_tests.py [options] BUILD_DIR...

Each build writes tests.json: programs that print their cases as cmocka does,
or as lines "ok NAME", "not ok NAME: reason", "skip NAME: reason". A program
that dies, hangs, prints no case at all, or exits with a failure that no case
explains counts as one failure. The last line is

    N passed, N failed, N skipped

and the exit status is 0 when nothing failed and something passed.

Without --match, what the tests of the plain build were seen to call is compared
with docs/coverage.md at the end.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import call_records
import fetch_plugins

# The suite of real plugins runs under each of these; those but the first
# belong to the heavy tier, and only the plain build runs them.
SUITE_PLUGINS = ["cpu", "cpu-0.106", "cpu-0.81"]
TIERS = {"quick": ["quick"], "heavy": ["all"], "all": ["quick", "all"]}

# What a test must not inherit: it would run as part of another job, as where
# the tests themselves are started by Slurm, or on other devices.
FOREIGN = re.compile(r"(PJRT|CMOCKA|OMPI|PMIX|SLURM|TORCHELASTIC)_|XLA_FLAGS$|"
                     r"(WORLD_SIZE|RANK|TPU_WORKER_ID|JOB_COMPLETION_INDEX)$")

CMOCKA_LINE = re.compile(r"\[ *(RUN|OK|FAILED|SKIPPED|ERROR) *\] (.+?)\s*$")
SCRIPT_LINE = re.compile(r"^(ok|not ok|skip) ([^:\s]+)(?:: *(.*))?$")
# What a passing case prints, which hides the others in a long log.
PASSED_LINE = re.compile(r"^(\[ *(RUN|OK) *\] |ok [^:\s]+$)")


@dataclass
class Test:
    name: str
    command: list
    timeout_s: int
    environment: dict
    missing: str = ""  # why it cannot run at all
    recorder: call_records.Recorder = None


@dataclass
class Result:
    test: Test
    seconds: float = 0.0
    output: str = ""
    passed: int = 0
    failed: list = field(default_factory=list)  # names, with reasons
    skipped: list = field(default_factory=list)  # (name, reason)


def test_plugins():
    """The plugins that are there: name -> path."""
    entries = fetch_plugins.catalogue().values()
    found = {e["name"]: str(fetch_plugins.installed_path(e))
             for e in entries if fetch_plugins.is_installed(e)}
    if os.environ.get("PJRT_CPU_PLUGIN"):
        found["cpu"] = os.environ["PJRT_CPU_PLUGIN"]
    return found


def test_environment(plugins):
    """What every test may ask for; an unset variable means "not there"."""
    environment = {k: v for k, v in os.environ.items()
                   if not FOREIGN.match(k)}
    for entry in fetch_plugins.catalogue().values():
        kind = "REF" if entry["folder"] == "references" else "PLUGIN"
        word = re.sub(r"\W", "_", entry["name"]).upper()
        if entry["name"] in plugins:
            environment[f"PJRT_TEST_{kind}_{word}"] = plugins[entry["name"]]
    for name in ("PJRT_TEST_CACHE_DIR", "PJRT_CACHE_DIR"):
        environment[name] = str(fetch_plugins.cache_dir())
    for name in ("PJRT_TEST_PYTHON", "PJRT_TEST_STABLEHLO"):
        if os.environ.get(name):
            environment[name] = os.environ[name]
    environment["CMOCKA_MESSAGE_OUTPUT"] = "stdout"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return environment


def runs_of(listed, tiers, plain_build):
    """The plugins under which a listed test runs; None stands for none."""
    runs = {None: listed["tier"]}
    if listed["plugins"] == "each":
        runs = {SUITE_PLUGINS[0]: listed["tier"]}
        if plain_build:
            runs.update(dict.fromkeys(SUITE_PLUGINS[1:], "all"))
    return [plugin for plugin, tier in runs.items() if tier in tiers]


def load_tests(build_dir, tiers, plugins, base_environment):
    path = Path(build_dir) / "tests.json"
    if not path.exists():
        sys.exit(f"run_tests: no {path}: configure the build with tests first")
    manifest = json.loads(path.read_text())
    environment = {**base_environment,
                   **{k: v for k, v in manifest["environment"].items() if v}}
    configuration = manifest["configuration"]
    recorder = call_records.Recorder(build_dir, manifest, plugins)
    tests = []
    for listed in manifest["tests"]:
        for plugin in runs_of(listed, tiers, not configuration):
            test = Test(listed["name"], listed["command"],
                        listed["timeout_s"], environment)
            if configuration:
                test.name = f"{configuration}:{test.name}"
            elif recorder.wants(test.name):
                test.recorder = recorder
            if plugin:
                test.name += f"[{plugin}]"
                test.missing = "" if plugin in plugins else \
                    f"plugin {plugin} is not fetched"
                test.environment = {**environment,
                                    "PJRT_TEST_PLUGIN": plugins.get(plugin, ""),
                                    "PJRT_TEST_PLUGIN_NAME": plugin}
            tests.append(test)
    return tests


def count_cases(result, end):
    """Reads the cases from a program's output; `end` says how it ended."""
    running, reason = None, ""
    for line in result.output.splitlines():
        cmocka, script = CMOCKA_LINE.search(line), SCRIPT_LINE.match(line)
        if cmocka and cmocka[1] == "RUN":
            running, reason = cmocka[2], ""
        elif cmocka and cmocka[2] == running:
            word, running = cmocka[1], None
            if word == "OK":
                result.passed += 1
            elif word == "SKIPPED" and reason:
                result.skipped.append((cmocka[2], reason))
            elif word == "SKIPPED":
                result.failed.append(f"{cmocka[2]}: skipped without a reason")
            else:
                result.failed.append(cmocka[2])
        elif script and running is None:
            word, name, why = script.groups()
            if word == "ok":
                result.passed += 1
            elif word == "skip" and why:
                result.skipped.append((name, why))
            elif word == "skip":
                result.failed.append(f"{name}: skipped without a reason")
            else:
                result.failed.append(f"{name}: {why}")
        elif running and line.startswith("skip: "):
            reason = line.removeprefix("skip: ").strip()
    if running:
        result.failed.append(f"{running}: {end}")


def end_by_force(process):
    """Returns what it printed. What it started in a session of its own may live
    on and hold the output open: nobody waits for that."""
    os.killpg(process.pid, signal.SIGKILL)
    try:
        output, _ = process.communicate(timeout=5)
    except subprocess.TimeoutExpired as still_open:
        output = still_open.output or b""
        process.stdout.close()
    return output.decode(errors="replace")


def execute(test, environment):
    """Runs a program in a folder of its own, which is removed after it. Returns
    what it printed and how it ended."""
    with tempfile.TemporaryDirectory(prefix="pjrt-test-",
                                     ignore_cleanup_errors=True) as folder:
        try:
            process = subprocess.Popen(
                test.command, cwd=folder, stdin=subprocess.DEVNULL,
                env={**test.environment, **environment, "TMPDIR": folder},
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True)
        except OSError as error:
            return "", f"cannot start: {error}"
        try:
            output, _ = process.communicate(timeout=test.timeout_s)
        except subprocess.TimeoutExpired:
            return end_by_force(process), f"no end after {test.timeout_s} s"
    end = f"exit status {process.returncode}"
    if process.returncode < 0:
        end = f"killed by {signal.Signals(-process.returncode).name}"
    return output.decode(errors="replace"), end


def run(test):
    if test.recorder is None:
        return run_once(test)
    with tempfile.TemporaryDirectory(prefix="pjrt-calls-") as folder:
        added = test.recorder.environment(folder)
        result = run_once(test, **added)
        try:
            test.recorder.keep(test.name, test.command, folder,
                               result.passed and not result.failed)
        except ValueError as error:
            result.failed.append(f"the record of its calls: {error}")
    return result


def run_once(test, **environment):
    result = Result(test)
    if test.missing:
        result.skipped.append((test.name, test.missing))
        return result
    start = time.monotonic()
    result.output, end = execute(test, environment)
    result.seconds = time.monotonic() - start
    count_cases(result, end)
    # A failed case explains an exit status, and nothing worse than that.
    explained = end == "exit status 0" or \
        (end.startswith("exit status") and result.failed) or \
        any(end in name for name in result.failed)
    if not explained:
        result.failed.append(end)
    if not (result.passed or result.failed or result.skipped):
        result.failed.append("printed no test case")
    return result


def report(result):
    word = "FAIL" if result.failed else "pass" if result.passed else "skip"
    counts = f"{result.passed} passed"
    if result.failed:
        counts += f", {len(result.failed)} failed"
    if result.skipped:
        counts += f", {len(result.skipped)} skipped"
    print(f"{word}  {result.test.name}  ({counts}, {result.seconds:.1f} s)")
    for name in result.failed:
        print(f"    failed: {name}")
    if result.failed:
        lines = [line for line in result.output.splitlines()
                 if not PASSED_LINE.match(line)]
        for line in lines[-200:]:
            print(f"    | {line}")
    sys.stdout.flush()


def summary(results):
    reasons = {}
    for result in results:
        for name, reason in result.skipped:
            reasons.setdefault(reason, []).append(f"{result.test.name} {name}")
    for reason, names in sorted(reasons.items()):
        print(f"skipped {len(names)}: {reason} ({names[0]}"
              f"{', ...' if len(names) > 1 else ''})")
    for result in results:
        for name in result.failed:
            print(f"failed: {result.test.name}: {name}")
    passed = sum(r.passed for r in results)
    failed = sum(len(r.failed) for r in results)
    skipped = sum(len(r.skipped) for r in results)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 0 if passed and not failed else 1


def coverage_tests(tests):
    """Compares what each plain build's tests called with docs/coverage.md."""
    script = str(Path(__file__).with_name("coverage_table.py"))
    folders = dict.fromkeys(str(test.recorder.folder.parent)
                            for test in tests if test.recorder)
    return [Test("coverage", [sys.executable, script, "--check",
                              str(Path(folder).absolute())], 60,
                 dict(os.environ)) for folder in folders]


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build_dir", nargs="+")
    parser.add_argument("--tier", choices=TIERS, default="quick",
                        help="quick: the CPU plugin alone; heavy: what quick "
                        "leaves out; all: both")
    parser.add_argument("--match", default="", metavar="TEXT",
                        help="only tests with TEXT in their name")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count()))
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    plugins = test_plugins()
    environment = test_environment(plugins)
    tests = [t for build_dir in arguments.build_dir
             for t in load_tests(build_dir, TIERS[arguments.tier], plugins,
                                 environment)
             if arguments.match in t.name]
    results = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(run, tests):
            report(result)
            results.append(result)
    if not arguments.match:
        for test in coverage_tests(tests):
            results.append(run(test))
            report(results[-1])
    return summary(results)


if __name__ == "__main__":
    sys.exit(main())
