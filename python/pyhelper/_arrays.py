# SPDX-License-Identifier: MIT
"""Which objects are arrays to Lua, and what tensors cannot have (csrc/tensor/)."""

import sys

# type_kind of csrc/tensor/kind.c, and lp_array_kind for NumPy's scalars.
NO_ARRAY, NDARRAY, SCALAR, DLPACK, BUFFER = 1, 2, 3, 4, 5
INTEGER, FLOAT, BOOLEAN = 2, 3, 4

OLDEST_NUMPY = (1, 22)

# What has a tensor type: NumPy's names, as messages list them.
ELEMENTS = "uint8, int8, int16, int32, int64, float16, float32, float64, bool"


def c_api():
    """NumPy's table of C functions, a capsule."""
    try:
        import numpy
    except ImportError as error:
        raise ImportError(
            "tensors need NumPy, which this Python cannot import: "
            f"{sys.executable} -m pip install numpy ({error})"
        ) from error
    major, minor = (int(part) for part in numpy.__version__.split(".")[:2])
    if (major, minor) < OLDEST_NUMPY:
        raise ImportError(
            f"tensors need NumPy {'.'.join(map(str, OLDEST_NUMPY))} or newer; "
            f"this is {numpy.__version__} in {numpy.__file__}"
        )
    if major >= 2:
        from numpy._core import _multiarray_umath
    else:
        from numpy.core import _multiarray_umath
    return _multiarray_umath._ARRAY_API


def classify(cls, has_buffer):
    """What a type says about its objects; see csrc/tensor/kind.c."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "ndarray"):
        if issubclass(cls, numpy.ndarray):
            # Others mean something of their own: masks, units, records.
            plain = cls in (numpy.ndarray, numpy.memmap, numpy.matrix)
            return NDARRAY if plain else NO_ARRAY
        if issubclass(cls, numpy.generic):
            return _classify_scalar(numpy, cls)
    if hasattr(cls, "__dlpack__"):
        return DLPACK
    return BUFFER if has_buffer and not _is_structure(cls) else NO_ARRAY


def _classify_scalar(numpy, cls):
    if issubclass(cls, numpy.timedelta64):  # a subclass of signedinteger
        return NO_ARRAY
    for base, kind in (
        (numpy.bool_, BOOLEAN),
        (numpy.integer, INTEGER),
        (numpy.floating, FLOAT),
    ):
        if issubclass(cls, base):
            return SCALAR + 16 * kind
    return NO_ARRAY


def _is_structure(cls):
    """Of what ctypes has, only arrays are arrays."""
    ctypes = sys.modules.get("ctypes")
    if ctypes is None or not hasattr(ctypes, "Array"):
        return False
    data = ctypes.Array.__mro__[1]  # _ctypes._CData
    return issubclass(cls, data) and not issubclass(cls, ctypes.Array)


def plain(array):
    """The memory of an instance of a subclass as an ndarray."""
    import numpy

    return array.view(numpy.ndarray)


def from_buffer(obj):
    """An ndarray on the memory of an object with the buffer protocol."""
    import numpy

    return numpy.asarray(memoryview(obj))


CPU_DEVICES = (1, 3)  # kDLCPU, kDLCUDAHost


def dlpack(obj):
    """The capsule of an object with `__dlpack__`, with errors that help."""
    name = _type_name(type(obj))
    try:
        device = obj.__dlpack_device__()
        if int(device[0]) not in CPU_DEVICES:
            raise BufferError(f"its memory is on another device ({device!r})")
        try:
            return obj.__dlpack__(max_version=(1, 0))
        except TypeError:  # older than DLPack 1.0
            return obj.__dlpack__()
    except Exception as error:
        raise ValueError(
            f"{name} does not give its memory to a tensor: {error} "
            "(for PyTorch: pass x.detach().cpu())"
        ) from error


def _type_name(cls):
    prefix = "" if cls.__module__ == "builtins" else f"{cls.__module__}."
    return prefix + cls.__qualname__


def _describe(array):
    return f"an array of {array.dtype} with shape {array.shape} and strides {array.strides}"


def refuse_type(array):
    """No tensor has these elements."""
    kind = array.dtype.kind
    if kind == "c":
        way_out = "pass array.real and array.imag, or array.view(float)"
    elif kind in "mM":
        way_out = "pass array.astype('int64')"
    elif kind == "V":
        way_out = "pass its fields one by one, array['name']"
    elif kind == "u":
        wider = {2: "int32", 4: "int64"}.get(array.dtype.itemsize, "float64")
        way_out = f"pass array.astype('{wider}')"
    else:
        way_out = "pass array.astype('float64')"
    raise TypeError(
        f"no tensor has elements of type {array.dtype} (there are {ELEMENTS}): "
        f"{way_out}; py.reval gives a reference to the array as it is"
    )


def _reason(array):
    """Why a tensor cannot have this memory."""
    if not array.flags.writeable:
        return "it is read-only, and a tensor can be written"
    if not array.dtype.isnative:
        return f"its bytes are in the other order ({array.dtype.str})"
    if not array.flags.aligned:
        return "it is not aligned in memory"
    if any(s < 0 < n - 1 for s, n in zip(array.strides, array.shape)):
        return "it has a negative stride"
    return f"a stride is no multiple of its item size of {array.itemsize} bytes"


def refuse_share(array):
    """`py.share` of what only a copy can express."""
    raise ValueError(
        f"py.share: {_describe(array)} cannot share its memory with a tensor: "
        f"{_reason(array)}. py.eval gives a tensor with a copy."
    )


def copied(array):
    """A copy in an order that every tensor can have."""
    import numpy

    return numpy.array(array, dtype=array.dtype.newbyteorder("="), order="C", copy=True)
