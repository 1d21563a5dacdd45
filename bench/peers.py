"""The peers: other clients of PJRT, each measured by a small adapter in peers/
that speaks the protocol of peers/adapter.py. Every adapter is installed in the
cache folder; one that cannot be had is absent, with the reason."""
import hashlib
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from measure import Absent, alternate, last_line, run, say, time_to_line

HERE = Path(__file__).resolve().parent
ADAPTERS = HERE / "peers"
REPLY_S = 120  # opening a row may compile
INSTALL_S = 900
BATCH_NS = 2e6

# The rows: how many calls one is, and which sides of ours they are.
PLAIN = ("bare", "library")
ROWS = {"execute: await": (1, PLAIN),
        "execute: not waited for": (1, PLAIN),
        "execute: 8 in flight": (8, PLAIN),
        "execute: 100 inputs, 100 outputs": (1, PLAIN),
        "round trip: 4 B": (1, ("bare, during call",
                                "library, mutable, in place")),
        **{f"{way}: {size}": (1, PLAIN) for way in ("upload", "download")
           for size in ("4 KB", "1 MB", "64 MB")}}
START_ROW = "round trip: 4 B"


# ---- installing -------------------------------------------------------------

def cache_folder():
    if os.environ.get("PJRT_CACHE_DIR"):
        return Path(os.environ["PJRT_CACHE_DIR"])
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "libpjrt"


def environment_of(name):
    """The Python that tools/venv made."""
    return run([HERE.parent / "tools/venv", name],
               timeout=INSTALL_S).strip()


def python_peer(environment, script):
    return [environment_of(environment), ADAPTERS / script]


def folder_of(name):
    """A folder in the cache for what the sources make, by their hash."""
    digest = hashlib.sha256()
    for path in sorted((ADAPTERS / name).rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return cache_folder() / f"{name}-{digest.hexdigest()[:12]}"


def require(tools):
    for tool, package in tools.items():
        if not shutil.which(tool):
            raise Absent(f"no {tool} (Debian: apt-get install {package})")


def built_peer(name, build):
    """A program that is built once for each state of its sources."""
    folder = folder_of(name)
    program = folder / "peer"
    if not program.exists():
        say(f"building {name} into the cache")
        build(folder)
    return [program]


def build_go(folder):
    require({"go": "golang", "cc": "gcc"})
    cache = cache_folder() / "go"
    run(["go", "-C", ADAPTERS / "go-xla", "build", "-o", folder / "peer", "."],
        {"GOMODCACHE": str(cache / "mod"), "GOCACHE": str(cache / "build"),
         "GOFLAGS": "-mod=readonly -modcacherw", "GOTOOLCHAIN": "local"},
        INSTALL_S)


def build_rust(folder):
    require({"cargo": "cargo", "protoc": "protobuf-compiler"})
    if not list(Path(shutil.which("protoc")).parents[1].glob(
            "include/google/protobuf/any.proto")):
        raise Absent("no any.proto (Debian: apt-get install libprotobuf-dev)")
    # A copy, since Cargo writes beside its sources.
    sources = folder / "sources"
    shutil.copytree(ADAPTERS / "pjrt-rs", sources, dirs_exist_ok=True)
    run(["cargo", "build", "--release", "--quiet",
         "--manifest-path", sources / "Cargo.toml"], {}, INSTALL_S)
    shutil.move(sources / "target/release/peer", folder / "peer")
    shutil.rmtree(sources)


# How each is made, and whether it is given the plugin.
PEERS = {
    "pypjrt": (lambda: python_peer("conform", "peer_pypjrt.py"), True),
    "JAX": (lambda: python_peer("jax", "peer_jax.py"), False),
    "JAX on the plugin": (lambda: python_peer("jax", "peer_jax.py"), True),
    "IREE": (lambda: python_peer("iree", "peer_iree.py"), False),
    "go-xla": (lambda: built_peer("go-xla", build_go), True),
    "pjrt-rs": (lambda: built_peer("pjrt-rs", build_rust), True),
}


# ---- talking ----------------------------------------------------------------

class Adapter:
    """A running adapter."""

    def __init__(self, command):
        self.errors = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(
                [str(c) for c in command], text=True, stderr=self.errors,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise Absent(str(error)) from error

    def read(self):
        ready, _, _ = select.select([self.process.stdout], [], [], REPLY_S)
        line = self.process.stdout.readline() if ready else ""
        if line:
            return line.strip()
        self.close()
        self.errors.seek(0)
        raise Absent(last_line(self.errors.read()) if ready else
                     f"no answer in {REPLY_S} s")

    def ask(self, request, times):
        """Nanoseconds of so many runs."""
        try:
            self.process.stdin.write(f"{request}\t{times}\n")
            self.process.stdin.flush()
        except OSError as error:
            raise Absent("has ended") from error
        answer = self.read()
        if answer.startswith("absent"):
            raise Absent(answer.removeprefix("absent "))
        return float(answer)

    def close(self):
        self.process.kill()
        self.process.wait()


class Side:
    """One of the compared, in one row."""

    def __init__(self, adapter, request):
        self.adapter = adapter
        self.request = request
        self.batch = 1
        adapter.ask(request, 1)  # opens the row
        while self.batch < 1 << 16 and self.sample() < BATCH_NS:
            self.batch *= 2
        if self.batch > 1:  # the same time for all, as in harness.c
            least = min(self.sample() for _ in range(3))
            self.batch = max(round(self.batch * BATCH_NS / least), 1)

    def sample(self):
        return self.adapter.ask(self.request, self.batch)


class Peers:
    def __init__(self, programs, folder, names):
        self.absent = {}    # peer: why
        self.commands = {}  # peer: command
        self.versions = {}
        self.adapters = {}
        self.ours = [programs.program("rows"), "--plugin", programs.plugin,
                     "--serve"]
        for name in names:
            say(f"peers: preparing {name}")
            try:
                make, with_plugin = PEERS[name]
                plugin = programs.plugin if with_plugin else ""
                self.commands[name] = [*make(), plugin, folder]
            except Absent as reason:
                self.absent[name] = str(reason)

    def open(self):
        self.adapters = {"": Adapter(self.ours)}
        for name, command in list(self.commands.items()):
            try:
                adapter = Adapter(command)
                self.versions[name] = adapter.read().removeprefix("ready ")
                self.adapters[name] = adapter
            except Absent as reason:
                self.absent[name] = str(reason)
                del self.commands[name]

    def close(self):
        for adapter in self.adapters.values():
            adapter.close()

    def sides(self, row):
        """({name: Side}, {name: why it has no such row})"""
        sides, absent = {}, {}
        for side, name in zip(ROWS[row][1], PLAIN):
            sides[name] = Side(self.adapters[""], f"{row}\t{side}")
        for name, adapter in self.adapters.items():
            if not name:
                continue
            try:
                sides[name] = Side(adapter, row)
            except Absent as reason:
                absent[name] = str(reason)
        return sides, absent

    def row(self, row, seconds, max_rounds):
        """({name: [ns, one for each round]}, {name: why absent})"""
        sides, absent = self.sides(row)
        found = {name: [] for name in sides}
        end = time.monotonic() + seconds
        for i in range(max_rounds):
            if i >= 6 and time.monotonic() > end:
                break
            for name in alternate(list(found), i):
                try:
                    side = sides[name]
                    found[name].append(side.sample() / side.batch /
                                       ROWS[row][0])
                except Absent as reason:
                    absent[name] = str(reason)
                    del found[name]
        return found, absent

    def starts(self, ours, rounds):
        """{name: [ns]}: from the process's start to its first result, beside
        commands of ours."""
        asked = {name: (command, f"{START_ROW}\t1\n", 2)
                 for name, command in self.commands.items()}
        asked = {**{name: (command,) for name, command in ours.items()},
                 **asked}
        found = {name: [] for name in asked}
        for i in range(rounds):
            for name in alternate(list(found), i):
                try:
                    found[name].append(time_to_line(*asked[name])[0])
                except Absent as reason:
                    self.absent[f"{name}, start"] = str(reason)
                    del found[name]
        return found
