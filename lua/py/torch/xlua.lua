-- SPDX-License-Identifier: MIT
-- Of the package `xlua`: the progress bar, and small helpers of scripts.

local py = require 'py'

local xlua = {}

local clock = py.import 'time'.time
local WIDTH = 77
local begun, last, last_current

local function duration(seconds)
  if seconds >= 86400 then
    return ('%dD%dh'):format(math.floor(seconds / 86400),
      math.floor(seconds % 86400 / 3600))
  elseif seconds >= 3600 then
    return ('%dh%dm'):format(math.floor(seconds / 3600),
      math.floor(seconds % 3600 / 60))
  elseif seconds >= 60 then
    return ('%dm%ds'):format(math.floor(seconds / 60), math.floor(seconds % 60))
  elseif seconds >= 1 then
    return ('%ds%dms'):format(math.floor(seconds),
      math.floor(seconds * 1000 % 1000))
  end
  return ('%dms'):format(math.floor(seconds * 1000))
end
xlua.formatTime = duration

--- Draws a bar for `current` of `goal`, with the time of a step and the time
--- since the first one.
function xlua.progress(current, goal)
  local now = py.eval(clock())
  if not begun or current == 1 or current < (last_current or 0) then
    begun, last = now, now
  end
  local share = math.min(current / goal, 1)
  local filled = math.floor(share * WIDTH)
  local label = (' %d/%d '):format(current, goal)
  io.write('\r [', ('='):rep(filled), '>',
    ('.'):rep(math.max(WIDTH - filled - 1, 0)), ']', label,
    ('| Tot: %s | Step: %s  '):format(duration(now - begun),
      duration(now - last)))
  if current >= goal then io.write '\n' end
  io.flush()
  last, last_current = now, current
end

--- Does not end the program when a file is missing.
function xlua.require(name, insist)
  local ok, module = pcall(require, name)
  if ok then return module end
  if insist then error(module, 2) end
  print(('warning: <%s> could not be loaded'):format(name))
end


--- Number of elements of a table, whatever their keys.
function xlua.tablelen(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

--- A copy of a table; its values are the same.
function xlua.clone(t)
  local copy = {}
  for key, item in pairs(t) do copy[key] = item end
  return copy
end


return xlua
