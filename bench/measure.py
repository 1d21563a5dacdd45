"""Runs the programs of this folder and collects what they print."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INSTANT = {"PJRT_SIM_EXECUTION": "instant"}
# Rows that the CPU plugin cannot do, or not in reasonable time.
SIM_ROWS = ("growth: executables", "growth: devices", "growth: client")
# Rows that also show something on a plugin that does nothing.
BOTH_ROWS = ("growth: live", "execute: await", "execute: 100", "execute: 8",
             "execute: threads")


class Absent(Exception):
    """What cannot be measured here, and why."""


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def last_line(text):
    """The line that says why: the last that speaks of an error, if any does."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines
              if re.search(r"(?i)error|unable|cannot", line)]
    return (errors or lines or ["no message"])[-1][:200]


def run(command, environment=None, timeout=300):
    """What the command prints."""
    try:
        result = subprocess.run(
            [str(c) for c in command], capture_output=True, text=True,
            timeout=timeout, env={**os.environ, **(environment or {})})
    except OSError as error:
        raise Absent(str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise Absent(f"no end after {timeout} s") from error
    if result.returncode != 0:
        raise Absent(last_line(result.stderr) if result.stderr.strip() else
                     f"exit status {result.returncode}")
    return result.stdout


class Programs:
    """The build's programs, and how long they may measure. A row is measured
    in several processes: where things lie in memory differs from one to the
    next, and moves some rows by more than their interval."""

    def __init__(self, build, plugin, seconds, rounds, processes=1):
        self.build = Path(build)
        self.plugin = plugin
        self.sim = self.build / "sim/libpjrt_sim.so"
        self.seconds, self.rounds = seconds, rounds
        self.processes = processes

    def program(self, name):
        return self.build / "bench" / name

    def row_names(self):
        names = run([self.program("rows"), "--list"]).splitlines()
        for name in names:
            if not name.startswith(SIM_ROWS):
                yield name, False
            if name.startswith(SIM_ROWS + BOTH_ROWS):
                yield name, True

    def row(self, name, on_sim):
        """{side: [nanoseconds, one for each round]}"""
        command = [self.program("rows"), "--match", name,
                   "--seconds", self.seconds / self.processes,
                   "--rounds", self.rounds]
        if on_sim:
            command += ["--plugin", self.sim, "--unchecked"]
        elif self.plugin:
            command += ["--plugin", self.plugin]
        else:
            raise Absent("no CPU plugin")
        sides = {}
        for _ in range(self.processes):
            for line in run(command, INSTANT).splitlines():
                _, side, samples = line.split("\t")
                sides.setdefault(side, []).extend(map(float, samples.split()))
        return sides

    def rows(self, match):
        """({row: sides}, {row: why it is absent})"""
        found, absent = {}, {}
        for name, on_sim in self.row_names():
            key = f"{name} (instant)" if on_sim else name
            if match not in key:
                continue
            say(key)
            try:
                found[key] = self.row(name, on_sim)
            except Absent as reason:
                absent[key] = str(reason)
        return found, absent

    def write_programs(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        run([self.program("rows"), "--programs", folder])

    def instructions(self):
        """{unit: {"bare": n, "library": n}}"""
        script = Path(__file__).parent / "instructions.py"
        return json.loads(run([sys.executable, script, self.build, "--json"]))

    def allocations(self):
        """{unit: {"bare": n, "library": n}}, allocations in each unit."""
        found = {}
        text = run([self.program("wrapper"), "--plugin", self.sim], INSTANT)
        for line in text.splitlines():
            match = re.match(r"(\w.*?)((?:\s+-?\d+\.\d+){5})$", line)
            if match:
                *_, bare, library = map(float, match[2].split())
                found[match[1]] = {"bare": bare, "library": library}
        if not found:
            raise Absent("wrapper printed no table")
        return found

    def library_size(self):
        """Bytes of the shared library without symbols."""
        libraries = sorted(self.build.rglob("libpjrt_core.so"))
        if not libraries:
            raise Absent("no libpjrt_core.so in the build folder")
        with tempfile.TemporaryDirectory() as folder:
            stripped = Path(folder) / "libpjrt_core.so"
            run(["strip", "-o", stripped, libraries[0]])
            return stripped.stat().st_size

    def start_commands(self, plugin, folder):
        """{name: command}: from a program, and from an executable that the
        same side saved. A side's first run here warms the page cache."""
        program = folder / "2x1x1.mlir"
        commands = {}
        for side, name in (("bare", "start_bare"), ("library", "start")):
            saved = folder / f"{side}.executable"
            start = [self.program(name), plugin]
            run([*start, program, saved])
            commands[side] = [*start, program]
            commands[f"{side}, serialized"] = [*start, saved]
        return commands

    def starts(self, plugin, folder, rounds):
        """({name: [ns]}, {name: [resident bytes]}), in turn."""
        commands = self.start_commands(plugin, folder)
        spent = {name: [] for name in commands}
        resident = {name: [] for name in commands}
        for i in range(rounds):
            for name in alternate(list(commands), i):
                ns, rest = time_to_line(commands[name])
                spent[name].append(ns)
                resident[name].append(int(rest.split()[0]))
        return spent, resident


def alternate(names, i):
    """Back and forth, so that none is always the first."""
    return names[::-1] if i % 2 else names


def time_to_line(command, request=None, num_lines=1):
    """Nanoseconds from the process's start to that line of its output, and
    what came after it."""
    with tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter_ns()
        with subprocess.Popen(
                [str(c) for c in command], text=True, stderr=errors,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            if request:
                process.stdin.write(request)
                process.stdin.flush()
            for _ in range(num_lines):
                line = process.stdout.readline()
            spent = time.perf_counter_ns() - start
            process.stdin.close()
            rest = process.stdout.read()
        errors.seek(0)
        if not line or process.returncode != 0:
            raise Absent(last_line(errors.read()))
    return spent, rest
