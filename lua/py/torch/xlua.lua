-- SPDX-License-Identifier: MIT
-- Of the package `xlua`: the progress bar, and small helpers of scripts.

local tensors = require 'py.torch.core'

local py = require 'py'
-- A global for scripts, as with the real one.
local found, sys = pcall(require, 'sys')
if not found then sys = require 'py.torch.sys' end

local xlua = {}

local clock = tensors.lasting 'time'.time
local WIDTH = 77
local begun, last, last_current

local function duration(seconds)
  if seconds >= 86400 then
    return ('%dD%dh'):format(math.floor(seconds / 86400),
      math.floor(seconds % 86400 / 3600))
  elseif seconds >= 3600 then
    return ('%dh%dm'):format(math.floor(seconds / 3600),
      math.floor(seconds % 3600 / 60))
  elseif seconds >= 60 then
    return ('%dm%ds'):format(math.floor(seconds / 60), math.floor(seconds % 60))
  elseif seconds >= 1 then
    return ('%ds%dms'):format(math.floor(seconds),
      math.floor(seconds * 1000 % 1000))
  end
  return ('%dms'):format(math.floor(seconds * 1000))
end
xlua.formatTime = duration

--- Draws a bar for `current` of `goal`, with the time of a step and the time
--- since the first one.
function xlua.progress(current, goal)
  local now = py.eval(clock())
  if not begun or current == 1 or current < (last_current or 0) then
    begun, last = now, now
  end
  local share = math.min(current / goal, 1)
  local filled = math.floor(share * WIDTH)
  local label = (' %d/%d '):format(current, goal)
  io.write('\r [', ('='):rep(filled), '>',
    ('.'):rep(math.max(WIDTH - filled - 1, 0)), ']', label,
    ('| Tot: %s | Step: %s  '):format(duration(now - begun),
      duration(now - last)))
  if current >= goal then io.write '\n' end
  io.flush()
  last, last_current = now, current
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
