# SPDX-License-Identifier: MIT
"""Convolutions of py.torch in two and three dimensions."""

import itertools

import numpy as np

from ._torch_quiet import quiet

try:
    from scipy.signal import correlate  # type: ignore[import-untyped]
except ImportError:
    correlate = None

_LARGE = 64  # elements of a kernel from which SciPy is asked


def _flip(kernel):
    return kernel[(slice(None, None, -1),) * kernel.ndim]


def _correlate(image, kernel, full):
    """Of arrays with as many dimensions; integers wrap."""
    if full:
        image = np.pad(image, [(n - 1, n - 1) for n in kernel.shape])
    if correlate is not None and kernel.size >= _LARGE \
            and image.dtype.kind == "f":
        return correlate(image, kernel, "valid")
    sizes = [n - k + 1 for n, k in zip(image.shape, kernel.shape)]
    result = np.zeros(sizes, image.dtype)
    for at in itertools.product(*map(range, kernel.shape)):
        window = tuple(slice(i, i + n) for i, n in zip(at, sizes))
        result += kernel[at] * image[window]
    return result


def _one(image, kernel, full, crossed):
    # Torch7 flips the kernel for a convolution; a full correlation is the
    # convolution with the flipped one.
    return _correlate(image, kernel if crossed else _flip(kernel), full)


@quiet
def single(out, image, kernel, full, crossed):
    out[...] = _one(image, kernel, full, crossed)


@quiet
def planes(out, images, kernels, full, crossed):
    """Each plane with its own kernel."""
    for target, image, kernel in zip(out, images, kernels):
        target[...] = _one(image, kernel, full, crossed)


@quiet
def sums(out, images, kernels, full, crossed):
    """Each output plane is the sum over all input planes."""
    for target, row in zip(out, kernels):
        target[...] = 0
        for image, kernel in zip(images, row):
            target += _one(image, kernel, full, crossed)
