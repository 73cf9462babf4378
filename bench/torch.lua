-- SPDX-License-Identifier: MIT
-- Small tensor operations of py.torch (bench/torch_calls.lua) beside the same in NumPy: in
-- Python, where timeit runs it, and from Lua, as a call of a Python function whose result
-- is kept as a reference. Real Torch7 is measured when its name is given:
--   luajit bench/torch.lua [py.torch.builtin|torch] [part of a call]
-- Set OPENBLAS_NUM_THREADS=1: threads that wait for work disturb what is measured here.

local name, only = arg and arg[1] or 'py.torch.builtin', arg and arg[2] or ''
local torch = require(name)
local has_py, py = pcall(require, 'py')
local groups = dofile((arg[0]:match '^(.*/)' or '') .. 'torch_calls.lua')

local load = rawget(_G, 'loadstring') or load
local unpack = table.unpack or unpack -- luacheck: ignore

local RUN, TIMES = 0.01, 6 -- seconds, runs

-- A function that executes `code` for a while, and gives nanoseconds for once. A loop of its
-- own each time: LuaJIT compiles it for what is called there.
local function runner(code, names, values)
  local loop = assert(load(('local %s = ...\nreturn function(n) for _ = 1, n do %s end end')
    :format(names, code)))(unpack(values, 1, values.n))
  local function run(n)
    local start = os.clock()
    loop(n)
    return os.clock() - start
  end
  run(200)
  local n = math.max(10, math.floor(100 * RUN / math.max(run(100), 1e-5)))
  return function()
    collectgarbage() -- what others have left
    return run(n) / n * 1e9
  end, n
end

-- The quickest of some runs of each, as timeit.repeat advises; in turn, so that a machine
-- that is busy for a while is so for all.
local function quickest(runners)
  local best = {}
  for _ = 1, TIMES do
    for key, run in pairs(runners) do best[key] = math.min(best[key] or math.huge, run()) end
  end
  return best
end

torch.manualSeed(1)
local a = torch.rand(4, 4):add(0.1)
local p = torch.rand(4)
local given = {
  torch = torch, a = a, b = torch.rand(4, 4):add(0.1), r = torch.Tensor(4, 4):zero(),
  v = torch.rand(4), w = torch.rand(4), p = p:div(p:sum()), line = torch.rand(1, 4),
  f = a:float(), i = torch.LongTensor(4, 4):fill(5), j = torch.LongTensor(4, 4):fill(3),
  k = torch.LongTensor(4, 4):fill(1), m = a:gt(0.5), kernel = torch.rand(3, 3),
  batch = torch.rand(3, 4, 4), other = torch.rand(3, 4, 4),
  spd = a * a:t() + torch.eye(4), list = torch.LongTensor { 1, 3 },
  at = torch.LongTensor(4, 4):fill(2), three = torch.rand(3), those = torch.rand(3),
  tall = torch.rand(4, 3), t = torch.Tensor(),
  s = torch.DoubleStorage(8):fill(1), z = torch.DoubleStorage(8):fill(2),
  same = function(x) return x end,
}
local names, values = {}, { n = 0 }
for key, value in pairs(given) do
  names[#names + 1] = key
  values.n = #names
  values[values.n] = value
end
names = table.concat(names, ', ')

local function of_lua(call)
  return (runner((call:find '[%w%]] = ' and '' or 'local _ = ') .. call, names, values))
end

local arrays -- of NumPy

if has_py then
  local copies = {}
  for key, value in pairs(given) do
    if torch.isTensor(value) then copies[key] = value:clone() end
  end
  arrays = py.reval([[
    {'np': __import__('numpy'), 'same': lambda x, *more: x,
     **{str(key): value for key, value in copies.items()},
     'list': copies['list'] - 1, 'at': copies['at'] - 1, 'm': copies['m'].view(bool)} ]],
    { copies = py.dict(copies) })
  py.exec([[
    arrays['s'], arrays['z'] = arrays['np'].zeros(8), arrays['np'].ones(8)
    try:
      import scipy.signal
      arrays['signal'] = scipy.signal
    except ImportError:
      pass
  ]], { arrays = arrays })
end

-- Runners in Python and from Lua, where the code works.
local function numpy(code)
  local locals = { code = code, arrays = arrays }
  local from_lua, n = runner('f()', 'f',
    { py.reval('eval("lambda: (" + code + ")", arrays)', locals), n = 1 })
  locals.n, locals.timer = n, py.reval("__import__('timeit').Timer(code, globals=arrays)", locals)
  return function() return py.eval('timer.timeit(n) / n * 1e9', locals) end, from_lua
end

local function shown(ns) return ns and ('%.0f'):format(ns) or '' end

local cross = has_py and runner('f()', 'f', { py.reval 'lambda: None', n = 1 }) or nil
local least = math.huge -- a crossing
print(('%-52s %16s %10s %10s   (ns, 4x4)'):format('', name, 'NumPy', 'from Lua'))
local within, within_lua, all = 0, 0, 0
for _, group in ipairs(groups) do
  local is_first = true
  for g = 2, #group, 2 do
    if group[g]:find(only, 1, true) then
      if is_first then print(group[1]) end
      is_first = false
      local runners, ok, has = { crossing = cross }, nil, nil
      ok, runners.own = pcall(of_lua, group[g])
      has, runners.numpy, runners.from_lua = pcall(numpy, group[g + 1])
      if not ok then runners.own = nil end
      if not has then runners.numpy = nil end
      local ns = quickest(runners)
      local most = has and ns.numpy + ns.crossing
      local over = ok and has and ns.own > most
      least = math.min(least, ns.crossing or least)
      if ok and has then
        all = all + 1
        within = within + (over and 0 or 1)
        within_lua = within_lua + (ns.own > ns.from_lua and 0 or 1)
      end
      print(('  %-50s %16s %10s %10s%s'):format(group[g], ok and shown(ns.own) or 'not there',
        shown(ns.numpy), shown(ns.from_lua),
        over and (' %+.0f%s'):format(ns.own - most,
          ns.own > ns.from_lua and ' **' or '') or ''))
    end
  end
end
if all > 0 then
  print(('%d of %d within NumPy and a crossing of %.0f ns, %d within NumPy called from Lua')
    :format(within, all, least, within_lua))
end
