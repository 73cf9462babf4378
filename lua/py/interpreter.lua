-- SPDX-License-Identifier: MIT
-- Which Python: the first of
--   py.config{python = …}, LUAPY_PYTHON, VIRTUAL_ENV, CONDA_PREFIX,
--   .venv or venv beside the script or in the working directory,
--   python3 on PATH.
-- The first that is there is the choice. Where it cannot be used that is an
-- error: taking the next one would be a silent fallback to another set of
-- packages.

local loader = require 'py.loader'
local files = require 'py.interpreter.files'
local layout = require 'py.interpreter.layout'

local interpreter = {}

-- The process ----------------------------------------------------------------

--- The script that the Lua host runs, without symbolic links; nil for an
--- interactive host, `-e`, or an application of its own.
function interpreter.script(arguments)
  local path = type(arguments) == 'table' and arguments[0]
  -- Hosts that run no script have their own name there.
  if type(path) == 'string' and files.is_file(path) and not files.is_binary(path) then
    return files.real(path)
  end
end

--- What the choice depends on, besides the file system.
function interpreter.environment()
  return {
    getenv = os.getenv,
    cwd = loader.getcwd() or '/',
    script = interpreter.script(rawget(_G, 'arg')),
  }
end

local function variable(environment, name)
  local value = environment.getenv(name)
  if value ~= '' then return value end
end

-- From what users write to an executable ------------------------------------------

local find_system

-- The root of the pyenv that has this shim; nil for other files.
local function root_of_shim(path)
  if files.name(files.folder(path)) == 'shims' then -- else not worth loading it
    return require 'py.interpreter.pyenv'.root_of_shim(path)
  end
end

local function resolve_shim(root, command, environment)
  return require 'py.interpreter.pyenv'.resolve(root, command, environment, find_system)
end

-- The first `command` on PATH, seen through pyenv's shims. The second result
-- is a message, or on success what pyenv says to it.
local function find_on_path(command, environment, without_shims)
  for folder in (variable(environment, 'PATH') or ''):gmatch '[^:]+' do
    local path = files.join(files.absolute(folder, environment.cwd), command)
    if files.is_executable(path) then
      local root = root_of_shim(path)
      if not root then return path end
      if not without_shims then
        return resolve_shim(root, command, environment)
      end
    end
  end
end

function find_system(command, environment)
  return find_on_path(command, environment, true)
end

local function is_environment(folder)
  return files.is_file(files.join(folder, 'pyvenv.cfg'))
    or files.is_folder(files.join(folder, 'conda-meta'))
end

-- The Python of a virtual environment or of an installation.
local function find_in_prefix(folder)
  -- In an installation `python` may be Python 2.
  local names = is_environment(folder) and {'python', 'python3'}
    or {'python3', 'python'}
  for _, name in ipairs(names) do
    local path = files.join(folder, 'bin', name)
    if files.is_executable(path) then return path end
  end
  local settings = files.read_settings(files.join(folder, 'pyvenv.cfg'))
  if settings then
    return nil, ('the virtual environment %s has no usable bin/python (its Python '
      .. 'was in %s): make it again'):format(folder, settings.home or '?')
  end
  return nil, ('the folder %s has no bin/python3'):format(folder)
end

-- The interpreter that `lib/libpython3.11.so` belongs to.
local function library_owner(path)
  local command = 'python' .. (files.name(path):match '^libpython([%d.]*%d)%D' or '3')
  local prefix = files.folder(path)
  repeat
    prefix = files.folder(prefix)
    local owner = files.join(prefix, 'bin', command)
    if files.is_executable(owner) then return owner end
  until prefix == '/' or prefix == '.'
  return '/usr/bin/' .. command
end

-- The path of an executable, a prefix, or the name of a command.
local function find_given(value, environment)
  if not value:find '/' and value:sub(1, 1) ~= '~' then
    local path, note = find_on_path(value, environment)
    if path or note then return path, note end
    local folder = files.join(environment.cwd, value)
    if files.is_folder(folder) then return find_in_prefix(folder) end
    return nil, ("there is no command '%s' on PATH"):format(value)
  end
  local path = files.absolute(value, environment.cwd, variable(environment, 'HOME'))
  if files.is_folder(path) then return find_in_prefix(path) end
  if files.is_library(path) then
    return nil, ('%s is a library: name the interpreter that it belongs to, such as %s')
      :format(path, library_owner(path))
  elseif not files.is_file(path) then
    return nil, ('there is no file %s, or it is a link to nothing'):format(path)
  elseif not files.is_executable(path) then
    return nil, ('%s is not an executable file'):format(path)
  end
  local root = root_of_shim(path)
  if not root then return path end
  return resolve_shim(root, files.name(path), environment)
end

-- The order ---------------------------------------------------------------------

-- Each source returns a candidate {reason=, executable= or failure=, note=}, or
-- nil and why there is none.

local function candidate(reason, executable, note)
  if executable then
    return {reason = reason, executable = executable, note = note}
  end
  return {reason = reason, failure = note or 'there is none'}
end

local function from_config(environment, config)
  local value = config.python
  if value == nil then return nil, 'not given' end
  if type(value) ~= 'string' or value == '' then
    return {reason = 'py.config was called', failure =
      "py.config{python = ...} takes a path or a command's name, not "
      .. (value == '' and 'an empty string' or 'a ' .. type(value))}
  end
  return candidate(("py.config{python = '%s'} asks for it"):format(value),
    find_given(value, environment))
end

local function from_variable(name)
  return function(environment)
    local value = variable(environment, name)
    if not value then return nil, 'not set' end
    return candidate(("%s is set to '%s'"):format(name, value),
      find_given(value, environment))
  end
end

local function from_active_environment(name)
  return function(environment)
    local value = variable(environment, name)
    if not value then return nil, 'not set' end
    local folder = files.absolute(value, environment.cwd)
    -- Unlike a venv, a conda environment may be one for other languages.
    if name == 'CONDA_PREFIX' and files.is_folder(files.join(folder, 'conda-meta'))
      and not find_in_prefix(folder)
    then
      return nil, ("set to '%s', an environment without Python"):format(value)
    end
    local reason = ("%s is set to '%s'"):format(name, value)
    if not files.is_folder(folder) then
      return candidate(reason, nil, ('there is no folder %s'):format(folder))
    end
    return candidate(reason, find_in_prefix(folder))
  end
end

local function from_nearby_folder(environment)
  local places = {{environment.cwd, 'in the working directory'}}
  if environment.script then
    table.insert(places, 1, {files.folder(environment.script), 'beside the script'})
  end
  for _, place in ipairs(places) do
    for _, name in ipairs {'.venv', 'venv'} do
      local folder = files.join(place[1], name)
      if is_environment(folder) then
        return candidate(('%s is a virtual environment %s'):format(folder, place[2]),
          find_in_prefix(folder))
      end
    end
  end
  return nil, 'neither beside the script nor in the working directory'
end

local function from_path(environment)
  local executable, note = find_on_path('python3', environment)
  if executable or note then
    return candidate('it is the first python3 on PATH', executable, note)
  end
  return nil, 'there is none'
end

local SOURCES = {
  {'py.config',     from_config                           },
  {'LUAPY_PYTHON',  from_variable 'LUAPY_PYTHON'          },
  {'VIRTUAL_ENV',   from_active_environment 'VIRTUAL_ENV' },
  {'CONDA_PREFIX',  from_active_environment 'CONDA_PREFIX'},
  {'.venv or venv', from_nearby_folder                    },
  {'python3 on PATH', from_path                           },
}

-- Messages ------------------------------------------------------------------------

local CHOOSE = 'choose another Python with the variable LUAPY_PYTHON, or with '
  .. 'py.config{python = ...} before the first use'

local function reason_of(found)
  return found.reason .. (found.note and (' (%s)'):format(found.note) or '')
end

local function refusal(found, why, way_out)
  local lines = {}
  if found.executable then
    lines[1] = ('cannot use the Python %s: %s'):format(found.executable, why)
    lines[2] = '  chosen because ' .. reason_of(found)
  else
    lines[1] = ('cannot find the Python that was asked for: %s'):format(why)
    lines[2] = ('  searched because %s'):format(found.reason)
  end
  if way_out then lines[#lines + 1] = '  to use it: ' .. way_out end
  lines[#lines + 1] = '  ' .. (way_out and 'or ' or '') .. CHOOSE
  return table.concat(lines, '\n')
end

local function nothing_found(tried)
  local lines = {'no Python was found'}
  for _, entry in ipairs(tried) do
    lines[#lines + 1] = ('  %s: %s'):format(entry.what, entry.why)
  end
  lines[#lines + 1] = '  install one (apt-get install python3 libpython3-dev), or '
    .. 'name it with the variable LUAPY_PYTHON or with py.config{python = ...}'
  return table.concat(lines, '\n')
end

-- Python ends the process when it cannot find its standard library, so that is
-- checked before.
local function check_home(found, environment)
  local home = variable(environment, 'PYTHONHOME')
  if home and not layout.has_standard_library(home:match '^[^:]*', found.version, '') then
    return ('PYTHONHOME is set to %s, where the standard library of Python %d.%d is not')
      :format(home, found.version[1], found.version[2])
  end
end

-- The functions of the module -------------------------------------------------------

--- The Python to embed:
---   {executable=, library=, version={3,11,7}, prefix=, base_prefix=,
---    source='LUAPY_PYTHON', reason='LUAPY_PYTHON is set to …',
---    tried={{what=, why=}…} (what came before and was not there),
---    untested=, asked=}
--- or nil and a message. See `layout.inspect` for the first line's fields.
function interpreter.choose(config, environment)
  environment = environment or interpreter.environment()
  local tried = {}
  for _, source in ipairs(SOURCES) do
    local found, why = source[2](environment, config or {})
    if found then
      if found.failure then return nil, refusal(found, found.failure) end
      local choice, way_out
      choice, why, way_out = layout.inspect(found.executable)
      if choice then
        why, way_out = check_home(choice, environment), 'unset PYTHONHOME'
      end
      if why then return nil, refusal(found, why, way_out) end
      choice.source, choice.tried = source[1], tried
      choice.reason = reason_of(found)
      return choice
    end
    tried[#tried + 1] = {what = source[1], why = why}
  end
  return nil, nothing_found(tried)
end

--- What `py.loader.start` needs to make the embedded Python look like
--- `python script arguments…`.
function interpreter.start_options(choice, arguments, environment)
  environment = environment or interpreter.environment()
  local argv, path0 = {''}, ''
  if environment.script then
    argv = {arguments[0]}
    path0 = files.folder(environment.script)
  end
  for _, argument in ipairs(type(arguments) == 'table' and arguments or {}) do
    argv[#argv + 1] = tostring(argument)
  end
  -- Since 3.11 this variable keeps the script's folder off sys.path.
  if choice.version[2] >= 11 and variable(environment, 'PYTHONSAFEPATH') then
    path0 = nil
  end
  return {
    library = choice.library, program = choice.executable,
    version = ('%d.%d'):format(choice.version[1], choice.version[2]),
    argv = argv, path0 = path0,
  }
end

return interpreter
