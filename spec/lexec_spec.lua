-- SPDX-License-Identifier: MIT
-- Contract section 3: lexec, leval and lreval, for interactive use.

local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('code that sees the Lua variables of its caller:', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('py.lexec, py.leval, py.lreval', function()
    local upvalue = 'up'

    it('see the caller\'s visible Lua locals', function()
      local number, text, list = 42, 'x', {1, 2}
      assert.equal(43, py.leval 'number + 1')
      assert.same({'x', {1, 2}, {43, 44}},
            py.leval '[text, list, [number + i for i in list]]')
      assert.is_true(helper.is_ref(py.lreval 'list'))
      assert.is_nil(py.lexec 'global spec_x\nspec_x = number * 2')
      assert.equal(84, py.eval 'spec_x')
      -- Locals that only Python reads.
      assert.is_truthy(number and text and list)
    end)

    it('see upvalues', function()
      assert.equal('up!', py.leval 'upvalue + "!"')
      assert.equal('up', upvalue)
    end)

    it('see globals of Lua', function()
      assert.equal('43\n', child.output [[
        local py = require 'py'
        a = 42
        print(py.leval 'int(a) + 1')
      ]])
    end)

    it('see globals that are false, or that an environment hands on', function()
      assert.equal('false inherited\n', child.output [[
        local py = require 'py'
        flag = false
        local found
        setmetatable(_G, { __index = function(_, name)
          if name == 'handed_on' then return 'inherited' end
          error('strict: ' .. name)
        end })
        io.write(tostring(py.leval 'flag'), ' ', py.leval 'handed_on', '\n')
        found = pcall(py.leval, 'nowhere')
        assert(found == false)
      ]])
    end)

    it('see those of the function that calls pcall or a coroutine', function()
      local number = 41
      assert.same({true, 42}, {pcall(py.leval, 'number + 1')})
      assert.equal(7, coroutine.wrap(function()
        local inside = 7
        return (py.leval 'inside') + inside - 7
      end)())
      assert.equal(2, coroutine.wrap(py.leval) '1 + 1')
      assert.equal(41, number)
    end)

    it('see no variables that a tail call has taken away, and no others', function()
      local hidden = 'of another function'
      local function tail()
        local own = 1 -- luacheck: ignore 211
        return py.leval 'own'
      end
      raises(tail, "NameError: name 'own' is not defined")
      if not helper.jit then -- which does not tell
        raises(function() return py.leval 'hidden' end, 'NameError')
      end
      local function whole()
        local own = 1 -- luacheck: ignore 211
        return (py.leval 'own')
      end
      assert.equal(1, whole())
      assert.is_truthy(hidden)
    end)

    it('see the innermost of equal names', function()
      local name = 'outer'
      do
        local name = 'inner' -- luacheck: ignore 421
        assert.equal('inner', py.leval 'name')
        assert.equal('inner', name)
      end
      assert.equal('outer', py.leval 'name')
      assert.equal('outer', name)
    end)

    it('see parameters, and nothing of blocks that ended', function()
      do local ended = 1; assert.equal(1, ended) end
      local function f(parameter)
        return py.leval 'parameter' + parameter
      end
      assert.equal(6, f(3))
      raises(function() py.leval 'ended' end, 'NameError')
    end)

    it('name the line of the caller in errors', function()
      for _, name in ipairs {'lexec', 'leval', 'lreval'} do
        local line = helper.line() + 1
        raises(function() py[name]('undefined' .. '_name') end,
               '<py%.l%w+ at [^\n]*lexec_spec%.lua:' .. line .. '>')
        raises(function() py[name]('1 ' .. '+') end,
               '<py%.l%w+ at [^\n]*lexec_spec%.lua:' .. line + 2 .. '>')
      end
    end)

    it('ignore values that cannot be converted', function()
      local bad, good = {1, 2, x = 3}, 1
      assert.equal(1, py.leval 'good')
      raises(function()
        local _ = bad
        py.leval 'bad'
      end, 'NameError')
      assert.is_truthy(bad and good)
    end)

    -- Lua's own library would otherwise take `print`, `type` and `next`
    -- from the Python code.
    it('leave Python its builtins, whatever Lua\'s library calls so',
      function()
      local number = 1
      assert.equal('int', py.leval 'type(int(number)).__name__')
      assert.equal(1, number)
    end)

    it('make assignments end with the call', function()
      local number = 1
      py.lexec 'number = 5'
      assert.equal(1, number)
      assert.is_false(py.eval '"number" in globals()')
    end)
  end)
end)
