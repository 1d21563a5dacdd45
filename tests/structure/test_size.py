"""The library stays small."""
import subprocess
import tempfile
from pathlib import Path

from tree import BUILD, case, skip

CEILING = 300 * 1024  # bytes, without symbols
LIBRARY = BUILD / "libpjrt.so"


def stripped_size():
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "libpjrt.so"
        subprocess.run(["strip", "-o", stripped, LIBRARY], check=True)
        return stripped.stat().st_size


def is_optimized():
    cache = (BUILD / "CMakeCache.txt").read_text()
    return "\nCMAKE_BUILD_TYPE:STRING=Release\n" in cache


if not is_optimized():
    skip("stripped_size", "the build is not an optimized one")
else:
    size = stripped_size()
    case("stripped_size", [] if size <= CEILING else
         [f"{size} bytes, expected at most {CEILING}"])
