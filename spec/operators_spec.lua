-- SPDX-License-Identifier: MIT
-- Contract section 5: all operators of the Lua version in use, comparison.
local helper = require 'spec.helper'
local py = require 'py'

local raised = helper.raised

-- a <operator> b, compiled here because older Luas cannot parse all of them.
local function apply(operator, a, b)
  return helper.compile('local a, b = ... return a ' .. operator .. ' b')(a, b)
end

local function apply_unary(operator, a)
  return helper.compile('local a = ... return ' .. operator .. ' a')(a)
end

describe('operators', function()
  setup(function()
    -- Answers every operator with its name and the operands in their order.
    py.exec [[
      class Echo:
          pass

      def echo(name):
          def method(self, other): return (name, 'self', other)
          return method

      for name in ('add sub mul truediv mod pow floordiv and or xor lshift rshift').split():
          setattr(Echo, f'__{name}__', echo(name))
          setattr(Echo, f'__r{name}__', echo('r' + name))
      for name in ('neg', 'invert'):
          setattr(Echo, f'__{name}__', lambda self, name=name: name)
    ]]
  end)

  helper.no_leaks(setup, teardown, after_each)

  teardown(function()
    py.exec 'del Echo, echo, name'
  end)

  local binary = {
    { '+', 'add' }, { '-', 'sub' }, { '*', 'mul' }, { '/', 'truediv' },
    { '%', 'mod' }, { '^', 'pow' }, { '..', 'add' },
    { '//', 'floordiv', from = 5.3 }, { '&', 'and', from = 5.3 },
    { '|', 'or', from = 5.3 }, { '~', 'xor', from = 5.3 },
    { '<<', 'lshift', from = 5.3 }, { '>>', 'rshift', from = 5.3 },
  }
  local unary = { { '-', 'neg' }, { '~', 'invert', from = 5.3 } }

  local function missing(operator)
    if (operator.from or 0) > helper.version then
      pending('skipped: this Lua has no operator ' .. operator[1])
      return true
    end
  end

  for _, operator in ipairs(binary) do
    local symbol, name = operator[1], operator[2]

    it(('a %s b calls __%s__ when both are references'):format(symbol, name), function()
      if missing(operator) then return end
      local result = apply(symbol, py.reval 'Echo()', py.int(7))
      assert.equal(("('%s', 'self', 7)"):format(name), py.repr(result))
    end)

    it(('a %s b takes a Lua value on the right'):format(symbol), function()
      if missing(operator) then return end
      local result = apply(symbol, py.reval 'Echo()', 7)
      assert.equal(("('%s', 'self', 7)"):format(name), py.repr(result))
    end)

    it(('a %s b takes a Lua value on the left'):format(symbol), function()
      if missing(operator) then return end
      -- 'text' % object formats, whatever the object says.
      for _, left in ipairs { 7, { 1, 2 }, symbol ~= '%' and 'text' or nil } do
        local result = apply(symbol, left, py.reval 'Echo()')
        assert.equal('r' .. name, py.eval(result[0]))
        assert.same(left, py.eval(result[2]))
      end
    end)

    it(('a %s b raises TypeError where Python has no such operation'):format(symbol), function()
      if missing(operator) then return end
      local object = py.reval 'object()'
      local e = raised(function() return apply(symbol, object, 1) end, 'unsupported operand')
      assert.equal('TypeError', e.type)
    end)
  end

  for _, operator in ipairs(unary) do
    local symbol, name = operator[1], operator[2]

    it(('%sa calls __%s__'):format(symbol, name), function()
      if missing(operator) then return end
      assert.equal(name, py.eval(apply_unary(symbol, py.reval 'Echo()')))
      local object = py.reval 'object()'
      local e = raised(function() return apply_unary(symbol, object) end, 'bad operand')
      assert.equal('TypeError', e.type)
    end)
  end

  it('follow Python with numbers', function()
    assert.equal('7', py.repr(py.int(10) - 3))
    assert.equal('0.5', py.repr(1 / py.int(2)))
    assert.equal('1', py.repr(py.int(-7) % 2))
    assert.equal('1024', py.repr(2 ^ py.int(10)))
    assert.equal('-5', py.repr(-py.int(5)))
    assert.equal('1267650600228229401496703205376', py.repr(py.int(2) ^ 100))
    assert.equal('ZeroDivisionError', raised(function() return py.int(1) / 0 end, 'zero').type)
  end)

  it('follow Python with sequences', function()
    assert.equal('[1, 2, 3]', py.repr(py.list { 1 } + { 2, 3 }))
    assert.equal('[2, 3, 1]', py.repr({ 2, 3 } + py.list { 1 }))
    assert.equal('[0, 0, 0]', py.repr(py.list { 0 } * 3))
    assert.equal("'value 7'", py.repr(py.str 'value %d' % 7))
  end)

  it('.. joins references and Lua strings, as a reference', function()
    local joined = 'a' .. py.str 'b' .. 'c'
    assert.equal('userdata', type(joined))
    assert.equal('abc', py.eval(joined))
    assert.equal('[1, 2]', py.repr(py.list { 1 } .. { 2 }))
  end)

  it('give references, which can be used on', function()
    local x = py.int(2)
    assert.equal(15, py.eval((x + 1) * 5))
    local gives_none = py.reval "type('T', (), {'__add__': lambda self, other: None})()"
    assert.is_true(rawequal(py.None, gives_none + 1))
  end)

  it('raise what the Python method raises', function()
    local value = py.reval "type('T', (), {'__add__': lambda s, o: {}['missing']})()"
    assert.equal('KeyError', raised(function() return value + 1 end, 'missing').type)
  end)
end)

describe('comparison', function()
  helper.no_leaks(setup, teardown, after_each)

  it("== is Python's == between references", function()
    assert.is_true(py.list { 1, 2 } == py.list { 1, 2 })
    assert.is_true(py.int(1) == py.float(1))
    assert.is_false(py.list { 1 } == py.list { 2 })
    assert.is_true(py.list { 1 } ~= py.list { 2 })
    assert.is_true(py.None == py.reval 'None')
    assert.is_false(py.None == py.int(0))
  end)

  it('== between a reference and a Lua value is false, as Lua has it', function()
    assert.is_false(py.int(3) == 3)
    assert.is_true(py.eval(py.eq(py.int(3), 3)))
  end)

  it('== asks Python also for the same object', function()
    local nan = py.reval "float('nan')"
    local other = py.list({ nan })[0]
    assert.is_true(py.is(nan, other))
    if not rawequal(nan, other) then
      assert.is_false(nan == other)
    end
    assert.is_false(py.eval(py.eq(nan, nan)))
  end)

  it('== raises what __eq__ raises', function()
    py.exec [[
      class Incomparable:
          def __eq__(self, other): raise ValueError('not like that')
          __hash__ = None
    ]]
    local a, b = py.reval 'Incomparable()', py.reval 'Incomparable()'
    assert.equal('ValueError', raised(function() return a == b end, 'not like that').type)
  end)

  it('<, <=, >, >= work between references', function()
    local one, two = py.int(1), py.float(2)
    assert.is_true(one < two)
    assert.is_true(one <= two)
    assert.is_false(one > two)
    assert.is_false(one >= two)
    assert.is_true(py.str 'a' < py.str 'b')
    assert.is_true(py.tuple { 1, 2 } < py.tuple { 1, 3 })
  end)

  it('<= is not the negation of >', function()
    local subset, other = py.set { 1 }, py.set { 2 }
    assert.is_false(subset <= other)
    assert.is_false(subset > other)
    local nan = py.reval "float('nan')"
    assert.is_false(nan <= py.int(1))
    assert.is_false(nan > py.int(1))
  end)

  it('<, <= work with Lua values from 5.2 on', function()
    if not helper.compares_mixed then
      pending('skipped: this Lua asks no metamethod for < with mixed types')
      return
    end
    local two = py.int(2)
    assert.is_true(two < 3)
    assert.is_true(1 < two)
    assert.is_true(two <= 2)
    assert.is_false(3 <= two)
    assert.is_true(two >= 2)
    assert.is_true(py.str 'a' < 'b')
    assert.is_true(py.list { 1 } < { 2 })
  end)

  it('raises TypeError for what Python cannot order', function()
    local e = raised(function() return py.int(1) < py.str 'a' end, 'not supported between')
    assert.equal('TypeError', e.type)
  end)

  it('py.eq and kin work on any operands and give references', function()
    local cases = {
      { py.eq, 3, 3, true }, { py.ne, 3, 3, false }, { py.lt, 2, 3, true },
      { py.le, 3, 3, true }, { py.gt, 2, 3, false }, { py.ge, 3, 3, true },
    }
    for _, case in ipairs(cases) do
      local compare, a, b, expected = case[1], case[2], case[3], case[4]
      local x, y = py.int(a), py.int(b)
      for _, operands in ipairs { { a, b }, { x, b }, { a, y }, { x, y } } do
        local result = compare(operands[1], operands[2])
        assert.equal('userdata', type(result))
        assert.equal(expected, py.eval(result))
      end
    end
  end)

  it('py.lt gives what __lt__ gives, not only booleans', function()
    local masks = py.reval "type('Mask', (), {'__lt__': lambda self, other: ['mask', other]})()"
    assert.same({ 'mask', 5 }, py.eval(py.lt(masks, 5)))
  end)
end)
