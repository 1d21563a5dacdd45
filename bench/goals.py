"""The goals: what the library may cost, what was measured, and whether that
holds."""
import re
from dataclasses import dataclass, field

from measure import Absent
from paired import difference, ratio, times

HELD, NOT_HELD, NOT_SHOWN, ABSENT = "held", "not held", "not shown", "absent"


@dataclass
class Goal:
    what: str
    goal: str
    limit: float
    exact: bool = False  # does not depend on the machine's noise
    unit: str = ""
    found: dict = field(default_factory=dict)  # an estimate
    floor: dict = field(default_factory=dict)  # the same for bare calls
    absent: str = ""

    def verdict(self):
        """Noise speaks for nobody: a time is over its goal only when the whole
        interval is."""
        if self.absent:
            return ABSENT
        if self.found["median"] <= self.limit:
            return HELD
        return NOT_HELD if self.found["low"] > self.limit else NOT_SHOWN

    def record(self):
        return {"what": self.what, "goal": self.goal, "limit": self.limit,
                "unit": self.unit, "exact": self.exact, "found": self.found,
                "floor": self.floor,
                "verdict": self.verdict(), "absent": self.absent}


def exactly(value):
    return {"median": value, "low": value, "high": value, "n": 1}


class Results:
    """What was measured; a part that is not there says why."""

    def __init__(self):
        self.rows = {}       # row: {side: samples}
        self.peers = {}      # row: {name: samples}
        self.starts = {}     # name: samples
        self.resident = {}   # name: bytes, on the simulated plugin
        self.instructions = {}
        self.allocations = {}
        self.library_size = None
        self.absent = {}     # part or row: why

    def side(self, row, side):
        if side in self.rows.get(row, {}):
            return self.rows[row][side]
        raise Absent(self.absent.get(row, "not measured"))

    def ratio(self, row, side, base):
        return ratio(self.side(row, side), self.side(row, base))

    def peer_ratio(self, row, peer):
        found = self.peers.get(row, {})
        if peer not in found or "library" not in found:
            raise Absent(self.absent.get(peer, "not measured"))
        return ratio(found["library"], found[peer])

    def start_ratio(self, name, base):
        if name not in self.starts or base not in self.starts:
            raise Absent(self.absent.get("start", "not measured"))
        return ratio(self.starts[name], self.starts[base])

    def more(self, table, unit):
        """What the library takes more than bare calls."""
        found = getattr(self, table)
        if unit not in found:
            raise Absent(self.absent.get(table, "not measured"))
        return found[unit]["library"] - found[unit]["bare"]

    def getters_more(self):
        """What each getter takes more. A unit is many calls of one; what is
        left over after the point is the loop's."""
        for unit in self.instructions:
            if unit.startswith("get "):
                times = re.search(r" (\d+)x$", unit)
                yield self.more("instructions", unit) // \
                    (int(times[1]) if times else 1)

    def each_more(self, unit):
        """What each of a hundred further arguments or outputs takes."""
        return (self.more("instructions", unit) -
                self.more("instructions", "execute 1x1")) / 100


def most(values, reason):
    values = list(values)
    if not values:
        raise Absent(reason)
    return exactly(max(values))


def instruction_goals(it):
    def more(unit):
        return lambda: exactly(it.more("instructions", unit))

    def nanoseconds():
        row = "execute: await (instant)"
        return difference(it.side(row, "library"), it.side(row, "bare"))

    def allocations():
        return most((it.more("allocations", unit) for unit in it.allocations),
                    it.absent.get("allocations", "not measured"))

    def getters():
        return most(it.getters_more(),
                    it.absent.get("instructions", "not measured"))

    yield (Goal("execute, instant plugin, 1 in 1 out", "at most 120 "
                "instructions over bare", 120, True, "instructions"),
           more("execute 1x1"))
    yield (Goal("execute, instant plugin, 2 in 1 out", "at most 20 ns over "
                "bare", 20, False, "ns"), nanoseconds)
    yield (Goal("each further argument", "at most 12 instructions", 12, True,
                "instructions"),
           lambda: exactly(it.each_more("execute 101x1")))
    yield (Goal("each further output", "at most 30 instructions", 30, True,
                "instructions"),
           lambda: exactly(it.each_more("execute 1x101")))
    yield (Goal("allocations: execute, wait, upload, download, free",
                "0 in steady state", 0, True, "allocations"), allocations)
    yield (Goal("getters of immutable facts", "at most 5 instructions over a "
                "load", 5, True, "instructions"), getters)


def execute_goals(it):
    for row in ("execute: await", "execute: 8 in flight",
                "execute: 100 inputs, 100 outputs"):
        yield (Goal(row, "at most 1.03 of bare", 1.03),
               lambda row=row: it.ratio(row, "library", "bare"))
    for num in (2, 4):
        yield (Goal(f"execute: {num} threads on one executable",
                    "at most 1.1 of bare", 1.1),
               lambda num=num: it.ratio("execute: threads", f"library, {num}",
                                        f"bare, {num}"))


def transfer_goals(it):
    yield (Goal("round trip of a scalar, in place", "at most 0.2 of bare "
                "copied in and out", 0.2),
           lambda: it.ratio("round trip: 4 B", "library, mutable, in place",
                            "bare, during call"))
    yield (Goal("round trip of a scalar, in place", "at most 0.6 of JAX", 0.6),
           lambda: it.peer_ratio("round trip: 4 B", "JAX"))
    for size, limit in (("1 MB", 1.15), ("64 MB", 1.1)):
        yield (Goal(f"upload, copied: {size}", f"at most {limit} of memcpy to "
                    "new memory", limit),
               lambda side="library", size=size:
               it.ratio(f"upload: {size}", side, "memcpy to new"))
    yield (Goal("upload in place: 64 MB", "at most 3 us", 3, False, "us"),
           lambda: times([t / 1e3 for t in
                          it.side("upload: in place", "library, 64 MB")]))
    yield (Goal("upload in place: 64 MB", "as 4 KB: at most 1.05 of it", 1.05),
           lambda: it.ratio("upload: in place", "library, 64 MB",
                            "library, 4 KB"))
    for size in ("1 MB", "64 MB"):
        yield (Goal(f"download: {size}", "at most 1.1 of memcpy", 1.1),
               lambda side="library", size=size:
               it.ratio(f"download: {size}", side, "memcpy"))
    yield (Goal("download: 4 KB", "at most 0.05 of ToHostBuffer", 0.05),
           lambda: it.ratio("download: 4 KB", "library", "bare"))


def other_goals(it):
    def size():
        if it.library_size is None:
            raise Absent(it.absent.get("size", "not measured"))
        return exactly(it.library_size / 1024)

    def resident():
        if not it.resident:
            raise Absent(it.absent.get("resident", "not measured"))
        return difference([b / 1e6 for b in it.resident["library"]],
                          [b / 1e6 for b in it.resident["bare"]])

    yield (Goal("start to first result", "at most 1.05 of bare", 1.05),
           lambda: it.start_ratio("library", "bare"))
    yield (Goal("start from a serialized executable", "at most 0.6 of "
                "compiling", 0.6),
           lambda: it.start_ratio("library, serialized", "library"))
    for row, least, largest in (
            ("growth: live buffers (instant)", "1", "100000"),
            ("growth: live buffers", "1", "100000"),
            ("growth: executables (instant)", "1", "10000"),
            ("growth: arguments", "1", "1024"),
            ("growth: devices (instant)", "1", "10000"),
            ("growth: client, each device (instant)", "1", "10000")):
        yield (Goal(f"{row}: {largest}", f"at most 1.05 of {least}, per item",
                    1.05),
               lambda row=row, least=least, largest=largest:
               it.ratio(row, largest, least))
    yield (Goal("core library, stripped", "at most 300 KB", 300, True, "KB"),
           size)
    yield (Goal("own resident memory", "at most 1 MB", 1, False, "MB"),
           resident)


def judge(results):
    """The goals, each with what was found."""
    goals = []
    for part in (instruction_goals, execute_goals, transfer_goals,
                 other_goals):
        for goal, measured in part(results):
            try:
                goal.found = measured()
                if "memcpy" in goal.goal:
                    goal.floor = measured("bare")
            except Absent as reason:
                goal.absent = str(reason)
            goals.append(goal)
    return goals
