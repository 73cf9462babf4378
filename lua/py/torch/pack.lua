-- SPDX-License-Identifier: MIT
-- Numbers as bytes and back, as files hold them.

local tensors = require 'py.torch.core'

local pack = {}

local huge = math.huge

pack.sizes = { Byte = 1, Char = 1, Short = 2, Int = 4, Long = 8,
               Float = 4, Double = 8, Half = 2 }

local types = {}
for kind in pairs(pack.sizes) do types[kind] = 'torch.' .. kind .. 'Tensor' end

--- A number as the `size` bytes of an element, as C would store it; fewer than
--- it has are its least.
function pack.number(kind, value, size)
  local text = tensors.pack(types[kind], value)
  if size == #text then return text end
  return pack.little_endian() and text:sub(1, size) or text:sub(-size)
end

--- The number in `text`; a Long may have the bytes of an Int.
function pack.value(kind, text)
  return tensors.unpack(types[#text < pack.sizes[kind] and 'Int' or kind], text)
end

function pack.little_endian()
  return tensors.pack(types.Short, 1) == '\1\0'
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
    return ('%.9g'):format(pack.value('Float', pack.number('Float', value, 4)))
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
