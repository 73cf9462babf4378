# SPDX-License-Identifier: MIT
"""How Python objects look from Lua: by attributes or by items, and functions
that take named arguments from a Lua table."""

import functools

from . import _library
from ._runtime import lua_type


def as_attrgetter(obj):
    """Fields of `obj` in Lua are its attributes, even if it has items."""
    return _library.load().Protocol(obj, 1)


def as_itemgetter(obj):
    """Fields of `obj` in Lua are its items."""
    return _library.load().Protocol(obj, 2)


def unpacks_lua_table(func):
    """Let Lua code call func{1, 2, name=3} for func(1, 2, name=3)."""

    @functools.wraps(func)
    def wrapper(*args):
        return func(*_positional(args), **_named(args))

    return wrapper


def unpacks_lua_table_method(meth):
    """The same for a method: obj:meth{1, 2, name=3}."""

    @functools.wraps(meth)
    def wrapper(self, *args):
        return meth(self, *_positional(args), **_named(args))

    return wrapper


def _is_packed(args):
    return len(args) == 1 and lua_type(args[0]) == "table"


def _positional(args):
    if not _is_packed(args):
        return args
    (table,) = args
    numbers = [key for key in table if isinstance(key, int)]
    if numbers and (min(numbers) < 1 or max(numbers) > len(numbers)):
        raise IndexError(f"arguments are missing before the last one: {sorted(numbers)}")
    return [table[i] for i in range(1, len(numbers) + 1)]


def _named(args):
    if not _is_packed(args):
        return {}
    (table,) = args
    return {
        key.decode() if isinstance(key, bytes) else key: value
        for key, value in table.items()
        if not isinstance(key, int)
    }
