-- SPDX-License-Identifier: MIT
-- The tensor and storage classes, their constructors, and the questions about
-- types.

local class = require 'py.torch.class'
local engine = require 'py.torch.engine'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'

local types = {}

local helpers = tensors.helpers '_torch_index'
local typename = class.typename
local rawlen = rawget(_G, 'rawlen') or function(t) return #t end

-- The methods of each class: name → table.
types.tensors, types.storages = {}, {}

local sizes_of_storage = function(s) return s:totable() end

-- Sizes (and strides) from the arguments from `first` on: a LongStorage and
-- perhaps another, or numbers; alternating with strides if `strided`.
local function read_sizes(strided, first, position, ...)
  if typename(first) == 'torch.LongStorage' then
    local strides = ...
    if strides ~= nil then
      if typename(strides) ~= 'torch.LongStorage' then
        errors.arg(position + 1, 'torch.LongStorage expected')
      end
      if strides:size() ~= first:size() then
        errors.arg(position + 1, 'provided stride and size are inconsistent')
      end
      strides = sizes_of_storage(strides)
    end
    return sizes_of_storage(first), strides
  end
  local sizes, strides = {}, strided and {} or nil
  local n = 1 + select('#', ...)
  local given = { first, ... }
  for i = 1, math.min(n, strided and 16 or 8) do
    local value = errors.integer(given[i], position + i - 1)
    if not strided then
      sizes[i] = value
    elseif i % 2 == 1 then
      sizes[(i + 1) / 2] = value
    else
      strides[i / 2] = value
    end
  end
  return sizes, strides
end
types.read_sizes = read_sizes

-- From nested tables -------------------------------------------------------------

local function table_sizes(t)
  local sizes = {}
  while type(t) == 'table' and rawlen(t) > 0 do
    sizes[#sizes + 1] = rawlen(t)
    t = t[1]
  end
  return sizes
end

local function flatten(t, sizes, depth, values)
  if type(t) ~= 'table' then errors.raise 'invalid tensor definition' end
  if rawlen(t) ~= sizes[depth] then errors.raise 'invalid tensor sizes' end
  for i = 1, sizes[depth] do
    local value = t[i]
    if depth < #sizes then
      flatten(value, sizes, depth + 1, values)
    else
      if type(value) ~= 'number' and not tonumber(value) then
        errors.raise 'invalid element (not a number)'
      end
      values[#values + 1] = tonumber(value)
    end
  end
end

local function from_table(name, t)
  local sizes = table_sizes(t)
  if #sizes == 0 then return tensors.new(name) end
  local values = {}
  flatten(t, sizes, 1, values)
  local result = tensors.empty(name, sizes)
  local flat = #sizes == 1 and result
    or tensors.view(result, { #values }, { 1 }, 0)
  for i = 1, #values do flat[i] = values[i] end
  return result
end

-- Constructors ---------------------------------------------------------------------

--- Where a constructor or `set` finds its tensor: storage (or nil), offset,
--- sizes and strides.
function types.read_source(name, position, ...)
  local n, first = select('#', ...), (...)
  local kind = typename(first)
  local storage_name = name:gsub('Tensor$', 'Storage')
  if n == 0 then return nil, 0, {}, nil end
  if kind == name then
    local sizes, strides, offset = geometry.of(first)
    return first:storage(), offset, sizes, strides
  elseif kind == storage_name then
    if n == 1 then return first, 0, { first:size() }, { 1 } end
    local offset = errors.integer((select(2, ...)), position + 1) - 1
    if n == 2 then return first, offset, {}, nil end
    return first, offset, read_sizes(true, (select(3, ...)), position + 2,
      select(4, ...))
  elseif type(first) == 'number' or kind == 'torch.LongStorage' then
    return nil, 0, read_sizes(false, first, position, select(2, ...))
  end
  errors.arg(position, 'expecting number or %s or %s', name, storage_name)
end

local function tensor_constructor(name)
  return tensors.operation(name, false, function(...)
    local first = ...
    if type(first) == 'table' and not typename(first) then
      return from_table(name, first)
    end
    if typename(first) == name then return geometry.alias(first) end
    local storage, offset, sizes, strides = types.read_source(name, 1, ...)
    if not storage and not strides then
      if not sizes[1] or sizes[1] <= 0 then return tensors.new(name) end
      return geometry.make(name, sizes)
    end
    return geometry.set(tensors.new(name), storage, offset, sizes, strides)
  end)
end

local function storage_from_table(name, t)
  local n = rawlen(t)
  for i = 1, n do
    if not tonumber(t[i]) then
      errors.raise('element at index %d is not a number', i)
    end
  end
  local storage = tensors.new_storage(name, n)
  for i = 1, n do storage[i] = tonumber(t[i]) end
  return storage
end

-- A storage on a part of another one's memory.
local function part_of(storage, offset, size)
  return engine.value(helpers.part(storage, offset, size)):storage()
end

-- A storage on memory that the caller keeps.
local function at_address(name, address, size)
  return engine.value(engine.call(helpers.at_address, address,
    name:match 'torch%.(%u%l+)', size)):storage()
end

-- A storage on the bytes of a file, which changes with it if `shared`, or on
-- shared memory of that name.
local function map_file(name, path, shared, size, in_memory)
  return engine.value(engine.call(helpers.map_file, path,
    name:match 'torch%.(%u%l+)', shared or false, size or 0,
    shared and in_memory or false)):storage()
end

local function check_boolean(value, position)
  if value ~= nil and type(value) ~= 'boolean' then
    errors.expected_object(position, 'boolean', typename(value))
  end
end

local function storage_constructor(name)
  return tensors.operation(name, false, function(...)
    local first, offset, size = ...
    if type(first) == 'table' and not typename(first) then
      return storage_from_table(name, first)
    elseif type(first) == 'string' then
      local path, shared, count, in_memory = ...
      check_boolean(shared, 2)
      count = errors.optional_integer(count, 3, 0)
      if shared then check_boolean(in_memory, 4) end
      return map_file(name, path, shared, count, in_memory)
    elseif type(first) == 'userdata' then
      if typename(first) ~= name then
        errors.expected_object(1, name, typename(first))
      end
      offset = errors.optional_integer(offset, 2, 1) - 1
      if offset < 0 or offset >= first:size() then
        errors.raise 'offset out of bounds'
      end
      size = errors.optional_integer(size, 3, first:size() - offset)
      if size < 1 or size > first:size() - offset then
        errors.raise 'size out of bounds'
      end
      return part_of(first, offset, size)
    end
    local n = errors.optional_integer(first, 1, 0)
    if n < 0 then errors.raise '$ Torch: invalid memory size -- maybe an overflow?' end
    local address = type(offset) == 'number' and errors.integer(offset, 2) or 0
    if address ~= 0 and n > 0 then return at_address(name, address, n) end
    return tensors.new_storage(name, n)
  end)
end

-- Classes ----------------------------------------------------------------------------

-- Makes the class `name` of what the core's metatable for it rules.
local function adopt(name, torch, constructor, factory)
  local metatable = tensors.metatable(name)
  local methods = metatable.__methods
  debug.setmetatable(methods, nil) -- the loader of this library
  for key in pairs(methods) do -- of an earlier load of it
    if key:match '^__' then methods[key] = nil end
  end
  class.newmetatable(name, nil, constructor, nil, factory, torch, methods)
  class.extend(metatable, name)
  return methods
end

--- Makes all classes in the table `torch`.
function types.install(torch)
  for _, kind in ipairs(tensors.NAMES) do
    local tensor, storage = 'torch.' .. kind .. 'Tensor', 'torch.' .. kind .. 'Storage'
    types.tensors[kind] = adopt(tensor, torch, tensor_constructor(tensor),
      function() return tensors.new(tensor) end)
    types.storages[kind] = adopt(storage, torch,
      storage_constructor(storage),
      function() return tensors.new_storage(storage, 0) end)
    types.tensors[kind].__typename = tensor
    types.storages[kind].__typename = storage
  end
end

local tensor_classes = {} -- metatable → true
for _, kind in ipairs(tensors.NAMES) do
  tensor_classes[tensors.metatable('torch.' .. kind .. 'Tensor').__methods] = true
end

-- Questions ----------------------------------------------------------------------------

-- name of a class → whether it says what the pattern does
local function by_pattern(pattern)
  return setmetatable({}, { __index = function(self, name)
    self[name] = name:find(pattern) ~= nil
    return self[name]
  end })
end
local of_tensors, of_storages = by_pattern 'torch.*Tensor', by_pattern 'torch.*Storage'

function types.is_tensor(value)
  local name = typename(value)
  return name ~= nil and of_tensors[name]
end

function types.is_storage(value)
  local name = typename(value)
  return name ~= nil and of_storages[name]
end

--- The methods of the type `kind` ("Double") get `functions`.
function types.add_methods(functions, kinds)
  for _, kind in ipairs(kinds or tensors.NAMES) do
    for name, f in pairs(functions) do types.tensors[kind][name] = f end
  end
end

--- `value` as the tensor of argument `position`, of the type `name` or of any.
function types.check_tensor(value, position, name)
  if type(value) == 'userdata' and not name and tensor_classes[getmetatable(value)] then
    return value
  end
  local own = typename(value)
  if name then
    if own ~= name then errors.expected_object(position, name, own) end
  elseif not types.is_tensor(value) then
    errors.expected(position, 'torch.*Tensor', value)
  end
  return value
end

return types
