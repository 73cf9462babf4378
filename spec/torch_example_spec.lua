-- SPDX-License-Identifier: MIT
-- The way from NumPy to Torch, walked: examples/numpy_to_torch.lua.

local child = require 'spec.child'

describe('the example numpy_to_torch', function()
  it('computes in Lua what NumPy computes', function()
    local output = child.output("dofile 'examples/numpy_to_torch.lua'",
      { timeout = 120 })
    assert.is_truthy(output:find 'a %+ row%s+13%.?0?%s+24')
    assert.is_truthy(output:find 'a %* a%s+10%.?0?%s+cmul%s+4')
    local sigmoids = tonumber(output:match 'sigmoids differ by (%S+)')
    assert.is_true(sigmoids < 1e-12)
    local learned = 0
    for x, y, result in output:gmatch '(%d) xor (%d) = ([%d.]+)' do
      local expected = x ~= y and 1 or 0
      assert.is_true(math.abs(tonumber(result) - expected) < 0.1)
      learned = learned + 1
    end
    assert.equal(4, learned)
    assert.is_true(tonumber(output:match 'NumPy differ by (%S+)') < 1e-9)
    assert.is_truthy(output:find 'Lua tensors [%d.]+ s, NumPy [%d.]+ s')
  end)
end)
