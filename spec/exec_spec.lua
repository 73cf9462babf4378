-- SPDX-License-Identifier: MIT
-- Contract section 3: exec, execfile, eval, reval, eval_none. Code with locals:
-- locals_spec.lua; how code is written and found again: source_spec.lua.

local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('running code:', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('py.exec(code)', function()
    it('runs statements at __main__ level', function()
      py.exec 'spec_x = 41; spec_name = __name__'
      assert.equal(42, py.eval 'spec_x + 1')
      assert.equal('__main__', py.eval 'spec_name')
      assert.is_true(py.eval
        '__import__("__main__").spec_x is spec_x')
    end)

    it('returns nothing', function()
      assert.equal(0, select('#', py.exec 'pass'))
      assert.equal(0, select('#', py.exec '1 + 1'))
    end)

    it('keeps functions, classes and imports for later calls', function()
      py.exec [[
import math as spec_math
class SpecClass:
  factor = 10
def spec_f(x):
  return SpecClass.factor * spec_math.floor(x) + spec_late
]]
      py.exec 'spec_late = 1'
      assert.equal(21, py.eval 'spec_f(2.5)')
    end)

    it('accepts code that does nothing', function()
      for _, code in ipairs {'', '\n', '\n\n', '   ', '\t', '# comment',
                  '   # comment', '\n  # a\n\t# b\n '} do
        py.exec(code)
      end
    end)

    it('prints no values of expressions, as a script does not', function()
      assert.equal('', child.output [[require('py').exec '42\n"text"']])
    end)

    it('takes code in UTF-8', function()
      py.exec 'spec_é = "héé→𝄞"'
      assert.equal(5, py.eval 'len(spec_é)')
      assert.equal('héé→𝄞', py.eval 'spec_é')
    end)

    it('refuses code that is not UTF-8 with a Lua error', function()
      raises(function() py.exec 'spec_x = "\255"' end, 'Error')
      assert.equal(2, py.eval '1 + 1')
    end)

    it('refuses code with NUL bytes and does not cut it off', function()
      raises(function() py.exec 'spec_x = 1\0 + 1' end, 'null byte')
      raises(function() py.eval '1\0' end, 'null byte')
      assert.is_false(py.eval '"spec_x" in globals()')
    end)

    it('raises what the code raises, and leaves the state unharmed',
      function()
      raises(function() py.exec 'raise ValueError("boom")' end,
          'ValueError: boom')
      raises(function() py.exec 'spec_done = 1\nspec_nowhere' end,
          "NameError: name 'spec_nowhere' is not defined")
      assert.equal(1, py.eval 'spec_done')
    end)

    it('makes top-level return, yield and await SyntaxErrors', function()
      for _, code in ipairs {'return', 'return 1', 'yield', 'yield 1',
                  'x = yield', 'yield from []', 'await x',
                  'async with x: pass',
                  'async for x in y: pass', 'break'} do
        raises(function() py.exec(code) end, 'SyntaxError')
      end
    end)

    it('runs nothing of code with a SyntaxError', function()
      raises(function() py.exec 'spec_ran = 1\nx = = 2' end,
          'SyntaxError')
      assert.is_false(py.eval '"spec_ran" in globals()')
    end)

    it('keeps a __future__ import to the code that has it', function()
      py.exec [[
        from __future__ import annotations
        def spec_f(x: spec_unknown): return x
      ]]
      assert.equal('spec_unknown',
             py.eval 'spec_f.__annotations__["x"]')
      raises(function() py.exec 'def spec_g(x: spec_unknown): pass' end,
          'NameError')
    end)

    it('names the function and what was given for a wrong argument',
      function()
      raises(function() py.exec() end, 'exec')
      raises(function() py.exec({}) end, 'exec.*table')
      raises(function() py.exec(true) end, 'exec.*boolean')
      raises(function() py.exec(print) end, 'exec.*function')
      raises(function() py.exec('pass', 42) end, 'exec.*number')
      raises(function() py.exec('pass', 'locals') end, 'exec.*string')
      raises(function() py.eval() end, 'eval')
      raises(function() py.eval({}) end, 'eval.*table')
      raises(function() py.eval('1', true) end, 'eval.*boolean')
    end)

    it('runs code that runs code', function()
      py.exec('f(3)', {f = function(n)
        py.exec('spec_n = n', {n = n})
        py.exec('global spec_n\nspec_n = n * 2', {n = n})
      end})
      assert.equal(6, py.eval 'spec_n')
    end)
  end)

  describe('py.execfile(path [, locals])', function()
    it('runs the file at __main__ level', function()
      helper.with_file('spec_x = 20\nspec_y = spec_x + 1\n', '.py',
               function(path)
        assert.equal(0, select('#', py.execfile(path)))
      end)
      assert.equal(21, py.eval 'spec_y')
    end)

    it('runs the file with locals as py.exec does', function()
      helper.with_file([[
global spec_out
spec_out = [a + i for i in range(2)]
spec_inner = 1
]], '.py', function(path) py.execfile(path, {a = 5}) end)
      assert.same({5, 6}, py.eval 'spec_out')
      assert.is_false(py.eval '"spec_inner" in globals()')
    end)

    it('names the file and line in a traceback and shows the line',
      function()
      helper.with_file('x = 1\n\nraise ValueError("here")\n', '.py',
               function(path)
        local text = raises(function() py.execfile(path) end,
                  'ValueError: here')
        assert.is_truthy(
          text:find('File "' .. path .. '", line 3', 1, true))
        assert.is_truthy(
          text:find('raise ValueError("here")', 1, true))
      end)
    end)

    it('names the file and line of a SyntaxError', function()
      helper.with_file('x = 1\nx = = 2\n', '.py', function(path)
        local text = raises(function() py.execfile(path) end,
                  'SyntaxError')
        assert.is_truthy(
          text:find('File "' .. path .. '", line 2', 1, true))
      end)
    end)

    it('reads the encoding that the file declares, as Python does',
      function()
      helper.with_file('# -*- coding: latin-1 -*-\nspec_s = "\233"\n',
               '.py', function(path) py.execfile(path) end)
      assert.equal('é', py.eval 'spec_s')
    end)

    it('names a file that is not there', function()
      raises(function() py.execfile '/nonexistent/spec_file.py' end,
          '/nonexistent/spec_file%.py')
    end)

    it('refuses what is no path', function()
      raises(function() py.execfile() end, 'execfile')
      raises(function() py.execfile({}) end, 'execfile')
    end)
  end)

  describe('py.eval', function()
    it('gives the value of an expression, converted to Lua', function()
      assert.equal(42, py.eval '40 + 2')
      assert.equal('ab', py.eval '"a" + "b"')
      assert.same({1, 2}, py.eval '[1, 2]')
    end)

    it('gives exactly one result', function()
      assert.equal(1, select('#', py.eval 'None'))
      assert.equal(1, select('#', py.eval '(1, 2, 3)'))
    end)

    it('gives the value of a reference, converted to Lua', function()
      assert.equal(42, py.eval(py.int(42)))
      assert.same({1, {2}}, py.eval(py.reval '(1, [2])'))
      assert.is_nil(py.eval(py.None))
    end)

    it('sees the names of __main__', function()
      py.exec 'spec_x = 5'
      assert.equal(10, py.eval 'spec_x * 2')
      assert.equal('__main__', py.eval '__name__')
    end)

    it('accepts white space, line breaks and tabs around and inside',
      function()
      assert.equal(2, py.eval '  1 + 1  ')
      assert.equal(2, py.eval '\t1 + 1\t')
      assert.equal(2, py.eval '\n1 + 1\n')
      assert.equal(6, py.eval [[

        sum([1,
      2,
           3])
		]])
    end)

    it('makes a statement a SyntaxError', function()
      for _, code in ipairs {'', '  ', 'x = 1', 'import os', 'pass',
                  '1; 2', '1\n2', 'return 1', 'yield 1',
                  '(yield 1)', 'await x'} do
        raises(function() py.eval(code) end, 'SyntaxError')
      end
    end)
  end)

  describe('py.reval', function()
    it('is the same as a reference', function()
      local ref = py.reval '[1, 2]'
      assert.is_true(helper.is_ref(ref))
      assert.same({1, 2}, py.eval(ref))
      assert.equal(3, py.eval(py.reval('a + 1', {a = 2})))
    end)

    it('gives a reference also for what converts', function()
      for _, code in ipairs {'1', '1.5', '"s"', 'True', 'b"b"', '{}'} do
        assert.is_true(helper.is_ref(py.reval(code)))
      end
    end)

    it('gives the shared py.None for None', function()
      assert.is_true(rawequal(py.None, py.reval 'None'))
    end)

    it('of a reference is the reference', function()
      local ref = py.reval 'object()'
      assert.is_true(rawequal(ref, py.reval(ref)))
    end)
  end)

  describe('py.eval_none', function()
    it('is like eval, with py.None instead of nil', function()
      assert.is_true(rawequal(py.None, py.eval_none 'None'))
      assert.is_true(rawequal(py.None, py.eval_none(py.None)))
      assert.is_true(rawequal(py.None, py.eval_none('a', {a = py.None})))
      assert.equal(42, py.eval_none '42')
      assert.equal('s', py.eval_none(py.str 's'))
      assert.is_false(py.eval_none 'False')
    end)

    it('does so at any depth', function()
      local t = py.eval_none '[1, None, {"k": None, "l": (None, [None])}]'
      assert.equal(1, t[1])
      assert.is_true(rawequal(py.None, t[2]))
      assert.is_true(rawequal(py.None, t[3].k))
      assert.is_true(rawequal(py.None, t[3].l[1]))
      assert.is_true(rawequal(py.None, t[3].l[2][1]))
    end)
  end)

  it('compiled code is cached: the second run has the same code object', function()
    local code = '__import__("sys")._getframe().f_code'
    for _, locals in ipairs {false, {a = 1}} do
      local seen = {}
      for i = 1, 2 do
        seen[i] = py.reval(code, locals or nil)
      end
      assert.is_true(py.is(seen[1], seen[2]))
    end
  end)

  it('compiled code is cached without mixing up calls', function()
    for i = 1, 200 do
      assert.equal(i + 1, py.eval('a + 1', {a = i}))
      assert.equal(i, py.eval(('%d'):format(i)))
    end
    -- The same text as expression and as statement.
    py.exec 'spec_l = []'
    py.exec 'spec_l.append(1)'
    py.eval 'spec_l.append(1)'
    py.exec 'spec_l.append(1)'
    assert.equal(3, py.eval 'len(spec_l)')
  end)
end)
