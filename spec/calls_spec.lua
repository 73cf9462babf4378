-- SPDX-License-Identifier: MIT
-- Contract section 5: calls with `.` and `:`.
local helper = require 'spec.helper'
local py = require 'py'

-- The error that `fn` raises.
local raised = helper.raised

describe('a call', function()
  setup(function()
    py.exec [[
      class Recorder:
          def method(self, *args, **kwargs): return (self, args, kwargs)
          @staticmethod
          def static(*args): return args
          @classmethod
          def of_class(cls, *args): return (cls, args)
          def same(self): return self

      def count(*args): return len(args)
    ]]
  end)

  helper.no_leaks(setup, teardown, after_each)

  teardown(function()
    py.exec 'del Recorder, count'
  end)

  -- What Recorder.method got besides self, as its repr.
  local function arguments(result)
    return py.repr(result[1])
  end

  describe('of a method', function()
    it('works as obj.method(x) and as obj:method(x)', function()
      local r = py.reval 'Recorder()'
      assert.equal('(1, 2)', arguments(r.method(1, 2)))
      assert.equal('(1, 2)', arguments(r:method(1, 2)))
      assert.equal('()', arguments(r.method()))
      assert.equal('()', arguments(r:method()))
      assert.is_true(py.is(r:method()[0], r))
      assert.is_true(py.is(r.method()[0], r))
    end)

    it('works in both ways for static and class methods', function()
      local r = py.reval 'Recorder()'
      assert.equal('(1,)', py.repr(r.static(1)))
      assert.equal('(1,)', py.repr(r:static(1)))
      assert.equal('(2,)', py.repr(r.of_class(2)[1]))
      assert.equal('(2,)', py.repr(r:of_class(2)[1]))
    end)

    it('works in both ways for functions of a module', function()
      local math = py.import 'math'
      assert.equal(2, py.eval(math.floor(2.5)))
      assert.equal(2, py.eval(math:floor(2.5)))
    end)

    it('works in both ways for builtin types', function()
      local list, text = py.list {}, py.str 'a,b'
      list:append(1)
      list.append(2)
      assert.same({ 1, 2 }, py.eval(list))
      assert.same({ 'a', 'b' }, py.eval(text:split(',')))
      assert.same({ 'a', 'b' }, py.eval(text.split(',')))
    end)

    it('can be chained', function()
      local text = py.str ' x y '
      assert.equal('X-Y', py.eval(text:strip():upper().replace(' ', '-')))
      assert.equal('X-Y', py.eval(text.strip().upper():replace(' ', '-')))
    end)

    it('works where the receiver is a field, an item or a result', function()
      local t = { deep = { list = py.list {} } }
      t.deep.list:append(1)
      t.deep.list.append(2)
      local nested = py.reval '[[0]]'
      nested[0]:append(1)
      nested[0].append(2)
      py.list({ nested })[0][0]:append(3)
      assert.same({ 1, 2 }, py.eval(t.deep.list))
      assert.same({ { 0, 1, 2, 3 } }, py.eval(nested))
    end)

    it('works with other calls as arguments', function()
      local list = py.list { 1, 2 }
      list:append(list:pop(0))
      list.append(list.pop(0))
      assert.same({ 1, 2 }, py.eval(list))
    end)

    it('works through ref["name"]', function()
      local list = py.list {}
      list['append'](1)
      assert.same({ 1 }, py.eval(list))
    end)

    it('is right in hot loops', function()
      local list = py.list {}
      for i = 1, 300 do
        list:append(i)
        list.append(i)
        list.append(list)
        assert(list:pop() ~= nil)
      end
      assert.equal(600, #list)
    end)

    -- There LuaJIT keeps the name of a method in a register.
    it('is right in functions with hundreds of constants', function()
      local lines = { 'local py = ... local list, names = py.list {}, {}' }
      for i = 1, 300 do lines[#lines + 1] = ("names.n%d = '%d'"):format(i, i) end
      lines[#lines + 1] = [[
        list:append(names.n300)
        list.append('dotted')
        local append = list.append
        append(list)
        assert(pcall(list.append, list))
        list:extend { list:count('300'), list:copy():pop(1) }
        return list]]
      local chunk = assert((loadstring or load)(table.concat(lines, '\n'))) -- luacheck: ignore
      assert.equal("['300', 'dotted', [...], [...], 1, 'dotted']", tostring(chunk(py)))
    end)

    it('is right in coroutines', function()
      local list = py.list {}
      local co = coroutine.wrap(function()
        for i = 1, 100 do
          list:append(i)
          list.append(list)
          list:pop()
          coroutine.yield()
        end
      end)
      for _ = 1, 100 do
        co()
      end
      assert.equal(100, #list)
    end)
  end)

  describe('whose first argument is the receiver itself', function()
    it('is not mistaken for a colon call: list.append(list)', function()
      local list = py.list {}
      list.append(list)
      assert.equal(1, #list)
      assert.is_true(py.is(list[0], list))
    end)

    it('passes it when there are more arguments', function()
      local r = py.reval 'Recorder()'
      assert.equal(2, #r.method(r, 1)[1])
      assert.equal(2, #r:method(r, 1)[1])
      local text = py.str 'ab'
      assert.equal('aabb', py.eval(text.join(text)))
      assert.equal('aabb', py.eval(text:join(text)))
    end)

    it('passes it when another reference to the same object is the argument', function()
      local list = py.list {}
      local alias = py.list { list }[0]
      list.append(alias)
      list:append(alias)
      assert.equal(2, #list)
    end)
  end)

  describe('in tail position', function()
    local list

    before_each(function()
      list = py.list { 1 }
    end)
    after_each(function()
      list = nil
    end)

    it('works with a dot and with a colon', function()
      local function with_dot() return list.append(2) end
      local function with_colon() return list:append(3) end
      local function without_arguments() return list:copy() end
      with_dot()
      with_colon()
      assert.same({ 1, 2, 3 }, py.eval(without_arguments()))
    end)

    it('works in functions with variable arguments, as main chunks are', function()
      local function with_dot(...) return list.append(2, ...) end
      local function with_colon(...) return list:append(3) end -- luacheck: ignore 212
      local function by_pcall(...) return pcall(list.append, list) end -- luacheck: ignore 212
      with_dot()
      with_colon()
      with_colon(nil, 'a', 'b')
      assert.equal('[1, 2, 3, 3]', tostring(list))
      assert.is_true(by_pcall())
      assert.is_true(by_pcall(1, 2, 3))
      assert.equal(6, #list)
      local chunk = helper.compile 'local list = ... return list:copy()'
      assert.equal(6, #chunk(list))
    end)

    it('passes the receiver with a dot, except in LuaJIT, where it counts as colon', function()
      local function append_itself() return list.append(list) end
      if jit then
        raised(append_itself, 'argument')
      else
        append_itself()
        assert.is_true(py.is(list[1], list))
      end
    end)
  end)

  describe('of a stored method', function()
    it('takes its arguments as they are', function()
      local list = py.list {}
      local append = list.append
      append(1)
      append(list)
      assert.equal(2, #list)
      assert.is_true(py.is(list[1], list))
    end)

    it('takes its arguments as they are from a table and under pcall', function()
      local list = py.list {}
      local methods = { append = list.append }
      methods.append(list)
      assert.is_true(pcall(list.append, list))
      assert.is_true(pcall(list.append, 5))
      assert.equal(3, #list)
      assert.is_true(py.is(list[1], list))
    end)

    it('works as an argument of Lua functions', function()
      local list = py.list {}
      local text = ('abc'):gsub('%w', function(letter) list:append(letter) end)
      assert.equal('abc', text)
      assert.same({ 'a', 'b', 'c' }, py.eval(list))
    end)
  end)

  describe('passes', function()
    it('every argument, nils included', function()
      assert.equal(0, py.eval(py.reval('count')()))
      assert.equal(3, py.eval(py.reval('count')(nil, 1, nil)))
      assert.equal('(None, 1, None)', py.repr(py.reval('lambda *a: a')(nil, 1, nil)))
    end)

    it('many arguments', function()
      local many = {}
      for i = 1, 200 do
        many[i] = i
      end
      assert.equal(200, py.eval(py.reval('count')(helper.unpack(many))))
    end)

    it('converted tables and references side by side', function()
      local shared = py.list { 0 }
      local result = py.reval('lambda *a: a')({ 1, 2 }, { a = 1 }, 'text', shared)
      assert.equal("([1, 2], {'a': 1}, 'text', [0])", py.repr(result))
      assert.is_true(py.is(result[3], shared))
    end)
  end)

  it('of a class makes an instance', function()
    local ordered = py.import('collections').OrderedDict()
    ordered.b = 1
    assert.equal('OrderedDict', py.eval(py.type(ordered).__name__))
  end)

  it('gives one reference, also for a tuple', function()
    local results = { py.reval('lambda: (1, 2)')() }
    assert.equal(1, #results)
    assert.equal(2, #results[1])
  end)

  it('of an object that cannot be called is a TypeError', function()
    local e = raised(function() return py.int(3)(1) end, 'not callable')
    assert.equal('TypeError', e.type)
    raised(function() return py.list({}).append.nothing() end, 'nothing')
  end)

  it('raises what the function raises', function()
    local e = raised(function() return py.list({}):pop() end, 'pop from empty list')
    assert.equal('IndexError', e.type)
  end)
end)
