-- SPDX-License-Identifier: MIT
-- For programs that run on two Torches (torch_programs.lua, torch_calls.lua):
-- random choices that do not depend on Lua's generator, and values and errors
-- as text to compare.

local text = {}

--- random(n) from 1 to n, pick(list), and start(seed) to begin anew.
function text.random(seed)
  local state
  local function start(value) state = value % 2147483647 end
  local function random(n)
    state = (state * 16807 + 11) % 2147483647
    return state % n + 1
  end
  start(seed)
  return random, function(list) return list[random(#list)] end, start
end

function text.number(v)
  if v ~= v then return 'nan' end
  return ('%.10g'):format(v)
end
local number = text.number

--- A value as text; of tensors and storages all, or but the elements.
function text.show(torch, value, hidden)
  if type(value) == 'number' then return 'number ' .. number(value) end
  local name = torch.typename(value)
  if not name then
    return type(value) .. ' ' .. (tostring(value):gsub('0x%x+', ''))
  end
  if name:find 'Storage' then
    return name .. ' ' .. (hidden and value:size() or table.concat(value:totable(), ','))
  elseif not name:find 'Tensor' then
    return name
  end
  local elements = {}
  if not hidden then
    value:clone():apply(function(v) elements[#elements + 1] = number(v) end)
  end
  return ('%s size %s stride %s offset %d: %s'):format(name,
    table.concat(value:size():totable(), 'x'),
    table.concat(value:stride():totable(), ','), value:storageOffset(),
    table.concat(elements, ' '))
end

--- What an error says, without where and without what would have fitted.
function text.message(err)
  err = tostring(err):gsub('\nexpected arguments.*', '')
  err = err:gsub('^[^ ]*%.lua:%d+: ', ''):gsub(' at /[^%)\n]*', '')
  err = err:gsub('stack traceback.*', '')
  return err
end

return text
