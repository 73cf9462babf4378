-- SPDX-License-Identifier: MIT
-- Random numbers of py.torch. The expected numbers are from a run of real
-- Torch7 (the same calls after torch.manualSeed(1)).

local torch = require 'py.torch'
local helper = require 'spec.helper'
local raises, list = helper.raises, helper.elements

describe('after manualSeed(1)', function()
  it('all distributions give the numbers of Torch7, to the last bit', function()
    torch.manualSeed(1)
    local function gives(expected, t) assert.same(expected, list(t)) end
    gives({ -0.16595600312575698, 0.99436961626634002, 0.44064897857606411 },
      torch.Tensor(3):uniform(-1, 1))
    gives({ 2.0413625204113268, 1.981342049674035, 3.7643499910096794 },
      torch.Tensor(3):normal(2, 3)) -- ends within a pair
    gives({ 0.61167334879458324, 0.56338943744847869, -0.0033965017378921,
            0.0384261239841295 }, torch.randn(4))
    gives({ 0.25257150533717881, 0.10305731698193506, 0.24543857889323911 },
      torch.Tensor(3):exponential(2))
    gives({ -0.054438867620381304, 2.1806439519671224, 0.32763065208392628 },
      torch.Tensor(3):cauchy(1, 2))
    gives({ 3.3846655232050682, 4.8150558232116856, 2.1273531517900506 },
      torch.Tensor(3):logNormal(1, 0.5))
    gives({ 2, 1, 1, 1 }, torch.Tensor(4):geometric(0.3))
    gives({ 0, 1, 0, 0, 1, 1 }, torch.Tensor(6):bernoulli(0.4))
    gives({ 147806606, 732152370, 1777953348 }, torch.IntTensor(3):random())
    gives({ 215, 215, 233, 241 }, torch.ByteTensor(4):random())
    gives({ 602957303, 4033523166 }, torch.Tensor(2):random())
    gives({ 2, 5, -5, 3, -3 }, torch.LongTensor(5):random(-5, 5))
    gives({ 6, 4, 4, 1 }, torch.Tensor(4):random(6))
    gives({ 2, 8, 7, 1, 6, 3, 5, 4 }, torch.randperm(8))
    gives({ 0.7746964693069458, 0.19401144981384277, 0.16869291663169861 },
      torch.FloatTensor(3):normal())
    gives({ 0, 1, 1, 0 }, torch.Tensor(4):bernoulli(torch.Tensor { 0.1, 0.9, 0.5, 0.5 }))
    gives({ 3, 4, 4, 3, 3, 2 }, torch.multinomial(torch.Tensor { 1, 2, 3, 4 }, 6, true))
    gives({ 3, 1, 2, 1, 3, 2 },
      torch.multinomial(torch.Tensor { { 1, 2, 3 }, { 3, 2, 1 } }, 3, false))
    gives({ 0.8346256734803319, 1.612156636437482, 1.0638903089108633,
            -17.385973974563029, 70.416812368075071, 2, 0, 2837408832, 3, 5 },
      torch.Tensor { torch.uniform(), torch.normal(1, 2), torch.exponential(0.5),
                     torch.cauchy(), torch.logNormal(1, 2), torch.geometric(0.5),
                     torch.bernoulli(), torch.random(), torch.random(10),
                     torch.random(5, 7) })
    -- The state has Torch7's layout.
    local sum, state = 0, torch.getRNGState()
    state:apply(function(v) sum = (sum * 31 + v) % 1000003 end)
    assert.equal(5048, state:size(1))
    assert.equal(169276, sum)
  end)

  -- Numbers, and tensors as a sum over their elements.
  it('calls of all kinds follow each other as in Torch7', function()
    local out = {}
    local function note(value)
      if torch.isTensor(value) then
        local sum = 0
        value:clone():apply(function(v)
          sum = (sum * 31 + math.floor(v * 2 ^ 20)) % 1000003
        end)
        value = sum
      end
      out[#out + 1] = value
    end
    torch.manualSeed(3)
    note(torch.normal(1, 2))                -- opens a pair
    note(torch.Tensor(4, 3):normal())
    note(torch.FloatTensor(2, 3):t():normal(5, 2))
    note(torch.uniform())
    note(torch.rand(3, 5))
    note(torch.randperm(9))
    note(torch.randn(7))
    note(torch.Tensor(1000):normal(-1, 3))
    note(torch.IntTensor(4, 4):random(-3, 3))
    note(torch.ByteTensor(5, 5):random())
    note(torch.CharTensor(5, 5):random())
    note(torch.ShortTensor(5, 5):random())
    note(torch.LongTensor(5, 5):random())
    note(torch.FloatTensor(5, 5):random())
    note(torch.ByteTensor(6):random(200, 300))
    note(torch.ByteTensor(5):geometric(0.999))
    note(torch.LongTensor(5):geometric(0.999))
    note(torch.IntTensor(3, 3):bernoulli())
    note(torch.FloatTensor(3):exponential(2))
    note(torch.FloatTensor(3):cauchy(1, 2))
    note(torch.FloatTensor(3):logNormal(1, 2))
    note(torch.random())
    note(torch.random(7))
    note(torch.random(-7, 7))
    note(torch.bernoulli(0.25))
    note(torch.geometric(0.25))
    note(torch.exponential(3))
    note(torch.cauchy(1, 2))
    note(torch.logNormal(0.5, 0.25))
    note(torch.Tensor(2, 1):expand(2, 3):uniform())
    note(torch.Tensor(5, 4):narrow(2, 2, 2):uniform(-1, 1))
    note(torch.normal())
    local state = torch.getRNGState()
    note(state)
    note(torch.randn(2))
    assert.same({
      0.27265712015657317, 300168, 246283, 0.02987621258944273, 75722, 428621, 352453, 872226,
      421967, 293405, 679106, 300290, 130910, 893006, 320608, 752712, 334587, 727088, 613724,
      934507, 124744, 1113706911, 2, 1, 0, 1, 0.3741988257169338, -0.54934409766665993,
      1.0297146221963867, 802220, 761735, 1.3294691128257206, 248797, 849442 }, out)
  end)
end)

describe('a generator', function()
  it('is separate from the library\'s', function()
    local g = torch.Generator()
    torch.manualSeed(g, 42)
    assert.equal(0.37454011430963874, torch.uniform(g))
    assert.equal(42, torch.initialSeed(g))
    torch.manualSeed(7)
    local first = torch.uniform()
    torch.manualSeed(7)
    torch.Tensor(5):normal(g, 0, 1)
    assert.equal(first, torch.uniform())
    assert.equal('torch.Generator', torch.type(g))
  end)

  it('saves and restores its state, pairs of normal numbers too', function()
    torch.manualSeed(5)
    torch.normal()
    local state = torch.getRNGState()
    local first = { torch.normal(), torch.uniform(), torch.random(100) }
    torch.setRNGState(state)
    assert.same(first, { torch.normal(), torch.uniform(), torch.random(100) })
    raises(function() torch.setRNGState(torch.ByteTensor(3)) end, 'wrong size')
    raises(function() torch.setRNGState(torch.ByteTensor(5048):zero()) end,
      'Invalid RNG state')
  end)

  it('gives the same numbers in one tensor and in several', function()
    for _, name in ipairs { 'normal', 'uniform' } do
      torch.manualSeed(11)
      local whole = torch.Tensor(400)
      whole[name](whole, 2, 3)
      torch.manualSeed(11)
      local at = 1
      for _, n in ipairs { 1, 2, 3, 63, 64, 65, 5, 100, 97 } do
        local part = torch.Tensor(n)
        part[name](part, 2, 3)
        assert.same(whole:narrow(1, at, n):totable(), part:totable())
        at = at + n
      end
      assert.equal(401, at)
    end
  end)

  it('starts from another seed each time', function()
    local a = torch.seed()
    assert.equal(a, torch.initialSeed())
    assert.are_not.equal(a, torch.seed())
  end)
end)

describe('random functions', function()
  it('fill any layout in the order of its elements', function()
    torch.manualSeed(3)
    local plain = torch.Tensor(2, 3):uniform()
    torch.manualSeed(3)
    local turned = torch.Tensor(3, 2):t():uniform()
    assert.same(plain:totable(), turned:totable())
  end)

  it('check their arguments', function()
    raises(function() torch.normal(0, 0) end, 'must be strictly positive')
    raises(function() torch.bernoulli(2) end, 'must be >= 0 and <= 1')
    raises(function() torch.geometric(1) end, 'must be > 0 and < 1')
    raises(function() torch.random(3, 1) end, 'upper bound must be larger')
    raises(function() torch.randperm(0) end, 'must be strictly positive')
    raises(function() torch.multinomial(torch.Tensor { 1, 1 }, 3, false) end,
      'without replacement')
    raises(function() torch.multinomial(torch.zeros(2), 1, true) end,
      'invalid multinomial distribution')
    raises(function() torch.rand('x') end, 'invalid arguments')
    raises(function() torch.manualSeed() end, 'invalid arguments: no arguments provided')
    raises(function() torch.manualSeed(torch.Generator(), 'x') end,
      'invalid arguments: Generator string')
  end)

  it('sample from the first two dimensions', function()
    local weights = torch.Tensor { { { 0, 5 }, { 1, 0 }, { 0, 5 } } }
    assert.same({ { 2, 2, 2 } }, torch.multinomial(weights, 3, true):totable())
    raises(function() torch.multinomial(torch.Tensor(), 1) end,
      'dimension 1 out of range of 0D tensor')
  end)

  it('sample by weight', function()
    torch.manualSeed(1)
    local state = torch.multinomialAliasSetup(torch.Tensor { 0.1, 0.5, 0.4 })
    local drawn = torch.multinomialAlias(torch.LongTensor(4000), state)
    local share = drawn:eq(2):sum() / 4000
    -- Torch7's tables are not exact (docs/py-torch.md).
    assert.is_true(math.abs(share - 0.5) < 0.1, share)
  end)
end)
