-- SPDX-License-Identifier: MIT
-- Storages: runs of elements that tensors share.

local class = require 'py.torch.class'
local engine = require 'py.torch.engine'
local errors = require 'py.torch.errors'
local numbers = require 'py.torch.numbers'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local typename = class.typename
local helpers = tensors.helpers '_torch_index'

local storage, memory = {}, {}

-- Identity -----------------------------------------------------------------------

-- Each look at a tensor's storage is another userdata; the memory is the same.
function class.identity(value)
  if type(value) == 'userdata' and types.is_storage(value) then
    local address = tensors.data(value)
    if address then
      return tostring(address) .. ':' .. value:size()
    end
  end
  return value
end

function storage.__eq__(a, b)
  return types.is_storage(a) and types.is_storage(b)
    and tensors.same_storage(a, b)
end

-- Methods ------------------------------------------------------------------------

storage.__len__ = function(s) return s:size() end

-- Memory is collected; there is nothing to count by hand.
function storage.retain() end
function storage.free() end

local element_sizes = { Byte = 1, Char = 1, Short = 2, Int = 4, Long = 8,
                        Float = 4, Double = 8, Half = 2 }
function storage.elementSize(s)
  return element_sizes[numbers.kind[typename(s)]]
end

function storage.copy(s, source)
  if not types.is_storage(source) then
    errors.expected(2, 'torch.*Storage', source)
  end
  if s:size() ~= source:size() then errors.arg(2, 'size mismatch') end
  if s:size() > 0 then helpers.assign(s, source) end
  return s
end

storage.copy = tensors.operation('copyStorage', true, storage.copy)

-- Bytes ----------------------------------------------------------------------------

--- s:string() → its bytes; s:string(text): these become its elements.
local function string_method(s, ...)
  if select('#', ...) == 0 then
    return tensors.bytes(s, 0, s:size())
  end
  local text = errors.string((...), 2)
  s:resize(#text)
  if #text > 0 then memory.set_bytes(s, text, 1) end
  return s
end

local py = require 'py'

-- A Lua string of what a helper gives. The bytes in Python are given up at once:
-- Lua's collector does not see how many they are.
local function taken(reference)
  local text = engine.value(reference)
  py.close(reference)
  return text
end

--- The bytes of a storage, its elements taking `size` bytes each: of all, or of
--- those from `first` (counted from 0) up to `last`.
function memory.bytes(s, size, first, last)
  if size == storage.elementSize(s) then
    return tensors.bytes(s, first or 0, last or s:size())
  end
  if s:size() == 0 then return '' end
  return taken(helpers.get_bytes(s, size, first or 0, last or s:size()))
end

function memory.set_bytes(s, text, size, first)
  if size == storage.elementSize(s) then
    tensors.set_bytes(s, text, first or 0)
    return
  end
  if #text == 0 then return end
  local bytes = py.bytes(text)
  helpers.set_bytes(s, bytes, size, first or 0)
  py.close(bytes)
end

--- Elements as text.
function memory.words(s, separator, first, last)
  return taken(helpers.get_words(s, separator, first, last))
end

function memory.set_words(s, text)
  if #text > 0 then helpers.set_words(s, text) end
end

function memory.wrap(kind, value)
  return numbers.wrap[kind](value)
end

--- A LongStorage with the elements of a list.
function tensors.long_storage(list)
  local s = tensors.new_storage('torch.LongStorage', #list)
  for i = 1, #list do s[i] = list[i] end
  return s
end

return function()
  for kind, methods in pairs(types.storages) do
    for name, f in pairs(storage) do methods[name] = f end
    if kind == 'Byte' or kind == 'Char' then methods.string = string_method end
  end
  return memory
end
