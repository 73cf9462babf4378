-- SPDX-License-Identifier: MIT
-- The Lua variables that a code string can see, for py.lexec and kin.

-- Functions of Lua's library would hide Python's own (`type`, `print`).
local function is_library(value)
  if type(value) ~= 'function' then return false end
  return debug.getinfo(value, 'S').what == 'C'
end

local function environment(f)
  if getfenv then return getfenv(f) end -- luacheck: ignore
  for i = 1, 255 do
    local name, value = debug.getupvalue(f, i)
    if not name then break end
    if name == '_ENV' then return value end
  end
  return _G
end

--- Values of the names that `code` reads, by the rules of the function at
--- `level`: innermost local first, then upvalues, then globals. Values that
--- Python cannot have are left out.
return function(core, code, is_exec, level)
  local wanted, found = {}, {}
  for _, name in ipairs(core._names(code, is_exec)) do wanted[name] = true end

  local function offer(name, value)
    if wanted[name] then found[name] = { value } end
  end

  local f = debug.getinfo(level, 'f').func
  local globals = environment(f)
  for name in pairs(wanted) do
    local value = type(globals) == 'table' and rawget(globals, name)
    if value and not is_library(value) then offer(name, value) end
  end
  for i = 1, 255 do
    local name, value = debug.getupvalue(f, i)
    if not name then break end
    offer(name, value)
  end
  for i = 1, 250 do -- later locals hide earlier ones of the same name
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
