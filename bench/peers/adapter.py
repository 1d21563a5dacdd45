"""What the adapters in Python share: the protocol.

An adapter is started as  ADAPTER PLUGIN PROGRAMS  and prints "ready VERSION".
For each line "ROW TAB TIMES" that it reads, it does what the row says so often
and prints the nanoseconds that it took, or "absent REASON". PROGRAMS holds the
programs, ARGSxOUTSxELEMENTS.mlir, whose output i is the sum of the arguments i
and i + 1.
"""
import gc
import sys
import time
from pathlib import Path

PLUGIN, PROGRAMS = sys.argv[1], Path(sys.argv[2])
SIZES = {"4 B": 1, "4 KB": 1 << 10, "1 MB": 256 << 10, "64 MB": 16 << 20}


def program(num_args, num_outs, num_elements):
    name = f"{num_args}x{num_outs}x{num_elements}.mlir"
    return (PROGRAMS / name).read_text()


def expect(value, expected):
    if value != expected:
        sys.exit(f"expected {expected}, found {value}")


class Absent(Exception):
    """A row that the peer has no way to do; says why."""


def run(operation, times):
    start = time.perf_counter_ns()
    for _ in range(times):
        operation()
    return time.perf_counter_ns() - start


def answer(rows, opened, line):
    name, times = line.rstrip("\n").split("\t")
    if name not in rows:
        raise Absent("has no such call")
    if name not in opened:
        opened.clear()  # the last row's arrays go before new ones come
        gc.collect()
        opened[name] = rows[name]()
    return run(opened[name], int(times))


def serve(version, rows):
    """`rows` maps a name to a function that makes the operation."""
    opened = {}
    print(f"ready {version}", flush=True)
    for line in sys.stdin:
        try:
            print(answer(rows, opened, line), flush=True)
        except Absent as reason:
            print(f"absent {reason}", flush=True)
