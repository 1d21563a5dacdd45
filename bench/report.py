"""Makes the report of what was measured: text, JSON and plots."""
import json
import re

import plots
from goals import judge
from paired import ratio, times


def number(value):
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def bounds(found):
    if found["n"] == 1:
        return number(found["median"])
    return (f"{number(found['median'])} "
            f"[{number(found['low'])}, {number(found['high'])}]")


def microseconds(samples):
    return times([s / 1e3 for s in samples])


# ---- the data ---------------------------------------------------------------

def compared(sides, base=None):
    """Each side's times, and its ratio to the base, which is the first."""
    base = base or next(iter(sides))
    return {name: {"us": microseconds(samples),
                   "ratio": ratio(samples, sides[base])}
            for name, samples in sides.items()}


def base_of(name, sides):
    """A side of the library is compared with the bare side of its kind."""
    twin = name.replace("library", "bare", 1)
    return twin if twin in sides and twin != name else next(iter(sides))


def row_record(sides):
    return {name: {"us": microseconds(samples),
                   "base": base_of(name, sides),
                   "ratio": ratio(samples, sides[base_of(name, sides)])}
            for name, samples in sides.items()}


def data(results, environment):
    return {
        "environment": environment,
        "goals": [goal.record() for goal in judge(results)],
        "rows": {name: row_record(sides)
                 for name, sides in results.rows.items()},
        "peers": {name: compared(sides)
                  for name, sides in results.peers.items()},
        "starts": compared(results.starts) if results.starts else {},
        "resident_bytes": {name: times(values)
                           for name, values in results.resident.items()},
        "instructions": results.instructions,
        "allocations": results.allocations,
        "library_size": results.library_size,
        "absent": results.absent,
    }


# ---- the text ---------------------------------------------------------------

def table(heads, lines):
    """Columns as wide as they need; the first is left-aligned."""
    cells = [heads, *lines]
    widths = [max(len(line[i]) for line in cells) for i in range(len(heads))]
    for line in cells:
        yield "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths))).rstrip()


def goal_lines(goals):
    for goal in goals:
        if goal["absent"]:
            found = goal["absent"]
        else:
            found = f"{bounds(goal['found'])} {goal['unit']}".strip()
        yield (goal["what"], goal["goal"], found, goal["verdict"],
               bounds(goal["floor"]) if goal["floor"] else "")


def side_lines(sides):
    for name, side in sides.items():
        base = side.get("base", next(iter(sides)))
        yield (f"  {name}", number(side["us"]["min"]), bounds(side["us"]),
               "" if base == name else bounds(side["ratio"]),
               "" if base == name else base)


def compared_text(title, groups):
    lines = []
    for row, sides in groups.items():
        lines.append((row, "", "", "", ""))
        lines.extend(side_lines(sides))
    if not lines:
        return
    yield from ("", title, "")
    yield from table(("microseconds", "min", "median", "ratio", "to"), lines)


def counted_text(title, found):
    if not found:
        return
    yield from ("", title, "")
    yield from table(("", "bare", "library", "more"), [
        (unit, number(sides["bare"]), number(sides["library"]),
         number(sides["library"] - sides["bare"]))
        for unit, sides in found.items()])


def text(report):
    yield "What the library costs"
    yield ""
    for name, value in report["environment"].items():
        yield f"{name:10} {value}"
    yield from ("", "Medians of ratios that were taken side by side, with "
                "their 95 % interval.", "")
    yield from table(("what", "goal", "measured", "", "bare calls"),
                     list(goal_lines(report["goals"])))
    yield from compared_text("The library and bare calls, in one process",
                             report["rows"])
    yield from compared_text("The library and its peers, in turn",
                             report["peers"])
    yield from compared_text("Process start to first result",
                             {"start": report["starts"]}
                             if report["starts"] else {})
    yield from counted_text("Instructions, instant plugin, callgrind",
                            report["instructions"])
    yield from counted_text("Allocations, instant plugin",
                            report["allocations"])
    if report["absent"]:
        yield from ("", "Absent", "")
        yield from table(("", "why"), sorted(report["absent"].items()))


# ---- the plots --------------------------------------------------------------

def plot_peers(report):
    return plots.bars(
        "Microseconds per call, median",
        {row: {name: side["us"]["median"] for name, side in sides.items()}
         for row, sides in report["peers"].items()})


def plot_rows(report):
    groups = {}
    for row, sides in report["rows"].items():
        if row.startswith("growth"):
            continue
        groups[row] = {
            name: side["ratio"]["median"] for name, side in sides.items()
            if side["base"] != name}
    return plots.bars("Times of the base: bare calls or memcpy, median",
                      groups)


def plot_growth(report):
    series = {}
    for row, sides in report["rows"].items():
        counts = [name for name in sides if re.fullmatch(r"\d+", name)]
        if row.startswith("growth") and counts:
            series[row.removeprefix("growth: ")] = {
                int(name): sides[name]["us"]["median"] for name in counts}
    return plots.lines("Microseconds per call and item, by count", series)


def plot_starts(report):
    return plots.bars(
        "Process start to first result, milliseconds, median",
        {"start": {name: side["us"]["median"] / 1e3
                   for name, side in report["starts"].items()}})


def write(results, environment, folder):
    """Leaves the report in the folder, and returns its text."""
    folder.mkdir(parents=True, exist_ok=True)
    report = data(results, environment)
    words = "\n".join(text(report)) + "\n"
    (folder / "report.txt").write_text(words)
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    for name, plot in (("peers", plot_peers), ("rows", plot_rows),
                       ("growth", plot_growth), ("start", plot_starts)):
        (folder / f"{name}.svg").write_text(plot(report))
    return words
