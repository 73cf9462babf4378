-- SPDX-License-Identifier: MIT
-- Tensors made by rules: zeros, ranges, joined ones.

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'

local helpers = tensors.helpers '_torch_matrix'
local math_helpers = tensors.helpers '_torch_math'
local typename = tensors.typename

local MOST_DIMENSIONS = 64 -- LP_MAX_DIMS of the core
local REAL = { 'Float', 'Double', 'Half' }
local INTEGERS = { Byte = true, Char = true, Short = true, Int = true,
                   Long = true }

local function filled(value)
  return function(result, sizes)
    geometry.resize(result, sizes)
    if result:dim() > 0 then math_helpers.fill(result, value) end
    return result
  end
end

local function is_integer(t)
  return INTEGERS[numbers.kind[typename(t)]]
end

-- first, first + step … up to last.
local function range(result, first, last, step)
  if is_integer(result) then
    first, last = numbers.truncate(first), numbers.truncate(last)
    step = numbers.truncate(step)
  end
  if not (step > 0 or step < 0) then
    errors.arg(3, 'step must be a non-null number')
  end
  if not (step > 0 and last >= first or step < 0 and last <= first) then
    errors.arg(2, 'upper bound and larger bound incoherent with step sign')
  end
  local n = math.floor((last - first) / step + 1)
  if result:nElement() ~= n then geometry.resize(result, { n }) end
  helpers.ramp(result, first, step)
  return result
end

local function spaced(helper)
  return function(result, first, last, n)
    n = numbers.truncate(n)
    if not (n > 1 or n == 1 and first == last) then
      errors.arg(3, 'invalid number of points')
    end
    if result:nElement() ~= n then
      geometry.resize(result, { n })
      return result[helper](result, first, last, n) -- perhaps by the core
    end
    helpers[helper](result, first, last)
    return result
  end
end

local function eye(result, rows, columns)
  rows, columns = numbers.truncate(rows), numbers.truncate(columns)
  if rows <= 0 then errors.arg(1, 'invalid argument') end
  if columns <= 0 then columns = rows end
  geometry.resize(result, { rows, columns })
  helpers.eye(result)
  return result
end

-- Joining ------------------------------------------------------------------------

-- The sizes of the joined tensors; `dim` from 1. A tensor counts as one of
-- more dimensions of size 1; one without elements adds nothing.
local function joined_sizes(list, dim, nd)
  local sizes = {}
  local function size_of(t, d)
    if d <= t:dim() then return t:size(d) end
    return t:dim() > 0 and 1 or 0
  end
  for d = 1, nd do
    local size = size_of(list[1], d)
    for i = 2, #list do
      local other = size_of(list[i], d)
      if d == dim then
        size = size + other
      elseif size ~= other and size > 0 and other > 0 then
        errors.raise 'inconsistent tensor sizes'
      elseif size == 0 then
        size = other
      end
    end
    sizes[d] = size
  end
  return sizes
end

local function cat(result, list, dim)
  dim = numbers.truncate(dim)
  local nd = math.max(dim, 0)
  for _, t in ipairs(list) do nd = math.max(nd, t:dim()) end
  if dim == -1 then dim = math.max(nd, 1) end
  if #list == 0 then errors.arg(3, 'invalid number of inputs 0') end
  if dim < 1 or dim > MOST_DIMENSIONS then errors.arg(4, 'invalid dimension %d', dim) end
  local sizes = joined_sizes(list, dim, nd)
  if geometry.count(sizes) == 0 then return result end
  geometry.resize(result, sizes)
  local first = 1
  for _, t in ipairs(list) do
    if t:dim() > 0 then
      local size = dim <= t:dim() and t:size(dim) or 1
      result:narrow(dim, first, size):copy(t)
      first = first + size
    end
  end
  return result
end

local function cat_list(result, list, dim)
  local name = typename(result)
  for i = 1, #list do
    if class.typename(list[i]) ~= name then
      errors.raise('expected %s in tensor array', name:gsub('^torch%.', ''), 1)
    end
  end
  return cat(result, list, dim)
end

-- Diagonals ------------------------------------------------------------------------

local function diag(result, t, k)
  k = numbers.truncate(k)
  local nd = t:dim()
  if nd ~= 1 and nd ~= 2 then errors.arg(1, 'matrix or a vector expected') end
  if rawequal(result, t) then t = t:clone() end
  if nd == 1 then
    local n = t:size(1) + math.abs(k)
    geometry.resize(result, { n, n })
  else
    local n = k >= 0 and math.min(t:size(1), t:size(2) - k)
      or math.min(t:size(1) + k, t:size(2))
    if n <= 0 then -- as Torch7's look at the empty result says
      errors.arg(2, 'dimension 1 out of range of 0D tensor')
    end
    geometry.resize(result, { n })
  end
  if result:dim() > 0 then helpers.diag(result, t, k) end
  return result
end

local function triangle(name)
  return function(result, t, k)
    if t:dim() ~= 2 then errors.arg(1, 'expected a matrix') end
    geometry.resize_as(result, t)
    helpers[name](result, t, numbers.truncate(k))
    return result
  end
end

return function(_, add)
  add('zeros', { 'R L', filled(0) })
  add('ones', { 'R L', filled(1) })
  add('range', { 'R n n n=1', range })
  add('linspace', { 'R n n n=100', spaced 'linspace' }, REAL)
  add('logspace', { 'R n n n=100', spaced 'logspace' }, REAL)
  add('eye', { 'R n n=0', eye })
  add('cat', {
    'N T T n=-1', function(result, a, b, dim)
      return cat(result, { a, b }, dim)
    end,
    'N A n=-1', cat_list,
  })
  add('diag', { 'N T n=0', diag })
  add('tril', { 'N T n=0', triangle 'tril' })
  add('triu', { 'N T n=0', triangle 'triu' })
end
