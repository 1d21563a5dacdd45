"""The library stays small."""
import subprocess
import tempfile
from pathlib import Path

from tree import BUILD, case, skip

# Bytes, without symbols: of the core alone, and with all parts.
CEILINGS = {"libpjrt_core.so": 300 * 1024, "libpjrt.so": 760 * 1024}


def stripped_size(library):
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / library
        subprocess.run(["strip", "-o", stripped, BUILD / library], check=True)
        return stripped.stat().st_size


def is_optimized():
    cache = (BUILD / "CMakeCache.txt").read_text()
    return "\nCMAKE_BUILD_TYPE:STRING=Release\n" in cache


for library, ceiling in CEILINGS.items():
    name = library.removesuffix(".so")
    if not is_optimized():
        skip(name, "the build is not an optimized one")
        continue
    size = stripped_size(library)
    case(name, [] if size <= ceiling else
         [f"{size} bytes, expected at most {ceiling}"])
