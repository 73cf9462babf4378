-- SPDX-License-Identifier: MIT
-- Contract section 5: attributes, items, setting, len, tostring, pairs, None.
local helper = require 'spec.helper'
local py = require 'py'

-- The error that `fn` raises.
local raised = helper.raised

describe('a reference', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('read as ref.name', function()
    it('gives an attribute, as a reference', function()
      local point = py.reval('complex(1, 2)')
      assert.equal('userdata', type(point.real))
      assert.equal(1, py.eval(point.real))
      assert.equal(2, py.eval(point['imag']))
    end)

    it('gives the item when there is no such attribute', function()
      local prices = py.dict { apple = 3, ['two words'] = 4 }
      assert.equal(3, py.eval(prices.apple))
      assert.equal(4, py.eval(prices['two words']))
    end)

    it('prefers the attribute to the item', function()
      local d = py.dict { keys = 'item' }
      assert.is_true(py.callable(d.keys))
      assert.equal('item', py.eval(py.getitem(d, 'keys')))
    end)

    it('can be chained', function()
      py.exec 'import os.path'
      local os = py.import 'os'
      assert.equal('a/b', py.eval(os.path.join('a', 'b')))
      assert.equal('ABC', py.eval(py.str('abc').upper()))
    end)

    it('raises AttributeError when the object has no items either', function()
      local e = raised(function() return py.reval('object()').nothing end, 'nothing')
      assert.equal('AttributeError', e.type)
    end)

    it('raises when a dict has neither the attribute nor the key', function()
      local e = raised(function() return py.dict({ a = 1 }).nothing end, 'nothing')
      assert.is_true(py.is_error(e, 'KeyError') or py.is_error(e, 'AttributeError'))
    end)

    it('lets through what a property raises, and does not try the item', function()
      py.exec [[
        class HalfBroken:
            @property
            def bad(self): raise ValueError('from the property')
            def __getitem__(self, key): return 'the item'
      ]]
      local e = raised(function() return py.reval('HalfBroken()').bad end, 'from the property')
      assert.equal('ValueError', e.type)
    end)

    it('asks __getattr__', function()
      py.exec [[
        class Dynamic:
            def __getattr__(self, name): return name * 2
      ]]
      assert.equal('abab', py.eval(py.reval('Dynamic()').ab))
    end)

    it('finds names that are not ASCII', function()
      local d = py.dict { ['schlüssel'] = 'wert' }
      assert.equal('wert', py.eval(d['schlüssel']))
    end)
  end)

  describe('read as ref[key]', function()
    it('is an item, 0-based', function()
      local list = py.list { 'a', 'b', 'c' }
      assert.equal('a', py.eval(list[0]))
      assert.equal('c', py.eval(list[2]))
      assert.equal('c', py.eval(list[-1]))
    end)

    it('names the missing attribute of an object that has items', function()
      local counter = py.import('collections').UserDict()
      raised(function() return counter.no_such_name end, "AttributeError.*no_such_name")
      raised(function() return py.dict {}.no_such_name end, "KeyError.*no_such_name")
    end)

    it('takes integral numbers as int on every Lua', function()
      assert.equal('b', py.eval(py.list({ 'a', 'b' })[2 / 2]))
    end)

    it('takes a slice', function()
      local list = py.list { 10, 11, 12, 13 }
      assert.same({ 11, 12 }, py.eval(list[py.slice(1, 3)]))
      assert.same({ 13, 12, 11, 10 }, py.eval(list[py.slice(nil, nil, -1)]))
    end)

    it('takes another reference', function()
      local pairs_of = py.reval("{(1, 2): 'tuple', 'name': 'string', True: 'true'}")
      assert.equal('tuple', py.eval(pairs_of[py.tuple { 1, 2 }]))
      assert.equal('string', py.eval(pairs_of[py.str 'name']))
      assert.equal('true', py.eval(pairs_of[true]))
    end)

    it('raises IndexError past the end and KeyError for a missing key', function()
      local list, dict, number = py.list { 1 }, py.dict { a = 1 }, py.int(3)
      assert.equal('IndexError', raised(function() return list[1] end, 'out of range').type)
      assert.equal('KeyError', raised(function() return dict[7] end, '7').type)
      assert.equal('TypeError', raised(function() return number[0] end, 'subscriptable').type)
    end)
  end)

  describe('written as ref.name = value', function()
    it('sets the attribute that the object has', function()
      py.exec [[
        class Both(dict):
            colour = 'red'
      ]]
      local both = py.reval 'Both()'
      both.colour = 'blue'
      assert.equal('blue', py.eval(both.colour))
      assert.equal(0, #both)
    end)

    it("sets an attribute when the object's type has no __setitem__", function()
      local namespace = py.import('types').SimpleNamespace()
      namespace.fresh = { 1, 2 }
      assert.same({ 1, 2 }, py.eval(namespace.fresh))
    end)

    it('else sets the item', function()
      local d = py.dict { a = 1 }
      d.price = 9.5
      assert.same({ a = 1, price = 9.5 }, py.eval(d))
      assert.is_false(py.hasattr(d, 'price'))
    end)

    it('raises what the object raises', function()
      local e = raised(function() py.int(3).real = 4 end, '')
      assert.equal('AttributeError', e.type)
    end)

    it('converts nil to None', function()
      local namespace = py.import('types').SimpleNamespace()
      namespace.empty = nil
      assert.is_true(rawequal(py.None, namespace.empty))
    end)
  end)

  describe('written as ref[key] = value', function()
    it('sets an item, 0-based', function()
      local list = py.list { 1, 2, 3 }
      list[0] = 'first'
      list[-1] = py.None
      assert.equal("['first', 2, None]", py.repr(list))
    end)

    it('sets a slice', function()
      local list = py.list { 1, 2, 3, 4 }
      list[py.slice(1, 3)] = { 'x' }
      assert.same({ 1, 'x', 4 }, py.eval(list))
    end)

    it('raises IndexError and TypeError as Python does', function()
      local list, tuple = py.list {}, py.tuple { 1 }
      assert.equal('IndexError', raised(function() list[0] = 1 end, 'range').type)
      assert.equal('TypeError', raised(function() tuple[0] = 1 end, 'item assignment').type)
    end)
  end)

  describe('to None', function()
    it('is the shared py.None, from attributes, items and calls', function()
      local none = py.reval('None')
      assert.is_true(rawequal(py.None, none))
      assert.is_true(rawequal(py.None, py.list({ 1, py.None })[1]))
      assert.is_true(rawequal(py.None, py.list({}).append(1)))
      assert.is_true(rawequal(py.None, py.reval('lambda: 0').__doc__))
    end)

    it('is true for Lua and None for Python', function()
      assert.is_truthy(py.None)
      assert.is_false(py.truth(py.None))
      assert.is_nil(py.eval(py.None))
      assert.is_true(py.eval('x is None', { x = py.None }))
    end)
  end)

  describe('as a value', function()
    it('is the Python object itself when it goes back to Python', function()
      local object = py.reval 'object()'
      assert.is_true(py.eval('a is b', { a = object, b = object }))
      local list = py.list {}
      list.append(object)
      assert.is_true(py.is(list[0], object))
    end)

    it('has #ref as a number', function()
      assert.equal(3, #py.list { 1, 2, 3 })
      assert.equal(0, #py.reval '{}')
      assert.equal('TypeError', raised(function() return #py.int(3) end, 'len').type)
    end)

    it("has tostring(ref) as Python's str()", function()
      assert.equal('[1, 2]', tostring(py.list { 1, 2 }))
      assert.equal('grün', tostring(py.str 'grün'))
      assert.equal('None', tostring(py.None))
      assert.equal('a\0b', tostring(py.str 'a\0b'))
    end)

    it('raises what __str__ raises', function()
      py.exec [[
        class Mute:
            def __str__(self): raise ValueError('no words')
      ]]
      raised(function() return tostring(py.reval 'Mute()') end, 'no words')
    end)

    it('keeps its object alive and lets it go at collection', function()
      py.exec [[
        import weakref
        class Thing: pass
      ]]
      local thing = py.reval 'Thing()'
      local weak = py.import('weakref').ref(thing)
      py.collect()
      assert.is_true(py.is(weak(), thing))
      thing = nil -- luacheck: ignore
      py.collect()
      assert.is_true(rawequal(py.None, weak()))
    end)
  end)

  describe('given to pairs', function()
    it('gives converted keys and reference values from 5.2', function()
      if not helper.pairs_metamethod then
        pending('skipped: this Lua has no __pairs')
        return
      end
      local seen = {}
      for key, value in pairs(py.reval "{'a': [1], 2: 'two', None: 3}") do
        assert.equal('userdata', type(value))
        seen[key] = py.eval(value)
      end
      assert.same({ 1 }, seen.a)
      assert.equal('two', seen[2])
      assert.equal(3, seen[py.None])
    end)

    it('gives py.None for a value that is None, with its key', function()
      if not helper.pairs_metamethod then
        pending('skipped: this Lua has no __pairs')
        return
      end
      local seen = {}
      for key, value in pairs(py.reval "{'a': None, 'b': 2, 'c': None}") do
        seen[key] = value == py.None and 'None' or py.eval(value)
      end
      assert.same({ a = 'None', b = 2, c = 'None' }, seen)
    end)

    it('visits nothing in an empty dict', function()
      if not helper.pairs_metamethod then
        pending('skipped: this Lua has no __pairs')
        return
      end
      for _ in pairs(py.reval '{}') do
        error 'visited'
      end
    end)

    it('raises when the dict changes meanwhile', function()
      if not helper.pairs_metamethod then
        pending('skipped: this Lua has no __pairs')
        return
      end
      local d = py.dict { a = 1 }
      raised(function()
        for _ in pairs(d) do
          d[#d] = true
        end
      end, 'changed size')
    end)

    it('does not support ipairs: the loop is an error', function()
      raised(function()
        for _ in ipairs(py.list { 1, 2 }) do end -- luacheck: ignore
      end, '')
    end)
  end)
end)
