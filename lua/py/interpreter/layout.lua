-- SPDX-License-Identifier: MIT
-- From the path of a Python executable to its version, its prefixes and its
-- shared library: by reading file names and pyvenv.cfg, and only where those
-- cannot tell (wrapper scripts, unusual builds) by asking that Python once.

local loader = require 'py.loader'
local files = require 'py.interpreter.files'

local layout = {}

local OLDEST_MINOR = 9
local NEWEST_TESTED_MINOR = 13

-- Messages ---------------------------------------------------------------------

local function too_old(major, minor)
  return ('it is Python %d.%d; lua-py needs CPython 3.%d or newer')
    :format(major, minor, OLDEST_MINOR)
end

local function free_threaded(major, minor)
  return ('it is a free-threaded build of Python %d.%d; lua-py needs a build '
    .. 'with the GIL'):format(major, minor)
end

local function other_implementation(name)
  return ('it is %s; lua-py needs CPython'):format(name)
end

local function how_to_get_library(found)
  local short = ('%d.%d'):format(found.version[1], found.version[2])
  if found.base_prefix == '/usr' and files.is_file '/etc/debian_version' then
    return 'apt-get install libpython' .. short
  end
  local root, name = found.base_prefix:match '^(.*)/versions/([^/]+)$'
  if root and files.is_folder(files.join(root, 'shims')) then
    return 'PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force ' .. name
  end
  return 'use a Python that was built with --enable-shared'
end

-- The virtual environment -----------------------------------------------------

-- As Python does: pyvenv.cfg beside the executable as it was called (links not
-- followed), or one folder up.
local function virtual_environment(executable)
  local folder = files.folder(executable)
  for _, prefix in ipairs {files.folder(folder), folder} do
    local settings = files.read_settings(files.join(prefix, 'pyvenv.cfg'))
    if settings and settings.home then return prefix, settings end
  end
end

local function parse_version(text)
  local major, minor, patch = (text or ''):match '^(%d+)%.(%d+)%.?(%d*)'
  if major then
    return {tonumber(major), tonumber(minor), tonumber(patch)}
  end
end

-- The installation -------------------------------------------------------------

-- `flags` are the ABI flags: 't' free-threaded, 'd' debug.
local function has_standard_library(prefix, version, flags)
  local short = ('%d.%d'):format(version[1], version[2])
  for _, lib in ipairs {'lib', 'lib64'} do
    local folder = files.join(prefix, lib)
    if files.is_file(files.join(folder, 'python' .. short .. flags, 'os.py'))
      or files.is_file(files.join(folder, 'python' .. short:gsub('%.', '') .. '.zip'))
    then
      return true
    end
  end
  return false
end

-- The only 3.x whose standard library lies in the prefix, for executables
-- whose name has no version.
local function version_by_standard_library(prefix)
  local found
  for _, lib in ipairs {'lib', 'lib64'} do
    for _, name in ipairs(files.list(files.join(prefix, lib))) do
      local version = parse_version(name:match '^python(%d%.%d+)$')
      if version and has_standard_library(prefix, version, '') then
        if found and found[2] ~= version[2] then return nil end
        found = version
      end
    end
  end
  return found
end

-- Where an installation with this prefix keeps its shared library. Other
-- folders are not searched: the library of another installation of the same
-- version has another standard library and other compiled-in paths.
local function library_folders(prefix)
  local folders = {files.join(prefix, 'lib'), files.join(prefix, 'lib64')}
  local system = loader.system_library_folder()
  if system then
    local multiarch = files.join(prefix, 'lib', files.name(system))
    if files.is_folder(multiarch) then table.insert(folders, 1, multiarch) end
    if prefix == '/usr' and system ~= multiarch then
      table.insert(folders, system)
    end
  end
  return folders
end

local function find_library(prefix, version, flags)
  local stem = ('libpython%d.%d%s'):format(version[1], version[2], flags)
  local searched = {}
  for _, folder in ipairs(library_folders(prefix)) do
    if files.is_folder(folder) then
      searched[#searched + 1] = folder
      for _, ending in ipairs {'.so.1.0', '.so.1', '.so', '.dylib'} do
        local path = files.join(folder, stem .. ending)
        if files.is_file(path) then return path end
      end
    end
  end
  return nil, ('%s.so.1.0 is not in %s'):format(stem,
    #searched > 0 and table.concat(searched, ', ') or files.join(prefix, 'lib'))
end

-- A venv's home is the folder of its base executable; where links lead out of
-- it, the installation may lie elsewhere.
local function find_base_prefix(settings, real, version, flags)
  local candidates = {files.folder(files.folder(real))}
  if settings then
    table.insert(candidates, 1, files.folder(settings.home))
  end
  for _, prefix in ipairs(candidates) do
    if has_standard_library(prefix, version, flags) then return prefix end
  end
  return nil, candidates
end

-- What the files tell -------------------------------------------------------------

-- False for wrappers: scripts, and the programs of version managers.
local function is_program(real)
  return files.name(real):find '^python' ~= nil and not files.is_script(real)
end

-- Returns what is known; nil and a message for a Python that cannot serve; nil
-- alone where only the executable itself can tell.
local function read(executable)
  local real = files.real(executable)
  local name = files.name(real)
  if name:find '^pypy' then return nil, other_implementation 'PyPy' end
  if name:find '^graalpy' then return nil, other_implementation 'GraalPy' end
  if not is_program(real) then return nil end

  local prefix, settings = virtual_environment(executable)
  if settings and settings.implementation
    and settings.implementation:lower() ~= 'cpython'
  then
    return nil, other_implementation(settings.implementation)
  end

  local by_name = parse_version(name:match '^python(%d+%.%d+)')
  local flags = name:match '^python%d+%.%d+(.*)$' or ''
  local by_settings = settings
    and parse_version(settings.version or settings.version_info)
  local version = by_name or by_settings
    or version_by_standard_library(files.folder(files.folder(real)))
  if not version then return nil end
  if version[1] ~= 3 or version[2] < OLDEST_MINOR then
    return nil, too_old(version[1], version[2])
  end
  if flags:find 't' then return nil, free_threaded(version[1], version[2]) end
  if flags ~= '' and flags ~= 'd' then return nil end
  if by_settings then
    if by_settings[2] ~= version[2] then
      return nil, ('the virtual environment was made for Python 3.%d, and its '
        .. 'Python is now 3.%d: make it again with %s -m venv --clear %s')
        :format(by_settings[2], version[2], real, prefix)
    end
    version = by_settings
  end

  local base_prefix = find_base_prefix(settings, real, version, '')
  if not base_prefix then
    if find_base_prefix(settings, real, version, 't') then
      return nil, free_threaded(version[1], version[2])
    end
    return nil
  end
  if not version[3] then
    local patch = files.name(base_prefix):match('^3%.' .. version[2] .. '%.(%d+)$')
    version[3] = tonumber(patch)
  end
  local library, why = find_library(base_prefix, version, flags)
  return {
    executable = executable, version = version, library = library,
    library_missing = why, prefix = prefix or base_prefix,
    base_prefix = base_prefix,
  }
end

-- What the Python itself tells -------------------------------------------------------

local function read_answer(executable, known)
  local answer, why = require 'py.interpreter.ask'(executable) -- rarely needed
  if not answer then
    -- The files have already told that there is no library.
    if known then return known end
    return nil, why
  end
  if answer.implementation ~= 'cpython' then
    return nil, other_implementation(answer.implementation)
  end
  local version = parse_version(answer.version)
  if version[1] ~= 3 or version[2] < OLDEST_MINOR then
    return nil, too_old(version[1], version[2])
  end
  if answer.flags:find 't' then
    return nil, free_threaded(version[1], version[2])
  end
  local found = {
    -- A wrapper is no program that Python could find its files by.
    executable = is_program(files.real(executable)) and executable
      or answer.executable,
    version = version, prefix = answer.prefix, base_prefix = answer.base_prefix,
    asked = true,
  }
  if not has_standard_library(found.base_prefix, version, '') then
    return nil, ('its standard library is not under %s'):format(found.base_prefix)
  end
  if answer.library ~= '' and files.is_file(answer.library) then
    found.library = answer.library
  else
    found.library, found.library_missing =
      find_library(found.base_prefix, version, answer.flags)
  end
  return found
end

--- What an executable needs to be embedded:
---   {executable=, version={3,11,7}, library=, prefix=, base_prefix=,
---    untested=true for a version newer than those tested, asked=true if a
---    process had to be started}
--- The patch level is nil where no file tells it. Or nil, the reason why this
--- Python cannot be used, and a way out where there is one.
function layout.inspect(executable)
  local found, why = read(executable)
  if not found and why then return nil, why end
  if not found or not found.library then
    found, why = read_answer(executable, found)
    if not found then return nil, why end
  end
  if not found.library then
    return nil, 'it has no shared library: ' .. found.library_missing,
      how_to_get_library(found)
  end
  found.library_missing = nil
  found.untested = found.version[2] > NEWEST_TESTED_MINOR or nil
  return found
end

layout.has_standard_library = has_standard_library

return layout
