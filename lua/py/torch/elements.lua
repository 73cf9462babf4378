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

-- What the core's functions of these names do not take is wrong.

local function not_ours(t)
  errors.expected(1, 'torch.*Tensor', t)
end

function elements.apply(t, f)
  types.check_tensor(t, 1)
  errors.callable(f, 2)
  not_ours(t)
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
  not_ours(t)
end

function elements.map2(t, a, b, f)
  check_mapped(t, a, 1)
  check_mapped(t, b, 2)
  check_map(t, a)
  check_map(t, b)
  errors.callable(f, 4)
  not_ours(t)
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
  if rawget(_G, 'jit') then require 'py.torch.loops' (elements) end
  types.add_methods(elements)
  function torch.totable(value)
    if types.is_tensor(value) or types.is_storage(value) then
      return value:totable()
    end
    errors.raise 'obj must be a Storage or a Tensor'
  end
end
