-- SPDX-License-Identifier: MIT
-- py.register: converters of a view.

--- Adds `spec` to the converters of the view of `core`:
--- {type='module.Class' or a class, to_lua=f} or
--- {metatable=mt, to_python=f}.
return function(core, spec)
  for name in pairs(spec) do
    if name ~= 'type' and name ~= 'to_lua' and name ~= 'metatable'
        and name ~= 'to_python' then
      error(("py.register: there is no field '%s' (fields: type and to_lua, "
        .. "or metatable and to_python)"):format(tostring(name)), 3)
    end
  end
  local function want(field, expected)
    if type(spec[field]) ~= expected then
      local given = type(spec[field])
      error(('py.register: field %s must be a %s, not %s')
        :format(field, expected, given == 'nil' and given or 'a ' .. given), 4)
    end
  end
  if spec.type ~= nil then
    want('to_lua', 'function')
    local class = spec.type
    if type(class) ~= 'string' and not (core._is_ref(class)
        and core.isinstance(class, core.builtins.type)) then
      error('py.register: field type must be a class or its name', 3)
    end
    local types = core._converters().types
    if type(class) ~= 'string' then -- the caller may close theirs
      class = require 'py.scope'.lasting(function()
        return core.tuple { class }[0]
      end)
    end
    types[#types + 1] = { class, spec.to_lua }
  elseif spec.metatable ~= nil then
    want('metatable', 'table')
    want('to_python', 'function')
    core._converters()[spec.metatable] = spec.to_python
  else
    error('py.register: field type or metatable is missing', 3)
  end
end
