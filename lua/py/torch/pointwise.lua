-- SPDX-License-Identifier: MIT
-- Elementwise mathematics, from tables: name, helper, forms and types.

local errors = require 'py.torch.errors'
local engine = require 'py.torch.engine'
local geometry = require 'py.torch.geometry'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'

local helpers = tensors.helpers '_torch_math'
local typename = tensors.typename
local like, check_counts = geometry.like, geometry.check_counts
local same_size = geometry.same_size
local kind_of = numbers.kind

local REAL = { 'Float', 'Double', 'Half' }
local REAL_KINDS = { Float = true, Double = true, Half = true }

-- A number as an element of `t` holds it.
local function cut(t, value)
  return numbers.cut(kind_of[typename(t)], value)
end

-- Functions of one tensor, and of one number -------------------------------------

local function round(x)
  return x >= 0 and math.floor(x + 0.5) or math.ceil(x - 0.5)
end
local function trunc(x) return x >= 0 and math.floor(x) or math.ceil(x) end
local exp = math.exp

local UNARY = { -- name → the same for a number
  log = math.log, exp = exp, cos = math.cos, acos = math.acos,
  sin = math.sin, asin = math.asin, tan = math.tan, atan = math.atan,
  sqrt = math.sqrt, ceil = math.ceil, floor = math.floor, abs = math.abs,
  log1p = function(x)
    local y = 1 + x
    return y == 1 and x or math.log(y) * (x / (y - 1))
  end,
  cosh = function(x) return (exp(x) + exp(-x)) / 2 end,
  sinh = function(x) return (exp(x) - exp(-x)) / 2 end,
  tanh = function(x)
    if math.abs(x) > 20 then return x > 0 and 1 or -1 end
    local y = exp(2 * x)
    return (y - 1) / (y + 1)
  end,
  round = round, trunc = trunc,
  frac = function(x) return x - trunc(x) end,
  rsqrt = function(x) return 1 / math.sqrt(x) end,
  sigmoid = function(x) return 1 / (1 + exp(-x)) end,
}

local function unary(name)
  local f
  return function(result, t)
    f = f or helpers[name]
    result = like(result, t)
    f(result, t)
    return result
  end
end

-- A tensor and a number, or another tensor ---------------------------------------

local SCALAR = { -- name of helper → function
  add = 'add', csub = 'sub', mul = 'mul', div = 'div', lshift = 'lshift',
  rshift = 'rshift', fmod = 'fmod', mod = 'fmod', remainder = 'remainder',
  bitand = 'bitand', bitor = 'bitor', bitxor = 'bitxor',
}
local TENSOR = {
  cmul = 'mul', cpow = 'pow', cdiv = 'div', clshift = 'lshift',
  crshift = 'rshift', cfmod = 'fmod', cmod = 'fmod', cremainder = 'remainder',
  cbitand = 'bitand', cbitor = 'bitor', cbitxor = 'bitxor',
}

local BITS = { bitand = true, bitor = true, bitxor = true, cbitand = true,
               cbitor = true, cbitxor = true }
local NAMES = { 'r_', 't', 'src' }

-- What Torch7 says of bits of floats.
local function check_bits(name, t)
  if BITS[name] and REAL_KINDS[kind_of[typename(t)]] then
    errors.raise('%s is only supported for integer type tensors', name)
  end
end

-- Only division by an integer 0 can fail.
local DIVISIONS = { div = true, fmod = true, remainder = true }

local function caller(helper)
  local f
  if not DIVISIONS[helper] then
    return function(result, a, b)
      f = f or helpers[helper]
      f(result, a, b)
    end
  end
  return function(result, a, b)
    local kind = helper == 'div' and kind_of[typename(a)]
    if kind == 'Double' or kind == 'Float' then
      helpers.divide(result, a, b)
    else
      engine.call(helpers[helper], result, a, b)
    end
  end
end

-- The error for a division by 0 that comes before the result is resized.
local function check_divisor(result, t, by)
  if result and not REAL_KINDS[kind_of[typename(t)]] and not same_size(result, t) then
    engine.call(helpers.check_divisor, by)
  end
end

local function scalar(name, helper)
  local f = caller(helper)
  local bits, divides = BITS[name], DIVISIONS[helper]
  return function(result, t, value)
    if bits then check_bits(name, t) end
    if divides then check_divisor(result, t, cut(t, value)) end
    result = like(result, t)
    f(result, t, cut(t, value))
    return result
  end
end

local function check_operands(result, t, source, names, divides)
  if not same_size(t, source) and t:nElement() ~= source:nElement() then
    check_counts(names or NAMES, nil, t, source)
  end
  if divides then check_divisor(result, t, source) end
  return like(result, t)
end

local function elementwise(name, helper, names)
  local f = caller(helper)
  local bits, divides = BITS[name], DIVISIONS[helper]
  return function(result, t, source)
    if bits then check_bits(name, t) end
    result = check_operands(result, t, source, names, divides)
    f(result, t, source)
    return result
  end
end

local function cadd(result, t, factor, source)
  result = check_operands(result, t, source)
  if factor == 1 then
    helpers.add(result, t, source)
  elseif factor == -1 then
    helpers.sub(result, t, source)
  else
    helpers.cadd(result, t, cut(t, factor), source)
  end
  return result
end

local function csub(result, t, factor, source)
  return cadd(result, t, -factor, source)
end

local function ternary(helper)
  return function(result, t, factor, a, b)
    if a:nElement() ~= b:nElement() or t:nElement() ~= a:nElement() then
      check_counts({ 'r_', 'src1', 'src2' }, t, a, b)
    end
    if helper == 'addcdiv' then check_divisor(result, t, b) end
    result = like(result, t)
    if t:dim() > 0 then
      engine.call(helpers[helper], result, t, cut(t, factor), a, b)
    end
    return result
  end
end

-- Comparisons: the result is a ByteTensor, or one of the type when given.
local function compare(name)
  local f
  return function(result, t, other)
    f = f or helpers[name]
    if type(other) == 'number' then
      other = cut(t, other)
    elseif t:nElement() ~= other:nElement() then
      check_counts({ 'r_', 'ta', 'tb' }, nil, t, other)
    end
    if result then
      like(result, t)
    else
      result = geometry.make_like(t, 'torch.ByteTensor')
    end
    f(result, t, other)
    return result
  end
end

local function extreme(name)
  local with_tensor = elementwise(name, name)
  return { 'N S T', function(result, t, other)
    t = t or tensors.new(typename(other)) -- where Torch7 takes the result
    result = check_operands(result, t, other, { 'r', 't', 'src' })
    return with_tensor(result, t, other)
  end, 'N S n', scalar(name, name) }
end

local function each(add, list, kinds, row_of)
  for name, value in pairs(list) do add(name, row_of(name, value), kinds) end
end

-- Fills ------------------------------------------------------------------------------

local function fill(t, value)
  if t:dim() > 0 then helpers.fill(t, cut(t, value)) end
  return t
end

return function(_, add_row)
  -- All these make their results themselves.
  local function add(name, row, kinds)
    row.lazy = true
    add_row(name, row, kinds)
  end

  each(add, UNARY, REAL, function(name, of_number)
    return { 'R S', unary(name), 'n', of_number }
  end)
  for _, name in ipairs { 'neg', 'cinv' } do
    add(name, { 'R S', unary(name) }, REAL)
  end
  add('sign', { 'R S', unary 'sign' })
  add('abs', { 'R S', unary 'abs', 'n', function(x)
    return math.abs(numbers.truncate(x))
  end }, { 'Int', 'Long' })

  each(add, SCALAR, nil, function(name, helper)
    return { 'R S n', scalar(name, helper) }
  end)
  add('add', { 'R S n', scalar('add', 'add'), 'R S n=1 T', cadd })
  add('csub', { 'R S n', scalar('csub', 'sub'), 'R S n=1 T', csub })
  each(add, TENSOR, nil, function(name, helper)
    return { 'R S T', elementwise(name, helper) }
  end)
  add('addcmul', { 'R S n=1 T T', ternary 'addcmul' })
  add('addcdiv', { 'R S n=1 T T', ternary 'addcdiv' })
  add('clamp', { 'R S n n', function(result, t, low, high)
    result = like(result, t)
    if t:dim() > 0 then helpers.clamp(result, t, cut(t, low), cut(t, high)) end
    return result
  end })
  add('cmax', extreme 'cmax')
  add('cmin', extreme 'cmin')

  for _, name in ipairs { 'lt', 'gt', 'le', 'ge', 'eq', 'ne' } do
    local f = compare(name)
    add(name, { 'NB T n', f, 'O T n', f, 'NB T T', f, 'O T T', f })
  end

  add('atan2', { 'R S T', elementwise('atan2', 'atan2', { 'r_', 'tx', 'ty' }),
               'n n',
               math.atan2 or math.atan }, REAL) -- luacheck: ignore
  add('pow', {
    'R S n', scalar('pow', 'pow'),
    'R n S', function(result, value, t)
      result = like(result, t)
      if t:dim() > 0 then helpers.tpow(result, value, t) end
      return result
    end,
    'n n', function(a, b) return a ^ b end,
  }, REAL)
  add('lerp', {
    'R S T n', function(result, a, b, weight)
      if a:nElement() ~= b:nElement() then
        errors.arg(2, 'sizes do not match')
      end
      result = like(result, a)
      if a:dim() > 0 then helpers.lerp(result, a, b, weight) end
      return result
    end,
    'n n n', function(a, b, weight) return a + weight * (b - a) end,
  }, REAL)

  add('fill', { 'O n', fill })
  add('zero', { 'O', function(t) return fill(t, 0) end })
end
