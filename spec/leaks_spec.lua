-- SPDX-License-Identifier: MIT
-- Every kind of operation, those that fail among them, repeated in a child
-- process whose memory must stay what it was. What is counted by py.live()
-- other specs see; this one sees what nobody counts.

local child = require 'spec.child'

local script = [[
local py = require 'py'
local operations = require 'spec.operations'

local REPEATS = 5000
local LIMIT = 40 -- bytes for each call: less than any object has

local function resident()
  -- What one collection frees lets the next one free more.
  local least = math.huge
  for _ = 1, 3 do
    py.collect()
    local file = assert(io.open '/proc/self/statm')
    local pages = file:read '*a':match '%d+ (%d+)'
    file:close()
    least = math.min(least, pages * 4096)
  end
  return least
end

-- References remember their view, so views live as long as the state.
operations.working.views = nil

local function run(operation, n)
  for i = 1, n do pcall(operation, i) end
end

for _, kind in ipairs {'working', 'failing'} do
  for name, operation in pairs(operations[kind]) do
    local works, err = pcall(operation, 0)
    if works ~= (kind == 'working') then
      error(name .. (works and ' did not fail' or ': ' .. tostring(err)))
    end
    -- Allocators take memory in steps, and keep it: a leak is what does not
    -- stop growing.
    run(operation, REPEATS / 4)
    local least = math.huge
    for _ = 1, 25 do
      local before = resident()
      run(operation, REPEATS)
      least = math.min(least, (resident() - before) / REPEATS)
      if least <= LIMIT then break end
    end
    if least > LIMIT then
      print(('%s, %s: %.0f bytes in each call'):format(kind, name, least))
    end
  end
end
]]

describe('memory', function()
  local statm = io.open '/proc/self/statm'
  if not statm then
    pending 'skipped: no /proc/self/statm'
    return
  end
  statm:close()
  if (os.getenv 'LD_PRELOAD' or ''):find 'asan' then
    pending "skipped: the sanitizer's allocator keeps memory"
    return
  end

  it('does not grow with the number of calls', function()
    assert.equal('', child.output(script, {timeout = 600}))
  end)
end)
