-- SPDX-License-Identifier: MIT
-- Contract section 5: errors that cross several times, yields across Python, recursion.
local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'py'

local THIS_FILE = 'crossing_spec%.lua'

local raised, contains = helper.raised, helper.contains
local from_python = helper.from_python

describe('an error that crosses several times', function()
  setup(function()
    py.exec [[
      class Special(ValueError):
          pass

      seen = []

      def fail():
          try:
              1 / 0
          except ZeroDivisionError as zero:
              raise Special('deep') from zero

      def passing(f):
          try:
              return f()
          except BaseException as e:
              seen.append(e)
              raise
    ]]
  end)

  helper.no_leaks(setup, teardown, after_each)

  before_each(function()
    py.exec 'seen.clear()'
  end)

  teardown(function()
    py.exec 'del Special, seen, fail, passing'
  end)

  -- Lua → Python → Lua → Python → … around `innermost`; returns the error.
  local function nested(innermost)
    local passing = py.reval 'passing'
    return raised(function()
      passing(function()
        local result = passing(function()
          innermost()
          return 'no tail call'
        end)
        return result
      end)
    end)
  end

  it('is re-raised as the same object, type and cause whole', function()
    local e = nested(py.reval 'fail')
    assert.equal(2, py.eval 'len(seen)')
    assert.is_true(py.eval 'seen[0] is seen[1]')
    assert.is_true(py.is(e.value, py.reval 'seen[0]'))
    assert.is_true(py.is_error(e, 'Special'))
    assert.is_true(py.isinstance(e.value.__cause__, py.builtins.ZeroDivisionError))
    assert.equal('deep', e.message)
  end)

  it('keeps its traceback whole: all frames of all levels, once', function()
    local text = nested(py.reval 'fail').traceback
    local _, innermost = text:gsub('in fail\n', '')
    local _, around = text:gsub('in passing\n', '')
    assert.equal(2, innermost) -- once for the cause, once for the error
    assert.equal(2, around)
    contains(text, 'direct cause')
  end)

  it('is the same object when Lua catches it and raises it again', function()
    local e = nested(function()
      local ok, first = pcall(py.reval 'fail')
      assert(not ok)
      error(first)
    end)
    assert.is_true(py.is_error(e, 'Special'))
    assert.is_true(py.eval 'seen[0] is seen[1]')
    assert.is_true(py.is(e.value, py.reval 'seen[0]'))
    contains(e.traceback, 'in fail')
  end)

  it('is the same object through coroutines', function()
    local e = nested(function()
      coroutine.wrap(function() py.reval('fail')() end)()
    end)
    assert.is_true(py.is_error(e, 'Special'))
    assert.is_true(py.is(e.value, py.reval 'seen[0]'))
  end)

  it('is an error object also where a coroutine uses Python first', function()
    assert.equal('ValueError\tValueError\n', child.output [[
      local py = require 'py'
      local function fail() py.exec 'raise ValueError' return 1 end
      local _, first = coroutine.resume(coroutine.create(fail))
      local _, second = pcall(coroutine.wrap(fail))
      print(first.type, second.type)
    ]])
  end)

  it('keeps a Lua value that was raised innermost', function()
    local value = { code = 7 }
    local e = nested(function() error(value) end)
    assert.is_true(py.eval 'seen[0] is seen[1]')
    assert.is_true(py.is_error(e, 'LuaError'))
    assert.equal(value, py.eval(e.value.value))
  end)

  it('keeps the Lua stack of the innermost error', function()
    local line = helper.line() + 1
    local function deepest() error 'deepest' end
    local e = nested(function()
      deepest()
      return 'no tail call'
    end)
    contains(e, 'deepest')
    assert.truthy(tostring(e):find(THIS_FILE .. ':' .. line .. ':'))
  end)

  it('passes KeyboardInterrupt and SystemExit by "except Exception"', function()
    for _, name in ipairs { 'KeyboardInterrupt', 'SystemExit' } do
      local e = raised(function()
        py.exec([[
          try:
              f()
          except Exception:
              raise AssertionError('caught too early')
        ]], { f = function() py.exec('raise ' .. name .. '(5)') end })
      end)
      assert.equal(name, e.type)
      assert.equal(5, py.eval(e.value.args[0]))
    end
  end)

  it('can be caught by Python by its own type', function()
    py.exec([[
      global outcome
      try:
          f()
      except Special as e:
          outcome = 'caught ' + str(e)
    ]], { f = function() py.reval('fail')() end })
    assert.equal('caught deep', py.eval 'outcome')
  end)
end)

describe('a yield across a Python frame', function()
  helper.no_leaks(setup, teardown, after_each)

  it('is a clear error, and the coroutine stays usable', function()
    local co = coroutine.create(function()
      local ok, e = pcall(py.eval, 'f()', { f = function() coroutine.yield(1) end })
      coroutine.yield(ok, tostring(e))
      return py.eval '1 + 1'
    end)
    local resumed, ok, text = coroutine.resume(co)
    assert.is_true(resumed)
    assert.is_false(ok)
    contains(text, 'Lua code that Python called cannot yield to a coroutine outside of that call')
    assert.same({ true, 2 }, { coroutine.resume(co) })
  end)

  it('reaches Python as LuaError, so that finally blocks run', function()
    coroutine.wrap(function()
      py.exec([[
        global steps
        steps = []
        try:
            try:
                f()
            finally:
                steps.append('finally')
        except Exception as e:
            steps.append(type(e).__name__)
      ]], { f = function() coroutine.yield() end })
    end)()
    assert.same({ 'finally', 'LuaError' }, py.eval 'steps')
  end)

  it('is an error also for coroutine.yield itself, and outside coroutines', function()
    local e = coroutine.wrap(function()
      return (select(2, pcall(py.eval, 'f()', { f = coroutine.yield })))
    end)()
    contains(e, 'yield')
    contains(from_python('f()', { f = coroutine.yield }), 'yield')
  end)

  it('does not forbid coroutines that run inside the called Lua function', function()
    local function inside()
      local co = coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end)
      return co() + co()
    end
    assert.equal(3, py.eval('f()', { f = inside }))
  end)
end)

describe('recursion Lua → Python → Lua without end', function()
  -- In a child: where the limit is missing, the C stack overflows.
  local function recursion(body)
    return child.output([[
      local py = require 'py'
      local f
    ]] .. body .. [[
      local ok, e = pcall(f)
      local text = tostring(e):lower()
      print(ok, text:find 'recursion' ~= nil or text:find 'overflow' ~= nil)
      print(py.eval '1 + 1', pcall(py.eval, 'g()', { g = function() return 'alive' end }))
    ]])
  end

  local expected = 'false\ttrue\n2\ttrue\talive\n'

  it('gives a clear error', function()
    assert.equal(expected, recursion [[
      function f() return (py.eval('f()', { f = f })) end
    ]])
  end)

  it('gives a clear error when every level is a call of a reference', function()
    assert.equal(expected, recursion [[
      local call = py.reval 'lambda f: f()'
      function f() return (call(f)) end
    ]])
  end)

  it('gives a clear error when every level is a coroutine', function()
    assert.equal(expected, recursion [[
      function f()
        return coroutine.wrap(function() return (py.eval('f()', { f = f })) end)()
      end
    ]])
  end)

  it('gives a clear error when every level catches and raises again', function()
    assert.equal(expected, recursion [[
      function f()
        local ok, e = pcall(py.eval, 'f()', { f = f })
        if not ok then error(e, 0) end
      end
    ]])
  end)

  it('gives a clear error through attributes', function()
    assert.equal(expected, recursion [[
      py.exec("class Loop:\n def __getattr__(self, name): return self.f()")
      local loop = py.reval 'Loop()'
      py.reval('Loop').f = function() return loop.missing end
      function f() return loop.other end
    ]])
  end)
end)
