-- SPDX-License-Identifier: MIT
-- + - * / % of tensors and numbers: the result is a new tensor of the same
-- type, or the number that two vectors multiply to.

local errors = require 'py.torch.errors'
local engine = require 'py.torch.engine'
local geometry = require 'py.torch.geometry'
local matrix = require 'py.torch.matrix'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local typename = tensors.typename
local helpers = tensors.helpers '_torch_math'
local kind_of = numbers.kind

-- Both operands, where the first that is a tensor decides on the type.
local function operands(a, b)
  local name = type(a) == 'userdata' and typename(a) or typename(b)
  local function is(value)
    return type(value) == 'userdata' and typename(value) == name
  end
  return name, is(a), is(b)
end

local function number(value, position)
  if not tonumber(value) then
    errors.arg(position, 'number expected, got %s', type(value))
  end
  return tonumber(value)
end

local function with_number(helper, t, name, value)
  local result = geometry.make_like(t, name)
  if t:dim() > 0 then
    value = numbers.cut(kind_of[name], value)
    if value == 0 and helper ~= 'add' then -- may be a division
      engine.call(helpers[helper], result, t, value)
    else
      helpers[helper](result, t, value)
    end
  end
  return result
end

local function with_tensor(helper, a, b, name)
  if a:nElement() ~= b:nElement() then
    geometry.check_counts({ 'r_', 't', 'src' }, nil, a, b)
  end
  local result = geometry.make_like(a, name)
  if a:dim() > 0 then helpers[helper](result, a, b) end
  return result
end

return function(torch)
  local operators = {}

  function operators.__add__(a, b)
    local name, first, second = operands(a, b)
    if first and second then return with_tensor('add', a, b, name) end
    if first then return with_number('add', a, name, number(b, 2)) end
    return with_number('add', b, name, number(a, 1))
  end

  function operators.__sub__(a, b)
    local name, first, second = operands(a, b)
    if first and second then return with_tensor('sub', a, b, name) end
    if first then return with_number('add', a, name, -number(b, 2)) end
    local result = geometry.make_like(b, name)
    result:fill(number(a, 1))
    return result:add(-1, b)
  end

  function operators.__unm__(t)
    return with_number('mul', t, typename(t), -1)
  end

  function operators.__mul__(a, b)
    local name, first, second = operands(a, b)
    if first and second then
      local m, n = a:dim(), b:dim()
      if m == 1 and n == 1 then
        return torch.dot(a, b)
      elseif m == 2 and n == 1 then
        return matrix.mv(nil, a, b)
      elseif m == 2 and n == 2 then
        return matrix.mm(nil, a, b)
      end
      errors.raise('multiplication between %dD and %dD tensors not yet supported',
        m, n)
    end
    if first then return with_number('mul', a, name, number(b, 2)) end
    return with_number('mul', b, name, number(a, 1))
  end

  local function by_number(helper)
    return function(a, b)
      if not types.is_tensor(a) then
        errors.expected_object(1, typename(b), typename(a))
      end
      if not tonumber(b) then errors.arg(2, 'number expected') end
      return with_number(helper, a, typename(a), tonumber(b))
    end
  end
  operators.__div__ = by_number 'div'
  operators.__mod__ = by_number 'remainder'

  types.add_methods(operators)

  -- The metamethods do the usual ones at once.
  for _, kind in ipairs(tensors.NAMES) do
    local metatable = tensors.metatable('torch.' .. kind .. 'Tensor')
    for _, name in ipairs { '__add', '__sub', '__mul', '__div', '__mod', '__unm' } do
      rawset(metatable, name,
        tensors.operation(name .. '__', false, metatable[name]))
    end
  end
end
