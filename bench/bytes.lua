-- SPDX-License-Identifier: MIT
-- luacheck: std luajit
-- Measures what lives, as bytes.py does, in a Lua host: bytes per reference of
-- the bridge and of the floor, and per Lua function that Python holds.
--
-- luajit bench/bytes.lua <folder of floor.so>
--   prints lines "row <tab> who <tab> bytes"

package.cpath = arg[1] .. '/?.so;' .. package.cpath
local py = require 'py'
py.exec [[
import os
COUNT = 200_000
things = [object() for _ in range(COUNT)]
kept = [None] * COUNT

def hold(i, function):
    kept[i] = function

def resident():
    with open('/proc/self/statm') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
]]
local floor = require 'floor' -- after Python has started
local COUNT = py.eval 'COUNT'

local function filled(f)
  local t = {}
  for i = 1, COUNT do t[i] = f(i) end
  return t
end

local function resident()
  py.collect()
  return py.eval 'resident()'
end

local function report(row, who, make)
  make(1) -- what is made once
  local before = resident()
  local keep = make(COUNT)
  print(('%s\t%s\t%.1f'):format(row, who, (resident() - before) / COUNT))
  return keep
end

local function nothing() return false end

for who, things in pairs { bridge = py.reval 'things', floor = floor.ref 'things' } do
  local held = filled(nothing)
  report('bytes per reference', who, function(n)
    for i = 1, n do held[i] = things[i - 1] end
  end)
end

local hold, functions = py.reval 'hold', filled(function(i)
  return function() return i end
end)
report('bytes per Lua proxy', 'bridge', function(n)
  for i = 1, n do hold(i - 1, functions[i]) end
end)
