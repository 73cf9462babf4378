-- SPDX-License-Identifier: MIT
-- Contract section 3: how code strings may be written, and where in the Lua
-- files tracebacks point. The tests count lines: keep them together.

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('source code:', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('code strings', function()
    it('may be indented with the Lua code around them', function()
      py.exec [[
        def spec_f(x):
          if x:
            return 'yes'
          return 'no'

        spec_a = spec_f(1)
        if not spec_a:
          spec_b = 1
        else:
          spec_b = 2
      ]]
      assert.equal('yes', py.eval 'spec_a')
      assert.equal(2, py.eval 'spec_b')
    end)

    it('may be indented with tabs', function()
      py.exec '\n\t\tspec_a = 1\n\t\tif spec_a:\n\t\t\tspec_b = 2\n\t\t'
      assert.equal(2, py.eval 'spec_b')
    end)

    it('may start with blank lines', function()
      py.exec '\n\n\nspec_a = 1'
      py.exec '\n  \n\t\n    spec_b = spec_a + 1'
      assert.equal(2, py.eval 'spec_b')
    end)

    it('may end in tabs or spaces', function()
      py.exec 'spec_a = 1\t\t'
      py.exec 'spec_b = 2\n\t\t'
      py.exec 'def spec_f():\n  return 3\n\t'
      py.exec '    spec_c = 4\n  '
      assert.same({1, 2, 3, 4},
            py.eval '[spec_a, spec_b, spec_f(), spec_c]')
    end)

    it('may have CR LF line ends', function()
      py.exec '  if True:\r\n    spec_a = 1\r\n  spec_b = 2\r\n'
      assert.same({1, 2}, py.eval '[spec_a, spec_b]')
    end)

    it('are compiled as a block, never dedented: '
      .. 'triple-quoted strings stay as written', function()
      py.exec [[
        spec_s = """first
        second
  third
        """
        spec_t = '''
          x'''
      ]]
      assert.equal('first\n        second\n  third\n'
             .. '        ', py.eval 'spec_s')
      assert.equal('\n          x', py.eval 'spec_t')
    end)

    it('may have comments and continued lines left of the block',
      function()
      py.exec [[
        spec_a = 1
# a comment at the margin
        spec_b = [1,
 2,
3]
    # another
        spec_c = 1 + \
 2
      ]]
      assert.same({1, {1, 2, 3}, 3},
            py.eval '[spec_a, spec_b, spec_c]')
    end)

    it('may be indented after a comment at the margin', function()
      py.exec '# about\n    spec_a = 1\n    spec_b = 2\n'
      assert.same({1, 2}, py.eval '[spec_a, spec_b]')
    end)

    it('keep their indentation errors', function()
      raises(function() py.exec '  a = 1\n b = 2' end,
          'IndentationError')
      raises(function() py.exec 'a = 1\n  b = 2' end,
          'IndentationError')
      raises(function() py.exec 'if 1:\na = 2' end, 'IndentationError')
    end)

    it('keep __future__ and star imports as top-level statements '
      .. 'when indented', function()
      py.exec [[
        """A docstring."""
        from __future__ import annotations
        from colorsys import *
        def spec_f(x: spec_unknown) -> spec_unknown: return x
        spec_a = rgb_to_hsv(0, 0, 0)
      ]]
      assert.same({0, 0, 0}, py.eval 'spec_a')
      assert.equal('spec_unknown',
             py.eval 'spec_f.__annotations__["return"]')
    end)
  end)

  describe('a traceback', function()
    local function at(text, line)
      return text:find('source_spec.lua", line ' .. line, 1, true) ~= nil
    end
    local function computed(text, line)
      return text:find('<py%.[a-z_]+ at [^>]*source_spec%.lua:' .. line
               .. '>') ~= nil
    end

    it('names the Lua file and line in which a literal stands, '
      .. 'and shows the source line', function()
      local line = helper.line()
      local text = raises(function()
        py.exec [[
          spec_x = 1
          raise ValueError('in a block')
        ]]
      end, 'ValueError: in a block')
      assert.is_true(at(text, line + 4), text)
      assert.is_truthy(text:find("raise ValueError('in a block')", 1,
                    true), text)
    end)

    it('does so for every way to write a literal', function()
      local line = helper.line()
      local text = raises(function() py.exec 'raise ValueError(1)' end)
      assert.is_true(at(text, line + 1), text)

      text = raises(function() py.exec("raise ValueError(2)") end)
      assert.is_true(at(text, line + 4), text)

      text = raises(function() py.exec([==[raise ValueError(3)]==]) end)
      assert.is_true(at(text, line + 7), text)

      text = raises(function() py.exec [=[x = 1
        raise ValueError(4)]=] end, 'IndentationError')
      assert.is_true(at(text, line + 11), text)

      text = raises(function() py.exec [=[x = 1
raise ValueError(5)]=] end, 'ValueError: 5')
      assert.is_true(at(text, line + 15), text)
    end)

    it('finds a literal below the line of the call', function()
      local line = helper.line()
      local text = raises(function()
        py.exec(
          [[
            spec_x = 1

            raise ValueError('below')
          ]],
          {a = 1}
        )
      end, 'ValueError: below')
      assert.is_true(at(text, line + 6), text)
    end)

    it('names the place of an expression too', function()
      local line = helper.line()
      local text = raises(function() py.eval '1 / 0' end,
                'ZeroDivisionError')
      assert.is_true(at(text, line + 1), text)
      text = raises(function() py.reval('a / 0', {a = 1}) end,
             'ZeroDivisionError')
      assert.is_true(at(text, line + 4), text)
    end)

    it('points into the literal with locals as well', function()
      local line = helper.line()
      local text = raises(function()
        py.exec([[
          def f():
            return a / 0
          f()
        ]], {a = 1})
      end, 'ZeroDivisionError')
      assert.is_true(at(text, line + 4), text)
      assert.is_true(at(text, line + 5), text)
    end)

    it('names the literal in which a function stood, also when it is '
      .. 'called later', function()
      local line = helper.line()
      py.exec [[
        def spec_f(x):
          return 1 / x
      ]]
      local f = py.reval 'spec_f'
      local text = raises(function() f(0) end, 'ZeroDivisionError')
      assert.is_true(at(text, line + 3), text)
      assert.is_truthy(text:find('return 1 / x', 1, true), text)
    end)

    it('names the place of each of two equal literals, '
      .. 'although compiled code is cached', function()
      local line = helper.line()
      local first = raises(function() py.exec 'spec_nowhere()' end)
      local second = raises(function() py.exec 'spec_nowhere()' end)
      assert.is_true(at(first, line + 1), first)
      assert.is_true(at(second, line + 2), second)
      assert.is_false(at(second, line + 1), second)
    end)

    it('names file and line of a SyntaxError and shows the line',
      function()
      local line = helper.line()
      local text = raises(function()
        py.exec [[
          spec_x = 1
          spec_y = = 2
        ]]
      end, 'SyntaxError')
      assert.is_true(at(text, line + 4), text)
      assert.is_truthy(text:find('spec_y = = 2', 1, true), text)
    end)

    it('says <py.exec at file:line> for a computed string', function()
      local what = 'computed'
      local line = helper.line()
      local text = raises(function()
        py.exec('raise ValueError("' .. what .. '")')
      end, 'ValueError: computed')
      assert.is_true(computed(text, line + 2), text)
    end)

    it('shows the source line of a computed string', function()
      local text = raises(function()
        py.exec(('spec_x = %d\nraise ValueError(%q)'):format(1, 'v'))
      end)
      assert.is_truthy(text:find('raise ValueError("v")', 1, true), text)
    end)

    it('survives code that has no Lua file', function()
      local chunk = helper.compile [[
        require('py').exec 'raise ValueError("from a string")'
      ]]
      raises(chunk, 'ValueError: from a string')
    end)
  end)
end)
