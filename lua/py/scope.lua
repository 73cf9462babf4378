-- SPDX-License-Identifier: MIT
-- py.scope: which references a function makes, and closing them.

local core = require 'py.core'
local unpack = table.unpack or unpack -- luacheck: ignore

local scope = {}

local WEAK = { __mode = 'kv' }

-- Those that run, in all threads and coroutines of this Lua state: sets of
-- references, which the core fills, with its notes of whose they are in front.
local running = {}

local function finish(made)
  local n = #running
  if n == 1 and running[1] == made then
    running[1] = nil
  else
    for i = n, 1, -1 do
      -- One whose coroutine was collected will not end.
      if running[i] == made or not running[i][2] then table.remove(running, i) end
    end
  end
  core._set_scope(running[#running]) -- the youngest of the others goes on
end

local function pack(...)
  return { n = select('#', ...), ... }
end

-- First of all, and without memory, the end of the scope.
local function results_of(made, outer, ...)
  finish(made)
  local results = pack(...)
  for i = 2, results.n do
    local result = results[i]
    if type(result) == 'userdata' and made[result] then
      made[result] = nil
      if outer then outer[result] = true end
    end
  end
  for ref in pairs(made) do
    -- An error object was going to be a reference.
    if core._is_ref(ref) then core.close(ref) end
  end
  if not results[1] then error(results[2], 0) end
  return unpack(results, 2, results.n)
end

--- Calls f(...) and then closes every reference that it has made, except
--- those that f returns. Other threads, and coroutines that run while this
--- one waits, are left alone.
function scope.run(f, ...)
  local made = setmetatable({ false, false }, WEAK)
  running[#running + 1] = made
  local outer = core._set_scope(made)
  return results_of(made, outer, pcall(f, ...))
end

local function resume(ok, ...)
  core._set_scope(running[#running])
  if not ok then error((...), 0) end
  return ...
end

--- The results of f(...), whose references stay open: what a library makes
--- for itself, for good.
function scope.lasting(f, ...)
  core._set_scope(nil)
  return resume(pcall(f, ...))
end

return scope
