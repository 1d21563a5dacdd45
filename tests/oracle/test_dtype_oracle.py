# tier: all
"""Element types against numpy and ml_dtypes, every bit pattern of up to 16
bits in both directions.

Floats are rounded once. ml_dtypes rounds a double to most of its types by way
of float32, that is, twice. So it is the oracle for doubles that are float32
values, ties and overflow among them; for the others the nearest of the values
that it decodes is expected, found here with exact comparisons."""

import ctypes
import sys

import oracle

oracle.require_numpy("dtype")

import ml_dtypes
import numpy as np

LIB = oracle.load_library("dtype")

FLOATS = {
    "f16": np.float16, "bf16": ml_dtypes.bfloat16,
    "f8e5m2": ml_dtypes.float8_e5m2, "f8e4m3fn": ml_dtypes.float8_e4m3fn,
    "f8e4m3b11fnuz": ml_dtypes.float8_e4m3b11fnuz,
    "f8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
    "f8e4m3fnuz": ml_dtypes.float8_e4m3fnuz, "f8e4m3": ml_dtypes.float8_e4m3,
    "f8e3m4": ml_dtypes.float8_e3m4, "f8e8m0fnu": ml_dtypes.float8_e8m0fnu,
    "f4e2m1fn": ml_dtypes.float4_e2m1fn, "f6e2m3fn": ml_dtypes.float6_e2m3fn,
    "f6e3m2fn": ml_dtypes.float6_e3m2fn,
}
INTS = {
    "pred": np.bool_, "s8": np.int8, "s16": np.int16, "u8": np.uint8,
    "u16": np.uint16, "s4": ml_dtypes.int4, "u4": ml_dtypes.uint4,
    "s2": ml_dtypes.int2, "u2": ml_dtypes.uint2, "s1": ml_dtypes.int1,
    "u1": ml_dtypes.uint1,
}
WIDE = {
    "s32": np.int32, "s64": np.int64, "u32": np.uint32, "u64": np.uint64,
    "f32": np.float32, "f64": np.float64,
}
BITS = {"pred": 1, "s4": 4, "u4": 4, "s2": 2, "u2": 2, "s1": 1, "u1": 1,
        "f4e2m1fn": 4, "f6e2m3fn": 6, "f6e3m2fn": 6}


def number_of(name):
    number = ctypes.c_int(0)
    error = LIB.pjrt_dtype_parse(name.encode(), len(name),
                                 ctypes.byref(number))
    assert not error, oracle.error_text(LIB, error)
    return number.value


def to_double(dtype, element):
    out = ctypes.c_double()
    error = LIB.pjrt_dtype_to_double(dtype, element, ctypes.byref(out))
    assert not error, oracle.error_text(LIB, error)
    return out.value


def all_to_double(dtype, array):
    base, step = array.ctypes.data, array.itemsize
    return np.array([to_double(dtype, base + i * step)
                     for i in range(array.size)], np.float64)


def all_from_double(dtype, values, storage):
    out = np.zeros(len(values), storage)
    base, step = out.ctypes.data, out.itemsize
    for i, value in enumerate(values):
        error = LIB.pjrt_dtype_from_double(dtype, value, base + i * step)
        assert not error, oracle.error_text(LIB, error)
    return out


def storage_of(oracle_type):
    return {1: np.uint8, 2: np.uint16}[np.dtype(oracle_type).itemsize]


def all_codes(name, oracle_type):
    storage = storage_of(oracle_type)
    bits = BITS.get(name, 8 * np.dtype(storage).itemsize)
    return np.arange(1 << bits).astype(storage)


def same(a, b):
    """Equal bit for bit, but for the payload of NaNs."""
    return (np.isnan(a) & np.isnan(b)) | (a.view(np.uint64) == b.view(np.uint64))


def check_same(what, got, expected, inputs):
    right = same(got, expected) if got.dtype == np.float64 else got == expected
    wrong = np.flatnonzero(~right)
    assert not wrong.size, (
        f"{what}: {wrong.size} of {right.size} differ, first for "
        f"{inputs[wrong[0]]!r}: got {got[wrong[0]]!r}, "
        f"expected {expected[wrong[0]]!r}")


def check_names(name, oracle_type):
    number = number_of(name)
    assert LIB.pjrt_dtype_name(number).decode() == name
    official = np.dtype(oracle_type).name
    for spelling in (official, official.upper()):
        assert number_of(spelling) == number, f"{spelling} is another type"


def check_decode(name, oracle_type):
    codes = all_codes(name, oracle_type)
    with np.errstate(all="ignore"):
        expected = codes.view(oracle_type).astype(np.float64)
    check_same("to_double", all_to_double(number_of(name), codes), expected,
               codes)


def check_round_trip(name, oracle_type):
    """Decoding and encoding again gives the same code, NaNs a NaN."""
    codes = all_codes(name, oracle_type)
    values = all_to_double(number_of(name), codes)
    got = all_from_double(number_of(name), values, codes.dtype)
    number = ~np.isnan(values)
    check_same("round trip", got[number], codes[number], codes[number])
    with np.errstate(all="ignore"):
        expected = values[~number].astype(oracle_type).view(codes.dtype)
    check_same("NaN", got[~number], expected, codes[~number])


def float_inputs(name, oracle_type):
    """Every value, what lies halfway between two of them, the doubles next to
    those, what overflows, and random numbers of all magnitudes."""
    with np.errstate(all="ignore"):
        values = all_codes(name, oracle_type).view(oracle_type)
        values = np.unique(values.astype(np.float64))
    values = values[np.isfinite(values)]
    middles = (values[:-1] + values[1:]) / 2
    top = values[-1]
    step = top if values[0] > 0 else top - values[-2]
    beyond = top + step * np.array([0.25, 0.5, 0.75, 1, 1.5, 2, 1000])
    ties = np.concatenate([values, middles, beyond, -beyond])
    rng = np.random.default_rng(7)
    random = np.ldexp(rng.uniform(-1, 1, 20000), rng.integers(-160, 140, 20000))
    special = [np.inf, -np.inf, np.nan, -np.nan, 0.0, -0.0, 5e-324, -5e-324,
               np.finfo(np.float64).max, -np.finfo(np.float64).max]
    return np.concatenate([ties, np.nextafter(ties, np.inf),
                           np.nextafter(ties, -np.inf), random, special])


def nearest(oracle_type, codes, x):
    """The code of the value nearest to each x that is not a tie; what lies
    beyond the largest value by more than half a step is as infinity."""
    with np.errstate(all="ignore"):
        values = codes.view(oracle_type).astype(np.float64)
        overflow = np.copysign(np.inf, x).astype(oracle_type)
        zero = np.copysign(0.0, x).astype(oracle_type)
    finite = np.isfinite(values) & ~((values == 0) & np.signbit(values))
    order = np.argsort(values[finite])
    values, codes = values[finite][order], codes[finite][order]
    # The halves below are exact: both neighbours have few bits.
    above = np.clip(np.searchsorted(values, x), 1, len(values) - 1)
    nearer = np.where(x > (values[above - 1] + values[above]) / 2, above,
                      above - 1)
    code = np.where(values[nearer] == 0, zero.view(codes.dtype), codes[nearer])
    top = values[-1]
    step = top if values[0] > 0 else top - values[-2]
    code = np.where(np.abs(x) > top + step / 2, overflow.view(codes.dtype),
                    code)
    # A type without zero has no sign either, and nothing for x below 0.
    return np.where((values[0] > 0) & (x < 0), zero.view(codes.dtype), code)


def check_encode(name, oracle_type):
    codes = all_codes(name, oracle_type)
    x = float_inputs(name, oracle_type)
    with np.errstate(all="ignore"):
        expected = x.astype(oracle_type).view(codes.dtype)
        by_oracle = (x.astype(np.float32) == x) | np.isnan(x)
    if name == "f16":
        by_oracle[:] = True  # numpy rounds doubles to this type at once
    expected = np.where(by_oracle, expected, nearest(oracle_type, codes, x))
    got = all_from_double(number_of(name), x, codes.dtype)
    check_same("from_double", got, expected, x)


def check_ints(name, oracle_type):
    number = number_of(name)
    codes = all_codes(name, oracle_type)
    expected = codes.view(oracle_type).astype(np.int64)
    got = np.zeros(codes.size, np.int64)
    back = np.zeros(codes.size, codes.dtype)
    for i in range(codes.size):
        out = ctypes.c_int64()
        error = LIB.pjrt_dtype_to_int64(
            number, codes.ctypes.data + i * codes.itemsize, ctypes.byref(out))
        assert not error, oracle.error_text(LIB, error)
        got[i] = out.value
        error = LIB.pjrt_dtype_from_int64(
            number, out.value, back.ctypes.data + i * codes.itemsize)
        assert not error, oracle.error_text(LIB, error)
    check_same("to_int64", got, expected, codes)
    check_same("from_int64", back, codes, codes)
    scratch = ctypes.c_uint16()
    for value in (int(expected.min()) - 1, int(expected.max()) + 1):
        error = LIB.pjrt_dtype_from_int64(number, value,
                                          ctypes.byref(scratch))
        assert error, f"{value} was stored as {name}"
        oracle.error_text(LIB, error)


def check_int64_to_float(name, oracle_type):
    """Rounding an int64 at once; the oracle is the nearest value, by way of
    Python's exact integers for the ones that a double cannot hold."""
    number = number_of(name)
    rng = np.random.default_rng(3)
    x = rng.integers(-2**63, 2**63 - 1, 4000) >> rng.integers(0, 60, 4000)
    storage = {2: np.uint16, 1: np.uint8, 4: np.uint32, 8: np.uint64}[
        np.dtype(oracle_type).itemsize]
    got = np.zeros(1, storage)
    for value in x.tolist() + [2**24 + 1, 2**53 + 1, 2**62 + 2**38 + 1]:
        error = LIB.pjrt_dtype_from_int64(number, value, got.ctypes.data)
        assert not error, oracle.error_text(LIB, error)
        with np.errstate(all="ignore"):
            near = np.array([value]).astype(np.float64).astype(oracle_type)
            got_value = float(got.view(oracle_type)[0])
            if not np.isfinite(near.astype(np.float64)[0]):
                assert near.view(storage)[0] == got[0], value
                continue
            around = [int(float(v)) for v in neighbours(near, storage)
                      if np.isfinite(float(v))]
        best = min(abs(v - value) for v in around)
        assert abs(int(got_value) - value) == best, (
            f"{value}: got {got_value}, expected within {best}")


def neighbours(near, storage):
    """The value itself and the codes around it."""
    code = int(near.view(storage)[0])
    for c in (code - 1, code, code + 1):
        if 0 <= c <= np.iinfo(storage).max:
            yield np.array([c], storage).view(near.dtype)[0]


def check_wide(name, oracle_type):
    """Random elements of the types with too many codes to try them all."""
    number = number_of(name)
    rng = np.random.default_rng(5)
    dtype = np.dtype(oracle_type)
    raw = rng.integers(0, 256, 20000 * dtype.itemsize).astype(np.uint8)
    elements = raw.view(dtype)
    with np.errstate(all="ignore"):
        expected = elements.astype(np.float64)
        check_same("to_double", all_to_double(number, elements), expected,
                   elements)
        if dtype.kind != "f":
            return
        x = np.concatenate([expected, np.nextafter(expected, 0),
                            rng.normal(size=5000) * 1e-40,
                            [np.inf, -np.inf, 0.0, -0.0, 1e39, -1e39, 2**-149,
                             2**-150, 3 * 2**-150]])
        x = x[~np.isnan(x)]
        got = all_from_double(number, x, dtype)
        check_same("from_double", got.astype(np.float64),
                   x.astype(dtype).astype(np.float64), x)


def check_saturation(name, oracle_type):
    number = number_of(name)
    if name in ("s64", "u64", "s32", "u32"):
        info = np.iinfo(oracle_type)
        low, high = int(info.min), int(info.max)
    else:
        values = all_codes(name, oracle_type).view(oracle_type)
        low = int(values.astype(np.int64).min())
        high = int(values.astype(np.int64).max())
    storage = np.dtype(oracle_type)
    inputs = [-np.inf, -1e300, low - 0.75, low, -0.75, 0.75, np.nan, high + 0.5,
              1e300, np.inf, 2.0**63, 2.0**64, -2.0**63]
    got = all_from_double(number, inputs, f"V{storage.itemsize}")
    for x, element in zip(inputs, got.view(storage)):
        exact = 0 if np.isnan(x) else max(low, min(high, x))
        assert int(element) == int(exact), f"{x}: got {int(element)}"


def check_complex(name, part):
    number = number_of(name)
    values = [1.5, -0.0, np.inf, np.nan, 1e-40, 1e300]
    for real in values:
        for imag in values:
            out = np.zeros(2, part)
            error = LIB.pjrt_dtype_from_complex(number, real, imag,
                                                out.ctypes.data)
            assert not error, oracle.error_text(LIB, error)
            with np.errstate(all="ignore"):
                expected = np.array([real, imag]).astype(part)
            got = [ctypes.c_double(), ctypes.c_double()]
            error = LIB.pjrt_dtype_to_complex(
                number, out.ctypes.data, ctypes.byref(got[0]),
                ctypes.byref(got[1]))
            assert not error, oracle.error_text(LIB, error)
            check_same("complex", np.array([g.value for g in got]),
                       expected.astype(np.float64), [real, imag])


def main():
    cases = oracle.Cases("dtype")
    for name, oracle_type in FLOATS.items():
        cases.run(f"{name}_names", check_names, name, oracle_type)
        cases.run(f"{name}_decode", check_decode, name, oracle_type)
        cases.run(f"{name}_round_trip", check_round_trip, name, oracle_type)
        cases.run(f"{name}_encode", check_encode, name, oracle_type)
    for name in ("f16", "bf16", "f8e5m2"):
        cases.run(f"{name}_from_int64", check_int64_to_float, name,
                  FLOATS[name])
    for name in ("f32", "f64"):
        cases.run(f"{name}_from_int64", check_int64_to_float, name, WIDE[name])
    for name, oracle_type in INTS.items():
        cases.run(f"{name}_names", check_names, name, oracle_type)
        cases.run(f"{name}_decode", check_decode, name, oracle_type)
        cases.run(f"{name}_int64", check_ints, name, oracle_type)
        if name != "pred":
            cases.run(f"{name}_saturation", check_saturation, name, oracle_type)
    for name, oracle_type in WIDE.items():
        cases.run(f"{name}_names", check_names, name, oracle_type)
        cases.run(f"{name}_random", check_wide, name, oracle_type)
        if name[0] != "f":
            cases.run(f"{name}_saturation", check_saturation, name, oracle_type)
    for name, part in (("c64", np.float32), ("c128", np.float64)):
        cases.run(f"{name}_parts", check_complex, name, part)
    cases.finish()


if __name__ == "__main__":
    main()
