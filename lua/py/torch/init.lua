-- SPDX-License-Identifier: MIT
-- `py.torch`: real Torch7 where it is installed, else the built-in library
-- that stands in for it.

local found, torch = pcall(require, 'torch')
if not found then
  -- Types are registered once per Lua state, however often this is loaded.
  local registry = debug.getregistry()
  registry['py.torch'] = registry['py.torch'] or require 'py.torch.builtin'
  torch = registry['py.torch']
  if rawget(_G, 'torch') == nil then rawset(_G, 'torch', torch) end
  require 'py.torch.companions' (torch)
end
return torch
