-- SPDX-License-Identifier: MIT
-- The C core's functions for tensors, and the functions of the Python helper
-- modules, as references that are looked up once.

local py = require 'py'
local _ = py.eval -- starts Python, which the core's table needs

local core = require 'py.core'._tensor()

core.NAMES = { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double',
               'Half' }

--- A table whose fields are the functions of `pyhelper.<name>`.
function core.helpers(name)
  local module
  return setmetatable({}, {
    __index = function(self, field)
      module = module or py.import('pyhelper.' .. name)
      local f = module[field]
      self[field] = f
      return f
    end,
  })
end

core.value = py.eval

return core
