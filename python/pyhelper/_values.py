# SPDX-License-Identifier: MIT
"""Lua values as copies: what leaves a Lua state for good."""

from . import _core
from ._runtime import lua_type


def by_value(value, lists=True, _seen=None):
    """Tables as lists (those that count from 1 without holes, if `lists`) or
    dicts, tensors as arrays; shared tables stay shared, cycles stay cycles."""
    if lua_type(value) not in ("table", "userdata"):
        return value
    array = _core.tensor_array(value)
    if array is not None or lua_type(value) == "userdata":
        return value if array is None else array
    seen = {} if _seen is None else _seen
    if value not in seen:
        items = dict(value.items())
        if lists and _counts_from_one(items):
            result = seen[value] = []
            result.extend(by_value(items[i], lists, seen) for i in range(1, len(items) + 1))
        else:
            result = seen[value] = {}
            for key, item in items.items():
                result[key] = by_value(item, lists, seen)
    return seen[value]


def _counts_from_one(items):
    # True is equal to 1, and another key in Lua.
    return bool(items) and all(type(key) is int and 0 < key <= len(items) for key in items)
