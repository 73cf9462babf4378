-- SPDX-License-Identifier: MIT
-- The functions of `py` that are written in Lua, on top of the C core's.
-- `core` is the core's table for one view; names with a leading underscore
-- are for this file only.

local unpack = table.unpack or unpack -- luacheck: ignore

local function check(name, position, value, expected)
  if type(value) ~= expected then
    error(('py.%s: bad argument #%d (%s expected, got %s)')
      :format(name, position, expected, type(value)), 3)
  end
end

local function pack(...)
  return { n = select('#', ...), ... }
end

return function(core, py)
  for name, value in pairs(core) do
    if name:sub(1, 1) ~= '_' then py[name] = value end
  end

  --- Another view of the same interpreter, with its own conversion rules.
  function py.new(options)
    if options ~= nil then check('new', 1, options, 'table') end
    local view = {}
    local ok, functions = pcall(require 'py.scope'.lasting, core._new, options)
    if not ok then error(functions, 2) end
    require 'py.functions'(functions, view)
    view.config, view.info = py.config, py.info
    return view
  end

  --- Calls f(value) inside the context manager `context`; `value` is what
  --- its __enter__ returned. A Lua error inside reaches __exit__.
  py['with'] = function(context, f)
    check('with', 2, f, 'function')
    local entered = core._enter(context)
    local exit, value = entered[0], entered[1]
    local results = pack(pcall(f, value))
    if results[1] then
      exit(context, nil, nil, nil)
      return unpack(results, 2, results.n)
    end
    local raised = results[2]
    local exception = core._as_exception(raised)
    local suppressed = exit(context, core.type(exception), exception,
      core.getattr(exception, '__traceback__'))
    if not core.truth(suppressed) then error(raised, 0) end
  end

  --- Calls f(...) and then closes every reference that it has made, except
  --- those that f returns.
  local run_scope
  function py.scope(f, ...)
    check('scope', 1, f, 'function')
    run_scope = run_scope or require 'py.scope'.run
    return run_scope(f, ...)
  end

  --- A Lua function as a Python callable with a name, documentation,
  --- signature or keyword arguments.
  function py.func(f, options)
    check('func', 1, f, 'function')
    options = options or {}
    check('func', 2, options, 'table')
    local known = { name = 'string', doc = 'string', kwargs = 'boolean',
                    signature = 'string' }
    for name, value in pairs(options) do
      if not known[name] then
        error(("py.func: there is no option '%s' (options: name, doc, "
          .. "kwargs, signature)"):format(tostring(name)), 2)
      elseif type(value) ~= known[name] then
        error(('py.func: option %s must be a %s, not a %s')
          :format(name, known[name], type(value)), 2)
      end
    end
    local function text(name) -- str, also where a view has strings as bytes
      return options[name] and core.str(options[name])
    end
    return core._func(f, text 'name', text 'doc', options.kwargs or false,
      text 'signature')
  end

  --- A Python class with Lua methods.
  py['class'] = function(name, bases, methods)
    check('class', 1, name, 'string')
    if bases ~= nil and type(bases) ~= 'table' and not core._is_ref(bases) then
      error(('py.class: bad argument #2 (class or list of classes expected, '
        .. 'got %s)'):format(type(bases)), 2)
    end
    if methods ~= nil then check('class', 3, methods, 'table') end
    for key in pairs(methods or {}) do
      if type(key) ~= 'string' then
        error(('py.class: the name of a method must be a string, not %s')
          :format(tostring(key)), 2)
      end
    end
    return core._class(name, bases, methods)
  end

  --- Whether `value` is an error object of py, of this class (a reference or
  --- a name; subclasses count).
  function py.is_error(value, class)
    return core._is_error(value) and core.is_error(value, class)
  end

  --- A converter for this view.
  function py.register(spec)
    check('register', 1, spec, 'table')
    require 'py.register'(core, spec)
  end

  --- exec, eval and reval with the caller's Lua variables as locals.
  function py.lexec(code)
    check('lexec', 1, code, 'string')
    core._lexec(code, require 'py.locals'(core, code, true, 2))
  end
  function py.leval(code)
    check('leval', 1, code, 'string')
    return (core._leval(code, require 'py.locals'(core, code, false, 2)))
  end
  function py.lreval(code)
    check('lreval', 1, code, 'string')
    return (core._lreval(code, require 'py.locals'(core, code, false, 2)))
  end

  --- What was chosen and why.
  function py.info()
    return require 'py.info'(core)
  end

  --- A Python prompt in the running process, sharing __main__.
  function py.repl()
    core._repl(false)
  end
end
