"""What the oracle tests share: the library through ctypes, and the lines that
a test prints. PJRT_TEST_PYTHON names a Python that has the oracles."""

import ctypes
import importlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ.get("PJRT_TEST_SOURCE_DIR") or
            Path(__file__).resolve().parents[2])

def require(test, *modules):
    """Goes on in a Python that has the modules, or says that the test is
    skipped."""
    try:
        for module in modules:
            importlib.import_module(module)
    except ImportError as error:
        python = os.environ.pop("PJRT_TEST_PYTHON", None)
        if python and os.access(python, os.X_OK):
            os.execv(python, [python] + sys.argv)
        print(f"skip {test}: {error.name} not found")
        sys.exit(0)


def require_numpy(test):
    require(test, "ml_dtypes", "numpy")


def require_jax(test):
    """Goes on in a Python that has JAX, or says that the test is skipped."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    try:
        importlib.import_module("jax")
        return
    except ImportError:
        reason = "the Python of tools/venv has no JAX"
    if not os.environ.get("PJRT_TEST_JAX_AGAIN"):
        venv = subprocess.run([str(ROOT / "tools" / "venv"), "jax"],
                              capture_output=True, text=True)
        python = venv.stdout.strip()
        if venv.returncode == 0:
            os.environ["PJRT_TEST_JAX_AGAIN"] = "1"
            os.execv(python, [python] + sys.argv)
        reason = (venv.stderr.strip().splitlines() or ["no reason"])[-1]
    print(f"skip {test}: {reason}")
    sys.exit(0)


def load_library(test):
    """libpjrt.so with the prototypes that the tests need."""
    path = os.environ.get("PJRT_TEST_LIBRARY")
    build = os.environ.get("PJRT_TEST_BUILD_DIR")
    if not path and build:
        path = os.path.join(build, "libpjrt.so")
    if not path:
        print(f"skip {test}: neither PJRT_TEST_LIBRARY nor "
              "PJRT_TEST_BUILD_DIR is set")
        sys.exit(0)
    library = ctypes.CDLL(path)
    for name, result, arguments in PROTOTYPES:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


_P = ctypes.c_void_p
_TEXT = [ctypes.c_char_p, ctypes.c_size_t]
_DOUBLE_OUT = ctypes.POINTER(ctypes.c_double)
_INT64_OUT = ctypes.POINTER(ctypes.c_int64)
_SIZE_OUT = ctypes.POINTER(ctypes.c_size_t)
_P_OUT = ctypes.POINTER(ctypes.c_void_p)
PROTOTYPES = [
    ("pjrt_error_message", ctypes.c_char_p, [_P, _P]),
    ("pjrt_error_code", ctypes.c_int, [_P]),
    ("pjrt_error_free", None, [_P]),
    ("pjrt_dtype_name", ctypes.c_char_p, [ctypes.c_int]),
    ("pjrt_dtype_parse", _P, _TEXT + [ctypes.POINTER(ctypes.c_int)]),
    ("pjrt_dtype_to_double", _P, [ctypes.c_int, _P, _DOUBLE_OUT]),
    ("pjrt_dtype_from_double", _P, [ctypes.c_int, ctypes.c_double, _P]),
    ("pjrt_dtype_to_int64", _P, [ctypes.c_int, _P, _INT64_OUT]),
    ("pjrt_dtype_from_int64", _P, [ctypes.c_int, ctypes.c_int64, _P]),
    ("pjrt_dtype_to_complex", _P,
     [ctypes.c_int, _P, _DOUBLE_OUT, _DOUBLE_OUT]),
    ("pjrt_dtype_from_complex", _P,
     [ctypes.c_int, ctypes.c_double, ctypes.c_double, _P]),
    ("pjrt_array_dtype", ctypes.c_int, [_P]),
    ("pjrt_array_dims", _INT64_OUT, [_P, _SIZE_OUT]),
    ("pjrt_array_byte_strides", _INT64_OUT, [_P, _SIZE_OUT]),
    ("pjrt_array_size", ctypes.c_size_t, [_P]),
    ("pjrt_array_data", _P, [_P]),
    ("pjrt_array_copy", _P, [_P, _P_OUT]),
    ("pjrt_array_free", None, [_P]),
    ("pjrt_array_wrap", _P,
     [ctypes.c_int, _INT64_OUT, ctypes.c_size_t, _INT64_OUT, _P, _P, _P,
      _P_OUT]),
    ("pjrt_npy_opts_init", None, [_P]),
    ("pjrt_npy_read", _P, _TEXT + [_P, _P_OUT]),
    ("pjrt_npy_write", _P, _TEXT + [_P]),
    ("pjrt_host_free", None, [_P]),
    ("pjrt_compile_options_parse", _P, _TEXT + [_P_OUT]),
    ("pjrt_compile_options_from_json", _P, _TEXT + [_P_OUT]),
    ("pjrt_compile_options_to_json", _P, [_P, _P_OUT, _SIZE_OUT]),
    ("pjrt_compile_options_serialize", _P, [_P, _P_OUT, _SIZE_OUT]),
    ("pjrt_compile_options_free", None, [_P]),
]


def error_text(library, error):
    """The message of an error, which is freed; None for success."""
    if not error:
        return None
    text = library.pjrt_error_message(error, None).decode()
    library.pjrt_error_free(error)
    return text


class Cases:
    """Runs functions named test_* and prints how each ended."""

    def __init__(self, test):
        self.test = test
        self.failed = False

    def run(self, name, function, *arguments):
        try:
            function(*arguments)
        except AssertionError as error:
            reason = str(error).replace("\n", " ")
            print(f"not ok {self.test}/{name}: {reason}")
            self.failed = True
        else:
            print(f"ok {self.test}/{name}")

    def finish(self):
        sys.exit(1 if self.failed else 0)
