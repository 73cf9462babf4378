-- SPDX-License-Identifier: MIT
-- Every kind of operation of the bridge, by name, in two tables: those that
-- work and those that fail. Each function may be called any number of times,
-- with the number of the call, and leaves nothing behind. For specs that
-- repeat them all: oom_spec.lua, leaks_spec.lua.
local py = require 'py'

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

def generate_and_fail():
    yield 1
    raise ValueError('here')

class Difficult:
    def __getattr__(self, name): raise ValueError(name)
    def __eq__(self, other): raise ValueError('eq')
    def __hash__(self): raise ValueError('hash')
    def __str__(self): raise ValueError('str')
    def __iter__(self): raise ValueError('iter')
    def __call__(self): raise ValueError('call')
    def __len__(self): raise ValueError('len')
    def __getitem__(self, key): raise ValueError('getitem')
    def __setitem__(self, key, value): raise ValueError('setitem')
    def __add__(self, other): raise ValueError('add')
    def __neg__(self): raise ValueError('neg')
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

local working = {
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

local difficult = main.Difficult()
local closed = py.list {1}
py.close(closed)
local strict = py.new {unknown = 'error'}
local own = setmetatable({}, {})
py.register {metatable = getmetatable(own), to_python = function() error 'no' end}
-- py.register is for ever, so these are made by a view of their own.
local mine = py.new {}
mine.register {type = 'decimal.Decimal', to_lua = function() error {'no'} end}
py.import 'decimal'
local unprintable = setmetatable({}, {__tostring = function(t) error(t) end})

local failing = {
  ['syntax'] = function() py.eval '1 +' end,
  ['new syntax errors'] = function(i) py.exec('x = = ' .. i) end,
  ['names'] = function() py.eval 'no_such_name' end,
  ['locals'] = function() py.exec('x', {x = {1, 2, a = 3}}) end,
  ['lists with holes'] = function() py.ref {1, 2, nil, 4, {}, x = 1} end,
  ['unhashable keys'] = function() py.ref {{a = {[py.list {}] = {1}}}} end,
  ['keys that raise'] = function() py.ref {a = {[difficult] = {1}}} end,
  ['closed references'] = function() py.ref {1, {a = closed}} end,
  ['fields'] = function() return difficult.x end,
  ['missing fields'] = function() return thing.x.y end,
  ['setting fields'] = function() difficult[{1}] = {2} end,
  ['items'] = function() return difficult[0] end,
  ['calls'] = function() return difficult() end,
  ['calls of no function'] = function() return thing(1, {2}, 'a') end,
  ['bad arguments'] = function() return Thing(1, {1}, closed) end,
  ['arguments given twice'] = function()
    return Thing(py.kwargs, {a = 1}, py.kwargs, {a = {}})
  end,
  ['keywords that are none'] = function() Thing(py.kwargs, {[1] = 2}) end,
  ['keywords for Lua'] = function()
    return twice(py.args, {function() end}, py.kwargs, {x = 1})
  end,
  ['operators'] = function() return difficult + {1} end,
  ['unary operators'] = function() return -difficult end,
  ['comparisons'] = function() return difficult == thing end,
  ['lengths'] = function() return py.len(difficult) end,
  ['texts'] = function() return tostring(difficult) end,
  ['iterators'] = function() return py.iter(difficult) end,
  ['iterating'] = function() for _ in py.iter(main.generate_and_fail()) do end end,
  ['unpacking'] = function() return py.unpack(main.generate_and_fail()) end,
  ['converting'] = function() return py.eval(main.generate_and_fail()) end,
  ['unknown types'] = function() return strict.eval '[1, {2: 1j}]' end,
  ['nan as key'] = function() return py.eval '[{float("nan"): 1}]' end,
  ['imports'] = function() return py.import 'no_such_module' end,
  ['names of imports'] = function() return py.import('os', {'sep', 'no'}) end,
  ['converters to Python'] = function() return py.ref {{own}} end,
  ['converters to Lua'] = function()
    return mine.eval '[__import__("decimal").Decimal(1)]'
  end,
  ['functions'] = function() twice(function() error 'text' end, {1}) end,
  ['errors that are tables'] = function()
    twice(function() error {1, {2}} end)
  end,
  ['errors that are nil'] = function() twice(function() error() end) end,
  ['errors without text'] = function()
    twice(function() error(unprintable) end)
  end,
  ['errors of errors'] = function()
    twice(function()
      local _, e = pcall(fail, {1})
      error(e)
    end)
  end,
  ['results of functions'] = function()
    twice(function() return 1, {1, a = 2} end)
  end,
  ['contexts'] = function() py.with(thing, function() error {1} end) end,
  ['no contexts'] = function() py.with(closed, function() end) end,
  ['scopes'] = function()
    py.scope(function() return thing.list, error(thing.text) end)
  end,
  ['classes'] = function() return class():m() + class():no() end,
  ['coroutines'] = function()
    py.list(coroutine.create(function()
      coroutine.yield 'a'
      error {1}
    end))
  end,
  ['throwing'] = function()
    py.eval('(next(c), c.throw(ValueError("x")))', {c = coroutine.create(
      function() coroutine.yield(1) end)})
  end,
  ['proxies'] = function()
    py.eval('p.a.b', {p = py.proxy(setmetatable({}, {
      __index = function() error {1} end}))})
  end,
  ['options'] = function() py.new {numbers = 'roman'} end,
}

return {working = working, failing = failing}
