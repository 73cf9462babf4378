-- SPDX-License-Identifier: MIT
-- The random numbers that py.torch draws in C (csrc/numpy_tensor/random.c) are
-- those of its Python code, call by call and in the state that they leave.

local py = require 'py'
local torch = require 'py.torch.builtin'
local child = require 'spec.child'
local helper = require 'spec.helper'

local ALL = { 'Double', 'Float', 'Long', 'Int', 'Short', 'Char', 'Byte' }
local REAL = { 'Double', 'Float' }

-- Name, types, arguments.
local CALLS = {
  { 'uniform', REAL }, { 'uniform', REAL, -3 }, { 'uniform', REAL, -1.5, 1e300 },
  { 'uniform', REAL, 0, 1 / 0 },
  { 'normal', REAL }, { 'normal', REAL, 5 }, { 'normal', REAL, 1e17, 0.1 },
  { 'cauchy', REAL }, { 'cauchy', REAL, 2, -3 },
  { 'logNormal', REAL }, { 'logNormal', REAL, 400, 300 },
  { 'exponential', REAL, 0 }, { 'exponential', REAL, 0.3 }, { 'exponential', REAL, 0 / 0 },
  { 'geometric', ALL, 0.3 }, { 'geometric', ALL, 0.99999 }, { 'geometric', ALL, 1 - 1e-9 },
  { 'bernoulli', ALL }, { 'bernoulli', ALL, 0.9 }, { 'bernoulli', ALL, 0 },
  { 'random', ALL }, { 'random', ALL, 100 }, { 'random', ALL, -7.9, 300.5 },
  { 'random', ALL, 2 ^ 52 - 3 , 2 ^ 52 }, { 'random', ALL, -2 ^ 40, 2 ^ 40 },
  { 'random', ALL, 2 ^ 53, 2 ^ 53 }, { 'random', ALL, 0, 2 ^ 60 },
}

local LAYOUTS = {
  function(new) return new(7) end,
  function(new) return new(2, 600) end,
  function(new) return new(5, 3):t() end,
  function(new) return new(6, 1, 9):narrow(3, 2, 4):transpose(1, 3) end,
  function(new) return new(1) end,
}

-- A generator from which C draws, and one from which only Python can.
local function generators()
  local fast, slow = torch.Generator(), torch.Generator()
  assert.equal('userdata', type(fast[1]))
  slow[1] = nil
  return fast, slow
end

local function same_state(fast, slow, what)
  local a, b = torch.getRNGState(fast), torch.getRNGState(slow)
  assert.equal(5048, a:eq(b):sum(), what)
end

local function show(value)
  if not torch.isTensor(value) then
    return (math.type or type)(value) .. (' %.17g'):format(value)
  end
  local elements = {}
  value:clone():apply(function(v) elements[#elements + 1] = ('%.17g'):format(v) end)
  return table.concat(elements, ' ')
end

-- What a call gives with each of the generators.
local function agree(name, fast, slow, make, ...)
  local results = {}
  for i, generator in ipairs { fast, slow } do
    torch._gen = generator
    local t = make()
    results[i] = show(t and t[name](t, ...) or torch[name](...))
  end
  assert.equal(results[2], results[1], name)
  same_state(fast, slow, name)
end

describe('a random number drawn in C', function()
  local before
  before_each(function() before = torch._gen end)
  after_each(function() torch._gen = before end)

  for number, layout in ipairs(LAYOUTS) do
    it('is that of the Python code, in tensors of layout ' .. number, function()
      local fast, slow = generators()
      torch.manualSeed(fast, number)
      torch.manualSeed(slow, number)
      for _, row in ipairs(CALLS) do
        for _, kind in ipairs(row[2]) do
          agree(row[1], fast, slow, function()
            return layout(torch[kind .. 'Tensor'])
          end, helper.unpack(row, 3))
        end
      end
    end)
  end

  it('is that of the Python code, as a number', function()
    local fast, slow = generators()
    torch.manualSeed(fast, 5)
    torch.manualSeed(slow, 5)
    for _ = 1, 10 do
      for _, row in ipairs(CALLS) do
        agree(row[1], fast, slow, function() end, helper.unpack(row, 3))
      end
    end
  end)

  it('is that of the Python code, in new tensors', function()
    local fast, slow = generators()
    torch.manualSeed(fast, 6)
    torch.manualSeed(slow, 6)
    for _, kind in ipairs(REAL) do
      torch.setdefaulttensortype('torch.' .. kind .. 'Tensor')
      for _, sizes in ipairs { { 1 }, { 3, 5 }, { 2, 3, 4 }, { 700 } } do
        agree('rand', fast, slow, function() end, helper.unpack(sizes))
        agree('randn', fast, slow, function() end, helper.unpack(sizes))
      end
      for _, generator in ipairs { fast, slow } do
        assert.equal('torch.' .. kind .. 'Tensor', torch.type(torch.randn(generator, 2)))
      end
    end
    torch.setdefaulttensortype('torch.IntTensor')
    for _, name in ipairs { 'rand', 'randn', 'uniform', 'normal' } do
      assert.has_error(function() torch[name](2) end,
        'torch.IntTensor does not implement the torch.' .. name .. '() function')
    end
    torch.setdefaulttensortype('torch.DoubleTensor')
  end)

  it('is that of the Python code, in permutations', function()
    local fast, slow = generators()
    torch.manualSeed(fast, 9)
    torch.manualSeed(slow, 9)
    for _, kind in ipairs(ALL) do
      torch.setdefaulttensortype('torch.' .. kind .. 'Tensor')
      for _, n in ipairs { 1, 2, 7, 300, 70000 } do
        agree('randperm', fast, slow, function() end, n)
      end
    end
    torch.setdefaulttensortype('torch.DoubleTensor')
  end)

  it('is that of the Python code, in samples by weight', function()
    local fast, slow = generators()
    torch.manualSeed(fast, 9)
    torch.manualSeed(slow, 9)
    local many = torch.rand(3, 200):add(-0.1):abs()
    for _, weights in ipairs {
      torch.Tensor { 1, 2, 0, 3 }, torch.Tensor { { 5 }, { 1 } }, torch.rand(4, 5),
      torch.rand(5, 4):t(), torch.rand(3, 4, 2), many, many:float(), many:t():narrow(2, 2, 1),
      torch.rand(7, 9):narrow(2, 3, 4), torch.rand(6, 3):select(2, 1),
      torch.FloatTensor { 0, 0, 1e30, 1e-30 },
    } do
      local columns = weights:size(math.min(2, weights:dim()))
      for _, n in ipairs { 1, 2, columns, columns + 1, 300 } do
        if n <= columns then
          agree('multinomial', fast, slow, function() end, weights, n)
          agree('multinomial', fast, slow, function() end, weights, n, false)
        end
        agree('multinomial', fast, slow, function() end, weights, n, true)
        local result = torch.multinomial(fast, weights, n, true)
        torch.multinomial(slow, weights, n, true)
        assert.equal(result, weights.multinomial(result, fast, weights, n, true))
        assert.equal(show(weights.multinomial(torch.LongTensor(), slow, weights, n, true)),
          show(result))
        same_state(fast, slow)
      end
    end
    local result = torch.LongTensor(2, 4):t()
    torch.manualSeed(1)
    local expected = torch.multinomial(torch.ones(4, 5), 2)
    torch.manualSeed(1)
    local weights = torch.ones(4, 5)
    assert.equal(result, weights.multinomial(result, weights, 2))
    assert.same(expected:totable(), result:totable())
  end)

  it('comes from the same seeds and states', function()
    local fast, slow = generators()
    for _, seed in ipairs { 0, 1, 5489, 2 ^ 32 - 1, 2 ^ 32 + 5, -1, -7.9, 1.5, 2 ^ 53 - 1,
                            -2 ^ 53 + 1, 2 ^ 53, 1e300, -1e300, 1 / 0 } do
      torch.manualSeed(fast, seed)
      torch.manualSeed(slow, seed)
      same_state(fast, slow, seed)
      assert.equal(torch.initialSeed(slow), torch.initialSeed(fast))
      agree('normal', fast, slow, function() end)
      for _, n in ipairs { 3, 621, 1, 700 } do
        torch.setRNGState(slow, torch.getRNGState(fast))
        same_state(fast, slow, n)
        agree('normal', fast, slow, function() return torch.Tensor(n) end)
        torch.setRNGState(fast, torch.getRNGState(slow, torch.ByteTensor(5048)))
        same_state(fast, slow, n)
        agree('uniform', fast, slow, function() return torch.Tensor(n) end)
      end
    end
    torch._gen = fast
    local state = torch.ByteTensor(5048)
    assert.equal(state, torch.getRNGState(state))
    assert.equal(state, torch.setRNGState(state))
    assert.equal(5048, torch.getRNGState(torch.ByteTensor(3)):eq(state):sum())
    assert.equal(0, select('#', torch.manualSeed(1)))
    assert.equal(2, torch.setRNGState(state:view(4, 1262)):dim())
    for _, row in ipairs { { 9, 0 }, { 9, 255 }, { 13, 0 }, { 13, 2 }, { 18, 255 } } do
      local wrong = state:clone()
      wrong[row[1]] = row[2]
      wrong[row[1] + 1] = row[2]
      helper.raises(function() torch.setRNGState(wrong) end, 'Invalid RNG state')
      assert.equal(5048, torch.getRNGState():eq(state):sum())
    end
    helper.raises(function() torch.manualSeed() end, 'invalid arguments')
    helper.raises(function() torch.manualSeed(1, 2) end, 'invalid arguments')
  end)

  it('follows what Python drew, and Python follows it', function()
    local fast, slow = generators()
    for _, generator in ipairs { fast, slow } do torch.manualSeed(generator, 7) end
    for round = 1, 5 do
      for _, generator in ipairs { fast, slow } do
        torch._gen = generator
        torch.normal()               -- leaves the second of a pair
        generator.stream.normal(round)
        torch.Tensor(2 * round):normal()
        torch.randperm(round)
        generator.stream.one()
      end
      same_state(fast, slow, round)
    end
    -- A state that is restored in the middle of a pair.
    torch._gen = fast
    torch.manualSeed(8)
    torch.Tensor(3):normal()
    torch.setRNGState(slow, torch.getRNGState())
    agree('normal', fast, slow, function() return torch.Tensor(4) end)
  end)

  it('comes from the generator that is given, or is torch._gen', function()
    local fast, slow = generators()
    torch.manualSeed(fast, 9)
    torch.manualSeed(slow, 9)
    torch._gen = torch.Generator()
    torch.manualSeed(1)
    local first = torch.uniform()
    torch.manualSeed(1)
    for _, f in ipairs {
      function(g) return torch.uniform(g, 2, 3) end,
      function(g) return torch.Tensor(3):normal(g, 2, 3) end,
      function(g) return torch.random(torch.IntTensor(4), g, 9) end,
      function(g) return torch.rand(g, 3, 2) end,
      function(g) return torch.randn(torch.Tensor(), g, 3) end,
    } do
      assert.equal(show(f(slow)), show(f(fast)))
    end
    same_state(fast, slow)
    assert.equal(first, torch.uniform())
    torch._gen = nil
    assert.is_true(torch.uniform() < 1)
    assert.equal('torch.Generator', torch.type(torch._gen))
    torch._gen = fast
    torch.manualSeed(1)
    assert.equal(first, torch.uniform())
  end)

  it('is a part of many in the order of elements', function()
    local n = 2 ^ 20 + 5 -- more than are drawn at a time
    torch._gen = torch.Generator()
    torch.manualSeed(10)
    local whole = torch.FloatTensor(n):normal()
    torch.manualSeed(10)
    local parts = torch.FloatTensor(n)
    parts:narrow(1, 1, 3):normal()
    parts:narrow(1, 4, n - 4):normal()
    parts:narrow(1, n, 1):normal()
    assert.equal(n, whole:eq(parts):sum())
    torch.manualSeed(10)
    local spread = torch.FloatTensor(n, 2):select(2, 1):normal()
    assert.equal(n, whole:eq(spread):sum())
  end)

  it('fills what shares elements with itself in order, as Torch7', function()
    torch._gen = torch.Generator()
    torch.manualSeed(11)
    local drawn = torch.Tensor(6):uniform()
    torch.manualSeed(11)
    local shared = torch.Tensor(2, 1)
    shared:expand(2, 3):uniform()
    assert.same({ { drawn[3] }, { drawn[6] } }, shared:totable())
  end)

  it('leaves wrong calls to the Lua code, with nothing drawn', function()
    torch._gen = torch.Generator()
    local state = torch.getRNGState()
    local t = torch.Tensor(3)
    for _, f in ipairs {
      function() t:normal(0, -1) end, function() t:uniform(1, 2, 3) end,
      function() t:uniform 'x' end, function() t:geometric() end, function() t:exponential() end,
      function() t:bernoulli(1.5) end, function() t:random(5, 4) end,
      function() t:random(0) end, function() torch.IntTensor(2):normal() end,
      function() torch.rand {} end,
      function() torch.uniform({}, 1) end, function() t:uniform({ 1 }) end,
    } do
      assert.has_error(f)
    end
    torch.Tensor():uniform()
    assert.equal(0, torch.rand(-1):nElement())
    assert.equal(5048, torch.getRNGState():eq(state):sum())
    assert.equal(3, t:uniform('0', '1'):lt(1):sum())
  end)

  it('may be the first of a program', function()
    assert.equal('3\n', child.output [[
      local torch = require 'py.torch.builtin'
      print(torch.rand(3):size(1))
    ]])
  end)
end)

describe('threads that draw from one generator', function()
  it('get each number once', function()
    local n, times = 20000, 40
    local generator = torch.Generator()
    torch.manualSeed(generator, 12)
    py.exec([[
      import threading
      import numpy as np
      drawn = []
      def draw():
          for _ in range(times):
              drawn.append(stream.raw(n))
      drawing = [threading.Thread(target=draw) for _ in range(2)]
      for thread in drawing:
          thread.start()
      global random_test
      random_test = drawing, drawn
    ]], { stream = generator.stream, n = n, times = times })
    local drawn = py.reval 'random_test[1]'
    local calls = 0
    repeat
      -- Alternately many and few, so that C comes between the others' draws.
      for _, size in ipairs { n, 10, 300 } do
        drawn.append(py.ref(torch.LongTensor(size):random(generator)))
      end
      calls = calls + 1
    until not py.eval 'any(t.is_alive() for t in random_test[0])' and calls >= times
    local expected = torch.Generator()
    torch.manualSeed(expected, 12)
    assert.is_true(py.eval([=[
      (lambda a: (np.sort(a) == np.sort(stream.raw(a.size))).all())(
          np.concatenate([np.asarray(d, np.uint64) for d in random_test[1]]))
    ]=], { stream = expected.stream, np = py.import 'numpy' }))
    py.exec 'del random_test'
  end)
end)
