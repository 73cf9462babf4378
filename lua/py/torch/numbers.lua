-- SPDX-License-Identifier: MIT
-- Lua numbers as elements: cut off and wrapped as C does it.

local numbers = {}

local floor = math.floor

-- Towards zero.
local function truncate(value)
  if value ~= value then return 0 end
  -- What the machine makes of those that a long cannot hold.
  if value >= 2 ^ 63 or value < -2 ^ 63 then return floor(-2 ^ 63) end
  return value >= 0 and floor(value) or -floor(-value)
end
numbers.truncate = truncate

local function wrapped(bits, signed)
  local range, half = 2 ^ bits, 2 ^ (bits - 1)
  return function(value)
    if value ~= value or value >= 2 ^ 63 or value < -2 ^ 63 then return 0 end
    value = truncate(value) % range
    if signed and value >= half then value = value - range end
    return math.tointeger and math.tointeger(value) or value -- luacheck: ignore
  end
end

local function same(value) return value end

--- kind → function from a Lua number to what an element of that kind holds.
numbers.wrap = {
  Byte = wrapped(8), Char = wrapped(8, true), Short = wrapped(16, true),
  Int = wrapped(32, true), Long = truncate, Float = same, Double = same,
  Half = same,
}

--- "torch.ByteTensor" → "Byte".
numbers.kind = setmetatable({}, {
  __index = function(self, name)
    self[name] = name:match '^torch%.(%u%l+)[ST]'
    return self[name]
  end,
})

return numbers
