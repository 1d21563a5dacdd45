"""The shared library exports what its headers declare, and nothing else; the
map file lets no generated code out; the library keeps no writable state."""
import re
import subprocess

from headers import prototypes
from tree import BUILD, ROOT, case

LIBRARY = BUILD / "libpjrt.so"
ARCHIVE = BUILD / "libpjrt.a"

# Writable data that is no state of ours, with the reason.
EXCEPTIONS = {
    "__dso_handle": "the C runtime's",
    "completed.0": "the C runtime's",
    "__TMC_END__": "the C runtime's",
    "pjrt_this_thread": "thread-local: whether a plugin is calling us back, "
                        "and where the thread looks in pools first",
}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def exported():
    lines = run("nm", "-D", "--defined-only", str(LIBRARY)).splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def declared():
    return {p.name for p in prototypes()
            if p.name.startswith("pjrt_") and not p.is_callback}


def needed():
    return set(re.findall(r"\(NEEDED\).*\[(.+?)\]",
                          run("readelf", "-d", str(LIBRARY))))


def writable():
    """Symbols in .data and .bss. A table of pointers, which the loader fills
    once and then protects, lies in .data.rel.ro and is constant."""
    for line in run("nm", "-f", "sysv", str(LIBRARY)).splitlines():
        columns = [c.strip() for c in line.split("|")]
        if len(columns) == 7 and re.fullmatch(r"\.(data|bss|tdata|tbss).*",
                                              columns[6]) \
                and not columns[6].startswith(".data.rel.ro") \
                and columns[3] in ("OBJECT", "TLS") \
                and columns[0] not in EXCEPTIONS:
            yield f"{columns[0]} in {columns[6]}"


case("declared_is_exported", sorted(declared() - exported()))
case("exported_is_declared", sorted(exported() - declared()))
case("map_names_the_prefix", [] if re.findall(
    r"(\S+);", re.sub(r"/\*.*?\*/", "", (ROOT / "src/libpjrt.map").read_text(),
                      flags=re.S)) == ["pjrt_*", "*", "}"] else
     ["src/libpjrt.map does more than letting pjrt_* out"])
case("needed_libraries", sorted(
    n for n in needed() if not re.match(
        r"(libc|libm|libdl|libpthread|libprotobuf-c|libjansson"
        r"|ld-linux-x86-64)\.so", n)))
case("no_global_mutable_state", writable())
