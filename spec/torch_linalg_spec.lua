-- SPDX-License-Identifier: MIT
-- Linear algebra of py.torch. What is checked is what defines each result, so
-- the same spec holds for Torch7 with LAPACK.

local torch = require 'py.torch'
local helper = require 'spec.helper'
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
end)
