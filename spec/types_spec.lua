-- SPDX-License-Identifier: MIT
-- Contract section 3: the functions that force a type, py.ref, py.slice, and
-- the constants.

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('forced types:', function()
  helper.no_leaks(setup, teardown, after_each)

  --- Fails unless `ref` is a reference to a Python object whose repr is
  --- `text` and whose type is the builtin `type_name`.
  local function is(type_name, text, ref)
    assert.is_true(helper.is_ref(ref))
    assert.equal(type_name, py.eval(py.type(ref).__name__))
    assert.equal(text, py.repr(ref))
  end

  it('py.int', function()
    is('int', '42', py.int(42))
    is('int', '-7', py.int(-7))
    is('int', '3', py.int(3.7))
    is('int', '-3', py.int(-3.7))
    is('int', '12', py.int '12')
    is('int', '1', py.int(true))
    is('int', '9223372036854775808', py.int(2 ^ 63))
    is('int', '1267650600228229401496703205376', py.int(2 ^ 100))
    is('int', '5', py.int(py.float(5.5)))
  end)

  it('py.int keeps every digit of a string', function()
    local digits = ('1234567890'):rep(10)
    is('int', digits, py.int(digits))
  end)

  it('py.long is py.int, as Python 3 has it', function()
    is('int', '42', py.long(42))
    is('int', '12345678901234567890', py.long '12345678901234567890')
  end)

  it('py.float', function()
    is('float', '42.0', py.float(42))
    is('float', '0.5', py.float(0.5))
    is('float', '1.5', py.float '1.5')
    is('float', 'inf', py.float(1 / 0))
    is('float', '1.0', py.float(true))
    is('float', '3.0', py.float(py.int(3)))
  end)

  it('py.bool', function()
    is('bool', 'True', py.bool(true))
    is('bool', 'False', py.bool(false))
    is('bool', 'True', py.bool(1))
    is('bool', 'False', py.bool(0))
    is('bool', 'False', py.bool '')
    is('bool', 'True', py.bool 'x')
    is('bool', 'False', py.bool(nil))
    is('bool', 'False', py.bool {})
    is('bool', 'True', py.bool {1})
    is('bool', 'False', py.bool(py.list {}))
    is('bool', 'False', py.bool(py.None))
  end)

  it('py.str and py.unicode', function()
    is('str', "'hello'", py.str 'hello')
    is('str', "'hello'", py.unicode 'hello')
    is('str', "''", py.str '')
    is('str', "'é'", py.str 'é')
    is('str', "'42'", py.str(42))
    is('str', "'None'", py.str(py.None))
    is('str', "'[1, 2]'", py.str(py.list {1, 2}))
  end)

  it('py.str keeps bytes that are not UTF-8, by surrogateescape', function()
    is('str', "'a\\udcff'", py.str 'a\255')
    assert.equal('a\255', py.eval(py.str 'a\255'))
  end)

  it('py.bytes', function()
    is('bytes', "b'hello'", py.bytes 'hello')
    is('bytes', "b''", py.bytes '')
    is('bytes', "b'a\\x00\\xff'", py.bytes 'a\0\255')
    is('bytes', "b'\\xc3\\xa9'", py.bytes 'é')
  end)

  it('are empty or zero without an argument, as in Python', function()
    is('list', '[]', py.list())
    is('tuple', '()', py.tuple())
    is('dict', '{}', py.dict())
    is('set', 'set()', py.set())
    is('str', "''", py.str())
    is('int', '0', py.int())
    raises(function() py.len() end, 'py.len')
    raises(function() py.slice() end, 'py.slice')
  end)

  it('py.list', function()
    is('list', '[1, 2]', py.list {1, 2})
    is('list', '[]', py.list {})
    is('list', '[1, None, 3]', py.list {1, nil, 3, n = 3})
    -- What is forced to be a list needs no t[1] to be one.
    is('list', '[None, 2]', py.list(helper.pack(nil, 2)))
    is('list', "[[1], 'x', {'k': 2}]", py.list {{1}, 'x', {k = 2}})
    is('list', '[0, 1, 2]', py.list(py.reval 'range(3)'))
    is('list', "['a', 'b']", py.list 'ab')
  end)

  it('py.tuple', function()
    is('tuple', '(1, 2)', py.tuple {1, 2})
    is('tuple', '()', py.tuple {})
    is('tuple', '(1,)', py.tuple {1})
    is('tuple', '(1, None)', py.tuple {1, py.None})
    is('tuple', '(0, 1)', py.tuple(py.reval 'range(2)'))
  end)

  it('py.dict', function()
    is('dict', "{'a': 1}", py.dict {a = 1})
    is('dict', '{}', py.dict {})
    is('dict', "{'k': [1, 2]}", py.dict {k = {1, 2}})
    is('dict', "{1: 'x', 2: 'y'}", py.dict(py.reval '[(1, "x"), (2, "y")]'))
  end)

  it('py.list, tuple and dict take py.args and py.kwargs as other calls do', function()
    assert.equal("{'a': 1, 'b': 2}",
      py.repr(py.dict(py.kwargs {a = 1}, py.kwargs, py.dict {b = 2})))
    assert.equal('[1, 2]', py.repr(py.list(py.args, {{1, 2}})))
    assert.equal('(1, 2)', py.repr(py.tuple(py.args, {{1, 2}})))
  end)

  it('py.dict makes a dict of a list-like table, with its Lua keys', function()
    is('dict', "{1: 'x', 2: 'y'}", py.dict {'x', 'y'})
    assert.same({'x', 'y', extra = 'z'},
                py.eval(py.dict {'x', 'y', extra = 'z'}))
    assert.same({'x', [5] = 'y'}, py.eval(py.dict {'x', [5] = 'y'}))
  end)

  it('py.set', function()
    is('set', '{1}', py.set {1})
    is('set', '{1, 2}', py.set {1, 2, 2, 1})
    is('set', 'set()', py.set {})
    is('set', '{0, 1}', py.set(py.reval 'range(2)'))
    is('set', "{'a'}", py.set {'a'})
  end)

  it('py.set takes back the table that py.eval makes of a set', function()
    local t = py.eval '{"a", "b"}'
    assert.same({a = true, b = true}, t)
    assert.same(t, py.eval(py.set(t)))
  end)

  it('py.list, tuple, dict and set make a new object of a reference',
     function()
    local list = py.list {1}
    local copy = py.list(list)
    list.append(2)
    is('list', '[1]', copy)
    local dict = py.dict {a = 1}
    assert.is_false(py.is(dict, py.dict(dict)))
  end)

  it('py.ref converts any Lua value by the usual rules', function()
    is('int', '42', py.ref(42))
    is('float', '1.5', py.ref(1.5))
    is('str', "'s'", py.ref 's')
    is('bool', 'True', py.ref(true))
    is('list', '[1, 2]', py.ref {1, 2})
    is('dict', "{'a': {}}", py.ref {a = {}})
    assert.is_true(py.callable(py.ref(print)))
    assert.is_true(rawequal(py.None, py.ref(nil)))
    local ref = py.reval 'object()'
    assert.is_true(py.is(ref, py.ref(ref)))
  end)

  it('keep their type when they go to Python', function()
    for name, ref in pairs {
      int = py.int(1), float = py.float(1), str = py.str 'x',
      bytes = py.bytes 'x', bool = py.bool(1), list = py.list {},
      tuple = py.tuple {1}, dict = py.dict {1}, set = py.set {1},
    } do
      assert.equal(name, py.eval('type(x).__name__', {x = ref}))
      assert.equal(name, py.eval('type(x[0]).__name__', {x = {ref}}))
      assert.equal(name, py.eval(py.builtins.type(ref).__name__))
    end
  end)

  it('raise what Python raises for a value that does not fit', function()
    raises(function() py.int 'x' end, 'ValueError')
    raises(function() py.int {} end, 'TypeError')
    raises(function() py.int(nil) end, 'TypeError')
    raises(function() py.int(0 / 0) end, 'ValueError')
    raises(function() py.int(1 / 0) end, 'OverflowError')
    raises(function() py.float 'x' end, 'ValueError')
    raises(function() py.list(5) end, 'TypeError')
    raises(function() py.tuple(5) end, 'TypeError')
    raises(function() py.set {{}} end, 'TypeError')
    raises(function() py.dict(5) end, 'TypeError')
    raises(function() py.list {1, 2, extra = 3} end, 'extra')
  end)

  describe('py.slice', function()
    it('makes slice objects as Python\'s slice does', function()
      is('slice', 'slice(1, 3, None)', py.slice(1, 3))
      is('slice', 'slice(None, 3, None)', py.slice(3))
      is('slice', 'slice(1, None, 2)', py.slice(1, nil, 2))
      is('slice', 'slice(None, None, -1)', py.slice(nil, nil, -1))
      is('slice', 'slice(1, None, None)', py.slice(1, nil))
      is('slice', 'slice(1, None, None)', py.slice(1, py.None))
      is('slice', 'slice(0, 2, None)', py.slice(py.int(0), 2))
    end)

    it('indexes sequences', function()
      local l = py.list {10, 11, 12, 13}
      assert.same({11, 12}, py.eval(l[py.slice(1, 3)]))
      assert.same({13, 12, 11, 10}, py.eval(l[py.slice(nil, nil, -1)]))
      l[py.slice(0, 2)] = {1}
      assert.same({1, 12, 13}, py.eval(l))
      py.delitem(l, py.slice(1, nil))
      assert.same({1}, py.eval(l))
    end)

    it('needs one to three arguments', function()
      raises(function() py.slice() end, 'slice')
      raises(function() py.slice(1, 2, 3, 4) end, 'slice')
    end)
  end)

  describe('constants', function()
    it('py.None is None', function()
      assert.is_true(helper.is_ref(py.None))
      assert.equal('None', tostring(py.None))
      assert.is_nil(py.eval(py.None))
      assert.is_true(py.eval('x is None', {x = py.None}))
      assert.is_true(rawequal(py.None, py.None))
    end)

    it('py.Ellipsis is Ellipsis', function()
      assert.is_true(py.eval('x is ...', {x = py.Ellipsis}))
      assert.equal('Ellipsis', py.repr(py.Ellipsis))
    end)

    it('py.builtins is the module builtins', function()
      assert.equal(3, py.eval(py.builtins.len 'abc'))
      assert.is_true(py.is(py.builtins, py.import 'builtins'))
    end)
  end)
end)
