-- SPDX-License-Identifier: MIT
-- Contract section 3: py.args and py.kwargs, the explicit forms of attribute
-- and item access, questions about objects, comparisons, unpack.

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('functions:', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('py.args and py.kwargs', function()
    --- A Python function that gives its arguments as [list, dict].
    local function echo()
      return py.reval 'lambda *args, **kwargs: [list(args), kwargs]'
    end
    local function gives(args, kwargs, ref)
      local t = py.eval(ref)
      assert.same(args, t[1])
      assert.same(kwargs, t[2])
    end

    it('f(1, py.args, {2,3}, py.kwargs, {k=4}) is f(1, *[2,3], **{"k": 4})',
       function()
      local f = echo()
      gives({1, 2, 3}, {k = 4}, f(1, py.args, {2, 3}, py.kwargs, {k = 4}))
      gives({2, 3}, {}, f(py.args, {2, 3}))
      gives({}, {k = 4}, f(py.kwargs, {k = 4}))
      gives({1}, {k = 4, l = 5}, f(1, py.kwargs, {k = 4, l = 5}))
      gives({1, 2}, {}, f(1, 2, py.args, {}))
      gives({}, {}, f(py.args, {}, py.kwargs, {}))
    end)

    it('f(1, py.kwargs{k=4})', function()
      local f = echo()
      gives({1}, {k = 4}, f(1, py.kwargs {k = 4}))
      gives({}, {}, f(py.kwargs {}))
      gives({1, 2}, {k = 4}, f(1, py.args, {2}, py.kwargs {k = 4}))
    end)

    it('take references: any iterable, any mapping', function()
      local f = echo()
      gives({1, 2}, {k = 4}, f(py.args, py.tuple {1, 2},
                               py.kwargs, py.dict {k = 4}))
      gives({0, 1}, {}, f(py.args, py.reval 'range(2)'))
      gives({0, 1}, {}, f(py.args, py.reval '(i for i in range(2))'))
      gives({1}, {k = 4}, f(1, py.kwargs(py.dict {k = 4})))
      gives({}, {k = 4}, f(py.kwargs, py.reval
        '__import__("types").MappingProxyType({"k": 4})'))
    end)

    it('keep None and the length', function()
      local count = py.reval 'lambda *args: [len(args), args.count(None)]'
      assert.same({2, 1}, py.eval(count(py.args, {1, py.None})))
      assert.same({3, 1}, py.eval(count(py.args, {1, nil, 3, n = 3})))
      -- What is forced to be a list needs no t[1] to be one.
      assert.same({2, 1}, py.eval(count(py.args, helper.pack(nil, 2))))
      assert.same({2, 2}, py.eval(count(nil, nil)))
      assert.same({3, 1}, py.eval(count(nil, py.args, {1, 2})))
    end)

    it('work in method calls of both kinds', function()
      local s = py.str '{0}{1}{k}'
      assert.equal('abc', py.eval(s.format('a', py.args, {'b'},
                                           py.kwargs, {k = 'c'})))
      assert.equal('abc', py.eval(s:format('a', py.args, {'b'},
                                           py.kwargs {k = 'c'})))
    end)

    it('take many', function()
      local args, kwargs = {}, {}
      for i = 1, 1000 do
        args[i] = i
        kwargs['k' .. i] = i
      end
      local sum = py.reval
        'lambda *args, **kwargs: sum(args) + sum(kwargs.values())'
      assert.equal(1001000, py.eval(sum(py.args, args, py.kwargs, kwargs)))
    end)

    it('take names in UTF-8', function()
      gives({}, {['é'] = 1}, echo()(py.kwargs, {['é'] = 1}))
    end)

    it('are errors when they are wrong', function()
      local f = echo()
      raises(function() f(py.args) end, 'args')
      raises(function() f(py.kwargs) end, 'kwargs')
      raises(function() f(py.args, 5) end, 'args.*number')
      raises(function() f(py.kwargs, 5) end, 'kwargs.*number')
      raises(function() f(py.args, py.int(5)) end, 'Error')
      raises(function() f(py.kwargs, py.int(5)) end, 'Error')
      raises(function() f(py.kwargs, {k = 1}, py.kwargs, {k = 2}) end,
             'kwargs')
      raises(function() f(py.kwargs, {k = 1}, 2) end, 'kwargs')
      raises(function() f(py.kwargs, {[5] = 1}) end, 'string')
      raises(function() py.reval('lambda a: a')(1, py.kwargs, {a = 2}) end,
             "TypeError.*multiple values.*'a'")
    end)
  end)

  describe('getattr, setattr, delattr, getitem, setitem, delitem', function()
    it('are the explicit forms, for when sugar is ambiguous', function()
      py.exec [[
        class SpecBox(dict):
            name = 'attribute'
      ]]
      local box = py.reval 'SpecBox(name="item")'
      assert.equal('attribute', py.eval(py.getattr(box, 'name')))
      assert.equal('item', py.eval(py.getitem(box, 'name')))
      py.setattr(box, 'name', 'a')
      py.setitem(box, 'name', 'i')
      assert.same({'a', 'i'}, py.eval('[b.name, b["name"]]', {b = box}))
      py.delattr(box, 'name')
      py.delitem(box, 'name')
      assert.equal('attribute', py.eval(py.getattr(box, 'name')))
      assert.equal(0, py.len(box))
    end)

    it('give references, and the shared py.None', function()
      local box = py.reval '__import__("types").SimpleNamespace(a=None, b=1)'
      assert.is_true(helper.is_ref(py.getattr(box, 'b')))
      assert.is_true(helper.is_ref(py.getitem(py.list {1}, 0)))
      assert.is_true(rawequal(py.None, py.getattr(box, 'a')))
      assert.is_true(rawequal(py.None, py.getitem(py.list {py.None}, 0)))
    end)

    it('take keys and values of every kind', function()
      local d = py.dict {}
      py.setitem(d, 1, {1, 2})
      py.setitem(d, py.tuple {1, 2}, nil)
      py.setitem(d, true, 'yes')
      assert.equal("{1: 'yes', (1, 2): None}", py.repr(d))
      local l = py.list {1, 2, 3}
      assert.equal(3, py.eval(py.getitem(l, -1)))
      py.setitem(l, py.slice(0, 2), {})
      assert.same({3}, py.eval(l))
    end)

    it('raise what Python raises', function()
      local o = py.reval 'object()'
      raises(function() py.getattr(o, 'spec_x') end, 'AttributeError')
      raises(function() py.setattr(o, 'spec_x', 1) end, 'AttributeError')
      raises(function() py.delattr(o, 'spec_x') end, 'AttributeError')
      raises(function() py.getitem(py.dict {}, 'x') end, "KeyError: 'x'")
      raises(function() py.getitem(py.list {}, 0) end, 'IndexError')
      raises(function() py.getitem(o, 0) end, 'TypeError')
      raises(function() py.setitem(py.tuple {1}, 0, 1) end, 'TypeError')
      raises(function() py.delitem(py.list {}, 0) end, 'IndexError')
    end)
  end)

  describe('questions about objects', function()
    it('py.len → number', function()
      assert.equal(2, py.len(py.list {1, 2}))
      assert.equal(0, py.len(py.dict {}))
      assert.equal(2, py.len(py.str 'hé'))
      raises(function() py.len(py.int(1)) end, 'TypeError')
    end)

    it('py.hasattr → boolean', function()
      assert.is_true(py.hasattr(py.list {}, 'append'))
      assert.is_false(py.hasattr(py.list {}, 'spec_nothing'))
      assert.is_false(py.hasattr(py.dict {k = 1}, 'k'))
      raises(function()
        py.hasattr(py.reval 'type("T", (), {"p": property(lambda s: 1/0)})()',
                   'p')
      end, 'ZeroDivisionError')
    end)

    it('py.contains → boolean', function()
      assert.is_true(py.contains(py.list {1, 2}, 2))
      assert.is_false(py.contains(py.list {1, 2}, 3))
      assert.is_true(py.contains(py.dict {k = 1}, 'k'))
      assert.is_true(py.contains(py.str 'hello', 'ell'))
      assert.is_true(py.contains(py.list {py.None}, nil))
      raises(function() py.contains(py.int(1), 1) end, 'TypeError')
    end)

    it('py.isinstance → boolean', function()
      local b = py.builtins
      assert.is_true(py.isinstance(py.int(1), b.int))
      assert.is_false(py.isinstance(py.int(1), b.str))
      assert.is_true(py.isinstance(py.int(1), py.tuple {b.str, b.int}))
      assert.is_true(py.isinstance(1, b.int))
      assert.is_true(py.isinstance('x', b.str))
      raises(function() py.isinstance(py.int(1), 5) end, 'TypeError')
    end)

    it('py.callable → boolean', function()
      assert.is_true(py.callable(py.builtins.len))
      assert.is_false(py.callable(py.int(1)))
      assert.is_true(py.callable(print))
    end)

    it('py.is → boolean', function()
      local l = py.list {}
      assert.is_true(py.is(py.reval('x', {x = l}), l))
      assert.is_false(py.is(l, py.list {}))
      assert.is_true(py.is(py.None, nil))
      assert.is_true(py.is(py.reval 'True', true))
    end)

    it('py.truth → boolean, where a reference is always true for Lua',
       function()
      for _, code in ipairs {'False', 'None', '0', '0.0', '""', '[]', '{}',
                             'set()', 'range(0)', 'b""'} do
        local ref = py.reval(code)
        assert.is_truthy(ref)
        assert.is_false(py.truth(ref))
      end
      for _, code in ipairs {'True', '1', '-1', '"x"', '[0]', 'object()'} do
        assert.is_true(py.truth(py.reval(code)))
      end
      raises(function()
        py.truth(py.reval 'type("T", (), {"__bool__": lambda s: 1/0})()')
      end, 'ZeroDivisionError')
    end)

    it('py.dir → table', function()
      local names = py.dir(py.reval
        '__import__("types").SimpleNamespace(spec_a=1, spec_b=2)')
      assert.equal('table', type(names))
      local found = {}
      for _, name in ipairs(names) do found[name] = true end
      assert.is_true(found.spec_a and found.spec_b and found.__class__)
    end)

    it('py.repr → string', function()
      assert.equal("['é', 1]", py.repr(py.list {'é', 1}))
      assert.equal("'x'", py.repr 'x')
      assert.equal('None', py.repr(nil))
      assert.equal('string', type(py.repr(py.builtins)))
    end)

    it('py.help → string', function()
      py.exec 'def spec_f(x):\n  "Says something about x."\n  return x'
      local text = py.help(py.reval 'spec_f')
      assert.equal('string', type(text))
      assert.is_truthy(text:find('Says something about x.', 1, true))
      assert.is_truthy(text:find('spec_f(x)', 1, true))
    end)

    it('py.type → reference', function()
      assert.is_true(py.is(py.type(py.int(1)), py.builtins.int))
      assert.is_true(py.is(py.type 'x', py.builtins.str))
      assert.is_true(py.is(py.type(py.None), py.reval 'type(None)'))
    end)

    it('py.id → table key: equal for the same object only', function()
      local a, b = py.list {}, py.list {}
      local again = py.reval('x', {x = a})
      local seen = {[py.id(a)] = 'a', [py.id(b)] = 'b'}
      assert.equal('a', seen[py.id(again)])
      assert.equal('b', seen[py.id(b)])
      assert.are_not.equal(py.id(a), py.id(b))
    end)

    it('say what is wrong with their arguments', function()
      raises(function() py.len() end, 'len')
      raises(function() py.getattr(py.list {}) end, 'getattr')
      raises(function() py.getattr(py.list {}, {}) end, 'getattr')
      raises(function() py.hasattr(py.list {}) end, 'hasattr')
    end)
  end)

  describe('py.eq, ne, lt, le, gt, ge', function()
    it('are Python\'s comparisons, as a reference', function()
      local one, two = py.int(1), py.int(2)
      local expected = {
        eq = {false, true, false}, ne = {true, false, true},
        lt = {true, false, false}, le = {true, true, false},
        gt = {false, false, true}, ge = {false, true, true},
      }
      for name, values in pairs(expected) do
        for i, pair in ipairs {{one, two}, {one, one}, {two, one}} do
          local ref = py[name](pair[1], pair[2])
          assert.is_true(helper.is_ref(ref))
          assert.equal(values[i], py.eval(ref))
        end
      end
    end)

    it('take any operands', function()
      assert.is_true(py.truth(py.eq(py.int(1), 1)))
      assert.is_true(py.truth(py.eq(1, py.float(1))))
      assert.is_true(py.truth(py.lt(1, 2)))
      assert.is_true(py.truth(py.eq({1, 2}, py.list {1, 2})))
      assert.is_false(py.truth(py.eq('1', py.int(1))))
      assert.is_true(py.truth(py.eq(nil, py.None)))
      assert.is_true(py.truth(py.ge('b', py.str 'a')))
      assert.is_true(py.truth(py.ne(py.None, false)))
    end)

    it('give array masks too', function()
      if not helper.has 'numpy' then pending(helper.lacks 'numpy') end
      local np = py.import 'numpy'
      local mask = py.gt(np.arange(4), 1)
      assert.same({false, false, true, true}, py.eval(mask.tolist()))
      assert.same({true, false, false, false},
                  py.eval(py.eq(0, np.arange(4)).tolist()))
    end)

    it('raise what Python raises', function()
      raises(function() py.lt(py.int(1), 'x') end, 'TypeError')
      raises(function() py.lt(py.None, nil) end, 'TypeError')
    end)
  end)

  describe('py.unpack', function()
    -- Whether an item comes converted or as a reference is the same to these
    -- tests: helper.plain makes both a Lua value.
    it('gives the items as Lua results', function()
      local a, b, c = py.unpack(py.tuple {1, 'x', 2.5})
      assert.same({1, 'x', 2.5},
                  {helper.plain(a), helper.plain(b), helper.plain(c)})
      assert.equal(1, select('#', py.unpack(py.list {1})))
    end)

    it('gives an exact count whatever is None', function()
      for code, count in pairs {['()'] = 0, ['(None,)'] = 1,
                                ['(None, None, None)'] = 3,
                                ['(1, None)'] = 2, ['[None, 1, None]'] = 3} do
        assert.equal(count, select('#', py.unpack(py.reval(code))))
      end
    end)

    it('takes any iterable', function()
      local function items(code)
        local t = helper.pack(py.unpack(py.reval(code)))
        for i = 1, t.n do t[i] = helper.plain(t[i]) end
        t.n = nil
        return t
      end
      assert.same({0, 1, 2}, items 'range(3)')
      assert.same({1, 4}, items '(i * i for i in (1, 2))')
      assert.same({'a', 'b'}, items '"ab"')
      assert.same({'k'}, items '{"k": 1}')
    end)

    it('takes many items, or says that they are too many', function()
      assert.equal(200, select('#', py.unpack(py.reval 'range(200)')))
      raises(function() py.unpack(py.reval 'range(10 ** 7)') end, 'too many')
      raises(function() py.unpack(py.import('itertools').count()) end, 'more than 7000')
    end)

    it('raises what the iteration raises', function()
      raises(function() py.unpack(py.int(1)) end, 'TypeError')
      raises(function() py.unpack(py.reval '(1/0 for _ in "x")') end,
             'ZeroDivisionError')
    end)
  end)
end)
