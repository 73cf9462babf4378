# SPDX-License-Identifier: MIT
"""Convolutions of py.torch with large kernels, by SciPy.

Those are products of Fourier transforms, which take less time than the sums of
products in the core (csrc/numpy_tensor/convolutions.c).
"""

from ._torch_quiet import quiet

try:
    from scipy.signal import correlate  # type: ignore[import-untyped]
except ImportError:
    correlate = None


def available():
    return correlate is not None


def _one(image, kernel, full, crossed):
    # Torch7 flips the kernel for a convolution; a full correlation is the
    # convolution with the flipped one.
    if not crossed:
        kernel = kernel[(slice(None, None, -1),) * kernel.ndim]
    return correlate(image, kernel, "full" if full else "valid")


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
