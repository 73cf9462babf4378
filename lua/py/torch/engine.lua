-- SPDX-License-Identifier: MIT
-- Calls of the Python helper modules (pyhelper/_torch_*.py): what one says is
-- wrong with its arguments becomes Torch7's error.

local py = require 'py'
local errors = require 'py.torch.errors'
local tensors = require 'py.torch.core'

local engine = {}

--- The result of a helper as a Lua value.
engine.value = py.eval

local wrong -- the class of their exceptions

local function finish(ok, result)
  if ok then return result end
  wrong = wrong or tensors.lasting 'pyhelper._torch_errors'.Wrong
  if py.is_error(result, wrong) then
    local value = result.value
    local position = py.eval(value.position)
    if position > 0 then
      errors.arg(position, '%s', py.eval(value.text))
    end
    errors.raise('%s', py.eval(value.text))
  end
  error(result, 0)
end

--- Calls a helper that may find its arguments wrong.
function engine.call(f, ...)
  return finish(pcall(f, ...))
end

--- The same, with the result as a Lua value.
function engine.number(f, ...)
  return py.eval(finish(pcall(f, ...)))
end

--- The functions of a helper module, for calls that cannot go wrong.
engine.helpers = tensors.helpers

return engine
