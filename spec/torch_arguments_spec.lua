-- SPDX-License-Identifier: MIT
-- What the built-in tensors do with arguments that make no sense, some of
-- which end the process of real Torch7.

local torch = require 'py.torch.builtin'
local helper = require 'spec.helper'
local raises, elements = helper.raises, helper.elements

describe('arguments beyond sense', function()
  it('are refused at once: infinite positions and counts', function()
    raises(function() return torch.ones(2):narrow(1, 1 / 0, 1) end, 'out of range')
    raises(function() return torch.ones(2):unsqueeze(1 / 0) end, 'dimension out of range')
    raises(function() return torch.ones(2):sum(1 / 0) end, 'dimension')
    raises(function() return torch.random(1 / 0) end, 'upper bound must be strictly positive')
  end)

  it('are refused by histograms', function()
    raises(function() return torch.ones(2):histc(0) end, '%(must have at least one bin')
    raises(function() return torch.ones(2, 2):bhistc(-1) end, '%(must have at least one bin')
    raises(function() return torch.Tensor():histc() end, 'tensor must have one dimension')
  end)

  it('are refused by drawing from alias tables', function()
    local setup, draw = torch.multinomialAliasSetup, torch.multinomialAlias
    raises(function() return setup(torch.Tensor()) end, 'must have one dimension')
    raises(function() return setup(5) end, 'invalid arguments: number')
    raises(function() return setup(torch.IntTensor(1):fill(1)) end,
      'torch.IntTensor does not implement the torch.multinomialAliasSetup_%(%) function')
    raises(function() return setup(torch.ones(1), { torch.Tensor(), torch.Tensor() }) end,
      'invalid arguments: DoubleTensor DoubleTensor DoubleTensor')
    raises(function() return draw(torch.LongTensor(1), 5) end, 'attempt to index')
    raises(function() return draw(torch.LongTensor(1), { 5 }) end,
      'invalid arguments: LongTensor number nil')
  end)

  it('that memory cannot hold are told in Torch7\'s words', function()
    for _, f in ipairs {
      function() return torch.Tensor(1e13) end,
      function() return torch.DoubleStorage(1e13) end,
      function() return torch.range(1, 1e17) end,
      function() return torch.DoubleStorage(2):resize(1e17) end,
    } do
      local ok, e = pcall(f)
      assert.is_false(ok)
      assert.matches('%$ Torch: not enough memory: you tried to allocate %d+GB%. Buy new RAM!',
        tostring(e))
    end
  end)

  it('are refused for bits of HalfTensors, too', function()
    local t = torch.HalfTensor(1)
    raises(function() return t:bitor(3) end, 'bitor is only supported for integer')
    raises(function() return t:cbitand(t) end, 'cbitand is only supported for integer')
  end)

  it('do not include numbers beyond 2^53 for LongTensors', function()
    assert.is_true(torch.LongTensor { -7 }:remainder(2 ^ 60)[1] - 2 ^ 60 <= 0)
    assert.is_true(torch.LongTensor { -7 }:fmod(2 ^ 60)[1] == -7)
    assert.is_true(torch.LongTensor { 5 }:bitor(2 ^ 60)[1] - 2 ^ 60 >= 0)
    torch.manualSeed(1 / 0)
    torch.manualSeed(1)
  end)

  it('include random HalfTensors', function()
    local t = torch.HalfTensor(100):random()
    assert.is_true(t:double():max() <= 2 ^ 11)
  end)

  it('are refused as dimensions for cat', function()
    local t = torch.ones(1)
    raises(function() return torch.cat(t, t, 1e15) end, 'invalid dimension')
  end)

  it('include a rate of 0, which gives inf', function()
    assert.equal(1 / 0, torch.exponential(0))
    raises(function() torch.exponential() end, 'invalid arguments')
    raises(function() torch.ones(2):exponential() end, 'invalid arguments: DoubleTensor')
  end)

  it('are called userdata where Torch7 has userdata', function()
    raises(function() torch.ones(2):resize(torch.Generator()) end,
      'number expected, got userdata')
    raises(function() torch.ones(2):resize({}) end, 'number expected, got table')
  end)

  it('do not include the tensor itself as the result of diag', function()
    local t = torch.Tensor { { 1, 2 }, { 3, 4 } }
    assert.same({ 1, 4 }, elements(torch.diag(t, t)))
    assert.same({ 1, 0, 0, 4 }, elements(torch.diag(t, t)))
  end)
end)

describe('operands that overlap the result', function()
  it('are read before it is written', function()
    for _, kind in ipairs { 'double', 'float', 'int' } do
      local function m()
        local t = torch.range(1, 9):view(3, 3)
        return t[kind](t)
      end
      local t = m()
      assert.same({ 2, 6, 10, 6, 10, 14, 10, 14, 18 }, elements(t:add(t:t())))
      t = m()
      assert.same({ 1, 4, 7, 2, 5, 8, 3, 6, 9 }, elements(t:copy(t:t())))
      t = m()
      assert.same({ 30, 36, 42, 66, 81, 96, 102, 126, 150 }, elements(t:mm(t, t)))
      t = m()
      t:narrow(1, 2, 2):copy(t:narrow(1, 1, 2))
      assert.same({ 1, 2, 3, 1, 2, 3, 4, 5, 6 }, elements(t))
      t = m()
      t:indexAdd(1, torch.LongTensor { 2, 3, 1 }, t)
      assert.same({ 8, 10, 12, 5, 7, 9, 11, 13, 15 }, elements(t))
    end
  end)
end)

describe('errors in loops that LuaJIT compiles', function()
  it('stay the same', function()
    if not helper.jit then
      pending 'skipped: this Lua compiles nothing'
      return
    end
    local t = torch.ones(2, 3)
    local values = { t, t:t(), t:float(), torch.LongTensor(3), t:byte(), 2, -1, true, 'V',
                     torch.LongStorage { 2, 3 }, {}, print }
    local function select_masked(a, b)
      local result = t:maskedSelect(a, b)
      return result
    end
    local first = {}
    for _ = 1, 200 do
      jit.flush() -- luacheck: ignore jit
      for i, a in ipairs(values) do
        for k, b in ipairs(values) do
          local key = i .. ' ' .. k
          for _ = 1, 4 do
            local ok, message = pcall(select_masked, a, b)
            local text = ok and 'ok' or message
            first[key] = first[key] or text
            if first[key] ~= text then assert.equal(first[key], text) end
          end
        end
      end
    end
  end)
end)
