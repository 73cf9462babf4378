# SPDX-License-Identifier: MIT
"""Elements of arrays by position and by mask, copies, and bytes of storages.

Positions count from 1, dimensions too, as Lua hands them over."""

import contextlib
import os
import weakref

import numpy as np

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


def assign(out, values):
    """Copy with conversion; element by element where shapes differ."""
    if values.shape != out.shape:
        values = values.reshape(out.shape)
    if values.dtype.kind == "f" and out.dtype.kind != "f":
        values = to_integers(values, out.dtype)
    with np.errstate(all="ignore"):
        np.copyto(out, values, casting="unsafe")


# ---- by position ----

def check(index, size, text, position=0):
    if index.size and (index.min() < 1 or index.max() > size):
        raise Wrong(text, position)


def select(out, source, dim, index):
    np.take(source, index - 1, axis=dim - 1, out=out, mode="clip")


def _slices(dim, index):
    return (slice(None),) * (dim - 1) + (index - 1,)


def copy(out, dim, index, source):
    out[_slices(dim, index)] = source


def add(out, dim, index, source):
    np.add.at(out, _slices(dim, index), source)


def fill(out, dim, index, value):
    out[_slices(dim, index)] = value


def gather(out, source, dim, index):
    out[...] = np.take_along_axis(_like(source, index, dim), index - 1, dim - 1)


def _like(source, index, dim):
    """`source` as large as `index` in the other dimensions."""
    return source[tuple(
        slice(None) if d == dim - 1 else slice(0, size)
        for d, size in enumerate(index.shape))]


def scatter(out, dim, index, values):
    """`values` is an array, or a number."""
    np.put_along_axis(_like(out, index, dim), index - 1, values, dim - 1)


def scatter_add(out, dim, index, values):
    target = _like(out, index, dim)
    where = list(np.indices(index.shape, sparse=True))
    where[dim - 1] = index - 1
    np.add.at(target, tuple(where), values)


def nonzero(source):
    return np.argwhere(source) + 1


# ---- by mask ----

def _mask(mask):
    if mask.size and mask.max() > 1:
        raise Wrong("Mask tensor can take 0 and 1 values only")
    return mask.view(np.bool_) if mask.dtype == np.uint8 else mask.astype(bool)


def count(mask):
    """Number of elements under the mask."""
    return int(np.count_nonzero(_mask(mask)))


def masked_select(out, source, mask):
    if mask.shape != source.shape:
        mask = mask.reshape(source.shape)
    out[...] = source[_mask(mask)]


def masked_fill(out, mask, value):
    if mask.shape != out.shape:
        mask = mask.reshape(out.shape)
    out[_mask(mask)] = value


def masked_copy(out, mask, source):
    if mask.shape != out.shape:
        mask = mask.reshape(out.shape)
    mask = _mask(mask)
    n = np.count_nonzero(mask)
    if n > source.size:
        raise Wrong("Number of elements of src < number of ones in mask")
    out[mask] = source.reshape(-1)[:n]


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

def get_bytes(storage, size):
    """`size` is that of an element in the file."""
    if size != storage.itemsize:
        storage = storage.astype(f"i{size}")
    return storage.tobytes()


def set_bytes(storage, data, size):
    dtype = storage.dtype if size == storage.itemsize else f"i{size}"
    values = np.frombuffer(data, dtype)
    storage[: values.size] = values


_FORMATS = {"float16": "%.9g", "float32": "%.9g", "float64": "%.17g"}


def get_words(storage, separator):
    form = _FORMATS.get(storage.dtype.name, "%d")
    return separator.join(form % value for value in storage.tolist())


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
