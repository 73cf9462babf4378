-- SPDX-License-Identifier: MIT
-- Equality of what tests compare: numbers within a tolerance, tensors and
-- storages by elements, tables by what is in them. The functions return
-- whether both are equal, and how they differ, or in what they agree.

local class = require 'py.torch.class'
local types = require 'py.torch.types'

local compare = {}

local function elements(a, b, tolerance, noun)
  local largest = (a:double() - b:double()):abs():max()
  return largest <= tolerance, ('%s%%s violation: max diff=%s, tolerance=%s')
    :format(noun, tostring(largest), tostring(tolerance))
end

--- `loose` tensors may differ in dimensions.
function compare.tensors(a, b, tolerance, loose)
  if not loose and a:dim() ~= b:dim() then
    return false, 'The tensors have different dimensions'
  elseif a:type() ~= b:type() then
    return false, 'The tensors have different types'
  elseif a:dim() == 0 and b:dim() == 0 then
    return true, 'Both tensors are empty'
  end
  local same = a:isSameSizeAs(b)
  if loose then same = a:nElement() == b:nElement() end
  if not same then return false, 'The tensors have different sizes' end
  return elements(a, b, tolerance, 'Tensor')
end

local function storages(a, b, tolerance)
  if a:size() ~= b:size() then
    return false, 'The storages have different sizes'
  elseif class.type(a) ~= class.type(b) then
    return false, 'The storages have different types'
  elseif a:size() == 0 then
    return true, 'Both storages are empty'
  end
  local maker = class.getmetatable((class.type(a):gsub('Storage', 'Tensor')))
  return elements(maker.new(a), maker.new(b), tolerance, 'Storage')
end

-- Level by level, so that the difference shown is the least deep one.
local function tables(a, b, tolerance)
  local queue, first = { { a, b, '' } }, 1
  while queue[first] do
    local one, other, path = queue[first][1], queue[first][2], queue[first][3]
    first = first + 1
    for key, value in pairs(one) do
      local location = path .. tostring(key)
      if other[key] == nil then
        return false, ('Entry %s missing in second table (is %s in first)')
          :format(location, tostring(value))
      elseif type(value) == 'table' and type(other[key]) == 'table' then
        queue[#queue + 1] = { value, other[key], location .. '.' }
      else
        local equal, message = compare.values(value, other[key], tolerance)
        if not equal then
          return false, 'At table location ' .. location .. ': ' .. message
        end
      end
    end
    for key, value in pairs(other) do
      if one[key] == nil then
        return false, ('Entry %s missing in first table (is %s in second)')
          :format(path .. tostring(key), tostring(value))
      end
    end
  end
  return true, 'The tables are equal'
end

function compare.values(a, b, tolerance)
  if type(a) ~= type(b) then
    return false, ('EQ failed: values have different types (first: %s, '
      .. 'second: %s)'):format(type(a), type(b))
  elseif type(a) == 'number' then
    local equal = math.abs(a - b) <= tolerance
    return equal, ('%s failed: %s %s %s%s'):format(equal and 'NE' or 'EQ',
      tostring(a), equal and '==' or '~=', tostring(b),
      tolerance > 0 and ' with tolerance=' .. tostring(tolerance) or '')
  elseif type(a) == 'table' then
    return tables(a, b, tolerance)
  elseif types.is_tensor(a) and types.is_tensor(b) then
    return compare.tensors(a, b, tolerance)
  elseif types.is_storage(a) and types.is_storage(b) then
    return storages(a, b, tolerance)
  end
  local equal = a == b
  return equal, ('%s failed: %s (%s) %s %s (%s)'):format(
    equal and 'NE' or 'EQ', tostring(a), type(a), equal and '==' or '~=',
    tostring(b), type(b))
end

--- The message with what was violated.
function compare.message(text, negated)
  return (text:gsub('%%s', negated and 'NE(==)' or 'EQ(==)'))
end

return compare
