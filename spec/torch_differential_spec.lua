-- SPDX-License-Identifier: MIT
-- Random programs of tensor operations (spec/torch_programs.lua), and random
-- calls with arguments that mostly do not fit (spec/torch_calls.lua), on real
-- Torch7 and on the built-in library: types, sizes, strides, offsets,
-- elements, what changed in place, and errors must agree.

local child = require 'spec.child'
local helper = require 'spec.helper'

local PROGRAMS, CALLS = 150, 1500

local function run(module, seed, program, count, before)
  local result = child.run(([[
    %s
    loadfile 'spec/%s.lua' (%q, %q, %q)
  ]]):format(before or '', program or 'torch_programs', module, seed, count or PROGRAMS),
    { timeout = 120 })
  assert.equal(0, result.code, result.stderr)
  return result.stdout
end

local function has_real()
  if not helper.jit then return false end
  return child.run "assert(require 'torch'._heaptracking ~= nil)".code == 0
end

-- Numbers within what different orders of floating additions give.
local function close(a, b)
  local x, y = tonumber(a), tonumber(b)
  if not x or not y then return false end
  return math.abs(x - y) <= 1e-5 * math.max(1, math.abs(x), math.abs(y))
end

local function same_line(a, b)
  if a == b then return true end
  -- What fails inside of Torch7's own Lua code names its variables.
  if a:find '^  error attempt to ' then return b:find '^  error ' ~= nil end
  local words = b:gmatch '%S+'
  for word in a:gmatch '%S+' do
    local other = words()
    if word ~= other and not (other and close(word, other)) then return false end
  end
  return words() == nil
end

-- The steps of the output: program number, its text, lines.
local function steps_of(output)
  local steps = {}
  for line in output:gmatch '[^\n]+' do
    local program = line:match '^(%d+)%.%d+ #'
    if program then
      steps[#steps + 1] = { program = program, lines = { line } }
    elseif #steps > 0 then
      local lines = steps[#steps].lines
      lines[#lines + 1] = line
    end
  end
  return steps
end

local function differences(real, ours)
  local found = {}
  local a, b = steps_of(real), steps_of(ours)
  assert.equal(#a, #b)
  for i, step in ipairs(a) do
    for k, line in ipairs(step.lines) do
      if not same_line(line, b[i].lines[k] or '') then
        found[#found + 1] = ('Torch7: %s\nours:   %s\nin %s'):format(line,
          tostring(b[i].lines[k]), table.concat(step.lines, '\n'))
      end
    end
  end
  return found
end

-- A test for each seed from `first` to `last`; `run` takes the others.
local function compare(first, last, program, count)
  for seed = first, last do
    it('give on real Torch7 what they give on the built-in library, seed '
        .. seed, function()
      if not has_real() then
        pending 'skipped: real Torch7 is not installed for this Lua'
        return
      end
      local found = differences(run('torch', seed, program, count),
        run('py.torch.builtin', seed, program, count))
      assert.equal('', table.concat(found, '\n\n'))
    end)
  end
end

describe('random programs', function()
  it('run on the built-in library, and repeat', function()
    local once = run('py.torch.builtin', 7)
    assert.is_true(#steps_of(once) > PROGRAMS)
    -- Steps that only raise errors would agree with anything.
    local _, errors = once:gsub('#%d+ error', '')
    assert.is_true(errors < 0.6 * #steps_of(once), errors .. ' errors')
    assert.equal(once, run('py.torch.builtin', 7))
  end)

  it('give the same when large tensors are computed part by part', function()
    local in_parts = "require 'py'.exec 'import pyhelper._torch_blocks as b; b.BLOCK = 5'"
    for seed = 21, 22 do
      assert.equal('', table.concat(differences(run('py.torch.builtin', seed),
        run('py.torch.builtin', seed, nil, nil, in_parts)), '\n\n'))
    end
  end)

  compare(11, 13)
end)

describe('random calls', function()
  it('change nothing when they fail', function()
    for seed = 1, 2 do
      local output = run('py.torch.builtin', seed, 'torch_calls', 'all' .. CALLS)
      local _, errors = output:gsub('\n  error ', '')
      assert.is_true(errors > CALLS / 4 and errors < CALLS, errors .. ' errors')
      for _, step in ipairs(steps_of(output)) do
        local lines = table.concat(step.lines, '\n')
        assert.is_nil(lines:find 'CHANGED', lines)
        assert.is_nil(lines:find 'Traceback', lines)
      end
    end
  end)

  compare(3, 5, 'torch_calls', CALLS)
end)
