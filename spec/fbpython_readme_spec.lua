-- SPDX-License-Identifier: MIT
-- What fb.python's documentation promised its users, rule by rule, on
-- Python 3: first with the default rules, then with those of 2014.
-- Tensors have specs of their own; here only the README's chain with NumPy.

local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'fb.python'
local raises = helper.raises

describe("require 'fb.python'", function()
  helper.no_leaks(setup, teardown, after_each)

  it('gives the same module table as py', function()
    assert.is_true(rawequal(py, require 'py'))
  end)

  describe('exec and eval:', function()
    it('a function defined by exec is called by eval with locals', function()
      py.exec([=[
import math
def area(r):
    return math.pi * r * r
]=])
      assert.near(math.pi * 4 + 1, py.eval('area(r) + 1', {r = 2}), 1e-12)
    end)

    it('a number is a Python number on the way and a Lua number at the end',
       function()
      assert.equal(53, py.eval('(lambda x: x + 1)(a) + 10', {a = 42}))
    end)

    it('long strings at any level of brackets hold code', function()
      py.exec([==[
x = [[1, 2], [3]]
y = x[x[0][0]][0]
]==])
      assert.equal(3, py.eval 'y')
    end)
  end)

  describe('data is transferred by value:', function()
    it('a change in Python is not seen in Lua, nor the other way', function()
      local word = {text = 'first'}
      py.exec([=[
word['text'] = 'second'
global kept
kept = word
]=], {word = word})
      assert.equal('first', word.text)
      word.text = 'third'
      assert.equal('second', py.eval 'kept["text"]')
    end)
  end)

  describe('Lua to Python:', function()
    it('numbers as indexes of tables are int', function()
      assert.is_true(py.eval('all(type(k) is int for k in t)',
                             {t = {[2] = 'a', [3] = 'b'}}))
    end)

    it('a table is a list, its first item is x[0] there', function()
      assert.same({'one', 'two'}, py.eval('[x[0], x[1]]', {x = {'one', 'two'}}))
    end)

    it('arg, which has t[0] and t[-1], is a dict', function()
      assert.equal('dict\n', child.output [[
        print(require('fb.python').eval('type(a).__name__', {a = arg}))
      ]])
    end)

    it('nil in locals is no variable, py.None is None', function()
      raises(function() py.exec('print(a)', {a = nil}) end,
             "NameError: name 'a' is not defined")
      assert.equal('None\n', child.output [[
        local py = require 'fb.python'
        py.exec('print(a)', {a = py.None})
      ]])
    end)
  end)

  describe('Python to Lua:', function()
    it('numbers, strings of both kinds, None and bool', function()
      assert.equal(42, py.eval '42')
      assert.equal(0.5, py.eval '0.5')
      assert.equal('raw \255', py.eval 'b"raw \\xff"')
      assert.equal('h\195\169', py.eval '"h\\u00e9"')
      assert.is_nil(py.eval 'None')
      assert.is_false(py.eval 'False')
    end)

    it('list and tuple become tables from 1, dict becomes a table', function()
      assert.same({'a', {'b', 'c'}}, py.eval '["a", ("b", "c")]')
      assert.same({size = 3, [7] = 'x'}, py.eval '{"size": 3, 7: "x"}')
    end)

    it('identical objects convert to identical objects', function()
      local t = py.eval '(lambda l: {"a": l, "b": l})([2, 3])'
      assert.is_true(t.a == t.b)
    end)
  end)

  describe('opaque references', function()
    it('are used in place of Lua values', function()
      assert.equal("<class 'int'>\n", child.output [[
        local py = require 'fb.python'
        py.exec('print(type(x))', {x = py.int(42)})
      ]])
    end)

    it('are made by int, long, float, str, unicode, tuple, list, dict, ref',
       function()
      for expected, ref in pairs {
        ['1'] = py.int(1), ['2'] = py.long(2), ['3.0'] = py.float(3),
        ["'s'"] = py.str 's', ["'u'"] = py.unicode 'u',
        ['(1, 2)'] = py.tuple {1, 2}, ['[1, 2]'] = py.list {1, 2},
        ["{'k': 1}"] = py.dict {k = 1}, ['[[1]]'] = py.ref {{1}},
      } do
        assert.equal('userdata', type(ref))
        assert.equal(expected, py.repr(ref))
      end
    end)

    it('hold what cannot be converted', function()
      local class = py.reval 'type("Thing", (), {"size": 3})'
      assert.equal(3, py.eval(class().size))
    end)

    it('are converted by py.eval(ref)', function()
      assert.same({1, 2}, py.eval(py.tuple {1, 2}))
      assert.equal('0123456789', py.eval(py.import('string').digits))
    end)

    it('have calls, arithmetic, attributes and items that give references',
       function()
      local l = py.list {3, 1, 2}
      local sorted = py.builtins.sorted(l)
      assert.equal('userdata', type(sorted))
      assert.equal('userdata', type(sorted[0]))
      assert.equal('userdata', type(sorted[0] + 1))
      assert.equal('userdata', type(l.append))
      assert.equal(20, py.eval((sorted[0] + sorted[2]) * 5))
      assert.equal('cba', py.eval(py.str 'abc'[py.slice(nil, nil, -1)]))
    end)

    it('have variable and keyword arguments by py.args and py.kwargs',
       function()
      py.exec [=[
def call(*args, **kwargs):
    return [list(args), kwargs]
]=]
      local call = py.reval 'call'
      local args, kwargs = {4, 5}, {k = 'v'}
      assert.same({{1, 2, 3, 4, 5}, {k = 'v'}},
                  py.eval(call(1, 2, 3, py.args, args, py.kwargs, kwargs)))
      assert.same({{4, 5}, {}}, py.eval(call(py.args, args)))
      assert.same({{}, {k = 'v'}}, py.eval(call(py.kwargs, kwargs)))
      assert.same({{1, 4, 5}, {k = 'v'}},
                  py.eval(call(1, py.args, py.reval '[4, 5]',
                               py.kwargs, py.reval '{"k": "v"}')))
    end)

    it('are compared by Python, and have # and ..', function()
      local two, big = py.int(2), py.int(42)
      assert.is_true(two < big)
      assert.is_true(big >= two)
      assert.is_true(two == py.int(2))
      assert.is_true(two ~= big)
      assert.equal(-42, py.eval(-big))
      assert.equal(21, py.eval(42 / two))
      assert.equal(1764, py.eval(big ^ 2))
      assert.equal(0, py.eval(42 % two))
      assert.equal(3, #py.str 'foo')
      assert.equal('foobar', py.eval('foo' .. py.str 'bar'))
    end)
  end)

  describe('the chain of the README:', function()
    it('np.tri(10).transpose()', function()
      if not helper.has 'numpy' then pending(helper.lacks 'numpy') end
      local np = py.import 'numpy'
      local t1 = np.tri(10).transpose()
      assert.equal('userdata', type(t1))
      assert.equal('(10, 10)', py.repr(t1.shape))
      assert.equal(55, py.eval(t1.sum()))
      local rows = py.eval(t1.tolist())
      for i = 1, 10 do
        for j = 1, 10 do assert.equal(i <= j and 1 or 0, rows[i][j]) end
      end
    end)

    it('nltk.word_tokenize, with preserve_line=True', function()
      if not helper.has 'nltk' then pending(helper.lacks 'nltk') end
      local nltk = py.import 'nltk'
      assert.same({'Owls', 'hoot', ',', 'but', 'dogs', 'do', "n't", '.'},
        py.eval(nltk.word_tokenize("Owls hoot, but dogs don't.",
                                   py.kwargs, {preserve_line = true})))
    end)
  end)

  describe('leval, lexec and lreval', function()
    it('see the variables that are visible at the call', function()
      local number = 42
      assert.equal(43, py.leval 'number + 1')
      py.lexec 'global spec_seen\nspec_seen = number'
      assert.equal(number, py.eval 'spec_seen')
      assert.equal('42', py.repr(py.lreval 'int(number)'))
    end)

    it('see globals, and print them', function()
      assert.equal('42\n', child.output [[
        a = 42
        require('fb.python').lexec 'print(a)'
      ]])
    end)
  end)

  describe('with the rules of 2014', function()
    local function old()
      return py.new {numbers = 'float', strings = 'bytes', unknown = 'error'}
    end

    it('Lua numbers are float, indexes of tables int', function()
      local view = old()
      assert.equal('42.0', view.repr(42))
      assert.equal('{3: 4.0}', view.repr {[3] = 4})
      assert.equal(53, view.eval('(lambda x: x + 1)(a) + 10', {a = 42}))
    end)

    it('strings are bytes, and str or unicode when asked for', function()
      local view = old()
      assert.equal("b'hello'", view.repr 'hello')
      assert.equal("'hello'", view.repr(view.unicode 'hello'))
      assert.equal("b'foobar'", view.repr(view.bytes 'foo' .. 'bar'))
      assert.equal("b'foobar'", view.repr('foo' .. view.bytes 'bar'))
      assert.equal('hello world 42.0', view.eval(
        view.str('hello {0} {1}').format(view.str 'world', 42)))
    end)

    it('a table crosses by value', function()
      local view = old()
      local word = {text = 'first'}
      view.exec([=[
word['text'] = 'second'
global kept
kept = word
]=], {word = word})
      assert.equal('first', word.text)
      assert.equal('second', view.eval 'kept["text"]')
    end)

    it('a reference is the way to hold what does not convert', function()
      local view = old()
      raises(function() view.eval 'object()' end, 'object')
      assert.equal(42, view.eval(view.int(42)))
      assert.equal('userdata', type(view.reval 'object()'))
    end)

    it('leval prints a float', function()
      local view = old()
      local number = 42
      assert.equal('42.0', view.leval 'repr(number)')
      assert.equal(42, number)
    end)
  end)
end)
