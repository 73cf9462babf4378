-- SPDX-License-Identifier: MIT
-- Contract sections 3 and 5: generic `for` over Python objects.
local helper = require 'spec.helper'
local py = require 'py'

local raised = helper.raised

describe('py.iter', function()
  helper.no_leaks(setup, teardown, after_each)

  it('is named in the error of a loop that forgot it', function()
    helper.raises(function() for _ in py.list {1} do error 'not reached' end end,
      "TypeError: 'list' object is not callable %(loop with: for x in py%.iter%(object%)%)")
    local text = helper.raises(function() return py.list {1} (nil, nil) end)
    assert.is_nil(text:find 'py%.iter')
  end)

  it('gives references', function()
    local seen = {}
    for item in py.iter(py.list { 1, 'a' }) do
      assert.equal('userdata', type(item))
      seen[#seen + 1] = py.repr(item)
    end
    assert.same({ '1', "'a'" }, seen)
  end)

  it('gives converted items with "eval"', function()
    local seen = {}
    for item in py.iter(py.reval "[1, 'a', [2, 3]]", 'eval') do
      seen[#seen + 1] = item
    end
    assert.same({ 1, 'a', { 2, 3 } }, seen)
  end)

  it('gives None items as py.None, never nil, in both forms', function()
    for _, mode in ipairs { 'ref', 'eval' } do
      local items = py.reval '[None, 1, None]'
      local iterator, state, control = py.iter(items, mode == 'eval' and 'eval' or nil)
      local count, nones = 0, 0
      for item in iterator, state, control do
        count = count + 1
        nones = nones + (rawequal(item, py.None) and 1 or 0)
      end
      assert.equal(3, count)
      assert.equal(2, nones)
    end
  end)

  it('gives false items without ending the loop', function()
    local count = 0
    for item in py.iter(py.reval '[False, False]', 'eval') do
      assert.is_false(item)
      count = count + 1
    end
    assert.equal(2, count)
  end)

  it('takes every iterable, with __iter__ or __getitem__', function()
    py.exec [[
      class Iterable:
          def __iter__(self): return iter('xy')

      class OldStyle:
          def __getitem__(self, index):
              if index == 2: raise IndexError
              return index
    ]]
    local cases = {
      ["'abc'"] = 'a b c', ["{'k': 1}"] = 'k', ['range(3)'] = '0 1 2',
      ['(n * n for n in (1, 2))'] = '1 4', ['Iterable()'] = 'x y', ['OldStyle()'] = '0 1',
      ['()'] = '',
    }
    for code, expected in pairs(cases) do
      local seen = {}
      for item in py.iter(py.reval(code), 'eval') do
        seen[#seen + 1] = tostring(item)
      end
      assert.equal(expected, table.concat(seen, ' '))
    end
  end)

  it('takes no more from an iterator than the loop asks for', function()
    local counter = py.import('itertools').count()
    for item in py.iter(counter, 'eval') do
      if item == 4 then break end
    end
    assert.equal(5, py.eval(py.builtins.next(counter)))
  end)

  it('raises what the iterator raises, after the items before it', function()
    py.exec [[
      def broken():
          yield 1
          raise ValueError('half way')
    ]]
    local seen = {}
    local e = raised(function()
      for item in py.iter(py.reval 'broken()', 'eval') do
        seen[#seen + 1] = item
      end
    end, 'half way')
    assert.equal('ValueError', e.type)
    assert.same({ 1 }, seen)
  end)

  it('raises TypeError for what cannot be iterated', function()
    local e = raised(function() py.iter(py.int(3)) end, 'not iterable')
    assert.equal('TypeError', e.type)
  end)

  it('may be left by a yield: no Python frame is active in the loop body', function()
    local co = coroutine.wrap(function()
      for item in py.iter(py.list { 1, 2, 3 }, 'eval') do
        coroutine.yield(item)
      end
      return 'end'
    end)
    assert.equal(1, co())
    assert.equal(2, co())
    assert.equal(3, co())
    assert.equal('end', co())
  end)

  it('may be nested, also on the same list', function()
    local list, sum = py.list { 1, 2, 3 }, 0
    for a in py.iter(list, 'eval') do
      for b in py.iter(list, 'eval') do
        sum = sum + a * b
      end
    end
    assert.equal(36, sum)
  end)

  it('sees Python generators that call Lua', function()
    local seen = {}
    local doubled = py.reval('(f(n) for n in range(3))', { f = function(n) return n * 2 end })
    for item in py.iter(doubled, 'eval') do
      seen[#seen + 1] = item
    end
    assert.same({ 0, 2, 4 }, seen)
  end)

  it('ends for good: a finished iterator gives nil again', function()
    local iterator, state = py.iter(py.list { 1 }, 'eval')
    assert.equal(1, (iterator(state, nil)))
    assert.is_nil((iterator(state, 1)))
    assert.is_nil((iterator(state, nil)))
  end)

  it('keeps nothing of the loops that have ended, by themselves or by break', function()
    -- LuaJIT's traces keep the functions that they call.
    for _, mode in ipairs { 'ref', 'eval' } do
      py.collect()
      local before = helper.live()
      for round = 1, 300 do
        for _ in py.iter(py.reval 'range(70)', mode) do
          if round % 2 == 0 then break end
        end
      end
      py.collect()
      local kept = helper.live() - before
      assert(kept < 10, ('%d of 300 iterators are kept'):format(kept))
    end
  end)

  it('gives an iterator that is a reference: it can be asked, and closed', function()
    local step, iterator = py.iter(py.list { 1, 2, 3 }, 'eval')
    assert.equal(1, step(iterator))
    assert.equal(2, py.eval(py.builtins.next(iterator)))
    py.close(iterator)
    helper.raises(function() step(iterator) end, 'closed')
  end)

  it('says how it is used when its function is called alone, or with something else', function()
    for _, mode in ipairs { 'ref', 'eval' } do
      local step = py.iter(py.list { 1 }, mode)
      helper.raises(function() step() end, 'for x in py%.iter%(object%) do')
      helper.raises(function() step(py.list { 1 }) end,
        'py%.iter: this reference is not the iterator of a for loop')
    end
  end)

  it('visits many items', function()
    local sum = 0
    for item in py.iter(py.reval 'range(10000)', 'eval') do
      sum = sum + item
    end
    assert.equal(49995000, sum)
  end)
end)
