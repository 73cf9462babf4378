-- SPDX-License-Identifier: MIT
-- luacheck: std luajit
-- Curves instead of points: how the cost of one element, byte or operation
-- changes with the amount. Flat is good; docs/performance.md explains the rest.
--
-- make bench-scale, or luajit bench/scale.lua in the environment of the tree

local py = require 'py'
require 'py.torch' -- py.eval gives its tensors
local clock = os.clock

-- It compiles no loop that calls a C function, but tries to, now and then.
if jit then jit.off() end

py.exec [[
import numpy, pyhelper, threading, time
def nothing(*args): pass
def object_for(*args): return object()
def square(n): return numpy.zeros((2,) * n)
def runtimes(count): return [pyhelper.LuaRuntime() for _ in range(count)]
def call_last(runtimes, calls):
    f = runtimes[-1].eval('function() end')
    for _ in range(calls): f()
def in_threads(count, calls, f=lambda: time.sleep(0)):
    def work():
        for _ in range(calls): f()
    threads = [threading.Thread(target=work) for _ in range(count)]
    for t in threads: t.start()
    for t in threads: t.join()
]]
local nothing = py.reval 'nothing'

local function time(n, f)
  collectgarbage()
  local start = clock()
  for _ = 1, n do f() end
  return clock() - start
end

--- Median ns of one run; enough of them for the clock, warm.
local function measure(f)
  local n, ns = 1, {}
  while time(n, f) < 0.01 do n = n * 2 end
  for round = 1, 5 do ns[round] = time(n, f) / n * 1e9 end
  table.sort(ns)
  return ns[3]
end

--- The same while Lua's collector rests: its walk over much that lives is its
--- own, and comes at any time.
local function measure_without_collector(f)
  local ns = {}
  for round = 1, 5 do
    collectgarbage()
    collectgarbage 'stop'
    f()
    local start = clock()
    for _ = 1, 20000 do f() end
    ns[round] = (clock() - start) / 20000 * 1e9
    collectgarbage 'restart'
  end
  table.sort(ns)
  return ns[3]
end

local function curve(title, sizes, run)
  io.write(('%-44s'):format(title))
  for _, size in ipairs(sizes) do
    py.collect() -- what the size before left is not this one's to release
    io.write((' %g:%.3g'):format(size, run(size)))
    io.flush()
  end
  print()
end

local function powers(base, from, to)
  local list = {}
  for i = from, to do list[#list + 1] = base ^ i end
  return list
end

print 'ns per element, size:ns'
curve('list of numbers to Python', powers(10, 0, 7), function(size)
  local t = {}
  for i = 1, size do t[i] = i + 0.5 end
  return measure(function() nothing(t) end) / size
end)
curve('list of numbers to Lua', powers(10, 0, 7), function(size)
  local list = py.reval('[i + 0.5 for i in range(n)]', { n = size })
  return measure(function() py.eval(list) end) / size
end)
curve('dict to Lua', powers(10, 0, 6), function(size)
  local dict = py.reval('{"k%d" % i: i for i in range(n)}', { n = size })
  return measure(function() py.eval(dict) end) / size
end)
curve('string to Python, per byte', powers(10, 0, 7), function(size)
  local s = ('x'):rep(size)
  return measure(function() nothing(s) end) / size
end)
curve('string to Lua, per byte', powers(10, 0, 7), function(size)
  local s = py.reval('"x" * n', { n = size })
  return measure(function() py.eval(s) end) / size
end)

print 'ns per operation, amount:ns'
curve('tensor to ndarray, by dimensions', { 1, 2, 4, 8, 16, 20 }, function(n)
  local tensor = py.eval(py.reval 'square'(n))
  return measure(function() nothing(tensor) end)
end)
curve('ndarray to tensor, by dimensions', { 1, 2, 4, 8, 16, 20 }, function(n)
  local array = py.reval 'square'(n)
  return measure(function() py.eval(array) end)
end)
curve('a new reference, by live references', powers(10, 0, 6), function(count)
  local object, live = py.reval 'object_for', {}
  for i = 1, count do live[i] = object() end
  return measure_without_collector(function() object(live[1]) end)
end)
curve('a known Lua function, by live ones', powers(10, 0, 6), function(count)
  local keep, functions = py.reval '[].append', {}
  for i = 1, count do
    functions[i] = function() return i end
    keep(functions[i])
  end
  return measure_without_collector(function() nothing(functions[count]) end)
end)
curve('a call into another Lua, by runtimes', powers(10, 0, 3), function(count)
  local runtimes, call_last = py.reval 'runtimes'(count), py.reval 'call_last'
  return measure(function() call_last(runtimes, 1000) end) / 1000
end)
curve('a new runtime, by live ones', powers(10, 0, 3), function(count)
  local live, runtimes = py.reval 'runtimes'(count), py.reval 'runtimes'
  local ns = measure(function() runtimes(1) end)
  py.close(live)
  return ns
end)
curve('a Lua function, by threads that call it', { 1, 2, 4, 8, 16 }, function(count)
  local f = function() end
  return measure(function() py.reval 'in_threads'(count, 20000 / count, f) end) / 20000
end)
curve('  beside: time.sleep(0), which frees the GIL', { 1, 2, 4, 8, 16 }, function(count)
  return measure(function() py.reval 'in_threads'(count, 20000 / count) end) / 20000
end)
