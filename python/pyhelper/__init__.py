# SPDX-License-Identifier: MIT
"""Lua in Python and Python in Lua: the Python half of lua-py.

Importing this package must stay cheap: a Lua program that evaluates one
expression imports it.  So public names are taken from their modules when they
are first used.
"""

__version__ = "0.1.0"

# public name -> module of this package that defines it
_HOMES = {
    "LuaError": "_exceptions",
    "LuaSyntaxError": "_exceptions",
    "LuaMemoryError": "_exceptions",
    "LuaRuntime": "_runtime",
    "LuaSource": "_source_functions",
    "by_value": "_values",
    "host": "_runtime",
    "lua_traceback": "_exceptions",
    "lua_type": "_runtime",
    "LuaObject": "_core",
    "LuaTable": "_core",
    "LuaFunction": "_core",
    "LuaUserdata": "_core",
    "LuaCData": "_core",
    "LuaThread": "_core",
    "as_attrgetter": "_protocols",
    "as_itemgetter": "_protocols",
    "unpacks_lua_table": "_protocols",
    "unpacks_lua_table_method": "_protocols",
    "LUA_VERSION": "_constants",
    "LUA_MAXINTEGER": "_constants",
    "LUA_MININTEGER": "_constants",
}

__all__ = list(_HOMES)


def __getattr__(name):
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_HOMES})
