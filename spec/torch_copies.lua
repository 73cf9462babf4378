-- SPDX-License-Identifier: MIT
-- For torch_copies_spec.lua: `lua torch_copies.lua` calls what stands in
-- torch_copies_values.lua with tensors of 8 MB, and prints for each call how
-- much memory it took at its peak beside what was held before, in units of
-- those 8 MB: what it gave back, and whatever it needed on its way.
--
-- The kernel tells the peak of resident memory since it was last reset. So all
-- memory has to go back to it when it is freed: the environment makes glibc
-- map each large block by itself.

local torch, py = require 'py.torch', require 'py'
local groups = dofile 'spec/torch_copies_values.lua'

local UNIT = 8192 -- kB, of 1024 x 1024 doubles

-- Peaks ---------------------------------------------------------------------------

local function resident(field)
  for line in io.lines '/proc/self/status' do
    local number = line:match('^' .. field .. ':%s+(%d+) kB')
    if number then return tonumber(number) end
  end
end

local function reset_peak()
  local file = assert(io.open('/proc/self/clear_refs', 'w'))
  assert(file:write '5')
  file:close()
end

-- Finalizers only queue what Python has to release; the next crossing does it.
local function collect()
  collectgarbage()
  py.eval '0'
  collectgarbage()
end

-- kB that calling `f` takes at most; its results are alive until then.
local function peak(f)
  collect()
  reset_peak()
  local before = resident 'VmRSS'
  local results = { f() }
  return resident 'VmHWM' - before, results
end

-- Operands --------------------------------------------------------------------------

-- name → function of the number of rows and columns
local makers = {}
local pattern = {} -- n → n^2 numbers in [0.25, 1.25), none twice in a row

local function doubles(n)
  if not pattern[n] then
    local t = torch.range(0, n * n - 1)
    pattern[n] = t:mul(0.6180339887):add(-1, torch.floor(t)):add(0.25):resize(n, n)
  end
  return pattern[n]:clone()
end

for name in ('a b c result'):gmatch '%S+' do makers[name] = doubles end
for name in ('float float2'):gmatch '%S+' do
  makers[name] = function(n) return doubles(n):float() end
end
for name, scale in pairs { byte = 200, short = 2e4, int = 1e9, long = 1e9 } do
  local function make(n)
    local t = doubles(n):mul(scale)
    return t[name](t)
  end
  makers[name], makers[name .. '2'] = make, make
end
function makers.mask(n) return doubles(n):gt(0.75) end
makers.mask2 = makers.mask
function makers.vector(n) return doubles(n):view(n * n) end
makers.vector2, makers.values = makers.vector, makers.vector
function makers.row(n) return doubles(n)[1]:clone() end
makers.column = makers.row
function makers.wide(n) return doubles(n):view(n / 16, n * 16) end
function makers.tall(n) return doubles(n):view(n * 16, n / 16) end
function makers.batch(n) return doubles(n):view(16, n / 4, n / 4) end
makers.batch2, makers.sums = makers.batch, makers.batch
function makers.thirds(n) return doubles(n):view(-1):narrow(1, 1, n * n - n * n % 3)
  :view(-1, 3):clone() end
makers.thirds2 = makers.thirds
function makers.list(n) return torch.range(n, 1, -1):long() end -- n positions
function makers.few(n) return torch.range(1, n / 16):long() end
function makers.positions(n) return doubles(n):mul(n / 2):ceil():long() end
function makers.indices(n) return torch.LongTensor(n, n):fill(0) end
function makers.empty() return torch.Tensor() end
function makers.no_indices() return torch.LongTensor() end
function makers.no_bytes() return torch.ByteTensor() end
function makers.storage(n) return doubles(n):storage() end
function makers.storage2(n) return doubles(n):storage() end
function makers.floats(n) return doubles(n):float():storage() end
function makers.square(n) return doubles(n):narrow(1, 1, n / 2):narrow(2, 1, n / 2):clone() end
function makers.kernel(n) return doubles(n):narrow(1, 1, 3):narrow(2, 1, 3):clone() end
function makers.kernel9(n) return doubles(n):narrow(1, 1, 9):narrow(2, 1, 9):clone() end
function makers.array(n) return py.ref(doubles(n)) end
function makers.readonly(n)
  return py.reval('(a.setflags(write=False), a)[1]', { a = py.ref(doubles(n)):copy() })
end
function makers.path() return os.tmpname() end
function makers.saved(n)
  local path = os.tmpname()
  torch.save(path, doubles(n))
  return path
end
function makers.saved_ascii(n)
  local path = os.tmpname()
  torch.save(path, doubles(n):narrow(1, 1, n / 16):clone(), 'ascii')
  return path
end
function makers.serialized(n) return torch.serialize(doubles(n)) end

-- Tensors are made once for the calls of a group, since the kernel takes as long
-- for new memory as most calls do for their work, and get their values again.
local made, first = {}, {} -- name .. size → tensor

local function is_tensor(value)
  return (torch.typename(value) or ''):find 'Tensor' ~= nil
end

local function operand(name, n)
  local key = name .. n
  local t, pristine = made[key], first[key]
  if t and pristine:dim() > 0 and t:isContiguous() and t:isSameSizeAs(pristine) then
    return t:copy(pristine)
  end
  made[key], first[key] = nil, nil
  t = makers[name](n)
  if is_tensor(t) then made[key], first[key] = t, t:clone() end
  return t
end

local function forget() made, first = {}, {} end

local files = { path = true, saved = true, saved_ascii = true }

-- The function for a call's text, and what makes its operands for a size.
local function compile(code)
  local env = setmetatable({ torch = torch, py = py }, { __index = _G })
  local load = loadstring or load -- luacheck: ignore
  local f
  if setfenv then -- luacheck: ignore
    f = setfenv(assert(load('return ' .. code)), env) -- luacheck: ignore
  else
    f = assert(load('return ' .. code, code, 't', env))
  end
  local names = {}
  for name in code:gmatch '%f[%w_]%l[%w_]*' do
    if makers[name] then names[name] = true end
  end
  return f, function(n)
    for name in pairs(names) do
      if files[name] and rawget(env, name) then os.remove(env[name]) end
      env[name] = nil
    end
    collect()
    if not n then return end
    env.n, env.n2, env.half, env.part = n, n * n, math.floor(n / 2), math.floor(n / 16)
    for name in pairs(names) do env[name] = operand(name, n) end
  end
end

-- Calls ---------------------------------------------------------------------------

-- What a call takes in units, to the next quarter. One-time costs (caches, modules
-- that are imported first, threads) are not its own: it is called on small
-- tensors first, and again if it took more than `expected`.
local function measure(code, expected)
  local f, operands = compile(code)
  local least
  operands(64)
  f()
  for _ = 1, 3 do
    operands(1024)
    local kB = peak(f)
    local units = math.floor(kB / UNIT * 4 + 0.35) / 4
    least = math.min(least or units, units)
    if least <= (expected or 0) then break end
  end
  operands(nil)
  return least
end

local only = ... -- what the calls have in them
for _, group in ipairs(groups) do
  forget()
  for _, row in ipairs(group) do
    local code, expected = row[1], row.ours or row[2]
    if not only or code:find(only, 1, true) then
      local ok, units = pcall(measure, code, expected)
      if code:find 'set%(' then forget() end -- others may share its memory
      print(code .. '\t' .. (ok and units or tostring(units):gsub('%s+', ' ')))
    end
  end
end
