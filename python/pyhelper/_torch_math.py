# SPDX-License-Identifier: MIT
"""Elementwise mathematics of py.torch: `f(out, a, …)` for arrays, whose
results are those of C for the type: integers wrap and divide towards zero.

`out` has the shape of `a`; other arrays have as many elements.  Numbers come
already cut to what the type can hold.  What takes more than one step is done
part by part.
"""

import numpy as np

from ._torch_blocks import elementwise
from ._torch_errors import Wrong
from ._torch_index import to_integers
from ._torch_quiet import enter, leave, quiet

# ---- functions of one array ----

def _unary(ufunc):
    def function(out, a):
        token = enter()
        try:
            ufunc(a, out)
        finally:
            leave(token)
    return function


for _name in ("log", "log1p", "exp", "cos", "cosh", "sin", "sinh", "tan",
              "tanh", "sqrt", "ceil", "floor", "trunc"):
    globals()[_name] = _unary(getattr(np, _name))
acos, asin, atan = _unary(np.arccos), _unary(np.arcsin), _unary(np.arctan)
abs = _unary(np.absolute)
neg = _unary(np.negative)


def _computed(formula):
    """A function whose result needs more than one step."""
    @elementwise
    def function(out, *args):
        out[...] = formula(*args)
    return function


def _round(a):
    """To the nearest integer, halves away from zero."""
    whole = np.trunc(a)
    return whole + np.where(np.abs(a - whole) >= 0.5, np.sign(a), 0)


round = _computed(_round)
frac = _computed(lambda a: a - np.trunc(a))
rsqrt = _computed(lambda a: 1 / np.sqrt(a))
cinv = _computed(lambda a: 1 / a)
sigmoid = _computed(lambda a: 1 / (1 + np.exp(-a)))
sign = _computed(lambda a: (a > 0).astype(np.int8) - (a < 0))


# ---- an array, and another or a number ----

def _ufunc(ufunc):
    # With as many elements, NumPy takes what it has to and refuses the rest.
    @elementwise
    def reshaped(out, a, b):
        ufunc(a, b, out)

    def function(out, a, b):
        token = enter()
        try:
            ufunc(a, b, out)
        except ValueError:
            reshaped(out, a, b)
        finally:
            leave(token)
    return function


def _checked(function):
    """Division, where no integer may be divided by 0."""
    in_parts = elementwise(function)

    def wrapper(out, a, b):
        if out.dtype.kind != "f":
            check_divisor(b)
        in_parts(out, a, b)
    return wrapper


add = _ufunc(np.add)
sub = _ufunc(np.subtract)
mul = _ufunc(np.multiply)
bitand = _ufunc(np.bitwise_and)
bitor = _ufunc(np.bitwise_or)
bitxor = _ufunc(np.bitwise_xor)
atan2 = _ufunc(np.arctan2)
divide = _ufunc(np.divide)


def check_divisor(b):
    """Raise the error of a division of integers by 0."""
    if not np.all(b):
        raise Wrong("division by zero")


def _quotient(a, b):
    """Integers divided towards zero, as in C."""
    b = np.asarray(b, a.dtype)
    floor = a // b
    if a.dtype.kind == "i":  # the least one wraps, which NumPy 1.23 makes 0
        floor = np.where(b == -1, np.negative(a), floor)
    return floor + ((a - floor * b != 0) & ((a < 0) != (b < 0)))


@_checked
def div(out, a, b):
    if a.dtype.kind == "f":
        np.divide(a, b, out)
    else:
        out[...] = _quotient(a, b)


def _apart_from_minus_one(b, kind):
    """Divisors with the same remainders as `b`: NumPy 1.23 and the machine end
    the process at that of the least integer by -1."""
    return np.where(np.equal(b, -1), kind.type(1), b) if kind.kind == "i" else b


@_checked
def fmod(out, a, b):
    np.fmod(a, _apart_from_minus_one(b, a.dtype), out)


@_checked
def remainder(out, a, b):
    """With the sign of the divisor."""
    if a.dtype.kind != "f":
        np.remainder(a, _apart_from_minus_one(b, a.dtype), out)
    else:
        # C's floor is that of doubles, so for floats all that follows it is, too.
        b = np.asarray(b, a.dtype)
        rest = a - np.multiply(b, np.floor(a / b), dtype=np.float64)
        out[...] = np.where(np.equal(b, 0), np.nan, rest)


def _shift(a, b, left):
    if a.dtype.kind == "f":
        factor = np.power(a.dtype.type(2), b)
        return a * factor if left else a / factor
    b = np.asarray(b, a.dtype)
    if left:
        return np.left_shift(a, b)
    unsigned = a.dtype.str.replace("i", "u")
    return np.right_shift(a.view(unsigned), b.astype(unsigned)).view(a.dtype)


lshift = _computed(lambda a, b: _shift(a, b, True))
rshift = _computed(lambda a, b: _shift(a, b, False))


def _power(a, b):
    if a.dtype.kind == "f":
        return np.power(a, b)
    return to_integers(np.power(a.astype(np.float64), b), a.dtype)


pow = _computed(_power)


@elementwise
def tpow(out, number, a):
    out[...] = np.power(a.dtype.type(number), a)


cmax = _computed(lambda a, b: np.where(a > b, a, np.asarray(b, a.dtype)))
cmin = _computed(lambda a, b: np.where(a < b, a, np.asarray(b, a.dtype)))


@elementwise
def clamp(out, a, low, high):
    low, high = a.dtype.type(low), a.dtype.type(high)
    out[...] = np.where(a < low, low, np.where(a > high, high, a))


def _comparison(ufunc):
    @elementwise
    def function(out, a, b):
        if out.dtype == np.uint8:
            ufunc(a, b, out.view(np.bool_))
        else:
            out[...] = ufunc(a, b)
    return function


lt, le = _comparison(np.less), _comparison(np.less_equal)
gt, ge = _comparison(np.greater), _comparison(np.greater_equal)
eq, ne = _comparison(np.equal), _comparison(np.not_equal)


# ---- more operands ----

@elementwise
def cadd(out, a, factor, b):
    """a + factor * b"""
    np.add(a, np.multiply(b, factor, dtype=b.dtype), out)


@elementwise
def addcmul(out, a, factor, b, c):
    np.add(a, np.multiply(b, factor, dtype=b.dtype) * c, out)


@elementwise
def _add_quotients(out, a, factor, b, c):
    scaled = np.multiply(b, factor, dtype=b.dtype)
    np.add(a, scaled / c if a.dtype.kind == "f" else _quotient(scaled, c), out)


def addcdiv(out, a, factor, b, c):
    if out.dtype.kind != "f":
        check_divisor(c)
    _add_quotients(out, a, factor, b, c)


@elementwise
def lerp(out, a, b, weight):
    np.add(a, (b - a) * a.dtype.type(weight), out)


def fill(out, value):
    out.fill(value)


# ---- printing ----

@quiet
def describe(values):
    """Are all values integers?  The least and greatest absolute value."""
    values = values.astype(np.float64)
    finite = np.ceil(values) == values
    values = np.abs(values)
    return bool(finite.all()), float(values.min()), float(values.max())
