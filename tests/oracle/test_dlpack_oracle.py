# tier: all
"""DLPack with NumPy, JAX and PyTorch in one process: what they export becomes a
buffer, and what a buffer exports becomes theirs, without a copy where there can
be none. PyTorch is Debian's: no package for Python has it for CPUs alone."""

import ctypes
import os
import sys

import oracle

NEVER, IF_NEEDED, ALWAYS = 1, 0, 2
INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED = 3, 9, 12


def skip(reason):
    print(f"skip dlpack: {reason}")
    sys.exit(0)


oracle.require_jax("dlpack")

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

PLUGIN = os.environ.get("PJRT_TEST_PLUGIN_CPU")
if not PLUGIN:
    skip("PJRT_TEST_PLUGIN_CPU is not set")
LIB = oracle.load_library("dlpack")

P, OUT = ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)
for name, result, arguments in [
        ("pjrt_plugin_open", P, [ctypes.c_char_p, ctypes.c_size_t, P, OUT]),
        ("pjrt_plugin_free", None, [P]),
        ("pjrt_client_create", P, [P, P, OUT]),
        ("pjrt_client_free", None, [P]),
        ("pjrt_client_device", P, [P, ctypes.c_size_t]),
        ("pjrt_buffer_from_host", P,
         [P, ctypes.c_int, P, ctypes.c_size_t, P, ctypes.c_size_t, OUT]),
        ("pjrt_buffer_to_host", P, [P, P, ctypes.c_size_t]),
        ("pjrt_buffer_host_size", ctypes.c_size_t, [P]),
        ("pjrt_buffer_dtype", ctypes.c_int, [P]),
        ("pjrt_buffer_delete", P, [P]),
        ("pjrt_buffer_map", P, [P, OUT, P]),
        ("pjrt_buffer_unmap", P, [P]),
        ("pjrt_buffer_free", None, [P]),
        ("pjrt_buffer_from_dlpack", P, [P, P, ctypes.c_int, OUT]),
        ("pjrt_buffer_from_dlpack_unversioned", P, [P, P, ctypes.c_int, OUT]),
        ("pjrt_buffer_to_dlpack", P, [P, ctypes.c_int, OUT]),
        ("pjrt_buffer_to_dlpack_unversioned", P, [P, ctypes.c_int, OUT])]:
    function = getattr(LIB, name)
    function.restype, function.argtypes = result, arguments

# ---- capsules ---------------------------------------------------------------

API = ctypes.pythonapi
API.PyCapsule_GetPointer.restype = P
API.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
API.PyCapsule_IsValid.argtypes = [ctypes.py_object, ctypes.c_char_p]
API.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]
API.PyCapsule_New.restype = ctypes.py_object
API.PyCapsule_New.argtypes = [P, ctypes.c_char_p, P]
# A capsule keeps the pointer to its name.
NAMES = {True: (b"dltensor_versioned", b"used_dltensor_versioned"),
         False: (b"dltensor", b"used_dltensor")}


class Exported:
    """What a consumer asks for a capsule; its deleter is the consumer's."""

    def __init__(self, tensor, versioned):
        self.tensor, self.versioned = tensor, versioned

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **_):
        return API.PyCapsule_New(self.tensor, NAMES[self.versioned][0], None)

    def delete(self):
        """For a tensor that its consumer refused."""
        # The deleter lies behind the tensor and the context, or, in newer
        # ones, behind the version and the context.
        at = self.tensor.value + (16 if self.versioned else 56)
        deleter = ctypes.cast(at, ctypes.POINTER(
            ctypes.CFUNCTYPE(None, P)))[0]
        deleter(self.tensor)


# ---- the library ------------------------------------------------------------

def ok(error):
    assert not error, oracle.error_text(LIB, error)


def refused(error, code):
    assert error and LIB.pjrt_error_code(error) == code, (
        oracle.error_text(LIB, error))
    LIB.pjrt_error_free(error)


def opened():
    plugin, client = P(), P()
    ok(LIB.pjrt_plugin_open(PLUGIN.encode(), len(PLUGIN.encode()), None,
                            ctypes.byref(plugin)))
    ok(LIB.pjrt_client_create(plugin, None, ctypes.byref(client)))
    LIB.pjrt_plugin_free(plugin)
    return client


CLIENT = opened()
DEVICE = LIB.pjrt_client_device(CLIENT, 0)


def take(array, copy=IF_NEEDED, versioned=True):
    """A buffer of an array of another library's, and the error."""
    try:
        capsule = array.__dlpack__(
            **({"max_version": (1, 1)} if versioned else {}))
    except TypeError:  # a producer from before there were versions
        capsule = array.__dlpack__()
    versioned = bool(API.PyCapsule_IsValid(capsule, NAMES[True][0]))
    old, used = NAMES[versioned]
    tensor = API.PyCapsule_GetPointer(capsule, old)
    API.PyCapsule_SetName(capsule, used)
    buffer = P()
    function = (LIB.pjrt_buffer_from_dlpack if versioned else
                LIB.pjrt_buffer_from_dlpack_unversioned)
    return buffer, function(DEVICE, tensor, copy, ctypes.byref(buffer))


def give(buffer, copy=IF_NEEDED, versioned=True):
    tensor = P()
    function = (LIB.pjrt_buffer_to_dlpack if versioned else
                LIB.pjrt_buffer_to_dlpack_unversioned)
    ok(function(buffer, copy, ctypes.byref(tensor)))
    return Exported(tensor, versioned)


def contents(buffer):
    size = LIB.pjrt_buffer_host_size(buffer)
    data = ctypes.create_string_buffer(max(size, 1))
    ok(LIB.pjrt_buffer_to_host(buffer, data, size))
    return data.raw[:size]


def address(buffer):
    data = P()
    ok(LIB.pjrt_buffer_map(buffer, ctypes.byref(data), None))
    ok(LIB.pjrt_buffer_unmap(buffer))
    return data.value


def number_of(name):
    number = ctypes.c_int(0)
    ok(LIB.pjrt_dtype_parse(name.encode(), len(name), ctypes.byref(number)))
    return number.value


def upload(array):
    """A copy: a buffer of the plugin's own memory."""
    array = np.array(array, order="C")
    dims = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
    buffer = P()
    ok(LIB.pjrt_buffer_from_host(
        DEVICE, number_of(array.dtype.name), dims, array.ndim,
        array.ctypes.data, array.nbytes, ctypes.byref(buffer)))
    return buffer


# ---- samples ----------------------------------------------------------------

NUMPY_TYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16",
               "uint32", "uint64", "float16", "float32", "float64",
               "complex64", "complex128"]
JAX_TYPES = ["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32",
             "float16", "float32", "bfloat16", "complex64"]
SHAPES = [(), (5,), (0,), (2, 3), (3, 0, 2), (2, 3, 4)]


def sample(name, shape):
    dtype = np.dtype(getattr(ml_dtypes, name, None) or name)
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)


def aligned(shape):
    """f32 on a boundary of 64 bytes, where a buffer can take it as it is."""
    count = int(np.prod(shape))
    raw = np.empty(count * 4 + 64, np.uint8)
    start = -raw.ctypes.data % 64
    array = raw[start:start + count * 4].view(np.float32).reshape(shape)
    array[...] = np.arange(count).reshape(shape)
    return array


# ---- in ---------------------------------------------------------------------

def check_in(name, array, expected, **how):
    buffer, error = take(array, **how)
    ok(error)
    assert LIB.pjrt_buffer_dtype(buffer) == number_of(name), name
    assert contents(buffer) == expected, f"{name}: other contents"
    LIB.pjrt_buffer_free(buffer)


def numpy_in():
    for name in NUMPY_TYPES:
        for shape in SHAPES:
            array = sample(name, shape)
            for versioned in (True, False):
                check_in(name, array, array.tobytes(), versioned=versioned)
                check_in(name, array, array.tobytes(), versioned=versioned,
                         copy=ALWAYS)


def numpy_strides_in():
    base = sample("float32", (3, 4, 5))
    for array in (base.T, base[::-1], base[:, ::2, 1:], base[..., -1],
                  np.broadcast_to(base[0], (2, 4, 5)), base[1:1]):
        check_in("float32", array, array.tobytes("C"))


def numpy_in_place():
    array = aligned((16, 16))
    count = sys.getrefcount(array)
    buffer, error = take(array, copy=NEVER)
    ok(error)
    assert address(buffer) == array.ctypes.data, "copied"
    assert sys.getrefcount(array) > count, "the array could go"
    LIB.pjrt_buffer_free(buffer)
    assert sys.getrefcount(array) == count, "the array cannot go"
    for other in (array.T, array.reshape(-1)[1:]):
        buffer, error = take(other, copy=NEVER)
        refused(error, FAILED_PRECONDITION)
        assert not buffer


def numpy_read_only_in():
    array = aligned((4, 4))
    array.flags.writeable = False
    check_in("float32", array, array.tobytes(), copy=NEVER)


def jax_in():
    for name in JAX_TYPES:
        for shape in SHAPES:
            array = jnp.asarray(sample(name, shape))
            check_in(name, array, np.asarray(array).tobytes())


# ---- out --------------------------------------------------------------------

def numpy_out():
    for name in NUMPY_TYPES:
        for shape in SHAPES:
            array = sample(name, shape)
            for versioned in (True, False):
                for copy in (IF_NEEDED, ALWAYS):
                    buffer = upload(array)
                    back = np.from_dlpack(give(buffer, copy, versioned))
                    LIB.pjrt_buffer_free(buffer)
                    assert back.dtype == array.dtype and back.shape == shape
                    assert back.tobytes() == array.tobytes(), name


def numpy_out_in_place():
    """The array is the buffer's memory: it keeps it, and cannot be written."""
    array = aligned((16, 16))
    buffer = upload(array)
    back = np.from_dlpack(give(buffer, NEVER))
    assert back.ctypes.data == address(buffer), "copied"
    assert not back.flags.writeable
    refused(LIB.pjrt_buffer_delete(buffer), FAILED_PRECONDITION)
    LIB.pjrt_buffer_free(buffer)
    assert np.array_equal(back, array)
    del back


def numpy_out_copied():
    buffer = upload(aligned((4, 4)))
    back = np.from_dlpack(give(buffer, ALWAYS))
    assert back.flags.writeable and back.ctypes.data != address(buffer)
    ok(LIB.pjrt_buffer_delete(buffer))
    LIB.pjrt_buffer_free(buffer)


def jax_out():
    """JAX asks for tensors from before 1.0."""
    for name in JAX_TYPES:
        for shape in SHAPES:
            array = sample(name, shape)
            buffer = upload(array)
            back = jnp.from_dlpack(give(buffer, versioned=False))
            LIB.pjrt_buffer_free(buffer)
            assert back.dtype == array.dtype and back.shape == shape, name
            assert np.asarray(back).tobytes() == array.tobytes(), name


def jax_both_ways():
    """Computed there, passed through here, computed on there."""
    there = jnp.arange(1024, dtype=jnp.float32) * 2
    buffer, error = take(there)
    ok(error)
    back = jnp.from_dlpack(give(buffer, versioned=False)) + 1
    LIB.pjrt_buffer_free(buffer)
    assert np.array_equal(np.asarray(back), np.arange(1024) * 2 + 1)


def sub_byte_out():
    """Packed for old tensors, which we cannot be."""
    buffer = upload(sample("int4", (4,)))
    tensor = P()
    refused(LIB.pjrt_buffer_to_dlpack_unversioned(buffer, IF_NEEDED,
                                                  ctypes.byref(tensor)),
            UNIMPLEMENTED)
    LIB.pjrt_buffer_free(buffer)


# ---- PyTorch ----------------------------------------------------------------

# PyTorch 1.13 has tensors from before 1.0, and no bool among their types.
TORCH_TYPES = ["int8", "int16", "int32", "int64", "uint8", "float16",
               "float32", "float64", "bfloat16", "complex64", "complex128"]


def find_torch():
    """The module; None, with a line that says so, where there is none. Behind
    the packages of this Python, since it comes with a NumPy of its own."""
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import torch
        return torch
    except ImportError as error:
        print(f"skip dlpack/torch: {error}")
        return None


def torch_sample(torch, name, shape):
    return torch.arange(int(np.prod(shape))).reshape(shape).to(
        getattr(torch, name))


def torch_bytes(tensor):
    dense = tensor.contiguous()
    return ctypes.string_at(dense.data_ptr(),
                            dense.numel() * dense.element_size())


def torch_in(torch):
    for name in TORCH_TYPES:
        for shape in SHAPES:
            there = torch_sample(torch, name, shape)
            check_in(name, there, torch_bytes(there))


def torch_strides_in(torch):
    """Transposed, stepped over, from an offset on, broadcast, and empty."""
    base = torch_sample(torch, "bfloat16", (3, 4, 5))
    for there in (base.permute(2, 0, 1), base[:, ::2, 1:], base[..., -1],
                  base[2], base[0].expand(2, 4, 5), base[1:1]):
        check_in("bfloat16", there, torch_bytes(there))


def torch_in_place(torch):
    """The tensor's memory stays while the buffer lives, and goes with it."""
    there = torch_sample(torch, "float32", (16, 16))
    expected = torch_bytes(there)
    at = there.data_ptr()
    assert at % 64 == 0, "PyTorch does not align its memory as it did"
    buffer, error = take(there, copy=NEVER)
    ok(error)
    del there
    churn = [torch.ones(16, 16) for _ in range(64)]
    assert address(buffer) == at, "copied"
    assert contents(buffer) == expected, "the memory is another's"
    LIB.pjrt_buffer_free(buffer)
    del churn


def torch_out(torch):
    for name in TORCH_TYPES:
        for shape in SHAPES:
            there = torch_sample(torch, name, shape)
            buffer, error = take(there, copy=ALWAYS)
            ok(error)
            for copy in (IF_NEEDED, ALWAYS):
                back = torch.from_dlpack(give(buffer, copy, versioned=False))
                assert back.dtype == there.dtype, name
                assert torch.equal(back, there), name
            del back
            LIB.pjrt_buffer_free(buffer)


def torch_out_in_place(torch):
    """It has the buffer's memory until its last tensor is gone."""
    buffer, error = take(torch_sample(torch, "float32", (16, 16)), copy=ALWAYS)
    ok(error)
    back = torch.from_dlpack(give(buffer, NEVER, versioned=False))
    assert back.data_ptr() == address(buffer), "copied"
    row = back[3]
    del back
    refused(LIB.pjrt_buffer_delete(buffer), FAILED_PRECONDITION)
    LIB.pjrt_buffer_free(buffer)
    assert row.tolist() == list(range(48, 64))
    del row


def torch_delete_once(torch):
    """The buffer can be deleted once the last tensor is, and not before."""
    buffer, error = take(torch_sample(torch, "float32", (4,)), copy=ALWAYS)
    ok(error)
    tensors = [torch.from_dlpack(give(buffer, NEVER, versioned=False))
               for _ in range(3)]
    while tensors:
        refused(LIB.pjrt_buffer_delete(buffer), FAILED_PRECONDITION)
        tensors.pop()
    ok(LIB.pjrt_buffer_delete(buffer))
    LIB.pjrt_buffer_free(buffer)


def torch_refused(torch):
    """What the other side cannot take is an error on that side."""
    for name in ("uint16", "float8_e4m3fn"):
        buffer = upload(sample(name, (4,)))
        exported = give(buffer, versioned=False)
        try:
            torch.from_dlpack(exported)
        except (RuntimeError, BufferError):
            exported.delete()
        else:
            raise AssertionError(f"PyTorch takes {name}")
        ok(LIB.pjrt_buffer_delete(buffer))
        LIB.pjrt_buffer_free(buffer)


def all_three(torch):
    """From PyTorch by way of a buffer to JAX, and back by way of NumPy."""
    there = torch_sample(torch, "float32", (2, 3)) * 2
    buffer, error = take(there)
    ok(error)
    array = jnp.from_dlpack(give(buffer, versioned=False)) + 1
    LIB.pjrt_buffer_free(buffer)
    buffer, error = take(np.from_dlpack(array))
    ok(error)
    back = torch.from_dlpack(give(buffer, versioned=False))
    LIB.pjrt_buffer_free(buffer)
    assert back.tolist() == [[1, 3, 5], [7, 9, 11]]


def surely(case, *arguments):
    """What else goes wrong in another library fails the case too."""
    try:
        case(*arguments)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"{type(error).__name__}: {error}") from error


def main():
    cases = oracle.Cases("dlpack")
    for case in (numpy_in, numpy_strides_in, numpy_in_place,
                 numpy_read_only_in, jax_in, numpy_out, numpy_out_in_place,
                 numpy_out_copied, jax_out, jax_both_ways, sub_byte_out):
        cases.run(case.__name__, surely, case)
    torch = find_torch()
    for case in (torch_in, torch_strides_in, torch_in_place, torch_out,
                 torch_out_in_place, torch_delete_once, torch_refused,
                 all_three):
        if torch:
            cases.run(case.__name__, surely, case, torch)
    LIB.pjrt_client_free(CLIENT)
    cases.finish()


main()
