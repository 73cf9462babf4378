-- SPDX-License-Identifier: MIT
-- Small tensor operations of py.torch beside the same in NumPy: in Python, where
-- timeit runs it, and from Lua, as a call of a Python function whose result is
-- kept as a reference. Real Torch7 is measured when its name is given:
--   luajit bench/torch.lua [py.torch.builtin|torch]

local name = arg and arg[1] or 'py.torch.builtin'
local torch = require(name)
local has_py, py = pcall(require, 'py')

local N, TIMES = 20000, 5

-- Nanoseconds of a call: the quickest of some runs, as timeit.repeat advises.
local function measure(f)
  local best = math.huge
  for _ = 1, TIMES do
    local start = os.clock()
    for _ = 1, N do f() end
    best = math.min(best, (os.clock() - start) / N * 1e9)
  end
  return best
end

local a, b, r = torch.rand(4, 4), torch.rand(4, 4), torch.Tensor(4, 4)
local v, line, floats = torch.rand(4), torch.rand(1, 4), a:float()
local mask = a:gt(0.5)
local list, table_of = torch.LongTensor { 1, 3 }, torch.LongTensor(4, 4):fill(2)

local rows = { -- what, in Lua, in Python
  { 'read an element', function() return v[2] end, 'v[1]' },
  { 'write an element', function() v[2] = 0.5 end, 'v.__setitem__(1, 0.5)' },
  { 'a row', function() return a[2] end, 'a[1]' },
  { 'a[{i, j}]', function() return a[{ 2, 3 }] end, 'a[1, 2]' },
  { 'transpose', function() return a:t() end, 'a.T' },
  { 'view', function() return a:view(16) end, 'a.reshape(16)' },
  { 'make', function() return torch.Tensor(4, 4) end, 'np.empty((4, 4))' },
  { 'zeros', function() return torch.zeros(4, 4) end, 'np.zeros((4, 4))' },
  { 'narrow', function() return a:narrow(1, 1, 2) end, 'a[0:2]' },
  { 'sub', function() return a:sub(1, 2, 1, 2) end, 'a[0:2, 0:2]' },
  { 'squeeze', function() return line:squeeze() end, 'line.squeeze()' },
  { 'expand', function() return line:expand(4, 4) end, 'np.broadcast_to(line, (4, 4))' },
  { 'reshape', function() return a:reshape(16) end, 'a.reshape(16).copy()' },
  { 'clone', function() return a:clone() end, 'a.copy()' },
  { 'float', function() return a:float() end, 'a.astype(np.float32)' },
  { 'copy floats', function() r:copy(floats) end, 'np.copyto(r, floats)' },
  { 'join', function() return torch.cat(a, b, 1) end, 'np.concatenate((a, b))' },
  { 'rows of a list', function() return a:index(1, list) end, 'a.take(list, 0)' },
  { 'fill rows of a list', function() r:indexFill(1, list, 2) end, 'r.__setitem__(list, 2)' },
  { 'gather', function() return a:gather(1, table_of) end,
    'np.take_along_axis(a, table_of, 0)' },
  { 'from a table', function() return torch.Tensor { { 1, 2 }, { 3, 4 } } end,
    'np.array([[1., 2.], [3., 4.]])' },
  { 'range', function() return torch.range(1, 4) end, 'np.arange(1., 5.)' },
  { 'identity', function() return torch.eye(4) end, 'np.eye(4)' },
  { 'fill', function() r:fill(1) end, 'r.fill(1)' },
  { 'copy', function() r:copy(a) end, 'np.copyto(r, a)' },
  { 'add a number in place', function() r:add(1) end, 'np.add(r, 1, r)' },
  { 'add a tensor in place', function() r:add(b) end, 'np.add(r, b, r)' },
  { 'a + b', function() return a + b end, 'a + b' },
  { 'exp', function() return torch.exp(a) end, 'np.exp(a)' },
  { 'compare', function() return a:gt(0.5) end, 'a > 0.5' },
  { 'mask', function() return a[mask] end, 'a[a > 0.5]' },
  { 'product', function() return a * b end, 'a @ b' },
  { 'sum', function() return a:sum() end, 'a.sum()' },
  { 'sum of columns', function() return a:sum(1) end, 'a.sum(0)' },
  { 'largest of rows', function() return a:max(2) end, 'a.max(1)' },
  { 'running sum', function() return a:cumsum(1) end, 'a.cumsum(0)' },
  { 'norm', function() return a:norm() end, 'np.linalg.norm(a)' },
  { 'deviation', function() return a:std() end, 'a.std(ddof=1)' },
  { 'sort', function() return torch.sort(a) end, 'np.sort(a)' },
  { 'random numbers', function() r:uniform() end, 'np.random.random((4, 4))' },
  { 'normal numbers', function() r:normal() end, 'np.random.standard_normal((4, 4))' },
  { 'make random numbers', function() return torch.rand(4, 4) end, 'np.random.random((4, 4))' },
  { 'one random number', function() return torch.uniform() end, 'np.random.random()' },
}

local arrays = has_py and py.reval([[
  {'np': __import__('numpy'), 'a': a, 'b': b, 'r': r, 'v': v, 'line': line,
   'floats': floats, 'list': list - 1, 'table_of': table_of - 1} ]], {
    a = py.ref(a), b = py.ref(b), r = py.ref(r), v = py.ref(v), line = py.ref(line),
    floats = py.ref(floats), list = py.ref(list), table_of = py.ref(table_of) })

-- Nanoseconds in Python and from Lua, or nothing.
local function numpy(code)
  if not has_py then return '', '' end
  local names = { code = code, arrays = arrays, n = N, times = TIMES }
  local alone = py.eval([[
    min(__import__('timeit').repeat(code, number=n, repeat=times, globals=arrays)) / n * 1e9
  ]], names)
  local from_lua = measure(py.reval('eval("lambda: " + code, arrays)', names))
  return ('%.0f'):format(alone), ('%.0f'):format(from_lua)
end

print(('%-24s %16s %10s %10s   (ns, 4x4)'):format('', name, 'NumPy', 'from Lua'))
for _, row in ipairs(rows) do
  local alone, from_lua = numpy(row[3])
  print(('%-24s %16.0f %10s %10s'):format(row[1], measure(row[2]), alone, from_lua))
end
