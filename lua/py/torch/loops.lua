-- SPDX-License-Identifier: MIT
-- apply, map and map2 on LuaJIT, which compiles a loop that calls a Lua function for each
-- element when it reads those itself, as Torch7's does (FFInterface.lua): the function may
-- yield then, false leaves an element as nil does, and numbers may be those of the FFI.

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local ffi = require 'ffi'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'

local typename = class.typename

-- Name of a type → to a tensor (see csrc/numpy_tensor/tensor.h). Not those of t:cdata():
-- somebody else may have told LuaJIT of these.
local pointers = {}
for kind, element in pairs { Byte = 'uint8_t', Char = 'int8_t', Short = 'int16_t',
                             Int = 'int32_t', Long = 'int64_t', Float = 'float',
                             Double = 'double' } do
  pointers['torch.' .. kind .. 'Tensor'] = ffi.typeof(([[struct {
    int64_t *size, *stride;
    int nd;
    struct { %s *data; } *storage;
    ptrdiff_t offset;
  } *]]):format(element))
end

-- A view, which keeps the memory whatever becomes of `t`, its storage, whose data moves
-- when it grows, and where the elements begin there.
local function opened(t, pointer)
  local view = geometry.alias(t)
  return view, ffi.cast(pointer, tensors.structure(view)).storage,
    view:storageOffset() - 1
end

local function put(storage, i, value)
  if type(value) ~= 'number' then
    if not value then return end
    if type(value) ~= 'cdata' then value = tonumber(value) end
    if not value then
      errors.raise 'given function should return a number or nil'
    end
  end
  storage.data[i] = value
end

local function keep() end

local loops = {}

function loops.apply(pointer, f, t)
  local view, s, at = opened(t, pointer)
  for i = at, at + view:nElement() - 1 do
    put(s, i, f(tonumber(s.data[i])))
  end
  keep(view)
  return t
end

function loops.map(pointer, f, t, a)
  local view, s, at = opened(t, pointer)
  local view_a, s_a, at_a = opened(a, pointer)
  for i = 0, view:nElement() - 1 do
    put(s, at + i, f(tonumber(s.data[at + i]), tonumber(s_a.data[at_a + i])))
  end
  keep(view, view_a)
  return t
end

function loops.map2(pointer, f, t, a, b)
  local view, s, at = opened(t, pointer)
  local view_a, s_a, at_a = opened(a, pointer)
  local view_b, s_b, at_b = opened(b, pointer)
  for i = 0, view:nElement() - 1 do
    put(s, at + i, f(tonumber(s.data[at + i]), tonumber(s_a.data[at_a + i]),
      tonumber(s_b.data[at_b + i])))
  end
  keep(view, view_a, view_b)
  return t
end

-- `f` in front of the core's function: for tensors of a type with as many elements, which
-- lie one after another.
local function in_front_of(core, loop, n)
  local function fits(name, t, other)
    return typename(other) == name and other:isContiguous()
      and other:nElement() == t:nElement()
  end
  return function(t, a, b, c, ...)
    local name = typename(t)
    local pointer = pointers[name]
    if pointer and t:dim() > 0 and t:isContiguous() then
      if n == 1 then
        if type(a) == 'function' then return loop(pointer, a, t) end
      elseif fits(name, t, a) then
        if n == 2 then
          if type(b) == 'function' then return loop(pointer, b, t, a) end
        elseif type(c) == 'function' and fits(name, t, b) then
          return loop(pointer, c, t, a, b)
        end
      end
    end
    return core(t, a, b, c, ...)
  end
end

--- Puts the loops in front of the methods of `elements`.
return function(elements)
  for n, name in ipairs { 'apply', 'map', 'map2' } do
    elements[name] = in_front_of(elements[name], loops[name], n)
  end
end
