"""Doxygen writes the API reference without a warning (make docs does it).

tier: all
"""
import os
import shutil
import subprocess

from tree import ROOT, case, skip


def problems():
    config = (ROOT / "docs" / "Doxyfile").read_text()
    config += f'\nOUTPUT_DIRECTORY = "{os.getcwd()}"\n'
    done = subprocess.run(["doxygen", "-"], input=config, cwd=ROOT, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    page = "html/buffer_8h.html"
    if done.returncode or done.stderr.strip():
        return done.stderr.splitlines()[:5] or [f"status {done.returncode}"]
    text = open(page).read() if os.path.exists(page) else ""
    return [] if "[owned: pjrt_buffer_free]" in text else \
        [f"{page} does not show who owns what"]


if shutil.which("doxygen"):
    case("api_reference", problems())
else:
    skip("api_reference", "no doxygen on this machine")
