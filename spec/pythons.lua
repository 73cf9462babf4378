-- SPDX-License-Identifier: MIT
-- Trees of files that look like Pythons, and what py.interpreter chooses there,
-- for the specs of that: no Python of this machine matters.

local interpreter = require 'py.interpreter'
local loader = require 'py.loader'

local pythons = {}

local root
local script

--- A command for the shell that makes the tree.
function pythons.shell(...)
  script[#script + 1] = string.format(...)
end

--- Makes what was asked for; the functions that choose do so, too.
function pythons.build()
  script[#script + 1] = ''
  local path = root .. '/.build'
  local file = assert(io.open(path, 'w'))
  file:write(table.concat(script, '\n'))
  file:close()
  local ok = os.execute('cd ' .. root .. ' && sh -e .build')
  assert(ok == true or ok == 0, 'the tree could not be made')
  script = {}
end

function pythons.executable(path, text)
  pythons.shell('mkdir -p $(dirname %s); printf %%b %q > %s; chmod +x %s', path,
    text or '\\0177ELF', path, path)
end

--- What `make install` leaves behind.
function pythons.installation(prefix, short, options)
  options = options or {}
  local flags = options.flags or ''
  local lib = prefix .. '/' .. (options.lib or 'lib')
  pythons.executable(('%s/bin/python%s%s'):format(prefix, short, flags))
  pythons.shell('ln -s python%s%s %s/bin/python3', short, flags, prefix)
  pythons.shell('mkdir -p %s %s/%s/python%s%s', lib, prefix, options.stdlib or 'lib', short, flags)
  pythons.shell('touch %s/%s/python%s%s/os.py', prefix, options.stdlib or 'lib', short, flags)
  if options.shared ~= false then
    pythons.shell('touch %s/libpython%s%s.so.1.0', lib, short, flags)
  end
end

--- What `python -m venv` leaves behind.
function pythons.virtual_environment(prefix, base, version, settings)
  pythons.shell('mkdir -p %s/bin', prefix)
  pythons.shell('ln -s %s %s/bin/python; ln -s python %s/bin/python3', base, prefix, prefix)
  pythons.shell("printf 'home = %%s\\nversion = %%s\\n%%s' %s %s '%s' > %s/pyvenv.cfg",
    base:match '^(.*)/', version, settings or '', prefix)
end

--- The shim of a pyenv in `folder`.
function pythons.shim(folder, command)
  pythons.executable(folder .. '/shims/' .. command, '#!/bin/sh\\n# pyenv exec\\n')
  pythons.shell('mkdir -p %s/versions', folder)
end

function pythons.at(path)
  return root .. '/' .. path
end

--- Chooses with nothing but the given variables; no process may start.
function pythons.choose(variables, options)
  options = options or {}
  variables = variables or {}
  pythons.build()
  local popen = io.popen
  if not options.may_ask then
    rawset(io, 'popen', function() error 'a process was started' end)
  end
  local ok, choice, message = pcall(interpreter.choose, options.config, {
    getenv = function(name) return variables[name] end,
    cwd = options.cwd or root, script = options.script,
  })
  rawset(io, 'popen', popen)
  assert(ok, choice)
  return choice, message
end

function pythons.chosen(variables, options)
  local choice, message = pythons.choose(variables, options)
  if not choice then error(message, 2) end
  return choice
end

--- Chooses none: the message must have all of the given parts.
function pythons.refused(parts, variables, options)
  local choice, message = pythons.choose(variables, options)
  if choice then error('chosen: ' .. choice.executable, 2) end
  for _, part in ipairs(parts) do
    if not message:find(part, 1, true) then
      error(('%q is not in:\n%s'):format(part, message), 2)
    end
  end
  return message
end

--- To be called before each test, and after it.
function pythons.make_root()
  script = {}
  local path = os.tmpname()
  os.remove(path)
  os.execute('mkdir ' .. path)
  root = loader.realpath(path)
end

function pythons.remove_root()
  os.execute('rm -rf ' .. root)
end

return pythons
