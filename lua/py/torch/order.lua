-- SPDX-License-Identifier: MIT
-- Sorting and what comes of it: values and their positions.

local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'

local helpers = tensors.helpers '_torch_reduce'

-- The dimension, by default the last one.
local function dimension(t, dim, argument, message)
  dim = dim and numbers.truncate(dim) or t:dim()
  if dim < 1 or dim > t:dim() then errors.arg(argument, message, dim) end
  return dim
end

local function resize_both(result, positions, sizes)
  geometry.resize(result, sizes)
  geometry.resize(positions, sizes)
end

local function sort(result, positions, t, dim, descending)
  dim = dimension(t, dim, 2, 'invalid dimension %d')
  resize_both(result, positions, (geometry.of(t)))
  helpers.sort(result, positions, t, dim, descending)
  return result, positions
end

local function topk(result, positions, t, k, dim, largest)
  k, dim = numbers.truncate(k), dimension(t, dim, 3, 'dim not in range')
  if k < 1 or k > t:size(dim) then
    errors.arg(2, 'k not in range for dimension')
  end
  local sizes = geometry.of(t)
  sizes[dim] = k
  resize_both(result, positions, sizes)
  helpers.topk(result, positions, t, k, dim, largest)
  return result, positions
end

local function picked(helper)
  return function(result, positions, t, dim)
    dim = dimension(t, dim, 3, 'dimension out of range')
    local sizes = geometry.of(t)
    sizes[dim] = 1
    resize_both(result, positions, sizes)
    helpers[helper](result, positions, t, dim)
    return result, positions
  end
end

local function kthvalue(result, positions, t, k, dim)
  k, dim = numbers.truncate(k), dimension(t, dim, 3, 'dimension out of range')
  if k < 1 or k > t:size(dim) then
    errors.arg(2, 'selected index out of range')
  end
  local sizes = geometry.of(t)
  sizes[dim] = 1
  resize_both(result, positions, sizes)
  helpers.kthvalue(result, positions, t, k, dim)
  return result, positions
end

return function(_, add)
  add('sort', { 'N NI T i? b=0', sort })
  add('topk', { 'N NI T n=1 i? b=0 b=0', topk })
  add('kthvalue', { 'N NI T n i?', kthvalue })
  add('mode', { 'N NI T i?', picked 'mode' })
  add('median', { 'N NI T i?', picked 'median' })

end
