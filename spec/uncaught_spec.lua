-- SPDX-License-Identifier: MIT
-- Contract section 5: what an uncaught Python exception prints.
local child = require 'spec.child'
local helper = require 'spec.helper'
local contains = helper.contains

describe('an uncaught Python exception', function()
  -- Everything that a user needs is there, once, whatever the host can print.
  local function printed_in_full(result)
    assert.equal(1, result.code)
    local _, tracebacks = result.stderr:gsub('Traceback %(most recent call last%)', '')
    assert(tracebacks == 1, ('%d tracebacks in:\n%s'):format(tracebacks, result.stderr))
    contains(result.stderr, 'ValueError: boom')
    contains(result.stderr, "raise ValueError('boom')")
    contains(result.stderr, 'stack traceback')
    return result.stderr
  end

  local script = table.concat({
    "local py = require 'py'",
    'local function culprit()',
    '  py.exec [[',
    "    raise ValueError('boom')",
    '  ]]',
    'end',
    'culprit()',
  }, '\n')

  -- The script with other last lines.
  local function ending(text)
    return (script:gsub('culprit%(%)$', text))
  end

  it('is printed in full by the host, with Python and Lua lines', function()
    local result = child.run(script)
    local stderr = printed_in_full(result)
    contains(stderr, result.script .. '", line 4')
    contains(stderr, result.script .. ':7:')
  end)

  it('is printed in full after pcall and error', function()
    printed_in_full(child.run(ending [[
      local ok, e = pcall(culprit)
      error(e)]]))
  end)

  it('is printed in full out of a coroutine', function()
    printed_in_full(child.run(ending 'coroutine.wrap(culprit)()'))
  end)

  it('is printed in full out of a module that fails to load', function()
    printed_in_full(child.run([[
      package.path = arg[0]:match '.*/' .. '?.lua;' .. package.path
      require 'failing'
    ]], { files = { ['failing.lua'] = script } }))
  end)

  it('is printed in full from -e', function()
    printed_in_full(child.run(nil, { options = { '-e', script } }))
  end)

  it('is printed in full when it has crossed Lua functions in Python', function()
    printed_in_full(child.run(ending "py.eval('f()', { f = culprit })"))
  end)

  it('is printed in full out of assert', function()
    printed_in_full(child.run(ending 'assert(pcall(culprit))'))
    printed_in_full(child.run(ending 'assert(coroutine.resume(coroutine.create(culprit)))'))
  end)

  it('is printed in full by assert, whatever started Python, also if that failed', function()
    local result = child.run [[
      local py = require 'py'
      py.config { python = '/no/such/python' }
      assert(pcall(py.eval, '1'))
    ]]
    assert.equal(1, result.code)
    contains(result.stderr, '/no/such/python')
    contains(result.stderr, 'py.config')
    contains(result.stderr, 'script.lua:3:')
  end)

  -- LuaJIT's and 5.1's interpreter print the Lua stack themselves.
  for name, last in pairs {
    ['a function'] = 'culprit()',
    ['a tail call'] = 'return culprit()',
    ['a metamethod'] = 'local _ = setmetatable({}, { __index = culprit }).x',
    ['deep recursion'] = [[
      local function f(n)
        if n > 0 then f(n - 1) return 1 end
        culprit()
      end
      f(60)]],
  } do
    it('shows the Lua stack once, out of ' .. name, function()
      local stderr = printed_in_full(child.run(ending(last)))
      local _, stacks = stderr:gsub('stack traceback', '')
      assert(stacks == 1, ('%d Lua stacks in:\n%s'):format(stacks, stderr))
    end)
  end

  it('shows where it arose and where it was raised again', function()
    local result = child.run(ending 'local ok, e = pcall(culprit)\nerror(e)')
    local stderr = printed_in_full(result)
    contains(stderr, result.script .. ':7: in main chunk') -- the pcall in which it arose
    if helper.version == 5.1 then contains(stderr, result.script .. ':8:') end
  end)

  it('is whole for a handler of the program that asks for its text', function()
    local own = 'function(e) print(e) return tostring(e) end'
    for _, handler in ipairs { 'tostring', 'print', own } do
      local output = child.output(ending('print(xpcall(culprit, ' .. handler .. '))'))
      contains(output, 'ValueError: boom')
      contains(output, 'stack traceback')
    end
  end)

  it('is not printed when it was caught', function()
    assert.equal('caught\n', child.output(ending "pcall(culprit) print 'caught'"))
  end)

  it('may be SystemExit or KeyboardInterrupt: nothing but the host ends the process', function()
    for _, name in ipairs { 'SystemExit', 'KeyboardInterrupt' } do
      local result = child.run(("local py = require 'py' py.exec 'raise %s(0)'"):format(name))
      assert.equal(1, result.code)
      contains(result.stderr, name)
    end
  end)

  it('leaves a plain Lua error as it is', function()
    local result = child.run "local py = require 'py' py.eval '1' error 'only Lua'"
    assert.equal(1, result.code)
    contains(result.stderr, 'script.lua:1: only Lua')
    assert.is_nil(result.stderr:find('Traceback', 1, true))
  end)
end)

describe('assert', function()
  -- That of PUC Lua 5.1 and 5.2 is replaced; it does what it did.
  require 'py'

  it('returns its arguments, as many as they are', function()
    assert.equal(1, select('#', _G.assert(5)))
    assert.same({ n = 3, 5, nil, false }, helper.pack(_G.assert(5, nil, false)))
  end)

  it('raises a string message, or its own', function()
    helper.raises(function() _G.assert(false, 'spec message') end, 'spec message')
    helper.raises(function() _G.assert(nil) end, 'assertion failed!')
    helper.raises(function() _G.assert(nil, 42) end, '42')
    helper.raises(function() _G.assert() end, '')
  end)

  it('raises an error object of py as it is', function()
    local py = require 'py'
    local ok, e = pcall(py.eval, '1 / 0')
    local _, again = pcall(_G.assert, ok, e)
    assert.is_true(rawequal(e, again))
  end)

  if helper.version < 5.3 and not helper.jit then
    it('names the caller, as before', function()
      local line = helper.line() + 1
      helper.raises(function() _G.assert(false, 'spec message') end,
        'uncaught_spec.lua:' .. line .. ': spec message')
    end)
  end
end)
