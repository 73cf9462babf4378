-- SPDX-License-Identifier: MIT
-- Paths and small files, for finding a Python without starting a process.

local loader = require 'py.loader'

local files = {}

-- Enough for any version file, pyvenv.cfg or shim, whatever lies there.
local MOST_BYTES = 64 * 1024

--- Joins with single slashes: `join('/usr', 'lib')`.
function files.join(first, ...)
  local path = first
  for _, part in ipairs {...} do
    path = path:gsub('/+$', '') .. '/' .. part
  end
  return path
end

--- The folder of a path: `/usr` for `/usr/bin`, `/` for `/usr`.
function files.folder(path)
  local folder = path:match '^(.*)/[^/]+/*$'
  if folder == nil then return path:sub(1, 1) == '/' and '/' or '.' end
  return folder == '' and '/' or folder
end

function files.name(path)
  return path:match '([^/]+)/*$' or path
end

--- A path as given by a user: `~` means `home`, the rest is relative to
--- `folder`. Symbolic links stay, `.` and `..` are resolved in the text.
function files.absolute(path, folder, home)
  if home and (path == '~' or path:sub(1, 2) == '~/') then
    path = home .. path:sub(2)
  end
  if path:sub(1, 1) ~= '/' then path = files.join(folder, path) end
  local parts = {}
  for part in path:gmatch '[^/]+' do
    if part == '..' then
      table.remove(parts)
    elseif part ~= '.' then
      parts[#parts + 1] = part
    end
  end
  return '/' .. table.concat(parts, '/')
end

function files.is_file(path) return loader.kind(path) == 'file' end
function files.is_folder(path) return loader.kind(path) == 'directory' end
files.is_executable = loader.is_executable

--- The path without symbolic links, or nil where nothing is there.
function files.real(path) return (loader.realpath(path)) end

--- The names in a folder, sorted; none where there is no such folder.
function files.list(path)
  local names = loader.listdir(path) or {}
  table.sort(names)
  return names
end

--- The beginning of a file, or nil.
function files.read(path, bytes)
  if not files.is_file(path) then return nil end
  local file = io.open(path, 'rb')
  if not file then return nil end
  local text = file:read(bytes or MOST_BYTES)
  file:close()
  return text or ''
end

--- True for a text that the kernel hands to an interpreter (`#!`).
function files.is_script(path) return files.read(path, 2) == '#!' end

--- True for a program in machine code (ELF, Mach-O).
function files.is_binary(path)
  local magic = files.read(path, 4)
  return magic == '\127ELF' or magic == '\207\250\237\254'
    or magic == '\202\254\186\190'
end

--- True for a shared library, by its name: `libpython3.11.so.1.0`.
function files.is_library(path)
  local name = files.name(path)
  return files.is_file(path)
    and (name:find '^lib.*%.so' or name:find '%.so$' or name:find '%.dylib$') ~= nil
end

--- `key = value` lines, as in pyvenv.cfg; keys in lower case. Nil without
--- the file.
function files.read_settings(path)
  local text = files.read(path)
  if not text then return nil end
  local settings = {}
  for line in text:gmatch '[^\r\n]+' do
    local key, value = line:match '^%s*([^=]-)%s*=%s*(.-)%s*$'
    if key then settings[key:lower()] = value end
  end
  return settings
end

return files
