-- SPDX-License-Identifier: MIT
-- luacheck: std luajit
-- Measures rows in this Lua: the bridge, the floor and native Python in turn,
-- so that what else the machine does hits them alike.
--
-- luajit bench/lua_host.lua <folder of floor.so> <rows> <rounds> [row]
--   <rows> is rows, tensors or torch7: those of rows.lua, or of tensor_rows.lua
--   with the built-in tensors or with real Torch7.
--   Prints lines "row <tab> who <tab> CPU ns per operation", and
--   "row <tab> skipped <tab> reason".
-- luajit bench/lua_host.lua <folder of floor.so> <rows> count <who> <row> <n>
--   runs a row n times, for counting instructions

local folder = arg[0]:match '^(.*)/[^/]*$' or '.'
package.cpath = arg[1] .. '/?.so;' .. package.cpath
local py = require 'py'
local set = arg[2]
local rows = dofile(folder .. (set == 'rows' and '/rows.lua' or '/tensor_rows.lua'))

py.exec(assert(io.open(folder .. '/objects.py')):read '*a')
local floor = require 'floor' -- after Python has started
local main = py.import '__main__'

-- ---- the names that rows use ----

local function echo() end -- no argument, no result: the call alone
local function fail() error('bad', 0) end

local function common()
  local env = { pcall = pcall }
  if not rows.tables then return env end
  for name, code in pairs(rows.tables) do
    local t = {}
    assert(loadstring('local t = ... ' .. code))(t)
    env['lua_' .. name] = t
  end
  env.lua_1k, env.lua_1m = ('x'):rep(1000), ('x'):rep(1000000)
  return env
end

local OBJECTS = { 'f', 'take', 'bad', 'thing', 'other', 'three', 'listed',
                  'numbers', 'strings', 'mapping', 'text_1k', 'text_1m' }

local envs = { bridge = common(), floor = common() }
for _, name in ipairs(rows.objects or OBJECTS) do
  envs.bridge[name] = py.reval(name)
  envs.floor[name] = floor.ref(name)
end

local env = envs.bridge
env.eval_constant, env.eval_sum, env.value = py.eval, py.eval, py.eval
env.iter = py.iter
env.proxy = py.proxy
main.bridge_echo, main.bridge_fail = echo, fail
if py.proxy and rows.tables then
  main.bridge_table = py.proxy { 1, 2, 3, a = 1 }
  main.bridge_numbers = py.proxy(env.lua_numbers)
end

env = envs.floor
env.eval_constant = floor.evaluator '1'
env.eval_sum = floor.evaluator 'a+1'
env.value, env.iter = floor.value, floor.iter
floor.callable('floor_echo', echo)
floor.callable('floor_fail', fail)

if rows.prepare then
  local ok, message = pcall(rows.prepare, set, py, floor, envs)
  if not ok then
    print(('%s\tskipped\t%s'):format(set, tostring(message):match '[^\n]*$'))
    return
  end
end

-- ---- measuring ----

local TARGET = 4e6 -- ns per measurement: many times the clock's resolution
local MINIMUM = 20 -- runs per measurement: fewer see no memory used again
local cpu = floor.cpu
local time_python = py.eval 'time_python'

--- A function (n) -> ns for one row and one of bridge, floor and native.
local function measurer(row, who)
  if who == 'native' or row.python then
    local code = who == 'native' and row.native
      or row.python:gsub('{}', who)
    return function(n) return py.eval(time_python(code, n)) end
  end
  local names = {}
  for name in pairs(envs[who]) do names[#names + 1] = name end
  -- Each has a loop of its own: LuaJIT decides for each whether to compile.
  local chunk = ('local %s = ...\nreturn function(n) for _ = 1, n do %s end end')
    :format(table.concat(names, ', '), row.lua)
  local values = {}
  for i, name in ipairs(names) do values[i] = envs[who][name] end
  local loop = assert(loadstring(chunk, '=' .. row.name))(unpack(values, 1, #names))
  return function(n)
    collectgarbage() -- nobody pays for what another left
    loop(1) -- nor for bringing the data into the caches
    local start = cpu()
    loop(n)
    return cpu() - start
  end
end

--- How many operations take about TARGET, once everything is warm.
local function calibrate(measure)
  local n = 1
  measure(10)
  while true do
    local ns = measure(n)
    if ns > TARGET / 4 then return math.max(MINIMUM, math.floor(n * TARGET / ns)) end
    n = n * 4
  end
end

local function measurers(only)
  local list = {}
  for _, row in ipairs(rows) do
    if only and row.name ~= only then -- luacheck: ignore
    elseif row.needs and not envs.bridge[row.needs] then
      print(('%s\tskipped\tpy.%s does not exist'):format(row.name, row.needs))
    else
      for _, who in ipairs { 'bridge', 'floor', 'native' } do
        local missing = who == 'floor' and (row.needs or row.no_floor)
          or who == 'native' and not row.native
        if not missing then
          list[#list + 1] = { row = row, who = who, run = measurer(row, who) }
        end
      end
    end
  end
  return list
end

-- Under Torch7 it is Torch7 that is measured.
local function label(who)
  return set == 'torch7' and who == 'bridge' and 'torch7' or who
end

if arg[3] == 'count' then
  local who, name, n = arg[4], arg[5], tonumber(arg[6])
  for _, m in ipairs(measurers(name)) do
    if m.who == who then m.run(n) end
  end
  -- Finalizers that lua_close calls have more to do than others.
  collectgarbage()
else
  local list = measurers(arg[4])
  for _, m in ipairs(list) do
    local ok, n = pcall(calibrate, m.run)
    if ok then
      m.n = n
    else
      print(('%s\tskipped\t%s: %s'):format(m.row.name, label(m.who),
        tostring(n):match '[^\n]*$'))
    end
  end
  for _ = 1, tonumber(arg[3]) do
    for _, m in ipairs(list) do
      if m.n then
        print(('%s\t%s\t%.2f'):format(m.row.name, label(m.who),
          m.run(m.n) / m.n / (m.row.per or 1)))
      end
    end
  end
end
