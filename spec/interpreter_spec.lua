-- SPDX-License-Identifier: MIT
-- The embedded Python looks like `python script`: each test starts one in a
-- child process. Which Python is chosen is the matter of
-- interpreter_choice_spec.lua.

local child = require 'spec.child'
local helper = require 'spec.helper'
local interpreter = require 'py.interpreter'

-- The Python under test, and what makes a child take it.
local choice = assert(interpreter.choose())
local minor = choice.version[2]

local function lines(...)
  return table.concat({...}, '\n') .. '\n'
end

-- A child that takes the chosen Python and ends well, with nothing of this
-- process that would change how Python starts.
local function environment(extra)
  local env = {LUAPY_PYTHON = choice.executable, PYTHONHOME = '', PYTHONUTF8 = '',
               PYTHONIOENCODING = '', PYTHONSAFEPATH = ''}
  for name, value in pairs(extra or {}) do env[name] = value end
  return env
end

local function prints(expected, script, options)
  options = options or {}
  options.env = environment(options.env)
  options.timeout = options.timeout or 30
  assert.equal(expected, child.output(script, options))
end

local function python(code)
  return ('require("py").exec(%q)\n'):format(code)
end

local function shell(command)
  local pipe = assert(io.popen(command))
  local output = pipe:read '*a'
  pipe:close()
  return output
end

-- A folder that is removed afterwards.
local function with_folder(fn)
  local path = shell 'mktemp -d':gsub('%s+$', '')
  local ok, err = pcall(fn, shell('realpath ' .. path):gsub('%s+$', ''))
  os.execute('rm -rf ' .. path)
  if not ok then error(err, 0) end
end

describe('the embedded Python', function()
  it('has the executable and the prefixes of the chosen one', function()
    prints(lines(choice.executable, choice.prefix, choice.base_prefix), python [[
import sys
print(sys.executable, sys.prefix, sys.base_prefix, sep="\n")]])
  end)

  it('has them in a virtual environment', function()
    with_folder(function(folder)
      -- A letter that the C locale lacks.
      local env = folder .. '/vénv'
      shell(("'%s' -m venv --without-pip '%s'"):format(choice.executable, env))
      for _, locale in ipairs {'C.UTF-8', 'C'} do
        prints(lines(env .. '/bin/python', env, choice.base_prefix, 'True True'),
          python [[
import sys
print(sys.executable, sys.prefix, sys.base_prefix, sep="\n")
print(any(p.startswith(sys.prefix) for p in sys.path), "é" in sys.executable)]],
          {env = {LUAPY_PYTHON = env, LC_ALL = locale}})
      end
    end)
  end)

  it('has sys.argv and sys.path[0] of the script, and no __file__', function()
    for _, locale in ipairs {'C.UTF-8', 'C'} do
      prints("script.lua ['one', 'two words', 'é\\udcff'] beside.py True False\n",
        python [[
import beside, os, sys
folder, name = os.path.split(sys.argv[0])
print(name, sys.argv[1:], os.path.basename(beside.__file__),
      sys.path[0] == os.path.realpath(folder), "__file__" in globals())]],
        {env = {LC_ALL = locale}, files = {['beside.py'] = ''},
         args = {'one', 'two words', 'é\255'}})
    end
  end)

  it('has the folder of the script itself where that is called by a link', function()
    with_folder(function(folder)
      local file = assert(io.open(folder .. '/script.lua', 'w'))
      file:write(python 'import sys; print(sys.argv, sys.path[0])')
      file:close()
      shell(('mkdir %s/bin; ln -s ../script.lua %s/bin/link'):format(folder, folder))
      prints(("['%s/bin/link'] %s\n"):format(folder, folder), nil,
        {options = {folder .. '/bin/link'}})
    end)
  end)

  it('has an empty sys.argv[0] without a script', function()
    prints("[''] True\n", nil, {options = {'-e', 'arg = nil ' .. python [[
import sys
print(sys.argv, sys.path[0] == "")]]}})
  end)

  it('leaves the script\'s folder out with PYTHONSAFEPATH, since 3.11', function()
    prints(('%s\n'):format(minor < 11 and 'True' or 'False'), python [[
import os, sys
print(os.path.realpath(os.path.dirname(sys.argv[0])) in sys.path)]],
      {env = {PYTHONSAFEPATH = '1'}})
  end)

  it('is in UTF-8 mode in the C locale, as PYTHONUTF8 says elsewhere', function()
    local code = python [[
import sys
print(sys.flags.utf8_mode, sys.getfilesystemencoding(), "é")]]
    for _, case in ipairs {
      {'1', LC_ALL = 'C'}, {'1', LC_ALL = 'POSIX'}, {'1', LC_ALL = 'no_SUCH'},
      {'0', LC_ALL = 'C.UTF-8'}, {'1', LC_ALL = 'C.UTF-8', PYTHONUTF8 = '1'},
    } do
      prints(case[1] .. ' utf-8 é\n', code,
        {env = {LC_ALL = case.LC_ALL, PYTHONUTF8 = case.PYTHONUTF8}})
    end
    prints('0 ascii\n', python [[
import sys
print(sys.flags.utf8_mode, sys.getfilesystemencoding())]],
      {env = {LC_ALL = 'C', PYTHONUTF8 = '0'}})
  end)

  it('reports a broken pipe or socket instead of dying of it', function()
    prints('BrokenPipeError\nafter\n', python [[
import os
r, w = os.pipe()
os.close(r)
try:
    os.write(w, b"x")
except BrokenPipeError as e:
    print(type(e).__name__)]] .. 'print "after"')
  end)

  it('reports a file that grows too large instead of dying of it', function()
    prints('OSError EFBIG\n', python [[
import errno, os, resource, tempfile
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
with tempfile.TemporaryFile(buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 60)
    except OSError as e:
        print(type(e).__name__, errno.errorcode[e.errno])]])
  end)

  it('leaves a handler of the host for broken pipes alone', function()
    if not helper.jit then pending 'skipped: setting a handler needs LuaJIT' return end
    prints('0 true\n', [[
      local ffi = require 'ffi'
      ffi.cdef 'typedef void (*handler)(int); handler signal(int, handler); unsigned getpid();'
      local mine = ffi.cast('handler', ffi.C.getpid) -- does nothing
      ffi.C.signal(13, mine)
      io.write(require 'py'.eval '0', ' ')
      print(ffi.C.signal(13, mine) == mine)]])
  end)

  it('starts processes with sys.executable', function()
    prints(lines(choice.prefix), python [[
import subprocess, sys
print(subprocess.run([sys.executable, "-c", "import sys; print(sys.prefix)"],
                     check=True, capture_output=True, text=True).stdout.strip())]])
  end)
end)

describe('multiprocessing', function()
  local function with(method, code)
    return python('import math, multiprocessing\n'
      .. 'context = multiprocessing.get_context("' .. method .. '")\n' .. code)
  end

  for _, method in ipairs {'fork', 'spawn', 'forkserver'} do
    it('works by ' .. method .. ' for importable functions', function()
      prints('[1.0, 2.0, 3.0] 0\n', with(method, [[
with context.Pool(2) as pool:
    roots = pool.map(math.sqrt, [1, 4, 9])
process = context.Process(target=math.sqrt, args=(4,))
process.start()
process.join()
print(roots, process.exitcode)]]))
    end)
  end

  it('works by fork for functions of __main__', function()
    prints('[2, 4]\n', with('fork', [[
def double(x):
    return 2 * x
with context.Pool(1) as pool:
    print(pool.map(double, [1, 2]))]]))
  end)

  it('refuses functions of __main__ by spawn, and does not hang', function()
    prints('RuntimeError True\n', with('spawn', [[
def double(x):
    return 2 * x
with context.Pool(1) as pool:
    try:
        pool.map(double, [1, 2])
    except RuntimeError as e:
        print(type(e).__name__, "'double' lives in the __main__ of a Lua program" in str(e))
]]), {timeout = 30})
  end)

  it('does not run the Lua file again', function()
    with_folder(function(folder)
      local count = folder .. '/count'
      prints('', ('local file = io.open(%q, "a") file:write("x") file:close()\n')
        :format(count)
        .. with('spawn', 'with context.Pool(2) as pool: pool.map(math.sqrt, [1, 4])'))
      assert.equal('x', shell('cat ' .. count))
    end)
  end)
end)

describe('the search for a Python', function()
  -- What a process remembers of the children that it waited for, and has left.
  local COUNT = python [[
import glob, resource
waited = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss > 0
left = [pid for path in glob.glob("/proc/self/task/*/children")
        for pid in open(path).read().split()]
print(waited, left)]]

  it('starts no process for environments and python3 on PATH', function()
    with_folder(function(folder)
      local env = folder .. '/project/.venv'
      shell(("'%s' -m venv --without-pip '%s'; mkdir '%s/empty'")
        :format(choice.executable, env, folder))
      for _, script in ipairs {'project/script.lua', 'empty/script.lua'} do
        local file = assert(io.open(folder .. '/' .. script, 'w'))
        file:write(COUNT, 'print(require "py".info().source)')
        file:close()
      end
      for source, case in pairs {
        LUAPY_PYTHON = {env = {LUAPY_PYTHON = env .. '/bin/python'}},
        VIRTUAL_ENV = {env = {VIRTUAL_ENV = env}},
        ['.venv or venv'] = {env = {}, script = 'project/script.lua'},
        ['python3 on PATH'] = {
          env = {PATH = choice.base_prefix .. '/bin:' .. os.getenv 'PATH'},
        },
      } do
        local variables = {LUAPY_PYTHON = '', VIRTUAL_ENV = '', CONDA_PREFIX = ''}
        for name, value in pairs(case.env) do variables[name] = value end
        prints('False []\n' .. source .. '\n', nil, {
          env = variables, folder = folder .. '/empty',
          options = {folder .. '/' .. (case.script or 'empty/script.lua')},
        })
      end
    end)
  end)

  it('asks a wrapper, which shows that the test above would see it', function()
    with_folder(function(folder)
      local wrapper = folder .. '/wrapper'
      shell(("printf '#!/bin/sh\nexec %s \"$@\"' > %s; chmod +x %s")
        :format(choice.executable, wrapper, wrapper))
      prints('True []\n', COUNT, {env = {LUAPY_PYTHON = wrapper}})
    end)
  end)
end)

-- A Python of this machine with all of Python in its executable, or nil.
local function static_python()
  for _, path in ipairs {choice.executable, '/usr/bin/python3', '/usr/local/bin/python3'} do
    local answer = shell(("'%s' -I -c '%s' 2>/dev/null"):format(path, [[
import sys, sysconfig
if not any("libpython" in line for line in open("/proc/self/maps")):
    print(*sys.version_info[:2], sys.version_info >= (3, 9), sep=".")
    print(sysconfig.get_path("stdlib"))]]))
    local version, library = answer:match '^(3%.%d+)%.True\n([^\n]+)\n$'
    if version then return path, version, library end
  end
end

describe('a Python that cannot be used', function()
  it('is one with a static executable and no library', function()
    local path, version, library = static_python()
    if not path then pending 'skipped: no static Python on this machine' return end
    with_folder(function(folder)
      shell(('mkdir -p %s/bin %s/lib; cp -L %s %s/bin/python%s; ln -s %s %s/lib/python%s')
        :format(folder, folder, path, folder, version, library, folder, version))
      local executable = ('%s/bin/python%s'):format(folder, version)
      local output = child.output([[
        print(pcall(function() return require 'py'.eval '1' end))
      ]], {env = environment {LUAPY_PYTHON = executable}})
      for _, part in ipairs {
        'cannot use the Python ' .. executable .. ': it has no shared library: libpython'
          .. version .. '.so.1.0 is not in ' .. folder .. '/lib',
        "LUAPY_PYTHON is set to '" .. executable,
        'use a Python that was built with --enable-shared',
      } do
        assert.truthy(output:find(part, 1, true), output)
      end
    end)
  end)

  it('is another one than runs already, for py.config in a second Lua state', function()
    with_folder(function(folder)
      shell(("'%s' -m venv --without-pip %s/env"):format(choice.executable, folder))
      prints("true 2\nTrue\n", ([[
        require 'py'.exec([=[
          import pyhelper
          def second(python):
              lua = pyhelper.LuaRuntime()
              return lua.execute("""
                local py = require 'py'
                py.config {python = ...}
                local ok, result = pcall(py.eval, '1 + 1')
                return tostring(ok) .. ' ' .. tostring(result)
              """, python)
          print(second(%q))
          message = second(%q)
          print(message == "false py: py.config{python = '%s'} asks for it, but this process runs "
                + %q + " already" or message)
        ]=])
      ]]):format(choice.prefix, folder .. '/env', folder .. '/env', choice.executable))
    end)
  end)

  it('is an error of the first use', function()
    local output = child.output([[
      local ok, message = pcall(function() return require 'py'.exec 'pass' end)
      print(ok, tostring(message))
    ]], {env = environment {LUAPY_PYTHON = '/nowhere/python3'}})
    for _, part in ipairs {'false', 'there is no file /nowhere/python3',
                           "LUAPY_PYTHON is set to '/nowhere/python3'"} do
      assert.truthy(output:find(part, 1, true), output)
    end
  end)
end)
