-- SPDX-License-Identifier: MIT
-- Runs one kind of operation again and again; each time the next request for
-- memory fails. What must hold: the process lives, the error is an error, and
-- afterwards nothing is left over.
--   arguments: the name of the operation, 'one' or 'rest' (see oom.c)
local py = require 'py'
local oom = require 'oom'
local operations = require 'spec.operations'.working

if arg[1] == nil then
  for name in pairs(operations) do print(name) end
  return
end

local operation, rest = assert(operations[arg[1]]), arg[2] == 'rest'

local function live()
  local before
  repeat
    before = select('#', py.live()) > 0 and py.live() or 0
    py.collect()
  until py.live() >= before
  local refs, handles = py.live()
  return refs, handles
end

-- What is made at first use and then kept.
for i = 1, 5 do operation(i) end
local refs, handles = live()

local n, failed = 0
local limit = tonumber(arg[3]) or 20000
repeat
  n = n + 1
  -- The collector in a known state, or it is luck which request comes first.
  collectgarbage()
  oom.start(n, rest)
  local ok, e = pcall(operation, n)
  failed = oom.stop()
  if not ok and not failed then error(e) end
  if not ok then assert(#tostring(e) > 0) end
until not failed or n >= limit

local refs_now, handles_now = live()
if refs_now > refs or handles_now > handles then
  error(('%d requests for memory: %d references in Lua and %d in Python, were '
         .. '%d and %d'):format(n, refs_now, handles_now, refs, handles))
end
assert(py.eval '1 + 1' == 2)
print(n)
