# tier: all
"""Shardings against XLA's own, which JAX brings: their text, their messages,
the devices of their tiles, and the slices of the devices."""

import ctypes
import os
import random

import oracle

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=16"
oracle.require_jax("sharding")

import jax
from jax._src.lib import xla_client
from jax.sharding import Mesh, NamedSharding, PartitionSpec
import numpy

LIB = oracle.load_library("sharding")
NUM_RANDOM = 400

P, SIZE, OUT = ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_void_p)
INT64 = ctypes.c_int64
DIMS = ctypes.POINTER(INT64)
for name, result, arguments in [
        ("pjrt_sharding_parse", P, [ctypes.c_char_p, SIZE, OUT]),
        ("pjrt_sharding_from_proto", P, [ctypes.c_char_p, SIZE, OUT]),
        ("pjrt_sharding_to_text", P, [P, OUT, P]),
        ("pjrt_sharding_num_devices", SIZE, [P]),
        ("pjrt_sharding_device", INT64, [P, SIZE]),
        ("pjrt_sharding_slice", P, [P, DIMS, SIZE, INT64, DIMS, DIMS]),
        ("pjrt_sharding_free", None, [P])]:
    function = getattr(LIB, name)
    function.restype, function.argtypes = result, arguments


def make(function, data):
    """A sharding, or None where ours refuses it."""
    out = P()
    error = function(data, len(data), ctypes.byref(out))
    if error:
        oracle.error_text(LIB, error)
        return None
    return out


def text_of(sharding):
    out = P()
    assert not LIB.pjrt_sharding_to_text(sharding, ctypes.byref(out), None)
    text = ctypes.string_at(out).decode()
    LIB.pjrt_host_free(out)
    return text


# ---- any shardings -----------------------------------------------------------

FIXED = [
    "{replicated}", "{manual}", "{unknown}", "{maximal device=3}",
    "{replicated shard_as 5}", "{manual shard_like 7}",
    "{devices=[2,2]0,1,2,3 shard_as 1}", "{devices=[3]5,1,7}",
    "{devices=[1,1]<=[1]}", "{devices=[4]<=[2,2]T(0,1)}",
    "{devices=[2,4]<=[2,1,4]T(2,1,0)}",
    "{devices=[2,2,2]<=[8] last_tile_dims={manual}}",
    "{devices=[2,1,2,2]<=[8] last_tile_dims={manual, replicated}}",
    "{devices=[2,2]<=[4] last_tile_dims={replicated}}",
    "{{replicated}, {maximal device=0}, {devices=[2,2]<=[4]}}",
]
REFUSED = [
    "", "{", "replicated", "{replicated",
    "{devices=[]0}", "{devices=2}", "{maximal}",
    "{nonsense}", "{devices=[2,2]<=[2,2]T(0)}",
    "{replicated} {replicated}", "{maximal device=x}",
    "{devices=[2,2]<=[2,2]}", "{devices=[4]<=[4]T(0)}",
]


def random_text(draw):
    """Any tiles of up to 16 devices."""
    tiles = [draw.choice([1, 1, 2, 2, 3, 4])
             for _ in range(draw.randint(1, 4))]
    num = numpy.prod(tiles)
    while num < 2 or num > 16:
        tiles[draw.randrange(len(tiles))] = draw.choice([1, 2])
        num = numpy.prod(tiles)
    text = f"{{devices=[{','.join(map(str, tiles))}]"
    if draw.random() < 0.3:
        devices = draw.sample(range(num), num)
        text += ",".join(map(str, devices))
    else:
        dims = random_dims(draw, int(num))
        order = draw.sample(range(len(dims)), len(dims))
        text += f"<=[{','.join(map(str, dims))}]"
        if len(dims) > 1:
            text += f"T({','.join(map(str, order))})"
    if len(tiles) > 1 and draw.random() < 0.3:
        text += " last_tile_dim_replicate"
    return text + "}"


def random_dims(draw, num):
    """Some whose product it is."""
    dims = []
    while num > 1:
        factor = draw.choice([f for f in range(2, num + 1) if num % f == 0])
        dims.append(factor)
        num //= factor
        if draw.random() < 0.2:
            dims.append(1)
    return dims or [1]


def tiles_of(sharding, copies):
    """The devices of each tile, in any order."""
    num = LIB.pjrt_sharding_num_devices(sharding)
    devices = [LIB.pjrt_sharding_device(sharding, i) for i in range(num)]
    return [sorted(devices[i:i + copies]) for i in range(0, num, copies)]


def tile_problems(text, theirs):
    """XLA reorders what means the same in another order; we need not."""
    ours = make(LIB.pjrt_sharding_parse, text.encode())
    if ours is None:
        yield f"{text} is refused"
        return
    if theirs.is_tiled():
        copies = (theirs.tile_assignment_dimensions()[-1]
                  if theirs.replicate_on_last_tile_dim() else 1)
        devices = list(theirs.tile_assignment_devices())
        wanted = [sorted(devices[i:i + copies])
                  for i in range(0, len(devices), copies)]
        if tiles_of(ours, copies) != wanted:
            yield f"{text}: {tiles_of(ours, copies)}, expected {wanted}"
    LIB.pjrt_sharding_free(ours)


def problems_of(text):
    theirs = xla_client.HloSharding.from_string(text)
    message = theirs.to_proto().SerializeToString()
    for form, ours in [
            ("text", make(LIB.pjrt_sharding_parse, str(theirs).encode())),
            ("message", make(LIB.pjrt_sharding_from_proto, message))]:
        if ours is None:
            yield f"{form} {theirs} is refused"
            continue
        if text_of(ours) != str(theirs):
            yield f"{form} {text}: {text_of(ours)}, expected {theirs}"
        LIB.pjrt_sharding_free(ours)
    if not text.startswith("{{"):
        yield from tile_problems(text, theirs)


def accepted_wrongly(text):
    try:
        xla_client.HloSharding.from_string(text)
        yield f"XLA takes {text!r}"
    except (RuntimeError, ValueError):
        pass
    ours = make(LIB.pjrt_sharding_parse, text.encode())
    if ours is not None:
        yield f"{text!r} is read as {text_of(ours)}"
        LIB.pjrt_sharding_free(ours)


# ---- slices ------------------------------------------------------------------

def our_slice(sharding, shape, device):
    numbers = INT64 * len(shape)
    offsets, sizes = numbers(), numbers()
    error = LIB.pjrt_sharding_slice(sharding, numbers(*shape), len(shape),
                                    device, offsets, sizes)
    assert not error, oracle.error_text(LIB, error)
    return [(o, o + s) for o, s in zip(offsets, sizes)]


def slice_problems(mesh, spec, shape):
    named = NamedSharding(mesh, PartitionSpec(*spec))
    hlo = named._to_xla_hlo_sharding(len(shape))
    if str(hlo).startswith("{mesh"):
        hlo = hlo.v3_to_v2_sharding()
    ours = make(LIB.pjrt_sharding_from_proto,
                hlo.to_proto().SerializeToString())
    for i, device in enumerate(mesh.devices.flat):
        theirs = named.devices_indices_map(shape)[device]
        wanted = [s.indices(n)[:2] for s, n in zip(theirs, shape)]
        got = our_slice(ours, shape, i)
        if got != wanted:
            yield f"{hlo} device {i}: {got}, expected {wanted}"
    LIB.pjrt_sharding_free(ours)


def no(problems):
    problems = list(problems)
    assert not problems, "; ".join(problems[:5])


generator = random.Random(7)
cases = oracle.Cases("sharding")
cases.run("fixed", no, (p for text in FIXED for p in problems_of(text)))
cases.run("random", no, (p for _ in range(NUM_RANDOM)
                         for p in problems_of(random_text(generator))))
cases.run("refused", no, (p for text in REFUSED
                          for p in accepted_wrongly(text)))
cube = Mesh(numpy.array(jax.devices()).reshape(2, 2, 4), ("x", "y", "z"))
SPECS = [("x", "y"), ("z", None), (("x", "z"), "y"), (None, "z"),
         (("z", "x"),), (None, None), ("y", None, ("x", "z"))]
cases.run("slices", no,
          (p for spec in SPECS
           for p in slice_problems(cube, spec, (16, 8, 32)[:len(spec)])))
cases.finish()
