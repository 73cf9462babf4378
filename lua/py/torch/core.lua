-- SPDX-License-Identifier: MIT
-- The C core's functions for tensors, and the functions of the Python helper
-- modules, as references that are looked up once.

local errors = require 'py.torch.errors'
local py = require 'py'
local _ = py.None -- starts Python, or raises why that cannot be

local core = require 'py.core'._tensor()

--- The results of a function, whose references py.scope leaves open.
core.stay = require 'py.scope'.lasting

core.NAMES = { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double',
               'Half' }

local operation = core.operation

--- A function or method in front of `f`, which does the usual calls in C and
--- hands the others on; `f` itself where the core has no such function.
---@param method any  true, or for a function the table that has the name of
---  the default type
function core.operation(name, method, f)
  local fast = operation(name, method, f)
  if fast ~= f then errors.operations[fast] = true end
  return fast
end

--- The same for a table of methods.
function core.operations(methods)
  for name, f in pairs(methods) do
    if type(f) == 'function' then
      methods[name] = core.operation(name, true, f)
    end
  end
end

--- Attributes of a Python module, as references that stay.
function core.lasting(name)
  return setmetatable({}, {
    __index = function(_, field)
      return core.stay(function() return py.import(name)[field] end)
    end,
  })
end

--- A table whose fields are the functions of `pyhelper.<name>`.
function core.helpers(name)
  local module = core.lasting('pyhelper.' .. name)
  return setmetatable({}, {
    __index = function(self, field)
      local f = module[field]
      self[field] = f
      return f
    end,
  })
end

core.value = py.eval

return core
