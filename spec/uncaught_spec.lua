-- SPDX-License-Identifier: MIT
-- Contract section 5: what an uncaught Python exception prints.
local child = require 'spec.child'

local function contains(text, part)
  assert(tostring(text):find(part, 1, true), ('no "%s" in:\n%s'):format(part, tostring(text)))
end

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
