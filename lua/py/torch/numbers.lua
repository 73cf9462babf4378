-- SPDX-License-Identifier: MIT
-- Lua numbers as elements: cut off and wrapped as C does it on x86-64, where
-- floats that do not fit become the least integer, of 32 bits for all types but
-- Long.

local py = require 'py'

local numbers = {}

local floor = math.floor
local integer_type = math.type or function() end            -- luacheck: ignore
local whole = math.tointeger or function(x) return x end    -- luacheck: ignore

-- Towards zero; nan is the least, too.
local function truncate(value)
  if value >= 0 and value < 2 ^ 63 then return floor(value) end
  if value < 0 and value >= -2 ^ 63 then return -floor(-value) end
  return floor(-2 ^ 63)
end
numbers.truncate = truncate

local function wrapped(bits, signed)
  local range, half = whole(2 ^ bits), whole(2 ^ (bits - 1))
  return function(value)
    if integer_type(value) ~= 'integer' then
      if not (value > -2 ^ 31 - 1 and value < 2 ^ 31) then value = -2 ^ 31 end
      value = truncate(value)
    end
    value = value % range
    if signed and value >= half then value = value - range end
    return value
  end
end

local function same(value) return value end

--- kind → function from a Lua number to what an element of that kind holds.
numbers.wrap = {
  Byte = wrapped(8), Char = wrapped(8, true), Short = wrapped(16, true),
  Int = wrapped(32, true), Long = truncate, Float = same, Double = same,
  Half = same,
}

--- A Lua number as Python gets an element of that kind.
function numbers.cut(kind, value)
  value = numbers.wrap[kind](value)
  -- Such a number would be a float for Python, which NumPy adds to no integer.
  if kind == 'Long' and (value > 2 ^ 53 or value < -2 ^ 53) then return py.int(value) end
  return value
end

--- "torch.ByteTensor" → "Byte".
numbers.kind = setmetatable({}, {
  __index = function(self, name)
    self[name] = name:match '^torch%.(%u%l+)[ST]'
    return self[name]
  end,
})

return numbers
