-- SPDX-License-Identifier: MIT
-- Memory that runs out at each request in turn, in every kind of operation:
-- an error must come of it, the process must live, and no reference may be
-- left. LuaJIT is left out: without memory for a table constructor it writes
-- the message over its own stack (before 2.1 of 2022-09), whoever calls it.
-- Lua 5.1 runs the same core.

local child = require 'spec.child'
local helper = require 'spec.helper'

local function header_folder()
  local major, minor = _VERSION:match '(%d)%.(%d)'
  local version = major .. '.' .. minor
  local number = ('LUA_VERSION_NUM%%s+%d%02d'):format(major, minor)
  for _, folder in ipairs {
    os.getenv 'LUA_INCDIR' or '', '/usr/include/lua' .. version,
    '/usr/local/include/lua' .. version, '/usr/include', '/usr/local/include',
  } do
    local file = io.open(folder .. '/lua.h')
    if file then
      local text = file:read '*a'
      file:close()
      if text:find(number) then return folder end
    end
  end
end

-- Compiles oom.c; returns the folder of oom.so, or nil and the reason.
local function build()
  local include = header_folder()
  if not include then return nil, 'no headers of this Lua' end
  local pipe = assert(io.popen 'mktemp -d')
  local folder = pipe:read '*l'
  pipe:close()
  local log = folder .. '/log'
  os.execute(('cc -shared -fPIC -O1 -I%s -o %s/oom.so spec/oom/oom.c >%s 2>&1')
    :format(include, folder, log))
  local made = io.open(folder .. '/oom.so')
  if not made then return nil, 'no C compiler (cc)' end
  made:close()
  return folder
end

describe('when memory runs out', function()
  if helper.jit then
    pending('skipped: LuaJIT writes over its own stack then')
    return
  end

  local folder, reason = build()
  if not folder then
    pending('skipped: ' .. reason)
    return
  end

  local file = assert(io.open 'spec/oom/run.lua')
  local script = file:read '*a'
  file:close()
  local path = package.cpath
  local function run(...)
    package.cpath = folder .. '/?.so;' .. path
    local ok, output = pcall(child.output, script,
                             {args = {...}, timeout = 120})
    package.cpath = path
    assert(ok, output)
    return output
  end

  teardown(function() os.execute('rm -rf ' .. folder) end)

  local names = {}
  for name in run():gmatch '[^\n]+' do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    it('in ' .. name .. ': once', function()
      assert.is_true(tonumber(run(name, 'one')) > 1)
    end)
    it('in ' .. name .. ': from then on', function()
      assert.is_true(tonumber(run(name, 'rest')) > 1)
    end)
  end
end)
