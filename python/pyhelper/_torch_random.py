# SPDX-License-Identifier: MIT
"""Torch7's random numbers, bit for bit, on NumPy's Mersenne Twister.

Torch7 takes one raw 32-bit draw for a uniform number, two for a pair of
normal ones.  Logarithms and the like are taken by `math`, whose results are
those of the C library as in Torch7; NumPy's own may differ in the last bit.
Arrays are filled in the order of their elements, whatever their strides.

The core does the usual calls (csrc/numpy_tensor/random.c): it draws from the
same bit generator, with the GIL, and keeps what `Generator.shared` has in step.
"""

import math
import os
import struct
import threading
from array import array
from itertools import repeat

import numpy as np

from ._torch_blocks import apart, flat, runs
from ._torch_errors import Wrong

_N = 624
_STATE = struct.Struct(f"=Qii Q {_N}Q ddd i 4x".replace(" ", ""))
_SCALE = 1.0 / 4294967296.0
_TURN = 2.0 * math.pi
_FEW = 64  # elements; where arrays begin to pay
_cos, _log, _sin, _sqrt = math.cos, math.log, math.sin, math.sqrt


def _mapped(function, values):
    """`function` of each element of a double array."""
    return np.frombuffer(array("d", map(function, values.tolist())))


# Items of Generator.shared, as the core numbers them.
_X, _Y, _RHO, _PENDING, _FRESH, _BUSY, _SEED_HIGH, _SEED_LOW = range(8)


def _shared(item):
    def get(self):
        return self.shared[item]

    def put(self, value):
        self.shared[item] = value

    return property(get, put)


class Generator:
    """One stream of random numbers."""

    x, y, rho = _shared(_X), _shared(_Y), _shared(_RHO)
    pending = _shared(_PENDING)  # the second number of a normal pair
    fresh = _shared(_FRESH)  # nothing drawn yet

    def __init__(self):
        self.bits = np.random.MT19937(0)
        # NumPy's documented way in for other code in C.
        self.capsule = getattr(self.bits, "capsule", None)
        self.shared = memoryview(array("d", bytes(8 * 8)))
        # Held where `bits` works without the GIL, or over several steps.
        self.turn = threading.RLock()
        self.seed()

    @property
    def initial(self):
        """The first seed, of 64 bits."""
        return int(self.shared[_SEED_HIGH]) << 32 | int(self.shared[_SEED_LOW])

    @initial.setter
    def initial(self, seed):
        self.shared[_SEED_HIGH] = seed >> 32 & 0xFFFFFFFF
        self.shared[_SEED_LOW] = seed & 0xFFFFFFFF

    def seed(self):
        """Start from a number that the operating system chose; return it."""
        seed = int.from_bytes(os.urandom(8), "little") >> 11  # fits a double
        self.manual_seed(seed)
        return seed

    def manual_seed(self, seed):
        seed = int(seed)
        with self.turn:
            self.initial = seed
            self.bits._legacy_seeding(seed & 0xFFFFFFFF)
            self.fresh = True
            self.x = self.y = self.rho = 0.0
            self.pending = False

    def raw(self, n):
        """`n` draws of 32 bits, as uint64."""
        if n > 0:
            self.fresh = False
        with self.turn:
            # random_raw lets go of the GIL; a signal handler may come between.
            before = self.shared[_BUSY]
            try:
                self.shared[_BUSY] = 1
                return self.bits.random_raw(n)
            finally:
                self.shared[_BUSY] = before

    def uniform(self, n):
        return self.raw(n) * _SCALE

    def one(self):
        self.fresh = False
        return self.bits.random_raw() * _SCALE

    def normal_one(self):
        if self.pending:
            self.pending = False
            return self.rho * math.sin(2.0 * math.pi * self.x)
        self.x, self.y = self.one(), self.one()
        self.rho = math.sqrt(-2.0 * math.log(1.0 - self.y))
        self.pending = True
        return self.rho * math.cos(2.0 * math.pi * self.x)

    def normal(self, n):
        """`n` numbers of the standard normal distribution."""
        return self._few_normal(n) if n < _FEW else self._many_normal(n)

    def _few_normal(self, n):
        """The same sums, one by one: cheaper than arrays of a few elements."""
        out = [self.normal_one()] if n > 0 and self.pending else []
        pairs = (n - len(out) + 1) // 2
        if pairs > 0:
            draws = iter(self.raw(2 * pairs).tolist())
            for draw in draws:
                x, y = draw * _SCALE, next(draws) * _SCALE
                rho, angle = _sqrt(-2.0 * _log(1.0 - y)), _TURN * x
                out.append(rho * _cos(angle))
                out.append(rho * _sin(angle))
            self.x, self.y, self.rho = x, y, rho
            self.pending = len(out) > n
        return np.array(out[:n])

    def _many_normal(self, n):
        out = np.empty(n)
        start = 0
        if n > 0 and self.pending:
            out[0] = self.normal_one()
            start = 1
        pairs = (n - start + 1) // 2
        if pairs > 0:
            draws = self.uniform(2 * pairs)
            x, y = draws[0::2], draws[1::2]
            rho = np.sqrt(-2.0 * _mapped(math.log, 1.0 - y))
            angle = _TURN * x
            out[start::2] = rho * _mapped(math.cos, angle)
            sines = rho * _mapped(math.sin, angle)
            out[start + 1 :: 2] = sines[: (n - start) // 2]
            self.x, self.y, self.rho = float(x[-1]), float(y[-1]), float(rho[-1])
            self.pending = (n - start) % 2 == 1
        return out

    def get_state(self):
        """The state as Torch7 lays it out in memory."""
        with self.turn:
            state = self.bits.state["state"]
        position = int(state["pos"])
        drawn = 0 if self.fresh else position
        left = _N + 1 - position
        return _STATE.pack(
            self.initial, left, 1, drawn, *map(int, state["key"]),
            self.x, self.y, self.rho, int(self.pending))

    def set_state(self, state):
        fields = _STATE.unpack(state)
        initial, left, seeded, drawn = fields[:4]
        if seeded != 1 or not 0 < left <= _N or drawn > _N:
            raise Wrong("Invalid RNG state", 1)
        with self.turn:
            self.initial = initial
            self.bits.state = {
                "bit_generator": "MT19937",
                "state": {"key": np.array(fields[4 : 4 + _N], np.uint32),
                          "pos": _N + 1 - left},
            }
            self.fresh = drawn == 0
            self.x, self.y, self.rho, pending = fields[4 + _N :]
            self.pending = bool(pending)


STATE_SIZE = _STATE.size


def state_of(generator, out):
    out[...] = np.frombuffer(generator.get_state(), np.uint8)


def restore(generator, state):
    generator.set_state(state.tobytes())


def signed_seed(generator):
    """The first seed as the C type long shows it."""
    seed = generator.initial
    return seed - (1 << 64) if seed >> 63 else seed


# ---- one number ----

def one_random(generator):
    generator.fresh = False
    return int(generator.bits.random_raw())


def one_between(generator, low, high):
    return one_random(generator) % (int(high) + 1 - int(low)) + int(low)


def one_uniform(generator, low, high):
    return generator.one() * (high - low) + low


def one_normal(generator, mean, deviation):
    return generator.normal_one() * deviation + mean


def one_exponential(generator, rate):
    return (-1.0 / rate if rate else -math.inf) * math.log(1 - generator.one())


def one_cauchy(generator, median, sigma):
    return median + sigma * math.tan(math.pi * (generator.one() - 0.5))


def one_log_normal(generator, mean, deviation):
    return _exp(one_normal(generator, mean, deviation))


def one_geometric(generator, p):
    return int(math.log(1 - generator.one()) / math.log(p)) + 1


def one_bernoulli(generator, p):
    return int(generator.one() <= p)


def _exp(value):
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf


# ---- arrays ----

def _fill(out, values):
    if out.dtype == np.float64:  # nothing to warn of, and half the time
        out[...] = values.reshape(out.shape)
        return
    with np.errstate(all="ignore"):
        out[...] = values.reshape(out.shape)


def uniform(out, generator, low, high):
    draws = generator.uniform(out.size)
    _fill(out, draws if low == 0 and high == 1 else draws * (high - low) + low)


def normal(out, generator, mean, deviation):
    _fill(out, generator.normal(out.size) * deviation + mean)


def exponential(out, generator, rate):
    logs = _mapped(math.log, 1 - generator.uniform(out.size))
    _fill(out, (-1.0 / rate if rate else -math.inf) * logs)


def cauchy(out, generator, median, sigma):
    tangents = _mapped(math.tan, math.pi * (generator.uniform(out.size) - 0.5))
    _fill(out, median + sigma * tangents)


def log_normal(out, generator, mean, deviation):
    values = generator.normal(out.size) * deviation + mean
    _fill(out, _mapped(_exp, values))


def geometric(out, generator, p):
    logs = _mapped(math.log, 1 - generator.uniform(out.size)) / math.log(p)
    _fill(out, logs.astype(np.int64) + 1)


def bernoulli(out, generator, p):
    """`p` is a number, or an array with as many elements."""
    if not isinstance(p, np.ndarray):
        _fill(out, generator.uniform(out.size) <= p)
        return
    target, p = flat(out), flat(apart(out, p))
    for first, last in runs(out.size):
        target[first:last] = generator.uniform(last - first) <= p[first:last].astype(
            np.float64)


_LIMITS = {  # of the numbers that random() gives, by type
    "uint8": 1 << 8, "int8": 1 << 7, "int16": 1 << 15, "int32": 1 << 31,
    "int64": 1 << 63, "float16": (1 << 11) + 1, "float32": (1 << 24) + 1,
    "float64": (1 << 53) + 1,
}


def random(out, generator):
    _fill(out, generator.raw(out.size) % np.uint64(_LIMITS[out.dtype.name]))


def between(out, generator, low, high):
    low, high = int(low), int(high)
    draws = generator.raw(out.size) % np.uint64(high + 1 - low)
    _fill(out, draws.astype(np.int64) + low)


def permutation(out, generator):
    """1 … n in random order."""
    n = out.size
    values = list(range(1, n + 1))
    draws = generator.raw(n - 1).tolist()
    for i, draw in enumerate(draws):
        j = i + draw % (n - i)
        values[i], values[j] = values[j], values[i]
    out[...] = np.array(values).astype(out.dtype)


def multinomial(out, generator, weights, replace):
    """Sample columns by weight, from 1; one row of `out` per row."""
    samples = out.shape[1]
    for row, target in zip(weights, out):
        sums = np.cumsum(row, dtype=np.float64)
        sums /= sums[-1]
        if replace:
            sums[-1] = 1
            target[:] = np.searchsorted(sums, generator.uniform(samples)) + 1
        else:
            target[:] = [_draw(sums, generator) + 1
                         for _ in repeat(None, samples)]


def _draw(sums, generator):
    """Sample a column and take it out of the cumulated weights."""
    sums[-1] = 1
    index = int(np.searchsorted(sums, generator.one()))
    weight = sums[index] - (sums[index - 1] if index > 0 else 0)
    sums[index:] -= weight
    with np.errstate(all="ignore"):
        sums /= 1.0 - weight
    return index


def alias_setup(weights, aliases, shares):
    """Walker's tables: column i has share shares[i] of its slot, and column
    aliases[i] (from 1) the rest."""
    n = weights.size
    scaled = (n * weights.reshape(-1)).astype(shares.dtype)
    small = [i for i in range(n) if scaled[i] < 1]
    large = [i for i in range(n) if not scaled[i] < 1]
    target = np.ones(n, np.int64)
    while small and large:
        high, low = large[-1], small[-1]
        target[low] = high + 1
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1:
            small[-1] = high
            large.pop()
        else:
            small.pop()
    if not scaled.min() > 0:
        raise Wrong("q_min is less than 0", 2)
    if scaled.max() > 1:
        scaled /= scaled.max()
    scaled[target <= 1] = 1.0
    aliases[...] = target
    shares[...] = scaled


def alias_draw(out, generator, aliases, shares):
    n = aliases.size
    draws = generator.uniform(2 * out.size)
    columns = (draws[0::2] * n).astype(np.int64)
    own = draws[1::2] <= shares.reshape(-1)[columns]
    _fill(out, np.where(own, columns + 1, aliases.reshape(-1)[columns]))
