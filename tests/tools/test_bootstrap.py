"""What tools/bootstrap says on machines that lack something, without touching
this one: PATH leads to a folder with stand-ins alone."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
# What the script itself is made of. The rest is missing unless a case adds it.
BASICS = ("bash", "sh", "env", "dirname", "id", "stat", "getent", "cut", "rm",
          "chmod")
# What the build and `make test` need, but for valgrind.
TOOLS = ("cc", "make", "cmake", "pkg_config", "protoc_c", "python3")


def bootstrap(user_id, tree=ROOT, **stand_ins):
    """Runs it where only BASICS and these scripts exist. A stand-in is the
    body of a shell script."""
    with tempfile.TemporaryDirectory() as folder:
        for name in BASICS:
            real = next(Path(d) / name for d in ("/usr/bin", "/bin")
                        if (Path(d) / name).exists())
            (Path(folder) / name).symlink_to(real)
        (Path(folder) / "id").unlink()
        stand_ins["id"] = f"echo {user_id}"
        for name, body in stand_ins.items():
            path = Path(folder) / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(0o755)
        result = subprocess.run(
            ["bash", str(tree / "tools/bootstrap")], capture_output=True,
            text=True, env={"PATH": folder, "HOME": folder})
    return result.returncode, result.stderr


def check(name, condition, found):
    print(f"ok {name}" if condition else f"not ok {name}: {found!r}")


status, said = bootstrap(0)
check("no_apt_get", status == 1 and "no apt-get" in said and
      "cmake" in said and "libprotobuf-c-dev" in said, said)

status, said = bootstrap(1000, apt_get="exit 1")
check("no_root_and_no_sudo", status == 1 and
      "as root: apt-get install" in said and "cmake" in said, said)

status, said = bootstrap(0, apt_get="exit 1")
check("apt_get_fails", status == 1 and "could not install" in said and
      said.splitlines()[-1].startswith("bootstrap: "), said)

status, said = bootstrap(1000, apt_get="exit 7",
                         sudo='echo "sudo $*" >&2; exit 1')
check("sudo_is_used", status == 1 and "sudo apt-get update" in said and
      "sudo env DEBIAN_FRONTEND=noninteractive apt-get install" in said, said)

status, said = bootstrap(0, apt_get="exit 0")
check("still_missing", status == 1 and "still missing" in said, said)

# What was configured without a package must not stay so.
with tempfile.TemporaryDirectory() as scratch:
    shutil.copytree(ROOT / "tools", Path(scratch) / "tools")
    made = Path(scratch) / "build/Makefile"
    made.parent.mkdir()
    made.touch()
    there = dict.fromkeys(TOOLS, "exit 0")
    status, said = bootstrap(0, Path(scratch), valgrind="", **there)
    check("nothing_to_install", status == 0 and made.exists(), said)
    status, said = bootstrap(
        0, Path(scratch), **there,
        apt_get='echo "#!/bin/sh" >$HOME/valgrind; chmod +x $HOME/valgrind')
    check("builds_look_again", status == 0 and not made.exists(), said)
