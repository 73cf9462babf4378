-- SPDX-License-Identifier: MIT
-- Small tensor operations of py.torch beside the same in NumPy: in Python, where
-- timeit runs it, and from Lua, as a call of a Python function whose result is
-- kept as a reference. Real Torch7 is measured when its name is given:
--   luajit bench/torch.lua [py.torch.builtin|torch]

local name = arg and arg[1] or 'py.torch.builtin'
local torch = require(name)
local has_py, py = pcall(require, 'py')

local N = 50000

local function measure(f)
  for _ = 1, 1000 do f() end
  local start = os.clock()
  for _ = 1, N do f() end
  return (os.clock() - start) / N * 1e9
end

local a, b, r = torch.rand(4, 4), torch.rand(4, 4), torch.Tensor(4, 4)
local v = a[1]
local mask = a:gt(0.5)

local rows = { -- what, in Lua, in Python
  { 'read an element', function() return v[2] end, 'v[1]' },
  { 'write an element', function() v[2] = 0.5 end, 'v.__setitem__(1, 0.5)' },
  { 'a row', function() return a[2] end, 'a[1]' },
  { 'a[{i, j}]', function() return a[{ 2, 3 }] end, 'a[1, 2]' },
  { 'transpose', function() return a:t() end, 'a.T' },
  { 'view', function() return a:view(16) end, 'a.reshape(16)' },
  { 'make', function() return torch.Tensor(4, 4) end, 'np.empty((4, 4))' },
  { 'zeros', function() return torch.zeros(4, 4) end, 'np.zeros((4, 4))' },
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
  { 'sort', function() return torch.sort(a) end, 'np.sort(a)' },
  { 'random numbers', function() r:uniform() end, 'np.random.random((4, 4))' },
  { 'normal numbers', function() r:normal() end, 'np.random.standard_normal((4, 4))' },
  { 'make random numbers', function() return torch.rand(4, 4) end, 'np.random.random((4, 4))' },
  { 'one random number', function() return torch.uniform() end, 'np.random.random()' },
}

local arrays = has_py and py.reval([[
  {'np': __import__('numpy'), 'a': a, 'b': b, 'r': r, 'v': v} ]],
  { a = py.ref(a), b = py.ref(b), r = py.ref(r), v = py.ref(v) })

-- Nanoseconds in Python and from Lua, or nothing.
local function numpy(code)
  if not has_py then return '', '' end
  local names = { code = code, arrays = arrays }
  local alone = py.eval([[
    __import__('timeit').timeit(code, number=20000, globals=arrays) / 20000 * 1e9
  ]], names)
  local from_lua = measure(py.reval('eval("lambda: " + code, arrays)', names))
  return ('%.0f'):format(alone), ('%.0f'):format(from_lua)
end

print(('%-24s %16s %10s %10s   (ns, 4x4)'):format('', name, 'NumPy', 'from Lua'))
for _, row in ipairs(rows) do
  local alone, from_lua = numpy(row[3])
  print(('%-24s %16.0f %10s %10s'):format(row[1], measure(row[2]), alone, from_lua))
end
