-- SPDX-License-Identifier: MIT
rockspec_format = '3.0'
package = 'lua-py'
version = 'scm-1'

-- Build from a checkout: `luarocks make rockspec/lua-py-scm-1.rockspec`.
source = { url = 'git+file://.' }

description = {
   summary = 'Lua and Python in one process',
   detailed = [[
Calls Python from Lua and Lua from Python in one process, shares tensors with
NumPy without copying, and is a drop-in for fb.python on Python 3. One build
runs with any CPython 3.9 to 3.13 that is found at run time.]],
   license = 'MIT',
   labels = { 'python', 'numpy', 'torch', 'bridge' },
}

supported_platforms = { 'linux' }

dependencies = { 'lua >= 5.1, < 5.5' }

build = {
   type = 'cmake',
   variables = {
      CMAKE_BUILD_TYPE = 'Release',
      CMAKE_INSTALL_PREFIX = '$(PREFIX)',
      LUA_INCDIR = '$(LUA_INCDIR)',
      LIBDIR = '$(LIBDIR)',
      LUADIR = '$(LUADIR)',
   },
}
