-- SPDX-License-Identifier: MIT
-- Linear algebra done in C beside the functions in Lua that stand behind it:
-- the same digits, sizes, strides and errors.

local torch = require 'py.torch.builtin'
local child = require 'spec.child'
local helper = require 'spec.helper'

-- PUC Lua 5.1 shows nothing of a C function to Lua.
local shows_upvalues = _VERSION ~= 'Lua 5.1' or rawget(_G, 'jit') ~= nil

-- The function that takes what C does not.
local function behind(name)
  return (select(2, debug.getupvalue(torch[name], 2)))
end

local function as_numbers(t) return t:clone():view(-1):totable() end

local function same(a, b, title)
  assert.equal(a:type(), b:type(), title)
  assert.same(a:size():totable(), b:size():totable(), title)
  if a:dim() == 0 then return end
  assert.same(a:stride():totable(), b:stride():totable(), title)
  assert.is_true(a:equal(b), title)
end

local function matrix(rows, columns, kind)
  return torch.rand(rows, columns):add(-0.5):type(kind)
end

-- Matrices in every way that they can lie.
local ways = {
  rows = function(t) return t:clone() end,
  columns = function(t) return t:t():clone():t() end,
  part = function(t)
    local large = torch.Tensor(t:size(1) + 3, t:size(2) * 2 + 1):type(t:type())
    return large:fill(7):narrow(1, 3, t:size(1)):narrow(2, 2, t:size(2)):copy(t)
  end,
  spread = function(t)
    local large = torch.Tensor(t:size(2), t:size(1), 2):type(t:type()):fill(7)
    return large:select(3, 2):t():copy(t)
  end,
}

-- name, number of results, arguments for size n and type
local function calls(n, kind)
  local a, b = matrix(n, n, kind), matrix(n, 3, kind)
  local tall, wide = matrix(n + 2, n, kind), matrix(n, n + 2, kind)
  local positive = a * a:t() + torch.eye(n):type(kind)
  local upper = positive:clone()
  local factors, tau = torch.geqrf(tall)
  local other, across = matrix(n + 2, 3, kind), matrix(3, n + 2, kind)
  local list = {
    { 'gesv', 2, b, a }, { 'gesv', 2, b:select(2, 2), a },
    { 'trtrs', 2, b, upper },
    { 'trtrs', 2, b, upper, 'L' }, { 'trtrs', 2, b, upper, 'U', 'T' },
    { 'trtrs', 2, b, upper, 'T' }, { 'trtrs', 2, b, upper, 'N', 'U' },
    { 'trtrs', 2, b, upper, 'L', 'T', 'U' },
    { 'gels', 2, matrix(n + 2, 3, kind), tall }, { 'gels', 2, b, wide },
    { 'symeig', 2, a }, { 'symeig', 2, a, 'V' }, { 'symeig', 2, a, 'L' },
    { 'symeig', 2, a, 'V', 'L' },
    { 'eig', 2, a }, { 'eig', 2, a, 'V' },
    { 'svd', 3, a }, { 'svd', 3, tall }, { 'svd', 3, wide },
    { 'svd', 3, tall, 'A' }, { 'svd', 3, wide, 'A' },
    { 'inverse', 1, a },
    { 'potrf', 1, positive }, { 'potrf', 1, positive, 'L' },
    { 'potrs', 1, b, upper }, { 'potrs', 1, b, upper, 'L' },
    { 'potrs', 1, b:select(2, 1), upper },
    { 'potri', 1, upper }, { 'potri', 1, upper, 'L' },
    { 'pstrf', 2, positive }, { 'pstrf', 2, positive, 'L' },
    { 'pstrf', 2, positive, 1e-9 }, { 'pstrf', 2, positive, 'U', 0 },
    { 'qr', 2, a }, { 'qr', 2, tall }, { 'qr', 2, wide },
    { 'geqrf', 2, tall }, { 'geqrf', 2, wide },
    { 'orgqr', 1, factors, tau }, { 'orgqr', 1, wide, tau },
    { 'ormqr', 1, factors, tau, other }, { 'ormqr', 1, factors, tau, other, 'T' },
    { 'ormqr', 1, factors, tau, across, 'R' },
    { 'ormqr', 1, factors, tau, across, 'R', 'T' },
  }
  return list
end

local function title_of(call, n, kind, way)
  local letters = {}
  for i = 3, #call do
    if type(call[i]) ~= 'userdata' then letters[#letters + 1] = tostring(call[i]) end
  end
  return ('%s %s of %d, %s, %s'):format(call[1], table.concat(letters, ' '), n,
    kind, way)
end

describe('linear algebra in C', function()
  local function test(name, f)
    it(name, function()
      if not helper.has 'scipy' then return pending(helper.lacks 'scipy') end
      if not shows_upvalues then
        return pending 'skipped: this Lua hides the function behind'
      end
      torch.eye(1):sum()
      if require 'py'.info().tensors == 'Torch7' then
        return pending 'skipped: what comes back from Python is a tensor of Torch7'
      end
      torch.manualSeed(5)
      f()
    end)
  end

  -- Calls f(call, arguments, title) for each call, way, size and type.
  local function each(f)
    for _, kind in ipairs { 'torch.DoubleTensor', 'torch.FloatTensor' } do
      for _, n in ipairs { 1, 2, 5, 70 } do
        for _, call in ipairs(calls(n, kind)) do
          for way, lay in pairs(n < 70 and ways or { part = ways.part }) do
            local arguments = {}
            for i = 3, #call do
              local value = call[i]
              if type(value) == 'userdata' and value:dim() == 2 then
                value = lay(value)
              end
              arguments[i - 2] = value
            end
            f(call, arguments, title_of(call, n, kind, way))
          end
        end
      end
    end
  end

  test('gives what the functions in Lua give, and leaves its arguments', function()
    each(function(call, arguments, title)
      local before = {}
      for i, value in ipairs(arguments) do
        before[i] = type(value) == 'userdata' and value:clone()
      end
      local expected = { behind(call[1])(helper.unpack(arguments)) }
      local results = { torch[call[1]](helper.unpack(arguments)) }
      assert.equal(#expected, #results, title)
      for i = 1, call[2] do same(expected[i], results[i], title) end
      for i, value in ipairs(arguments) do
        if before[i] then assert.is_true(before[i]:equal(value), title) end
      end
    end)
  end)

  test('fills results that are given, whatever they were', function()
    each(function(call, arguments, title)
      local expected = { torch[call[1]](helper.unpack(arguments)) }
      local given = {}
      for i = 1, call[2] do given[i] = torch[expected[i]:type():match '%.(.*)$']() end
      for _ = 1, 2 do -- to be resized, and of the right sizes
        local into = { helper.unpack(given) }
        for _, value in ipairs(arguments) do into[#into + 1] = value end
        local results = { torch[call[1]](helper.unpack(into)) }
        for i = 1, call[2] do
          assert.is_true(rawequal(results[i], given[i]), title)
          same(expected[i], given[i], title)
          given[i]:fill(9)
        end
      end
    end)
  end)

  -- Results that are arguments: name, then for each result its argument.
  local in_place = { gesv = { 1, 2 }, gels = { false, 2 }, trtrs = { 1, 2 },
                     symeig = { false, 1 }, inverse = { 1 }, potrf = { 1 },
                     potrs = { 1 }, potri = { 1 }, pstrf = { 1 }, geqrf = { 1 },
                     orgqr = { 1 }, ormqr = { 3 }, eig = { false, 1 },
                     qr = { 1 }, svd = { 1 } }

  test('overwrites arguments that are results as the functions in Lua', function()
    each(function(call, arguments, title)
      local outcomes = {}
      for k, f in ipairs { behind(call[1]), torch[call[1]] } do
        local own, into = {}, {}
        for i, value in ipairs(arguments) do
          own[i] = value
          if type(value) == 'userdata' then
            own[i] = torch[value:type():match '%.(.*)$'](value:storage():size())
            own[i]:storage():copy(value:storage())
            own[i]:set(own[i]:storage(), value:storageOffset(), value:size(),
              value:stride())
          end
        end
        for i = 1, call[2] do
          into[i] = own[in_place[call[1]][i] or 0]
            or call[1] == 'pstrf' and torch.IntTensor()
            or torch[arguments[1]:type():match '%.(.*)$']()
        end
        for _, value in ipairs(own) do into[#into + 1] = value end
        outcomes[k] = { pcall(f, helper.unpack(into)) }
      end
      assert.is_true(outcomes[1][1], title)
      assert.is_true(outcomes[2][1], title)
      for i = 2, call[2] + 1 do same(outcomes[1][i], outcomes[2][i], title) end
    end)
  end)

  test('leaves given results and arguments alone where LAPACK fails', function()
    for _, call in ipairs {
      { 'gesv', 2, torch.ones(2, 2), torch.zeros(2, 2) },
      { 'trtrs', 2, torch.ones(2, 2), torch.zeros(2, 2) },
      { 'gels', 2, torch.ones(2, 2), torch.Tensor { { 0, 1 }, { 0, 1 } } },
      { 'inverse', 1, torch.zeros(2, 2) },
      { 'potrf', 1, -torch.eye(2) }, { 'potri', 1, torch.zeros(2, 2) },
      { 'pstrf', 2, torch.ones(2, 2) },
    } do
      local given = {}
      for i = 1, call[2] do
        given[i] = call[1] == 'pstrf' and i == 2 and torch.IntTensor(2)
          or torch.Tensor(2, 2):t()
        given[i]:fill(9)
      end
      local before = { as_numbers(call[3]), as_numbers(call[4] or call[3]) }
      local into = { helper.unpack(given) }
      for i = 3, #call do into[#into + 1] = call[i] end
      local ok, message = pcall(torch[call[1]], helper.unpack(into))
      local _, expected = pcall(behind(call[1]), helper.unpack(into))
      assert.is_false(ok, call[1])
      assert.matches('apack', tostring(message))
      assert.equal(tostring(expected), tostring(message))
      for i = 1, call[2] do
        for _, x in ipairs(as_numbers(given[i])) do assert.equal(9, x) end
      end
      assert.same(before[1], as_numbers(call[3]))
      assert.same(before[2], as_numbers(call[4] or call[3]))
    end
  end)

  test('holds for large matrices', function()
    for _, kind in ipairs { 'torch.DoubleTensor', 'torch.FloatTensor' } do
      local near = kind == 'torch.DoubleTensor' and 1e-8 or 1e-2
      local a = matrix(100, 100, kind):add(torch.eye(100):mul(10):type(kind))
      local eye = torch.eye(100):type(kind)
      assert.is_true((torch.inverse(a) * a - eye):abs():max() < near)
      local b = matrix(100, 7, kind)
      assert.is_true((a * torch.gesv(b, a) - b):abs():max() < near)
      local u, s, v = torch.svd(a)
      assert.is_true((u * torch.diag(s) * v:t() - a):abs():max() < near)
      local q, r = torch.qr(a)
      assert.is_true((q * r - a):abs():max() < near)
    end
  end)

  it('imports SciPy for right calls only, and does without', function()
    if not helper.has 'scipy' then return pending(helper.lacks 'scipy') end
    local output = child.output [[
      local torch, py = require 'py.torch.builtin', require 'py'
      local imported = "'scipy' in __import__('sys').modules"
      assert(not pcall(torch.inverse, torch.ones(2, 3)))
      io.write(tostring(py.eval(imported)), ' ')
      py.exec "import sys; sys.modules['scipy'] = None"
      io.write(torch.inverse(torch.eye(2))[2][2], ' ')
      local ok, message = pcall(torch.geqrf, torch.eye(2))
      io.write(message:match 'geqrf : this function needs SciPy')
    ]]
    assert.equal('false 1 geqrf : this function needs SciPy', (output:gsub('1%.0', '1')))
  end)
end)
