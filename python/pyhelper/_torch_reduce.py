# SPDX-License-Identifier: MIT
"""Reductions and orders of py.torch.  Dimensions count from 1, and stay as
dimensions of size 1; positions in results count from 1."""

import numpy as np

from ._torch_index import to_integers
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


def _keep(a, axis, reduced):
    return np.expand_dims(reduced, axis)


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


@quiet
def var_all(a, biased):
    a = a.astype(np.float64)
    return (((a - a.mean()) ** 2).sum() / (a.size - (not biased))).item()


def std_all(a, biased):
    return float(np.sqrt(np.float64(var_all(a, biased))))


@quiet
def norm_all(a, p):
    return float(_norm(a.astype(np.float64).reshape(-1), 0, p)[0])


@quiet
def dist(a, b, p):
    if p == 0:  # a sum of ones, to the power of infinity
        return 1.0 if a.size == 1 else float("inf")
    a = a.astype(np.float64).reshape(-1) - b.astype(np.float64).reshape(-1)
    return float(_norm(a, 0, p)[0])


def _norm(a, axis, p):
    if p == 0:
        return (a != 0).sum(axis=axis, keepdims=True)
    if p == 1:
        return np.abs(a).sum(axis=axis, keepdims=True)
    if p == 2:
        return np.sqrt((a * a).sum(axis=axis, keepdims=True))
    return (np.abs(a) ** p).sum(axis=axis, keepdims=True) ** (1.0 / p)


sum = _along(lambda a, axis: a.sum(axis, dtype=_wide(a), keepdims=True))
prod = _along(lambda a, axis: a.prod(axis, dtype=_wide(a), keepdims=True))
mean = _along(lambda a, axis: a.mean(axis, dtype=np.float64, keepdims=True))
norm = _along(lambda a, axis, p: _norm(a.astype(np.float64), axis, p))
cumsum = _along(lambda a, axis: a.cumsum(axis, dtype=_wide(a)))
cumprod = _along(lambda a, axis: a.cumprod(axis, dtype=_wide(a)))


@_along
def var(a, axis, biased):
    a = a.astype(np.float64)
    squares = (a - a.mean(axis, keepdims=True)) ** 2
    return squares.sum(axis, keepdims=True) / (a.shape[axis] - (not biased))


@_along
def std(a, axis, biased):
    a = a.astype(np.float64)
    squares = (a - a.mean(axis, keepdims=True)) ** 2
    return np.sqrt(squares.sum(axis, keepdims=True)
                   / (a.shape[axis] - (not biased)))


@quiet
def renorm(out, a, p, dim, limit):
    """Slices along `dim` whose norm is above `limit` get that norm."""
    axes = tuple(d for d in range(a.ndim) if d != dim - 1)
    slices = np.moveaxis(a, dim - 1, 0).reshape(a.shape[dim - 1], -1)
    norms = _norm(slices.astype(np.float64), 1, p).reshape(
        [n if d not in axes else 1 for d, n in enumerate(a.shape)])
    out[...] = np.where(norms > limit, a * (limit / (norms + 1e-7)), a)


@quiet
def dot(a, b):
    return np.dot(a.reshape(-1), b.reshape(-1)).item()


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


def _chosen(values, positions, a, axis, index):
    index = _keep(a, axis, index)
    values[...] = np.take_along_axis(a, index, axis)
    positions[...] = index + 1


def _extreme(values, positions, a, axis, extreme, position):
    target = positions.squeeze(axis)
    position(a, axis, target)
    np.add(target, 1, target)
    extreme(a, axis, None, values.squeeze(axis))


def min(values, positions, a, dim):
    _extreme(values, positions, a, dim - 1, np.minimum.reduce, np.argmin)


def max(values, positions, a, dim):
    _extreme(values, positions, a, dim - 1, np.maximum.reduce, np.argmax)


def kthvalue(values, positions, a, k, dim):
    order = np.argsort(a, dim - 1, kind="stable")
    _chosen(values, positions, a, dim - 1, np.take(order, k - 1, dim - 1))


def median(values, positions, a, dim):
    kthvalue(values, positions, a, (a.shape[dim - 1] + 1) // 2, dim)


def median_all(a):
    n = (a.size - 1) // 2
    return np.partition(a.reshape(-1), n)[n].item()


def mode(values, positions, a, dim):
    """The least of the most frequent values, and its last position."""
    def one(row):
        found, counts = np.unique(row, return_counts=True)
        return len(row) - 1 - np.argmax(row[::-1] == found[counts.argmax()])
    _chosen(values, positions, a, dim - 1, np.apply_along_axis(one, dim - 1, a))


# ---- orders ----

def _order(a, axis, descending):
    if not descending:
        return np.argsort(a, axis, kind="stable")
    backwards = np.argsort(np.flip(a, axis), axis, kind="stable")
    return a.shape[axis] - 1 - np.flip(backwards, axis)


def sort(values, positions, a, dim, descending):
    order = _order(a, dim - 1, descending)
    if descending:
        values[...] = np.take_along_axis(a, order, dim - 1)
    else:
        values[...] = np.sort(a, dim - 1)
    np.add(order, 1, positions)


def topk(values, positions, a, k, dim, largest):
    order = np.take(_order(a, dim - 1, largest), range(k), dim - 1)
    values[...] = np.take_along_axis(a, order, dim - 1)
    positions[...] = order + 1


# ---- histograms ----

@quiet
def histc(out, a, low, high):
    """Counts in equal bins; `bhistc` for each row of a matrix."""
    bins = out.shape[-1]
    rows = out.reshape(-1, bins) if out.ndim > 1 else out[None]
    source = a.reshape(len(rows), -1)
    if low == high:
        low, high = float(a.min()), float(a.max())
    if low == high:
        low, high = low - 1, high + 1
    low, high = a.dtype.type(low), a.dtype.type(high)
    for row, values in zip(rows, source):
        values = values[(values >= low) & (values <= high)]
        at = to_integers((values - low) / (high - low) * a.dtype.type(bins))
        row[:] = np.bincount(np.clip(at, 0, bins - 1), minlength=bins)


