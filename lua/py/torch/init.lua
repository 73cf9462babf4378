-- SPDX-License-Identifier: MIT
-- `py.torch`: real Torch7 where it is installed, else the built-in tensors.

local found, real = pcall(require, 'torch')
if found then return real end

local py = require 'py'
local _ = py.eval -- starts Python, which the core needs
local tensors = require 'py.core'._tensor()

local torch = {}

-- The rows of a tensor as text, and below them what it is.
local function to_string(t)
  local lines = {}
  local function add(part)
    if part:dim() > 1 then
      for i = 1, part:size(1) do add(part[i]) end
    elseif part:dim() == 1 then
      local cells = {}
      for i = 1, part:size(1) do cells[i] = ('%6g'):format(part[i]) end
      lines[#lines + 1] = table.concat(cells, ' ')
    end
  end
  add(t)
  lines[#lines + 1] = ('[%s of size %s]\n'):format(tensors.typename(t),
    table.concat((tensors.geometry(t)), 'x'))
  return table.concat(lines, '\n')
end

local function expand(t, ...)
  local sizes, strides, offset = tensors.geometry(t)
  for d, size in ipairs { ... } do
    if sizes[d] == 1 and size ~= 1 then sizes[d], strides[d] = size, 0 end
  end
  return tensors.view(t, sizes, strides, offset)
end

for _, name in ipairs { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Float',
                        'Double', 'Half' } do
  local full = 'torch.' .. name .. 'Tensor'
  local metatable = tensors.metatable(full)
  metatable.__tostring, metatable.__methods.expand = to_string, expand
  torch[name .. 'Tensor'] = function(...) return tensors.zeros(full, { ... }) end
end
torch.zeros = torch.DoubleTensor

return torch
