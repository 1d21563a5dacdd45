#!/usr/bin/env python3
"""`pjrt plugin install` with the real pip and the real wheel.

tier: all
"""
import os
import sys
from pathlib import Path

from harness import Skip, case, check, describe, main, pjrt, succeeds


@case
def the_pinned_plugin_installs_and_runs():
    env = {"XDG_DATA_HOME": f"{os.getcwd()}/data", "PATH": os.environ["PATH"]}
    wheels = Path(os.environ.get("PJRT_TEST_CACHE_DIR", ""), "wheels")
    if wheels.is_dir():
        env["PIP_FIND_LINKS"] = str(wheels)
    result = pjrt("plugin", "install", "cpu", "--dir=here", env=env,
                  timeout=500)
    if "pip cannot download" in result.stderr:
        raise Skip(result.stderr.strip().splitlines()[-1])
    check(result.returncode == 0, describe(result))
    path = Path(result.stdout.strip())
    check(path.is_absolute() and path.parent.samefile("here/cpu"), str(path))
    check(Path("here/cpu/LICENSE").exists(), "no licence file")
    check(os.listdir("here") == ["cpu"], str(os.listdir("here")))
    succeeds("info", "--plugin=cpu", env=env)
    again = succeeds("plugin", "install", "cpu", "--dir=here", env=env)
    check("installed already" in again.stderr, describe(again))


if __name__ == "__main__":
    sys.exit(main())
