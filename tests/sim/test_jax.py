#!/usr/bin/env python3
"""JAX, as it comes, lists the simulated plugin's devices and moves arrays to
it, between its devices and back.

tier: all
"""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "headers"))

from checks import ROOT, check, finish, skip  # noqa: E402

PLUGIN = os.environ.get("PJRT_TEST_SIM")

PROGRAM = """
import jax
import jax.numpy as jnp
import numpy as np

devices = jax.devices()
assert len(devices) == 4 and devices[0].platform == "sim", devices
arrays = [np.arange(6, dtype=np.float32).reshape(2, 3),
          np.array([True, False]), np.float16(2.5), np.zeros((0, 3), np.int8),
          np.arange(4).astype(jnp.bfloat16), np.arange(3, dtype=np.complex64)]
for array in arrays:
    there = jax.device_put(array, devices[0])
    other = jax.device_put(there, devices[3])
    assert other.devices() == {devices[3]}
    back = np.asarray(other)
    assert back.dtype == array.dtype and np.array_equal(back, array), back
print("moved", len(arrays))
"""


def main():
    if not PLUGIN:
        skip("jax", "PJRT_TEST_SIM is not set")
        finish()
    venv = subprocess.run([str(ROOT / "tools/venv"), "jax"],
                          capture_output=True, text=True)
    if venv.returncode:
        skip("jax", (venv.stderr.strip().splitlines() or ["no reason"])[-1])
        finish()
    environment = {**os.environ, "JAX_PLATFORMS": "sim",
                   "PJRT_NAMES_AND_LIBRARY_PATHS": f"sim:{PLUGIN}"}
    result = subprocess.run([venv.stdout.strip(), "-c", PROGRAM],
                            env=environment, capture_output=True, text=True,
                            timeout=300)
    said = result.stderr.strip().splitlines()
    check("moves_arrays", "" if result.stdout == "moved 6\n" else
          f"status {result.returncode}: {said[-1] if said else ''}")
    finish()


if __name__ == "__main__":
    main()
