-- SPDX-License-Identifier: MIT
-- Opening and starting libpython, in child processes: this one may have a
-- Python already.

local child = require 'spec.child'
local helper = require 'spec.helper'
local choice = assert(require 'py.interpreter'.choose())

local function prints(expected, code, env)
  assert.equal(expected .. '\n',
    child.output('local loader = require "py.loader"\n' .. code, {env = env}))
end

local START = ('loader.start{library = %q, program = %q}'):format(choice.library,
  choice.executable)

local function read_command(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read '*a':gsub('%s+$', '')
  pipe:close()
  return output
end

describe('py.loader', function()
  it('starts Python once', function()
    prints('nil\nstarted\nembedded\nalready\nembedded',
      'print(loader.started()) print(' .. START .. ') print(loader.started())\n'
      .. 'print(' .. START .. ') print(loader.started())')
  end)

  it('stays loaded when the Lua state that loaded it closes', function()
    if not helper.jit then pending 'skipped: a second state needs LuaJIT' return end
    assert.equal('embedded\n', child.output(([[
      local ffi = require 'ffi'
      ffi.cdef 'void *luaL_newstate(void); void luaL_openlibs(void *); void lua_close(void *);'
      ffi.cdef 'int luaL_loadstring(void *, const char *); int lua_pcall(void *, int, int, int);'
      local L = ffi.C.luaL_newstate()
      ffi.C.luaL_openlibs(L)
      assert(ffi.C.luaL_loadstring(L, %q) == 0)
      assert(ffi.C.lua_pcall(L, 0, 0, 0) == 0)
      ffi.C.lua_close(L)
      print(require 'py.loader'.started())]]):format(
        ('package.cpath = %q local loader = require "py.loader" assert(%s)')
          :format(package.cpath, START))))
  end)

  it('answers bad arguments with a message', function()
    prints('nil\tpy.loader.start needs a table', 'print(loader.start())')
    prints("nil\tpy.loader.start needs the fields 'library' and 'program'",
      'print(loader.start{library = 1})')
    prints('nil\tnil\tnil\tfalse', [[
      print((loader.realpath()), loader.kind {}, (loader.listdir '/nowhere'),
            loader.is_executable '/')]])
  end)

  it('says what it cannot open', function()
    prints('nil\ttrue', [[
      local ok, message = loader.start{library = '/nowhere.so', program = 'python'}
      print(ok, message:find('/nowhere.so', 1, true) ~= nil)]])
  end)

  it('takes no library of another version than the interpreter', function()
    prints('nil\ttrue', ([[
      local ok, message = loader.start{library = %q, program = %q, version = '3.99'}
      print(ok, message:find('but the interpreter is Python 3.99', 1, true) ~= nil)]])
      :format(choice.library, choice.executable))
  end)

  it('knows the folder of the C library', function()
    local folder = require 'py.loader'.system_library_folder()
    assert.equal('directory', require 'py.loader'.kind(folder))
    assert.equal('', read_command('ls ' .. folder .. '/libc.* >/dev/null'))
  end)
end)

-- Libraries that look like other Pythons -------------------------------------------

local function fake(path, version, more)
  local source = helper.temporary(([[
const char *Py_GetVersion(void) { return "%s"; }
int Py_IsInitialized(void) { return 0; }
%s]]):format(version, more or ''), '.c')
  assert.equal('', read_command(('cc -shared -fPIC -o %s %s 2>&1'):format(path, source)))
  os.remove(source)
end

describe('another kind of Python', function()
  local path

  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local has_compiler = read_command 'command -v cc' ~= ''

  for expected, contents in pairs {
    ['it is Python 2.7.18; lua-py needs CPython 3.9 or newer'] = {'2.7.18 (default)'},
    ['it is Python 3.8.1; lua-py needs CPython 3.9 or newer'] = {'3.8.1 (default)'},
    ['it is a free-threaded build of Python 3.13.1; lua-py needs a build with the GIL'] =
      {'3.13.1 experimental free-threading build (main)'},
    ['it is PyPy; lua-py needs CPython'] =
      {'3.10.2 (main)', 'int PyPy_IsInitialized(void) { return 0; }'},
    ['it has no function Py_DecodeLocale'] = {'3.11.1 (main)'},
  } do
    it('is refused before it starts: ' .. expected, function()
      if not has_compiler then pending 'skipped: there is no C compiler' return end
      fake(path, contents[1], contents[2])
      prints('nil\t' .. expected, ('print(loader.start{library = %q, program = "python"})')
        :format(path))
    end)
  end

  it('in the same process is refused', function()
    if not has_compiler then pending 'skipped: there is no C compiler' return end
    fake(path, '3.11.1 (main)')
    prints('nil\tanother Python library is already in this process: ' .. path,
      ('print(%s)'):format(START),
      {LD_PRELOAD = (os.getenv 'LD_PRELOAD' or '') .. ' ' .. path})
  end)
end)

-- A Python that was there first ------------------------------------------------------

describe('a Python host', function()
  -- The shared library of the Lua under test, for ctypes.
  local soname = helper.jit and 'libluajit-5.1.so.2'
    or ('liblua%s.so.0'):format(_VERSION:match '%d.%d')

  it('is used as it is, by one Lua state after the other', function()
    local script = helper.temporary(([[
import ctypes, sys
try:
    lua = ctypes.CDLL(%q, mode=ctypes.RTLD_GLOBAL)
except OSError:
    sys.exit("no library")
lua.luaL_newstate.restype = ctypes.c_void_p
lua.lua_tolstring.restype = ctypes.c_char_p
CODE = b"""
package.cpath = %q
local loader = require 'py.loader'
assert(loader.started() == 'host')
assert(loader.start{library = '/nowhere.so', program = 'x'} == 'already')
"""
for _ in range(2):
    L = ctypes.c_void_p(lua.luaL_newstate())
    lua.luaL_openlibs(L)
    if lua.luaL_loadstring(L, CODE) or lua.lua_pcall(L, 0, 0, 0):
        sys.exit(lua.lua_tolstring(L, -1, None))
    lua.lua_close(L)
print("used")
]]):format(soname, package.cpath):gsub('lua.lua_pcall%(L, 0, 0, 0%)',
      helper.version > 5.1 and 'lua.lua_pcallk(L, 0, 0, 0, None, None)' or '%0'), '.py')
    local output = read_command(('%s %s 2>&1'):format(choice.executable, script))
    os.remove(script)
    if output == 'no library' then pending('skipped: there is no ' .. soname) return end
    assert.equal('used', output)
  end)
end)
