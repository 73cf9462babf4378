# SPDX-License-Identifier: MIT
"""Facts about the Lua of this process; asking for one chooses it."""

from ._runtime import lua_version, max_integer, min_integer

LUA_VERSION = lua_version()
LUA_MAXINTEGER = max_integer()
LUA_MININTEGER = min_integer()
