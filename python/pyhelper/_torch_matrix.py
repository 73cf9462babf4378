# SPDX-License-Identifier: MIT
"""Matrices of py.torch: products, and arrays made by rules."""

import numpy as np

from ._torch_blocks import BLOCK, apart, blocks, flat, runs
from ._torch_quiet import quiet


def _products(out, a, b):
    """(part of out, rows of a, matrices of b) in turn."""
    if out.ndim < 3:
        step = max(1, 2 * BLOCK // (out.shape[1] if out.ndim > 1 else 1))
        for first, last in runs(len(out), step):
            yield slice(first, last), a[first:last], b
        return
    step = 2 * BLOCK // (out.shape[1] * out.shape[2])
    if step > 0:
        for first, last in runs(len(out), step):
            yield slice(first, last), a[first:last], b[first:last]
        return
    for i in range(len(out)):
        for (rows, part, matrix) in _products(out[i], a[i], b[i]):
            yield (i, rows), part, matrix


def _is_apart(out, *others):
    return not any(np.may_share_memory(out, other) for other in others)


@quiet
def product(out, a, b):
    """out = a @ b, of matrices, a matrix and a vector, or batches."""
    if not _is_apart(out, a, b):
        out[...] = np.matmul(a, b)
    elif out.flags.c_contiguous:
        np.matmul(a, b, out)
    elif out.ndim == 2 and out.T.flags.c_contiguous:
        np.matmul(b.T, a.T, out.T)
    else:
        for index, rows, matrix in _products(out, a, b):
            out[index] = np.matmul(rows, matrix)


@quiet
def add_product(out, beta, t, alpha, a, b):
    """out = beta * t + alpha * a @ b"""
    if out.size <= 2 * BLOCK or not _is_apart(out, a, b):
        _add(out, beta, t, alpha, np.matmul(a, b))
        return
    t = apart(out, t)
    for index, rows, matrix in _products(out, a, b):
        _add(out[index], beta, t[index], alpha, np.matmul(rows, matrix))


def _add(out, beta, t, alpha, result):
    if alpha != 1:
        result *= result.dtype.type(alpha)
    if beta == 1:
        np.add(t, result, out)
    elif beta == 0:
        out[...] = result
    else:
        np.add(t * t.dtype.type(beta), result, out)


@quiet
def add_products(out, beta, t, alpha, a, b):
    """The same with the sum of a batch of products."""
    if a.size + b.size <= BLOCK or not _is_apart(out, a, b):
        _add(out, beta, t, alpha, np.einsum("bij,bjk->ik", a, b))
        return
    add_product(out, beta, t, alpha, a[0], b[0])
    for one, other in zip(a[1:], b[1:]):
        add_product(out, 1, out, alpha, one, other)


@quiet
def add_outer(out, beta, t, alpha, a, b):
    a, b = apart(out, a), apart(out, b)
    t = apart(out, t)
    for index in blocks(out.shape):
        result = np.multiply.outer(a[index[0]] * a.dtype.type(alpha), b[index[1]])
        if beta == 0:
            out[index] = result
        else:
            np.add(t[index] * t.dtype.type(beta), result, out[index])


@quiet
def match(out, a, b, gain):
    """gain * squared distance of each row of `a` to each of `b`."""
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    a, b = apart(out, a), apart(out, b)
    for target, row in zip(out, a):
        for first, last in runs(len(b), max(1, BLOCK // b.shape[1])):
            squares = (b[first:last] - row) ** 2
            np.multiply(squares.sum(1), gain, target[first:last], casting="unsafe")


@quiet
def trace(a):
    wide = np.float64 if a.dtype.kind == "f" else np.int64
    return np.trace(a, dtype=wide).item()


@quiet
def cross(out, a, b, dim):
    a, b = apart(out, a), apart(out, b)
    target, *factors = (np.moveaxis(x, dim - 1, 0) for x in (out, a, b))
    for index in blocks(target.shape[1:], BLOCK // 4 + 1):
        (a0, a1, a2), (b0, b1, b2) = ([x[i, ...][index] for i in range(3)] for x in factors)
        parts = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
        for i, part in enumerate(parts):
            target[i, ...][index] = part


def diag(out, a, k):
    if a.ndim == 1:
        a = apart(out, a)
        out[...] = 0
        at = np.arange(len(a))
        out[at - min(k, 0), at + max(k, 0)] = a
    else:
        out[...] = np.diagonal(a, k)


def eye(out):
    out[...] = 0
    at = np.arange(min(out.shape))
    out[at, at] = 1


def _triangle(function):
    def wrapper(out, a, k):
        a = apart(out, a)
        for first, last in runs(len(a), max(1, BLOCK // a.shape[1])):
            out[first:last] = function(a[first:last], k + first)
    return wrapper


tril, triu = _triangle(np.tril), _triangle(np.triu)


def _by_number(formula):
    """An array whose elements follow from their positions, from 0 on."""
    @quiet
    def function(out, *numbers):
        target = flat(out)
        for first, last in runs(out.size):
            target[first:last] = formula(np.arange(first, last), out, *numbers)
    return function


@_by_number
def ramp(at, out, first, step):
    """first, first + step, …"""
    values = first + step * at
    return values if out.dtype.kind == "f" else values.astype(np.int64)


@_by_number
def linspace(at, out, first, last):
    return _between(at, out, first, last)


def _between(at, out, first, last):
    kind = out.dtype.type
    if out.size == 1:
        return kind(first)
    way = kind(last) - kind(first)
    return kind(first) + at.astype(kind) * way / kind(out.size - 1)


@_by_number
def logspace(at, out, first, last):
    return np.power(out.dtype.type(10), _between(at, out, first, last))


def cat(out, dim, *parts):
    np.concatenate(parts, dim - 1, out=out)
