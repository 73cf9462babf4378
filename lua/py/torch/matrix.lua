-- SPDX-License-Identifier: MIT
-- Products of matrices, vectors and batches.

local errors = require 'py.torch.errors'
local engine = require 'py.torch.engine'
local geometry = require 'py.torch.geometry'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'

local helpers = tensors.helpers '_torch_matrix'
local text = geometry.text
local kind_of = numbers.kind

local matrix = {}

-- Checks -----------------------------------------------------------------------

-- What `a` and `b` multiply to, as sizes.
local function of_vector(a, b)
  if a:dim() ~= 2 or b:dim() ~= 1 then
    errors.raise('matrix and vector expected, got %dD, %dD', a:dim(), b:dim())
  end
  if a:size(2) ~= b:size(1) then
    errors.raise('size mismatch, %s, %s', text(a), text(b))
  end
  return { a:size(1) }
end

local function of_matrices(a, b)
  if a:dim() ~= 2 or b:dim() ~= 2 then
    errors.raise('matrices expected, got %dD, %dD tensors', a:dim(), b:dim())
  end
  if a:size(2) ~= b:size(1) then
    errors.raise('size mismatch, m1: %s, m2: %s', text(a), text(b))
  end
  return { a:size(1), b:size(2) }
end

local function of_vectors(a, b)
  if a:dim() ~= 1 or b:dim() ~= 1 then
    errors.raise('vector and vector expected, got %dD, %dD tensors', a:dim(),
      b:dim())
  end
  return { a:size(1), b:size(1) }
end

local function of_batches(a, b)
  if a:size(1) ~= b:size(1) then
    errors.arg(2, 'equal number of batches expected, got %d, %d', a:size(1),
      b:size(1))
  end
  if a:size(3) ~= b:size(2) then
    errors.arg(2, 'wrong matrix size, batch1: %dx%d, batch2: %dx%d',
      a:size(2), a:size(3), b:size(2), b:size(3))
  end
  return { a:size(1), a:size(2), b:size(3) }
end

local function of_summed_batches(a, b)
  local sizes = of_batches(a, b)
  return { sizes[2], sizes[3] }
end

-- Whether the tensor that is added has these sizes; `complain(t, a, b)` not.
local function check_added(t, sizes, a, b, complain)
  for d = 1, #sizes do
    if t:size(d) ~= sizes[d] then complain(t, a, b) end
  end
end

local COMPLAIN = {
  addmv = function(t, a)
    errors.raise('size mismatch, t: %s, mat: %s', text(t), text(a))
  end,
  addmm = function(t, a, b)
    errors.raise('size mismatch, t: %s, m1: %s, m2: %s', text(t), text(a), text(b))
  end,
  addr = function(t, a, b)
    errors.raise('size mismatch, t: %s, vec1: %s, vec2: %s', text(t), text(a),
      text(b))
  end,
  addbmm = function() errors.arg(1, 'output tensor of incorrect size') end,
}
COMPLAIN.baddbmm = COMPLAIN.addbmm

-- Products -----------------------------------------------------------------------

-- A result that is given has its sizes already: it is not resized.
local DIMENSIONS = {
  addmm = 'matrix expected, got %dD tensor for t',
  addmv = 'vector expected, got t: %dD',
  addr = 'expected matrix, got %dD tensor for t',
}

local function check_given(name, result, sizes, a, b)
  local nd = result:dim()
  if DIMENSIONS[name] and nd ~= #sizes then
    errors.raise(DIMENSIONS[name], nd)
  end
  for d = 1, #sizes do
    if d > nd then
      errors.arg(2, 'dimension %d out of range of %dD tensor', d, nd)
    end
    if result:size(d) ~= sizes[d] then COMPLAIN[name](result, a, b) end
  end
end

local function product(name, check, helper)
  return function(result, a, b)
    local sizes = check(a, b)
    if result then
      check_given(name, result, sizes, a, b)
    else
      result = tensors.empty(tensors.typename(a), sizes)
    end
    helper(result, a, b)
    return result
  end
end

local function multiply(result, a, b) helpers.product(result, a, b) end

matrix.mm = product('addmm', of_matrices, multiply)
matrix.mv = product('addmv', of_vector, multiply)
matrix.bmm = product('baddbmm', of_batches, multiply)
matrix.ger = product('addr', of_vectors, function(result, a, b)
  helpers.add_outer(result, 0, result, 1, a, b)
end)

local function added(name, check, helper)
  return function(result, beta, t, alpha, a, b)
    check_added(t, check(a, b), a, b, COMPLAIN[name])
    local kind = kind_of[tensors.typename(t)]
    geometry.resize_as(result, t)
    helpers[helper](result, numbers.cut(kind, beta), t, numbers.cut(kind, alpha), a, b)
    return result
  end
end

local function cross(result, a, b, dim)
  if a:dim() ~= b:dim() then
    errors.raise('inconsistent tensor dimension %dD, %dD', a:dim(), b:dim())
  end
  if not geometry.same_size(a, b) then
    errors.raise('inconsistent tensor sizes %s, %s', text(a), text(b))
  end
  dim = numbers.truncate(dim)
  if dim <= 0 then
    for d = a:dim(), 1, -1 do
      if a:size(d) == 3 then dim = d end
    end
    if dim <= 0 then
      errors.raise('no dimension of size 3 in a: %s', text(a))
    end
  end
  if dim > a:dim() then errors.arg(3, 'dimension %d out of range', dim) end
  if a:size(dim) ~= 3 then
    errors.arg(3, 'dimension %d does not have size 3', dim)
  end
  geometry.resize_as(result, a)
  helpers.cross(result, a, b, dim)
  return result
end

local function match(result, a, b, gain)
  if a:nElement() == 0 or b:nElement() == 0
      or a:nElement() / a:size(1) ~= b:nElement() / b:size(1) then
    errors.arg(3, 'm1 and m2 must have the same inner vector dim')
  end
  geometry.resize(result, { a:size(1), b:size(1) })
  helpers.match(result, a, b, numbers.cut(kind_of[a:type()], gain))
  return result
end

local ADDED = { -- name, dimensions of t, a and b, check, helper
  { 'addmv', 1, 2, 1, of_vector, 'add_product' },
  { 'addmm', 2, 2, 2, of_matrices, 'add_product' },
  { 'addr', 2, 1, 1, of_vectors, 'add_outer' },
  { 'addbmm', 2, 3, 3, of_summed_batches, 'add_products' },
  { 'baddbmm', 3, 3, 3, of_batches, 'add_product' },
}

function matrix.install(_, add)
  add('mm', { 'R T2 T2', matrix.mm, lazy = true })
  add('mv', { 'R T2 T1', matrix.mv, lazy = true })
  add('bmm', { 'R T3 T3', matrix.bmm, lazy = true })
  add('ger', { 'R T1 T1', matrix.ger, lazy = true })
  for _, row in ipairs(ADDED) do
    local name, t, a, b = row[1], row[2], row[3], row[4]
    local run = added(name, row[5], row[6])
    local forms = { ('N n=1 T%d n=1 T%d T%d'):format(t, a, b), run }
    -- As a method: self is added to when no other tensor is given; one number
    -- scales the product, two scale both.
    forms.method = {
      ('O%d T%d T%d'):format(t, a, b), function(r, x, y)
        return run(r, 1, r, 1, x, y)
      end,
      ('O%d n T%d T%d'):format(t, a, b), function(r, alpha, x, y)
        return run(r, 1, r, alpha, x, y)
      end,
      ('O%d T%d T%d T%d'):format(t, t, a, b), function(r, s, x, y)
        return run(r, 1, s, 1, x, y)
      end,
      ('O%d T%d n T%d T%d'):format(t, t, a, b), function(r, s, alpha, x, y)
        return run(r, 1, s, alpha, x, y)
      end,
      ('O%d n n T%d T%d'):format(t, a, b), function(r, beta, alpha, x, y)
        return run(r, beta, r, alpha, x, y)
      end,
      ('O%d n T%d n T%d T%d'):format(t, t, a, b),
      function(r, beta, s, alpha, x, y)
        return run(r, beta, s, alpha, x, y)
      end,
    }
    add(name, forms)
  end
  add('trace', { 'T', function(t)
    if t:dim() ~= 2 then errors.arg(1, 'expected a matrix') end
    return engine.value(helpers.trace(t))
  end })
  add('cross', { 'N T T n=0', cross })
  add('match', { 'R T T n=1', match })
end

return setmetatable(matrix, { __call = function(self, ...)
  return self.install(...)
end })
