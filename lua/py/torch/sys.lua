-- SPDX-License-Identifier: MIT
-- Of the package `sys`: time, the shell, and colours.

local tensors = require 'py.torch.core'

local py = require 'py'

local sys = {}

local clock = tensors.lasting 'time'.time
local started

function sys.clock() return py.eval(clock()) end

--- Starts the stopwatch; toc(true) prints what it shows as well.
function sys.tic() started = sys.clock() end

function sys.toc(verbose)
  local elapsed = started and sys.clock() - started or 0
  if verbose then print(elapsed) end
  return elapsed
end

function sys.sleep(seconds)
  py.import 'time'.sleep(seconds)
end

function sys.usleep(microseconds)
  sys.sleep(microseconds / 1e6)
  return microseconds
end

--- What a shell command prints, without the newline at its end.
function sys.execute(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read '*a'
  pipe:close()
  return (text:gsub('\n$', ''))
end

--- The same, or what pipe:read(format) reads of it.
function sys.fexecute(command, format)
  if not format then return sys.execute(command) end
  local pipe = assert(io.popen(command))
  local read = pipe:read(format)
  pipe:close()
  return read
end

for name, options in pairs { ls = '', ll = '-l ', la = '-a ', lla = '-la ' } do
  sys[name] = function(folder)
    return sys.execute('ls ' .. options .. (folder or ''))
  end
end

--- The parts of a string between the matches of a pattern.
function sys.split(given, pattern)
  local parts, from = {}, 1
  while true do
    local first, last = given:find(pattern, from)
    if not first or last < first then break end
    if first > from or from > 1 then parts[#parts + 1] = given:sub(from, first - 1) end
    from = last + 1
  end
  if from <= #given then parts[#parts + 1] = given:sub(from) end
  return parts
end

function sys.isNaN(number) return number ~= number end

sys.COLORS = {}
sys.colors = setmetatable({}, { __index = sys.COLORS })
for i, name in ipairs { 'black', 'red', 'green', 'yellow', 'blue', 'magenta',
                        'cyan', 'white' } do
  sys.COLORS[name] = ('\27[0;%dm'):format(29 + i)
  sys.COLORS[name:sub(1, 1):upper() .. name:sub(2)] =
    ('\27[1;%dm'):format(29 + i)
end
sys.COLORS.none = '\27[0m'
package.preload['sys.colors'] = package.preload['sys.colors'] or function()
  return sys.COLORS
end

--- The name of the system, as a script may compare it.
function sys.uname()
  local name = py.eval(py.import 'platform'.system())
  return ({ Linux = 'linux', Darwin = 'macos', Windows = 'windows' })[name]
    or name:lower()
end

sys.OS = sys.uname()

for _, name in ipairs { 'dirname', 'concat' } do
  sys[name] = function(...) return require 'paths'[name](...) end
end

--- The folder and the name of the file that calls.
function sys.fpath()
  local path = debug.getinfo(2, 'S').source:match '^@(.*)$' or ''
  return path:match '^(.*)/[^/]*$' or '.', path:match '[^/]*$'
end

return sys
