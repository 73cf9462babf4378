# SPDX-License-Identifier: MIT
"""Lua functions and modules that travel by their source.

A Lua function lives in one Lua state.  What was taken from a file can be
pickled as the place in that file and its source, and comes to life in the
state of the process that unpickles it, so that multiprocessing, Dask and
PySpark can send it to their workers.
"""

import os
import threading


class LuaSource:
    """A Lua file, or a function that it returns or defines.

    `LuaSource('model.lua')` is what the file returns;
    `LuaSource('model.lua').predict` one of its functions.  Called, it runs in
    a Lua of its own in each process and thread, made at the first call.
    """

    def __init__(self, path, name=None, source=None, options=None):
        self._path = os.fspath(path)
        self._name = name
        if source is None:
            with open(self._path, "rb") as file:
                source = file.read()
        self._source = source
        self._options = dict(options or {})

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        full = name if self._name is None else f"{self._name}.{name}"
        return type(self)(self._path, full, self._source, self._options)

    def __call__(self, *args):
        """Call it; containers go to Lua as tables and come back as such."""
        lua, value = self._resolve()
        converted = [_to_lua(lua, arg) for arg in args]
        return _to_python(value(*converted))

    def __reduce__(self):
        return type(self), (self._path, self._name, self._source, self._options)

    def __repr__(self):
        name = f" {self._name}" if self._name else ""
        return f"<Lua source {self._path}{name}>"

    def _resolve(self):
        lua, value = _load(self._path, self._source, self._options)
        for name in self._name.split(".") if self._name else ():
            value = (lua.globals() if value is None else value)[name]
            if value is None:
                raise AttributeError(f"{self._path} has no {self._name!r}")
        return lua, value


_local = threading.local()


def _load(path, source, options):
    """(runtime, what the file returns), once per thread and source."""
    from ._runtime import LuaRuntime

    try:
        loaded = _local.loaded
    except AttributeError:
        loaded = _local.loaded = {}
    key = (path, source, tuple(sorted(options.items())))
    if key not in loaded:
        lua = LuaRuntime(**options)
        lua._state.set_style(False, False, True)
        loaded[key] = lua, lua.execute(source, name="@" + path)
    return loaded[key]


def _to_lua(lua, value):
    if isinstance(value, (list, tuple, dict)):
        return lua.table_from(value, recursive=True)
    return value


def _to_python(value):
    from ._values import by_value

    if isinstance(value, tuple):
        return tuple(by_value(item) for item in value)
    return by_value(value)
