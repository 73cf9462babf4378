-- SPDX-License-Identifier: MIT
-- What a pyenv shim would run, worked out from pyenv's files: starting the
-- shim costs 90 ms. The rules are those of `pyenv which`.

local files = require 'py.interpreter.files'

local pyenv = {}

--- The root of the pyenv that `path` is a shim of, or nil. Shims are scripts
--- in the folder `shims` beside `versions`.
function pyenv.root_of_shim(path)
  local folder = files.folder(path)
  local root = files.folder(folder)
  if files.name(folder) == 'shims' and files.is_folder(files.join(root, 'versions'))
    and files.is_script(path) and files.read(path):find('pyenv', 1, true)
  then
    return root
  end
end

-- The versions in a file: the first word of each line that is no comment.
local function read_versions(path)
  local versions = {}
  for line in (files.read(path) or ''):gmatch '[^\r\n]+' do
    local version = line:match '^%s*(%S+)'
    -- A name with a slash or dots could lead out of pyenv's folder.
    if version and version:sub(1, 1) ~= '#' and version ~= '..'
      and not version:find('/', 1, true)
    then
      versions[#versions + 1] = version
    end
  end
  return versions
end

-- The selected versions, and the variable or file that selects them.
local function selection(root, environment)
  local variable = environment.getenv 'PYENV_VERSION'
  if variable and variable ~= '' then
    local versions = {}
    for version in variable:gmatch '[^:]+' do
      versions[#versions + 1] = version
    end
    return versions, 'PYENV_VERSION'
  end
  local start = environment.getenv 'PYENV_DIR'
  for _, folder in ipairs {start or environment.cwd, environment.cwd} do
    while true do
      local path = files.join(folder, '.python-version')
      if files.is_file(path) then
        local versions = read_versions(path)
        if #versions > 0 then return versions, path end
        return {'system'}, path
      end
      if folder == '/' or folder == '.' then break end
      folder = files.folder(folder)
    end
  end
  local path = files.join(root, 'version')
  local versions = read_versions(path)
  if #versions > 0 then return versions, path end
  return {'system'}, 'the default of pyenv'
end

-- Sorts "3.9.18" before "3.10.1".
local function older(a, b)
  local left, right = a:gmatch '%d+', b:gmatch '%d+'
  while true do
    local m, n = tonumber(left() or nil), tonumber(right() or nil)
    if m ~= n then return (m or -1) < (n or -1) end
    if m == nil then return a < b end
  end
end

-- "3.11" means the newest installed 3.11.x that is a release.
local function newest(root, prefix)
  local stem, free_threaded = prefix:match '^(.*%d)(t)$'
  stem = stem or prefix
  local best
  for _, name in ipairs(files.list(files.join(root, 'versions'))) do
    local rest = name:sub(1, #stem) == stem and name:sub(#stem + 1)
    if rest and rest:find '^[-.]'
      and not name:find '%-dev$' and not name:find '%-src$'
      and not name:find '%-latest$'
      and not name:find '%da%d+$' and not name:find '%db%d+$'
      and not name:find 'rc%d+$'
      and (name:find '%dt$' ~= nil) == (free_threaded ~= nil)
      and (best == nil or older(best, name))
    then
      best = name
    end
  end
  return best
end

local function installed(root, version)
  local bare = version:gsub('^python%-', '')
  for _, name in ipairs {version, bare} do
    if files.is_folder(files.join(root, 'versions', name)) then return name end
  end
  return newest(root, version) or newest(root, bare)
end

--- The executable behind the shim of `command`, and how pyenv comes to it; or
--- nil and a message. `find_system(command, environment)` searches PATH
--- without shims, which pyenv does for `system` and when all else fails.
function pyenv.resolve(root, command, environment, find_system)
  local versions, origin = selection(root, environment)
  local problems = {}
  for _, version in ipairs(versions) do
    if version == 'system' then
      local path = find_system(command, environment)
      if path then return path, ("pyenv's system, set by %s"):format(origin) end
      problems[#problems + 1] = ('PATH has no other %s'):format(command)
    else
      local name = installed(root, version)
      local path = name and files.join(root, 'versions', name, 'bin', command)
      if path and files.is_executable(path) then
        return path, ("pyenv's %s, set by %s"):format(name, origin)
      end
      problems[#problems + 1] = name and ("pyenv's %s has no %s"):format(name, command)
        or ("pyenv's %s is not installed"):format(version)
    end
  end
  local why = ('%s (set by %s)'):format(table.concat(problems, ', '), origin)
  local path = find_system(command, environment)
  if path then return path, why end
  return nil, why
end

return pyenv
