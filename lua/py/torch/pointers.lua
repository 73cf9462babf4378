-- SPDX-License-Identifier: MIT
-- LuaJIT's FFI on tensors and storages: t:data(), a pointer to the elements,
-- and t:cdata(), a pointer to a structure with the fields of Torch7's THTensor
-- and THStorage. Both are good for as long as the tensor is.

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local tensors = require 'py.torch.core'

local ELEMENTS = { Byte = 'unsigned char', Char = 'char', Short = 'short',
                   Int = 'int', Long = 'long', Float = 'float',
                   Double = 'double', Half = 'THHalf' }

-- The fields that csrc/numpy_tensor/tensor.h has first.
local COMMON = [[
typedef struct THAllocator {
  void *(*malloc)(void *, ptrdiff_t);
  void *(*realloc)(void *, void *, ptrdiff_t);
  void (*free)(void *, void *);
} THAllocator;
typedef struct { unsigned short x; } __THHalf;
typedef __THHalf THHalf;
]]
local STRUCTURES = [[
typedef struct TH%sStorage {
  %s *data;
  ptrdiff_t size;
  int refcount;
  char flag;
  THAllocator *allocator;
  void *allocatorContext;
} TH%sStorage;
typedef struct TH%sTensor {
  long *size;
  long *stride;
  int nDimension;
  TH%sStorage *storage;
  ptrdiff_t storageOffset;
  int refcount;
  char flag;
} TH%sTensor;
]]

local ffi = rawget(_G, 'jit') and require 'ffi'

local function missing(name)
  return function()
    errors.raise("%s() needs LuaJIT's FFI; the other Luas have no pointers", name)
  end
end

local function install(kind)
  local tensor = class.getmetatable('torch.' .. kind .. 'Tensor')
  local storage = class.getmetatable('torch.' .. kind .. 'Storage')
  if not ffi then
    tensor.data, storage.data = missing 'data', missing 'data'
    tensor.cdata, storage.cdata = missing 'cdata', missing 'cdata'
    return
  end
  -- Somebody else may have told LuaJIT of these structures.
  pcall(ffi.cdef, STRUCTURES:format(kind, ELEMENTS[kind], kind, kind, kind, kind))
  local elements = ffi.typeof(ELEMENTS[kind] .. '*')
  function tensor.data(self)
    local address = tensors.data(self)
    return address and ffi.cast(elements, address) or nil
  end
  function storage.data(self)
    return ffi.cast(elements, tensors.data(self) or 0)
  end
  for methods, noun in pairs { [tensor] = 'Tensor', [storage] = 'Storage' } do
    local structure = ffi.typeof('TH' .. kind .. noun .. '*')
    function methods.cdata(self)
      return ffi.cast(structure, tensors.structure(self))
    end
  end
end

-- torch.data and torch.cdata: the pointer, or its address as a 64-bit integer.
local function as_function(name)
  return function(value, as_number)
    if not value then return nil end
    local pointer = value[name](value)
    if as_number then return ffi.cast('intptr_t', pointer) end
    return pointer
  end
end

return function(torch)
  if ffi then pcall(ffi.cdef, COMMON) end
  for _, kind in ipairs(tensors.NAMES) do install(kind) end
  torch.data, torch.cdata = as_function 'data', as_function 'cdata'
end
