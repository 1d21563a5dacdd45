"""Doxygen writes the API reference without a warning (make docs does it).

tier: all
"""
import shutil
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT, case, skip


def problems(folder):
    config = (ROOT / "docs" / "Doxyfile").read_text()
    config += f'\nOUTPUT_DIRECTORY = "{folder}"\n'
    done = subprocess.run(["doxygen", "-"], input=config, cwd=ROOT, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    page = Path(folder, "html/buffer_8h.html")
    if done.returncode or done.stderr.strip():
        return done.stderr.splitlines()[:5] or [f"status {done.returncode}"]
    text = page.read_text() if page.exists() else ""
    return [] if "[owned: pjrt_buffer_free]" in text else \
        [f"{page.name} does not show who owns what"]


if shutil.which("doxygen"):
    with tempfile.TemporaryDirectory() as folder:
        case("api_reference", problems(folder))
else:
    skip("api_reference", "no doxygen on this machine")
