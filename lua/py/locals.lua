-- SPDX-License-Identifier: MIT
-- The Lua variables that a code string can see, for py.lexec and kin.

local debug = require 'debug'
local getfenv = rawget(_G, 'getfenv') -- a strict _G forbids to ask for it

-- Functions of Lua's library would hide Python's own (`type`, `print`).
local function is_library(value)
  if type(value) ~= 'function' then return false end
  return debug.getinfo(value, 'S').what == 'C'
end

local function environment(f)
  if getfenv then return getfenv(f) end
  for i = 1, 255 do
    local name, value = debug.getupvalue(f, i)
    if not name then break end
    if name == '_ENV' then return value end
  end
  return _G
end

local function index(t, key) return t[key] end

-- 5.2 and later tell of tail calls so, 5.1 by a level of its own, LuaJIT not.
local WHAT = pcall(debug.getinfo, 1, 't') and 'St' or 'S'

-- The level, for its caller, of the Lua function that called the one at
-- `level`, by itself or through C functions such as pcall; nil if there is none
-- or a tail call has taken its variables away.
local function calling(level)
  local info = debug.getinfo(level + 1, WHAT)
  repeat
    if info.istailcall then return nil end
    level = level + 1
    info = debug.getinfo(level + 1, WHAT)
  until not info or info.what ~= 'C'
  return info and info.what ~= 'tail' and level or nil
end

--- Values of the names that `code` reads, by the rules of the function that
--- called the one at `level`: innermost local first, then upvalues, then
--- globals. Values that Python cannot have are left out.
return function(core, code, is_exec, level)
  local wanted, found = {}, {}
  for _, name in ipairs(core._names(code, is_exec)) do wanted[name] = true end

  local function offer(name, value)
    if wanted[name] then found[name] = { value } end
  end

  level = calling(level)
  local f = level and debug.getinfo(level, 'f').func
  local globals = f and environment(f) or _G
  for name in pairs(wanted) do
    local there, value = pcall(index, globals, name) -- a strict one raises
    if there and value ~= nil and not is_library(value) then
      offer(name, value)
    end
  end
  for i = 1, f and 255 or 0 do
    local name, value = debug.getupvalue(f, i)
    if not name then break end
    offer(name, value)
  end
  for i = 1, f and 250 or 0 do -- later locals hide earlier ones of the same name
    local name, value = debug.getlocal(level, i)
    if not name then break end
    offer(name, value)
  end

  local values = {}
  for name, box in pairs(found) do
    local converted, ref = pcall(core.ref, box[1])
    if converted then values[name] = ref end
  end
  return values
end
