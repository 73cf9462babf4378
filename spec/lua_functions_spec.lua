-- SPDX-License-Identifier: MIT
-- Contract sections 4 and 5: Lua functions as Python callables.
local helper = require 'spec.helper'
local py = require 'py'

local raised = helper.raised

describe('a Lua function in Python', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('as an object', function()
    it('is callable', function()
      assert.is_true(py.eval('callable(f)', { f = function() end }))
    end)

    it('keeps identity: the same function is the same object', function()
      local function f() end
      assert.is_true(py.eval('f is g', { f = f, g = f }))
      assert.is_true(py.eval('f == g and hash(f) == hash(g)', { f = f, g = f }))
      assert.is_false(py.eval('f == g', { f = f, g = function() end }))
      assert.is_true(py.eval('t[0] is t[1]', { t = { f, f } }))
    end)

    it('keeps identity: it comes back to Lua as itself', function()
      local function f() end
      assert.equal(f, py.eval('f', { f = f }))
      assert.equal(f, py.eval('[f]', { f = f })[1])
      assert.equal(print, py.eval('f', { f = print }))
    end)

    it('keeps identity while Python holds it', function()
      local list = py.list {}
      list.append(function() return 'alive' end)
      py.collect()
      assert.equal('alive', py.eval(list[0]()))
      assert.is_true(py.eval('a is b', { a = list[0], b = py.eval(list[0]) }))
    end)

    it('has a repr that shows where it was defined', function()
      local shown = py.eval('repr(f)', { f = function() end })
      assert.truthy(shown:find 'function')
      assert.truthy(shown:find 'lua_functions_spec%.lua')
    end)

    it('may be a C function', function()
      assert.equal('ABC', py.eval("f('abc')", { f = string.upper }))
      assert.equal(7, py.eval('f(3, 7, 5)', { f = math.max }))
    end)
  end)

  describe('converts its arguments as py.eval does', function()
    local function types(...)
      local names = {}
      for i = 1, select('#', ...) do
        names[i] = type((select(i, ...)))
      end
      return table.concat(names, ' ')
    end

    it('numbers, strings, booleans, containers by value; other objects as references', function()
      local code = "f(1, 2.5, 'text', b'bytes', True, [1], (1, 2), {'k': 1}, object(), complex(1))"
      assert.equal('number number string string boolean table table table userdata userdata',
        py.eval(code, { f = types }))
    end)

    it('None as nil, each in its place', function()
      local function count(...) return select('#', ...), (...) end
      assert.same({ 3 }, py.eval('f(None, 1, None)[:1]', { f = count }))
      assert.same({ 0 }, py.eval('f()[:1]', { f = count }))
    end)

    it('exact values', function()
      local got
      py.exec("f([1, 'a', {'k': [True]}], 2**53, 'grün')", { f = function(...) got = { ... } end })
      assert.same({ { 1, 'a', { k = { true } } }, 2 ^ 53, 'grün' }, got)
    end)

    it('many arguments', function()
      local function count(...) return select('#', ...) end
      assert.equal(200, py.eval('f(*range(200))', { f = count }))
    end)
  end)

  describe('converts its results', function()
    local function result(code, f)
      return py.eval('repr(' .. code .. ')', { f = f })
    end

    it('none as None, one as itself', function()
      assert.equal('None', result('f()', function() end))
      assert.equal('None', result('f()', function() return nil end))
      assert.equal('7', result('f()', function() return 7 end))
      assert.equal("[1, 'a']", result('f()', function() return { 1, 'a' } end))
    end)

    it('several as a tuple, with exact count', function()
      assert.equal('(1, 2)', result('f()', function() return 1, 2 end))
      assert.equal("(None, 'reason')", result('f()', function() return nil, 'reason' end))
      assert.equal('(1, None)', result('f()', function() return 1, nil end))
      assert.equal('(None, None)', result('f()', function() return nil, nil end))
    end)

    it('references as the object itself', function()
      local object = py.reval 'object()'
      assert.is_true(py.eval('f() is o', { f = function() return object end, o = object }))
      assert.equal('None', result('f()', function() return py.None end))
    end)

    it('functions as callables', function()
      assert.equal('5', result('f(2)(3)', function(a)
        return function(b) return a + b end
      end))
    end)

    it('and raises for what cannot be converted, naming the key', function()
      raised(function()
        py.eval('f()', { f = function() return { 1, 2, extra = 3 } end })
      end, 'extra')
    end)
  end)

  describe('has __get__', function()
    it('so that as a class attribute it is a method and gets self as a reference', function()
      py.exec([[
        class Account:
            balance = 10
            add = lua_add
        global account
        account = Account()
      ]], { lua_add = function(self, amount)
        assert.equal('userdata', type(self))
        self.balance = self.balance + amount
        return py.eval(self.balance)
      end })
      assert.equal(15, py.eval 'account.add(5)')
      assert.equal(25, py.eval 'type(account).add(account, 10)')
      local account = py.reval 'account'
      assert.equal(26, py.eval(account:add(1)))
      assert.equal(27, py.eval(account.add(1)))
    end)
  end)

  describe('with keyword arguments', function()
    it('raises TypeError', function()
      local e = raised(function() py.eval('f(1, a=2)', { f = function() end }) end, 'keyword')
      assert.equal('TypeError', e.type)
      assert.equal('TypeError', raised(function()
        py.eval("f(**{'a': 2})", { f = function() end })
      end, 'keyword').type)
    end)

    it('takes an empty ** as none', function()
      assert.equal(1, py.eval('f(1, **{})', { f = function(...) return select('#', ...) end }))
    end)
  end)

  describe('works where Python takes callables:', function()
    it('sorted, map, filter, functools', function()
      local function negate(n) return -n end
      assert.same({ 3, 2, 1 }, py.eval('sorted([1, 3, 2], key=f)', { f = negate }))
      assert.same({ -1, -2 }, py.eval('list(map(f, [1, 2]))', { f = negate }))
      assert.same({ 2 }, py.eval('list(filter(f, [1, 2]))', { f = function(n) return n > 1 end }))
      local functools = py.import 'functools'
      assert.equal(6, py.eval(functools.reduce(function(a, b) return a + b end, { 1, 2, 3 })))
      assert.equal(5, py.eval(functools.partial(function(a, b) return a + b end, 2)(3)))
    end)

    it('dictionary keys, decorators, callbacks that Python keeps', function()
      py.exec([[
        @decorate
        def decorated(n): return n + 1
        global kept
        kept = {f: 'value', 'result': decorated(1)}
      ]], { f = print, decorate = function(original)
        return function(n) return py.eval(original(n)) * 10 end
      end })
      assert.equal(20, py.eval "kept['result']")
      assert.equal('value', py.eval('kept[f]', { f = print }))
    end)
  end)

  it('may call Python again, and so on', function()
    local function factorial(n)
      if n == 0 then return 1 end
      return py.eval('n * f(n - 1)', { n = n, f = factorial })
    end
    assert.equal(3628800, py.eval('f(10)', { f = factorial }))
  end)

  it('may collect garbage meanwhile', function()
    local function collecting(value)
      collectgarbage()
      py.collect()
      return value
    end
    assert.same({ 'a', 'b' }, py.eval("[f('a'), f('b')]", { f = collecting }))
  end)

  it('is let go when Python drops it', function()
    local weak = setmetatable({}, { __mode = 'v' })
    weak[1] = function() return weak end
    py.exec('f()', { f = weak[1] })
    helper.collect()
    assert.is_nil(weak[1])
  end)

  it('runs in a coroutine when the call comes from one', function()
    local co = coroutine.wrap(function()
      local value = py.eval('f(20)', { f = function(n) return n + 1 end })
      coroutine.yield(value)
      return py.eval('f(30)', { f = function(n) return n + 1 end })
    end)
    assert.equal(21, co())
    assert.equal(31, co())
  end)

  it('stays valid when the coroutine that made it has ended', function()
    local co = coroutine.create(function()
      local n = 40
      py.exec('global kept; kept = f', { f = function() n = n + 1 return n end })
    end)
    assert(coroutine.resume(co))
    co = nil -- luacheck: ignore
    helper.collect()
    assert.equal(41, py.eval 'kept()')
    assert.equal(42, py.eval 'kept()')
  end)
end)
