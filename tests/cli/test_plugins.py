#!/usr/bin/env python3
"""The command and the plugins of hardware that is rarely there.

tier: all
"""
import json
import os
import sys
from pathlib import Path

from harness import (Skip, case, check, complaints, describe, fails, main,
                     pjrt, succeeds)


def plugin(name):
    path = os.environ.get("PJRT_TEST_PLUGIN_" + name.upper().translate(
        str.maketrans("-.", "__")))
    if not path:
        raise Skip(f"plugin {name} is not fetched")
    return path


def facts(path):
    result = succeeds("info", "--json", "--no-client", f"--plugin={path}")
    return json.loads(result.stdout)["plugin"]


def fails_without_hardware(path, says, device):
    """Either the hardware is there and works, or the plugin says why not."""
    if Path(device).exists():
        raise Skip(f"{device} is there")
    result = pjrt("info", "--json", f"--plugin={path}", "--timeout=60")
    check(result.returncode == 4, describe(result))
    error = json.loads(result.stdout)["client"]["error"]
    check(says in error["message"], str(error))
    (line,) = complaints(result)
    check("cannot make a client" in line and says in line
          and "PJRT_Client_Create" in line, line)


@case
def cuda_without_a_gpu():
    path = plugin("cuda")
    found = facts(path)
    check(found["api_minor"] == 116 and not found["missing_functions"],
          str(found))
    sizes = {e["name"]: e["struct_size"] for e in found["extensions"]}
    check(len(sizes) == 11 and sizes["Profiler"] == 40, str(sizes))
    fails_without_hardware(path, "No visible GPU devices", "/dev/nvidia0")


@case
def cuda_of_the_oldest_api():
    path = plugin("cuda-0.40")
    found = facts(path)
    check(found["api_minor"] == 40 and found["table_size"] == 808, str(found))
    check(all(f["since_minor"] >= 40 for f in found["missing_functions"]),
          str(found["missing_functions"]))
    fails_without_hardware(path, "No visible GPU devices", "/dev/nvidia0")


@case
def libtpu_without_a_tpu():
    path = plugin("tpu")
    found = facts(path)
    check(found["api_minor"] == 117 and len(found["extensions"]) == 18,
          str(found))
    fails_without_hardware(path, "TPU initialization failed", "/dev/vfio")


@case
def tenstorrent_s_null_slot_and_end_of_the_process():
    path = plugin("tt")
    missing = facts(path)["missing_functions"]
    check([f["name"] for f in missing] ==
          ["PJRT_LoadedExecutable_AddressableDeviceLogicalIds"], str(missing))
    if Path("/dev/tenstorrent").exists():
        raise Skip("/dev/tenstorrent is there")
    fails(8, "info", "--json", f"--plugin={path}",
          says=["PJRT_Client_Create", "SIGABRT"])
    doctor = fails(8, "plugin", "doctor", path, says="SIGABRT",
                   allow_output=True)
    check("AddressableDeviceLogicalIds is NULL" in doctor.stdout
          and "client      BAD" in doctor.stdout, describe(doctor))


@case
def oneapi_without_its_libraries():
    path = plugin("oneapi")
    doctor = pjrt("plugin", "doctor", path)
    if "libraries   ok" in doctor.stdout:
        raise Skip("Intel's libraries are there")
    check(doctor.returncode == 4 and "libraries   BAD" in doctor.stdout
          and "libmpi.so.12" in doctor.stdout, describe(doctor))
    fails(4, "info", f"--plugin={path}", says=[path, "libmpi.so.12"])


if __name__ == "__main__":
    sys.exit(main())
