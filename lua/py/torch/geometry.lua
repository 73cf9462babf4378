-- SPDX-License-Identifier: MIT
-- Sizes, strides and storages: what tensors are apart from their elements.
-- Lists of sizes are Lua tables here; offsets count from 0.

local errors = require 'py.torch.errors'
local tensors = require 'py.torch.core'

local geometry = {}

local sizes_of, typename = tensors.geometry, tensors.typename
geometry.of = sizes_of

local storage_names = {}
for _, name in ipairs(tensors.NAMES) do
  storage_names['torch.' .. name .. 'Tensor'] = 'torch.' .. name .. 'Storage'
end

--- Number of elements of a list of sizes.
function geometry.count(sizes)
  local n = sizes[1] and 1 or 0
  for i = 1, #sizes do n = n * sizes[i] end
  return n
end

--- Whether both have the same sizes, whatever their types.
local same_size = tensors.metatable 'torch.DoubleTensor'.__methods.isSameSizeAs
geometry.same_size = same_size

--- Sizes as errors show them: `[2 x 3]`.
function geometry.text(t)
  return '[' .. table.concat((sizes_of(t)), ' x ') .. ']'
end
local text = geometry.text

-- The sizes up to the first that is not positive: sizes end there.
local function positive(sizes)
  for i = 1, #sizes do
    if sizes[i] <= 0 then
      local kept = {}
      for k = 1, i - 1 do kept[k] = sizes[k] end
      return kept
    end
  end
  return sizes
end

-- Strides where given, contiguous ones elsewhere; and the elements spanned.
local function complete(sizes, given)
  local strides, extent = {}, 1
  local n = #sizes
  for d = n, 1, -1 do
    if given and given[d] and given[d] >= 0 then
      strides[d] = given[d]
    else
      strides[d] = d == n and 1 or sizes[d + 1] * strides[d + 1]
    end
    extent = extent + (sizes[d] - 1) * strides[d]
  end
  return strides, extent
end

local function fits_already(t, sizes, strides)
  if #sizes ~= t:dim() then return false end
  for d = 1, #sizes do
    if sizes[d] ~= t:size(d) then return false end
    if strides and strides[d] and strides[d] >= 0
        and strides[d] ~= t:stride(d) then
      return false
    end
  end
  return true
end

-- Memory that came from Python cannot grow; the error names the caller's line.
local function grow(storage, size)
  local ok, err = pcall(storage.resize, storage, size)
  if ok then return end
  if type(err) ~= 'string' then error(err, 0) end
  errors.raise('%s', (err:gsub('^[^\n]-:%d+: ', '')))
end

-- Points `t` at `storage` (made if nil), which grows if it must.
local function point(t, storage, offset, sizes, given)
  if #sizes == 0 then
    if not storage then
      return tensors.set(t, nil, 0, sizes, nil)
    end
    return tensors.set(t, storage, offset, sizes, nil)
  end
  local strides, extent = complete(sizes, given)
  if not storage then
    storage = tensors.new_storage(storage_names[typename(t)], extent + offset)
  elseif extent + offset > storage:size() then
    grow(storage, extent + offset)
  end
  return tensors.set(t, storage, offset, sizes, strides)
end

--- Changes sizes (and strides) where the tensor is; elements stay in place.
function geometry.resize(t, sizes, strides)
  sizes = positive(sizes)
  if fits_already(t, sizes, strides) then return t end
  return point(t, t:storage(), t:storageOffset() - 1, sizes, strides)
end
local resize = geometry.resize

function geometry.resize_as(t, source)
  if not same_size(t, source) then resize(t, (sizes_of(source))) end
  return t
end

--- `result` with the sizes of `source`, or a new tensor if there is none.
function geometry.like(result, source)
  if not result then
    return tensors.empty_like(source)
  end
  if not rawequal(result, source) and not same_size(result, source) then
    resize(result, (sizes_of(source)))
  end
  return result
end

--- Points `t` at a storage, which grows if it must. As resize does, a tensor that
--- has these sizes already keeps its strides, where none are given.
function geometry.set(t, storage, offset, sizes, strides)
  if offset < 0 then errors.raise 'Tensor: invalid storage offset' end
  sizes = positive(sizes)
  if fits_already(t, sizes, strides) then strides = select(2, sizes_of(t)) end
  return point(t, storage, offset, sizes, strides)
end

--- Makes `t` share storage and geometry of `source`.
function geometry.set_to(t, source)
  if rawequal(t, source) then return t end
  local sizes, strides, offset = sizes_of(source)
  return tensors.set(t, source:storage(), offset, sizes, strides)
end

--- A new tensor with storage and geometry of `source`.
function geometry.alias(source)
  local sizes, strides, offset = sizes_of(source)
  return tensors.view(source, sizes, strides, offset)
end

--- A new contiguous tensor with room for these sizes, of a type by its name.
function geometry.make(name, sizes)
  return tensors.empty(name, positive(sizes))
end

--- A new tensor of the type and the sizes of `source`.
geometry.make_like = tensors.empty_like

-- Checks -----------------------------------------------------------------------

local function elements(t)
  return tostring(t:nElement())
end

--- All have the same number of elements, or Torch7's error. Names as it calls
--- them there. The result (first), if not of the right size yet, is going to
--- be resized like the second, and is shown so.
function geometry.check_counts(names, a, b, c)
  local n = b:nElement()
  if (not c or c:nElement() == n) and (not a or a:nElement() == n) then
    return
  end
  a = a or b
  if not c then
    errors.raise('inconsistent tensor size, expected %s %s and %s %s to have '
      .. 'the same number of elements, but got %s and %s elements '
      .. 'respectively', names[1], text(a), names[2], text(b), elements(a),
      elements(b))
  end
  errors.raise('inconsistent tensor size, expected %s %s, %s %s and %s %s to '
    .. 'have the same number of elements, but got %s, %s and %s elements '
    .. 'respectively', names[1], text(a), names[2], text(b), names[3],
    text(c), elements(a), elements(b), elements(c))
end

return geometry
