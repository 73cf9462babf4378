-- SPDX-License-Identifier: MIT
-- Contract sections 2 and 3: what starting costs, py.config, py.info, py.repl,
-- and what the core is linked against.

local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'py'

-- The Python under test, for children.
local executable = py.info().executable

local function prints(expected, script, options)
  options = options or {}
  options.env = options.env or {LUAPY_PYTHON = executable}
  assert.equal(expected, child.output(script, options))
end

describe("require 'py'", function()
  it('does not start Python; the first use does', function()
    prints('nil nil embedded\n', [[
      local loader = require 'py.loader'
      local before = tostring(loader.started())
      local py = require 'py'
      local required = tostring(loader.started())
      py.exec 'pass'
      print(before .. ' ' .. required .. ' ' .. loader.started())
    ]])
  end)

  it('and py.config look for no Python yet', function()
    prints('true\n', [[
      local py = require 'py'
      py.config {python = '/no/such/python'}
      print(true)
    ]])
  end)
end)

describe('a program with a strict _G, where a global that is not there is an error', function()
  local STRICT = [[
    local function strict(_, name) error('strict: ' .. tostring(name), 2) end
    setmetatable(_G, {__index = strict, __newindex = strict})
    local py = require 'py'
  ]]

  it('can use everything', function()
    prints('2 3 true 4 ValueError 1 5\n', STRICT .. [[
      local three = 3
      assert(tostring(py.info()):find 'Python')
      local co = coroutine.create(function() coroutine.yield(4) end)
      local Five = py.class('Five', nil, {five = function() return 5 end})
      local _, e = pcall(py.exec, 'raise ValueError')
      print(('%d %d %s %d %s %d %d'):format(py.eval '1 + 1', py.leval 'three',
        tostring(require 'fb.python' == py), py.eval('next(co)', {co = co}), e.type,
        py.with(py.import 'io'.StringIO 'a', function() return 1 end),
        py.eval(Five():five())))
      py.new().register {type = 'complex', to_lua = tostring}
      py.exec([=[
        try: co.throw(KeyError)
        except KeyError: pass
      ]=], {co = co})
    ]])
  end)

  it('can use tensors', function()
    if not helper.has 'numpy' then
      pending(helper.lacks 'numpy')
      return
    end
    prints('true\ttrue\n', STRICT .. [[
      local torch = require 'py.torch'
      local zeros = py.eval '__import__("numpy").zeros(2)'
      print(torch.Tensor {1, 2, 3}:sum() == 6, torch.isTensor(zeros))
    ]])
  end)
end)

describe('the Python half of lua-py', function()
  local function fails(files, ...)
    local result = child.run([[
      local ok, e = pcall(function() return require 'py'.eval '1' end)
      print(ok, tostring(e))
    ]], {env = {LUAPY_PYTHON = executable}, files = files})
    for _, part in ipairs {'false\t', ...} do
      local text = part:gsub('SCRIPT', (result.script:gsub('/[^/]*$', '')))
      assert.truthy(result.stdout:find(text, 1, true), result.stdout .. result.stderr)
    end
  end

  it('travels with the Lua half, for every Python', function()
    local folder = debug.getinfo(py.new, 'S').source:match '^@(.*)/[^/]*$'
    local package = require 'py.loader'.realpath(folder .. '/python/pyhelper')
    if not package then
      pending 'skipped: these are no installed files'
      return
    end
    for _, other in ipairs {executable, '.venvs/3.9', '.venvs/3.10', '.venvs/3.12',
                            '.venvs/3.13'} do
      if require 'py.loader'.kind(other) then
        prints(package .. '/__init__.py\n42\n', [[
          local py = require 'py'
          print(py.import 'pyhelper'.__file__)
          py.exec 'import pyhelper; print(pyhelper.host().eval("6 * 7"))'
        ]], {env = {LUAPY_PYTHON = other, PYTHONPATH = ''}})
      end
    end
  end)

  it('is installed compiled, for those who may not write there', function()
    local folder = debug.getinfo(py.new, 'S').source:match '^@(.*)/[^/]*$'
    local names = require 'py.loader'.listdir(folder .. '/python/pyhelper/__pycache__')
    if not require 'py.loader'.kind(folder .. '/python') then
      pending 'skipped: these are no installed files'
      return
    end
    local unchecked = 0
    for _, name in ipairs(names or {}) do
      if name:find '^_run%.' then
        local file = assert(io.open(folder .. '/python/pyhelper/__pycache__/' .. name, 'rb'))
        -- After the magic number: valid as long as it is there, whatever the source.
        if file:read(8):sub(5) == '\1\0\0\0' then unchecked = unchecked + 1 end
        file:close()
      end
    end
    assert.is_true(unchecked > 0)
  end)

  it('is not what a file of the program hides: the error names that file', function()
    fails({['pyhelper.py'] = ''}, 'SCRIPT/pyhelper.py hides the package pyhelper of lua-py',
      'rename it')
    -- There is such a version, but not of lua-py.
    fails({['pyhelper.py'] = '__version__ = "0.1.0.1"'}, 'SCRIPT/pyhelper.py hides')
  end)

  it('has the version of the core: another is an error that names both', function()
    local version = py.info().luapy
    assert.truthy(version:find '^%d+%.%d+')
    assert.equal(version, py.eval(py.import 'pyhelper'.__version__))
    fails({['pyhelper.py'] = '__version__ = "9.8.7"; _HOMES = {}'},
      'the core of lua-py ' .. version .. ' does not work with pyhelper 9.8.7 (SCRIPT/',
      'install the same version of both')
  end)
end)

describe('the first py.eval', function()
  it('makes no classes of ASTs, which take Python a millisecond', function()
    local folder = os.tmpname()
    os.remove(folder)
    finally(function() os.execute('rm -rf ' .. folder) end)
    for run = 1, 2 do -- the first compiles pyhelper, where that was not done before
      local output = child.output([[
        local py = require 'py'
        print(py.eval '1 + 1', py.eval '"AST" in [c.__name__ for c in object.__subclasses__()]')
      ]], {env = {LUAPY_PYTHON = executable, PYTHONPYCACHEPREFIX = folder,
                  PYTHONDONTWRITEBYTECODE = ''}})
      if run == 2 then assert.equal('2\tfalse\n', output) end
    end
  end)

  it('imports nothing that costs time, and no NumPy', function()
    -- What site imports for an environment is not ours. All that is beyond it:
    -- our own modules, and what is built into Python.
    prints('2 []\n', [[
      local py = require 'py'
      local value = py.eval '1 + 1'
      py.exec([=[
import sys
modules = {name: m for name, m in sys.modules.items() if m is not None}
import subprocess
bare = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"],
                      capture_output=True, text=True, check=True).stdout.split()
from_files = {name for name, m in modules.items() if getattr(m, "__file__", None)}
ours = {name for name in from_files if name.split(".")[0] == "pyhelper"}
print(value, sorted(from_files - ours - set(bare)))]=], {value = value})
    ]])
  end)
end)

describe('py.config', function()
  it('chooses the Python of the first use, before all other sources', function()
    prints('true\tpy.config\n', ([[
      local py = require 'py'
      py.config {python = %q}
      local info = py.info()
      print(info.executable == %q, info.reason:match 'py.config')
    ]]):format(executable, executable), {env = {LUAPY_PYTHON = '/no/such/python'}})
  end)

  it('is an error after the first use', function()
    py.eval '1'
    helper.raises(function() py.config {python = executable} end,
      'py.config: Python runs already')
  end)

  it('names what it does not know', function()
    helper.raises(function() py.config {pyton = 'x'} end, "no option 'pyton'")
    helper.raises(function() py.config {python = 3} end, 'must be a string, not a number')
    helper.raises(function() py.config 'x' end, 'table expected, got string')
  end)
end)

describe('py.info()', function()
  it('has the versions, the paths and the reason of the choice', function()
    py.exec 'import sys'
    local info = py.info()
    assert.equal(py.eval '"%d.%d.%d" % sys.version_info[:3]', info.version:match '^%d+%.%d+%.%d+')
    for _, name in ipairs {'executable', 'prefix', 'base_prefix'} do
      assert.equal(py.eval('sys.' .. name), info[name])
    end
    assert.truthy(io.open(info.library, 'rb')):close()
    assert.is_string(info.reason)
    assert.truthy(info.lua:find(helper.jit and 'LuaJIT' or _VERSION, 1, true))
  end)

  it('is the same in every Lua state, whichever started Python', function()
    prints('true\n', [[
      local py = require 'py'
      py.exec 'import pyhelper; second = pyhelper.LuaRuntime()'
      local there = py.eval [=[second.execute("return tostring(require 'py'.info())")]=]
      print(there == tostring(py.info()))
    ]])
  end)

  it('has the version of NumPy once that is imported', function()
    if not helper.has 'numpy' then
      pending(helper.lacks 'numpy')
      return
    end
    prints('not imported yet\ntrue\n', [[
      local py = require 'py'
      print(py.info().numpy)
      local version = py.eval(py.import 'numpy'.__version__)
      print(py.info().numpy == version)
    ]])
  end)

  it('prints well', function()
    local info = py.info()
    local text = tostring(info)
    for _, name in ipairs {'luapy', 'version', 'executable', 'library', 'reason', 'numpy',
                           'lua'} do
      assert.truthy(text:find(info[name], 1, true), text)
    end
    assert.is_nil(text:find('newer than the tested', 1, true))
  end)

  it('marks a Python newer than the tested ones', function()
    local core = {
      _info = function()
        return {version = '3.99.0', choice = {untested = true, reason = 'a test'}}
      end,
      _tensor_provider = function() end,
    }
    local info = require 'py.info'(core)
    assert.is_true(info.untested)
    assert.truthy(tostring(info):find('newer than the tested', 1, true))
  end)
end)

describe('py.repl()', function()
  it('is a prompt that shares __main__, and ends with its input', function()
    local run = child.run([[
      local py = require 'py'
      py.exec 'given = 41'
      py.repl()
      print('then ' .. py.eval 'made')
    ]], {env = {LUAPY_PYTHON = executable, HOME = '/nonexistent'},
         stdin = 'made = given + 1\nprint("made", made)\n1 / 0\n'})
    assert.equal(0, run.code, run.stderr)
    assert.truthy(run.stdout:find('made 42\n', 1, true), run.stdout)
    assert.truthy(run.stdout:find('then 42\n', 1, true), run.stdout)
    assert.truthy(run.stderr:find('ZeroDivisionError', 1, true), run.stderr)
  end)

  it('is left by exit(), the program goes on', function()
    local run = child.run([[
      require 'py'.repl()
      print 'goes on'
    ]], {env = {LUAPY_PYTHON = executable, HOME = '/nonexistent'},
         stdin = 'exit()\nprint("not read")\n'})
    assert.equal(0, run.code, run.stderr)
    assert.truthy(run.stdout:find('goes on\n', 1, true), run.stdout)
    assert.is_nil(run.stdout:find('not read', 1, true))
  end)
end)

describe('the built core', function()
  local function path_of(name)
    for template in package.cpath:gmatch '[^;]+' do
      local path = template:gsub('%?', (name:gsub('%.', '/')))
      local file = io.open(path, 'rb')
      if file then
        file:close()
        return path
      end
    end
  end

  it('is linked against neither libpython nor liblua', function()
    local has = io.popen 'command -v readelf'
    local readelf = has:read '*l'
    has:close()
    if not readelf then
      pending 'skipped: there is no readelf'
      return
    end
    for _, name in ipairs {'py.core', 'py.loader'} do
      local pipe = io.popen(("readelf -d '%s'"):format(assert(path_of(name))))
      local text = pipe:read '*a'
      pipe:close()
      assert.truthy(text:find('NEEDED', 1, true), text)
      for line in text:gmatch '[^\n]*NEEDED[^\n]*' do
        assert.is_nil(line:find 'python' or line:lower():find 'lua', line)
      end
    end
  end)

  it('is built without headers of NumPy', function()
    local pipe = io.popen "grep -rnE 'include.*numpy' csrc CMakeLists.txt"
    local text = pipe:read '*a'
    pipe:close()
    for line in text:gmatch '[^\n]+' do
      assert.truthy(line:find('"numpy_tensor', 1, true), line)
    end
  end)

  -- Opens a changed copy in a process that has the real one.
  local function second_core(change)
    local path = path_of 'py.core'
    local version = py.info().luapy
    local output = child.output(([[
      local py = require 'py'
      print(py.eval '1 + 1')
      local file = assert(io.open(%q, 'rb'))
      local text = file:read '*a'
      file:close()
      %s
      local copy = os.tmpname()
      file = assert(io.open(copy, 'wb'))
      file:write(text)
      file:close()
      local open = assert(package.loadlib(copy, 'luaopen_py_core'))
      os.remove(copy)
      local refusal = tostring(select(2, pcall(open)))
      for _ = 1, 3 do -- nor is it half there at the next attempt
        assert(tostring(select(2, pcall(open))):find('cannot be loaded', 1, true))
      end
      print((refusal:gsub(copy, 'COPY')))
      print(py.eval '2 + 2')
    ]]):format(path, change:gsub('VERSION', version)), {env = {LUAPY_PYTHON = executable}})
    return output, version, path
  end

  it('is the only one in a process: a copy of it is refused', function()
    local output, version, path = second_core ''
    assert.truthy(output:find '^2\n.*\n4\n$', output)
    assert.truthy(output:find(('the core of lua-py %s (COPY) cannot be loaded: this process '
      .. 'runs that of lua-py %s (%s) already'):format(version, version, path), 1, true), output)
  end)

  it('of another version is refused, too, naming both versions and files', function()
    local output, version, path = second_core
      "text = text:gsub(('VERSION'):gsub('%p', '%%%0') .. '%z', '9.8.7\\0')"
    assert.truthy(output:find '^2\n.*\n4\n$', output)
    assert.truthy(output:find(('the core of lua-py 9.8.7 (COPY) cannot be loaded: this process '
      .. 'runs that of lua-py %s (%s) already'):format(version, path), 1, true), output)
  end)
end)
