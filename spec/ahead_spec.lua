-- SPDX-License-Identifier: MIT
-- Loops over lists and tuples fetch items ahead (csrc/convert/ahead.h), which
-- nobody may notice.

local helper = require 'spec.helper'
local py = require 'py'

local LENGTHS = { 0, 1, 2, 3, 16, 17, 31, 32, 33, 100 }

local function show(value)
  return type(value) == 'userdata' and py.repr(value) or type(value) .. ' ' .. tostring(value)
end

local function items(sequence)
  local seen = {}
  for item in py.iter(sequence, 'eval') do seen[#seen + 1] = item end
  return seen
end

-- Waits without a call that could enter Python.
local function wait(seconds)
  local finish = os.clock() + seconds
  repeat until os.clock() > finish
end

describe('a loop over a list', function()
  helper.no_leaks(setup, teardown, after_each)

  it('gives each item as py.eval gives it', function()
    local kinds = { '1', '-2.5', 'True', 'None', '"word"', '"a\\0b"', '"é" * 20', '"x" * 23',
      '"x" * 24', '""', '2**53', '-2**53', '2**53 + 1', '2**63 - 1', '-2**63', '2**64',
      'float("inf")', '"\\udcff"', 'b"bytes"', '(1, 2)', 'object' }
    for _, n in ipairs { 3, 40 } do
      local code = ('[x for x in (%s,) for _ in range(%d)]'):format(table.concat(kinds, ','), n)
      for _, form in ipairs { 'list', 'tuple' } do
        local sequence = py.reval(form .. '(' .. code .. ')')
        local at = 0
        for item in py.iter(sequence, 'eval') do
          local expected = py.eval_none(sequence[at])
          if type(expected) ~= 'table' then assert.equal(show(expected), show(item)) end
          at = at + 1
        end
        assert.equal(#kinds * n, at)
      end
    end
  end)

  it('ends where the list ends', function()
    for _, n in ipairs(LENGTHS) do
      local seen = items(py.reval('list(range(n))', { n = n }))
      assert.equal(n, #seen)
      for i = 1, n do assert.equal(i - 1, seen[i]) end
    end
  end)

  it('sees at once what its body changes', function()
    py.exec [[
      def plain_loop(items, change, at):
          seen, changed = [], False
          for item in items:
              seen.append(item)
              if item == at and not changed:
                  changed = True
                  exec(change, {'l': items})
          return seen
    ]]
    local changes = { 'l[-1] = "changed"', 'l.append("more")', 'del l[20:]',
      'l.insert(0, "before")', 'l.clear()', 'l.sort(reverse=True)' }
    for _, change in ipairs(changes) do
      for at = 0, 39 do
        local changed, seen = false, {}
        local list = py.reval 'list(range(40))'
        for item in py.iter(list, 'eval') do
          seen[#seen + 1] = item
          if item == at and not changed then
            changed = true
            py.exec(change, { l = list })
          end
        end
        -- What a loop of Python sees.
        local expected = py.eval('plain_loop(list(range(40)), change, at)',
          { at = at, change = change })
        assert.same(expected, seen)
      end
    end
    py.exec 'del plain_loop'
  end)

  it('leaves its iterator where the loop stands', function()
    local step, iterator = py.iter(py.reval 'list(range(100))', 'eval')
    local expected = 0
    for item in step, iterator do
      assert.equal(expected, item)
      expected = item + 1
      if item % 10 == 8 then
        assert.equal(99 - item, py.eval('it.__length_hint__()', { it = iterator }))
        assert.equal(item + 1, py.eval('next(it)', { it = iterator }))
        expected = item + 2
      end
    end
    assert.equal(100, expected)
  end)

  it('ends with an error when its iterator is closed', function()
    local step, iterator = py.iter(py.reval 'list(range(100))', 'eval')
    for _ = 1, 20 do step(iterator) end
    py.close(iterator)
    local ok, e = pcall(step, iterator)
    assert.is_false(ok)
    assert.truthy(tostring(e):find('closed', 1, true))
  end)

  it('sees what another thread changes while it waits', function()
    py.exec [[
      import threading, time
      changing = list(range(40))
      started = threading.Event()
      def change():
          started.set()
          time.sleep(0.1)
          changing[-1] = 'changed'
      thread = threading.Thread(target=change)
      thread.start()
      started.wait()
    ]]
    local last
    for item in py.iter(py.reval 'changing', 'eval') do
      if item == 30 then wait(0.4) end
      last = item
    end
    py.exec 'thread.join(); del changing, thread, change'
    assert.equal('changed', last)
  end)

  it('may be one of several at a time, in coroutines as well', function()
    local list = py.reval 'list(range(40))'
    local function generate()
      return coroutine.wrap(function()
        for item in py.iter(list, 'eval') do coroutine.yield(item) end
      end)
    end
    local one, other, n = generate(), generate(), 0
    for a in one do
      assert.equal(a, other())
      n = n + 1
      if n == 30 then list:append 'more' end
    end
    assert.equal(41, n)
    assert.is_nil(other())
  end)

  it('may be abandoned at any item', function()
    for n = 1, 40 do
      for item in py.iter(py.reval 'list(range(40))', 'eval') do
        if item == n then break end
      end
    end
  end)
end)
