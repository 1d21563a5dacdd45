"""tools/fetch_plugins.py on wheels made here: no registry is asked."""
import hashlib
import io
import json
import os
import sys
import tempfile
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "tools"))
import fetch_plugins  # noqa: E402

WHEEL = "fake_plugin-1.0-py3-none-manylinux_2_27_x86_64.whl"
CONTENT = b"\177ELF not really"


def setup(folder):
    """A cache with one wheel in it, and a catalogue that names it."""
    wheel = Path(folder) / "wheels" / WHEEL
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as z:
        z.writestr("fake_plugin/plugin.so", CONTENT)
    entry = {"name": "fake", "package": "no-such-package-of-libpjrt",
             "version": "1.0", "wheel": WHEEL,
             "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
             "size": wheel.stat().st_size, "file": "fake_plugin/plugin.so",
             "file_size": len(CONTENT), "license": None, "note": ""}
    catalogue = Path(folder) / "catalogue.json"
    catalogue.write_text(json.dumps({"plugins": [entry], "references": []}))
    fetch_plugins.CATALOGUE = catalogue
    os.environ["PJRT_CACHE_DIR"] = folder
    os.environ.pop("PJRT_CPU_PLUGIN", None)
    return wheel, Path(folder) / "plugins" / "fake" / "plugin.so"


def fetch(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = fetch_plugins.main(list(arguments))
    return status, out.getvalue(), err.getvalue()


def test_takes_a_wheel_from_the_cache(wheel, plugin):
    assert fetch("--have", "fake")[0] == 1
    assert fetch("fake") == (0, f"fake\t{plugin}\n", "")
    assert plugin.read_bytes() == CONTENT
    assert fetch("--have", "fake")[0] == 0


def test_second_fetch_does_nothing(wheel, plugin):
    fetch("fake")
    before = plugin.stat().st_mtime_ns
    wheel.unlink()
    assert fetch("all")[0] == 0
    assert plugin.stat().st_mtime_ns == before


def test_refuses_another_hash(wheel, plugin):
    wheel.write_bytes(wheel.read_bytes() + b"x")
    status, out, err = fetch("fake")
    assert (status, out) == (1, "") and "not the pinned file" in err, err
    assert len(err.splitlines()) == 1 and not plugin.exists()


def test_mends_a_damaged_plugin(wheel, plugin):
    fetch("fake")
    plugin.write_bytes(b"half")
    assert fetch("--have", "fake")[0] == 1
    assert fetch("fake")[0] == 0 and plugin.read_bytes() == CONTENT


def test_new_pin_replaces_the_old_plugin(wheel, plugin):
    fetch("fake")
    plugin.with_name("wheel.sha256").write_text("0" * 64)
    plugin.write_bytes(CONTENT[::-1])
    assert fetch("fake")[0] == 0 and plugin.read_bytes() == CONTENT


def test_says_what_to_do_without_a_registry(wheel, plugin):
    wheel.unlink()
    os.environ.update(PIP_INDEX_URL="http://127.0.0.1:9", PIP_RETRIES="0")
    os.environ.pop("PIP_FIND_LINKS", None)
    status, _, err = fetch("fake")
    assert status == 1 and WHEEL in err and str(wheel.parent) in err, err
    assert "no-such-package-of-libpjrt 1.0" in err or "no pip" in err, err


def test_refuses_an_unknown_name(wheel, plugin):
    status, _, err = fetch("cpux")
    assert status == 2 and "'cpux'" in err and "fake" in err, err


def test_every_pin_is_whole(wheel, plugin):
    fetch_plugins.CATALOGUE = ROOT / "tools/plugins.json"
    entries = fetch_plugins.catalogue()
    assert {"cpu", "cpu-0.106", "cpu-0.81"} <= set(entries)
    for entry in entries.values():
        assert len(bytes.fromhex(entry["sha256"])) == 32
        distribution = entry["package"].replace("-", "_")
        assert entry["wheel"].startswith(
            f"{distribution}-{entry['version']}-"), entry["wheel"]
        assert entry["size"] > 0 and entry["file_size"] > 0


for name, test in sorted(globals().items()):
    if name.startswith("test_"):
        with tempfile.TemporaryDirectory() as scratch:
            try:
                test(*setup(scratch))
                print(f"ok {name}")
            except AssertionError as error:
                line = error.__traceback__.tb_lineno
                print(f"not ok {name}: line {line}: {error}")
