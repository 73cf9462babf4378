-- SPDX-License-Identifier: MIT
-- Contract section 5: errors in both directions. Several crossings:
-- crossing_spec.lua; uncaught ones: uncaught_spec.lua.
local helper = require 'spec.helper'
local py = require 'py'

local THIS_FILE = 'errors_spec%.lua'

local raised, contains = helper.raised, helper.contains
local from_python = helper.from_python

describe('a Python exception in Lua', function()
  helper.no_leaks(setup, teardown, after_each)

  it('has type, message, value', function()
    local e = from_python "raise ValueError('boom', 7)"
    assert.equal('ValueError', e.type)
    assert.equal("('boom', 7)", e.message)
    assert.is_true(py.isinstance(e.value, py.builtins.ValueError))
    assert.equal(7, py.eval(e.value.args[1]))
    assert.equal('boom', from_python("raise ValueError('boom')").message)
    assert.equal('', from_python('raise ValueError').message)
  end)

  it('has traceback and lua_traceback as strings', function()
    local e = from_python "raise ValueError('boom')"
    assert.equal('string', type(e.traceback))
    assert.truthy(e.traceback:find '^Traceback %(most recent call last%):\n')
    assert.truthy(e.traceback:find 'ValueError: boom%s*$')
    assert.equal('string', type(e.lua_traceback))
    assert.truthy(e.lua_traceback:find 'stack traceback')
    assert.truthy(e.lua_traceback:find(THIS_FILE .. ':%d+:'))
  end)

  it('is, by tostring(e), the Python traceback with the Lua stack below it', function()
    local text = tostring(from_python "raise ValueError('boom')")
    local python_part = text:find('Traceback (most recent call last)', 1, true)
    local message = text:find('ValueError: boom', 1, true)
    local lua_part = text:find('stack traceback', 1, true)
    assert.is_true(python_part < message and message < lua_part)
  end)

  it('shows each Lua function between the error and pcall', function()
    local function culprit() py.exec "raise ValueError('boom')" end
    local line = helper.line() - 1
    local ok, e = pcall(function()
      culprit()
      return 'no tail call'
    end)
    assert.is_false(ok)
    assert.truthy(e.lua_traceback:find(THIS_FILE .. ':' .. line .. ':'))
    assert.truthy(e.lua_traceback:find(THIS_FILE .. ':' .. (line + 3) .. ':'))
  end)

  it('keeps both stacks when it is read later, from elsewhere', function()
    local kept
    local function fail() kept = from_python "raise ValueError('kept')" end
    local line = helper.line() - 1
    fail()
    py.collect()
    local text = coroutine.wrap(function() return tostring(kept) end)()
    contains(text, 'ValueError: kept')
    assert.truthy(text:find(THIS_FILE .. ':' .. line .. ':'))
  end)

  it('names the Lua file and line of a literal code string, and shows the source line', function()
    local line = helper.line() + 3
    local _, e = pcall(function() py.exec [[
      x = 1
      raise ValueError('literal')  # this line
    ]] end)
    assert.truthy(e.traceback:find(THIS_FILE .. '", line ' .. line))
    contains(e.traceback, "raise ValueError('literal')  # this line")
  end)

  it('does so for a function that was defined by an earlier literal', function()
    local line = helper.line() + 3
    py.exec [[
      def defined_before():
          raise ValueError('in a function')
    ]]
    local e = raised(function() py.reval('defined_before')() end)
    assert.truthy(e.traceback:find(THIS_FILE .. '", line ' .. line .. ', in defined_before'))
    contains(e.traceback, "raise ValueError('in a function')")
  end)

  it('names a computed code string <py.exec at file:line>', function()
    local code = ('raise %s(%d)'):format('ValueError', 42)
    local line = helper.line() + 1
    local ok, e = pcall(function() py.exec(code) end)
    assert.is_false(ok)
    assert.truthy(e.traceback:find('<py%.exec at .*' .. THIS_FILE .. ':' .. line .. '>'))
    contains(e.traceback, code)
  end)

  it('is a SyntaxError with the Lua file and line for wrong code', function()
    local line = helper.line() + 3
    local _, e = pcall(function() py.exec [[
      x = 1
      y = = 2
    ]] end)
    assert.equal('SyntaxError', e.type)
    assert.truthy(tostring(e):find(THIS_FILE .. '", line ' .. line))
  end)

  it('is recognised by py.is_error, base classes included', function()
    local e = from_python '{}[1]'
    assert.is_true(py.is_error(e))
    assert.is_true(py.is_error(e, 'KeyError'))
    assert.is_true(py.is_error(e, 'LookupError'))
    assert.is_true(py.is_error(e, py.builtins.KeyError))
    assert.is_false(py.is_error(e, 'ValueError'))
    for _, other in ipairs { 'KeyError', 42, {}, py.int(1), e.value } do
      assert.is_false(py.is_error(other))
      assert.is_false(py.is_error(other, 'KeyError'))
    end
    assert.is_false(py.is_error(nil))
  end)

  it('knows exception classes of the program', function()
    py.exec 'class AppError(LookupError): pass'
    local e = from_python "raise AppError('mine')"
    assert.is_true(py.is_error(e, 'AppError'))
    assert.is_true(py.is_error(e, py.reval 'AppError'))
    assert.is_true(py.is_error(e, 'LookupError'))
  end)

  it('is string-like: `..` and string methods work on it', function()
    local e = from_python "raise ValueError('boom 42')"
    assert.equal('string', type('caught: ' .. e))
    contains('caught: ' .. e, 'ValueError: boom 42')
    contains(e .. '!', 'ValueError: boom 42')
    assert.equal('42', e:match 'boom (%d+)')
    assert.truthy(e:find('ValueError', 1, true))
    assert.equal('Traceback', e:sub(1, 9))
    assert.equal('Lua', (e:gsub('^.*$', 'Lua')))
    assert.equal(#tostring(e), e:len())
    assert.equal(tostring(e):upper(), e:upper())
  end)

  it('shows cause and context', function()
    local e = from_python [[
      try:
          1 / 0
      except ZeroDivisionError as zero:
          raise ValueError('outer') from zero
    ]]
    contains(e, 'ZeroDivisionError: division by zero')
    contains(e, 'direct cause of the following exception')
    contains(e, 'ValueError: outer')
    e = from_python [[
      try:
          1 / 0
      except ZeroDivisionError:
          {}['missing']
    ]]
    contains(e, 'During handling of the above exception')
    assert.is_true(py.isinstance(e.value.__context__, py.builtins.ZeroDivisionError))
  end)

  it('is formatted when it is read, not before', function()
    py.exec [[
      counts = [0]
      class Counting(Exception):
          def __str__(self):
              counts[0] += 1
              return 'counted'
    ]]
    local _, e = pcall(py.exec, 'raise Counting()')
    assert.is_true(py.is_error(e, 'Counting'))
    assert.equal('Counting', e.type)
    assert.equal(0, py.eval 'counts[0]')
    contains(e, 'Counting: counted')
    assert.is_true(py.eval 'counts[0]' > 0)
  end)

  it('survives an exception that cannot be printed', function()
    py.exec [[
      class Unprintable(Exception):
          def __str__(self): raise RuntimeError('no')
    ]]
    local e = from_python 'raise Unprintable()'
    assert.is_true(py.is_error(e, 'Unprintable'))
    contains(e, 'Unprintable')
  end)

  it('leaves nothing behind: the next call works, the next error is the next', function()
    from_python "raise ValueError('first')"
    assert.equal(2, py.eval '1 + 1')
    local e = from_python "raise KeyError('second')"
    assert.equal('KeyError', e.type)
    assert.is_true(rawequal(py.None, e.value.__context__))
  end)

  it('is the same road for KeyboardInterrupt and SystemExit: the process lives', function()
    local e = from_python 'raise KeyboardInterrupt'
    assert.equal('KeyboardInterrupt', e.type)
    e = from_python 'import sys; sys.exit(3)'
    assert.equal('SystemExit', e.type)
    assert.equal(3, py.eval(e.value.code))
  end)
end)

describe('a Lua error in Python', function()
  -- Runs f in Python and keeps the exception's fields, converted.
  local function caught(f)
    return py.eval('observe(f)', { f = f })
  end

  setup(function()
    py.exec [[
      def observe(f):
          from pyhelper import LuaError
          try:
              f()
          except LuaError as e:
              return {'value': e.value, 'traceback': e.traceback, 'str': str(e),
                      'type': type(e).__name__, 'exception': isinstance(e, Exception)}
          raise AssertionError('no LuaError')
    ]]
  end)

  helper.no_leaks(setup, teardown, after_each)

  teardown(function()
    py.exec 'del observe'
  end)

  it('is LuaError, with value and traceback', function()
    local line = helper.line() + 1
    local e = caught(function() error 'lua boom' end)
    assert.equal('LuaError', e.type)
    assert.is_true(e.exception)
    assert.truthy(e.value:find(THIS_FILE .. ':' .. line .. ': lua boom$'))
    contains(e.str, 'lua boom')
    contains(e.traceback, 'stack traceback')
    assert.truthy(e.traceback:find(THIS_FILE .. ':' .. line .. ':'))
  end)

  it('has the Lua value as value, whatever it is', function()
    local value = { code = 7 }
    assert.equal(value, caught(function() error(value) end).value)
    assert.equal('plain', caught(function() error('plain', 0) end).value)
    assert.equal(42, caught(function() error(42, 0) end).value)
    assert.equal(true, caught(function() error(true) end).value)
    assert.is_nil(caught(function() error(nil) end).value)
    assert.equal(print, caught(function() error(print) end).value)
  end)

  it('has a text for values that are not strings', function()
    local shown = setmetatable({}, { __tostring = function() return 'shown value' end })
    contains(caught(function() error(shown) end).str, 'shown value')
    local broken = setmetatable({}, { __tostring = function() error 'broken' end })
    assert.equal('string', type(caught(function() error(broken) end).str))
    assert.equal('string', type(caught(function() error() end).str))
  end)

  it('is raised by runtime errors as well', function()
    contains(caught(function() return nil + 1 end).str, 'arithmetic')
    contains(caught(function() return #5 end).str, 'length')
    contains(caught(function() string.rep() end).str, 'bad argument #1')
  end)

  it('runs finally and __exit__ on its way', function()
    py.exec([[
      import contextlib
      global steps
      steps = []
      @contextlib.contextmanager
      def manager():
          try:
              yield
          finally:
              steps.append('exit')
      try:
          with manager():
              try:
                  f()
              finally:
                  steps.append('finally')
      except Exception as e:
          steps.append(type(e).__name__)
    ]], { f = function() error 'x' end })
    assert.same({ 'finally', 'exit', 'LuaError' }, py.eval 'steps')
  end)

  it('has the exception that Python was handling as its context', function()
    local e = from_python([[
      try:
          1 / 0
      except ZeroDivisionError:
          f()
    ]], { f = function() error 'while handling' end })
    assert.is_true(py.isinstance(e.value.__context__, py.builtins.ZeroDivisionError))
    contains(e, 'ZeroDivisionError')
    contains(e, 'while handling')
  end)

  it('is the error that was raised last, not one that pcall caught before', function()
    local e = caught(function()
      pcall(py.exec, "raise ValueError('first')")
      error 'second'
    end)
    contains(e.str, 'second')
    assert.is_nil(e.str:find('first', 1, true))
  end)

  it('may be left unhandled by a generator, a key function, a metamethod', function()
    local function fail() error 'from inside' end
    for _, code in ipairs {
      'list(f(x) for x in [1])', 'sorted([1, 2], key=f)', 'list(map(f, [1]))',
      "type('T', (), {'__eq__': lambda a, b: f()})() == 1",
      "'%s' % type('T', (), {'__str__': lambda s: f()})()",
    } do
      local e = raised(function() py.eval(code, { f = fail }) end, 'from inside')
      assert.is_true(py.is_error(e, 'LuaError'))
    end
  end)
end)
