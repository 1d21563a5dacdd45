"""The benchmarks run to their end and report every row and every goal; no time
is judged. Peers are downloads, so that a made-up one stands for them."""
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("PJRT_TEST_BUILD_DIR") or ROOT / "build")
PLUGIN = os.environ.get("PJRT_TEST_PLUGIN_CPU", "")
ROWS = BUILD / "bench/rows"

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))
import goals  # noqa: E402
import paired  # noqa: E402
import peers  # noqa: E402
import plots  # noqa: E402
from measure import Absent, Programs  # noqa: E402

FAKE = """
import sys
print("ready 1.0", flush=True)
for line in sys.stdin:
    row, times = line.split("\\t")
    print(int(times) * 1000 if row == "execute: await" else "absent too old",
          flush=True)
"""


def case(name, expected, found):
    if found == expected:
        print(f"ok {name}")
    else:
        print(f"not ok {name}: expected {expected}, found {found}")


def statistics():
    """By hand: of nine values the second and the eighth bound the median with
    96 %, of five not even the outermost do with 95 %."""
    case("interval", (2, 8), paired.interval(range(1, 10)))
    case("interval_of_few", (1, 5), paired.interval([5, 1, 4, 2, 3]))
    case("ratio", 2, paired.ratio([2, 4, 60], [1, 2, 30])["median"])

    def verdict(**found):
        return goals.Goal("", "", 1.0, found=found).verdict()
    case("held", goals.HELD, verdict(median=0.9, low=0.8, high=1.2))
    case("not_held", goals.NOT_HELD, verdict(median=1.2, low=1.1, high=1.3))
    case("noise_shows_nothing", goals.NOT_SHOWN,
         verdict(median=1.2, low=0.9, high=1.3))
    case("absent", goals.ABSENT, goals.Goal("", "", 1, absent="why").verdict())


def drawing():
    for name, plot in (("bars", plots.bars("<&>", {"a": {"b": 1, "c": 1e4}})),
                       ("lines", plots.lines("t", {"a": {1: 2, 1000: 3}})),
                       ("bars_of_nothing", plots.bars("t", {})),
                       ("lines_of_nothing", plots.lines("t", {}))):
        case(name, "svg", ElementTree.fromstring(plot).tag.split("}")[1])


def fake_peer(folder):
    """A peer that has one of the rows, one that dies, and one that is not
    there."""
    fake = folder / "fake.py"
    fake.write_text(FAKE)

    def missing():
        raise Absent("no such tool")
    peers.PEERS = {"fake": (lambda: [sys.executable, fake], True),
                   "dying": (lambda: [sys.executable, "-c",
                                      "raise OSError('broken')"], True),
                   "missing": (missing, True)}
    sim = BUILD / "sim/libpjrt_sim.so"
    programs = Programs(BUILD, sim, 0, 2)
    found = peers.Peers(programs, folder, list(peers.PEERS))
    found.open()
    measured, absent = found.row("execute: await", 0, 2)
    case("peer_row", ["bare", "fake", "library"], sorted(measured))
    case("peer_samples", [1000, 1000], measured["fake"])
    _, absent = found.row("download: 4 KB", 0, 2)
    case("peer_lacks_row", {"fake": "too old"}, absent)
    found.close()
    case("absent_peers", {"dying": "OSError: broken",
                          "missing": "no such tool"}, found.absent)


def whole_run(folder):
    """Every row, with two rounds each."""
    result = subprocess.run(
        [sys.executable, ROOT / "bench/run.py", "--quick", "--rounds", "2",
         "--peers", "none", "--plugin", PLUGIN, "--out", folder, BUILD],
        capture_output=True, text=True)
    case("runs", 0, result.returncode)
    if result.returncode != 0:
        print(result.stderr)
        return
    report = json.loads((folder / "report.json").read_text())
    names = subprocess.run([ROWS, "--list"], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    present = {name.removesuffix(" (instant)") for name in report["rows"]}
    case("rows", sorted(names), sorted(present))
    case("rows_have_rounds", [], [
        f"{row}, {name}" for row, sides in report["rows"].items()
        for name, side in sides.items() if side["us"]["n"] != 2])
    case("goals", [], [f"{goal['what']}: {goal['absent']}"
                       for goal in report["goals"] if goal["absent"] and
                       "JAX" not in goal["goal"] and
                       "valgrind" not in goal["absent"]])
    case("text", result.stdout, (folder / "report.txt").read_text())
    case("plots", 4, len(list(folder.glob("*.svg"))))


statistics()
drawing()
if not ROWS.exists():
    print("skip programs: the benchmarks are not built")
elif not (BUILD / "sim/libpjrt_sim.so").exists():
    print("skip programs: the simulated plugin is not built")
else:
    fake_peer(Path.cwd())
    if PLUGIN:
        whole_run(Path.cwd() / "report")
    else:
        print("skip whole_run: plugin cpu is not fetched")
