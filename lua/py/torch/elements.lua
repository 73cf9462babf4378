-- SPDX-License-Identifier: MIT
-- Element by element: copies between types, and the functions that call Lua.

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local typename = class.typename
local helpers = tensors.helpers '_torch_index'

local elements = {}

local COPY = { 'tensor', 'src' }

local copyto -- NumPy's

--- t:copy(source): converts, and copies by order where sizes differ.
function elements.copy(t, source)
  types.check_tensor(t, 1)
  types.check_tensor(source, 2)
  if getmetatable(t) == getmetatable(source) and t:isSameSizeAs(source) then
    if t:dim() > 0 then
      copyto = copyto or tensors.lasting 'numpy'.copyto
      copyto(t, source)
    end
    return t
  end
  if t:nElement() ~= source:nElement() then
    geometry.check_counts(COPY, t, source)
  end
  if t:dim() > 0 then helpers.assign(t, source) end
  return t
end

-- The elements in order as a list of vectors on the tensor's memory.
local function rows_of(t)
  local n = t:nElement()
  if n == 0 then return {} end
  if t:isContiguous() then
    return { tensors.view(t, { n }, { 1 }, t:storageOffset() - 1) }
  end
  local list = {}
  local function collect(part)
    if part:dim() == 1 then
      list[#list + 1] = part
      return
    end
    for i = 1, part:size(1) do collect(part[i]) end
  end
  collect(t)
  return list
end
-- All elements in order as one vector, a copy if it must be.
local function flat(t)
  local n = t:nElement()
  if not t:isContiguous() then t = t:clone() end
  return tensors.view(t, { n }, { 1 }, t:storageOffset() - 1)
end

local function keep(row, i, value)
  if type(value) == 'number' then
    row[i] = value
  elseif value ~= nil then
    value = tonumber(value)
    if not value then
      errors.raise 'given function should return a number or nil'
    end
    row[i] = value
  end
end

function elements.apply(t, f)
  types.check_tensor(t, 1)
  errors.callable(f, 2)
  for _, row in ipairs(rows_of(t)) do
    for i = 1, row:size(1) do keep(row, i, f(row[i])) end
  end
  return t
end

local function check_map(t, a)
  if t:nElement() ~= a:nElement() then errors.raise 'size mismatch' end
end

-- Torch7 calls both functions `map` then.
local function check_mapped(t, a, position)
  local own = typename(types.check_tensor(t, 1))
  if typename(a) == own then return end
  errors.raise("bad argument #%d to 'map' (%s)", position,
    types.is_tensor(a) and ('%s expected, got %s'):format(own, typename(a))
      or 'tensor expected')
end

function elements.map(t, a, f)
  check_mapped(t, a, 1)
  check_map(t, a)
  errors.callable(f, 3)
  if t:dim() == 0 then return t end
  local values, n = flat(a), 0
  for _, row in ipairs(rows_of(t)) do
    for i = 1, row:size(1) do
      n = n + 1
      keep(row, i, f(row[i], values[n]))
    end
  end
  return t
end

function elements.map2(t, a, b, f)
  check_mapped(t, a, 1)
  check_mapped(t, b, 2)
  check_map(t, a)
  check_map(t, b)
  errors.callable(f, 4)
  if t:dim() == 0 then return t end
  local first, second, n = flat(a), flat(b), 0
  for _, row in ipairs(rows_of(t)) do
    for i = 1, row:size(1) do
      n = n + 1
      keep(row, i, f(row[i], first[n], second[n]))
    end
  end
  return t
end

function elements.totable(t)
  local result, nd = {}, t:dim()
  if nd == 1 then
    for i = 1, t:size(1) do result[i] = t[i] end
  elseif nd > 1 then
    for i = 1, t:size(1) do result[i] = elements.totable(t[i]) end
  end
  return result
end

-- Conversion -----------------------------------------------------------------------

--- t:type(): the name; t:type(name): the tensor in that type, itself if it is.
function elements.type(t, name)
  local own = typename(t)
  if not name or name == own then return name and t or own end
  local methods = class.getmetatable(name)
  if not methods or not methods.new then
    errors.raise('%s is no tensor type', tostring(name))
  end
  if t:nElement() == 0 then return methods.new() end
  return geometry.make_like(t, name):copy(t)
end

function elements.typeAs(t, other)
  return elements.type(t, other:type())
end

for _, kind in ipairs(tensors.NAMES) do
  elements[kind:lower()] = function(t)
    return elements.type(t, 'torch.' .. kind .. 'Tensor')
  end
end

return function(torch)
  elements.real = function(t)
    return elements.type(t, torch.getdefaulttensortype())
  end
  elements.isTensor = types.is_tensor -- torch.Tensor.isTensor
  tensors.operations(elements)
  types.add_methods(elements)
  function torch.totable(value)
    if types.is_tensor(value) or types.is_storage(value) then
      return value:totable()
    end
    errors.raise 'obj must be a Storage or a Tensor'
  end
end
