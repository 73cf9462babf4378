-- SPDX-License-Identifier: MIT
-- `py.torch`: real Torch7 where it is installed, else the built-in library
-- that stands in for it.

local found, torch = pcall(require, 'torch')
if not found then
  torch = require 'py.torch.builtin'
  if rawget(_G, 'torch') == nil then rawset(_G, 'torch', torch) end
  require 'py.torch.companions' (torch)
end
return torch
