-- SPDX-License-Identifier: MIT
-- Linear algebra of py.torch: what defines each result, and what real Torch7
-- computed (torch_linalg_values.lua). The same spec holds for Torch7 itself
-- where it was built with LAPACK.

local torch = require 'py.torch'
local helper = require 'spec.helper'
local values = require 'spec.torch_linalg_values'
local raises = helper.raises

-- Torch7 may have been built without LAPACK.
local missing = not pcall(torch.inverse, torch.eye(2))

local function near(a, b)
  assert.same(a:size():totable(), b:size():totable())
  assert.is_true((a:double() - b:double()):abs():max() < 1e-6)
end

describe('linear algebra', function()
  local function test(name, f, needs)
    it(name, function()
      if missing then
        pending 'skipped: this Torch7 has no LAPACK'
      elseif needs and not helper.has(needs) then
        pending(helper.lacks(needs))
      else
        f()
      end
    end)
  end
  local a = torch.Tensor { { 4, 1, 2 }, { 1, 5, 3 }, { 2, 3, 6 } }
  local b = torch.Tensor { { 1, 2 }, { 3, 4 }, { 5, 6 } }

  test('solves systems', function()
    local x = torch.gesv(b, a)
    near(a * x, b)
    local rx, ra = torch.Tensor(), torch.Tensor()
    assert.equal(rx, torch.gesv(rx, ra, b, a))
    near(a * rx, b)
    near(torch.gesv(torch.Tensor { 1, 3, 5 }, a), x:narrow(2, 1, 1):clone())
    raises(function() torch.gesv(b, torch.zeros(3, 3)) end, 'singular')
    raises(function() torch.gesv(b, torch.zeros(2, 3)) end, 'A should be square')
    raises(function() torch.gesv(b, torch.eye(2)) end, 'A,B size incompatible')
  end)

  test('inverts', function()
    near(torch.inverse(a) * a, torch.eye(3))
    raises(function() torch.inverse(torch.zeros(2, 2)) end, 'singular')
    raises(function() torch.inverse(b) end, 'A should be square')
  end)

  test('decomposes', function()
    local u, s, v = torch.svd(b)
    near(u * torch.diag(s) * v:t(), b)
    local q, r = torch.qr(b)
    near(q * r, b)
    near(q:t() * q, torch.eye(2))
    local e, vectors = torch.symeig(a, 'V')
    near(vectors * torch.diag(e) * vectors:t(), a)
    e, vectors = torch.eig(torch.Tensor { { 0, 1 }, { -1, 0 } }, 'V')
    near(e:select(2, 1), torch.zeros(2))
    near(e:select(2, 2):abs(), torch.ones(2))
    assert.same({ 2, 2 }, vectors:size():totable())
  end)

  test('factors positive matrices', function()
    local u = torch.potrf(a)
    near(u:t() * u, a)
    local l = torch.potrf(a, 'L')
    near(l * l:t(), a)
    near(a * torch.potrs(b, u), b)
    near(torch.potri(u) * a, torch.eye(3))
    raises(function() torch.potrf(-a) end, 'leading minor of order 1')
  end)

  test('has what LAPACK alone has', function()
    local u = torch.potrf(a)
    near(u * torch.trtrs(b, u), b)
    near(u:t() * torch.trtrs(b, u, 'U', 'T'), b)
    local x = torch.gels(b, torch.Tensor { { 1, 0 }, { 0, 1 }, { 1, 1 } })
    assert.same({ 2, 2 }, x:size():totable())
    local factors, tau = torch.geqrf(b)
    local q = torch.orgqr(factors, tau)
    near(q:t() * q, torch.eye(2))
    near(torch.ormqr(factors, tau, b, 'L', 'T'):narrow(1, 1, 2):clone(),
      torch.triu(factors:narrow(1, 1, 2)))
    local p, pivots = torch.pstrf(a)
    assert.equal('torch.IntTensor', pivots:type())
    near((p:t() * p):index(1, pivots:long()):sum(1):sum(2), a:sum(1):sum(2))
  end, 'scipy')

  -- The matrices and letters of a call, as 'gesv B A'.
  local function read_call(call)
    local name, words = call:match '^(%S+) (.*)$'
    local q, tau = torch.geqrf(torch.Tensor(values.matrices.B))
    local arguments = {}
    for word in words:gmatch '%S+' do
      local matrix = word == 'Q' and q or word == 't' and tau
        or values.matrices[word] and torch.Tensor(values.matrices[word])
      if #arguments >= (values.matrices_of[name] or 1) then matrix = word end
      arguments[#arguments + 1] = matrix
    end
    return name, arguments
  end

  local function check_result(expected, t, call)
    local sizes, strides, elements = expected:match '^(%S+)/(%S+): (.*)$'
    if not sizes then -- none
      assert.equal(0, t:dim(), call)
      return
    end
    assert.equal(sizes, table.concat(t:size():totable(), 'x'), call)
    assert.equal(strides, table.concat(t:stride():totable(), ','), call)
    local flat, i = t:clone():view(-1), 0
    for number in elements:gmatch '%S+' do
      i = i + 1
      assert.is_true(math.abs(flat[i] - tonumber(number))
        <= 1e-4 * math.max(1, math.abs(flat[i])),
        ('%s: %g is not %s'):format(call or '', flat[i], number))
    end
    assert.equal(flat:size(1), i)
  end

  local many = { gesv = 2, gels = 2, trtrs = 2, symeig = 2, eig = 2, svd = 3,
                 qr = 2, geqrf = 2, pstrf = 2 }

  for call, expected in pairs(values.calls) do
    test(call .. ' is what Torch7 computed', function()
      local name, arguments = read_call(call)
      local results = { torch[name](helper.unpack(arguments)) }
      assert.equal(#expected, #results)
      for i, t in ipairs(results) do check_result(expected[i], t, call) end

      -- The same into tensors of other sizes, which are resized.
      local given = {}
      for i = 1, many[name] or 1 do
        given[i] = name == 'pstrf' and i == 2 and torch.IntTensor(2)
          or torch.Tensor(5, 2):zero()
      end
      if expected[#expected] == 'none' then given[#given]:resize(0) end
      local into = { helper.unpack(given) }
      for _, argument in ipairs(arguments) do into[#into + 1] = argument end
      results = { torch[name](helper.unpack(into)) }
      for i, t in ipairs(results) do
        assert.is_true(rawequal(given[i], t))
        check_result(expected[i], t, call)
      end
    end, 'scipy')
  end

  test('works in place, and keeps the layout then', function()
    local x, factors = b:clone(), a:clone()
    torch.gesv(x, factors, x, factors)
    check_result('3x2/2,1: -0.2 0 0.142857 0.285714 0.828571 0.857143', x)
    local inverse = a:clone()
    torch.inverse(inverse, inverse)
    assert.same({ 3, 1 }, inverse:stride():totable())
    near(inverse * a, torch.eye(3))
    local transposed = a:t():clone():t() -- as LAPACK wants it
    torch.potrf(transposed, transposed)
    assert.same({ 1, 3 }, transposed:stride():totable())
  end, 'scipy')

  test('leaves results alone that were not asked for, and on errors', function()
    local vectors = torch.Tensor { 7 }
    torch.eig(torch.Tensor(), vectors, a, 'N')
    assert.same({ 7 }, vectors:totable())
    raises(function() torch.pstrf(torch.Tensor { { 1, 2 }, { 2, 4 } }) end,
      'Lapack Error pstrf : matrix is rank deficient or not positive semidefinite')
    raises(function()
      torch.potri(torch.Tensor { { 0, 1 }, { 0, 1 } })
    end, 'Lapack Error potri : A%(1,1%) is 0, A cannot be factorized')
    raises(function()
      torch.trtrs(torch.ones(2, 1), torch.Tensor { { 1, 1 }, { 0, 0 } })
    end, 'Lapack Error in trtrs : A%(2,2%) is zero, singular A')
  end, 'scipy')
end)
