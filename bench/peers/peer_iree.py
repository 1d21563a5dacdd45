"""IREE as a peer: its own compiler and runtime, on the same programs. It loads
no PJRT plugin."""
from importlib.metadata import version

import iree.runtime as rt
import numpy as np
from adapter import PROGRAMS, SIZES, expect, program, serve

_device = []


def device():
    if not _device:
        _device.append(rt.get_device("local-sync"))
    return _device[0]


def compiled(*shape):
    """The program's function. Compiling is not IREE's runtime, so that its
    module is kept beside the program."""
    path = PROGRAMS / "{}x{}x{}.vmfb".format(*shape)
    if not path.exists():
        from iree.compiler import compile_str
        path.write_bytes(compile_str(
            program(*shape), target_backends=["llvm-cpu"],
            input_type="stablehlo",
            extra_args=["--iree-llvmcpu-target-cpu=host"]))
    config = rt.Config(device=device())
    module = rt.VmModule.copy_buffer(config.vm_instance, path.read_bytes())
    return rt.load_vm_module(module, config)["main"]


def upload(values):
    return rt.asdevicearray(device(), values)


def execute(num_args, num_outs):
    run = compiled(num_args, num_outs, 1)
    args = [upload(np.float32(i + 1)) for i in range(num_args)]
    return lambda: run(*args)


def round_trip():
    run = compiled(1, 1, 1)
    value = np.zeros((), np.float32)

    def operation():
        nonlocal value
        value = value + np.float32(1)
        expect(run(value).to_host(), 2 * value)
    return operation


def up(num):
    values = np.zeros(num, np.float32)
    return lambda: upload(values)


ROWS = {"execute: await": lambda: execute(2, 1),
        "execute: 100 inputs, 100 outputs": lambda: execute(100, 100),
        "round trip: 4 B": round_trip}
for name in ("4 KB", "1 MB", "64 MB"):
    ROWS[f"upload: {name}"] = lambda n=SIZES[name]: up(n)
serve(version("iree-base-runtime"), ROWS)
