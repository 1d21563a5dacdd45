#!/usr/bin/env python3
"""`pjrt plugin install`, with a python3 in the path that plays pip."""
import json
import os
import stat
import sys
import zipfile
from pathlib import Path

from harness import (SOURCE, Skip, case, check, cpu_plugin, describe, fails,
                     main, pjrt, succeeds)

PINNED = {e["name"]: e for e in
          json.loads((SOURCE / "tools/plugins.json").read_text())["plugins"]}

# Does what `body` says for "pip download", and is Python for everything else.
FAKE_PYTHON = """#!/bin/sh
echo "$@" >> calls
case "$*" in
  *"pip --version"*) exit {has_pip} ;;
  *"pip download"*) {body} ;;
  *) exec {python} "$@" ;;
esac
"""


def fake_python(body, has_pip=0):
    """The environment in which python3 is the fake one."""
    Path("bin").mkdir()
    path = Path("bin/python3")
    path.write_text(FAKE_PYTHON.format(body=body, has_pip=has_pip,
                                       python=sys.executable))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{os.getcwd()}/bin:/usr/bin:/bin",
            "XDG_DATA_HOME": f"{os.getcwd()}/data"}


def installed():
    return sorted(str(p) for p in Path("data").rglob("*") if p.is_file())


def leftovers():
    return [str(p) for p in Path("data").rglob("*") if "staging" in p.name]


@case
def the_list_names_licences():
    text = succeeds("plugin", "install", "--list").stdout
    for entry in PINNED.values():
        licence = entry["license"] or "none named"
        check(f"{entry['package']} {entry['version']}" in text
              and licence in text, f"{entry['name']} in {text}")


@case
def pip_is_told_the_hash_and_the_tags():
    env = fake_python('cp "$(echo "$*" | sed "s/.*--requirement //;s/ .*//")" '
                      'requirements; exit 1')
    result = pjrt("plugin", "install", "tpu", env=env)
    check(result.returncode == 4, describe(result))
    entry = PINNED["tpu"]
    check(Path("requirements").read_text() ==
          f"libtpu=={entry['version']} --hash=sha256:{entry['sha256']}\n",
          Path("requirements").read_text())
    call = Path("calls").read_text()
    for text in ("--require-hashes", "--no-deps", "--only-binary :all:",
                 "--platform manylinux_2_31_x86_64", "--abi cp311",
                 "--python-version 311"):
        check(text in call, f"{text!r} is not in {call}")


@case
def pip_s_failure_is_told_in_one_line():
    env = fake_python('echo "WARNING: x" >&2; echo "ERROR: no such host" >&2; '
                      'echo "hint: y" >&2; exit 1')
    result = pjrt("plugin", "install", "cpu", env=env)
    check(result.returncode == 4 and not result.stdout, describe(result))
    check("pip cannot download lammps-jax-pjrt-cpu 0.11.2: no such host\n"
          in result.stderr, describe(result))
    check(installed() == [] and leftovers() == [], str(installed()))


@case
def a_missing_pip_is_told_with_the_package():
    if os.path.exists("/usr/lib/python3/dist-packages/pip"):
        raise Skip("the system's python3 has pip")
    env = fake_python("exit 1", has_pip=1)
    result = pjrt("plugin", "install", "cpu", env=env)
    check(result.returncode == 4 and "python3-pip" in result.stderr,
          describe(result))


@case
def a_wheel_with_another_hash_is_refused():
    wheel = PINNED["cpu"]["wheel"]
    with zipfile.ZipFile("wrong.whl", "w") as archive:
        archive.writestr(PINNED["cpu"]["file"], "not the plugin")
    env = fake_python('cp wrong.whl "$(echo "$*" | sed "s/.*--dest //;s/ .*//")'
                      f'/{wheel}"')
    result = pjrt("plugin", "install", "cpu", env=env)
    check(result.returncode == 4 and not result.stdout, describe(result))
    check(f"expected SHA-256 {PINNED['cpu']['sha256']}, found"
          in result.stderr, describe(result))
    check(installed() == [] and leftovers() == [], str(installed()))


@case
def folders_that_cannot_be_made_are_told():
    Path("file").write_text("")
    fails(4, "plugin", "install", "cpu", f"--dir={os.getcwd()}/file/below",
          says="file/below", env={"XDG_DATA_HOME": f"{os.getcwd()}/data"})
    fails(4, "plugin", "install", "cpu", says="Not a directory",
          env={"XDG_DATA_HOME": f"{os.getcwd()}/file"})


@case
def what_is_installed_is_not_fetched_again():
    """A manifest with the pinned hash and a file that is there suffice."""
    env = fake_python("exit 1")
    folder = Path("data/pjrt/plugins/cpu").absolute()
    folder.mkdir(parents=True)
    path = folder / Path(PINNED["cpu"]["file"]).name
    path.symlink_to(cpu_plugin())
    manifest = Path("data/pjrt/plugins.d/cpu.json")
    manifest.parent.mkdir()
    manifest.write_text(json.dumps({"library_path": str(path),
                                    "wheel_sha256": PINNED["cpu"]["sha256"]}))
    result = succeeds("plugin", "install", "cpu", env=env)
    check(result.stdout == f"{path}\n", describe(result))
    check(not Path("calls").exists(), "python3 was started")
    succeeds("info", "--plugin=cpu", env=env)
    manifest.write_text(json.dumps({"library_path": str(path),
                                    "wheel_sha256": "another"}))
    check(pjrt("plugin", "install", "cpu", env=env).returncode == 4,
          "an older plugin counts as the pinned one")


if __name__ == "__main__":
    sys.exit(main())
