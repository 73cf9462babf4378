-- SPDX-License-Identifier: MIT
-- Runs a script in a fresh process of the Lua that runs this file, for what
-- only a whole process shows: output, exit, signals, crashes and deadlocks.
local helper = require 'spec.helper'

local child = {}

local function quote(text)
  return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local function write_file(path, text)
  local file = assert(io.open(path, 'wb'))
  file:write(text)
  file:close()
end

local function read_file(path)
  local file = io.open(path, 'rb')
  if not file then
    return ''
  end
  local text = file:read '*a'
  file:close()
  return text
end

local function temporary_directory()
  local pipe = assert(io.popen 'mktemp -d')
  local path = pipe:read '*l'
  pipe:close()
  return assert(path, 'mktemp -d gave no directory')
end

-- The search paths of this process, in the variables that win in the child.
local function search_paths()
  local version = _VERSION:match '5%.([234])'
  local suffix = version and '_5_' .. version or ''
  return {
    ['LUA_PATH' .. suffix] = package.path,
    ['LUA_CPATH' .. suffix] = package.cpath,
  }
end

local function environment(extra)
  local words = {}
  for _, variables in ipairs { search_paths(), extra or {} } do
    for name, value in pairs(variables) do
      words[#words + 1] = quote(name .. '=' .. value)
    end
  end
  return table.concat(words, ' ')
end

local function words(list)
  local quoted = {}
  for i, word in ipairs(list or {}) do
    quoted[i] = quote(word)
  end
  return table.concat(quoted, ' ')
end

-- Runs `script` (Lua source) and returns a table:
--   stdout, stderr  what it wrote
--   code            its exit status, or nil when a signal killed it
--   signal          the number of that signal
--   timed_out       true when it was stopped after options.timeout seconds
--   script          the path that the script had
-- Options: args (list), env (name → value), files (name → text, beside the
-- script), stdin (text), closed_stdin (true: there is none), ignore_interrupts
-- (true: as under nohup), timeout (seconds, 10), merge (stderr into stdout),
-- pipe (a command that reads its stdout), stdout (a file for it), lua (another
-- interpreter), folder (the working directory), options (list of the
-- interpreter's own, before the script).
-- Without a script none is named, as for `-e` and `-i`.
function child.run(script, options)
  options = options or {}
  local directory = temporary_directory()
  local function path(name)
    return directory .. '/' .. name
  end
  for name, text in pairs(options.files or {}) do
    write_file(path(name), text)
  end
  write_file(path 'stdin', options.stdin or '')
  if script then
    write_file(path 'script.lua', script)
  end
  local stdout = '>' .. quote(options.stdout or path 'stdout')
  -- A shell starts background jobs with SIGINT ignored, and Python would
  -- keep it so; the child gets the default back.
  local command = table.concat({
    options.folder and 'cd ' .. quote(options.folder) .. ' &&' or '',
    'env ' .. (options.ignore_interrupts and '--ignore-signal=INT' or '--default-signal=INT'),
    environment(options.env),
    'timeout -k 1', options.timeout or 10,
    quote(options.lua or helper.interpreter()), words(options.options),
    script and quote(path 'script.lua') or '', words(options.args),
    options.closed_stdin and '<&-' or '<' .. quote(path 'stdin'), options.pipe and '' or stdout,
    options.merge and '2>&1' or '2>' .. quote(path 'stderr'),
    '; echo $? >' .. quote(path 'status'),
  }, ' ')
  local pipe = options.pipe and ' | ' .. options.pipe .. ' ' .. stdout or ''
  -- The shell's own stderr is where it reports that a signal killed a child.
  os.execute('{ { ' .. command .. '; }' .. pipe .. '; } 2>/dev/null')
  local code = tonumber(read_file(path 'status'):match '%d+')
  local result = {
    stdout = read_file(path 'stdout'),
    stderr = read_file(path 'stderr'),
    timed_out = code == 124 or code == 137,
    script = path 'script.lua',
  }
  if code and code > 128 then
    result.signal = code - 128
  else
    result.code = code
  end
  os.execute('rm -rf ' .. quote(directory))
  return result
end

-- The standard output of a script that must end well and complain of nothing.
function child.output(script, options)
  local result = child.run(script, options)
  if result.code ~= 0 or result.stderr ~= '' then
    error(string.format('the child ended with %s\n%s%s',
      result.timed_out and 'a timeout' or result.signal and 'signal ' .. result.signal
        or 'status ' .. tostring(result.code), result.stdout, result.stderr), 2)
  end
  return result.stdout
end

-- Source for a child: `interrupt_soon()` sends this process SIGINT in a moment.
child.interrupt_soon = [[
local function interrupt_soon()
  os.execute('{ sleep 0.15; kill -INT $PPID; } >/dev/null 2>&1 </dev/null &')
end
]]

return child
