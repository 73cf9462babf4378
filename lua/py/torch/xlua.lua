-- SPDX-License-Identifier: MIT
-- Of the package `xlua`: the progress bar, and small helpers of scripts.

local tensors = require 'py.torch.core'

local py = require 'py'
-- A global for scripts, as with the real one.
local found, sys = pcall(require, 'sys')
if not found then sys = require 'py.torch.sys' end

local xlua = {}

local clock = tensors.lasting 'time'.time

local UNITS = { { 86400000, 'D' }, { 3600000, 'h' }, { 60000, 'm' }, { 1000, 's' }, { 1, 'ms' } }

--- A time as its two greatest units: 1h5m.
function xlua.formatTime(seconds)
  local rest, text, shown = math.floor(seconds * 1000), '', 0
  for _, unit in ipairs(UNITS) do
    local n = math.floor(rest / unit[1])
    rest = rest - n * unit[1]
    if n > 0 and shown < 2 then
      text, shown = ('%s%d%s'):format(text, n, unit[2]), shown + 1
    end
  end
  return shown > 0 and text or '0ms'
end
local duration = xlua.formatTime

-- The progress bar ---------------------------------------------------------------

-- Beside the bar is room for times; a step takes the mean of some of the last.
local BESIDE, WIDEST, LAST = 34, 120, 100
local width, bar -- the state of the one that is drawn

local function terminal_width()
  local pipe = io.popen 'tput cols 2>/dev/null'
  local columns = pipe and tonumber(pipe:read '*a')
  if pipe then pipe:close() end
  return math.min(columns or 80, WIDEST)
end

--- Draws a bar for `current` of `goal`, with the time to go, or what all took, and
--- the time of a step.
function xlua.progress(current, goal)
  width = width or terminal_width() - BESIDE
  local filled, now = math.floor(current * width / goal), py.eval(clock())
  if not bar or bar.done and filled < bar.filled then
    bar = { begun = now, calls = { { now, current } } }
  else
    io.write '\r'
  end
  if bar.done then return end
  local first = bar.calls[1]
  local step = current ~= first[2] and (now - first[1]) / (current - first[2]) or 0
  bar.calls[#bar.calls + 1] = { now, current }
  if #bar.calls > LAST then table.remove(bar.calls, 1) end
  bar.filled, bar.done = filled, filled == width
  local times = (' %s: %s | Step: %s'):format(filled < width and 'ETA' or 'Tot',
    duration(filled < width and math.max(0, (goal - current) * step) or now - bar.begun),
    duration(step))
  -- The count stands in the middle of the bar.
  io.write(' [', ('='):rep(filled - 1), filled > 0 and '>' or '', ('.'):rep(width - filled),
    '] ', (' '):rep(BESIDE - 4), ('\b'):rep(BESIDE - 4), times,
    ('\b'):rep(math.floor(5 + #times + width / 2)), (' %s/%s '):format(current, goal),
    bar.done and '\n' or '', '\r')
  io.flush()
end

--- Does not end the program when a package is missing.
function xlua.require(name)
  local ok, module = pcall(require, name)
  if ok then return module end
  print(module)
  print(('warning: <%s> could not be loaded (is it installed?)'):format(name))
  return false
end

function xlua.error(message, domain, usage)
  local text = domain and ('<%s> %s'):format(domain, message) or tostring(message)
  error(sys.COLORS.Red .. text .. sys.COLORS.none
    .. (usage and '\n' .. tostring(usage) or ''))
end

function xlua.trycatch(try, catch)
  local ok, err = pcall(try)
  if not ok then catch(err) end
end

--- Arguments by name, f{size=3}, or in order; each definition has `arg`, and
--- `default`, `defaulta` (another argument's value) or `req`.
function xlua.unpack(given, name, description, ...)
  local definitions, n = { ... }, select('#', ...)
  local names = {}
  for i = 1, n do names[i] = definitions[i].arg end
  local usage = ('%s{%s}\n%s'):format(name, table.concat(names, ', '), description or '')
  local first = given[1]
  local by_name = #given == 1 and type(first) == 'table' and #first == 0
    and getmetatable(first) == nil
  local result = { usage = usage }
  for i, definition in ipairs(definitions) do
    local key = definition.arg
    local value = given[i]
    if by_name then value = first[key] end
    if value == nil and definition.req then
      print('missing argument: ' .. key)
      xlua.error('error', nil, usage)
    end
    if value == nil then value = definition.default end
    if value == nil and definition.defaulta then
      value = result[definition.defaulta]
    end
    result[key], result[i] = value, value
  end
  return result, (table.unpack or unpack)(result, 1, n) -- luacheck: ignore
end

--- Options with the values that variables of the environment have.
function xlua.envparams(defaults)
  local options = {}
  for key, value in pairs(defaults) do
    local text = os.getenv(key)
    if text ~= nil then
      if type(value) == 'number' then
        value = assert(tonumber(text), key .. ' is no number')
      elseif type(value) == 'boolean' and text:lower() == 'true' then
        value = true
      elseif type(value) == 'boolean' and text:lower() == 'false' then
        value = false
      else
        value = text
      end
    end
    options[key] = value
  end
  return options
end

-- What the real one adds to Lua's own library and to the globals.
if rawget(string, 'split') == nil then
  --- The parts of a string between what the pattern matches.
  rawset(string, 'split', function(text, pattern)
    local parts, from = {}, 1
    for part, to in text:gmatch('(.-)' .. pattern .. '()') do
      if from > 1 or part ~= '' then parts[#parts + 1] = part end
      from = to
    end
    if from <= #text then parts[#parts + 1] = text:sub(from) end
    return parts
  end)
end
for name, f in pairs { xerror = xlua.error, xrequire = xlua.require } do
  if rawget(_G, name) == nil then rawset(_G, name, f) end
end

--- Number of elements of a table, whatever their keys.
function xlua.tablelen(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

--- A copy of a table; its values are the same.
function xlua.clone(t)
  local copy = {}
  for key, item in pairs(t) do copy[key] = item end
  return copy
end


return xlua
