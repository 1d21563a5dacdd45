"""JAX as a peer: its own CPU client, or, with a plugin that is not "", the
plugin through PJRT_NAMES_AND_LIBRARY_PATHS. Its programs are the same in
Python, not the same text."""
import os

from adapter import PLUGIN, SIZES, Absent, expect, serve

if PLUGIN:
    os.environ["PJRT_NAMES_AND_LIBRARY_PATHS"] = f"bench:{PLUGIN}"
    os.environ["JAX_PLATFORMS"] = "bench"
else:
    os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402: reads the variables above
import numpy as np  # noqa: E402

IN_FLIGHT = 8


def add_around(*args):
    return [a + b for a, b in zip(args, args[1:] + args[:1])]


def launcher(num_args):
    """A call that starts the program on arguments that are there already."""
    program = jax.jit(add_around if num_args != 2 else lambda a, b: [a + b])
    args = [jax.device_put(np.float32(i + 1)) for i in range(num_args)]
    jax.block_until_ready(args)
    return lambda: program(*args)


def execute(num_args):
    launch = launcher(num_args)
    return lambda: jax.block_until_ready(launch())


def in_flight():
    launch = launcher(2)
    return lambda: jax.block_until_ready([launch() for _ in range(IN_FLIGHT)])


def round_trip():
    program = jax.jit(lambda a: a + a)
    value = np.zeros((), np.float32)

    def operation():
        nonlocal value
        value = value + np.float32(1)
        expect(np.asarray(program(value)), 2 * value)
    return operation


def up(num):
    values = np.zeros(num, np.float32)
    return lambda: jax.device_put(values).block_until_ready()


def down():
    raise Absent("keeps the host's copy, so that a second download is none")


ROWS = {"execute: await": lambda: execute(2),
        "execute: not waited for": lambda: launcher(2),
        "execute: 8 in flight": in_flight,
        "execute: 100 inputs, 100 outputs": lambda: execute(100),
        "round trip: 4 B": round_trip}
for name in ("4 KB", "1 MB", "64 MB"):
    ROWS[f"upload: {name}"] = lambda n=SIZES[name]: up(n)
    ROWS[f"download: {name}"] = down
serve(jax.__version__, ROWS)
