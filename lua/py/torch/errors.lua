-- SPDX-License-Identifier: MIT
-- Errors as Torch7 words them. Scripts see the position of their own call and
-- the name under which they called, as with functions written in C; so both
-- are looked up when an error is raised, past all frames of this library.

local errors = {}

-- Never compiled: LuaJIT of 2022, as Debian 12 has it, gives failing calls in a loop
-- side traces that see the arguments of functions with `...` at the wrong place.
if rawget(_G, 'jit') then jit.off(true, true) end -- luacheck: ignore jit

-- What generated functions are called in tracebacks (see signature.lua).
errors.CHUNK = '=[py.torch]'

--- C functions that stand in front of those of this library (core.lua).
errors.operations = setmetatable({}, { __mode = 'k' })

local folder = debug.getinfo(1, 'S').source:match '^(@.*[/\\])[^/\\]+$' or '@'

local function is_library(info)
  if errors.operations[info.func] then return true end
  local source = info.source
  return source == errors.CHUNK
    or source:sub(1, #folder) == folder and source:find 'torch[/\\][^/\\]+$'
end

-- The level, seen from the caller of this function, of the frame that called
-- into the library; and how that frame named the function it called.
local function caller()
  local level, name, what = 2, nil, ''
  while true do
    local info = debug.getinfo(level, 'Snf')
    if not info then return level - 1, name, what end
    if not is_library(info) then return level - 1, name, what end
    name, what = info.name, info.namewhat
    level = level + 1
  end
end

--- Raises `message` with the position of the call into the library.
function errors.raise(message, ...)
  if select('#', ...) > 0 then message = message:format(...) end
  error(message, (caller()))
end

--- Raises what luaL_argerror would for argument `position`.
function errors.arg(position, message, ...)
  if select('#', ...) > 0 then message = message:format(...) end
  local level, name, what = caller()
  -- Torch7's functions of `torch` call those of the types, which so have no
  -- name; only methods have, and `t.new`.
  if what ~= 'method' and name ~= 'new' then name = '?' end
  if what == 'method' then
    position = position - 1
    if position == 0 then
      error(("calling '%s' on bad self (%s)"):format(name, message), level)
    end
  end
  error(("bad argument #%d to '%s' (%s)"):format(position, name, message),
    level)
end

-- Classes whose objects are tables here and userdata in Torch7.
local USERDATA = { ['torch.Generator'] = true, ['torch.Timer'] = true,
                   ['torch.DiskFile'] = true, ['torch.MemoryFile'] = true,
                   ['torch.PipeFile'] = true }

--- The luaL_check… functions.
local function got(value)
  if value == nil then return 'no value' end
  local metatable = type(value) == 'table' and getmetatable(value)
  local object = type(metatable) == 'table' and USERDATA[rawget(metatable, '__typename')]
  return object and 'userdata' or type(value)
end

--- What luaL_typerror raises: any object of Torch7's is a userdata for it.
function errors.expected(position, what, value)
  errors.arg(position, '%s expected, got %s', what, got(value))
end

-- The types of values by their numbers in C.
local NUMBERED = { 'boolean', 'userdata', 'number', 'string', 'table', 'function',
                   'userdata', 'thread' }

--- What luaT_typerror raises. It knows Torch7's objects; for others it takes the
--- number of the argument for that of a type.
function errors.expected_object(position, what, name)
  errors.arg(position, '%s expected, got %s', what,
    name or NUMBERED[position] or 'unknown object')
end

function errors.number(value, position)
  local number = tonumber(value)
  if not number or type(value) == 'table' then
    errors.arg(position, 'number expected, got %s', got(value))
  end
  return number
end

-- Truncates as a conversion from double to long does.
local function truncate(number)
  if number >= 0 then return number - number % 1 end
  return -(-number - -number % 1)
end

local tointeger = math.tointeger or function(x) return x end -- luacheck: ignore

function errors.integer(value, position)
  local number = errors.number(value, position)
  if number ~= number then return 0 end
  -- What the machine makes of those that a long cannot hold.
  if number >= 2 ^ 63 or number < -2 ^ 63 then number = -2 ^ 63 end
  local whole = truncate(number)
  return tointeger(whole) or whole
end

function errors.optional_integer(value, position, default)
  if value == nil then return default end
  return errors.integer(value, position)
end

function errors.string(value, position)
  if type(value) == 'number' then return tostring(value) end
  if type(value) ~= 'string' then
    errors.arg(position, 'string expected, got %s', got(value))
  end
  return value
end

function errors.callable(value, position)
  if type(value) ~= 'function' then
    errors.arg(position, 'function expected, got %s', got(value))
  end
  return value
end

return errors
