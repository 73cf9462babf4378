# SPDX-License-Identifier: MIT
"""Elements of arrays by position and by mask, copies, and bytes of storages.

Positions count from 1, dimensions too, as Lua hands them over."""

import contextlib
import os
import weakref

import numpy as np

from ._torch_blocks import BLOCK, apart, blocks, elementwise, flat, runs, starts, unshared
from ._torch_errors import Wrong

_LONG: np.dtype = np.dtype(np.int64)


def to_integers(values, dtype=_LONG):
    """Floating values as C makes elements of `dtype` of them on x86-64: cut
    off, and the least integer (of 32 bits for all types but int64) for what
    does not fit."""
    with np.errstate(all="ignore"):
        values = values.astype(np.int64)
    if dtype.itemsize < 8:
        values[(values < -1 << 31) | (values >= 1 << 31)] = -1 << 31
    return values


@elementwise
def _converted(out, values):
    if values.dtype.kind == "f" and out.dtype.kind != "f":
        values = to_integers(values, out.dtype)
    np.copyto(out, values, casting="unsafe")


def assign(out, values):
    """Copy with conversion; element by element where shapes differ."""
    if values.shape != out.shape or out.dtype.kind != "f":
        _converted(out, values)
        return
    with np.errstate(all="ignore"):
        np.copyto(out, values, casting="unsafe")


# ---- by position ----

def check(index, size, text, position=0):
    if index.size and (index.min() < 1 or index.max() > size):
        raise Wrong(text, position)


def _slices(dim, index):
    """For parts of a list of positions: where they stand in it, and the slices
    at these positions."""
    before = (slice(None),) * (dim - 1)
    for first, last in runs(index.size):
        yield (*before, slice(first, last)), (*before, index[first:last] - 1)


def select(out, source, dim, index):
    axis = dim - 1
    if index.size <= BLOCK and out.flags.c_contiguous and source.flags.c_contiguous:
        np.take(source, index - 1, axis, out, "clip")
        return
    source, before = unshared(out, source), (slice(None),) * axis
    size = out.size // index.size
    if size > BLOCK:
        for i, at in enumerate(index.tolist()):
            out[(*before, i)] = source[(*before, at - 1)]
        return
    for first, last in runs(index.size, BLOCK // size):
        out[(*before, slice(first, last))] = source[(*before, index[first:last] - 1)]


def copy(out, dim, index, source):
    source = unshared(out, source)
    for given, at in _slices(dim, index):
        out[at] = source[given]


def add(out, dim, index, source):
    source = unshared(out, source)
    for given, at in _slices(dim, index):
        np.add.at(out, at, source[given])


def fill(out, dim, index, value):
    for _, at in _slices(dim, index):
        out[at] = value


def _parts(array, dim, index):
    """Parts of an array of positions: their indexes, positions from 0, and what of
    `array` they are positions in."""
    axis = dim - 1
    for part in blocks(index.shape):
        yield part, index[part] - 1, array[tuple(
            slice(None) if d == axis else part[d] for d in range(array.ndim))]


def gather(out, source, dim, index):
    source, index = unshared(out, source), apart(out, index)
    for part, at, within in _parts(_like(source, index, dim), dim, index):
        out[part] = np.take_along_axis(within, at, dim - 1)


def _like(source, index, dim):
    """`source` as large as `index` in the other dimensions."""
    return source[tuple(
        slice(None) if d == dim - 1 else slice(0, size)
        for d, size in enumerate(index.shape))]


def scatter(out, dim, index, values):
    """`values` is an array of the same shape, or a number."""
    index = apart(out, index)
    if isinstance(values, np.ndarray):
        values = unshared(out, values)
    for part, at, within in _parts(_like(out, index, dim), dim, index):
        np.put_along_axis(
            within, at, values[part] if isinstance(values, np.ndarray) else values,
            dim - 1)


def count_nonzero(source):
    return int(np.count_nonzero(source))


def nonzero(out, source):
    """The positions of all that is not 0, one in each row."""
    found = 0
    for part in blocks(source.shape):
        at = np.argwhere(source[part])
        np.add(at, np.array(starts(part)) + 1, out[found : found + len(at)])
        found += len(at)


# ---- by mask ----

def _mask(mask):
    if mask.size and mask.max() > 1:
        raise Wrong("Mask tensor can take 0 and 1 values only")
    return mask.view(np.bool_) if mask.dtype == np.uint8 else mask.astype(bool)


def count(mask):
    """Number of elements under the mask."""
    return int(np.count_nonzero(_mask(mask)))


def _under(array, mask):
    """The elements of `array` under the mask, part by part."""
    if mask.shape != array.shape and mask.flags.c_contiguous:
        mask = mask.reshape(array.shape)
    if mask.shape == array.shape:
        for part in blocks(array.shape):
            yield array[part][mask[part]]
        return
    array, mask = flat(array), flat(mask)
    for first, last in runs(len(array)):
        yield array[first:last][mask[first:last]]


def masked_select(out, source, mask):
    found = 0
    for values in _under(unshared(out, source), _mask(mask)):
        out[found : found + values.size] = values
        found += values.size


@elementwise
def _filled(out, mask, value):
    out[mask] = value


def masked_fill(out, mask, value):
    _filled(out, _mask(mask), value)


def masked_copy(out, mask, source):
    mask = _mask(mask)
    n = np.count_nonzero(mask)
    if n > source.size:
        raise Wrong("Number of elements of src < number of ones in mask")
    values, found = flat(unshared(out, source)), 0

    @elementwise
    def put(out, mask):
        nonlocal found
        n = np.count_nonzero(mask)
        out[mask] = values[found : found + n]
        found += n

    put(out, mask)


# ---- storages ----

def part(storage, offset, size):
    return storage[offset : offset + size]


_DTYPES = {"Byte": "u1", "Char": "i1", "Short": "i2", "Int": "i4",
           "Long": "i8", "Float": "f4", "Double": "f8", "Half": "f2"}


def at_address(address, kind, size):
    """Memory that belongs to somebody else, who keeps it."""
    import ctypes

    dtype = np.dtype(_DTYPES[kind])
    if address % dtype.itemsize:
        raise Wrong(f"memory for {kind} has to be aligned")
    memory = (ctypes.c_char * (size * dtype.itemsize)).from_address(address)
    return np.frombuffer(memory, dtype)


def _unlink(path):
    with contextlib.suppress(OSError):
        os.unlink(path)


def map_file(path, kind, shared, size, in_memory):
    """The elements of a file (or of shared memory, which is a file where the
    system shows it); `size` of them, for which a shared file grows."""
    dtype = np.dtype(_DTYPES[kind])
    if in_memory:
        path = os.path.join("/dev/shm", path.lstrip("/"))
    try:
        if shared:
            with open(path, "ab") as file:
                missing = int(size) * dtype.itemsize - file.tell()
                if missing > 0:
                    file.write(bytes(missing))
        held = os.stat(path).st_size
        size = int(size) if size > 0 else held // dtype.itemsize
        if size * dtype.itemsize > held:
            raise Wrong(f"file <{path}> size is smaller than the required mapping "
                        f"size <{size * dtype.itemsize}>")
        if size == 0:
            raise Wrong("$ Torch: unable to mmap memory: you tried to mmap 0GB.")
        mapped = np.memmap(path, dtype, "r+" if shared else "c", shape=(size,))
        if in_memory:
            # Its name goes with the first storage; others keep the memory.
            weakref.finalize(mapped._mmap, _unlink, path)
        return mapped.view(np.ndarray)
    except OSError:
        mode = "read-write" if shared else "read-only"
        raise Wrong(f"unable to open file <{path}> in {mode} mode") from None


# ---- bytes of storages, for files ----

def get_bytes(storage, size, first, last):
    """Of the elements from `first` on; `size` is that of one in the file."""
    storage = storage[first:last]
    if size != storage.itemsize:
        storage = storage.astype(f"i{size}")
    return storage.tobytes()


def set_bytes(storage, data, size, first):
    dtype = storage.dtype if size == storage.itemsize else f"i{size}"
    values = np.frombuffer(data, dtype)
    storage[first : first + values.size] = values


_FORMATS = {"float16": "%.9g", "float32": "%.9g", "float64": "%.17g"}


def get_words(storage, separator, first, last):
    form = _FORMATS.get(storage.dtype.name, "%d")
    return separator.join(form % value for value in storage[first:last].tolist())


def set_words(storage, text):
    words = text.split()
    if storage.dtype.kind == "f":
        values = np.array([float(word) for word in words], storage.dtype)
    else:
        values = np.array([_integer(word) for word in words], np.int64)
        values = values.astype(storage.dtype)
    storage[: values.size] = values


def _integer(word):
    try:
        return int(word)
    except ValueError:
        return int(float(word))
