#!/usr/bin/env python3
"""Measures the library against bare calls and against its peers, and leaves a
report.

    bench/run.py [options] BUILD_DIR

The report is BUILD_DIR/bench/report: report.txt, which is printed too,
report.json, and plots. Times fail nothing; the exit status is 1 when nothing
could be measured.
"""
import argparse
import os
import platform
import sys
import time
from pathlib import Path

import report
from goals import Results
from measure import Absent, Programs, run, say
from peers import PEERS, PLAIN, ROWS, Peers


def first_of(path, key):
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def version_of(command):
    try:
        return run([command, "--version"]).splitlines()[0]
    except (Absent, IndexError):
        return "unknown"


def describe(options):
    """What the numbers depend on, without the machine's own paths."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": f"{first_of('/proc/cpuinfo', 'model name')}, "
                     f"{os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, "
                  f"glibc {platform.libc_ver()[1]}",
        "compiler": version_of("cc"),
        "plugin": Path(options.plugin).name if options.plugin else "none",
        "load": " ".join(f"{x:.1f}" for x in os.getloadavg()) +
                " at the start",
    }


def attempt(results, part, measure):
    """A part that cannot be measured is absent, with the reason."""
    try:
        return measure()
    except Absent as reason:
        results.absent[part] = str(reason)
        return None


def measure_counts(results, programs):
    say("instructions and allocations")
    for part in ("instructions", "allocations"):
        setattr(results, part,
                attempt(results, part, getattr(programs, part)) or {})
    results.library_size = attempt(results, "size", programs.library_size)


def measure_starts(results, programs, folder, rounds):
    def on(plugin):
        return programs.starts(plugin, folder, rounds)

    say("start to first result")
    found = attempt(results, "resident", lambda: on(programs.sim))
    if found:
        results.resident = found[1]
    if not programs.plugin:
        results.absent["start"] = "no CPU plugin"
        return
    found = attempt(results, "start", lambda: on(programs.plugin))
    if found:
        results.starts = found[0]


def measure_peers(results, programs, folder, options):
    names = list(PEERS) if options.peers == "all" else \
        [name for name in PEERS if name in options.peers.split(",")]
    if not names or not programs.plugin:
        results.absent["peers"] = "no CPU plugin" if names else "not asked for"
        return
    peers = Peers(programs, folder, names)
    if options.match in "start":
        say("peers: start")
        commands = programs.start_commands(programs.plugin, folder)
        results.peers["start"] = peers.starts(
            {side: commands[side] for side in PLAIN},
            2 if options.quick else 8)
    say(f"peers: {', '.join(peers.commands) or 'none'}")
    try:
        peers.open()
        for row in ROWS:
            if options.match not in row:
                continue
            say(f"peers: {row}")
            found, absent = peers.row(row, 0.3 if options.quick else 6,
                                      6 if options.quick else 100)
            results.peers[row] = found
            for name, reason in absent.items():
                results.absent[f"{name}, {row}"] = reason
    except Absent as reason:
        results.absent["peers"] = str(reason)
    finally:
        peers.close()
    results.absent.update(peers.absent)


def measure_all(options):
    results = Results()
    seconds, rounds, processes = \
        (0.05, 12, 1) if options.quick else (3, 1000, 5)
    rounds = min(rounds, options.rounds)
    programs = Programs(options.build, options.plugin, seconds, rounds,
                        processes)
    folder = options.out / "programs"
    programs.write_programs(folder)
    if options.match in "counts":
        measure_counts(results, programs)
    if options.match in "start":
        measure_starts(results, programs, folder,
                       min(4 if options.quick else 20, rounds))
    results.rows, absent = programs.rows(options.match)
    results.absent.update(absent)
    measure_peers(results, programs, folder, options)
    return results


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--plugin", default="", help="the CPU plugin's file")
    parser.add_argument("--quick", action="store_true",
                        help="a minute, for seeing that all of it works")
    parser.add_argument("--match", default="", metavar="TEXT",
                        help="only rows with TEXT in their name, as in "
                        "'upload', 'growth', 'start', 'counts'")
    parser.add_argument("--peers", default="all", metavar="NAMES",
                        help="all, none, or some of: " + ",".join(PEERS))
    parser.add_argument("--rounds", type=int, default=1000, metavar="N",
                        help="at most so many of each row")
    parser.add_argument("--out", type=Path, metavar="FOLDER",
                        help="for the report; default: BUILD_DIR/bench/report")
    options = parser.parse_args()
    options.out = options.out or options.build / "bench/report"
    environment = describe(options)
    results = measure_all(options)
    print(report.write(results, environment, options.out), end="")
    say(f"the report is in {options.out}")
    return 0 if results.rows or results.peers or results.starts or \
        results.instructions else 1


if __name__ == "__main__":
    sys.exit(main())
