-- SPDX-License-Identifier: MIT
-- Puts the built-in Torch7 library together: one table `torch`.

-- The types are registered once per Lua state: a second library on the same
-- types would take their methods over, so loading this again gives the first.
local registry = debug.getregistry()
if registry['py.torch'] then return registry['py.torch'] end

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local signature = require 'py.torch.signature'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local torch = {}

-- Classes find `torch.DoubleTensor` through the global, as Torch7's do; it is
-- set while this file runs and stays only if the script had none.
for _, name in ipairs { 'typename', 'type', 'isTypeOf', 'class', 'factory',
                        'newmetatable', 'getmetatable', 'setmetatable',
                        'getconstructortable', 'version', 'pointer', 'isequal',
                        'getenv', 'setenv' } do
  torch[name] = class[name]
end
torch.isTensor, torch.isStorage = types.is_tensor, types.is_storage

-- Functions from rows --------------------------------------------------------------

-- type ("Double") → name → function
local by_type = {}
for _, kind in ipairs(tensors.NAMES) do by_type[kind] = {} end

local tools = {
  make = function(kind) return tensors.new('torch.' .. kind .. 'Tensor') end,
  sizes_of = signature.sizes_of,
}

local default_kind -- of torch.Tensor
local default_type = {} -- its name, for the core

-- The kind whose function a call of torch.<name> means: that of the first
-- tensor among the first two arguments, or in a table, or a name at the end.
local kinds = {} -- metatable → kind
for _, kind in ipairs(tensors.NAMES) do
  kinds[tensors.metatable('torch.' .. kind .. 'Tensor').__methods] = kind
end
local function kind_of(value)
  return type(value) == 'userdata' and kinds[getmetatable(value)]
end

local function dispatch(name)
  return function(...)
    local n = select('#', ...)
    local first, second = ...
    local kind = kind_of(first) or kind_of(second)
      or type(first) == 'table' and kind_of(rawget(first, 1))
    local last = not kind and n > 0 and select(n, ...)
    if type(last) == 'string' then
      kind = last:match '^torch%.(%u%l+)Tensor$'
      if kind and by_type[kind] then
        local arguments = { ... }
        arguments[n] = nil
        local f = by_type[kind][name]
        if f then return f(signature.unpack(arguments, 1, n - 1)) end
      else
        kind = nil
      end
    end
    kind = kind or default_kind
    local f = by_type[kind][name]
    if not f then
      errors.raise('torch.%sTensor does not implement the torch.%s() function',
        kind, name)
    end
    return f(...)
  end
end

--- Adds the row of a function for some types (all if not given), as
--- torch.<name> and as a method; `only` is 'function' or 'method'.
local function add(name, row, for_kinds, only)
  for _, kind in ipairs(for_kinds or tensors.NAMES) do
    if only ~= 'method' then
      by_type[kind][name] = signature.compile(row, kind, false, tools)
    end
    if only ~= 'function' then
      types.tensors[kind][name] = tensors.operation(name, true,
        signature.compile(row, kind, true, tools))
    end
  end
  if only ~= 'method' and not torch[name] then
    torch[name] = tensors.operation(name, default_type, dispatch(name))
  end
end

-- Parts ------------------------------------------------------------------------------

types.install(torch)
torch.getdefaulttensortype = function() return torch.Tensor.__typename end

function torch.setdefaulttensortype(name)
  assert(type(name) == 'string', 'string expected')
  local kind = name:match '^torch%.(%u%l+)Tensor$'
  if not kind or not by_type[kind] then
    errors.raise('<%s> is not a string describing a torch object', name)
  end
  default_kind, default_type[1] = kind, name
  torch.Tensor, torch.Storage = torch[kind .. 'Tensor'], torch[kind .. 'Storage']
end
torch.setdefaulttensortype 'torch.DoubleTensor'

local memory = require 'py.torch.storage' ()
require 'py.torch.elements' (torch)
require 'py.torch.views' (torch, add)
require 'py.torch.index' (torch, add)
require 'py.torch.print' ()

for _, name in ipairs { 'create', 'pointwise', 'reduce', 'order', 'matrix',
                        'operators', 'linalg', 'convolution', 'random' } do
  require('py.torch.' .. name)(torch, add)
end

local file = require 'py.torch.file' (torch, memory)
require 'py.torch.diskfile' (torch, file, memory)
require 'py.torch.serialize' (torch, file.class, file.opened)

for _, name in ipairs { 'timer', 'cmdline', 'tester', 'utility', 'pointers' } do
  require('py.torch.' .. name)(torch)
end

registry['py.torch'] = torch
return torch
