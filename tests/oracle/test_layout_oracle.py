# tier: all
"""Layouts as XLA reads and prints them, by way of JAX: texts of all shapes, and
the numbers in them. What XLA ends the process on is left to the unit tests."""

import ctypes
import itertools
import random

import oracle

oracle.require_jax("layout")

from jaxlib import _hlo

LIB = oracle.load_library("layout")

P, OUT = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
LIST = ctypes.POINTER(ctypes.c_int64)
SIZE = ctypes.c_size_t
SIZE_OUT = ctypes.POINTER(SIZE)
ARRAY = [P, ctypes.c_int, LIST, SIZE]
for name, result, arguments in [
        ("pjrt_layout_parse", P, [ctypes.c_char_p, SIZE, OUT]),
        ("pjrt_layout_to_text", P, [P, OUT, SIZE_OUT]),
        ("pjrt_layout_free", None, [P]),
        ("pjrt_layout_minor_to_major", LIST, [P, SIZE_OUT]),
        ("pjrt_layout_num_tiles", SIZE, [P]),
        ("pjrt_layout_tile", LIST, [P, SIZE, SIZE_OUT]),
        ("pjrt_layout_element_bits", ctypes.c_int64, [P])]:
    function = getattr(LIB, name)
    function.restype, function.argtypes = result, arguments

INVALID_ARGUMENT, UNIMPLEMENTED = 3, 12
RANDOM = random.Random(7)


def parse(text):
    """A layout, or the code of the error."""
    layout = P()
    error = LIB.pjrt_layout_parse(text.encode(), len(text),
                                  ctypes.byref(layout))
    if not error:
        return layout, None
    code = LIB.pjrt_error_code(error)
    LIB.pjrt_error_free(error)
    return None, code


def text_of(layout):
    text, size = P(), SIZE()
    error = LIB.pjrt_layout_to_text(layout, ctypes.byref(text),
                                    ctypes.byref(size))
    assert not error, oracle.error_text(LIB, error)
    result = ctypes.string_at(text, size.value).decode()
    LIB.pjrt_host_free(text)
    return result


def listed(function, *arguments):
    num = SIZE()
    numbers = function(*arguments, ctypes.byref(num))
    return tuple(numbers[i] for i in range(num.value))


def theirs(text, rank):
    """What XLA makes of a layout of f32[2,2,...], which takes no {}."""
    dims = ",".join(["2"] * rank)
    return _hlo.Shape(f"f32[{dims}]{text if rank else ''}").layout()


def same(text, rank):
    layout, code = parse(text)
    assert code is None, f"{text}: refused with {code}"
    other = theirs(text, rank)
    assert text_of(layout) == other.to_string(), (
        f"{text}: {text_of(layout)}, and {other.to_string()} of XLA")
    assert listed(LIB.pjrt_layout_minor_to_major,
                  layout) == other.minor_to_major(), text
    tiles = [listed(LIB.pjrt_layout_tile, layout, i)
             for i in range(LIB.pjrt_layout_num_tiles(layout))]
    assert tiles == list(other.tiling()), text
    assert (LIB.pjrt_layout_element_bits(layout) ==
            other.element_size_in_bits()), text
    LIB.pjrt_layout_free(layout)


def orders():
    same("{}", 0)
    for rank in range(1, 5):
        for order in itertools.permutations(range(rank)):
            same("{" + ",".join(map(str, order)) + "}", rank)


def some_tile():
    tile = [RANDOM.choice("* 1 2 8 128 1024".split())
            for _ in range(RANDOM.randrange(3))]
    return "(" + ",".join(tile + [RANDOM.choice("2 4 128".split())]) + ")"


def some_parts():
    tiles = "".join(some_tile() for _ in range(RANDOM.randrange(4)))
    parts = "T" + tiles if tiles else ""
    for letter, numbers in (("L", (1, 2, 1024)), ("E", (0, 4, 32)),
                            ("S", (0, 1, 5)), ("M", (0, 64))):
        if RANDOM.random() < 0.4:
            parts += f"{letter}({RANDOM.choice(numbers)})"
    return ":" + parts if parts else ""


def parts():
    for _ in range(1000):
        rank = RANDOM.randrange(1, 5)
        order = RANDOM.sample(range(rank), rank)
        same("{" + ",".join(map(str, order)) + some_parts() + "}", rank)


def named():
    """XLA reads and prints these; we say that we do not."""
    for text in ("{1,0:#(u32)}", "{1,0:*(u32)}", "{1,0:SC(0:1)}"):
        assert theirs(text, 2).to_string() == text, text
        assert parse(text)[1] == UNIMPLEMENTED, text
    theirs("{1,0:D(D,C)}", 2)  # which it drops by now
    assert parse("{1,0:D(D,C)}")[1] == UNIMPLEMENTED


def refused_by_both():
    for text in ("{1,0:S(1)E(4)}", "{1,0:Q(1)}", "{1,0", "{1,0,}",
                 "{1,0:T(8,128)T(2,1)}", "{1,0:E(4)E(4)}", "{1,0:T(x)}"):
        try:
            theirs(text, 2)
        except Exception:
            pass
        else:
            raise AssertionError(f"{text}: XLA reads it")
        assert parse(text)[1] == INVALID_ARGUMENT, text


def stricter():
    """XLA reads these, and prints some of them as nothing that it means."""
    for text in ("{1, 0}", "{1,1}", "{2,0}", "{1,0:}", "{1,0:T}", "{1,0:T()}",
                 "{1,0:T(0)}", "{1,0:T(8,*)}", "{1,0:T(8,128}"):
        theirs(text, 2)
        assert parse(text)[1] == INVALID_ARGUMENT, text


def main():
    cases = oracle.Cases("layout")
    for case in (orders, parts, named, refused_by_both, stricter):
        cases.run(case.__name__, case)
    cases.finish()


main()
