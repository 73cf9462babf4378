-- SPDX-License-Identifier: MIT
-- Other tensors on the same storage: no function here touches an element
-- (repeatTensor, which copies by definition, and `contiguous` excepted).

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local typename, integer = class.typename, errors.integer
local is_tensor = types.is_tensor

local views, functions = {}, {}

-- A dimension from 1, checked as argument `position`.
local function dimension(t, dim, position, message)
  dim = integer(dim, position + 1)
  if dim < 1 or dim > t:dim() then
    errors.arg(position, message or 'out of range')
  end
  return dim
end

-- Slices ---------------------------------------------------------------------

--- t:sub(first1, last1, first2, last2 …): up to four dimensions.
function views.sub(t, ...)
  types.check_tensor(t, 1)
  local given = { ... }
  local n = math.min(math.ceil(select('#', ...) / 2), 4)
  local sizes, strides, offset = geometry.of(t)
  for d = 1, math.max(n, 1) do
    local position = 2 * d
    local first = integer(given[position - 1], position)
    local last = integer(given[position], position + 1)
    local size = sizes[d]
    if not size then errors.arg(position, 'invalid dimension') end
    if first <= 0 then first = first + size + 1 end
    if last <= 0 then last = last + size + 1 end
    if first < 1 or first > size then errors.arg(position, 'out of range') end
    if last < 1 or last > size then
      errors.arg(position + 1, 'out of range')
    end
    if last < first then
      errors.arg(position + 1, 'end smaller than beginning')
    end
    offset = offset + (first - 1) * strides[d]
    sizes[d] = last - first + 1
  end
  return tensors.view(t, sizes, strides, offset)
end

function views.t(t)
  types.check_tensor(t, 1)
  if t:dim() ~= 2 then errors.arg(1, 'Tensor must have 2 dimensions') end
  return t:transpose(1, 2)
end

function views.permute(t, ...)
  local order, nd = { ... }, t:dim()
  local sizes, strides, offset = geometry.of(t)
  local new_sizes, new_strides, seen = {}, {}, {}
  local moved = false
  if #order ~= nd then errors.raise 'Invalid permutation' end
  if nd == 1 and order[1] == 0 then return t end -- as Torch7 takes it
  for d = 1, nd do
    local from = order[d]
    if not sizes[from] or seen[from] then errors.raise 'Invalid permutation' end
    seen[from], moved = true, moved or from ~= d
    new_sizes[d], new_strides[d] = sizes[from], strides[from]
  end
  if not moved then return t end
  return tensors.view(t, new_sizes, new_strides, offset)
end

function views.unfold(t, dim, size, step)
  types.check_tensor(t, 1)
  dim, size, step = integer(dim, 2), integer(size, 3), integer(step, 4)
  if t:dim() == 0 then errors.arg(1, 'cannot unfold an empty tensor') end
  dim = dimension(t, dim, 2)
  local sizes, strides, offset = geometry.of(t)
  if size > sizes[dim] then errors.arg(3, 'out of range') end
  if step <= 0 then errors.arg(4, 'invalid step') end
  local nd = #sizes
  sizes[nd + 1], strides[nd + 1] = size, strides[dim]
  sizes[dim] = math.floor((sizes[dim] - size) / step) + 1
  strides[dim] = step * strides[dim]
  return tensors.view(t, sizes, strides, offset)
end

-- Dimensions of size 1 -----------------------------------------------------------

local function squeezed(t, dim)
  local sizes, strides, offset = geometry.of(t)
  if dim then
    if sizes[dim] == 1 and #sizes > 1 then
      table.remove(sizes, dim)
      table.remove(strides, dim)
    end
    return sizes, strides, offset
  end
  local kept, kept_strides = {}, {}
  for d = 1, #sizes do
    if sizes[d] ~= 1 then
      kept[#kept + 1], kept_strides[#kept + 1] = sizes[d], strides[d]
    end
  end
  if #kept == 0 and #sizes > 0 then kept, kept_strides = { 1 }, { 1 } end
  return kept, kept_strides, offset
end

local function squeeze(result, t, dim)
  local had = t:dim()
  if dim then
    dim = integer(dim, 2)
    if dim < 1 or dim > had then errors.arg(2, 'dimension out of range') end
  end
  local sizes, strides, offset = squeezed(t, dim)
  tensors.set(result, t:storage(), offset, sizes, strides)
  -- Of a tensor of one element, a number is what is returned.
  if result:dim() == 1 and result:size(1) == 1 and not (dim and had > 1) then
    return result[1]
  end
  return result
end

functions.squeeze = { 'N T', squeeze, 'N T i', squeeze }

--- A dimension of size 1 before dimension `dim`.
function views.unsqueeze(result, t, dim)
  if not is_tensor(t) then result, t, dim = nil, result, t end
  types.check_tensor(t, 1)
  dim = integer(dim, 2)
  if dim < 1 or dim > t:dim() + 1 then
    errors.arg(2, 'dimension out of range')
  end
  if t:dim() == 0 then errors.arg(2, 'cannot unsqueeze empty tensor') end
  local sizes, strides, offset = geometry.of(t)
  local stride = sizes[dim] and sizes[dim] * strides[dim] or 1
  table.insert(sizes, dim, 1)
  table.insert(strides, dim, stride)
  if result then
    return tensors.set(result, t:storage(), offset, sizes, strides)
  end
  return tensors.view(t, sizes, strides, offset)
end

-- Other sizes --------------------------------------------------------------------

-- What Torch7 says while it puts sizes into a LongStorage, where text that is no
-- number counts as 0.
local function no_number(_, size)
  if type(size) == 'string' then return 0 end
  errors.raise("bad argument #3 to '?' (number expected, got %s)", type(size))
end
local function no_number_of_view(d)
  errors.raise('element at index %d is not a number', d)
end

-- The sizes in `…`: a LongStorage, or numbers.
local function list(complain, first, ...)
  if typename(first) == 'torch.LongStorage' then return first:totable() end
  local sizes = { first, ... }
  for d = 1, #sizes do
    sizes[d] = errors.integer(tonumber(sizes[d]) or complain(d, sizes[d]))
  end
  return sizes
end

-- Whether a call gave the result first: (result, tensor, sizes…).
local function split_result(complain, result, t, ...)
  if is_tensor(t) then return result, t, list(complain, ...) end
  if not tonumber(t) and typename(t) ~= 'torch.LongStorage' then
    list(complain, ...)
    errors.expected(2, 'torch.*Tensor', t)
  end
  return nil, result, list(complain, t, ...)
end

-- What Torch7 says when it sets `result`, or a new tensor, to the storage of `t`
-- and that is of another type, or not there.
local function check_place(result, t)
  local own = typename(result or t)
  if t:storage() and own == typename(t) then return end
  if typename(t) == 'torch.LongTensor' and t:storage() then -- could be sizes
    errors.raise "bad argument #2 to 'set' (torch.LongStorage expected)"
  end
  errors.raise("bad argument #1 to 'set' (expecting number or %s or %s)", own,
    (own:gsub('Tensor$', 'Storage')))
end

-- A new tensor, or `result`, on the storage of `t`.
local function place(result, t, sizes, strides, offset)
  if result then
    return geometry.set(result, t:storage(), offset, sizes, strides)
  end
  return tensors.view(t, sizes, strides, offset)
end

function views.expand(...)
  local result, t, wanted = split_result(no_number, ...)
  local sizes, strides, offset = geometry.of(t)
  if #wanted ~= #sizes then
    errors.raise 'the number of dimensions provided must equal tensor:dim()'
  end
  for d = 1, #sizes do
    if sizes[d] == 1 then
      sizes[d], strides[d] = wanted[d], 0
    elseif sizes[d] ~= wanted[d] then
      errors.raise 'incorrect size: only supporting singleton expansion (size=1)'
    end
  end
  check_place(result, t)
  return place(result, t, sizes, strides, offset)
end

function views.expandAs(result, t, template)
  if template then return views.expand(result, t, template:size()) end
  return views.expand(result, t:size())
end

-- Fills in the size that is -1.
local function infer(sizes, count)
  local missing, covered = nil, 1
  for d, size in ipairs(sizes) do
    if size == -1 then
      if missing then
        errors.raise 'Only one of torch.view dimensions can be -1.'
      end
      missing = d
    else
      covered = covered * size
    end
  end
  if missing then
    if count % covered ~= 0 then
      errors.raise 'The number of covered elements is not a multiple of all elements.'
    end
    sizes[missing] = math.floor(count / covered)
  end
  return sizes
end

local function times(sizes)
  return table.concat(sizes, 'x')
end

function views.view(...)
  local first, second, third = ...
  local numbers = is_tensor(second) and third or second
  if not is_tensor(first) or not (type(numbers) == 'number'
      or typename(numbers) == 'torch.LongStorage')
      or numbers == second and third ~= nil and type(numbers) ~= 'number' then
    errors.raise('torch.view, expected (torch.Tensor, torch.Tensor, number '
      .. '[, number ]*) or\n (torch.Tensor, torch.Tensor, torch.LongStorage) '
      .. 'or\n (torch.Tensor, torch.LongStorage)\n or (torch.Tensor, number '
      .. '[, number ]*)')
  end
  local result, t, wanted = split_result(no_number_of_view, ...)
  local count = t:nElement()
  local sizes = infer(wanted, count)
  if not t:isContiguous() then errors.raise 'expecting a contiguous tensor' end
  check_place(result, t)
  if geometry.count(sizes) ~= count then
    errors.raise('Wrong size for view. Input size: %s. Output size: %s',
      times((geometry.of(t))), times(sizes))
  end
  return place(result, t, sizes, nil, t:storageOffset() - 1)
end

function views.viewAs(result, t, template)
  if template ~= nil then
    if not typename(template) then
      errors.raise('expecting (torch.Tensor, torch.Tensor, torch.LongStorage) '
        .. 'or (torch.Tensor, torch.LongStorage)')
    end
    return views.view(result, t, template:size())
  end
  return views.view(result, t:size())
end

-- Pieces ---------------------------------------------------------------------------

local function split(t, size, dim)
  local parts, total, first = {}, t:size(dim), 1
  while first <= total do
    parts[#parts + 1] = t:narrow(dim, first, math.min(size, total - first + 1))
    first = first + size
  end
  return parts
end

local function pieces(f)
  return function(result, t, n, dim)
    if class.type(result) ~= 'table' then
      return f(result, t, n or 1)
    end
    local parts = f(t, n, dim or 1)
    for key in pairs(result) do result[key] = nil end
    for i, part in ipairs(parts) do result[i] = part end
    return result
  end
end

views.split = pieces(split)
views.chunk = pieces(function(t, n, dim)
  return split(t, math.ceil(t:size(dim) / n), dim)
end)

-- Copies -----------------------------------------------------------------------------

function views.repeatTensor(...)
  local result, t, times_each = split_result(no_number, ...)
  local sizes = geometry.of(t)
  local extra = #times_each - #sizes
  if extra < 0 then
    errors.raise('Number of dimensions of repeat dims can not be smaller '
      .. 'than number of dimensions of tensor')
  end
  if #times_each == 0 then -- what its resize gets
    errors.raise "bad argument #1 to 'resize' (number expected, got nil)"
  end
  local whole = {}
  for d = 1, #times_each do
    whole[d] = times_each[d] * (d > extra and sizes[d - extra] or 1)
    if whole[d] <= 0 then -- what Torch7 says of the result, with sizes up to here
      errors.raise("%s", d == 1
        and "calling 'unfold' on bad self (cannot unfold an empty tensor)"
        or "bad argument #2 to 'unfold' (out of range)")
    end
  end
  result = geometry.resize(result or tensors.new(typename(t)), whole)
  if #sizes == 0 then return result end -- nothing to repeat
  -- The result with each dimension split in (repetition, element), and the
  -- tensor with repetitions of stride 0.
  local split_sizes, split_strides, from_strides = {}, {}, {}
  local _, strides = geometry.of(result)
  local _, source_strides = geometry.of(t)
  for d = 1, #times_each do
    local size = d > extra and sizes[d - extra] or 1
    local at = 2 * d - 1
    split_sizes[at], split_sizes[at + 1] = times_each[d], size
    split_strides[at], split_strides[at + 1] = strides[d] * size, strides[d]
    from_strides[at] = 0
    from_strides[at + 1] = d > extra and source_strides[d - extra] or 0
  end
  local to = tensors.view(result, split_sizes, split_strides,
    result:storageOffset() - 1)
  local from = tensors.view(t, split_sizes, from_strides, t:storageOffset() - 1)
  to:copy(from)
  return result
end

functions.reshape = {
  'N T L', function(result, t, sizes)
    if geometry.count(sizes) ~= t:nElement() then
      local shown = tensors.new(typename(t))
      geometry.resize(shown, sizes)
      geometry.check_counts({ 'tensor', 'src' }, shown, t)
    end
    return geometry.resize(result, sizes):copy(t)
  end,
}

function views.contiguous(t)
  types.check_tensor(t, 1)
  return t:isContiguous() and t or views.clone(t)
end

function views.clone(t)
  types.check_tensor(t, 1)
  return geometry.make_like(t):copy(t)
end

-- In place ---------------------------------------------------------------------------

function views.set(t, ...)
  types.check_tensor(t, 1)
  local storage, offset, sizes, strides =
    types.read_source(typename(t), 2, ...)
  return geometry.set(t, storage, offset, sizes, strides)
end

function views.resize(t, ...)
  types.check_tensor(t, 1)
  if select('#', ...) == 0 then return geometry.resize(t, {}) end
  local sizes, strides = types.read_sizes(false, (...), 2, select(2, ...))
  return geometry.resize(t, sizes, strides)
end

function views.resizeAs(t, source)
  types.check_tensor(t, 1)
  types.check_tensor(source, 2, typename(t))
  return geometry.resize_as(t, source)
end

-- Questions ----------------------------------------------------------------------------

function views.isSameSizeAs(t, other)
  types.check_tensor(other, 2, typename(types.check_tensor(t, 1)))
  return geometry.same_size(t, other)
end

local is_set_to = tensors.metatable 'torch.DoubleTensor'.__methods.isSetTo

function views.isSetTo(t, other)
  types.check_tensor(other, 2, typename(types.check_tensor(t, 1)))
  return is_set_to(t, other)
end

function views.isSize(t, sizes)
  if typename(sizes) ~= 'torch.LongStorage' then
    errors.expected_object(2, 'torch.LongStorage', typename(sizes))
  end
  if sizes:size() ~= t:dim() then return false end
  for d = 1, t:dim() do
    if t:size(d) ~= sizes[d] then return false end
  end
  return true
end

local element_sizes = { Byte = 1, Char = 1, Short = 2, Int = 4, Long = 8,
                        Float = 4, Double = 8, Half = 2 }
function views.elementSize(t)
  return element_sizes[typename(t):match 'torch%.(%u%l+)']
end

views.__len__ = function(t) return t:size() end

-- Memory is collected; there is nothing to count by hand.
function views.retain() end
function views.free() end

-- What is also a function of `torch`.
local shared = { 'expand', 'expandAs', 'repeatTensor', 'view', 'viewAs',
                 'split', 'chunk', 'permute', 'unsqueeze' }

return function(torch, add)
  tensors.operations(views)
  types.add_methods(views)
  for _, name in ipairs(shared) do torch[name] = views[name] end
  for name, row in pairs(functions) do add(name, row) end
end
