-- SPDX-License-Identifier: MIT
-- Runs one kind of operation again and again; each time the next request for
-- memory fails. What must hold: the process lives, the error is an error, and
-- afterwards nothing is left over.
--   arguments: the name of the operation, 'one' or 'rest' (see oom.c)
local py = require 'py'
local oom = require 'oom'

if rawget(_G, 'jit') then
  jit.off() -- LuaJIT's compiler asks for memory of its own
end

py.exec [[
import weakref

class Thing:
    def __init__(self, *args, **kwargs): self.args, self.kwargs = args, kwargs
    def method(self, *args, **kwargs): return args or None
    def __enter__(self): return self
    def __exit__(self, *error): pass
    def __eq__(self, other): return self is other
    def __hash__(self): return 1

def fail(*args): raise ValueError(args)

def twice(f, *args):
    f(*args)
    return f(*args)

def catch(f, *args):
    try: f(*args)
    except Exception as e: return str(e) + repr(e)

def generate():
    yield from ([1], {'a': 2}, 'three', None)
]]

local main = py.import '__main__'
local Thing, fail, twice = main.Thing, main.fail, main.twice
local catch, generate = main.catch, main.generate
local thing = Thing()
thing.text, thing.list = 'text', {1, 2, 3}
local data = py.reval '{"k%d" % i: [i, str(i), (i, None)] for i in range(9)}'
local deep = {1, {a = {b = {c = {1, 2, {d = 'e'}}}}}, 'text', 1.5, true}
deep[6] = deep[2]
local function nothing(...) return ... end
local class = py.class('OomClass', {}, {__init__ = function() end,
                                        m = function(_, x) return x end})

local operations = {
  ['eval text'] = function() return py.eval '"text" * 3' end,
  ['eval new code'] = function(i) return py.eval('1 + ' .. i) end,
  ['exec with locals'] = function() py.exec('y = x', {x = deep}) end,
  ['eval containers'] = function() return py.eval(data) end,
  ['reval'] = function() return py.reval '[1, 2]' end,
  ['tables to Python'] = function() return py.ref(deep) end,
  ['call'] = function() return Thing(1, 'a', {1, 2}, thing, nothing) end,
  ['call with many arguments'] = function()
    return Thing(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, {}, 'a', {1}, thing)
  end,
  ['call with markers'] = function()
    return Thing(1, py.args, {2, 'a'}, py.kwargs, {k = {1}})
  end,
  ['method'] = function() return thing:method(1, 'a') end,
  ['fields'] = function()
    local t = thing.text
    thing.other = {t}
    return thing.list[0]
  end,
  ['operators'] = function()
    return thing.list + thing.list, thing.text .. 'x', -thing.list[0],
      thing == main, #thing.list
  end,
  ['texts'] = function() return tostring(thing), py.repr(thing), py.help end,
  ['iterate'] = function()
    for _ in py.iter(generate()) do end
    for _ in py.iter(generate(), 'eval') do end
  end,
  ['unpack'] = function() return py.unpack(generate()) end,
  ['import'] = function()
    return py.import('os.path', {'join', 'split'}), py.import 'json'
  end,
  ['errors of Python'] = function()
    local ok, e = pcall(fail, 1, 'a')
    if not ok and type(e) == 'userdata' then
      return tostring(e), e.type, e.message, e.value, e:match 'Error', e .. ''
    end
  end,
  ['errors of Lua'] = function()
    catch(function() error 'text' end)
    catch(function() error {deep} end)
    catch(error, setmetatable({}, {__tostring = function() return 'e' end}))
    return catch(fail, function() end)
  end,
  ['functions'] = function()
    return twice(nothing, 1, 'a', {1, {2}}, thing), twice(function() end)
  end,
  ['functions with options'] = function()
    return py.func(nothing, {name = 'f', doc = 'd', kwargs = true})(
      1, py.kwargs{k = 1})
  end,
  ['classes'] = function()
    return class():m {1}, py.class('C', {}, {m = nothing})
  end,
  ['contexts and scopes'] = function()
    py.with(thing, function() return thing.list end)
    py.scope(function() return thing.list + thing.list end)
  end,
  ['coroutines'] = function()
    return py.list(coroutine.create(function()
      coroutine.yield 'a'
      coroutine.yield {1}
    end))
  end,
  ['proxies'] = function()
    local t = {1, 2, a = {}}
    py.eval('[p.a, p[1], len(p), list(p.items()), str(p)]', {p = py.proxy(t)})
    py.exec('p["b"] = {"c": 1}; p.d = "e"', {p = py.proxy(t)})
    return t
  end,
  ['views'] = function()
    return py.new {numbers = 'float', strings = 'bytes'}.eval '[1, b"a"]'
  end,
}

if arg[1] == nil then
  for name in pairs(operations) do print(name) end
  return
end

local operation, rest = assert(operations[arg[1]]), arg[2] == 'rest'

local function live()
  local before
  repeat
    before = select('#', py.live()) > 0 and py.live() or 0
    py.collect()
  until py.live() >= before
  local refs, handles = py.live()
  return refs, handles
end

-- What is made at first use and then kept.
for i = 1, 5 do operation(i) end
pcall(fail)
local refs, handles = live()

local n, failed = 0, nil
local limit = tonumber(arg[3]) or 20000
repeat
  n = n + 1
  -- The collector in a known state, or it is luck which request comes first.
  collectgarbage()
  oom.start(n, rest)
  local ok, e = pcall(operation, n)
  failed = oom.stop()
  if not ok and not failed then error(e) end
  if not ok then assert(#tostring(e) > 0) end
until not failed or n >= limit

local refs_now, handles_now = live()
if refs_now > refs or handles_now > handles then
  error(('%d requests for memory: %d references in Lua and %d in Python, were '
         .. '%d and %d'):format(n, refs_now, handles_now, refs, handles))
end
assert(py.eval '1 + 1' == 2)
print(n)
