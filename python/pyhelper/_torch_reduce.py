# SPDX-License-Identifier: MIT
"""Reductions and orders of py.torch.  Dimensions count from 1, and stay as
dimensions of size 1; positions in results count from 1."""

import builtins

import numpy as np

from ._torch_blocks import BLOCK, apart, blocks, pairs, rows, runs
from ._torch_index import gather, to_integers
from ._torch_quiet import quiet


def _wide(a):
    """The type that Torch7 accumulates in."""
    return np.float64 if a.dtype.kind == "f" else np.int64


def _along(function):
    """f(out, a, dim, …) from a function of (a, axis, …) that keeps it."""
    @quiet
    def wrapper(out, a, dim, *more):
        out[...] = function(a, dim - 1, *more)
    return wrapper


# ---- sums ----

@quiet
def sum_all(a):
    return a.sum(dtype=_wide(a)).item()


@quiet
def prod_all(a):
    return a.prod(dtype=_wide(a)).item()


@quiet
def mean_all(a):
    return (a.sum(dtype=np.float64) / a.size).item()


def _total(a, axis, part):
    """The sums of part(a's parts, their indexes) along an axis (None: of all
    elements, a number), which stays as one of size 1."""
    if axis is None:
        return np.float64(builtins.sum(part(a[i], i).sum() for i in blocks(a.shape)))
    if a.size <= BLOCK:
        every = (slice(None),) * a.ndim
        return part(a, every).sum(axis, dtype=np.float64, keepdims=True)
    total = np.zeros((*a.shape[:axis], 1, *a.shape[axis + 1 :]))
    for index in blocks(a.shape):
        total[_at(index, axis, slice(None))] += part(a[index], index).sum(
            axis, dtype=np.float64, keepdims=True)
    return total


def _at(index, axis, what):
    """`index` with `what` for an axis."""
    return (*index[:axis], what, *index[axis + 1 :])


def _variance(a, axis, biased):
    mean = a.mean(axis, dtype=np.float64, keepdims=axis is not None)

    def squares(part, index):
        of_rows = mean if axis is None else mean[_at(index, axis, slice(None))]
        deviation = np.subtract(part, of_rows, dtype=np.float64)
        return np.multiply(deviation, deviation, deviation)

    n = a.size if axis is None else a.shape[axis]
    return _total(a, axis, squares) / (n - (not biased))


@quiet
def var_all(a, biased):
    return _variance(a, None, biased).item()


@quiet
def std_all(a, biased):
    return np.sqrt(_variance(a, None, biased)).item()


@quiet
def norm_all(a, p):
    return _norm(a, None, p).item()


@quiet
def dist(a, b, p):
    if p == 0:  # a sum of ones, to the power of infinity
        return 1.0 if a.size == 1 else float("inf")
    power = _power_of(p)
    total = builtins.sum(
        power(x.astype(np.float64) - y.astype(np.float64)).sum()
        for x, y in pairs(a, b))
    return _root(np.float64(total), p).item()


def _power_of(p):
    """What is summed up for a norm, of an array of float64."""
    if p == 0:
        return lambda a: a != 0
    if p == 1:
        return np.abs
    if p == 2:
        return lambda a: a * a
    return lambda a: np.abs(a) ** p


def _root(total, p):
    if p in (0, 1):
        return total
    return np.sqrt(total) if p == 2 else total ** (1.0 / p)


def _norm(a, axis, p):
    power = _power_of(p)
    return _root(_total(a, axis, lambda part, _: power(part.astype(np.float64))), p)


sum = _along(lambda a, axis: a.sum(axis, dtype=_wide(a), keepdims=True))
prod = _along(lambda a, axis: a.prod(axis, dtype=_wide(a), keepdims=True))
mean = _along(lambda a, axis: a.mean(axis, dtype=np.float64, keepdims=True))
norm = _along(_norm)
var = _along(_variance)
std = _along(lambda a, axis, biased: np.sqrt(_variance(a, axis, biased)))


def _cumulated(ufunc):
    def function(out, a, dim):
        axis, wide = dim - 1, _wide(a)
        if a.dtype == wide:
            ufunc.accumulate(a, axis, wide, out)
            return
        if a.size <= BLOCK:
            out[...] = ufunc.accumulate(a, axis, wide)
            return
        a = apart(out, a)
        # What a part begins with, for each row.
        before = np.full((*a.shape[: dim - 1], 1, *a.shape[dim:]), ufunc.identity, wide)
        for index in blocks(a.shape, BLOCK // 4 + 1):
            row = _at(index, axis, slice(None))
            part = ufunc.accumulate(a[index], axis, wide)
            ufunc(part, before[row], part)
            before[row] = part[_at((slice(None),) * a.ndim, axis, slice(-1, None))]
            out[index] = part
    return quiet(function)


cumsum, cumprod = _cumulated(np.add), _cumulated(np.multiply)


@quiet
def renorm(out, a, p, dim, limit):
    """Slices along `dim` whose norm is above `limit` get that norm."""
    norms = _root(_total_but(a, dim - 1, _power_of(p)), p)
    factors = np.where(norms > limit, limit / (norms + 1e-7), 1)
    a = apart(out, a)
    for index in blocks(a.shape):
        row = tuple(index[d] if d == dim - 1 else slice(None) for d in range(a.ndim))
        part, factor = a[index], factors[row]
        out[index] = np.where(factor == 1, part, part * factor)


def _total_but(a, axis, power):
    """The sums of all but one axis, which the others stay beside as ones of
    size 1."""
    others = tuple(d for d in range(a.ndim) if d != axis)
    total = np.zeros([n if d == axis else 1 for d, n in enumerate(a.shape)])
    for index in blocks(a.shape):
        row = tuple(index[d] if d == axis else slice(None) for d in range(a.ndim))
        total[row] += power(a[index].astype(np.float64)).sum(others, keepdims=True)
    return total


@quiet
def dot(a, b):
    total = a.dtype.type(0)
    for x, y in pairs(a, b):
        total = total + np.dot(x, y)
    return total.item()


def equal(a, b):
    return bool(np.array_equal(a, b))


def all_true(a):
    return bool(a.all())


def any_true(a):
    return bool(a.any())


# ---- extremes ----

@quiet
def min_all(a):
    return a.min().item()


@quiet
def max_all(a):
    return a.max().item()


def _extreme(values, positions, a, axis, extreme, position, better):
    if a.size <= BLOCK:
        target = positions.squeeze(axis)
        position(a, axis, target)
        np.add(target, 1, target)
        extreme(a, axis, None, values.squeeze(axis))
        return
    for index in blocks(a.shape):
        part, first = a[index], index[axis].start or 0
        row = _at(index, axis, slice(None))
        at = np.expand_dims(position(part, axis), axis)
        value = np.take_along_axis(part, at, axis)
        at += first + 1
        if first == 0:
            values[row], positions[row] = value, at
            continue
        best = values[row]
        replaces = better(value, best) | ((value != value) & (best == best))
        np.copyto(best, value, where=replaces)
        np.copyto(positions[row], at, where=replaces)


@quiet
def min(values, positions, a, dim):
    _extreme(values, positions, a, dim - 1, np.minimum.reduce, np.argmin, np.less)


@quiet
def max(values, positions, a, dim):
    _extreme(values, positions, a, dim - 1, np.maximum.reduce, np.argmax, np.greater)


def _pick(values, positions, a, axis, order):
    """The elements at the positions that `order(part, axis)` gives, row by row."""
    in_place = np.may_share_memory(values, a)
    for index in rows(a.shape, axis):
        part = a[index].copy() if in_place else a[index]
        at = order(part, axis)
        np.add(at, 1, positions[index])
        del at  # as large as the part, if that is one row
        gather(values[index], part, axis + 1, positions[index])


def kthvalue(values, positions, a, k, dim):
    def order(part, axis):
        return np.take(np.argsort(part, axis, kind="stable"), [k - 1], axis)
    _pick(values, positions, a, dim - 1, order)


def median(values, positions, a, dim):
    kthvalue(values, positions, a, (a.shape[dim - 1] + 1) // 2, dim)


def _most_frequent(row):
    """The least of the most frequent values."""
    row = np.sort(row)
    found, most, since = row[0], 0, 0  # `since`: where the run began
    for first, last in runs(row.size):
        last = builtins.min(last + 1, row.size)
        ends = np.flatnonzero(row[first + 1 : last] != row[first : last - 1])
        ends += first + 1
        if last == row.size:
            ends = np.append(ends, last)
        lengths = np.diff(ends, prepend=since)
        if lengths.size:
            at = lengths.argmax()
            if lengths[at] > most:
                found, most = row[ends[at] - 1], lengths[at]
            since = ends[-1]
    return found


def _last(row, value):
    for first, last in reversed(list(runs(row.size))):
        at = np.flatnonzero(row[first:last] == value)
        if at.size:
            return first + at[-1]
    return row.size - 1  # nan


def mode(values, positions, a, dim):
    """The least of the most frequent values, and its last position."""
    def one(row):
        return _last(row, _most_frequent(row))

    def order(part, axis):
        return np.expand_dims(np.apply_along_axis(one, axis, part), axis)
    _pick(values, positions, a, dim - 1, order)


# ---- orders ----

def _order(a, axis, descending):
    if not descending:
        return np.argsort(a, axis, kind="stable")
    order = np.argsort(np.flip(a, axis), axis, kind="stable")
    np.subtract(a.shape[axis] - 1, order, order)
    return np.flip(order, axis)


def sort(values, positions, a, dim, descending):
    def order(part, axis):
        return _order(part, axis, descending)
    _pick(values, positions, a, dim - 1, order)


def topk(values, positions, a, k, dim, largest):
    def order(part, axis):
        return np.take(_order(part, axis, largest), range(k), axis)
    _pick(values, positions, a, dim - 1, order)


# ---- histograms ----

@quiet
def histc(out, a, low, high):
    """Counts in equal bins; `bhistc` for each row of a matrix."""
    bins = out.shape[-1]
    counts_of = out.reshape(-1, bins) if out.ndim > 1 else out[None]
    source = a if out.ndim > 1 else a[None]
    if low == high:
        low, high = float(a.min()), float(a.max())
    if low == high:
        low, high = low - 1, high + 1
    low, high = a.dtype.type(low), a.dtype.type(high)
    for row, values in zip(counts_of, source):
        counts = np.zeros(bins, np.int64)
        for index in blocks(values.shape):
            part = values[index]
            part = part[(part >= low) & (part <= high)]
            at = to_integers((part - low) / (high - low) * a.dtype.type(bins))
            counts += np.bincount(np.clip(at, 0, bins - 1), minlength=bins)
        row[:] = counts
