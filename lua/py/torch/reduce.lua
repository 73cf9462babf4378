-- SPDX-License-Identifier: MIT
-- Sums and the like: of all elements a number, along a dimension a tensor in
-- which that dimension has size 1.

local errors = require 'py.torch.errors'
local engine = require 'py.torch.engine'
local geometry = require 'py.torch.geometry'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'

local helpers = tensors.helpers '_torch_reduce'
local value = engine.value

local REAL = { 'Float', 'Double', 'Half' }

-- Has a tensor these sizes? If a result had others, its method is called again once it has
-- been resized: the core computes small ones with digits of its own.
local function has_sizes(t, sizes)
  local own = geometry.of(t)
  for d = 1, math.max(#own, #sizes) do
    if own[d] ~= sizes[d] then return false end
  end
  return true
end

-- Checks a dimension, and gives `result` the sizes of `t` with 1 there. The second value
-- says whether it had them.
local function reduced(result, t, dim, argument, message)
  dim = numbers.truncate(dim)
  if dim < 1 or dim > t:dim() then
    errors.arg(argument or 2, message or 'dimension %d out of range', dim)
  end
  local sizes = geometry.of(t)
  sizes[dim] = 1
  local had = true
  for _, each in ipairs(type(result) == 'table' and result or { result }) do
    had = had and has_sizes(each, sizes)
    geometry.resize(each, sizes)
  end
  return dim, had
end

-- `t` itself, or a copy if the result would overwrite it.
local function apart(t, ...)
  for i = 1, select('#', ...) do
    if tensors.same_storage((select(i, ...)), t) then return t:clone() end
  end
  return t
end

local function of_all(helper, empty)
  return function(t, ...)
    if t:dim() == 0 then
      if type(empty) == 'string' then errors.arg(1, empty) end
      return empty
    end
    return value(helpers[helper](t, ...))
  end
end

local function along(helper, argument, message)
  return function(result, t, dim, ...)
    if result:storage() then t = apart(t, result) end
    local had
    dim, had = reduced(result, t, dim, argument, message)
    if not had then return result[helper](result, t, dim, ...) end
    helpers[helper](result, t, dim, ...)
    return result
  end
end

local function keeping(helper) -- the sizes stay
  return function(result, t, dim)
    dim = numbers.truncate(dim)
    if dim < 1 or dim > t:dim() then
      errors.arg(2, 'dimension %d out of range', dim)
    end
    if not result:isSameSizeAs(t) then
      geometry.resize_as(result, t)
      return result[helper](result, t, dim)
    end
    helpers[helper](result, t, dim)
    return result
  end
end

local function extremes(helper)
  return function(result, positions, t, dim)
    if result:storage() then t = apart(t, result) end
    dim = reduced({ result, positions }, t, dim)
    helpers[helper](result, positions, t, dim)
    return result, positions
  end
end

local function norm(result, t, p, dim)
  if result:storage() then t = apart(t, result) end
  local had
  dim, had = reduced(result, t, dim, 3, 'invalid dimension %d')
  if not had then return result:norm(t, p, dim) end
  helpers.norm(result, t, dim, p)
  return result
end

local function renorm(result, t, p, dim, limit)
  dim = numbers.truncate(dim)
  if dim < 1 or dim > t:dim() then
    errors.arg(3, 'invalid dimension %d', dim)
  end
  if p <= 0 or p ~= p then errors.arg(2, 'non-positive-norm not supported') end
  if t:dim() < 2 then
    errors.arg(1, 'need at least 2 dimensions, got %d dimensions', t:dim())
  end
  if not result:isSameSizeAs(t) then
    geometry.resize_as(result, t)
    return result:renorm(t, p, dim, limit)
  end
  helpers.renorm(result, t, p, dim, limit)
  return result
end

-- Histograms ---------------------------------------------------------------------

local function number_of_bins(bins)
  bins = numbers.truncate(bins)
  if bins <= 0 then errors.arg(2, 'must have at least one bin') end
  return bins
end

local function histc(result, t, bins, low, high)
  if t:dim() == 0 then errors.arg(1, 'tensor must have one dimension') end
  geometry.resize(result, { number_of_bins(bins) })
  helpers.histc(result, t, low, high)
  return result
end

local function bhistc(result, t, bins, low, high)
  if t:dim() >= 3 then
    errors.arg(2, 'invalid dimension %d, the input must be a 2d tensor', t:dim())
  elseif t:dim() < 2 then
    errors.arg(2, 'invalid dimension %d', 2)
  end
  geometry.resize(result, { t:size(1), number_of_bins(bins) })
  helpers.histc(result, t, low, high)
  return result
end

-- All and any --------------------------------------------------------------------

local function logical(helper)
  return function(t)
    if t:dim() == 0 then errors.arg(1, 'empty Tensor') end
    return value(helpers[helper](t))
  end
end

return function(_, add)
  add('sum', { 'T', of_all('sum_all', 0), 'N T i', along 'sum' })
  add('prod', { 'T', of_all('prod_all', 1), 'N T i', along 'prod' })
  add('cumsum', { 'N T n=1', keeping 'cumsum' })
  add('cumprod', { 'N T n=1', keeping 'cumprod' })
  for _, name in ipairs { 'min', 'max' } do
    add(name, { 'T', of_all(name .. '_all', 'tensor must have one dimension'),
                'N NI T i', extremes(name) })
  end
  add('mean', { 'T', of_all('mean_all', 'empty Tensor'),
                'N T i', along('mean', 2, 'invalid dimension %d') }, REAL)
  for _, name in ipairs { 'var', 'std' } do
    add(name, { 'T b=0', of_all(name .. '_all', 'empty Tensor'),
                'N T i b=0', along(name, 3, 'invalid dimension %d') }, REAL)
  end
  add('norm', { 'T n=2', of_all('norm_all', 0), 'N T n i', norm }, REAL)
  add('renorm', { 'R S n i n', renorm }, REAL)
  add('dist', { 'T T n=2', function(a, b, p)
    geometry.check_counts({ 'tensor', 'src' }, a, b)
    return a:dim() == 0 and 0 or value(helpers.dist(a, b, p))
  end }, REAL)
  add('dot', { 'T T', function(a, b)
    geometry.check_counts({ 'tensor', 'src' }, a, b)
    return a:dim() == 0 and 0 or value(helpers.dot(a, b))
  end })
  add('equal', { 'T T', function(a, b)
    return geometry.same_size(a, b) and value(helpers.equal(a, b))
  end })
  add('numel', { 'T', function(t) return t:nElement() end })
  add('histc', { 'N T n=100 n=0 n=0', histc }, REAL)
  add('bhistc', { 'N T n=100 n=0 n=0', bhistc }, REAL)
  add('all', { 'T', logical 'all_true' }, { 'Byte' })
  add('any', { 'T', logical 'any_true' }, { 'Byte' })
end
