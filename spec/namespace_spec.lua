-- SPDX-License-Identifier: MIT
-- Contract section 3, the last rule of "Code with locals".

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('code with a namespace:', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('a reference to a dict given as locals', function()
    it('is the namespace itself and keeps assignments', function()
      local d = py.dict {a = 1}
      py.exec('b = a + 1\ndef f(): return a\nclass C: pass', d)
      assert.equal(2, py.eval(d.b))
      -- Functions of 3.9 find their builtins in this entry of the dict.
      d.pop('__builtins__', nil)
      assert.same({'C', 'a', 'b', 'f'}, py.eval(py.builtins.sorted(d)))
      py.exec('b += 1\ndel a', d)
      assert.equal(3, py.eval(d.b))
      assert.is_false(py.contains(d, 'a'))
      assert.equal(4, py.eval('(c := 4)', d))
      assert.equal(4, py.eval(d.c))
    end)

    it('keeps assignments when the code raises', function()
      local d = py.dict {a = 1}
      raises(function() py.exec('b = 2\nraise ValueError', d) end,
          'ValueError')
      assert.equal(2, py.eval(d.b))
    end)

    it('gets no names that the code did not assign', function()
      local d = py.dict {}
      py.exec('a = len("abc")', d)
      assert.same({a = 3}, py.eval(d))
    end)

    it('is read and written while the code runs', function()
      local d = py.dict {a = 1}
      d.update(py.kwargs, {namespace = d})
      py.exec('namespace["b"] = 5\nc = b\na = 2\ne = namespace["a"]',
          d)
      d.pop('namespace')
      assert.same({a = 2, b = 5, c = 5, e = 2}, py.eval(d))
    end)

    it('follows the other rules: nested scopes, __main__, global',
      function()
      py.exec 'k = "main"'
      local d = py.dict {a = 10}
      py.exec([[
        b = [a + i for i in range(2)]
        c = (lambda: a)()
        def f(): return [a, k]
        e = f()
        from colorsys import *
        h = k
        k = 'own'
        global x
        x = a
      ]], d)
      assert.same({10, 11}, py.eval(d.b))
      assert.equal(10, py.eval(d.c))
      assert.same({10, 'main'}, py.eval(d.e))
      assert.equal('rgb_to_hsv', py.eval(d.rgb_to_hsv.__name__))
      assert.equal('main', py.eval(d.h))
      assert.equal('own', py.eval(py.getitem(d, 'k')))
      assert.equal('main', py.eval 'k')
      assert.equal(10, py.eval 'x')
      assert.is_false(py.contains(d, 'x'))
      raises(function() py.exec('return', d) end, 'SyntaxError')
    end)

    it('is the namespace of its functions after the call', function()
      local d = py.dict {}
      py.exec('n = 1\ndef f(): return n', d)
      py.exec('n = 2', d)
      assert.equal(2, py.eval(d.f()))
    end)

    it('a reference to anything else is an error', function()
      raises(function() py.exec('pass', py.list {1}) end,
        "py.exec: locals must be .* not a reference to <class 'list'>")
      raises(function() py.eval('1', py.int(1)) end, 'locals')
    end)
  end)
end)
