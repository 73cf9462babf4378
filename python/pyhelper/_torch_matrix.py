# SPDX-License-Identifier: MIT
"""Matrices of py.torch: products, and arrays made by rules."""

import numpy as np

from ._torch_quiet import quiet


@quiet
def product(out, a, b):
    """out = a @ b, of matrices, a matrix and a vector, or batches."""
    if out.flags.c_contiguous and not (np.may_share_memory(out, a)
                                       or np.may_share_memory(out, b)):
        np.matmul(a, b, out)
    else:
        out[...] = np.matmul(a, b)


@quiet
def add_product(out, beta, t, alpha, a, b):
    """out = beta * t + alpha * a @ b"""
    result = np.matmul(a, b)
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
    result = np.einsum("bij,bjk->ik", a, b)
    out[...] = (t * t.dtype.type(beta) if beta != 0 else 0) \
        + result * result.dtype.type(alpha)


@quiet
def add_outer(out, beta, t, alpha, a, b):
    result = np.multiply.outer(a * a.dtype.type(alpha), b)
    out[...] = t * t.dtype.type(beta) + result if beta != 0 else result


@quiet
def match(out, a, b, gain):
    """gain * squared distance of each row of `a` to each of `b`."""
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    out[...] = np.array([((b - row) ** 2).sum(1) for row in a]) * gain


@quiet
def trace(a):
    wide = np.float64 if a.dtype.kind == "f" else np.int64
    return np.trace(a, dtype=wide).item()


@quiet
def cross(out, a, b, dim):
    axis = dim - 1
    a0, a1, a2 = (np.take(a, i, axis) for i in range(3))
    b0, b1, b2 = (np.take(b, i, axis) for i in range(3))
    out[...] = np.stack((a1 * b2 - a2 * b1, a2 * b0 - a0 * b2,
                         a0 * b1 - a1 * b0), axis)


def diag(out, a, k):
    if a.ndim == 1:
        out[...] = np.diag(a, k)
    else:
        out[...] = np.diagonal(a, k)


def eye(out):
    out[...] = np.eye(*out.shape)


def tril(out, a, k):
    out[...] = np.tril(a, k)


def triu(out, a, k):
    out[...] = np.triu(a, k)


@quiet
def ramp(out, first, step):
    """first, first + step, …"""
    values = first + step * np.arange(out.size).reshape(out.shape)
    out[...] = values if out.dtype.kind == "f" else values.astype(np.int64)


@quiet
def linspace(out, first, last):
    if out.size == 1:
        out[...] = first
    else:
        values = np.arange(out.size, dtype=out.dtype).reshape(out.shape)
        out[...] = out.dtype.type(first) + values * (
            (out.dtype.type(last) - out.dtype.type(first))
            / out.dtype.type(out.size - 1))


@quiet
def logspace(out, first, last):
    exponents = np.empty_like(out)
    linspace(exponents, first, last)
    out[...] = np.power(out.dtype.type(10), exponents)


def cat(out, dim, *parts):
    np.concatenate(parts, dim - 1, out=out)
