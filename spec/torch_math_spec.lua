-- SPDX-License-Identifier: MIT
-- Mathematics of py.torch: forms, types, values. Expected values are those of
-- Torch7's documentation, or follow from C's arithmetic.

local torch = require 'py.torch'
local helper = require 'spec.helper'
local raises, list = helper.raises, helper.elements

local function near(expected, t, tolerance)
  local got = list(t)
  assert.equal(#expected, #got)
  for i, v in ipairs(expected) do
    assert.is_true(math.abs(v - got[i]) <= (tolerance or 1e-10),
      ('%d: %s, not %s'):format(i, got[i], v))
  end
end

describe('elementwise functions', function()
  it('have three forms', function()
    local t = torch.Tensor { 1, 4, 9 }
    local out = torch.sqrt(t)
    assert.same({ 1, 2, 3 }, list(out))
    assert.same({ 1, 4, 9 }, list(t))
    local result = torch.Tensor()
    assert.equal(result, torch.sqrt(result, t))
    assert.same({ 1, 2, 3 }, list(result))
    assert.equal(t, t:sqrt())
    assert.same({ 1, 2, 3 }, list(t))
    result:sqrt(torch.Tensor { 16 })
    assert.same({ 4 }, list(result))
    assert.equal(3, torch.sqrt(9))
  end)

  it('have their values', function()
    local t = torch.Tensor { -1.5, 0.5, 2.5 }
    assert.same({ -2, 1, 3 }, list(torch.round(t))) -- away from zero
    assert.same({ -2, 0, 2 }, list(torch.floor(t)))
    assert.same({ -1, 1, 3 }, list(torch.ceil(t)))
    assert.same({ -1, 0, 2 }, list(torch.trunc(t)))
    assert.same({ -0.5, 0.5, 0.5 }, list(torch.frac(t)))
    assert.same({ 1.5, 0.5, 2.5 }, list(torch.abs(t)))
    assert.same({ -1, 1, 1 }, list(torch.sign(t)))
    assert.same({ 1.5, -0.5, -2.5 }, list(torch.neg(t)))
    near({ 1 / (1 + math.exp(1.5)), 1 / (1 + math.exp(-0.5)),
           1 / (1 + math.exp(-2.5)) }, torch.sigmoid(t))
    near({ 0.5 }, torch.rsqrt(torch.Tensor { 4 }))
    near({ 0.25 }, torch.cinv(torch.Tensor { 4 }))
    near({ math.log(1.5) }, torch.log1p(torch.Tensor { 0.5 }))
    local nan = torch.sqrt(torch.Tensor { -1 })[1]
    assert.is_true(nan ~= nan)
    assert.equal(math.huge, torch.cinv(torch.Tensor { 0 })[1])
  end)

  it('add, with a factor', function()
    local t, u = torch.Tensor { 1, 2 }, torch.Tensor { 10, 20 }
    assert.same({ 3, 4 }, list(torch.add(t, 2)))
    assert.same({ 21, 42 }, list(torch.add(t, 2, u)))
    assert.same({ -19, -38 }, list(torch.csub(t, 2, u)))
    assert.same({ 201, 802 }, list(torch.addcmul(t, 2, u, u)))
    assert.same({ 3, 4 }, list(torch.addcdiv(t, 2, u, u)))
    assert.same({ 11, 22 }, list(t:add(u)))
    assert.same({ 5.5, 11 }, list(torch.lerp(t, torch.zeros(2), 0.5)))
  end)

  it('take tensors of other sizes with as many elements', function()
    local t = torch.ones(2, 3):add(torch.range(1, 6))
    assert.same({ 2, 3 }, t:size():totable())
    assert.same({ 2, 3, 4, 5, 6, 7 }, list(t))
    raises(function() t:add(torch.ones(4)) end, 'inconsistent tensor size, expected '
      .. 'r_ %[2 x 3%], t %[2 x 3%] and src %[4%] to have the same number of '
      .. 'elements, but got 6, 6 and 4 elements respectively')
    assert.equal(2, t[1][1])
  end)

  it('of integers wrap, and divide towards zero', function()
    assert.same({ 4, 255 }, list(torch.ByteTensor { 254, 249 }:add(6)))
    assert.same({ 254 }, list(torch.ByteTensor { 1 }:add(-3)))
    assert.same({ -128 }, list(torch.CharTensor { 127 }:add(1)))
    assert.same({ 144 }, list(torch.ByteTensor { 200 }:mul(2)))
    assert.same({ -3, 3 }, list(torch.IntTensor { -7, 7 }:div(2)))
    assert.same({ -1, 1 }, list(torch.IntTensor { -7, 7 }:fmod(2)))
    assert.same({ 1, 1 }, list(torch.IntTensor { -7, 7 }:remainder(2)))
    assert.same({ -3 }, list(torch.IntTensor { -7 }:cdiv(torch.IntTensor { 2 })))
    assert.same({ 8, 12 }, list(torch.LongTensor { 2, 3 }:lshift(2)))
    assert.same({ 1 }, list(torch.ByteTensor { 7 }:rshift(2)))
    assert.same({ 4, 7, 3 }, { torch.IntTensor { 6 }:bitand(5)[1],
      torch.IntTensor { 6 }:bitor(5)[1], torch.IntTensor { 6 }:bitxor(5)[1] })
    raises(function() torch.Tensor { 1 }:bitand(1) end,
      'bitand is only supported for integer type tensors')
  end)

  it('compare to ByteTensors, or into a tensor of the type', function()
    local t = torch.Tensor { 1, 2, 3 }
    local mask = t:gt(1)
    assert.equal('torch.ByteTensor', mask:type())
    assert.same({ 0, 1, 1 }, list(mask))
    assert.same({ 1, 0, 0 }, list(torch.lt(t, torch.Tensor { 2, 2, 2 })))
    local result = torch.Tensor()
    torch.eq(result, t, 2)
    assert.same({ 0, 1, 0 }, list(result))
    assert.is_true(torch.ByteTensor { 1, 1 }:all())
    assert.is_false(torch.all(torch.ByteTensor { 1, 0 }))
    assert.is_true(torch.any(torch.ByteTensor { 1, 0 }))
  end)

  it('clamp, cmax, cmin, pow', function()
    local t = torch.Tensor { -2, 0.5, 3 }
    assert.same({ -1, 0.5, 1 }, list(torch.clamp(t, -1, 1)))
    assert.same({ 0, 0.5, 3 }, list(torch.cmax(t, 0)))
    assert.same({ -2, 0, 0 }, list(torch.cmin(t, torch.zeros(3))))
    assert.same({ 4, 0.25, 9 }, list(torch.pow(t, 2)))
    assert.same({ 0.25, math.sqrt(2), 8 }, list(torch.pow(2, t)))
    assert.same({ 4, 27 }, list(torch.cpow(torch.LongTensor { 2, 3 },
      torch.LongTensor { 2, 3 })))
  end)

  it('refuse other types', function()
    local text = raises(function() torch.Tensor(2):add(torch.LongTensor(2)) end,
      'invalid arguments: DoubleTensor LongTensor')
    assert.is_truthy(text:find 'expected arguments')
    raises(function() torch.zeros() end, 'invalid arguments: no arguments provided')
    raises(function() torch.LongTensor { 4 }:sqrt() end, 'attempt to call')
  end)
end)

describe('operators', function()
  it('make new tensors', function()
    local t = torch.Tensor { { 1, 2 }, { 3, 4 } }
    assert.same({ 3, 4, 5, 6 }, list(t + 2))
    assert.same({ 3, 4, 5, 6 }, list(2 + t))
    assert.same({ 0, -1, -2, -3 }, list(1 - t))
    assert.same({ 2, 4, 6, 8 }, list(t + t))
    assert.same({ 0.5, 1, 1.5, 2 }, list(t / 2))
    assert.same({ 1, 2, 0, 1 }, list(t % 3))
    assert.same({ -1, -2, -3, -4 }, list(-t))
    assert.same({ 7, 10, 15, 22 }, list(t * t))
    assert.same({ 5, 11 }, list(t * torch.Tensor { 1, 2 }))
    assert.equal(5, torch.Tensor { 1, 2 } * torch.Tensor { 1, 2 })
    assert.same({ 1, 2, 3, 4 }, list(t))
    assert.equal('torch.LongTensor', (torch.LongTensor { 1 } + 1):type())
    raises(function() return torch.Tensor(2, 2, 2) * t end,
      'multiplication between 3D and 2D tensors not yet supported')
    raises(function() return t + torch.LongTensor(2) end, 'number expected')
  end)
end)

describe('reductions', function()
  it('are numbers, or keep the dimension', function()
    local t = torch.Tensor { { 1, 2 }, { 3, 5 } }
    assert.equal(11, t:sum())
    assert.equal(30, t:prod())
    assert.equal(2.75, t:mean())
    assert.same({ { 4, 7 } }, t:sum(1):totable())
    assert.same({ { 3 }, { 8 } }, t:sum(2):totable())
    assert.same({ { 2, 3.5 } }, torch.mean(t, 1):totable())
    near({ 2, 4.5 }, torch.var(t, 1))
    near({ 1, 2.25 }, torch.var(t, 1, true))
    assert.equal(math.sqrt(39), t:norm())
    assert.equal(11, t:norm(1))
    assert.same({ 1, 2, 4, 7 }, list(torch.cumsum(t, 1)))
    assert.same({ 1, 2, 3, 15 }, list(torch.cumprod(t, 2)))
    assert.equal(0, torch.Tensor():sum())
    assert.equal(510, torch.ByteTensor { 255, 255 }:sum())
    raises(function() t:sum(3) end, 'dimension 3 out of range')
    raises(function() torch.Tensor():max() end, 'tensor must have one dimension')
  end)

  it('find positions from 1', function()
    local t = torch.Tensor { { 3, 9, 1 }, { 8, 2, 5 } }
    assert.equal(9, t:max())
    local values, positions = torch.max(t, 2)
    assert.same({ { 9 }, { 8 } }, values:totable())
    assert.same({ { 2 }, { 1 } }, positions:totable())
    assert.equal('torch.LongTensor', positions:type())
    values, positions = t:min(1)
    assert.same({ 3, 2, 1 }, list(values))
    assert.same({ 1, 2, 1 }, list(positions))
    values, positions = torch.sort(t)
    assert.same({ 1, 3, 9, 2, 5, 8 }, list(values))
    assert.same({ 3, 1, 2, 2, 3, 1 }, list(positions))
    assert.same({ 9, 3, 1, 8, 5, 2 }, list((t:sort(2, true))))
    values, positions = t:topk(2, 2, true, true)
    assert.same({ 9, 3, 8, 5 }, list(values))
    assert.same({ 2, 1, 1, 3 }, list(positions))
    values, positions = torch.kthvalue(t, 2)
    assert.same({ 3, 5 }, list(values))
    assert.same({ 1, 3 }, list(positions))
    assert.same({ 3, 5 }, list((torch.median(t))))
    assert.same({ 2 }, list((torch.mode(torch.Tensor { 1, 2, 2, 3 }))))
    local given, index = torch.Tensor(), torch.LongTensor()
    torch.max(given, index, t, 1)
    assert.same({ 8, 9, 5 }, list(given))
    assert.same({ 2, 1, 2 }, list(index))
  end)

  it('count', function()
    assert.same({ 1, 1, 2 }, list(torch.histc(torch.Tensor { 0, 1, 2, 3 }, 3)))
    assert.same({ 2, 2 }, list(torch.histc(torch.Tensor { 0, 0, 9, 7 }, 2, 0, 9)))
    assert.equal(5, torch.dist(torch.Tensor { 0, 0 }, torch.Tensor { 3, 4 }))
    assert.equal(1 / 0, torch.dist(torch.ones(2), torch.zeros(2), 0))
    -- What Torch7 leaves of floats, as C computes with doubles there:
    assert.same({ '-1.49e-08', '7.45e-09', '-1.71e-07' }, (function()
      local texts = {}
      local t = torch.FloatTensor { 1, 0.3, 5.1 }
      t:remainder(0.1):apply(function(v) texts[#texts + 1] = ('%.3g'):format(v) end)
      return texts
    end)())
    assert.equal(0, torch.remainder(torch.Tensor { 1 }, 0.1)[1])
    assert.equal(6, torch.numel(torch.Tensor(2, 3)))
    assert.is_true(torch.equal(torch.ones(2), torch.ones(2)))
    assert.is_false(torch.equal(torch.ones(2), torch.ones(1, 2)))
  end)
end)

describe('matrices', function()
  local a = torch.Tensor { { 1, 2 }, { 3, 4 } }

  it('multiply', function()
    local v = torch.Tensor { 1, 10 }
    assert.same({ 21, 43 }, list(torch.mv(a, v)))
    assert.same({ 7, 10, 15, 22 }, list(torch.mm(a, a)))
    assert.same({ 1, 10, 10, 100 }, list(torch.ger(v, v)))
    assert.equal(101, v:dot(v))
    assert.same({ 15, 22, 33, 48 }, list(torch.addmm(1, a, 2, a, a)))
    assert.same({ 15, 22, 33, 48 }, list(a:clone():addmm(2, a, a)))
    assert.same({ 22, 53 }, list(torch.addmv(v, a, v)))
    assert.same({ 2, 12, 13, 104 }, list(torch.addr(a, v, v)))
    assert.same({ 2, 2, 2 }, torch.bmm(torch.ones(2, 2, 3), torch.ones(2, 3, 2))
      :size():totable())
    assert.same({ 7, 7, 7, 7 }, list(torch.zeros(2, 2)
      :addbmm(torch.ones(2, 2, 3), torch.ones(2, 3, 2)):add(1)))
    assert.same({ 200 }, list(torch.ByteTensor { { 100 } }
      :addmm(torch.ByteTensor { { 10 } }, torch.ByteTensor { { 10 } })))
    assert.same({ 0, 8, 8, 0 }, list(torch.match(a, a)))
    -- The factor is a number of the type.
    assert.same({ 0, 248, 248, 0 }, list(torch.match(a:byte(), a:byte(), -1)))
    assert.same({ 0, 0, 0, 0 }, list(torch.match(a:long(), a:long(), 0.5)))
    raises(function() torch.mm(a, torch.ones(3, 3)) end,
      'size mismatch, m1: %[2 x 2%], m2: %[3 x 3%]')
    raises(function() torch.mv(a, torch.ones(3)) end,
      'size mismatch, %[2 x 2%], %[3%]')
  end)

  it('are made by rules', function()
    assert.same({ 1, 0, 0, 0, 1, 0 }, list(torch.eye(2, 3)))
    assert.same({ 0, 0.5, 1 }, list(torch.linspace(0, 1, 3)))
    near({ 1, 10, 100 }, torch.logspace(0, 2, 3))
    assert.same({ 2, 5, 8 }, list(torch.range(2, 9, 3)))
    assert.same({ 3, 2, 1 }, list(torch.range(3, 1, -1)))
    assert.same({ 1, 4 }, list(torch.diag(a)))
    assert.same({ 0, 1, 0, 0 }, list(torch.diag(torch.Tensor { 1 }, 1)))
    assert.same({ 1, 0, 3, 4 }, list(torch.tril(a)))
    assert.same({ 0, 2, 0, 0 }, list(torch.triu(a, 1)))
    assert.equal(5, torch.trace(a))
    assert.same({ 3, 2 }, torch.cat(a, torch.ones(1, 2), 1):size():totable())
    assert.same({ 2, 4 }, torch.cat({ a, a }):size():totable())
    assert.same({ 0, 0, 1 }, list(torch.cross(torch.Tensor { 1, 0, 0 },
      torch.Tensor { 0, 1, 0 })))
    raises(function() torch.cat(a, torch.ones(3, 3), 1) end, 'inconsistent tensor sizes')
    raises(function() torch.range(1, 3, 0) end, 'step must be a non')
    raises(function() torch.linspace(1, 2, 1) end, 'invalid number of points')
  end)

  it('count elements in bins', function()
    local nan = 0 / 0
    local t = torch.Tensor { { 0, 1, 2, 3 }, { 4, nan, 2.5, 1 } }
    assert.same({ 2, 1, 1, 1 }, list(torch.histc(t, 4, 1, 3.1)))
    assert.same({ 1, 1, 2, 0, 1, 1 }, list(torch.bhistc(t, 3, 0, 3)))
    assert.same({ 0, 0 }, list(torch.histc(t, 2))) -- the least is no number
    assert.same({ 0, 5, 0 }, list(torch.histc(torch.ones(5), 3)))
    assert.same({ 1, 3 }, list(torch.histc(torch.Tensor { 1, 2, 3, 3 }:float(), 2, 1, 3)))
    if torch._heaptracking == nil then -- Torch7 writes to other memory
      assert.equal(6, torch.histc(t, 100, -1 / 0, 3.5):sum())
    end
    local result = torch.zeros(4, 2)
    assert.equal(result, torch.bhistc(result, t:t():clone(), 2, 0, 4))
    assert.same({ 1, 1, 1, 0, 0, 2, 1, 1 }, list(result))
    assert.same(list(result), list(torch.bhistc(t:t(), 2, 0, 4)))
  end)

  it('multiply vectors and match rows, wherever they lie', function()
    local u = torch.Tensor { { 1, 2, 3 }, { 4, 5, 6 } }
    local v = torch.Tensor { { 3, 1, 2 }, { 2, 2, 1 } }
    local expected = { 1, 7, -5, -7, 8, -2 }
    assert.same(expected, list(torch.cross(u, v)))
    assert.same(expected, list(torch.cross(u:t(), v:t(), 1):t()))
    local result = torch.Tensor(3, 2):t()
    assert.equal(result, torch.cross(result, u:t():clone():t(), v, 2))
    assert.same(expected, list(result))
    assert.same({ 6, 5, 33, 38 }, list(torch.match(u, v)))
    assert.same({ 12, 10, 66, 76 }, list(torch.match(u:t():clone():t(), v, 2)))
    assert.same({ 1, 7, 251, 249, 8, 254 }, list(torch.cross(u:byte(), v:byte())))
    assert.same({ 94, 249, 5, 254 }, list(torch.match(u:byte(), v:byte(), 101)))
    if torch._heaptracking == nil then -- Torch7 overwrites what it reads
      assert.same(expected, list(torch.cross(u, u, v)))
    end
  end)

  it('convolve', function()
    local x = torch.range(1, 9):resize(3, 3)
    local k = torch.Tensor { { 1, 2 }, { 3, 4 } }
    assert.same({ 37, 47, 67, 77 }, list(torch.xcorr2(x, k)))
    assert.same({ 23, 33, 53, 63 }, list(torch.conv2(x, k)))
    assert.same({ 4, 4 }, torch.conv2(x, k, 'F'):size():totable())
    assert.equal(1, torch.conv2(x, k, 'F')[1][1])
    assert.equal(4, torch.xcorr2(x, k, 'F')[1][1])
    assert.same({ 2, 2, 2 }, torch.conv2(torch.ones(1, 3, 3), torch.ones(2, 1, 2, 2))
      :size():totable())
    assert.equal(8, torch.xcorr3(torch.ones(2, 2, 2), torch.ones(2, 2, 2))[1][1][1])
    raises(function() torch.conv2(k, x) end, 'Input image is smaller than kernel')
  end)

  it('convolve integers, which wrap, and what lies apart in memory', function()
    local x = torch.range(1, 9):resize(3, 3)
    local k = torch.Tensor { { 100, 2 }, { 3, 200 } }
    local expected = torch.xcorr2(x, k)
    for _, kind in ipairs { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Float' } do
      local method = kind:lower()
      assert.same(list(expected[method](expected)),
        list(torch.xcorr2(x[method](x), k[method](k))), kind)
    end
    assert.same(list(expected),
      list(torch.xcorr2(x:t():clone():t(), k:t():clone():t())))
    local result = torch.zeros(4, 4)
    local whole = torch.conv2(x, k, 'F')
    assert.same(list(whole), list(torch.conv2(result, x, k, 'F')))
    if torch._heaptracking == nil then -- Torch7 writes elsewhere, or zeros its input
      local wide = torch.ones(4, 8)
      local part = wide:narrow(2, 3, 4)
      assert.equal(part, torch.conv2(part, x, k, 'F'))
      assert.same(list(whole), list(part))
      assert.equal(16, wide:ne(1):sum())
      assert.same(list(whole), list(torch.conv2(result:t(), x, k, 'F')))
      assert.same(list(whole), list(torch.conv2(x:half(), k:half(), 'F')))
      assert.same(list(whole), list(torch.conv2(x, x, k, 'F')))
    end
  end)

  it('convolve what is not a number without more of those', function()
    local x = torch.ones(3, 3)
    x[2][2] = 1 / 0
    assert.equal(1, torch.conv2(x, torch.ones(2, 2), 'F')[1][1])
    assert.equal(1 / 0, torch.xcorr2(x, torch.ones(2, 2), 'F')[2][2])
  end)

  it('convolve with kernels of any size', function()
    local x, k = torch.rand(60, 70):add(-0.5), torch.rand(40, 30):add(-0.5)
    for _, form in ipairs { 'V', 'F' } do
      for _, name in ipairs { 'conv2', 'xcorr2' } do
        local f = torch[name]
        -- By parts of the kernel, which are small.
        local expected = f(x, k, form):zero()
        local function add_part(first_row, first_column)
          local part = torch.zeros(40, 30)
          local window = { { first_row, first_row + 9 }, { first_column, first_column + 9 } }
          part[window] = k[window]
          local y, c = first_row, first_column
          if (name == 'conv2') == (form == 'V') then
            y, c = 40 - first_row - 8, 30 - first_column - 8
          end
          local small = f(x, k[window]:clone(), form)
          local rows, columns = expected:size(1), expected:size(2)
          if form == 'F' then
            expected:sub(y, y + small:size(1) - 1, c, c + small:size(2) - 1):add(small)
          else
            expected:add(small:sub(y, y + rows - 1, c, c + columns - 1))
          end
        end
        for row = 1, 31, 10 do
          for column = 1, 21, 10 do add_part(row, column) end
        end
        assert.is_true((f(x, k, form) - expected):abs():max() < 1e-9, name .. form)
        local planes = f(x:view(1, 60, 70), k:view(1, 1, 40, 30):expand(2, 1, 40, 30), form)
        assert.is_true((planes[2] - expected):abs():max() < 1e-9, name .. form)
        planes = f(x:view(1, 60, 70), k:view(1, 40, 30), form)
        assert.is_true((planes[1] - expected):abs():max() < 1e-9, name .. form)
      end
    end
  end)
end)
