# SPDX-License-Identifier: MIT
"""Large arrays part by part, so that what a computation makes on its way does
not grow with them: Torch7 goes through the elements and makes nothing."""

import functools
import math

import numpy as np

from ._torch_quiet import quiet

BLOCK = 1 << 15  # elements at a time; a test makes it small


def blocks(shape, most=None):
    """Indexes of parts of at most `most` elements, in the order of positions;
    each keeps all dimensions."""
    size, most = math.prod(shape), most or BLOCK
    if size <= most:
        if size:
            yield (slice(None),) * len(shape)
        return
    rest = size // shape[0]
    if rest <= most:
        step = most // rest
        tail = (slice(None),) * (len(shape) - 1)
        for i in range(0, shape[0], step):
            yield (slice(i, i + step), *tail)
        return
    tails = list(blocks(shape[1:], most))
    for i in range(shape[0]):
        for tail in tails:
            yield (slice(i, i + 1), *tail)


def rows(shape, axis):
    """Parts of at most so many elements that keep `axis` whole, or that have
    one row along it."""
    size = shape[axis]
    others = (*shape[:axis], 1, *shape[axis + 1 :])
    for index in blocks(others, max(1, BLOCK // max(size, 1))):
        yield (*index[:axis], slice(None), *index[axis + 1 :])


def starts(index):
    """Where a part begins."""
    return [part.start or 0 for part in index]


def runs(size, most=None):
    """(first, last + 1) of the parts of a row."""
    most = most or BLOCK
    return ((i, min(i + most, size)) for i in range(0, size, most))


def flat(array):
    """The elements in order, by slices: as a view where it can be one."""
    return array.reshape(-1) if array.flags.c_contiguous else array.flat


def alike(arrays):
    """Views of one shape of arrays with as many elements each, or None: two
    that do not lie in order have different shapes."""
    shape = arrays[0].shape
    for array in arrays:
        if not array.flags.c_contiguous:
            shape = array.shape
            break
    if all(a.shape == shape or a.flags.c_contiguous for a in arrays):
        return [a.reshape(shape) for a in arrays]
    return None


def _is_same(a, b):
    return (a.__array_interface__["data"][0] == b.__array_interface__["data"][0]
            and a.shape == b.shape and a.strides == b.strides)


def unshared(out, array):
    """`array`, or a copy if it has memory in common with `out`."""
    if np.may_share_memory(out, array) \
            and np.may_share_memory(out, array, max_work=1000):
        return array.copy()
    return array


def apart(out, array):
    """`array`, or a copy if writing to `out` would change it elsewhere than
    where it is being read."""
    if np.may_share_memory(out, array) and not _is_same(out, array):
        return unshared(out, array)
    return array


def _in_parts(function, out, operands):
    where = [i for i, x in enumerate(operands) if isinstance(x, np.ndarray)]
    arrays = [apart(out, operands[i]) for i in where]
    operands = list(operands)
    views = alike([out, *arrays])
    if views is not None:
        out, *arrays = views
        for index in blocks(out.shape):
            for i, array in zip(where, arrays):
                operands[i] = array[index]
            function(out[index], *operands)
        return
    arrays = [flat(a) for a in arrays]
    target = flat(out)
    for first, last in runs(out.size):
        for i, array in zip(where, arrays):
            operands[i] = array[first:last]
        part = np.array(target[first:last])
        function(part, *operands)
        target[first:last] = part


def elementwise(function):
    """`function(out, operands…)` of arrays and numbers, element by element, for
    arrays with as many elements each; without warnings."""
    @quiet
    @functools.wraps(function)
    def wrapper(out, *operands):
        if out.size > BLOCK:
            _in_parts(function, out, operands)
            return
        shape = out.shape
        function(out, *(x.reshape(shape)
                        if isinstance(x, np.ndarray) and x.shape != shape else x
                        for x in operands))
    return wrapper


def pairs(a, b):
    """Vectors of the elements of two arrays with as many, side by side."""
    if a.size <= BLOCK:
        yield a.reshape(-1), b.reshape(-1)
        return
    views = alike([a, b])
    if views is not None:
        a, b = views
        for index in blocks(a.shape):
            yield a[index].reshape(-1), b[index].reshape(-1)
        return
    a, b = flat(a), flat(b)
    for first, last in runs(len(a)):
        yield a[first:last], b[first:last]
