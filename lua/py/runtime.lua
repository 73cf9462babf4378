-- SPDX-License-Identifier: MIT
-- What a Lua state that Python made finds: the table `python`, output that
-- goes through Python's streams, and the way to `require 'py'`.

local setmetatable, tostring, type = setmetatable, tostring, type
local select, concat = select, table.concat

local function pack(...)
  return { n = select('#', ...), ... }
end

-- The table `python` ------------------------------------------------------------

-- No function here may have `core` as an upvalue: debug.getupvalue would
-- give its functions to code that register_eval=False keeps from Python.

--- python.args{1, 2, name = 3} in a call stands for (1, 2, name=3).
local function args_function(core)
  local mark = getmetatable(core.kwargs)
  return function(t)
    if type(t) ~= 'table' then
      error(("bad argument #1 to 'args' (table expected, got %s)")
        :format(type(t)), 2)
    end
    local count, list, names = 0, {}, {}
    for key in pairs(t) do
      if type(key) == 'number' and key >= 1 and key % 1 == 0 then
        if key > count then count = key end
      elseif type(key) ~= 'string' then
        error(('python.args: a key is no name and no position: %s')
          :format(tostring(key)), 2)
      else
        names[key] = t[key]
      end
    end
    for i = 1, count do
      if t[i] == nil then
        error(('python.args: argument %d is missing'):format(i), 2)
      end
      list[i] = t[i]
    end
    return setmetatable({ names, list }, mark)
  end
end

local function python_table(core, given)
  return {
    eval = given.eval, exec = given.exec, builtins = given.builtins,
    none = core.None,
    args = args_function(core),
    iter = core.python_iter, iterex = core.iterex, enumerate = core.enumerate,
    as_attrgetter = core.as_attrgetter, as_itemgetter = core.as_itemgetter,
    as_function = core.as_function,
    set_overflow_handler = core.set_overflow_handler,
  }
end

-- Output ------------------------------------------------------------------------

local function no_input()
  return nil, 'this stream is for output', 9
end

--- A stand-in for io.stdout (1) or io.stderr (2).
local function output_stream(descriptor, write, flush)
  local methods = { read = no_input, lines = no_input }
  local stream = setmetatable({}, {
    __index = methods,
    __name = 'FILE*',
    __tostring = function() return ('file (Python %s)')
      :format(descriptor == 2 and 'sys.stderr' or 'sys.stdout') end,
  })
  function methods.write(self, ...)
    local parts = pack(...)
    for i = 1, parts.n do
      local kind = type(parts[i])
      if kind == 'number' then
        parts[i] = tostring(parts[i])
      elseif kind ~= 'string' then
        error(("bad argument #%d to 'write' (string expected, got %s)")
          :format(i, kind), 2)
      end
    end
    write(descriptor, concat(parts, '', 1, parts.n))
    return self
  end
  function methods.flush(self)
    flush(descriptor)
    return self
  end
  function methods.close() return nil, 'standard streams stay open' end
  function methods.seek() return nil, 'Illegal seek', 29 end
  function methods.setvbuf() return true end
  return stream
end

local function redirect_output(write, flush)
  local stdout = output_stream(1, write, flush)
  local stderr = output_stream(2, write, flush)
  local standard = { [stdout] = true, [stderr] = true }
  local open, io_type, io_close = io.open, io.type, io.close
  local output = stdout

  function _G.print(...)
    local parts = pack(...)
    for i = 1, parts.n do
      local text = tostring(parts[i])
      if type(text) ~= 'string' then
        error("'tostring' must return a string to 'print'", 2)
      end
      parts[i] = text
    end
    write(1, concat(parts, '\t', 1, parts.n) .. '\n')
  end

  io.stdout, io.stderr = stdout, stderr -- luacheck: ignore 122
  function io.type(value) -- luacheck: ignore 122
    if standard[value] then return 'file' end
    return io_type(value)
  end
  function io.output(file) -- luacheck: ignore 122
    if type(file) == 'string' then
      local opened, message = open(file, 'w')
      if not opened then error(message, 2) end
      output = opened
    elseif file ~= nil then
      output = file
    end
    return output
  end
  function io.write(...) -- luacheck: ignore 122
    return output:write(...)
  end
  function io.close(file) -- luacheck: ignore 122
    file = file or output
    if standard[file] then return file:close() end
    return io_close(file)
  end
end

-- require 'py' --------------------------------------------------------------------

local function refuse(name)
  error(("require '%s': this LuaRuntime was made with register_eval=False or "
    .. 'register_builtins=False, which refuse it'):format(name), 0)
end

local function prepare_require(folder, cores, core_file, no_python)
  package.path = ('%s/?.lua;%s/?/init.lua;%s'):format(folder, folder, package.path)
  package.cpath = ('%s/?.so;%s'):format(cores, package.cpath)
  local loadlib = package.loadlib
  -- The same file under the same name as Python's: there is one core only.
  package.preload['py.core'] = function(...)
    return assert(loadlib(core_file, 'luaopen_py_core'))(...)
  end
  if no_python then
    for _, name in ipairs { 'py', 'py.core', 'py.start', 'fb.python', 'py.torch' } do
      package.preload[name] = refuse
    end
  end
end

return function(core, given)
  local python = python_table(core, given)
  _G.python = python
  package.loaded.python = python
  redirect_output(core.write, core.flush)
  prepare_require(given.folder, given.cores, given.core_file, given.no_python)
end
