-- SPDX-License-Identifier: MIT
-- Contract section 4: "shared tables stay shared, cycles stay cycles; no depth
-- that crashes", on both sides.

local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'py'

describe('identity and depth:', function()
  helper.no_leaks(setup, teardown, after_each)

  describe('shared tables stay shared', function()
    it('Lua → Python, lists and dicts', function()
      local list, dict = {2, 3}, {foo = 3}
      assert.is_true(py.eval('t[0] is t[1]', {t = {list, list}}))
      assert.is_true(py.eval('t["a"] is t["b"]', {t = {a = dict, b = dict}}))
      assert.is_true(py.eval('t[0] is t[1]["k"][0]',
                             {t = {list, {k = {list}}}}))
    end)

    it('Lua → Python, across all locals of a call', function()
      local t = {1}
      assert.is_true(py.eval('a is b', {a = t, b = t}))
      assert.is_true(py.eval('a is b[0]', {a = t, b = {t}}))
    end)

    it('Lua → Python, equal tables stay apart', function()
      assert.is_true(py.eval('t[0] is not t[1]', {t = {{1}, {1}}}))
      assert.is_true(py.eval('t[0] is not t[1]', {t = {{}, {}}}))
    end)

    it('Python → Lua', function()
      for _, code in ipairs {
        '(lambda x: [x, x])([2, 3])', '(lambda x: [x, x])({"a": 1})',
        '(lambda x: [x, x])((1, 2))', '(lambda x: [x, x])({1})',
        '(lambda x: (x, x))([])', '(lambda x: [x, x])(i for i in (1, 2))',
        '(lambda x: [x, x])(map(str, [1]))',
        '(lambda x: [x, x])(range(2))',
      } do
        local t = py.eval(code)
        assert.equal('table', type(t[1]))
        assert.is_true(rawequal(t[1], t[2]), code)
      end
      local t = py.eval '(lambda x: {"a": x, "b": {"c": x}})({"foo": 3})'
      assert.is_true(rawequal(t.a, t.b.c))
    end)

    it('Python → Lua, a shared generator keeps its items', function()
      local t = py.eval '(lambda x: [x, x])(i for i in (1, 2))'
      assert.same({{1, 2}, {1, 2}}, t)
    end)

    it('Python → Lua, equal objects stay apart', function()
      local t = py.eval '[[1], [1]]'
      assert.is_false(rawequal(t[1], t[2]))
      t = py.eval '[[i] for i in range(1000)]'
      for i = 1, 1000 do assert(t[i][1] == i - 1) end
    end)

    it('Python → Lua, temporaries of one conversion are not confused',
       function()
      local t = py.eval '[map(lambda i: [i], [1, 2]), ([i] for i in (3, 4))]'
      assert.same({{{1}, {2}}, {{3}, {4}}}, t)
      -- Each item dies, in Python, before the next is made.
      t = py.eval '([i, [i]] for i in range(1000))'
      for i = 1, 1000 do
        assert(t[i][1] == i - 1 and t[i][2][1] == i - 1)
      end
    end)

    it('there and back', function()
      local list = {2, 3}
      local t = py.eval('t', {t = {list, {list}}})
      assert.is_true(rawequal(t[1], t[2][1]))
      assert.is_false(rawequal(t[1], list))
    end)
  end)

  describe('cycles stay cycles', function()
    it('Lua → Python', function()
      local list, dict = {1}, {}
      list[2] = list
      dict.self = dict
      assert.is_true(py.eval('t[1] is t', {t = list}))
      assert.is_true(py.eval('t["self"] is t', {t = dict}))
      local a, b = {}, {}
      a.b, b[1] = b, a
      assert.is_true(py.eval('a["b"][0] is a and b[0] is a and a["b"] is b',
                             {a = a, b = b}))
      local object = setmetatable({}, {})
      object.parent = {object}
      assert.is_true(py.eval('o["parent"][0] is o', {o = object}))
    end)

    it('Python → Lua', function()
      py.exec [[
        spec_l = [1]
        spec_l.append(spec_l)
        spec_d = {'l': spec_l}
        spec_d['d'] = spec_d
        spec_t = ([],)
        spec_t[0].append(spec_t)
      ]]
      local l, d, t = py.eval 'spec_l', py.eval 'spec_d', py.eval 'spec_t'
      assert.is_true(rawequal(l, l[2]))
      assert.is_true(rawequal(d, d.d))
      assert.is_true(rawequal(d.l, d.l[2]))
      assert.is_true(rawequal(t, t[1][1]))
    end)

    it('there and back', function()
      local t = {name = 'ring'}
      t.next = {t}
      local copy = py.eval('t', {t = t})
      assert.equal('ring', copy.name)
      assert.is_true(rawequal(copy, copy.next[1]))
    end)

    -- py.tuple cannot be made before its items: either answer is right.
    it('through a forced tuple: a result or a clear error', function()
      local t = {1}
      t[2] = t
      local ok, value = pcall(py.tuple, t)
      if ok then
        assert.equal(2, py.len(value))
      else
        assert.is_truthy(tostring(value):find 'tuple')
      end
    end)
  end)

  -- Each in a process of its own, where a crash is seen. What is printed is
  -- the depth that arrived, or the error message.
  describe('nesting 1 000 000 deep gives a result or a clear error:',
           function()
    local function survives(code)
      local result = child.run([[
        local py = require 'py'
        local DEPTH = 1000000
        local function nested(leaf, wrap)
          local t = leaf
          for _ = 1, DEPTH do t = wrap(t) end
          return t
        end
        local function depth(t, key)
          local n = 0
          while type(t) == 'table' and t[key] do n, t = n + 1, t[key] end
          return n
        end
        py.exec [=[
def spec_nested(wrap, leaf=0, depth=1000000):
    x = leaf
    for _ in range(depth):
        x = wrap(x)
    return x
def spec_depth(x, key):
    n = 0
    while isinstance(x, (list, dict, tuple)) and x:
        n, x = n + 1, x[key]
    return n
]=]
        local function report(fn)
          local ok, value = pcall(fn)
          print(ok and ('depth %d'):format(value)
                or 'error ' .. tostring(value):gsub('\n', ' '):sub(-300))
          -- Alive, and all of it can be freed.
          assert(py.eval '1 + 1' == 2)
          py.collect()
          print 'alive'
        end
      ]] .. code, {timeout = 60})
      local text = result.stdout
      assert.equal(0, result.code, ('signal %s, %s%s'):format(
        tostring(result.signal), text, result.stderr))
      assert.is_truthy(text:find '\nalive\n$', text)
      assert.is_true(text:find '^depth 1000000\n' ~= nil
                     or text:find '^error .*deep' ~= nil
                     or text:find '^error .*depth' ~= nil
                     or text:find '^error .*nest' ~= nil
                     or text:find '^error .*[Rr]ecursion' ~= nil, text)
    end

    it('Lua lists → Python', function()
      survives [[report(function()
        local t = nested({1}, function(x) return {x} end)
        return py.eval('spec_depth(t, 0)', {t = t}) - 1
      end)]]
    end)

    it('Lua dicts → Python', function()
      survives [[report(function()
        local t = nested({}, function(x) return {k = x} end)
        return py.eval('spec_depth(t, "k")', {t = t})
      end)]]
    end)

    it('Lua objects with a metatable → Python', function()
      survives [[report(function()
        local mt = {}
        local t = nested({}, function(x) return setmetatable({k = x}, mt) end)
        return py.eval('spec_depth(t, "k")', {t = t})
      end)]]
    end)

    it('Python lists → Lua', function()
      survives [[report(function()
        return depth(py.eval 'spec_nested(lambda x: [x])', 1)
      end)]]
    end)

    it('Python tuples → Lua', function()
      survives [[report(function()
        return depth(py.eval 'spec_nested(lambda x: (x,))', 1)
      end)]]
    end)

    it('Python dicts → Lua', function()
      survives [[report(function()
        return depth(py.eval 'spec_nested(lambda x: {"k": x})', 'k')
      end)]]
    end)

    it('Python generators → Lua', function()
      survives [[report(function()
        return depth(py.eval 'spec_nested(lambda x: (i for i in [x]))', 1)
      end)]]
    end)

    it('as arguments and results of Lua functions', function()
      survives [[report(function()
        local n
        py.exec('f(spec_nested(lambda x: [x]))',
                {f = function(t) n = depth(t, 1) end})
        return n
      end)]]
    end)

    it('py.eval_none, py.list and there and back', function()
      survives [[report(function()
        local t = nested({1}, function(x) return {x} end)
        return depth(py.eval_none(py.list(t)), 1) - 1
      end)]]
    end)

    it('calls Lua → Python → Lua without end are an error', function()
      local result = child.run [[
        local py = require 'py'
        local deepest = 0
        local function down(n)
          deepest = n
          return py.eval('f(n + 1)', {f = _G.down, n = n})
        end
        _G.down = down
        for _ = 1, 3 do
          local ok, e = pcall(down, 1)
          assert(not ok)
          assert(#tostring(e) > 0)
          assert(deepest > 10, deepest)
        end
        assert(py.eval '1 + 1' == 2)
        io.write 'alive'
      ]]
      assert.equal('alive', result.stdout, result.stderr)
      assert.equal(0, result.code)
    end)
  end)
end)
