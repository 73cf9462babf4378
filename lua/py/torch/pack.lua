-- SPDX-License-Identifier: MIT
-- Numbers as bytes and back, as files hold them, on every Lua.

local pack = {}

local char, byte = string.char, string.byte
local frexp, ldexp = math.frexp, math.ldexp -- luacheck: ignore
local floor, huge = math.floor, math.huge
local string_pack = string.pack             -- luacheck: ignore

local formats = { Byte = 'B', Char = 'b', Short = 'i2', Int = 'i4',
                  Long = 'i8', Float = 'f', Double = 'd' }
local sizes = { Byte = 1, Char = 1, Short = 2, Int = 4, Long = 8,
                Float = 4, Double = 8, Half = 2 }
pack.sizes = sizes

-- Integers: little-endian two's complement.
local function integer_bytes(value, size)
  local bytes = {}
  for i = 1, size do
    local low = value % 256
    bytes[i] = char(low)
    value = (value - low) / 256
  end
  return table.concat(bytes)
end

local function bytes_integer(text, size, signed)
  local top = byte(text, size)
  -- From the top down, so that -1 does not become 2^64 - 1 first.
  local value = signed and top >= 128 and top - 256 or top
  for i = size - 1, 1, -1 do value = value * 256 + byte(text, i) end
  return value
end

-- Floats of `digits` bits of mantissa and `bias` of the exponent.
local function float_bytes(value, size, digits, bias)
  local sign = 0
  if value < 0 or value == 0 and 1 / value < 0 then
    sign, value = 1, -value
  end
  local exponent, mantissa
  if value ~= value then
    sign, exponent, mantissa = 1, 2 * bias + 1, 2 ^ (digits - 1)
  elseif value == huge then
    exponent, mantissa = 2 * bias + 1, 0
  elseif value == 0 then
    exponent, mantissa = 0, 0
  else
    mantissa, exponent = frexp(value)
    exponent = exponent + bias - 1
    local scale = digits + 1
    if exponent <= 0 then -- subnormal
      scale, exponent = digits + exponent, 0
    end
    mantissa = ldexp(mantissa, scale)
    local whole = floor(mantissa)
    local rest = mantissa - whole
    if rest > 0.5 or rest == 0.5 and whole % 2 == 1 then whole = whole + 1 end
    mantissa = exponent > 0 and whole - 2 ^ digits or whole
    if mantissa >= 2 ^ digits then
      exponent, mantissa = exponent + 1, mantissa - 2 ^ digits
    end
    if exponent >= 2 * bias + 1 then
      exponent, mantissa = 2 * bias + 1, 0
    end
  end
  -- The top 16 bits apart, as a double has no room for 64.
  local low = mantissa % 2 ^ (size * 8 - 16)
  local high = (mantissa - low) / 2 ^ (size * 8 - 16)
  local step = 2 ^ (digits - (size * 8 - 16))
  return integer_bytes(low, size - 2)
    .. integer_bytes(sign * 32768 + exponent * step + high, 2)
end

local function bytes_float(text, size, digits, bias)
  local high = bytes_integer(text:sub(size - 1, size), 2)
  local low = bytes_integer(text, size - 2)
  local step = 2 ^ (digits - (size * 8 - 16))
  local sign = high >= 32768 and -1 or 1
  high = high % 32768
  local exponent = floor(high / step)
  local mantissa = (high % step) * 2 ^ (size * 8 - 16) + low
  if exponent == 2 * bias + 1 then
    return mantissa == 0 and sign * huge or 0 / 0
  elseif exponent == 0 then
    return sign * ldexp(mantissa, 1 - bias - digits)
  end
  return sign * ldexp(mantissa + 2 ^ digits, exponent - bias - digits)
end

--- The bytes of one number, little-endian.
function pack.number(kind, value)
  if string_pack then
    if kind ~= 'Float' and kind ~= 'Double' then
      value = math.tointeger(value) or floor(value)
    end
    return string_pack('<' .. formats[kind], value)
  elseif kind == 'Double' then
    return float_bytes(value, 8, 52, 1023)
  elseif kind == 'Float' then
    return float_bytes(value, 4, 23, 127)
  end
  return integer_bytes(value, sizes[kind])
end

--- The number in `text`.
function pack.value(kind, text)
  if string_pack then
    return (string.unpack('<' .. formats[kind], text)) -- luacheck: ignore
  elseif kind == 'Double' then
    return bytes_float(text, 8, 52, 1023)
  elseif kind == 'Float' then
    return bytes_float(text, 4, 23, 127)
  end
  return bytes_integer(text, sizes[kind], kind ~= 'Byte')
end

--- The bytes of each item of `size` bytes in reverse order.
function pack.swap(text, size)
  if size == 1 then return text end
  local pieces = {}
  for i = 1, #text, size do
    pieces[#pieces + 1] = text:sub(i, i + size - 1):reverse()
  end
  return table.concat(pieces)
end

-- As text --------------------------------------------------------------------

--- A number as `%d`, `%.9g` or `%.17g` print it.
function pack.text(kind, value)
  if kind == 'Float' or kind == 'Half' then
    return ('%.9g'):format(pack.value('Float', pack.number('Float', value)))
  elseif kind == 'Double' then
    return ('%.17g'):format(value)
  end
  return ('%d'):format(value)
end

local words = { nan = 0 / 0, inf = huge, infinity = huge }

--- The number that a word of a file means, or nil.
function pack.parse(word)
  local number = tonumber(word)
  if number then return number end
  local sign, rest = word:lower():match '^([+-]?)(.*)$'
  local value = words[rest]
  if value == nil then return nil end
  return sign == '-' and -value or value
end

return pack
