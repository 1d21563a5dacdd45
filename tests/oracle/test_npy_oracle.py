# tier: all
"""Files in .npy form against numpy: what it writes we read, what we write it
reads, and both write the same bytes."""

import ctypes
import os
import tempfile

import oracle

oracle.require_numpy("npy")

import ml_dtypes
import numpy as np

LIB = oracle.load_library("npy")

NUMPY_TYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16",
               "uint32", "uint64", "float16", "float32", "float64", "complex64",
               "complex128"]
ML_TYPES = ["bfloat16", "float8_e5m2", "float8_e4m3fn", "float8_e4m3b11fnuz",
            "float8_e5m2fnuz", "float8_e4m3fnuz", "float8_e4m3", "float8_e3m4",
            "float8_e8m0fnu", "float4_e2m1fn", "float6_e2m3fn",
            "float6_e3m2fn", "int4", "uint4", "int2", "uint2", "int1", "uint1"]
SHAPES = [(), (1,), (5,), (0,), (2, 3), (3, 0, 2), (2, 3, 4), (1, 1, 7, 1)]


class NpyOpts(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("dtype", ctypes.c_int)]


def number_of(name):
    number = ctypes.c_int(0)
    error = LIB.pjrt_dtype_parse(name.encode(), len(name),
                                 ctypes.byref(number))
    assert not error, oracle.error_text(LIB, error)
    return number.value


def numpy_type(name):
    return np.dtype(getattr(ml_dtypes, name, None) or name)


def sample(name, shape):
    """Different bytes everywhere, that are valid elements of every type."""
    dtype = numpy_type(name)
    count = int(np.prod(shape))
    raw = np.arange(count * dtype.itemsize, dtype=np.uint8) % 2
    return raw.view(dtype).reshape(shape)


def read(path, name):
    """The dense bytes, dimensions and strides of a file."""
    opts = NpyOpts()
    LIB.pjrt_npy_opts_init(ctypes.byref(opts))
    opts.dtype = number_of(name)
    array = ctypes.c_void_p()
    error = LIB.pjrt_npy_read(path.encode(), len(path.encode()),
                              ctypes.byref(opts), ctypes.byref(array))
    assert not error, oracle.error_text(LIB, error)
    num = ctypes.c_size_t()
    dims = LIB.pjrt_array_dims(array, ctypes.byref(num))
    shape = tuple(dims[i] for i in range(num.value))
    strides = LIB.pjrt_array_byte_strides(array, None)
    strides = tuple(strides[i] for i in range(num.value))
    assert LIB.pjrt_array_dtype(array) == opts.dtype
    copy = ctypes.c_void_p()
    error = LIB.pjrt_array_copy(array, ctypes.byref(copy))
    assert not error, oracle.error_text(LIB, error)
    data = ctypes.string_at(LIB.pjrt_array_data(copy),
                            LIB.pjrt_array_size(copy))
    LIB.pjrt_array_free(copy)
    LIB.pjrt_array_free(array)
    return data, shape, strides


def write(path, array, name):
    dims = (ctypes.c_int64 * array.ndim)(*array.shape)
    strides = (ctypes.c_int64 * array.ndim)(*array.strides)
    wrapped = ctypes.c_void_p()
    error = LIB.pjrt_array_wrap(number_of(name), dims, array.ndim, strides,
                                array.ctypes.data, None, None,
                                ctypes.byref(wrapped))
    assert not error, oracle.error_text(LIB, error)
    error = LIB.pjrt_npy_write(path.encode(), len(path.encode()), wrapped)
    LIB.pjrt_array_free(wrapped)
    assert not error, oracle.error_text(LIB, error)


def check_read(folder, name):
    path = os.path.join(folder, "read.npy")
    for shape in SHAPES:
        for order in "CF":
            array = np.array(sample(name, shape), order=order)
            np.save(path, array)
            data, got_shape, strides = read(path, name)
            assert got_shape == shape, f"{got_shape} instead of {shape}"
            assert data == array.tobytes("C"), f"other data for {shape} {order}"
            written = "C" if array.flags.c_contiguous else "F"
            expected = np.empty(shape, array.dtype, order=written).strides
            assert strides == expected or not array.size, (
                f"{shape} {order}: strides {strides}, expected {expected}")


def check_write(folder, name):
    ours = os.path.join(folder, "ours.npy")
    theirs = os.path.join(folder, "theirs.npy")
    for shape in SHAPES:
        array = sample(name, shape)
        write(ours, array, name)
        back = np.load(ours, allow_pickle=False)
        assert back.shape == shape and back.tobytes() == array.tobytes()
        if name == "float8_e5m2":
            continue  # numpy cannot read what ml_dtypes makes it write
        np.save(theirs, array)
        with open(ours, "rb") as a, open(theirs, "rb") as b:
            assert a.read() == b.read(), f"other bytes for {shape}"


def check_strides(folder):
    """Transposed, reversed, stepped and broadcast arrays are written dense."""
    path = os.path.join(folder, "strided.npy")
    base = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    for array in (base.T, base[::-1], base[:, ::2, 1:], base[..., -1],
                  np.broadcast_to(base[0], (2, 4, 5)), base[1:1]):
        write(path, array, "float32")
        back = np.load(path, allow_pickle=False)
        assert back.shape == array.shape
        assert np.array_equal(back, array)


def check_versions(folder):
    path = os.path.join(folder, "version.npy")
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    for version in ((1, 0), (2, 0), (3, 0)):
        with open(path, "wb") as file:
            np.lib.format.write_array(file, array, version=version)
        data, shape, _ = read(path, "int32")
        assert shape == (2, 3) and data == array.tobytes()


def check_refused(folder):
    """What numpy can write and no array of ours can hold."""
    path = os.path.join(folder, "refused.npy")
    opts = NpyOpts()
    LIB.pjrt_npy_opts_init(ctypes.byref(opts))
    for array, reason in (
            (np.arange(3, dtype=">f4"), "big-endian"),
            (np.array([{}, None], dtype=object), "Python objects"),
            (np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]), "structure"),
            (np.array(["text"]), "'<U4'"), (np.array([b"text"]), "'|S4'"),
            (np.array(["2024-01-01"], dtype="datetime64[D]"), "'<M8[D]'"),
            (np.zeros(2, np.longdouble), "'<f16'"),
            (np.zeros(2, ml_dtypes.bfloat16), "names no element type")):
        np.save(path, array, allow_pickle=True)
        out = ctypes.c_void_p()
        error = LIB.pjrt_npy_read(path.encode(), len(path.encode()),
                                  ctypes.byref(opts), ctypes.byref(out))
        message = oracle.error_text(LIB, error)
        assert message and reason in message and path in message, (
            f"{array.dtype}: got {message!r}, expected it to say {reason!r}")
        assert not out


def main():
    cases = oracle.Cases("npy")
    with tempfile.TemporaryDirectory() as folder:
        for name in NUMPY_TYPES + ML_TYPES:
            cases.run(f"{name}_read", check_read, folder, name)
            cases.run(f"{name}_write", check_write, folder, name)
        cases.run("strides", check_strides, folder)
        cases.run("versions", check_versions, folder)
        cases.run("refused", check_refused, folder)
    cases.finish()


if __name__ == "__main__":
    main()
