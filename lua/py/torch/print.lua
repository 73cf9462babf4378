-- SPDX-License-Identifier: MIT
-- Tensors and storages as text, to the letter as Torch7 shows them.

local class = require 'py.torch.class'
local engine = require 'py.torch.engine'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local helpers = tensors.helpers '_torch_math'
local floor, huge = math.floor, math.huge
local log10 = math.log10 or function(x) return math.log(x, 10) end -- luacheck: ignore
local NAN_FORMAT = '%f'

-- Digits before the decimal point; 1 for 0.
local function exponent(value)
  if value == 0 then return 1 end
  if value ~= value or value == huge then return value end
  return floor(log10(value)) + 1
end

-- How to show elements of which these are true: format, scale or nil, width.
local function choose(integers, smallest, largest)
  local low, high = exponent(smallest), exponent(largest)
  if integers then
    if high > 9 then return '%11.4e', nil, 11 end
    return '%' .. floor(high + 1) .. 'd', nil, floor(high + 1)
  elseif high - low > 4 then
    local width = (math.abs(high) > 99 or math.abs(low) > 99) and 12 or 11
    return '%' .. width .. '.4e', nil, width
  elseif high ~= high then
    return NAN_FORMAT, nil, huge
  elseif high > 5 or high < 0 then
    local scale = 10 ^ (high - 1)
    return '%7.4f', scale ~= 1 and scale or nil, 7
  end
  local width = floor(high == 0 and 7 or high + 6)
  return '%' .. width .. '.4f', nil, width
end

-- Only integers? The least and greatest absolute values.
local function look(values)
  local found = engine.value(helpers.describe(values))
  return choose(found[1], found[2], found[3])
end

local function vector(lines, values, n, form, scale)
  if scale then lines[#lines + 1] = ('%g *\n'):format(scale) end
  for i = 1, n do
    lines[#lines + 1] = form:format(values[i] / (scale or 1)) .. '\n'
  end
end

-- The columns of a matrix from `first` to `last`.
local function columns(lines, t, first, last, indent, form, scale)
  if scale then lines[#lines + 1] = ('%g *\n '):format(scale) .. indent end
  local rows = t:size(1)
  for i = 1, rows do
    local row, cells = t[i], {}
    for c = first, last do
      cells[#cells + 1] = form:format(row[c] / (scale or 1))
    end
    lines[#lines + 1] = table.concat(cells, ' ') .. '\n'
    if i < rows then lines[#lines + 1] = indent .. (scale and ' ' or '') end
  end
end

local function matrix(lines, t, indent, form, scale, width)
  lines[#lines + 1] = indent
  local n = t:size(2)
  local at_once = width == huge and n or floor((80 - #indent) / (width + 1))
  for first = 1, n, at_once do
    local last = math.min(first + at_once - 1, n)
    if at_once < n then
      lines[#lines + 1] = (first > 1 and '\n' or '')
        .. ('Columns %d to %d\n'):format(first, last) .. indent
    end
    columns(lines, t, first, last, indent, form, scale)
  end
end

-- All matrices of a tensor, the first index running fastest.
local function matrices(lines, t, form, scale, width)
  local sizes = geometry.of(t)
  local outer, at = #sizes - 2, {}
  for d = 1, outer do at[d] = 1 end
  while true do
    local part, label = t, {}
    for d = 1, outer do
      part, label[d] = part:select(1, at[d]), at[d] .. ','
    end
    if #lines > 0 then lines[#lines + 1] = '\n' end
    lines[#lines + 1] = '(' .. table.concat(label) .. '.,.) = \n'
    matrix(lines, part, ' ', form, scale, width)
    local d = 1
    while d <= outer and at[d] == sizes[d] do
      at[d] = 1
      d = d + 1
    end
    if d > outer then return end
    at[d] = at[d] + 1
  end
end

local function tensor_text(t)
  local lines, nd = {}, t:dim()
  local name = class.typename(t)
  if nd == 0 then return '[' .. name .. ' with no dimension]\n' end
  local form, scale, width = look(t)
  if nd == 1 then
    vector(lines, t, t:size(1), form, scale)
  elseif nd == 2 then
    matrix(lines, t, '', form, scale, width)
  else
    matrices(lines, t, form, scale, width)
  end
  lines[#lines + 1] = ('[%s of size %s]\n'):format(name,
    table.concat((geometry.of(t)), 'x'))
  return table.concat(lines)
end

local function storage_text(s)
  local lines, n = {}, s:size()
  if n > 0 then
    local form, scale = look(s)
    vector(lines, s, n, form, scale)
  end
  lines[#lines + 1] = ('[%s of size %d]\n'):format(class.typename(s), n)
  return table.concat(lines)
end

return function()
  for _, methods in pairs(types.tensors) do
    methods.__tostring__ = tensor_text
  end
  for _, methods in pairs(types.storages) do
    methods.__tostring__ = storage_text
  end
end
