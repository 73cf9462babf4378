# SPDX-License-Identifier: MIT
"""The surface of python2torch: functions of a Lua file, called with arrays.

    torch = python2torch.PyTorch('file.lua')
    (result,) = torch.predict([1, 2], numpy.zeros(3))
"""

import os

from . import _tensors
from ._runtime import LuaRuntime, lua_type
from ._values import by_value

_LIST_RESULTS = """
local function pack(...) return { n = select('#', ...), ... } end
return function(f, ...) return pack(f(...)) end
"""


class PyTorch:
    """The global functions of a Lua file as methods.

    Every call returns a list of results.  Tables come back as dicts, tensors
    as arrays.
    """

    def __init__(self, lua_file, **options):
        lua = LuaRuntime(**options)
        lua._state.set_style(False, False, True)
        self._lua = lua
        self._list_results = lua.execute(_LIST_RESULTS)
        try:
            _tensors.require_torch(lua)
        except Exception as error:
            self._no_torch = error  # a file without tensors works
        lua.globals()["dofile"](os.fspath(lua_file))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        function = self._lua.globals()[name]
        if lua_type(function) != "function":
            raise AttributeError(f"the Lua file has no global function {name!r}")

        def call(*args):
            packed = self._list_results(function, *map(self._to_lua, args))
            return [by_value(packed[i + 1], lists=False) for i in range(packed["n"])]

        call.__name__ = call.__qualname__ = name
        return call

    @property
    def function_names(self):
        return sorted(
            name
            for name, value in self._lua.globals().items()
            if isinstance(name, str) and lua_type(value) == "function"
        )

    def __dir__(self):
        return sorted({*object.__dir__(self), *self.function_names})

    def __call__(self, name, *args):
        return getattr(self, name)(*args)

    def _to_lua(self, value):
        if isinstance(value, (list, tuple, dict)):
            return self._lua.table_from(value, recursive=True)
        return value
