# tier: all
"""Profiles that JAX records: our trace has the events that XLA's own converter
and a decoder of this file's find in them."""

import ctypes
import gzip
import json
import struct
import tempfile
from collections import Counter
from pathlib import Path

import oracle

oracle.require_jax("xspace")

import jax

LIB = oracle.load_library("xspace")
P, SIZE = ctypes.c_void_p, ctypes.c_size_t
WRITE = ctypes.CFUNCTYPE(P, P, SIZE, P)
for name, result, arguments in [
        ("pjrt_xspace_parse", P, [ctypes.c_char_p, SIZE, ctypes.POINTER(P)]),
        ("pjrt_xspace_free", None, [P]),
        ("pjrt_xspace_write_trace", P, [P, WRITE, P])]:
    function = getattr(LIB, name)
    function.restype, function.argtypes = result, arguments


# ---- the three views ---------------------------------------------------------


def our_trace(data):
    pieces, space = [], P()

    def write(piece, size, _):
        pieces.append(ctypes.string_at(piece, size))

    error = LIB.pjrt_xspace_parse(data, len(data), ctypes.byref(space))
    assert not error, oracle.error_text(LIB, error)
    error = LIB.pjrt_xspace_write_trace(space, WRITE(write), None)
    assert not error, oracle.error_text(LIB, error)
    LIB.pjrt_xspace_free(space)
    return json.loads(b"".join(pieces))


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """A message as {number: [values]}."""
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        else:
            size = 8 if tag & 7 == 1 else None
            if size is None:
                size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def text(message, number):
    return message.get(number, [b""])[-1].decode(errors="replace")


def number(message, which):
    value = message.get(which, [0])[-1]
    return value - (1 << 64) if value >= 1 << 63 else value


def metadata(plane, which):
    entries = map(fields, plane.get(which, []))
    return {number(e, 1): fields(e.get(2, [b""])[-1]) for e in entries}


def value_of(stat, names):
    for which, read in ((2, lambda v: struct.unpack("<d", v)[0]),
                        (3, lambda v: v if v <= 1 << 53 else str(v)),
                        (4, lambda v: number(stat, 4)),
                        (5, lambda v: v.decode(errors="replace")),
                        (6, lambda v: f"{len(v)} bytes"),
                        (7, lambda v: text(names.get(v, {}), 2))):
        if which in stat:
            value = read(stat[which][-1])
            return str(value) if which == 4 and abs(value) > 1 << 53 else value
    return None


def decoded(data):
    """Every event as (plane, line, name, begin in ps, ps, args)."""
    for plane in map(fields, fields(data).get(1, [])):
        kinds, names = metadata(plane, 4), metadata(plane, 5)
        for line in map(fields, plane.get(3, [])):
            for event in map(fields, line.get(4, [])):
                kind = kinds.get(number(event, 1), {})
                stats = {}
                for stat in map(fields, event.get(4, []) + kind.get(5, [])):
                    name = text(names.get(number(stat, 1), {}), 2)
                    stats.setdefault(name, value_of(stat, names))
                stats.pop("", None)
                begin = number(line, 3) * 1000 + number(event, 2)
                yield (text(plane, 2), text(line, 11) or text(line, 2),
                       text(kind, 4) or text(kind, 2) or "(unnamed)", begin,
                       max(number(event, 3), 0), json.dumps(stats))


def picoseconds(microseconds):
    return round(microseconds * 1e6)


def named(trace):
    """The same of a trace, with begins since `start`."""
    start = int(trace["otherData"]["start_timestamp_ns"]) * 1000
    planes, lines = {}, {}
    for event in trace["traceEvents"]:
        if event["name"] == "process_name":
            planes[event["pid"]] = event["args"]["name"]
        elif event["name"] == "thread_name":
            lines[event["pid"], event["tid"]] = event["args"]["name"]
        elif event["ph"] == "X":
            args = event["args"]
            args.pop("long_name", None)
            yield (planes[event["pid"]], lines[event["pid"], event["tid"]],
                   event["name"], start + picoseconds(event["ts"]),
                   picoseconds(event["dur"]), json.dumps(args))


# ---- the tests ---------------------------------------------------------------


def record(folder):
    double = jax.jit(lambda x: (x @ x).sum())
    x = jax.numpy.ones((64, 64))
    double(x).block_until_ready()
    with jax.profiler.trace(folder):
        for i in range(3):
            with jax.profiler.TraceAnnotation("a \"step\" \u00fc", step=i,
                                              big=1 << 60):
                double(x).block_until_ready()
        jax.jit(lambda x: x * 2 + 1)(x).block_until_ready()
    space, = Path(folder).rglob("*.xplane.pb")
    xla, = Path(folder).rglob("*.trace.json.gz")
    return space.read_bytes(), json.loads(gzip.decompress(xla.read_bytes()))


def same_events(data, _):
    ours, theirs = Counter(named(our_trace(data))), Counter(decoded(data))
    assert len(theirs) > 50, len(theirs)
    missing, extra = theirs - ours, ours - theirs
    assert not missing and not extra, (list(missing)[:3], list(extra)[:3])


def same_spans_as_xla(data, xla):
    """XLA's converter begins elsewhere, and gives what takes no time 1 ps."""
    def spans(trace):
        return [(e["name"], picoseconds(e["ts"]),
                 max(picoseconds(e["dur"]), 1))
                for e in trace["traceEvents"] if e.get("ph") == "X"]

    theirs, ours = spans(xla), spans(our_trace(data))
    assert theirs and len(theirs) == len(ours), (len(theirs), len(ours))
    shift = min(t for _, t, _ in theirs) - min(t for _, t, _ in ours)
    theirs = Counter((n, t - shift, d) for n, t, d in theirs)
    missing, extra = theirs - Counter(ours), Counter(ours) - theirs
    assert not missing and not extra, (list(missing)[:3], list(extra)[:3])


def sorted_and_not_negative(data, _):
    last = {}
    for event in our_trace(data)["traceEvents"]:
        if event["ph"] == "X":
            thread = event["pid"], event["tid"]
            assert last.get(thread, 0) <= event["ts"], event
            assert event["dur"] >= 0, event
            last[thread] = event["ts"]
    assert last


def main():
    with tempfile.TemporaryDirectory() as folder:
        recorded = record(folder)
    for test in same_events, same_spans_as_xla, sorted_and_not_negative:
        name = test.__name__
        try:
            test(*recorded)
            print(f"ok {name}")
        except AssertionError as error:
            print(f"not ok {name}: {' '.join(str(error).split())[:600]}")


main()
