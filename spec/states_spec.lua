-- SPDX-License-Identifier: MIT
-- Contract section 5: many Lua states in many OS threads share one
-- interpreter. The states are made through Lua's C API, as Torch's threads
-- makes its own. In children: a deadlock is a timeout.
local child = require 'spec.child'

-- `run(script)` in Python: opens a Lua state, runs the script in it without
-- the GIL, as any host would, and closes it.
local BEFORE = ([[
local py = require 'py'
py.exec [=[
  import ctypes, sys, threading, time
  sys.setswitchinterval(1e-4)
  lib = ctypes.CDLL(None)
  pointer, number = ctypes.c_void_p, ctypes.c_int
  lib.luaL_newstate.restype = pointer
  lib.luaL_openlibs.argtypes = lib.lua_close.argtypes = [pointer]
  lib.luaL_loadstring.argtypes = [pointer, ctypes.c_char_p]
  lib.lua_tolstring.argtypes = [pointer, number, pointer]
  lib.lua_tolstring.restype = ctypes.c_char_p

  def pcall(state):
      if hasattr(lib, 'lua_pcallk'): # 5.2 and later
          return lib.lua_pcallk(pointer(state), 0, 0, 0, pointer(), pointer())
      return lib.lua_pcall(pointer(state), 0, 0, 0)

  def run(script):
      state = lib.luaL_newstate()
      lib.luaL_openlibs(state)
      if lib.luaL_loadstring(state, (paths + script).encode()) or pcall(state):
          print(lib.lua_tolstring(state, -1, None).decode())
      lib.lua_close(state)

  def start(f, *args):
      thread = threading.Thread(target=f, args=args)
      thread.start()
      return thread
]=]
py.exec('global paths; paths = text', { text = ('package.path, package.cpath = %%q, %%q\n')
  :format(%q, %q) })
]]):format(package.path, package.cpath)

local function prints(expected, script)
  assert.equal(expected, child.output(BEFORE .. script))
end

describe('Lua states in OS threads of their own', function()
  it('share one Python: its modules, __main__, objects', function()
    prints('0 1 2 3\tnil\n', [[
      py.exec([=[
        global results
        results = []
        threads = [start(run, f'n = {n} ' + script) for n in range(4)]
        for thread in threads: thread.join()
      ]=], { script = [=[
        local py = require 'py'
        py.eval('results.append(n)', { n = n })
      ]=] })
      print(py.eval '" ".join(map(str, sorted(results)))', n)
    ]])
  end)

  it('run at the same time, each with its own lock', function()
    -- Each waits in Lua code for what the other says, which a lock for all
    -- of them would never let through.
    prints('met\tmet\n', [[
      py.exec([=[
        global said, met
        said, met = [False, False], [None, None]
        threads = [start(run, f'me, other = {n}, {1 - n} ' + script) for n in range(2)]
        for thread in threads: thread.join()
      ]=], { script = [=[
        local py = require 'py'
        py.exec('said[me] = True', { me = me })
        local function wait()
          repeat until py.eval('said[other]', { other = other })
          return 'met'
        end
        py.exec('met[me] = f()', { me = me, f = wait })
      ]=] })
      print(py.eval 'met[0]', py.eval 'met[1]')
    ]])
  end)

  it('give functions that say so when their state was closed', function()
    prints('7\tRuntimeError: the Lua state of this object was closed\n', [[
      py.exec([=[
        global first, later
        start(run, script).join()
        try:
            kept()
        except RuntimeError as error:
            later = f'{type(error).__name__}: {error}'
      ]=], { script = [=[
        local function seven() return 7 end
        require 'py'.exec('global kept, first; kept, first = f, f()', { f = seven })
      ]=] })
      print(py.eval 'first', py.eval 'later')
    ]])
  end)

  it('may close while other threads call them, and finalizers call Python until the end', function()
    prints('no other error\n', [[
      py.exec([=[
        global shared
        shared, ended, wrong, calls = [], False, [], []
        def call():
            while not ended:
                for f in list(shared):
                    try:
                        calls.append(f())
                    except RuntimeError as error:
                        if 'closed' not in str(error): wrong.append(error)
        def make():
            for _ in range(15):
                run(script)
                del shared[:-4]
        callers, makers = ([start(f) for _ in range(3)] for f in (call, make))
        for thread in makers: thread.join()
        ended = True
        for thread in callers: thread.join()
        assert set(calls) == {1}, calls
        print(*wrong or ['no other error'])
      ]=], { script = [=[
        local function at_close(f)
          if not newproxy then return setmetatable({}, { __gc = f }) end
          local proxy = newproxy(true)
          getmetatable(proxy).__gc = f
          return proxy
        end
        local py
        -- Older than py's own objects, so called after Python was told that
        -- this state has closed.
        last = at_close(function()
          for _ = 1, 300 do py.eval '1' py.reval 'object()' end
        end)
        py = require 'py'
        held = {}
        for i = 1, 300 do held[i] = py.reval 'object()' end
        first = at_close(function() py.eval '1' end)
        py.exec('shared.append(f); import time; time.sleep(0.003)', { f = function() return 1 end })
      ]=] })
    ]])
  end)

  it('leave next to nothing when they are closed', function()
    if (os.getenv 'LD_PRELOAD' or ''):find 'asan' then
      pending "skipped: the sanitizer's allocator keeps memory"
      return
    end
    -- A state's own memory, its caches, is some 10 KB.
    prints('true\n', [[
      py.exec([=[
        global grown
        def resident():
            with open('/proc/self/statm') as file: return int(file.read().split()[1]) * 4096
        def make(n):
            for _ in range(n): run(script)
        start(make, 100).join()
        before = resident()
        start(make, 400).join()
        grown = (resident() - before) / 400
      ]=], { script = "require 'py'.eval('a', { a = 1 })" })
      print(py.eval 'grown' < 5000 or py.eval 'grown')
    ]])
  end)
end)
