# SPDX-License-Identifier: MIT
"""The surface of lutorpy: `import pyhelper.lutorpy as lua`.

`lua.require("nn")` and `lua.execute(code)` put Lua's globals into the module
that calls them; the importing module gets `require` as a bare name.  Items
are counted from zero, `obj._method(x)` is `obj:method(x)`, arrays become
tensors.  This module has one Lua runtime, made when it is first needed.
"""

import builtins
import sys

from . import _exceptions, _tensors
from ._runtime import LuaRuntime as _Runtime
from ._runtime import lua_type

LuaError = _exceptions.LuaError
LuaSyntaxError = _exceptions.LuaSyntaxError

__all__ = [
    "LuaError",
    "LuaRuntime",
    "LuaSyntaxError",
    "eval",
    "execute",
    "globals",
    "lua_type",
    "require",
    "set_globals",
    "table",
]

class _Session:
    """The runtime, and which names were given to whom."""

    def __init__(self):
        self.runtime = None
        self.standard = frozenset()
        self.zero_based = True
        self.given = {}  # id of a namespace -> {name: value that we put there}

    def start(self, **options):
        self.runtime = _Runtime(**options)
        self.set_style()
        self.standard = frozenset(self.runtime.globals())

    def set_style(self):
        self.runtime._state.set_style(self.zero_based, True, True)

    def lua(self):
        if self.runtime is None:
            self.start()
        return self.runtime

    def publish(self, namespace):
        """Give Lua's globals, but for the standard library's, to a module."""
        given = self.given.setdefault(id(namespace), {})
        for name, value in self.lua().globals().items():
            if isinstance(name, str) and name not in self.standard:
                self._give(namespace, given, name, value)

    def _give(self, namespace, given, name, value):
        if not name.isidentifier():
            return
        taken = hasattr(builtins, name) or (
            name in namespace and (name not in given or namespace[name] is not given[name])
        )
        if taken:
            name += "_"
        namespace[name] = given[name] = value


_session = _Session()


def LuaRuntime(zero_based_index=True, **options):
    """Choose how items are counted; with options, start a new Lua."""
    _session.zero_based = bool(zero_based_index)
    if _session.runtime is None or options:
        _session.start(**options)
    else:
        _session.set_style()
    return _session.runtime


def require(name):
    """Lua's require; the module and other new globals come to the caller."""
    lua = _session.lua()
    if name == "torch":
        module = _tensors.require_torch(lua)
    else:
        module = lua.require(name)
    torch = lua.globals()["torch"]
    if torch is not None and torch["fromNumpyArray"] is None:
        torch["fromNumpyArray"] = _from_array
        torch["shareNumpyArray"] = _share_array
    caller = _caller()
    _session.publish(caller)
    if lua_type(module) == "table" and name.isidentifier():
        _session._give(caller, _session.given[id(caller)], name, module)
    return module


def execute(code, *args):
    """Run Lua statements; their global variables come to the caller."""
    result = _session.lua().execute(code, *args)
    _session.publish(_caller())
    return result


def eval(code, *args):
    """The value of a Lua expression."""
    return _session.lua().eval(code, *args)


def globals():
    """Lua's table of global variables."""
    return _session.lua().globals()


def table(*items, **kwargs):
    """A new Lua table."""
    return _session.lua().table(*items, **kwargs)


def set_globals(namespace, *_):
    """Give Lua's globals and `require` to a namespace (older scripts do so)."""
    namespace.setdefault("require", require)
    _session.publish(namespace)


def _from_array(array):
    return _tensors.from_array(_session.lua(), array, share=False)


def _share_array(array):
    return _tensors.from_array(_session.lua(), array, share=True)


def _caller():
    """The globals of the code outside this module that called it."""
    frame = sys._getframe(1)
    while frame.f_globals is _OURS or frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame.f_globals


_OURS = builtins.globals()
_caller().setdefault("require", require)
