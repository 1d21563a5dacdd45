"""The test programs: one small JAX function each, grouped by kind.

A program's function is what runs; the decorator says its kind and its inputs.
Inputs are drawn from a generator seeded by the program's name, so adding or
moving a program changes no other. Most are small multiples of 1/8 ("eighths"):
their sums and products are exact in every float type in use, so that the
order in which a plugin adds does not show.
"""

import dataclasses
import math
import zlib

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jax import lax
from jax.sharding import PartitionSpec as P

f16, f32, f64 = np.float16, np.float32, np.float64
c64, c128 = np.complex64, np.complex128
i8, i16, i32, i64 = np.int8, np.int16, np.int32, np.int64
u8, u16, u32, u64 = np.uint8, np.uint16, np.uint32, np.uint64
bf16 = ml_dtypes.bfloat16
f8e4m3fn, f8e5m2 = ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2

PROGRAMS = []


@dataclasses.dataclass
class Program:
    name: str
    kind: str
    about: str
    function: object
    inputs: tuple
    tolerance: dict
    devices: str
    shardy: bool
    in_specs: object
    out_specs: object
    all_formats: bool

    def arguments(self):
        """The inputs, the same on every call."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        return [make(rng) for make in self.inputs]


def program(kind, *inputs, tolerance=None, devices="one", shardy=True,
            in_specs=None, out_specs=None, all_formats=False):
    """Register a function as a test program.

    devices: "one"; "replicas", four copies of the function, inputs and outputs
    split along axis 0; "partitions", the same as one partitioned program;
    "automatic", a whole-array function that XLA partitions by itself.
    """

    def register(function):
        PROGRAMS.append(Program(
            function.__name__, kind, function.__doc__.strip(), function,
            inputs, tolerance, devices,
            shardy and devices != "replicas", in_specs, out_specs,
            all_formats))
        return function

    return register


def within(reason, **bounds):
    """A bound looser than 4 ulps: ulps=, or rtol= and atol=; and why."""
    return bounds | {"reason": reason}


# --- Inputs ------------------------------------------------------------------


def eighths(*shape, dtype=f32, limit=8):
    """Random multiples of 1/8 in [-limit/8, limit/8]."""
    return lambda rng: (rng.integers(-limit, limit, shape, endpoint=True)
                        / 8.0).astype(dtype)


def between(low, high, *shape, dtype=f32):
    """Uniform random numbers."""
    return lambda rng: np.asarray(rng.uniform(low, high, shape)).astype(dtype)


def complex_box(*shape, dtype=c64):
    """Complex numbers, real and imaginary part multiples of 1/8."""
    part = eighths(*shape, dtype=f64, limit=16)
    return lambda rng: (part(rng) + 1j * part(rng)).astype(dtype)


def integers(low, high, *shape, dtype=i32):
    """Random integers, both ends included."""
    return lambda rng: np.asarray(
        rng.integers(low, high, shape, dtype=np.uint64 if dtype == u64
                     else np.int64, endpoint=True)).astype(dtype)


def any_bits(*shape, dtype=i32):
    """Random bit patterns of an integer type."""
    def make(rng):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return np.frombuffer(rng.bytes(size), dtype).reshape(shape).copy()
    return make


def bools(*shape):
    return lambda rng: rng.integers(0, 2, shape).astype(bool)


def shuffled(n, dtype=i32):
    return lambda rng: rng.permutation(n).astype(dtype)


def const(values, dtype=f32):
    return lambda rng: np.array(values, dtype)


def empty(*shape, dtype=f32):
    return lambda rng: np.zeros(shape, dtype)


# --- Formats -----------------------------------------------------------------


@program("format", eighths(2, 3), eighths(3, 2), all_formats=True)
def dense(x, w):
    """A tiny program in every format that plugins compile."""
    return jnp.maximum(x @ w, 0), (x * 8).astype(i32)


# --- Elementwise -------------------------------------------------------------


@program("elementwise", eighths(3, 5), eighths(3, 5))
def arithmetic_f32(x, y):
    """Add, subtract, multiply, divide, remainder, minimum, maximum."""
    return (x + y, x - y, x * y, x / (y + 2), lax.rem(x, y + 2),
            jnp.minimum(x, y), jnp.maximum(x, y), -x, jnp.abs(x))


@program("elementwise", between(0.1, 4, 24))
def transcendental_f32(x):
    """Exponentials, logarithms, roots, powers, hyperbolic tangent."""
    return (jnp.exp(x), jnp.expm1(x), jnp.log(x), jnp.log1p(x), jnp.sqrt(x),
            lax.rsqrt(x), jnp.cbrt(x), jnp.tanh(x), jax.nn.sigmoid(x), x ** 1.5)


@program("elementwise", between(0.1, 1.4, 24), between(0.1, 1.4, 24))
def trigonometry_f32(x, y):
    """Sine, cosine, tangent and the inverse tangent of a quotient."""
    return jnp.sin(x), jnp.cos(x), jnp.tan(x), jnp.arctan2(x, y)


@program("elementwise", between(-2, 2, 20), between(0.5, 3.5, 20))
def special_functions_f32(x, y):
    """Error functions and the logarithm of the gamma function."""
    return (jax.scipy.special.erf(x), jax.scipy.special.erfc(x),
            jax.scipy.special.gammaln(y + 4))


@program("elementwise",
         const([-2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, 7.9]))
def rounding_f32(x):
    """Floor, ceil, both kinds of rounding, sign, next representable value."""
    return (jnp.floor(x), jnp.ceil(x), jnp.round(x),
            lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO), jnp.sign(x),
            lax.nextafter(x, jnp.full_like(x, np.inf)))


@program("elementwise", const([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0]),
         const([1.0, np.inf, np.nan, 0.0, 1.0, -1.0]))
def special_values_f32(x, y):
    """NaN, infinity and signed zero pass through, and are told apart."""
    return (x + y, x * y, x / y, jnp.sqrt(x), jnp.log(x), jnp.isnan(x),
            jnp.isfinite(x), x == y, x < y,
            lax.bitcast_convert_type(-x, u32))


# --- Convolution -------------------------------------------------------------


@program("convolution", eighths(1, 8, 8, 3), eighths(3, 3, 3, 4))
def conv2d_same(x, w):
    """A 3x3 convolution of an NHWC image, padded to its own size."""
    return lax.conv_general_dilated(
        x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


@program("convolution", eighths(2, 3, 9, 9), eighths(4, 3, 3, 3))
def conv2d_strided_dilated(x, w):
    """NCHW with stride 2 and a dilated kernel."""
    return lax.conv_general_dilated(x, w, (2, 2), "VALID", rhs_dilation=(2, 2))


@program("convolution", eighths(1, 6, 6, 4), eighths(3, 3, 1, 8))
def conv2d_depthwise(x, w):
    """Each of four channels with two kernels of its own."""
    return lax.conv_general_dilated(
        x, w, (1, 1), "SAME", feature_group_count=4,
        dimension_numbers=("NHWC", "HWIO", "NHWC"))


@program("convolution", eighths(1, 4, 4, 3), eighths(3, 3, 3, 2))
def conv2d_transposed(x, w):
    """The transposed convolution of a decoder: stride 2 upwards."""
    return lax.conv_transpose(x, w, (2, 2), "SAME")


@program("convolution", eighths(2, 16, 3, dtype=f64),
         eighths(4, 3, 5, dtype=f64))
def conv1d_causal_f64(x, w):
    """A causal convolution over time in double precision."""
    return lax.conv_general_dilated(
        x, w, (1,), [(3, 0)], dimension_numbers=("NWC", "WIO", "NWC"))


@program("convolution", eighths(1, 4, 4, 4, 2), eighths(2, 2, 2, 2, 3))
def conv3d(x, w):
    """A convolution over three spatial dimensions."""
    return lax.conv_general_dilated(
        x, w, (1, 1, 1), "VALID",
        dimension_numbers=("NDHWC", "DHWIO", "NDHWC"))


@program("convolution", eighths(1, 8, 8, 2), eighths(3, 3, 2, 2),
         eighths(1, 8, 8, 2))
def conv2d_gradient(x, w, cotangent):
    """The gradients of a convolution by its image and by its kernel."""
    def loss(x, w):
        return jnp.sum(cotangent * lax.conv_general_dilated(
            x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")))
    return jax.grad(loss, (0, 1))(x, w)


# --- Attention ---------------------------------------------------------------


def attention(q, k, v, mask=None):
    scores = jnp.einsum("...qd,...kd->...qk", q, k) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = jnp.where(mask, scores, jnp.finfo(scores.dtype).min)
    return jnp.einsum("...qk,...kd->...qd", jax.nn.softmax(scores), v)


@program("attention", eighths(6, 8), eighths(6, 8), between(0.5, 2, 6, 8))
def attention_single_head(q, k, v):
    """Scaled dot-product attention."""
    return attention(q, k, v)


@program("attention", eighths(2, 4, 8, 8), eighths(2, 4, 8, 8),
         between(0.5, 2, 2, 4, 8, 8))
def attention_causal(q, k, v):
    """Batched multi-head attention that sees the past alone."""
    return attention(q, k, v, jnp.tril(jnp.ones((8, 8), bool)))


@program("attention", eighths(1, 6, 4, 8), eighths(1, 6, 2, 8),
         between(0.5, 2, 1, 6, 2, 8))
def attention_grouped_query(q, k, v):
    """Two query heads share one key and value head."""
    return jax.nn.dot_product_attention(q, k, v)


@program("attention", eighths(4, 8), eighths(16, 8), between(0.5, 2, 16, 8))
def attention_online_softmax(q, k, v):
    """Attention in blocks of four keys with a running maximum and sum."""
    def block(carry, kv):
        top, total, acc = carry
        scores = q @ kv[0].T
        new_top = jnp.maximum(top, scores.max(-1))
        weights = jnp.exp(scores - new_top[:, None])
        scale = jnp.exp(top - new_top)
        return (new_top, total * scale + weights.sum(-1),
                acc * scale[:, None] + weights @ kv[1]), None
    start = jnp.full(4, -jnp.inf, f32), jnp.zeros(4, f32), jnp.zeros_like(q)
    blocks = k.reshape(4, 4, 8), v.reshape(4, 4, 8)
    (_, total, acc), _ = lax.scan(block, start, blocks)
    return acc / total[:, None]


@program("attention", eighths(1, 2, 8), eighths(1, 2, 12, 8),
         between(0.5, 2, 1, 2, 12, 8), const(5, i32))
def attention_decode_step(q, keys, values, length):
    """One new token attends to the filled part of a key-value cache."""
    mask = jnp.arange(12) < length
    return attention(q[:, :, None], keys, values, mask)


# --- Control flow ------------------------------------------------------------


@program("control_flow", eighths(10, 3), eighths(3))
def scan_linear_recurrence(xs, start):
    """A scan that carries a state and stacks its outputs."""
    def step(state, x):
        state = state / 2 + x
        return state, state * 2
    return lax.scan(step, start, xs)


@program("control_flow", integers(1, 30, 6))
def while_collatz(n):
    """Steps until each number has reached 1: a data-dependent loop."""
    def step(state):
        n, steps = state
        odd = jnp.where(n % 2 == 0, n // 2, 3 * n + 1)
        return jnp.where(n == 1, n, odd), steps + (n != 1)
    return lax.while_loop(lambda s: jnp.any(s[0] != 1), step,
                          (n, jnp.zeros_like(n)))


@program("control_flow", const(True, bool), eighths(4))
def cond_two_branches(flag, x):
    """The branch is chosen by an input."""
    return lax.cond(flag, lambda v: v * 2, lambda v: v - 1, x)


@program("control_flow", const([2, 0, 7, -3], i32), eighths(4, 5))
def switch_clamped(indices, xs):
    """A four-way switch in a loop; indices out of range are clamped."""
    branches = [lambda v: v, lambda v: -v, lambda v: v * v, lambda v: v + 1]
    return lax.map(lambda a: lax.switch(a[0], branches, a[1]), (indices, xs))


@program("control_flow", const(20, i64))
def fori_fibonacci(n):
    """A loop whose trip count is an input."""
    return lax.fori_loop(0, n, lambda _, s: (s[1], s[0] + s[1]),
                         (jnp.int64(0), jnp.int64(1)))


@program("control_flow", integers(-5, 5, 16, 2))
def associative_scan_sum(x):
    """A parallel prefix sum, forwards and backwards."""
    return (lax.associative_scan(jnp.add, x),
            lax.associative_scan(jnp.add, x, reverse=True))


@program("control_flow", integers(-9, 9, 4, 4))
def nested_loops_power(matrix):
    """A while loop inside a scan: matrix powers by repeated products."""
    def power(carry, exponent):
        _, result = lax.while_loop(
            lambda s: s[0] > 0, lambda s: (s[0] - 1, (s[1] @ matrix) % 97),
            (exponent, jnp.eye(4, dtype=i32)))
        return carry + result, result
    return lax.scan(power, jnp.zeros((4, 4), i32), jnp.arange(5, dtype=i32))


# --- Sort and top-k ----------------------------------------------------------


@program("sort", eighths(4, 16, limit=1000))
def sort_rows_f32(x):
    """Sort each row, and each column."""
    return jnp.sort(x, axis=1), jnp.sort(x, axis=0)


@program("sort", integers(0, 3, 24), integers(0, 3, 24), shuffled(24))
def sort_stable_two_keys(a, b, payload):
    """Sort by two keys; equal keys keep their order."""
    return lax.sort((a, b, payload), num_keys=2, is_stable=True)


@program("sort", integers(-9, 9, 3, 10, dtype=i16))
def argsort_descending(x):
    """Indices that would sort, largest first, ties in order."""
    return jnp.argsort(x, axis=-1, descending=True, stable=True)


@program("sort", eighths(3, 20, limit=1000))
def top_k_f32(x):
    """The five largest of each row, with their places."""
    return lax.top_k(x, 5)


@program("sort", shuffled(40), const([3, 3, 1, 2, 2, 3, 0, 1], u8))
def top_k_integers(x, ties):
    """top_k of integers; among equals the first wins."""
    return lax.top_k(x, 7), lax.top_k(ties, 4)


@program("sort", const([2.0, np.nan, -np.inf, 0.0, -1.0, np.inf, 1.0]))
def sort_special_values(x):
    """NaN sorts last, infinities at the ends."""
    return jnp.sort(x), jnp.argsort(x)


@program("sort", eighths(9), shuffled(9), const([-1.0, 0.0, 0.25, 9.0]))
def searchsorted_and_median(x, order, queries):
    """Binary search, median and the inverse of a permutation."""
    return (jnp.searchsorted(jnp.sort(x), queries), jnp.median(x),
            jnp.argsort(order))


# --- FFT ---------------------------------------------------------------------

FFT = within("an FFT's error is relative to its largest output, not to each",
             rtol=1e-5, atol=1e-5)


@program("fft", complex_box(3, 16), tolerance=FFT)
def fft_c64(x):
    """The complex FFT of each row, and back."""
    y = jnp.fft.fft(x)
    return y, jnp.fft.ifft(y)


@program("fft", eighths(2, 16), tolerance=FFT)
def rfft_f32(x):
    """The FFT of real rows, and back."""
    y = jnp.fft.rfft(x)
    return y, jnp.fft.irfft(y)


@program("fft", complex_box(4, 8, dtype=c128), tolerance=within(
    FFT["reason"], rtol=1e-13, atol=1e-13))
def fft2_c128(x):
    """A two-dimensional FFT in double precision."""
    return jnp.fft.fft2(x)


@program("fft", complex_box(2, 12), complex_box(7), tolerance=FFT)
def fft_odd_lengths(x, y):
    """Lengths that are no power of two: 12 and 7."""
    return jnp.fft.fft(x), jnp.fft.fft(y)


@program("fft", eighths(16), eighths(16), tolerance=FFT)
def fft_convolution(x, y):
    """A circular convolution through the frequency domain."""
    return jnp.fft.irfft(jnp.fft.rfft(x) * jnp.fft.rfft(y))


# --- Random numbers ----------------------------------------------------------

KEY = const([0x12345678, 0x9ABCDEF0], u32)


@program("rng", KEY)
def rng_threefry_bits(key):
    """Threefry bits of four widths."""
    return tuple(jax.random.bits(key, (8,), t) for t in (u8, u16, u32, u64))


@program("rng", KEY)
def rng_uniform_randint(key):
    """Uniform floats and bounded integers from split keys."""
    a, b = jax.random.split(key)
    return (jax.random.uniform(a, (16,), f32),
            jax.random.randint(b, (16,), -50, 50, i32))


@program("rng", KEY)
def rng_normal(key):
    """Normal variates: the inverse error function of uniform ones."""
    return jax.random.normal(key, (4, 8), f32)


@program("rng", KEY, shuffled(16))
def rng_permutation_bernoulli(key, x):
    """A random permutation, fair coins, and a choice without replacement."""
    a, b, c = jax.random.split(key, 3)
    return (jax.random.permutation(a, x), jax.random.bernoulli(b, 0.5, (16,)),
            jax.random.choice(c, x, (5,), replace=False))


@program("rng", const([1, 2, 3, 4], u32))
def rng_bit_generator_philox(state):
    """XLA's own Philox generator: the new state and the bits."""
    return lax.rng_bit_generator(
        state, (12,), u32, algorithm=lax.RandomAlgorithm.RNG_PHILOX)


@program("rng", const([5, 6], u64))
def rng_bit_generator_threefry(state):
    """XLA's own Threefry generator, 64 bits wide."""
    return lax.rng_bit_generator(
        state, (6,), u64, algorithm=lax.RandomAlgorithm.RNG_THREE_FRY)


# --- Gather and scatter ------------------------------------------------------


@program("gather_scatter", eighths(6, 4), const([5, 0, 3, 3], i32))
def gather_rows(table, rows):
    """An embedding look-up."""
    return table[rows]


@program("gather_scatter", eighths(4, 6), integers(0, 5, 4, 3))
def gather_along_axis(x, indices):
    """take_along_axis, and a gather of single elements."""
    return (jnp.take_along_axis(x, indices, axis=1),
            x[jnp.arange(3), indices[:3, 0]])


@program("gather_scatter", eighths(5), const([-9, -1, 2, 5, 99], i32))
def gather_out_of_bounds(x, indices):
    """What lies outside is clamped, filled, or counted from the end."""
    return (x.at[indices].get(mode="clip"),
            x.at[indices].get(mode="fill", fill_value=7), x[indices])


@program("gather_scatter", integers(-9, 9, 8), integers(0, 7, 20),
         integers(-9, 9, 20))
def scatter_add_integers(x, indices, updates):
    """Several updates fall on the same element."""
    return x.at[indices].add(updates), x.at[indices].max(updates)


@program("gather_scatter", eighths(6, 3), const([4, 1, 99], i32),
         eighths(3, 3))
def scatter_set_rows(x, rows, updates):
    """Rows are replaced; the one outside is dropped."""
    return x.at[rows].set(updates)


@program("gather_scatter", eighths(12, 2),
         const([0] * 3 + [2] * 5 + [3] * 4, i32))
def segment_sums(x, segments):
    """Sum, maximum and product by segment; one segment is empty."""
    return tuple(
        reduce(x, segments, 4) for reduce in
        (jax.ops.segment_sum, jax.ops.segment_max, jax.ops.segment_prod))


@program("gather_scatter", eighths(2, 5, 4), integers(0, 4, 2, 3),
         eighths(2, 3, 4))
def scatter_batched(x, indices, updates):
    """A scatter with a batch dimension, through vmap."""
    return jax.vmap(lambda a, i, u: a.at[i].add(u))(x, indices, updates)


# --- Reductions --------------------------------------------------------------


@program("reduction", eighths(4, 6, 5))
def reduce_sum_axes(x):
    """Sums over one, two and all axes."""
    return x.sum(0), x.sum((0, 2)), x.sum(), x.mean(1)


@program("reduction", eighths(5, 7), integers(-99, 99, 5, 7))
def reduce_min_max(x, y):
    """Extremes and where they are."""
    return (x.min(0), x.max(1), jnp.argmin(x, 1), jnp.argmax(y, 0), y.max(),
            y.min(1))


@program("reduction", between(-3, 3, 4, 9))
def reduce_logsumexp(x):
    """The logarithm of a sum of exponentials, and a softmax."""
    return jax.nn.logsumexp(x, axis=1), jax.nn.softmax(x, axis=0)


@program("reduction", between(1, 2, 4, 8))
def reduce_moments(x):
    """Mean, variance, product and norm."""
    return (x.mean(1), x.var(1), x.prod(1), jnp.sqrt((x * x).sum(0)))


@program("reduction", any_bits(3, 8, dtype=u16), bools(3, 8))
def reduce_bitwise(x, flags):
    """And, or and exclusive-or as reductions."""
    return (lax.reduce_and(x, (0,)), lax.reduce_or(x, (0,)),
            lax.reduce_xor(x, (1,)), flags.all(0), flags.any(0))


@program("reduction", eighths(1, 8, 8, 2))
def reduce_window_pooling(x):
    """Maximum and average pooling."""
    window, strides = (1, 2, 2, 1), (1, 2, 2, 1)
    return (lax.reduce_window(x, -jnp.inf, lax.max, window, strides, "SAME"),
            lax.reduce_window(x, 0.0, lax.add, window, strides, "VALID") / 4)


@program("reduction", integers(-4, 4, 3, 10), eighths(12))
def cumulative(x, y):
    """Running sums, products and extremes."""
    return (jnp.cumsum(x, 1), jnp.cumprod(x, 1), lax.cummax(x, 1),
            lax.cummin(y, reverse=True), jnp.cumsum(y))


@program("reduction", eighths(2, 10), shuffled(20))
def reduce_variadic(x, places):
    """Two arrays reduced together by one function of four numbers."""
    def closest(a, b):
        better = jnp.logical_or(a[0] < b[0],
                                jnp.logical_and(a[0] == b[0], a[1] < b[1]))
        return jnp.where(better, a[0], b[0]), jnp.where(better, a[1], b[1])
    return lax.reduce((jnp.abs(x - 0.3), places.reshape(2, 10)),
                      (f32(np.inf), i32(0)), closest, (1,))


# --- Dynamic slices ----------------------------------------------------------


@program("dynamic_slice", eighths(6, 8), const(2, i32), const(3, i32))
def dynamic_slice_2d(x, row, column):
    """A window whose place is an input."""
    return lax.dynamic_slice(x, (row, column), (3, 4))


@program("dynamic_slice", eighths(5, 5), eighths(2, 3), const(1, i32),
         const(2, i32))
def dynamic_update_slice_2d(x, update, row, column):
    """A window is replaced."""
    return lax.dynamic_update_slice(x, update, (row, column))


@program("dynamic_slice", integers(0, 99, 10), const(-4, i64),
         const(1000, i64))
def dynamic_slice_clamped(x, low, high):
    """Starts outside are clamped so that the window fits."""
    return (lax.dynamic_slice(x, (low,), (3,)),
            lax.dynamic_slice(x, (high,), (3,)),
            lax.dynamic_update_slice(x, jnp.zeros(2, i32), (high,)))


@program("dynamic_slice", eighths(8, 3), eighths(5, 3), const(6, i32))
def ring_buffer(buffer, rows, start):
    """Rows are written round and round into a buffer in a loop."""
    def write(i, b):
        return lax.dynamic_update_index_in_dim(b, rows[i], (start + i) % 8, 0)
    return lax.fori_loop(0, 5, write, buffer)


@program("dynamic_slice", integers(0, 99, 4, 6), const([1, -2], i32))
def roll_by_input(x, shifts):
    """A roll along both axes by amounts that are inputs."""
    return jnp.roll(x, (shifts[0], shifts[1]), (0, 1))


# --- Integers ----------------------------------------------------------------


@program("integer", any_bits(12, dtype=i8), any_bits(12, dtype=i8),
         any_bits(12, dtype=u16), any_bits(12, dtype=u16))
def integer_wraparound(a, b, c, d):
    """Narrow integers wrap around."""
    return a + b, a - b, a * b, -a, c + d, c - d, c * d


@program("integer", any_bits(10, dtype=i64), any_bits(10, dtype=i64),
         any_bits(10, dtype=u64), any_bits(10, dtype=u64))
def integer_64_bit(a, b, c, d):
    """Full-width products, quotients and comparisons."""
    return a * b, a // b, a % b, c * d, c // d, c % d, a < b, c < d


@program("integer", const([7, -7, 7, -7, -2**31, 5, 0], i32),
         const([3, 3, -3, -3, -1, 0, 0], i32))
def integer_division_corners(a, b):
    """Signs, the overflow of the smallest number, division by zero."""
    return lax.div(a, b), lax.rem(a, b)


@program("integer", any_bits(8, dtype=i32), any_bits(8, dtype=u32),
         const([0, 1, 5, 16, 31, 32, 40, 8], u32))
def integer_shifts_and_bits(a, b, shift):
    """Shifts, also by the width and more; population and zero counts."""
    signed = shift.astype(i32)
    return (lax.shift_left(a, signed), lax.shift_right_arithmetic(a, signed),
            lax.shift_right_logical(b, shift), lax.population_count(b),
            lax.clz(b), a & signed, a | signed, a ^ signed, ~b)


@program("integer", integers(-99, 99, 5, 7), integers(-99, 99, 7, 3))
def integer_matmul(a, b):
    """A matrix product of 32-bit integers."""
    return a @ b


@program("integer", any_bits(4, 16, dtype=i8), any_bits(16, 3, dtype=i8))
def integer_matmul_s8_to_s32(a, b):
    """8-bit factors, 32-bit sums: what a quantised model does."""
    return lax.dot(a, b, preferred_element_type=i32)


@program("integer", integers(-8, 7, 9, dtype=ml_dtypes.int4),
         integers(0, 15, 9, dtype=ml_dtypes.uint4))
def integer_4_bit(a, b):
    """4-bit integers in, out, and widened."""
    return a, b, a.astype(i32) * 3, b.astype(i32) + 1, (-a.astype(i8)) // 2


@program("integer", const([-1e10, -1.5, -0.5, 0.0, 0.5, 1.5, 300.0, 1e10]),
         any_bits(8, dtype=i64))
def integer_conversions(x, y):
    """Floats to integers saturate; wide to narrow integers keep low bits."""
    return (x.astype(i32), jnp.clip(x, -128, 127).astype(i8), y.astype(i32),
            y.astype(u8), y.astype(f64), (y % 1000).astype(f32))


@program("integer", integers(1, 500, 8), integers(1, 500, 8))
def integer_gcd_and_power(a, b):
    """Euclid's algorithm, integer powers, clamping."""
    return jnp.gcd(a, b), jnp.lcm(a, b), a ** 3, jnp.clip(a, 200, 300)


# --- Booleans ----------------------------------------------------------------


@program("bool", bools(3, 8), bools(3, 8))
def bool_logic(a, b):
    """And, or, exclusive or, not, implication."""
    return a & b, a | b, a ^ b, ~a, ~a | b, a == b


@program("bool", eighths(12, limit=2), eighths(12, limit=2))
def bool_comparisons(x, y):
    """All six comparisons, and what follows from them."""
    return x == y, x != y, x < y, x <= y, x > y, x >= y, jnp.where(x < y, x, y)


@program("bool", bools(4, 6), integers(0, 5, 3))
def bool_arrays(a, columns):
    """Booleans are sorted, gathered, transposed, counted and converted."""
    return (jnp.sort(a, 1), a[:, columns], a.T, a.sum(1), a.all(0), a.any(1),
            a.astype(f32), jnp.argmax(a, 1))


@program("bool", bools(8, 8))
def bool_game_of_life(board):
    """Five generations of Conway's game on a torus."""
    def generation(board, _):
        cells = board.astype(i32)
        rows = cells + jnp.roll(cells, 1, 0) + jnp.roll(cells, -1, 0)
        near = rows + jnp.roll(rows, 1, 1) + jnp.roll(rows, -1, 1) - cells
        return (near == 3) | (board & (near == 2)), near
    return lax.scan(generation, board, None, length=5)


# --- 8-bit floats and smaller ------------------------------------------------


def f8_arithmetic(x, y):
    return x + y, x * y, -x, x.astype(f32), y.astype(f16), x < y


@program("f8", eighths(16, dtype=f8e4m3fn), eighths(16, dtype=f8e4m3fn))
def f8e4m3fn_arithmetic(x, y):
    """The 8-bit float of inference."""
    return f8_arithmetic(x, y)


@program("f8", eighths(16, dtype=f8e5m2), eighths(16, dtype=f8e5m2))
def f8e5m2_arithmetic(x, y):
    """The 8-bit float of gradients, with infinities."""
    return f8_arithmetic(x, y)


@program("f8", between(-600, 600, 24))
def f8_conversions(x):
    """Rounding to five 8-bit types; what is too large saturates or is NaN."""
    small = x / 64
    return (x.astype(f8e4m3fn), x.astype(f8e5m2),
            small.astype(ml_dtypes.float8_e4m3b11fnuz),
            small.astype(ml_dtypes.float8_e5m2fnuz),
            small.astype(ml_dtypes.float8_e4m3fnuz))


@program("f8", eighths(4, 8, dtype=f8e4m3fn), eighths(8, 3, dtype=f8e4m3fn),
         const(0.5))
def f8_quantised_matmul(a, b, scale):
    """8-bit factors, 32-bit sums, and a scale."""
    return lax.dot(a, b, preferred_element_type=f32) * scale


@program("f8", lambda rng: np.arange(256, dtype=u8),
         lambda rng: np.arange(256, dtype=u8))
def f8_every_bit_pattern(a, b):
    """Every value of both types, widened to f32."""
    return (lax.bitcast_convert_type(a, f8e4m3fn).astype(f32),
            lax.bitcast_convert_type(b, f8e5m2).astype(f32))


@program("f8", eighths(8, dtype=ml_dtypes.float8_e4m3),
         eighths(8, dtype=ml_dtypes.float8_e3m4),
         const([0.5, 1, 2, 4], ml_dtypes.float8_e8m0fnu),
         const([-6, -1.5, 0.5, 3], ml_dtypes.float4_e2m1fn))
def f8_newer_types(a, b, scale, block):
    """e4m3, e3m4, the power-of-two scale e8m0fnu, and a 4-bit float."""
    return (a.astype(f32), b.astype(f32), a, b,
            block.astype(f32) * scale.astype(f32), scale, block)


# --- f16, bf16, f64 ----------------------------------------------------------


def arithmetic(x, y):
    return x + y, x - y, x * y, x / (y + 2), jnp.sqrt(jnp.abs(x)), x < y


def transcendental(x):
    return jnp.exp(x), jnp.log(x), jnp.tanh(x), jnp.sin(x), lax.rsqrt(x)


def matmul_and_bias(x, w, b):
    return jnp.maximum(x @ w + b, 0)


@program("f16", eighths(16, dtype=f16), eighths(16, dtype=f16))
def f16_arithmetic(x, y):
    """Half-precision arithmetic."""
    return arithmetic(x, y)


@program("f16", between(0.25, 2, 16, dtype=f16))
def f16_transcendental(x):
    """Half-precision functions."""
    return transcendental(x)


@program("f16", eighths(4, 6, dtype=f16), eighths(6, 5, dtype=f16),
         eighths(5, dtype=f16))
def f16_dense_layer(x, w, b):
    """A dense layer in half precision."""
    return matmul_and_bias(x, w, b)


@program("f16", const([1e-8, 6e-8, 6.1e-5, 65504, 65520, -1e6, 1 / 3]))
def f16_conversions(x):
    """Denormals, the largest value, overflow to infinity, and back."""
    half = x.astype(f16)
    return half, half.astype(f32), lax.bitcast_convert_type(half, u16)


@program("bf16", eighths(16, dtype=bf16), eighths(16, dtype=bf16))
def bf16_arithmetic(x, y):
    """bfloat16 arithmetic."""
    return arithmetic(x, y)


@program("bf16", between(0.25, 2, 16, dtype=bf16))
def bf16_transcendental(x):
    """bfloat16 functions."""
    return transcendental(x)


@program("bf16", eighths(4, 6, dtype=bf16), eighths(6, 5, dtype=bf16),
         eighths(5, dtype=bf16))
def bf16_dense_layer(x, w, b):
    """A dense layer in bfloat16."""
    return matmul_and_bias(x, w, b)


@program("bf16", eighths(5, 8, dtype=bf16), eighths(5, 8, limit=1000))
def bf16_mixed_precision(x, y):
    """bfloat16 beside f32, rounding to nearest even."""
    return (x + y.astype(bf16), x.astype(f32) * y, y.astype(bf16),
            jnp.sum(x.astype(f32), 1))


@program("f64", between(-2, 2, 16, dtype=f64), between(-1, 1, 16, dtype=f64))
def f64_arithmetic(x, y):
    """Double-precision arithmetic."""
    return arithmetic(x, y)


@program("f64", between(0.25, 2, 16, dtype=f64))
def f64_transcendental(x):
    """Double-precision functions."""
    return transcendental(x)


@program("f64", eighths(4, 6, dtype=f64), eighths(6, 5, dtype=f64),
         eighths(5, dtype=f64))
def f64_dense_layer(x, w, b):
    """A dense layer in double precision."""
    return matmul_and_bias(x, w, b)


@program("f64", const([1.0, 0.0], f64), tolerance=within(
    "rounding errors add up over the steps, and some results are near zero",
    rtol=1e-14, atol=1e-15))
def f64_pendulum(state):
    """Twenty Runge-Kutta steps of a pendulum."""
    def slope(s):
        return jnp.stack([s[1], -jnp.sin(s[0])])

    def step(s, _):
        k1 = slope(s)
        k2 = slope(s + 0.05 * k1)
        k3 = slope(s + 0.05 * k2)
        k4 = slope(s + 0.1 * k3)
        s = s + 0.1 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return s, s
    return lax.scan(step, state, None, length=20)[1]


# --- Complex numbers ---------------------------------------------------------


@program("complex", complex_box(12), complex_box(12))
def complex_arithmetic(x, y):
    """Sums, products, conjugates, parts."""
    return x + y, x - y, x * y, jnp.conj(x), x.real, y.imag, lax.complex(
        x.real, y.imag)


@program("complex", between(0.5, 2, 10), between(0.5, 2, 10))
def complex_functions(a, b):
    """Magnitude, angle, exponential, logarithm, root of c64."""
    z = lax.complex(a, b)
    return jnp.abs(z), jnp.angle(z), jnp.exp(z), jnp.log(z), jnp.sqrt(z)


@program("complex", complex_box(10, dtype=c128), complex_box(10, dtype=c128))
def complex_c128(x, y):
    """Double-precision complex arithmetic and division."""
    return x * y, x / (y + 5), jnp.abs(x) , x - y


@program("complex", complex_box(3, 4), complex_box(4, 5))
def complex_matmul(x, y):
    """A product of complex matrices, and with its adjoint."""
    return x @ y, x @ jnp.conj(x).T


@program("complex", between(-1.5, 0.5, 8, dtype=f64),
         between(-1, 1, 8, dtype=f64))
def complex_mandelbrot(re, im):
    """How many steps each point needs to escape."""
    c = lax.complex(re, im)

    def step(state, _):
        z, count = state
        inside = (z.real * z.real + z.imag * z.imag) < 4
        return (jnp.where(inside, z * z + c, z), count + inside), None
    (_, count), _ = lax.scan(
        step, (jnp.zeros_like(c), jnp.zeros(8, i32)), None, length=30)
    return count


# --- Zero-size arrays --------------------------------------------------------


@program("zero_size", empty(0), empty(3, 0), empty(0, 4, dtype=i32))
def zero_size_elementwise(a, b, c):
    """Nothing in, nothing out, in three shapes."""
    return a + 1, jnp.exp(b), c * 2


@program("zero_size", empty(0, 3), empty(4, 0, dtype=i32))
def zero_size_reductions(a, b):
    """Reductions over no elements give their start value."""
    return (a.sum(0), jnp.max(a, 0, initial=-np.inf), b.sum(1), b.prod(1),
            jnp.all(b == 0, 1), a.sum(1))


@program("zero_size", empty(3, 0), empty(0, 4))
def zero_size_matmul(a, b):
    """A contraction over no elements is zero."""
    return a @ b, b.T @ a.T


@program("zero_size", empty(0, dtype=u8), integers(0, 9, 3, dtype=u8))
def zero_size_concatenate(a, b):
    """Concatenation with nothing, slices of nothing."""
    return (jnp.concatenate([a, b]), b[1:1], jnp.sort(a), a.reshape(0, 5),
            b[jnp.zeros(0, i32)])


@program("zero_size")
def zero_inputs():
    """A program without inputs."""
    return jnp.arange(5, dtype=i32), jnp.full((2, 2), 0.5, f32)


@program("zero_size", eighths(3))
def zero_outputs(x):
    """A program without outputs."""
    return ()


# --- Many inputs and outputs -------------------------------------------------


@program("many_io", *[eighths(1 + n % 4) for n in range(64)])
def many_64_in_64_out(*xs):
    """64 inputs and 64 outputs; each output is of its own input."""
    return tuple(x * (n + 1) for n, x in enumerate(xs))


@program("many_io", *[integers(-99, 99, 2) for _ in range(60)])
def many_60_in_2_out(*xs):
    """60 inputs go into two sums, one with alternating sign."""
    return sum(xs), sum(x * (-1) ** n for n, x in enumerate(xs))


@program("many_io", eighths(4), const(3, i32))
def many_2_in_50_out(x, n):
    """Two inputs give 50 outputs of three element types."""
    return tuple(
        (x * k, (n + k).reshape(1), x * 25 > k - 25)[k % 3] for k in range(50))


# --- Four devices ------------------------------------------------------------
#
# The functions see one device's part. Four replicas run copies of a program
# that has collectives; four partitions run one program that XLA splits.

AXIS = "i"
TO_ALL, SPLIT = P(), P(AXIS)


@program("collective", eighths(8, 3), devices="replicas")
def replicas_all_reduce(x):
    """Sums over four replicas."""
    return lax.psum(x, AXIS)


@program("collective", eighths(8, 3), integers(-9, 9, 4, 2),
         devices="replicas")
def replicas_mean_and_extremes(x, y):
    """Mean, maximum and minimum over four replicas, and which one I am."""
    mine = jnp.full((1,), lax.axis_index(AXIS), i32)
    return lax.pmean(x, AXIS), lax.pmax(y, AXIS), lax.pmin(y, AXIS), mine


@program("collective", eighths(4, 2), devices="replicas")
def replicas_all_gather(x):
    """Every replica gets all parts."""
    return lax.all_gather(x, AXIS, tiled=True)


@program("collective", integers(0, 99, 16), devices="replicas")
def replicas_permute_and_scatter(x):
    """A ring shift, a reduce-scatter and an all-to-all."""
    ring = [(d, (d + 1) % 4) for d in range(4)]
    return (lax.ppermute(x, AXIS, ring), lax.psum_scatter(x, AXIS, tiled=True),
            lax.all_to_all(x, AXIS, 0, 0, tiled=True))


@program("collective", eighths(8, 3), devices="partitions", shardy=False,
         in_specs=(SPLIT,), out_specs=TO_ALL)
def partitions_all_reduce(x):
    """Sums over four partitions, annotated for the GSPMD partitioner."""
    return lax.psum(x, AXIS)


@program("collective", eighths(8, 4), eighths(4, 3), devices="partitions",
         shardy=False, in_specs=(SPLIT, TO_ALL), out_specs=(SPLIT, TO_ALL))
def partitions_data_parallel(x, w):
    """Each partition has its part of the batch; the gradients are summed."""
    def loss(w):
        return jnp.sum((x @ w) ** 2)
    return x @ w, lax.psum(jax.grad(loss)(w), AXIS)


@program("collective", eighths(4, 8), eighths(8, 4), devices="automatic",
         shardy=False, in_specs=(P(None, AXIS), P(AXIS, None)),
         out_specs=TO_ALL)
def partitioned_matmul(x, w):
    """XLA finds the all-reduce of a matrix product split along its sum."""
    return x @ w


@program("collective", eighths(8, 3), devices="partitions",
         in_specs=(SPLIT,), out_specs=SPLIT)
def shardy_all_reduce(x):
    """Sums over four partitions, annotated for the Shardy partitioner."""
    return x - lax.pmean(x, AXIS)


# --- Linear algebra ----------------------------------------------------------


@program("matmul", eighths(7, 9), eighths(9, 5))
def matmul_f32(x, y):
    """A matrix product, with either side transposed too."""
    return x @ y, jnp.matmul(y.T, x.T), x @ x.T


@program("matmul", eighths(3, 4, 5), eighths(3, 5, 2), eighths(5))
def matmul_batched(x, y, v):
    """Batched products, matrix times vector, outer product."""
    return x @ y, x @ v, jnp.outer(v, v), jnp.vdot(v, v)


@program("matmul", eighths(2, 3, 4), eighths(4, 3, 5))
def matmul_einsum(x, y):
    """A contraction over two axes at once, and a trace."""
    return jnp.einsum("bij,jik->bk", x, y), jnp.einsum("iij->j", y[:3])


@program("matmul", lambda rng: np.eye(8, dtype=f64) * 4
         + rng.integers(-8, 8, (8, 8)) / 64, eighths(8, dtype=f64),
         tolerance=within("an iterative solver sums in another order",
                          rtol=1e-9, atol=1e-9))
def conjugate_gradient(a, b):
    """Solve a linear system by ten steps of conjugate gradients."""
    a = (a + a.T) / 2

    def step(state, _):
        x, r, p, rr = state
        ap = a @ p
        alpha = rr / (p @ ap)
        x, r = x + alpha * p, r - alpha * ap
        new = r @ r
        return (x, r, r + new / rr * p, new), None
    (x, *_), _ = lax.scan(step, (b * 0, b, b, b @ b), None, length=6)
    return x


# --- Small models ------------------------------------------------------------

DEEP = within("layer upon layer sums terms of both signs: the error is "
              "relative to the terms, and some results are near zero",
              rtol=1e-5, atol=2e-6)


def layer_norm(x, scale, bias):
    centred = x - x.mean(-1, keepdims=True)
    spread = (centred * centred).mean(-1, keepdims=True)
    return centred * lax.rsqrt(spread + 1e-5) * scale + bias


@program("model", eighths(5, 12), eighths(12, 16), eighths(16),
         eighths(16, 4), eighths(4))
def model_mlp(x, w1, b1, w2, b2):
    """A two-layer perceptron with softmax."""
    return jax.nn.softmax(jax.nn.relu(x @ w1 + b1) @ w2 + b2)


@program("model", eighths(6, 16), eighths(16, 48, limit=3),
         eighths(16, 16, limit=3), eighths(16, 32, limit=3),
         eighths(32, 16, limit=3), between(0.5, 1.5, 2, 16), eighths(2, 16),
        tolerance=DEEP)
def model_transformer_block(x, w_qkv, w_out, w_up, w_down, scale, bias):
    """Layer norm, causal multi-head attention, GELU feed-forward."""
    h = layer_norm(x, scale[0], bias[0])
    qkv = (h @ w_qkv).reshape(6, 3, 4, 4).transpose(1, 2, 0, 3)
    heads = attention(*qkv, jnp.tril(jnp.ones((6, 6), bool)))
    x = x + heads.transpose(1, 0, 2).reshape(6, 16) @ w_out
    h = layer_norm(x, scale[1], bias[1])
    return x + jax.nn.gelu(h @ w_up) @ w_down


@program("model", eighths(7, 6), eighths(6, 32, limit=4),
         eighths(8, 32, limit=4), eighths(32, limit=4), tolerance=DEEP)
def model_lstm(xs, w_x, w_h, b):
    """An LSTM of eight cells over seven steps."""
    def step(state, x):
        h, c = state
        i, f, g, o = jnp.split(x @ w_x + h @ w_h + b, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h
    zero = jnp.zeros(8, f32)
    (_, c), hs = lax.scan(step, (zero, zero), xs)
    return hs, c


@program("model", eighths(2, 8, 8, 1), eighths(3, 3, 1, 4), eighths(4),
         eighths(64, 3, limit=2))
def model_cnn(x, kernel, bias, w):
    """Convolution, bias, ReLU, pooling, a dense layer, log-softmax."""
    x = lax.conv_general_dilated(
        x, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    x = jax.nn.relu(x + bias)
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1),
                          "VALID")
    return jax.nn.log_softmax(x.reshape(2, 64) @ w)


@program("model", eighths(8, 6), integers(0, 2, 8), eighths(6, 3))
def model_training_step(x, labels, w):
    """One step of gradient descent on cross-entropy, with its loss."""
    def loss(w):
        log_p = jax.nn.log_softmax(x @ w)
        return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], 1))
    value, gradient = jax.value_and_grad(loss)(w)
    return value, w - 0.5 * gradient


@program("model", eighths(12, 2, limit=40), eighths(3, 2, limit=40))
def model_k_means(points, centres):
    """Three rounds of k-means: distances, argmin, segment means."""
    def round_(centres, _):
        apart = ((points[:, None] - centres) ** 2).sum(-1)
        nearest = jnp.argmin(apart, 1)
        count = jax.ops.segment_sum(jnp.ones(12, f32), nearest, 3)
        total = jax.ops.segment_sum(points, nearest, 3)
        return total / jnp.maximum(count, 1)[:, None], nearest
    return lax.scan(round_, centres, None, length=3)
