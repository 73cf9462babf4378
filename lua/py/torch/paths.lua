-- SPDX-License-Identifier: MIT
-- Of the package `paths`: names of files, and a look at the disk.

local tensors = require 'py.torch.core'

local py = require 'py'

local paths = {}

local os_path, os_module = tensors.lasting 'os.path', tensors.lasting 'os'
local shutil, glob = tensors.lasting 'shutil', tensors.lasting 'glob'

local function value(ref) return py.eval(ref) end

function paths.filep(path) return value(os_path.isfile(path)) end
function paths.dirp(path) return value(os_path.isdir(path)) end
function paths.cwd() return value(os_module.getcwd()) end
function paths.home() return value(os_path.expanduser '~') end

--- The last part of a path, without its suffix if that is given.
function paths.basename(path, suffix)
  local name = path:gsub('/+$', ''):match '[^/]*$'
  if suffix then
    suffix = suffix:gsub('^%.?', '.')
    if #name > #suffix and name:sub(-#suffix) == suffix then
      name = name:sub(1, -#suffix - 1)
    end
  end
  return name == '' and path:match '^/' or name
end

function paths.dirname(path)
  local folder = path:gsub('/+$', ''):match '^(.*)/[^/]*$'
  if not folder then return path:match '^/' or '.' end
  return folder == '' and '/' or folder
end

--- The suffix of a file's name, without its dot.
function paths.extname(path)
  return paths.basename(path):match '.%.([^.]*)$'
end

--- Parts as one absolute path.
function paths.concat(...)
  local parts = { ... }
  local path = parts[1] and parts[1]:match '^/' and '' or paths.cwd()
  for _, part in ipairs(parts) do
    path = part:match '^/' and part or path .. '/' .. part
  end
  return value(os_path.normpath(path))
end

local function attempt(f, ...)
  local ok, err = pcall(f, ...)
  if ok then return true end
  return nil, err.message
end

function paths.mkdir(path)
  return attempt(os_module.makedirs, path, py.kwargs { exist_ok = true })
end

function paths.rmdir(path) return attempt(os_module.rmdir, path) end
function paths.rmall(path, confirmation)
  if confirmation ~= 'yes' then
    error("paths.rmall: second argument must be 'yes'", 2)
  end
  return attempt(paths.dirp(path) and shutil.rmtree or os_module.remove, path)
end

--- The names in a folder, and `.` and `..`: an iterator.
function paths.files(path, filter)
  local names = value(os_module.listdir(path or '.'))
  table.insert(names, '.')
  table.insert(names, '..')
  table.sort(names)
  local i = 0
  return function()
    while true do
      i = i + 1
      local name = names[i]
      if not name then return nil end
      local keep = true
      if type(filter) == 'string' then keep = name:find(filter) ~= nil end
      if type(filter) == 'function' then keep = filter(name) end
      if keep then return name end
    end
  end
end

function paths.dir(path)
  local ok, names = pcall(function() return value(os_module.listdir(path)) end)
  if not ok then return nil end
  table.insert(names, '.')
  table.insert(names, '..')
  return names
end

local function iterator(want)
  return function(path)
    local all = paths.files(path)
    return function()
      for name in all do
        if name ~= '.' and name ~= '..' and want(paths.concat(path, name)) then
          return name
        end
      end
    end
  end
end
paths.iterfiles, paths.iterdirs = iterator(paths.filep), iterator(paths.dirp)

function paths.glob(pattern)
  local names = value(glob.glob(pattern))
  table.sort(names)
  return names
end

function paths.tmpname() return os.tmpname() end

--- The folder of the file that calls.
function paths.thisfile(name, depth)
  local source = debug.getinfo(2 + (depth or 0), 'S').source
  local path = source:match '^@(.*)$'
  if not path then return nil end
  path = paths.concat(path)
  return name and paths.concat(paths.dirname(path), name) or path
end

--- Runs a file beside the one that calls.
function paths.dofile(name, depth)
  return dofile(paths.thisfile(name, (depth or 0) + 1))
end

paths.require = require

return paths
