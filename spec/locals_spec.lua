-- SPDX-License-Identifier: MIT
-- Contract section 3, "Code with locals", rule by rule.

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('code with locals:', function()
  helper.no_leaks(setup, teardown, after_each)

  --- Runs statements with `locals`; gives the value of their name `result`.
  local function result(code, locals)
    local namespace = locals or {}
    py.exec('global result\n' .. code, namespace)
    return py.eval 'result'
  end

  local function in_main(name)
    return py.eval('name in vars(__import__("__main__"))', {name = name})
  end

  describe('the names are local variables', function()
    it('visible in statements and expressions', function()
      assert.equal(3, py.eval('a + b', {a = 1, b = 2}))
      assert.equal(3, result('result = a + b', {a = 1, b = 2}))
      assert.equal('xy', py.eval('a + b', {a = 'x', b = 'y'}))
    end)

    it('visible in comprehensions and generators', function()
      local locals = {a = 10, b = {1, 2}, c = {k = 3}}
      for _, case in ipairs {
        {'[a + i for i in b]', {11, 12}},
        {'[i for i in b if i * 10 == a]', {1}},
        {'[[a + i + j for j in b] for i in b]', {{12, 13}, {13, 14}}},
        {'[a for x in [b, b] for y in b]', {10, 10, 10, 10}},
        {'{k: v + a for k, v in c.items()}', {k = 13}},
        {'{a + i for i in b}', {[11] = true, [12] = true}},
        {'list(a + i for i in b)', {11, 12}},
        {'sum(a * j for i in b for j in range(i))', 10},
      } do
        assert.same(case[2], py.eval(case[1], locals))
        assert.same(case[2], result('result = ' .. case[1], locals))
      end
    end)

    it('visible in lambdas', function()
      assert.equal(7, py.eval('(lambda x: x + a)(2)', {a = 5}))
      assert.same({3, 1}, py.eval('sorted(l, key=lambda x: x * sign)',
                    {l = {1, 3}, sign = -1}))
      assert.equal(8, py.eval('(lambda: (lambda: a))()() + a', {a = 4}))
      assert.equal(5, py.eval('(lambda x=a: x)()', {a = 5}))
    end)

    it('visible in nested functions and classes', function()
      assert.equal(111, result([[
def f(x):
  def g():
    return x + a
  return g() + b
result = f(10)
]], {a = 1, b = 100}))
      assert.same({5, 6, 7}, result([[
class C:
  value = a
  doubled = [a + i for i in range(2)]
  def method(self):
    return self.value + b
result = [C.value, C.doubled[1], C().method()]
]], {a = 5, b = 2}))
      assert.equal(9, result([[
def twice(f):
  return lambda x: f(f(x)) + a
@twice
def g(x, step=a):
  return x + step
result = g(0)
]], {a = 3}))
    end)

    it('visible in nested functions that are called later, '
      .. 'each call with its own', function()
      local add1 = py.reval('lambda x: x + a', {a = 1})
      local add2 = py.reval('lambda x: x + a', {a = 2})
      assert.equal(11, py.eval(add1(10)))
      assert.equal(12, py.eval(add2(10)))
      local gen = py.reval('(a + i for i in range(2))', {a = 1})
      assert.equal(5, py.eval('a', {a = 5}))
      assert.same({1, 2}, py.eval(gen))
    end)

    it('also names that the code itself assigns are visible there',
      function()
      assert.equal(120, result([[
def factorial(n):
  return 1 if n < 2 else n * factorial(n - 1)
result = factorial(5)
]]))
      assert.same({6, 7}, result([[
import operator
step = 5
result = [operator.add(step, i) for i in range(1, 3)]
]]))
      assert.equal(3, result([[
class Node:
  def make(self):
    return Node()
  depth = 3
result = Node().make().depth
]]))
    end)

    it('may be assigned, deleted and used as targets', function()
      assert.equal(11, result('a += 1\nresult = a', {a = 10}))
      assert.equal(2, result('for a in range(3): pass\nresult = a',
                  {a = 10}))
      assert.same({2, 1}, result('a, b = b, a\nresult = [a, b]',
                    {a = 1, b = 2}))
      assert.equal(3, result('a: int = 3\nresult = a', {a = 1}))
      raises(function() py.exec('del a\na', {a = 1}) end, 'NameError')
      assert.equal(7, py.eval('(a := a + 2) and a', {a = 5}))
      assert.equal(5, result([[
try:
  raise ValueError(5)
except ValueError as error:
  result = error.args[0]
]], {error = 1}))
    end)

    it('may be called like builtins or anything else', function()
      assert.equal(3, py.eval('len + list', {len = 1, list = 2}))
      assert.same({1, 1}, py.eval('[len for _ in (0, 0)]', {len = 1}))
      assert.equal(6, py.eval('self + cls + args',
                  {self = 1, cls = 2, args = 3}))
      assert.equal(6, py.eval('_ + __ + _1', {_ = 1, __ = 2, _1 = 3}))
      assert.equal('x', py.eval('locals + globals',
                   {locals = 'x', globals = ''}))
      assert.equal('mine', py.eval('__name__', {__name__ = 'mine'}))
      assert.equal(1, py.eval('é', {['é'] = 1}))
    end)

    it('may be many', function()
      local locals, sum = {}, {}
      for i = 1, 1000 do
        locals['v' .. i] = i
        sum[i] = 'v' .. i
      end
      assert.equal(500500, py.eval('sum([' .. table.concat(sum, ',')
                     .. '])', locals))
    end)

    it('are in locals(), and reach eval() in the code', function()
      assert.same({a = 1, b = 'x'}, py.eval('dict(locals())',
                         {a = 1, b = 'x'}))
      assert.equal(2, py.eval('eval("a + 1")', {a = 1}))
      assert.equal(2, result('result = eval("a + 1")', {a = 1}))
    end)

    it('are values: nil is absent, py.None is None', function()
      raises(function() py.eval('a', {a = nil}) end,
          "NameError: name 'a' is not defined")
      assert.is_true(py.eval('a is None', {a = py.None}))
    end)

    it('are copies: Lua does not see assignments to them', function()
      local locals = {a = {k = 1}, b = 2}
      py.exec('a["k"] = 5\nb = 6\nc = 7', locals)
      assert.same({a = {k = 1}, b = 2}, locals)
    end)

    it('are not mixed up by cached code', function()
      for _ = 1, 3 do
        assert.equal(1, py.eval('[a for _ in "x"][0]', {a = 1}))
        assert.equal(2, py.eval('[a for _ in "x"][0]', {a = 2, b = 1}))
        raises(function() py.eval('[a for _ in "x"][0]', {b = 1}) end,
            'NameError')
      end
      py.exec 'a = "main"'
      assert.equal('main', py.eval('[a for _ in "x"][0]', {b = 1}))
    end)

    it('belong to each call, when the same code runs inside itself',
      function()
      local function factorial(n)
        if n < 2 then return 1 end
        return py.eval('n * f(n - 1)', {n = n, f = factorial})
      end
      assert.equal(120, factorial(5))
    end)
  end)

  describe('a __main__ name read before the code assigns it', function()
    it('has its __main__ value', function()
      py.exec 'k = 1'
      assert.equal(2, result 'k = k + 1\nresult = k')
      assert.equal(1, py.eval 'k')
      assert.equal(11, result 'k += 10\nresult = k')
      assert.equal(1, py.eval 'k')
    end)

    it('has it when the assignment is not reached', function()
      py.exec 'k = 1'
      assert.equal(1, result 'if False: k = 5\nresult = k')
      assert.equal(1, result [[
for k in []: pass
result = k
]])
    end)

    it('has it in nested functions and comprehensions', function()
      py.exec 'k = 1'
      assert.same({1, 5}, result [[
def f(): return k
before = f()
k = 5
result = [before, f()]
]])
      assert.same({1, 2}, result [[
k = [k + i for i in range(2)]
result = k
]])
    end)

    it('has it for names bound by import, def, class and with', function()
      py.exec 'k = 1\ndef fn(): return "main"'
      assert.equal(1, result 'old = k\nimport math as k\nresult = old')
      assert.equal('main!', result [[
old = fn
def fn(): return old() + '!'
result = fn()
]])
      assert.equal('main', py.eval 'fn()')
      assert.equal(1, py.eval 'k')
    end)

    it('a builtin has its own value', function()
      assert.equal(3, result 'len = len("abc")\nresult = len')
      assert.equal(3, py.eval 'len("abc")')
    end)

    it('a name that is nowhere stays a NameError', function()
      raises(function() py.exec('k = k + 1', {}) end, "NameError.*'k'")
    end)

    it('a local of that name comes first', function()
      py.exec 'k = 1'
      assert.equal(101, result('k = k + 1\nresult = k', {k = 100}))
      assert.equal(1, py.eval 'k')
    end)
  end)

  it('__main__ names are read when the code runs, not copied', function()
    py.exec 'k = 1'
    local get = py.reval('lambda: k', {other = 0})
    py.exec 'k = 2'
    assert.equal(2, py.eval(get()))
    assert.equal('__main__', py.eval('__name__', {a = 1}))
    assert.is_true(py.eval(
      'globals() is vars(__import__("__main__"))', {a = 1}))
  end)

  describe('global x', function()
    it('assigns in __main__', function()
      py.exec('global x\nx = a + 1', {a = 1})
      assert.equal(2, py.eval 'x')
      py.exec([[
        global y, z
        y = 1
        def z(): return a
        global m
        import math as m
      ]], {a = 5})
      assert.equal(6, py.eval 'y + z()')
      assert.equal(3, py.eval 'm.floor(3.5)')
    end)

    it('wins over a local of that name', function()
      py.exec 'x = "main"'
      assert.equal('main', result('global x\nresult = x',
                    {x = 'local'}))
      py.exec('global x\nx = 5', {x = 'local'})
      assert.equal(5, py.eval 'x')
    end)

    it('wins in comprehensions and nested functions too', function()
      py.exec 'x = "main"'
      assert.same({'main'}, result(
        'global x\nresult = [x for _ in "."]', {x = 'local'}))
      assert.equal('main', result(
        'global x\ndef f(): return x\nresult = f()', {x = 'local'}))
    end)

    it('inside a function is about that function', function()
      py.exec 'x = "main"'
      assert.same({'local', 'set'}, result([[
def f():
  global x
  x = 'set'
f()
result = [x, __import__('__main__').x]
]], {x = 'local'}))
    end)

    it('hands a copied table to later calls', function()
      local a = {k = 'before'}
      py.exec('a["k"] = "python"\nglobal b\nb = a', {a = a})
      assert.equal('before', a.k)
      a.k = 'lua'
      assert.equal('python', py.eval 'b["k"]')
    end)
  end)

  it('other assignments end with the call', function()
    py.exec([[
      import math as n1
      n2 = 1
      def n3(): pass
      class n4: pass
      for n5 in [1]: pass
      n6: int = 1
      if (n7 := 1): pass
      n8, *n9 = [1, 2]
      from math import floor as n10
      a += 1
    ]], {a = 1})
    for i = 1, 10 do assert.is_false(in_main('n' .. i)) end
    assert.is_false(in_main 'a')
    assert.equal(1, py.eval('(n11 := 1)', {}))
    assert.is_false(in_main 'n11')
    raises(function() py.exec('n2', {}) end, 'NameError')
  end)

  it('other assignments end with the call for empty locals too', function()
    py.exec('n1 = 1', {})
    assert.is_false(in_main 'n1')
  end)

  it('other assignments end with a call that raises', function()
    raises(function() py.exec('n1 = 1\nraise ValueError', {}) end)
    assert.is_false(in_main 'n1')
  end)

  describe('imports as top-level statements:', function()
    it('from m import *', function()
      assert.same({1, 3}, result([=[
from math import *
result = [floor(a), [ceil(x) for x in [a + 1]][0]]
]=], {a = 1.5}))
      py.exec([[
        from math import *
        def f(): return floor(2.5)
        global x
        x = f()
      ]], {unrelated = 1})
      assert.equal(2, py.eval 'x')
      assert.is_false(in_main 'floor')
    end)

    it('from m import * replaces a local, as an assignment does',
      function()
      assert.equal(2, result(
        'from math import *\nresult = floor(2.5)', {floor = 'mine'}))
      assert.equal('mine', result(
        'from math import *\nfloor = a\nresult = floor',
        {a = 'mine'}))
    end)

    it('__future__ imports', function()
      py.exec([[
from __future__ import annotations
def f(x: unknown_name): return x
assert f.__annotations__['x'] == 'unknown_name'
assert f(a) == 1
]], {a = 1})
      py.exec([[
        """A docstring, and indented."""
        from __future__ import annotations, division
        b: unknown_name = a
      ]], {a = 1})
      raises(function()
        py.exec('def f(x: unknown_name): return x', {a = 1})
      end, 'NameError')
      raises(function()
        py.exec('b = 1\nfrom __future__ import annotations', {a = 1})
      end, 'SyntaxError')
    end)

    it('import a.b binds a', function()
      assert.equal('b', result [[
import os.path
result = os.path.basename('a/b')
]])
    end)
  end)

  describe('SyntaxErrors:', function()
    it('top-level return, yield and await', function()
      for _, code in ipairs {
        'return', 'return a', 'if a: return 1', 'yield', 'yield a',
        'b = yield a', 'yield from a', 'await a', 'b = await a',
        'async with a: pass', 'async for b in a: pass',
        '[b async for b in a]',
      } do
        raises(function() py.exec(code, {a = 1}) end, 'SyntaxError')
      end
      for _, code in ipairs {'(yield a)', 'await a', 'return a'} do
        raises(function() py.eval(code, {a = 1}) end, 'SyntaxError')
      end
    end)

    it('before anything runs', function()
      raises(function()
        py.exec('global ran\nran = 1\nreturn', {a = 1})
      end, 'SyntaxError')
      assert.is_false(in_main 'ran')
    end)

    it('break and continue outside of loops', function()
      raises(function() py.exec('break', {a = 1}) end, 'SyntaxError')
      raises(function() py.exec('continue', {a = 1}) end, 'SyntaxError')
    end)

    it('not in functions of the code', function()
      assert.same({1, 2}, result([[
def gen():
  yield a
  yield from [a + 1]
async def co():
  await co()
result = list(gen())
]], {a = 1}))
    end)
  end)

  it('keys that are no identifiers are ignored', function()
    local locals = {10, 20, [0] = 1, [2.5] = 1, [true] = 1, [{}] = 1,
            [''] = 1, ['a b'] = 1, ['1x'] = 1, ['x-y'] = 1,
            ['class'] = 1, ['None'] = 1, ['True'] = 1,
            ['a.b'] = 1, ['a\0'] = 1, ['\255'] = 1,
            [' a'] = 1, a = 42}
    assert.equal(42, py.eval('a', locals))
    assert.same({a = 42}, py.eval('dict(locals())', locals))
    assert.equal(43, result('result = [a + 1 for _ in "."][0]', locals))
  end)

  it('a value that cannot be converted is an error that names the local',
    function()
    raises(function()
      py.eval('1', {spec_bad = {1, 2, extra = 3}})
    end, 'spec_bad.*extra')
  end)
end)
