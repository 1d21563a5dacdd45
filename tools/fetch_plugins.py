#!/usr/bin/env python3
"""Fetches the real plugins that the demo and the tests use.

    tools/fetch_plugins.py NAME...    the named ones ("all": every one)
    tools/fetch_plugins.py --list     names, versions, licences and sizes
    tools/fetch_plugins.py --have NAME...   exit status 0: all are there

tools/plugins.json pins each by package, version and SHA-256. A wheel comes
through pip, or from the folder `wheels` of the cache when somebody put it
there; its plugin goes to `plugins/NAME/` of the cache. The cache is
$PJRT_CACHE_DIR, else $XDG_CACHE_HOME/libpjrt, else ~/.cache/libpjrt.

Stdout gets one line "NAME<TAB>PATH" for each; the exit status is 1 when one
could not be had. Progress and errors go to stderr.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

CATALOGUE = Path(__file__).with_name("plugins.json")


class FetchError(Exception):
    """One line that says what is missing and what to do."""


def cache_dir():
    if os.environ.get("PJRT_CACHE_DIR"):
        return Path(os.environ["PJRT_CACHE_DIR"]).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "libpjrt"


def catalogue():
    """Every pinned file by name, in the order of the list."""
    data = json.loads(CATALOGUE.read_text())
    entries = {e["name"]: dict(e, folder="plugins") for e in data["plugins"]}
    for e in data["references"]:
        entries[e["name"]] = dict(e, folder="references")
    return entries


def installed_path(entry):
    folder = cache_dir() / entry["folder"] / entry["name"]
    return folder / os.path.basename(entry["file"])


def is_installed(entry):
    """Whether the very file of the pinned wheel is there. The stamp is written
    last, so that a half-written file never counts."""
    path = installed_path(entry)
    try:
        stamp = path.with_name("wheel.sha256").read_text().strip()
        size = path.stat().st_size
    except OSError:
        return False
    return stamp == entry["sha256"] and size == entry["file_size"]


def own_plugin(entry):
    """The plugin that the user names instead of the pinned one."""
    return os.environ.get("PJRT_CPU_PLUGIN") if entry["name"] == "cpu" else None


def is_there(entry):
    return bool(own_plugin(entry)) or is_installed(entry)


def say(text):
    print(f"fetch_plugins: {text}", file=sys.stderr, flush=True)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def pip_command():
    """The first Python that has pip. Debian's own comes without it, and an
    active environment may have hidden one that has it."""
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-m", "pip", "--version"],
                          capture_output=True).returncode == 0:
            return [python, "-m", "pip"]
    raise FetchError("python3 has no pip (Debian: apt-get install "
                     "python3-pip)")


def pip_tags(wheel):
    """pip's options for exactly this wheel, whatever Python runs pip."""
    python, abi, system = wheel[:-len(".whl")].split("-")[-3:]
    tags = [word for tag in system.split(".") if tag != "any"
            for word in ("--platform", tag)]
    if python.startswith("cp"):
        tags += ["--implementation", "cp", "--abi", abi,
                 "--python-version", python[2:]]
    return tags


def download(entry, folder):
    what = f"{entry['package']} {entry['version']}"
    say(f"{entry['name']}: downloading {what} "
        f"({entry['size'] / 1e6:.0f} MB) with pip")
    result = subprocess.run(
        pip_command() + ["download", "--quiet", "--no-deps", "--no-cache-dir",
                         "--disable-pip-version-check",
                         "--only-binary", ":all:", "--dest", folder]
        + pip_tags(entry["wheel"])
        + [f"{entry['package']}=={entry['version']}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    path = Path(folder) / entry["wheel"]
    if result.returncode == 0 and path.exists():
        return path
    lines = [x for x in result.stdout.splitlines() if x.startswith("ERROR")]
    reason = lines[-1][len("ERROR: "):] if lines else "no such wheel"
    raise FetchError(f"pip cannot download {what}: {reason}")


def checked_wheel(entry, folder):
    wheel = cache_dir() / "wheels" / entry["wheel"]
    if not wheel.exists():
        wheel = download(entry, folder)
    found = sha256(wheel)
    if found != entry["sha256"]:
        raise FetchError(f"{wheel} is not the pinned file: expected SHA-256 "
                         f"{entry['sha256']}, found {found}")
    return wheel


def extract(entry, wheel):
    """Each file appears under its name only when it is whole."""
    path = installed_path(entry)
    stamp = path.with_name("wheel.sha256")
    stamp.unlink(missing_ok=True)
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(wheel) as z, z.open(entry["file"]) as source, \
            open(part, "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    os.replace(part, path)
    part.write_text(entry["sha256"] + "\n")
    os.replace(part, stamp)


@contextlib.contextmanager
def locked(folder):
    """One fetch of one plugin at a time, also between processes."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(entry):
    if is_installed(entry):
        return
    if entry["folder"] == "plugins" and (
            platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise FetchError("the pinned plugins are for Linux on x86-64, this is "
                         f"{platform.system()} on {platform.machine()}")
    with locked(installed_path(entry).parent):
        if is_installed(entry):  # while this process waited for the lock
            return
        need = entry["size"] + entry["file_size"]
        free = shutil.disk_usage(cache_dir()).free
        if free < need:
            raise FetchError(f"{cache_dir()} needs {need / 1e6:.0f} MB and has "
                             f"{free / 1e6:.0f} MB")
        with tempfile.TemporaryDirectory(dir=cache_dir()) as folder:
            extract(entry, checked_wheel(entry, folder))


def advice(entry):
    text = (f"put {entry['wheel']} into {cache_dir() / 'wheels'} (the cache is "
            "$PJRT_CACHE_DIR)")
    if entry["name"] == "cpu":
        text += ", or name a CPU plugin: PJRT_CPU_PLUGIN=/path/to/plugin.so"
    return text


def fetch_all(names, entries):
    failed = False
    for name in names:
        entry = entries[name]
        own = own_plugin(entry)
        try:
            if own and not os.path.isfile(own):
                raise FetchError(f"PJRT_CPU_PLUGIN={own} is no file")
            if not own:
                fetch(entry)
            print(f"{name}\t{own or installed_path(entry)}", flush=True)
        except (FetchError, OSError, zipfile.BadZipFile, KeyError) as error:
            failed = True
            say(f"{name}: {error}; {advice(entry)}")
    return 1 if failed else 0


def print_list(entries):
    for e in entries.values():
        state = "fetched" if is_installed(e) else "-"
        print(f"{e['name']:10} {e['package']} {e['version']}  "
              f"{e['size'] / 1e6:.0f} MB  {e['license'] or 'no licence named'}"
              f"  {state}  {e['note']}")


def main(arguments):
    entries = catalogue()
    if arguments == ["--list"]:
        print_list(entries)
        return 0
    only_ask = arguments[:1] == ["--have"]
    if only_ask:
        arguments = arguments[1:]
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    names = list(entries) if arguments == ["all"] else arguments
    unknown = [n for n in names if n not in entries]
    if unknown:
        say(f"no plugin {unknown[0]!r}; there are {', '.join(entries)}")
        return 2
    if only_ask:
        return 0 if all(is_there(entries[n]) for n in names) else 1
    return fetch_all(names, entries)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
