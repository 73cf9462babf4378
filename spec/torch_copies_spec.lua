-- SPDX-License-Identifier: MIT
-- No operation copies where Torch7 does not: what each call takes at its peak
-- (spec/torch_copies.lua measures it) beside what real Torch7 takes for it
-- (spec/torch_copies_values.lua). On real Torch7 those values are checked.

local child = require 'spec.child'
local helper = require 'spec.helper'

local groups = dofile 'spec/torch_copies_values.lua'

-- glibc maps blocks from 128 kB on by themselves and gives them back at once,
-- and NumPy asks for no huge pages: so resident memory is what is in use.
local MEMORY = {
  MALLOC_MMAP_THRESHOLD_ = 131072, MALLOC_TRIM_THRESHOLD_ = 131072,
  MALLOC_TOP_PAD_ = 0, MALLOC_ARENA_MAX = 1, NUMPY_MADVISE_HUGEPAGE = 0,
  OPENBLAS_NUM_THREADS = 1, OMP_NUM_THREADS = 1,
}

-- Why there is nothing to measure, or nil. The memory hardly depends on the Lua, and
-- measuring takes a while: two of them show it.
local function lacks()
  if not rawget(_G, 'jit') and _VERSION ~= 'Lua 5.4' then
    return 'skipped: measured on LuaJIT and Lua 5.4'
  end
  if (os.getenv 'LD_PRELOAD' or ''):find 'asan' then
    return 'skipped: ASan keeps freed memory'
  end
  local file = io.open('/proc/self/clear_refs', 'w')
  if not file then return 'skipped: this system does not reset the peak of memory' end
  file:close()
  if not helper.has 'numpy' then return helper.lacks 'numpy' end
end

-- call → units
local function measure(...)
  local result = child.run("loadfile 'spec/torch_copies.lua' (...)",
    { args = { ... }, env = MEMORY, timeout = 300 })
  assert.equal(0, result.code, result.stderr)
  local found = {}
  for line in result.stdout:gmatch '[^\n]+' do
    local code, units = line:match '^(.-)\t([^\t]*)'
    if code then found[code] = tonumber(units) or units end
  end
  return found
end

describe('memory that a call takes #slow', function()
  local units, why, is_real

  setup(function()
    why = lacks()
    if why then return end
    is_real = require 'py.torch'._heaptracking ~= nil
    units = measure()
  end)

  for _, group in ipairs(groups) do
    it('is not more than in Torch7: ' .. group.title, function()
      if why then return pending(why) end
      local wrong = {}
      for _, row in ipairs(group) do
        local code, allowed = row[1], row[2]
        local got = units[code]
        if not is_real and row.ours then
          allowed = row.ours
          assert.is_string(row.why or group.why, code .. ' needs a reason')
        end
        -- Strings are freed when Lua's collector comes to them.
        if type(got) ~= 'number' or got > allowed
            or is_real and got ~= allowed and not code:find 'string' then
          wrong[#wrong + 1] = ('%s: %s, not %s'):format(code, tostring(got), allowed)
        end
      end
      assert.equal('', table.concat(wrong, '\n'))
    end)
  end

  it('is seen where there is a copy', function()
    if why then return pending(why) end
    for _, code in ipairs { 'a:clone()', '{ a:clone(), a:clone() }',
                            "py.reval('a.copy()', { a = a })",
                            "py.eval('(a * 2 + 1).sum()', { a = a })",
                            "('x'):rep(a:nElement() * 8)" } do
      assert.is_true(units[code] >= 1, code .. ' ' .. tostring(units[code]))
    end
    assert.equal(2, units['{ a:clone(), a:clone() }'])
    assert.equal(0, units['a:sum()'])
  end)
end)
