# SPDX-License-Identifier: MIT
"""LuaRuntime: a Lua in this Python, with the names that lupa's users know."""

import builtins
import os
from collections.abc import Mapping
from contextlib import contextmanager

from . import _evaluate, _library

_ESCAPED_UTF8 = object()  # the default encoding: any bytes survive as str

_ALL_MEMORY = 2**62  # more than any process has

_paths = None  # what _search_paths returns


def _search_paths():
    """What each Lua's package.path and package.cpath begin with."""
    global _paths
    if _paths is None:
        folder = os.fsencode(_library.lua_folder())
        cores = os.fsencode(os.path.dirname(os.path.dirname(_library.core_file())))
        _paths = b"%b/?.lua;%b/?/init.lua;" % (folder, folder), b"%b/?.so;" % cores
    return _paths


class LuaRuntime:
    """A Lua state of its own.

    Values of Lua come to Python by reference (tables, functions, userdata,
    coroutines) or converted (numbers, strings, booleans, nil).  Python's
    containers and other objects go to Lua by reference.

    `lua` chooses the Lua when the first runtime of the process is made:
    'luajit' (the default where it is installed), '5.4', '5.3', '5.2', '5.1'.
    """

    _stops = 0  # of the collector that are in force

    def __init__(
        self,
        encoding=_ESCAPED_UTF8,
        source_encoding=None,
        attribute_filter=None,
        attribute_handlers=None,
        register_eval=True,
        unpack_returned_tuples=False,
        register_builtins=True,
        overflow_handler=None,
        max_memory=None,
        *,
        lua=None,
    ):
        getter, setter = _check_handlers(attribute_filter, attribute_handlers)
        _check_callable("attribute_filter", attribute_filter)
        _check_callable("overflow_handler", overflow_handler)
        if encoding is _ESCAPED_UTF8:
            encoding, self._source_encoding = "", source_encoding or "utf-8"
            self._errors = "surrogateescape"
        else:
            self._source_encoding = source_encoding or encoding or "utf-8"
            self._errors = "strict"
        "".encode(encoding or "utf-8")  # LookupError now, not in Lua
        core = _library.load(lua)
        no_python = not (register_eval and register_builtins)
        self._state = core.LuaState(
            encoding,
            attribute_filter,
            getter,
            setter,
            overflow_handler,
            bool(unpack_returned_tuples),
            no_python,
            *(_paths or _search_paths()),
            _evaluate.eval if register_eval else None,
            _evaluate.exec if register_eval else None,
            builtins if register_builtins else None,
        )
        if max_memory is not None:
            self.set_max_memory(max_memory)

    @classmethod
    def _of_state(cls, state):
        """A runtime for a Lua state that is there already (the host's)."""
        self = cls.__new__(cls)
        self._state = state
        self._source_encoding, self._errors = "utf-8", "surrogateescape"
        return self

    # ---- running code ----

    def execute(self, code, *args, name=None, mode=None):
        """Run statements; return what they return."""
        return self.compile(code, name, mode)(*args)

    def eval(self, code, *args, name=None, mode=None):
        """The value of an expression; several values are a tuple."""
        if isinstance(code, str):
            code = "return " + code
        elif isinstance(code, bytes):
            code = b"return " + code
        return self.compile(code, name, mode)(*args)

    def compile(self, code, name=None, mode=None):
        """Lua source (or, as bytes, a binary chunk) as a Lua function."""
        if isinstance(code, str):
            code = code.encode(self._source_encoding, self._errors)
        elif not isinstance(code, bytes):
            raise TypeError(f"Lua code must be str or bytes, not {type(code).__name__}")
        if mode is not None and mode not in ("b", "t", "bt"):
            raise ValueError(f"mode must be 'b', 't', 'bt' or None, not {mode!r}")
        if isinstance(name, bytes):
            name = name.decode(self._source_encoding)
        return self._state.load(code, "=<python>" if name is None else name, mode)

    def require(self, modulename):
        """The result of Lua's require."""
        result = self._state.load(b"return (require(...))", "=require", None)
        return result(modulename)

    # ---- values ----

    def globals(self):
        """Lua's table of global variables."""
        return self._state.globals()

    def table(self, *items, **kwargs):
        """A new table with these items from 1 on, and these fields."""
        return self._state.table(list(items), list(kwargs.items()))

    def table_from(self, *args, recursive=False):
        """A new table with the items of all mappings and iterables.

        With `recursive` the containers in them become tables, too; those
        that occur several times, or contain themselves, stay what they are.
        """
        if recursive and len(args) == 1 and isinstance(args[0], (dict, list, tuple)):
            return self._state.deep_table(args[0])
        items, pairs = _flatten(args)
        if not recursive:
            return self._state.table(items, pairs)
        # In one go, so that what occurs in both stays one table.
        table, named = self._state.deep_table([items, dict(pairs)]).values()
        table.update(named.items())
        return table

    # ---- memory ----

    def gccollect(self):
        """Run a full cycle of Lua's garbage collector."""
        self._state.gc("collect")

    @contextmanager
    def nogc(self):
        """Without Lua's garbage collector inside the `with`, and those in it."""
        self._state.gc("stop")
        self._stops += 1
        try:
            yield
        finally:
            self._stops -= 1
            if self._stops == 0:
                self._state.gc("restart")

    def get_memory_used(self, total=False):
        """Bytes in use, without those of the empty runtime unless `total`;
        None if max_memory was never set."""
        memory = self._state.memory()
        if memory is None:
            return None
        used, base, _ = memory
        return used if total else max(0, used - base)

    def get_max_memory(self, total=False):
        """The limit in bytes, 0 for none; None if it was never set."""
        memory = self._state.memory()
        if memory is None:
            return None
        _, base, limit = memory
        return limit if total or limit == 0 else limit - base

    def set_max_memory(self, max_memory, total=False):
        """Limit the memory of this Lua; 0 is no limit.  Beyond it Lua code
        gets memory errors, which are LuaMemoryError here."""
        self._state.set_limit(min(max(0, int(max_memory)), _ALL_MEMORY), total)

    @property
    def max_memory(self):
        return self.get_max_memory()

    def set_overflow_handler(self, overflow_handler):
        """A function that converts ints which no Lua number can hold."""
        _check_callable("overflow_handler", overflow_handler)
        self._state.set_overflow(overflow_handler)

    def close(self):
        """Close this Lua now; its objects raise RuntimeError from then on."""
        self._state.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- what it is ----

    @property
    def lua_version(self):
        """(5, 1) and so on; LuaJIT is a (5, 1)."""
        return lua_version()

    @property
    def lua_implementation(self):
        """'LuaJIT 2.1.0-beta3', 'Lua 5.4' and so on."""
        return self.eval("type(jit) == 'table' and jit.version or _VERSION")

    def __repr__(self):
        return f"<{type(self).__name__} of {_library.loaded or 'the host'}>"

    def __reduce__(self):
        raise TypeError("a LuaRuntime cannot be pickled: make one where it is needed")


def host():
    """The Lua state that embeds this Python."""
    core = _library.load()
    state = core.host_state(core.LuaState)
    if state is None:
        raise RuntimeError("no Lua embeds this Python (LuaRuntime() starts one)")
    return LuaRuntime._of_state(state)


def lua_type(obj):
    """What Lua's type() says of a Lua object; None for Python objects."""
    for cls in type(obj).__mro__:
        kind = _TYPES.get(cls.__name__)
        if kind is not None and cls.__module__ == "pyhelper":
            return kind
    return None


_TYPES = {
    "LuaTable": "table",
    "LuaFunction": "function",
    "LuaThread": "thread",
    "LuaUserdata": "userdata",
    "LuaCData": "cdata",
}


def lua_version():
    number = _library.load().LUA_VERSION_NUM
    return number // 100, number % 100


def max_integer():
    """The largest int that a Lua number holds exactly."""
    return 2**63 - 1 if lua_version() >= (5, 3) else 2**53


def min_integer():
    return -(2**63) if lua_version() >= (5, 3) else -(2**53)


def _check_callable(name, value):
    if value is not None and not callable(value):
        raise ValueError(f"{name} must be callable")


def _check_handlers(attribute_filter, handlers):
    if handlers is None:
        return None, None
    message = "attribute_handlers must be a pair (getter, setter) of callables or None"
    try:
        pair = tuple(handlers)
    except TypeError:
        raise ValueError(message) from None
    if not pair:
        return None, None
    if len(pair) != 2 or not all(f is None or callable(f) for f in pair):
        raise ValueError(message)
    if attribute_filter is not None and any(pair):
        raise ValueError("attribute_filter and attribute_handlers exclude each other")
    return pair


def _flatten(containers):
    items, pairs = [], []
    for container in containers:
        if isinstance(container, Mapping) or hasattr(container, "keys"):
            pairs.extend((key, container[key]) for key in container.keys())
        elif lua_type(container) == "table":
            pairs.extend(container.items())
        else:
            items.extend(container)
    return items, pairs
