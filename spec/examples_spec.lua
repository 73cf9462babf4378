-- SPDX-License-Identifier: MIT
-- The examples run, and come to what their comments promise. (`make demo` runs
-- the demo; it takes longer.)

local child = require 'spec.child'
local helper = require 'spec.helper'

describe('the example', function()
  local function run(name)
    return child.output(("dofile 'examples/%s.lua'"):format(name),
      { timeout = 120 })
  end

  -- A test that needs these Python packages.
  local function example(name, packages, check)
    it(name, function()
      for _, package in ipairs(packages) do
        if not helper.has(package) then
          pending(helper.lacks(package))
          return
        end
      end
      check(run(name))
    end)
  end

  example('fit_scipy', { 'scipy' }, function(output)
    local fits = 0
    for way in output:gmatch '[^\n]*with[^\n]*gradient[^\n]*' do
      local amplitude, decay, frequency =
        way:match '([%d.]+)%s+([%d.]+)%s+([%d.]+)%s+%d+$'
      assert.is_true(math.abs(amplitude - 2) < 0.05)
      assert.is_true(math.abs(decay - 0.4) < 0.02)
      assert.is_true(math.abs(frequency - 1.5) < 0.02)
      fits = fits + 1
    end
    assert.equal(2, fits)
  end)

  example('digits_sklearn', { 'sklearn' }, function(output)
    local models = 0
    for share in output:gmatch '([%d.]+) %% right' do
      assert.is_true(tonumber(share) > 90)
      models = models + 1
    end
    assert.equal(2, models)
    assert.truthy(output:find 'This %d was taken for a %d')
  end)

  example('image_filter', { 'scipy', 'PIL' }, function(output)
    local path = output:match 'The picture of it: ([^\n]+)'
    local file = assert(io.open(path, 'rb'))
    assert.equal('\137PNG', file:read(4))
    file:close()
    local py = require 'py'
    local picture = py.eval(py.import('numpy').asarray(
      py.import('PIL.Image').open(path)))
    assert.equal(96, picture:size(1))
    assert.equal(3 * 96 + 12, picture:size(2))
    -- How much neighbours differ: least where it was blurred, most where it
    -- was sharpened.
    local function contrast(part)
      local sum, first = 0, part * 102
      for x = first + 2, first + 96 do
        sum = sum + math.abs(picture[70][x] - picture[70][x - 1])
      end
      return sum
    end
    assert.is_true(contrast(1) < contrast(0))
    assert.is_true(contrast(0) < contrast(2))
  end)

  example('pytorch_model', { 'torch' }, function(output)
    assert.is_true(tonumber(output:match '([%d.]+) %% of 400') > 98)
    local after, before =
      output:match 'loss is ([%d.]+) instead of ([%d.]+)'
    assert.is_true(tonumber(after) > 10 * tonumber(before))
  end)
end)
