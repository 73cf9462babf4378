-- SPDX-License-Identifier: MIT
-- The packages that scripts load beside Torch7, where the real ones are
-- missing: `torch` itself, and a few functions of paths, sys and xlua.

local NAMES = { 'paths', 'sys', 'xlua' }

-- Whether `require` would find the module by itself.
local function installed(name)
  if package.loaded[name] or package.preload[name] then return true end
  for _, templates in ipairs { package.path, package.cpath } do
    for template in templates:gmatch '[^;]+' do
      local file = io.open((template:gsub('%?', (name:gsub('%.', '/')))))
      if file then
        file:close()
        return true
      end
    end
  end
  return false
end

-- Torch7 gives LuaJIT names of other Luas, which scripts then use.
local function complete()
  local unpack = rawget(_G, 'unpack')
  if not table.unpack then rawset(table, 'unpack', unpack) end
  if not rawget(string, 'gfind') then rawset(string, 'gfind', string.gmatch) end
end

return function(torch)
  complete()
  package.loaded.torch = package.loaded.torch or torch
  for _, name in ipairs(NAMES) do
    if not installed(name) then
      package.preload[name] = function()
        local module = require('py.torch.' .. name)
        -- As the real ones, a global too.
        if rawget(_G, name) == nil then rawset(_G, name, module) end
        return module
      end
    end
  end
  -- Torch7 itself loads paths.
  require 'paths'
end
