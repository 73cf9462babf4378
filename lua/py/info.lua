-- SPDX-License-Identifier: MIT
-- py.info: which Python runs here and why.

-- Not there in PUC Lua, where a strict _G forbids to ask.
local jit = rawget(_G, 'jit')

local ROWS = {
  { 'luapy', 'lua-py' }, { 'version', 'Python' }, { 'executable', 'executable' },
  { 'library', 'library' }, { 'prefix', 'prefix' },
  { 'base_prefix', 'base prefix' }, { 'reason', 'chosen because' },
  { 'numpy', 'NumPy' }, { 'tensors', 'tensors' }, { 'lua', 'Lua' },
}

local mt = {}

function mt.__tostring(info)
  local lines = {}
  for _, row in ipairs(ROWS) do
    if info[row[1]] ~= nil then
      lines[#lines + 1] = ('%-15s %s'):format(row[2], tostring(info[row[1]]))
    end
  end
  for _, tried in ipairs(info.tried or {}) do
    lines[#lines + 1] = ('%-15s %s: %s'):format('not', tried.what, tried.why)
  end
  if info.untested then
    lines[#lines + 1] = 'this version of Python is newer than the tested ones'
  end
  return table.concat(lines, '\n')
end

--- A table that prints well.
return function(core)
  local info = core._info(0)
  local choice = info.choice or { reason = 'Python is the host of this process' }
  info.choice = nil
  info.reason, info.source = choice.reason, choice.source
  info.library, info.tried = choice.library, choice.tried
  info.untested = choice.untested
  info.numpy = info.numpy or 'not imported yet'
  info.tensors = core._tensor_provider() or 'not chosen yet'
  info.lua = jit and jit.version or _VERSION
  return setmetatable(info, mt)
end
