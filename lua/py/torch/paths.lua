-- SPDX-License-Identifier: MIT
-- Of the package `paths`: names of files, and a look at the disk.

local tensors = require 'py.torch.core'

local py = require 'py'

local paths = {}

local os_path, os_module = tensors.lasting 'os.path', tensors.lasting 'os'
local shutil, glob = tensors.lasting 'shutil', tensors.lasting 'glob'

local function value(ref) return py.eval(ref) end

-- The text that argument `position` is, or luaL_checkstring's error.
local function text(path, position)
  if type(path) == 'number' then return tostring(path) end
  if type(path) ~= 'string' then
    error(("bad argument #%d to '?' (string expected, got %s)"):format(position,
      path == nil and 'no value' or type(path)), 3)
  end
  return path
end

function paths.filep(path) return value(os_path.isfile(text(path, 1))) end
function paths.dirp(path) return value(os_path.isdir(text(path, 1))) end
function paths.cwd() return value(os_module.getcwd()) end
paths.home = os.getenv 'HOME' or '.'

--- Names of the system, its host, and the machine.
function paths.uname()
  local names = os_module.uname()
  return value(names.sysname), value(names.nodename), value(names.machine)
end

function paths.is_win() return paths.uname():match 'Windows' end
function paths.is_mac() return paths.uname():match 'Darwin' end

--- The last part of a path, without its suffix if that is given.
function paths.basename(path, suffix)
  local name = path:gsub('/+$', ''):match '[^/]*$'
  if suffix then
    suffix = suffix:gsub('^%.?', '.')
    if #name > #suffix and name:sub(-#suffix) == suffix then
      name = name:sub(1, -#suffix - 1)
    end
  end
  return name
end

function paths.dirname(path)
  local folder = path:gsub('/+$', ''):match '^(.*)/[^/]*$'
  if not folder then return path:match '^/' or '.' end
  return folder == '' and '/' or folder
end

--- The suffix of a file's name, without its dot.
function paths.extname(path)
  return paths.basename(path):match '%.([^.]*)$'
end

--- Parts as one absolute path.
function paths.concat(...)
  local path = paths.cwd()
  for i = 1, select('#', ...) do
    local part = text((select(i, ...)), i)
    path = part:match '^/' and part or path .. '/' .. part
  end
  return (value(os_path.normpath(path)):gsub('^//', '/'))
end

-- True; or nil, what went wrong with which path, and the number of that.
local function attempt(f, path)
  local ok, err = pcall(f, path)
  if ok then return true end
  local e = err.value
  return nil, ('%s: %s'):format(value(e.filename), value(e.strerror)), value(e.errno)
end

--- Makes a folder, and those that it lies in.
function paths.mkdir(path) return attempt(os_module.makedirs, text(path, 1)) end
function paths.rmdir(path) return attempt(os_module.rmdir, text(path, 1)) end

--- Removes a file, or a folder with all in it.
function paths.rmall(path, confirmation)
  if confirmation ~= 'yes' then return nil, "missing second argument ('yes')" end
  if paths.dirp(path) then return attempt(shutil.rmtree, path) end
  if paths.filep(path) then return attempt(os_module.remove, path) end
  return nil, 'not a file or directory', path
end

--- The names in a folder as a table, or nil if there is none.
function paths.dir(path)
  path = text(path, 1)
  local ok, names = pcall(function() return value(os_module.listdir(path)) end)
  if not ok then return nil end
  table.insert(names, '.')
  table.insert(names, '..')
  return names
end

--- The names in a folder, and `.` and `..`: an iterator.
function paths.files(path, filter)
  local names = paths.dir(path) or {}
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

--- A name for a file of one's own, which is removed at the end.
function paths.tmpname()
  local name = os.tmpname()
  os.remove(name)
  local remove = py.reval 'lambda os, path: os.path.isfile(path) and os.remove(path)'
  py.import('atexit').register(remove, py.import 'os', name)
  return name
end

--- The file that calls, or one beside it; `depth` is the level of the caller.
function paths.thisfile(name, depth)
  local path = debug.getinfo(depth or 2, 'S').source
  if path:match '^@' then path = paths.concat(path:sub(2)) end
  if type(name) ~= 'string' then return path end
  return paths.concat(paths.dirname(path), name)
end

--- Runs a file beside the one that calls.
function paths.dofile(name, depth)
  return dofile(paths.thisfile(name, (depth or 2) + 1))
end

--- The first of these programs that PATH has.
function paths.findprogram(...)
  for i = 1, select('#', ...) do
    for folder in (os.getenv 'PATH' or '.'):gmatch '[^:]+' do
      local path = paths.concat(folder, (select(i, ...)))
      if paths.filep(path) then return path end
    end
  end
  return nil
end

-- Where Lua's executable lies is not known; nor does real `paths` always know.
function paths.execdir() return nil end

function paths.getregistryvalue()
  error('This function exists only on windows', 2)
end

paths.require = require

return paths
