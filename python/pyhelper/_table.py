# SPDX-License-Identifier: MIT
"""Methods of Lua objects that are written in Python (csrc/object/lua_table.c).

A method here is a function of the same name that gets the Lua object first.
"""

from collections.abc import ItemsView, KeysView, Mapping, ValuesView

from . import _core

_KEYS, _VALUES, _ITEMS = range(3)
_MISSING = object()


class _View:
    """A live view of a table that is an iterator as well, as lupa's are."""

    def __iter__(self):
        return _core.table_iter(self._mapping, self._what)

    def __next__(self):
        try:
            running = self._running
        except AttributeError:
            running = self._running = iter(self)
        return next(running)

    def __len__(self):
        # len(table) counts from 1 only; list() asks for this one, too.
        count = _core.table_count(self._mapping)
        return sum(1 for _ in iter(self)) if count is None else count

    def __repr__(self):
        return f"{type(self).__name__}({list(iter(self))!r})"


class LuaKeys(_View, KeysView):
    _what = _KEYS


class LuaValues(_View, ValuesView):
    _what = _VALUES


class LuaItems(_View, ItemsView):
    _what = _ITEMS


def keys(table):
    return LuaKeys(table)


def values(table):
    return LuaValues(table)


def items(table):
    return LuaItems(table)


def get(table, key, default=None):
    value = table[key]
    return default if value is None else value


def pop(table, key, default=_MISSING):
    value = table[key]
    if value is None:
        if default is _MISSING:
            raise KeyError(key)
        return default
    del table[key]
    return value


def popitem(table):
    for key, value in _core.table_iter(table, _ITEMS):
        del table[key]
        return key, value
    raise KeyError("popitem(): the table is empty")


def setdefault(table, key, default=None):
    value = table[key]
    if value is None:
        table[key] = value = default
    return value


def update(table, other=(), /, **kwargs):
    if isinstance(other, Mapping) or hasattr(other, "keys"):
        for key in other.keys():
            table[key] = other[key]
    else:
        for key, value in other:
            table[key] = value
    for key, value in kwargs.items():
        table[key] = value


def clear(table):
    for key in list(table):
        del table[key]


def copy(table):
    """A dict with the same items: a new Lua table is `runtime.table_from`."""
    return dict(items(table))


def asNumpyArray(obj):
    """The ndarray of a tensor: its memory where that is contiguous, else a copy."""
    import numpy

    array = _core.tensor_array(obj)
    if array is None:
        raise TypeError(f"{obj!r} is no tensor")
    return numpy.ascontiguousarray(array)


def __array__(obj, dtype=None, copy=None):
    """What numpy.asarray makes of a tensor, or of a table's items from 1 on."""
    import numpy

    array = _core.tensor_array(obj)
    if array is None:
        if not isinstance(obj, _core.LuaTable):
            raise TypeError(f"{obj!r} is no tensor")
        array = numpy.array([numpy.asarray(item) for item in _items_from_one(obj)])
        copy = False
    if dtype is not None and array.dtype != dtype:
        if copy is False:
            raise ValueError("this dtype needs a copy")
        return array.astype(dtype)
    return array.copy() if copy else array


def _items_from_one(table):
    """In order, whatever number the runtime gives to the first one."""
    numbered = sorted(
        ((k, v) for k, v in items(table) if isinstance(k, int) and k >= 0), key=lambda kv: kv[0]
    )
    return [value for _, value in numbered[: len(table)]]


def __copy__(obj):
    """A function is its own copy, as Python's are."""
    return obj if isinstance(obj, _core.LuaFunction) else copy(obj)


def __deepcopy__(obj, memo):
    if isinstance(obj, _core.LuaFunction):
        return obj
    raise TypeError(_cannot(obj, "be deep-copied", "copy.copy(t) and dict(t) give a dict"))


def __reduce_ex__(obj, protocol):
    instead = "send what it contains instead"
    if isinstance(obj, _core.LuaFunction):
        instead = "pyhelper.LuaSource sends the functions of a Lua file"
    raise TypeError(_cannot(obj, "be pickled or copied", instead))


def __dir__(table=None):
    if table is None:  # somebody asks for the names in this module
        return sorted(globals())
    names = {key for key in table if isinstance(key, str) and key.isidentifier()}
    return sorted(names.union(dir(type(table))))


def _cannot(obj, what, instead):
    return f"a {type(obj).__name__} lives in a Lua state and cannot {what} ({instead})"
