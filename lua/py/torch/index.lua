-- SPDX-License-Identifier: MIT
-- t[{…}], masks, and the functions that pick elements by number.

local class = require 'py.torch.class'
local engine = require 'py.torch.engine'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local typename, integer = class.typename, errors.integer
local truncate = numbers.truncate
local rawlen = rawget(_G, 'rawlen') or function(t) return #t end
local helpers = tensors.helpers '_torch_index'

local index = {}

-- t[key] -------------------------------------------------------------------------

-- A position from the end if negative; from 0, or an error.
local function position(i, size, message)
  i = truncate(tonumber(i))
  if i < 1 then i = i + size + 1 end
  if i < 1 or i > size then errors.arg(2, message) end
  return i - 1
end

-- Text may be a number, as in Lua's own functions.
local function is_number(value)
  return type(value) == 'number' or type(value) == 'string' and tonumber(value) ~= nil
end

-- What a table of indices selects: a view; or nil and the offset of one
-- element.
local function resolve(t, key)
  local sizes, strides, offset = geometry.of(t)
  local nd = #sizes
  if rawlen(key) > nd then errors.arg(2, 'too many indices provided') end
  local kept, kept_strides = {}, {}
  local stop = nd + 1
  for d = 1, nd do
    local what = key[d]
    if is_number(what) then
      offset = offset + position(what, sizes[d], 'index out of bound') * strides[d]
    elseif type(what) == 'table' then
      local first, last = what[1], what[2]
      local from, to = 0, sizes[d] - 1
      if is_number(first) then
        from = position(first, sizes[d], 'start index out of bound')
        to = from
      end
      if is_number(last) then
        to = position(last, sizes[d], 'end index out of bound')
      end
      if to < from then
        errors.arg(2, 'end index must be greater or equal to start index')
      end
      offset = offset + from * strides[d]
      kept[#kept + 1], kept_strides[#kept + 1] = to - from + 1, strides[d]
    else
      stop = d
      break
    end
  end
  for d = stop, nd do
    kept[#kept + 1], kept_strides[#kept + 1] = sizes[d], strides[d]
  end
  if #kept == 0 and nd > 0 then return nil, offset end
  return tensors.view(t, kept, kept_strides, offset)
end

local function resolve_storage(t, key)
  local sizes, strides, offset = geometry.of(t)
  if key:size() ~= #sizes then errors.arg(2, 'invalid size') end
  for d = 1, #sizes do
    offset = offset + position(key[d], sizes[d], 'index out of bound') * strides[d]
  end
  return offset
end

-- The element at an offset of the storage, as a tensor.
local function at(t, offset)
  return tensors.view(t, { 1 }, { 1 }, offset)
end

local function read(t, key)
  local kind = typename(key)
  if type(key) == 'table' and not kind then
    local view, offset = resolve(t, key)
    return view or at(t, offset)[1]
  elseif kind == 'torch.LongStorage' then
    return at(t, resolve_storage(t, key))[1]
  elseif kind == 'torch.ByteTensor' then
    return t:maskedSelect(key)
  end
  return nil
end

local function check_real(value)
  if not tonumber(value) then
    errors.arg(3, 'number expected, got %s', type(value))
  end
  return tonumber(value)
end

local function assign(view, value)
  if is_number(value) then
    view:fill(tonumber(value))
  elseif types.is_tensor(value) then
    view:copy(value)
  else
    errors.arg(3, 'torch.*Tensor expected, got %s', type(value))
  end
end

local function write(t, key, value)
  local kind = typename(key)
  if type(key) == 'number' then
    local nd = t:dim()
    if nd == 0 then errors.arg(1, 'empty tensor') end
    local i, size = truncate(key), t:size(1)
    if i < 1 then i = i + size + 1 end
    if nd == 1 and tonumber(value) then
      if i < 1 or i > size then errors.arg(2, 'out of range') end
      t[i] = tonumber(value)
      return
    end
    if not tonumber(value) and not types.is_tensor(value) then
      assign(t, value) -- fails
    end
    if i < 1 or i > size then errors.arg(3, 'out of range') end
    assign(t:narrow(1, i, 1), value)
  elseif type(key) == 'table' and not kind then
    local view, offset = resolve(t, key)
    if view then
      assign(view, value)
    else
      at(t, offset)[1] = check_real(value)
    end
  elseif kind == 'torch.LongStorage' then
    value = check_real(value)
    at(t, resolve_storage(t, key))[1] = value
  elseif kind == 'torch.ByteTensor' then
    if tonumber(value) then
      t:maskedFill(key, tonumber(value))
    elseif typename(value) == typename(t) then
      t:maskedCopy(key, value)
    else
      errors.raise('number or %s expected', typename(t))
    end
  else
    errors.raise('the class %s cannot be indexed', typename(t))
  end
end

-- By lists of positions ----------------------------------------------------------

local function check_list(list, argument)
  return types.check_tensor(list, argument, 'torch.LongTensor')
end

-- The checks that index, indexCopy … share. Arguments are counted as in C.
local function check_dimension(t, dim, list)
  if list:dim() ~= 1 then errors.arg(3, 'Index is supposed to be a vector') end
  if dim > t:dim() then
    errors.arg(4, 'Indexing dim %d is out of bounds of tensor', dim)
  end
  if dim < 1 then errors.arg(2, 'out of range') end
end

local function check_positions(t, dim, list)
  engine.call(helpers.check, list, t:size(dim),
    t:dim() == 1 and 'out of range' or 'out of range', t:dim() == 1 and 2 or 3)
end

function index.index(...)
  local result, t, dim, list
  local n, own = select('#', ...), typename((...))
  if n == 3 then
    t, dim, list = ...
  elseif n == 4 then
    result, t, dim, list = ...
  else
    errors.raise('%s, number, torch.LongTensor | %s, %s, number, torch.LongTensor '
      .. 'expected', own, own, own)
  end
  types.check_tensor(t, n - 2, own)
  dim = integer(dim, n - 1)
  check_list(list, n)
  if t:dim() == 0 and dim < 1 then errors.arg(2, 'Source tensor is empty') end
  check_dimension(t, dim, list)
  if dim == 1 and t:isContiguous() then
    engine.call(helpers.check, list, t:size(1), 'index out of range')
  else
    check_positions(t, dim, list)
  end
  local sizes = geometry.of(t)
  sizes[dim] = list:nElement()
  if result then
    geometry.resize(result, sizes)
  else
    result = geometry.make(own, sizes)
  end
  if result:nElement() > 0 then helpers.select(result, t, dim, list) end
  return result
end

-- indexCopy and indexAdd: slices of `source` go to the positions in `t`.
local function by_slices(name, helper, names)
  return function(t, dim, list, source, ...)
    if source == nil or select('#', ...) > 0 then
      errors.raise('%s, number, torch.LongTensor, %s expected', typename(t), typename(t))
    end
    local own = typename(types.check_tensor(t, 1))
    dim = integer(dim, 2)
    check_list(list, 3)
    types.check_tensor(source, 4, own)
    check_dimension(source, dim, list)
    if list:nElement() ~= source:size(dim) then
      errors.arg(4, 'Number of indices should be equal to source:size(dim)')
    end
    check_positions(t, dim, list)
    if t:dim() == 1 and source:dim() > 1 then
      errors.arg(1, 'tensor must have one dimension')
    elseif t:dim() > 1 then
      if source:dim() == 1 then
        errors.arg(1, 'cannot select on a vector')
      end
      local slice, given = t:select(dim, 1), source:select(dim, 1)
      if slice:nElement() ~= given:nElement() then
        if not names[3] then geometry.check_counts(names, slice, given) end
        geometry.check_counts(names, slice, slice, given)
      end
    end
    local sizes = geometry.of(t)
    sizes[dim] = list:nElement()
    if not source:isSize(tensors.long_storage(sizes)) then
      -- Only as many elements: slice by slice.
      for i = 1, list:nElement() do
        local to = t:narrow(dim, list[i], 1)
        to[name](to, source:narrow(dim, i, 1))
      end
      return t
    end
    helper(t, dim, list, source)
    return t
  end
end

index.indexCopy = by_slices('copy', function(...) helpers.copy(...) end,
  { 'tensor', 'src' })
index.indexAdd = by_slices('add', function(...) helpers.add(...) end,
  { 'r_', 't', 'src' })

function index.indexFill(t, dim, list, value, ...)
  if value == nil or select('#', ...) > 0 then
    errors.raise('%s, number, torch.LongTensor, number expected', typename(t))
  end
  types.check_tensor(t, 1)
  dim = integer(dim, 2)
  check_list(list, 3)
  value = errors.number(value, 4)
  check_dimension(t, dim, list)
  check_positions(t, dim, list)
  helpers.fill(t, dim, list, numbers.wrap[numbers.kind[typename(t)]](value))
  return t
end

-- By masks -------------------------------------------------------------------------

local MASK = { 'src', 'mask' }

local function check_mask(mask, argument)
  return types.check_tensor(mask, argument, 'torch.ByteTensor')
end

function index.maskedSelect(...)
  local result, t, mask
  local n, own = select('#', ...), typename((...))
  if n == 2 then
    t, mask = ...
  elseif n == 3 then
    result, t, mask = ...
  else
    errors.raise('%s, torch.ByteTensor | %s, %s, torch.ByteTensor expected',
      own, own, own)
  end
  types.check_tensor(t, n - 1, own)
  check_mask(mask, n)
  geometry.check_counts(MASK, t, mask)
  local count = engine.number(helpers.count, mask)
  result = result or tensors.new(own)
  geometry.resize(result, { count })
  if count > 0 then helpers.masked_select(result, t, mask) end
  return result
end

function index.maskedFill(t, mask, value, ...)
  if value == nil or select('#', ...) > 0 then
    errors.raise('%s, torch.ByteTensor, number expected', typename(t))
  end
  types.check_tensor(t, 1)
  check_mask(mask, 2)
  value = errors.number(value, 3)
  geometry.check_counts({ 'tensor', 'mask' }, t, mask)
  engine.call(helpers.masked_fill, t, mask,
    numbers.wrap[numbers.kind[typename(t)]](value))
  return t
end

function index.maskedCopy(t, mask, source, ...)
  if source == nil or select('#', ...) > 0 then
    errors.raise('%s, torch.ByteTensor, %s expected', typename(t), typename(t))
  end
  local own = typename(types.check_tensor(t, 1))
  check_mask(mask, 2)
  types.check_tensor(source, 3, own)
  if t:nElement() ~= mask:nElement() then
    errors.raise 'Number of elements of destination tensor != Number of elements in mask'
  end
  engine.call(helpers.masked_copy, t, mask, source)
  return t
end

-- Rows of signature.lua ------------------------------------------------------------

local functions = {}

-- All sizes but that of `dim` (from 1) agree. Torch7 names that dimension,
-- counted from 0, in its error.
local function check_rows(names, dim, a, b, c)
  for d = 1, a:dim() do
    if d ~= dim and (a:size(d) ~= b:size(d) or c and c:size(d) ~= a:size(d)) then
      local text = geometry.text
      if not c then
        errors.raise('Expected %s %s and %s %s to have the same size in '
          .. 'dimension %d', names[1], text(a), names[2], text(b), dim - 1)
      end
      errors.raise('Expected %s %s, %s %s and %s %s to have the same size in '
        .. 'dimension %d', names[1], text(a), names[2], text(b), names[3],
        text(c), dim - 1)
    end
  end
end

-- Dimensions below 1 Torch7 only sees when it asks for their size.
local function check_low(dim, list)
  if dim < 1 then
    errors.arg(2, 'dimension %d out of range of %dD tensor', dim, list:dim())
  end
end

functions.gather = {
  'N T i I', function(result, t, dim, list)
    dim = integer(dim, 3)
    local like = result or list -- a result that is given keeps its sizes
    if t:dim() ~= like:dim() then
      errors.arg(2, 'Input tensor must have same dimensions as output tensor')
    end
    if dim > like:dim() then errors.arg(3, 'Index dimension is out of bounds') end
    if t:dim() ~= list:dim() then
      errors.arg(4, 'Index tensor must have same dimensions as input tensor')
    end
    check_low(dim, list)
    check_rows({ 'tensor', 'src', 'index' }, dim, like, t, list)
    if like:size(dim) < list:size(dim) then
      errors.arg(4, 'Index tensor is larger than the output tensor')
    end
    engine.call(helpers.check, list, t:size(dim), 'Invalid index in gather')
    if not result then result = geometry.make_like(list, typename(t)) end
    helpers.gather(result:narrow(dim, 1, list:size(dim)), t, dim, list)
    return result
  end,
  lazy = true,
}

local function scatter_checks(t, dim, list, name, source)
  dim = integer(dim, 2)
  if dim > t:dim() then errors.arg(2, 'Index dimension is out of bounds') end
  if list:dim() ~= t:dim() then
    errors.arg(3, 'Index tensor must have same dimensions as output tensor')
  end
  if source and source:dim() ~= t:dim() then
    errors.arg(4, 'Input tensor must have same dimensions as output tensor')
  end
  check_low(dim, list)
  if source then
    check_rows({ 'tensor', 'src', 'index' }, dim, t, source, list)
  else
    check_rows({ 'tensor', 'index' }, dim, t, list)
  end
  engine.call(helpers.check, list, t:size(dim), 'Invalid index in ' .. name)
  return dim
end

local function scatter(name, helper)
  return function(t, dim, list, source)
    dim = scatter_checks(t, dim, list, name, source)
    helper(t, dim, list, source:narrow(dim, 1,
      math.min(source:size(dim), list:size(dim))))
    return t
  end
end

functions.scatter = {
  'O i I T', scatter('scatter', function(...) helpers.scatter(...) end),
  'O i I n', function(t, dim, list, value)
    dim = scatter_checks(t, dim, list, 'scatter')
    helpers.scatter(t, dim, list,
      numbers.wrap[numbers.kind[typename(t)]](value))
    return t
  end,
}

functions.nonzero = {
  'NI T', function(result, t)
    local n = engine.number(helpers.count_nonzero, t)
    geometry.resize(result, n > 0 and { n, t:dim() } or {})
    if n > 0 then helpers.nonzero(result, t) end
    return result
  end,
}

return function(torch, add)
  index.__index__, index.__newindex__ = read, write
  tensors.operations(index)
  types.add_methods(index)
  for name in pairs(index) do
    if name:match '^masked' then torch[name] = torch[name] end
  end
  for name, row in pairs(functions) do add(name, row) end
end
