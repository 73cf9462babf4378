-- SPDX-License-Identifier: MIT
-- The module table `py`. Requiring it starts nothing: the first function that
-- is used does (see py/start.lua), and then all of them are in the table.

---@class py
local py = {}

--- Settings made by py.config before Python starts.
local settings = {}

--- Chooses the Python to embed; before first use only.
---@param options { python: string }  an executable, or a virtual environment
function py.config(options)
  if type(options) ~= 'table' then
    error(('py.config: table expected, got %s'):format(type(options)), 2)
  end
  for name, value in pairs(options) do
    if name ~= 'python' then
      error(("py.config: there is no option '%s' (options: python)")
        :format(tostring(name)), 2)
    elseif type(value) ~= 'string' then
      error(('py.config: python must be a string, not a %s')
        :format(type(value)), 2)
    end
  end
  if rawget(py, 'eval') then
    error('py.config: Python runs already; call it before the first use of py',
      2)
  end
  settings.python = options.python
end

-- Names that are no functions.
local CONSTANTS = { None = true, Ellipsis = true, builtins = true,
                    args = true, kwargs = true }

-- The assert of PUC Lua 5.1 and 5.2 takes strings only, so it would hide the
-- error object that assert(pcall(f)) is to raise; other Luas raise it. It is
-- replaced now because f may be what starts Python, and its caller has fetched
-- assert then.
if type(select(2, pcall(assert, false, {}))) == 'string' then
  require 'py.loader' -- notes which coroutine is none, while that can be known
  local assert = assert
  function _G.assert(...)
    local value, message = ...
    if value then return ... end
    local kind = type(message)
    if kind == 'userdata' and rawget(py, 'is_error') and py.is_error(message) then
      error(message, 0)
    elseif select('#', ...) > 0 and (kind == 'string' or kind == 'number' or message == nil) then
      error(message or 'assertion failed!', 2)
    end
    return assert(...) -- its own complaint
  end
end

return setmetatable(py, {
  __index = function(self, name)
    local mt = getmetatable(self)
    if not mt.started then
      local ok, message = pcall(require 'py.start', self, settings)
      if not ok then
        if CONSTANTS[name] then error(message, 0) end
        -- So that pcall(py.eval, ...) catches it.
        return function() error(message, 0) end
      end
      mt.started = true
    end
    return rawget(self, name)
  end,
})
