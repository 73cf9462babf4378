# SPDX-License-Identifier: MIT
"""The surface of lutorpy: `import pyhelper.lutorpy as lua`.

`lua.require("nn")`, `lua.execute(code)` and `lua.eval(code)` put Lua's globals
into the module that calls them; every module that imports this one gets
`require` and `torch` as bare names.  Items are counted from zero,
`obj._method(x)` is `obj:method(x)`, arrays become tensors.  This module has one
Lua runtime, made when it is first needed.
"""

import builtins
import sys
import types

from . import _exceptions, _tensors
from ._protocols import (
    as_attrgetter,
    as_itemgetter,
    unpacks_lua_table,
    unpacks_lua_table_method,
)
from ._runtime import LuaRuntime as _Runtime
from ._runtime import lua_type

LuaError = _exceptions.LuaError
LuaSyntaxError = _exceptions.LuaSyntaxError

__all__ = [
    "LuaError",
    "LuaRuntime",
    "LuaSyntaxError",
    "as_attrgetter",
    "as_itemgetter",
    "eval",
    "execute",
    "globals",
    "lua_type",
    "require",
    "set_globals",
    "table",
    "table_from",
    "unpacks_lua_table",
    "unpacks_lua_table_method",
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
        there = namespace.get(name, _torch)
        taken = hasattr(builtins, name) or (
            there is not _torch and (name not in given or there is not given[name])
        )
        if taken:
            name += "_"
        namespace[name] = given[name] = value


_session = _Session()


def LuaRuntime(zero_based_index=True, **options):
    """Choose how items are counted; with options, start a new Lua."""
    _welcome(_caller())
    _session.zero_based = bool(zero_based_index)
    if _session.runtime is None or options:
        _session.start(**options)
    else:
        _session.set_style()
    return _session.runtime


def require(name):
    """Lua's require; the module and other new globals come to the caller."""
    lua = _session.lua()
    module = _require_torch() if name == "torch" else lua.require(name)
    _extend_torch(lua)
    caller = _caller()
    _welcome(caller)
    _session.publish(caller)
    if lua_type(module) == "table" and name.isidentifier():
        _session._give(caller, _session.given[id(caller)], name, module)
    return module


def execute(code, *args):
    """Run Lua statements; their global variables come to the caller."""
    result = _session.lua().execute(code, *args)
    _publish(_caller())
    return result


def eval(code, *args):
    """The value of a Lua expression; new global variables come to the caller."""
    result = _session.lua().eval(code, *args)
    _publish(_caller())
    return result


def globals():
    """Lua's table of global variables."""
    _welcome(_caller())
    return _session.lua().globals()


def table(*items, **kwargs):
    """A new Lua table."""
    _welcome(_caller())
    return _session.lua().table(*items, **kwargs)


def table_from(*args, **kwargs):
    """A new Lua table with the items of these."""
    _welcome(_caller())
    return _session.lua().table_from(*args, **kwargs)


def set_globals(namespace, *_):
    """Give Lua's globals and `require` to a namespace (older scripts do so)."""
    _publish(namespace)


# ---- torch ----


class _Torch:
    """Lua's `torch` in a module that has not required it.

    In lutorpy it is there at once; here Lua starts, and Torch is loaded, at the
    first use.
    """

    def __getattr__(self, name):
        return getattr(_require_torch(), name)

    def __setattr__(self, name, value):
        setattr(_require_torch(), name, value)

    def __getitem__(self, key):
        return _require_torch()[key]

    def __dir__(self):
        return dir(_require_torch())

    def __repr__(self):
        return "<Lua's torch, which nobody has used yet>"


_torch = _Torch()


def _require_torch():
    lua = _session.lua()
    module = _tensors.require_torch(lua)
    _extend_torch(lua)
    return module


def _extend_torch(lua):
    torch = lua.globals()["torch"]
    if torch is not None and torch["fromNumpyArray"] is None:
        torch["fromNumpyArray"] = _from_array
        torch["shareNumpyArray"] = _share_array


def _from_array(array):
    return _tensors.from_array(_session.lua(), array, share=False)


def _share_array(array):
    return _tensors.from_array(_session.lua(), array, share=True)


# ---- the modules that use this one ----


def _caller():
    """The globals of the code outside this module that called it."""
    frame = sys._getframe(1)
    while frame.f_globals is _OURS or frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame.f_globals


def _welcome(namespace):
    """Give the names that each importing module has, unless they are taken."""
    namespace.setdefault("require", require)
    namespace.setdefault("torch", _torch)


def _publish(namespace):
    _welcome(namespace)
    _session.publish(namespace)


class _Package(types.ModuleType):
    """The package `pyhelper`, which sees who takes this module from it.

    Only the first import of a module runs its code, but every
    `import pyhelper.lutorpy as lua` and `from pyhelper import lutorpy` reads the
    attribute, and so does `pyhelper.lutorpy.require(...)`.
    """

    @property
    def lutorpy(self):
        _welcome(_caller())
        return sys.modules[__name__]

    @lutorpy.setter
    def lutorpy(self, module):
        """The import system sets it."""


_OURS = builtins.globals()
sys.modules[__package__].__class__ = _Package
_welcome(_caller())
