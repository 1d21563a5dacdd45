"""Official headers, published by projects that use them.

They are not part of this tree: each comes from a package, pinned by version
and checked by the SHA-256 of the header itself, and is kept in the project's
cache folder.
"""

import glob
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CARGO_PROJECT = """\
[package]
name = "official-header"
version = "0.0.0"
edition = "2021"
[dependencies]
pjrt-sys = "=0.2.0"
"""

# key: (PJRT minor, SHA-256 of the header)
HEADERS = {
    "pjrt-sys-0.2.0": (54, "70f0abfebb76464b2132eb1aa86508dd7e30bb7f7b4add6d4e2e5d8bbbc6deb9"),
    "go-xla-0.1.4": (83, "907862ea2c575cede5937f056535bb0cf953c6daea793021dd30c65a96693c5a"),
}


class Missing(Exception):
    """The header cannot be had here; the text says why."""


def cache_dir():
    if os.environ.get("PJRT_CACHE_DIR"):
        return Path(os.environ["PJRT_CACHE_DIR"]).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "libpjrt"


def run(command, folder):
    if not shutil.which(command[0]):
        raise Missing(f"{command[0]} not found")
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True,
                                text=True, timeout=180)
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} took more than three minutes") from None
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines()
        raise Missing(f"{' '.join(command[:2])} failed: "
                      f"{said[-1] if said else 'no output'}")
    return result.stdout


def from_cargo(folder):
    (Path(folder) / "Cargo.toml").write_text(CARGO_PROJECT)
    (Path(folder) / "src").mkdir()
    (Path(folder) / "src" / "lib.rs").touch()
    run(["cargo", "fetch", "--quiet", "--target", "x86_64-unknown-linux-gnu"],
        folder)
    home = os.environ.get("CARGO_HOME") or os.path.expanduser("~/.cargo")
    return glob.glob(f"{home}/registry/src/*/pjrt-sys-0.2.0/include/"
                     "**/pjrt_c_api.h", recursive=True)


def from_go(folder):
    (Path(folder) / "go.mod").write_text("module header\ngo 1.21\n")
    out = run(["go", "mod", "download", "-json",
               "github.com/gomlx/go-xla@v0.1.4"], folder)
    return glob.glob(json.loads(out)["Dir"] + "/**/pjrt_c_api.h",
                     recursive=True)


SOURCES = {"pjrt-sys-0.2.0": from_cargo, "go-xla-0.1.4": from_go}


def header(key):
    """Folder to include "pjrt_c_api.h" from; raises Missing."""
    folder = cache_dir() / "official" / key
    path = folder / "pjrt_c_api.h"
    if not path.exists():
        with tempfile.TemporaryDirectory() as work:
            found = SOURCES[key](work)
            if not found:
                raise Missing(f"{key} holds no pjrt_c_api.h")
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found[0], path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != HEADERS[key][1]:
        path.unlink()
        raise Missing(f"{path} is not the pinned file: SHA-256 {digest}")
    return folder
