-- SPDX-License-Identifier: MIT
-- Views of py.torch: other tensors on the same storage, and sizes that change.

local torch = require 'py.torch'
local helper = require 'spec.helper'
local raises = helper.raises

local function matrix() return torch.range(1, 12):resize(3, 4) end

local function shares(a, b)
  return torch.pointer(a:storage()) == torch.pointer(b:storage())
end

local function sizes(t) return t:size():totable() end
local function strides(t) return t:stride():totable() end

describe('a view', function()
  it('costs no copy', function()
    local t = matrix()
    local views = {
      t:narrow(1, 2, 2), t:sub(1, 2, -2, -1), t:select(2, 3), t:t(),
      t:transpose(1, 2), t:unfold(2, 2, 1), t:view(2, 6), t:view(-1),
      t:viewAs(torch.Tensor(6, 2)), t[2], t[{ {}, { 2, 3 } }], t:permute(2, 1),
      torch.Tensor(1, 4):set(t:storage(), 1, 1, 4, 4, 1):expand(5, 4),
      t:split(2)[1], t:chunk(3, 2)[1], t:squeeze(), t:contiguous(),
      torch.Tensor(t), t.new(t), t:narrow(1, 1, 1):squeeze(1),
    }
    for i, view in ipairs(views) do assert.is_true(shares(t, view), i) end
    t:fill(77)
    for i, view in ipairs(views) do assert.equal(77, view:min(), i) end
  end)

  it('of what is not contiguous is a copy where Torch7 copies', function()
    local t = matrix():t()
    assert.is_false(shares(t, t:contiguous()))
    assert.is_false(shares(t, t:clone()))
    assert.is_false(shares(t, torch.reshape(t, 12)))
    raises(function() t:view(12) end, 'expecting a contiguous tensor')
  end)

  it('has the geometry of the documentation', function()
    local x = torch.Tensor(5, 6):zero()
    x:narrow(1, 2, 3):fill(1)
    assert.equal(18, x:sum())
    assert.same({ 6, 1 }, strides(x))
    assert.same({ 1, 6 }, strides(x:t()))
    assert.same({ 3, 6 }, sizes(x:sub(2, 4)))
    assert.same({ 3, 2 }, sizes(x:sub(2, 4, 3, 4)))
    assert.same({ 5, 4, 3 }, sizes(x:unfold(2, 3, 1)))
    assert.same({ 6, 1, 1 }, strides(x:unfold(2, 3, 1)))
    assert.same({ 3, 2, 5 }, sizes(torch.Tensor(2, 5, 3):permute(3, 1, 2)))
    local same = torch.Tensor(2, 3)
    assert.is_true(rawequal(same, same:permute(1, 2)))
    local vector = torch.Tensor(3)
    assert.is_true(rawequal(vector, vector:permute(0)))
    assert.same({ 2, 3 }, sizes(torch.rand(2, 1, 3, 1):squeeze()))
    -- Positions and dimensions are cut to integers.
    assert.same({ 2, 3, 1 }, sizes(torch.rand(2, 1, 3, 1):squeeze(2.7)))
    assert.same({ 5 }, sizes(x:select(2.9, 6.9)))
    assert.same({ 5, 2 }, sizes(x:narrow(2.9, 1.5, 2.5)))
    assert.same({ 6, 5 }, sizes(x:transpose(1.5, 2.9)))
    assert.same({ 5, 2 }, sizes(x:split(2, 2.7)[1]))
    assert.equal(5, torch.Tensor { { 5 } }:squeeze())
  end)

  it('expands without memory', function()
    local x = torch.Tensor(10, 1):fill(1)
    local y = torch.expand(x, 10, 2)
    assert.same({ 1, 0 }, strides(y))
    y:fill(3)
    assert.equal(3, x[10][1])
    assert.same({ 10, 2 }, sizes(x:expandAs(torch.Tensor(10, 2))))
    raises(function() x:expand(9, 2) end, 'only supporting singleton expansion')
    raises(function() x:expand(2) end, 'number of dimensions provided must equal')
  end)

  it('repeats into new memory', function()
    local x = torch.Tensor { { 1, 2 }, { 3, 4 } }
    local y = x:repeatTensor(2, 3)
    assert.same({ 4, 6 }, sizes(y))
    assert.same({ 1, 2, 1, 2, 1, 2 }, y[3]:totable())
    assert.same({ 2, 2, 2 }, sizes(x:repeatTensor(2, 1, 1)))
    local result = torch.Tensor()
    torch.repeatTensor(result, x[1], 2, 1)
    assert.same({ { 1, 2 }, { 1, 2 } }, result:totable())
    raises(function() x:repeatTensor(2) end, 'can not be smaller')
  end)

  it('infers one size', function()
    assert.same({ 3, 4 }, sizes(torch.Tensor(12):view(3, -1)))
    raises(function() torch.Tensor(12):view(-1, -1) end, 'Only one')
    raises(function() torch.Tensor(12):view(5, 2) end,
      'Wrong size for view. Input size: 12. Output size: 5x2')
  end)

  it('splits', function()
    local parts = matrix():split(2, 2)
    assert.equal(2, #parts)
    assert.same({ 3, 2 }, sizes(parts[2]))
    parts = torch.Tensor(7):chunk(3)
    assert.same({ 3, 3, 1 }, { parts[1]:size(1), parts[2]:size(1), parts[3]:size(1) })
  end)
end)

describe('resizing', function()
  it('keeps the elements where they are', function()
    local t = torch.range(1, 4)
    t:resize(2, 2)
    assert.same({ { 1, 2 }, { 3, 4 } }, t:totable())
    local alias = torch.Tensor(t)
    t:resize(3)
    assert.same({ 1, 2, 3 }, t:totable())
    assert.same({ 2, 2 }, sizes(alias))
    t:resize(100)
    assert.equal(1, t[1])
    assert.is_true(shares(t, alias))
    t:resizeAs(alias)
    assert.same({ 2, 2 }, sizes(t))
    t:resize(0)
    assert.equal(0, t:dim())
  end)

  it('returns self', function()
    local t = torch.Tensor(2)
    assert.equal(t, t:resize(4))
    assert.equal(t, t:resizeAs(t))
    assert.equal(t, t:set(torch.Tensor(3)))
    assert.equal(t, t:fill(1))
    assert.equal(t, t:zero())
    assert.equal(t, t:copy(torch.Tensor(3):fill(1)))
    assert.equal(t, t:add(1))
    assert.equal(t, t:apply(function() end))
  end)

  it('remembers where it was while it has no elements', function()
    local t = torch.range(1, 10)
    local part = t:narrow(1, 5, 4)
    assert.equal(0, part:resize():dim())
    assert.equal(5, part:storageOffset())
    assert.equal(5, part:resize(2)[1])
    assert.equal(10, t:size(1))
  end)

  it('keeps its strides where it has the sizes already', function()
    local function turned() return torch.Tensor(3, 2):t() end
    local s = torch.Storage(9)
    assert.same({ 1, 2 }, strides(turned():set(s, 2, torch.LongStorage { 2, 3 })))
    assert.same({ 1, 2 }, strides(turned():set(s, 1, 2, -1, 3, -1)))
    assert.same({ 3, 1 }, strides(turned():set(s, 1, 2, 3, 3, 1)))
    assert.same({ 2, 1 }, strides(turned():set(s, 1, torch.LongStorage { 3, 2 })))
    assert.same({ 1, 2 }, strides(turned():view(torch.range(1, 6), 2, 3)))
    assert.same({ 1, 2 }, strides(turned():resize(2, 3)))
  end)

  it('is asked for all sizes by what is no number', function()
    assert.same({ 3, 4 }, matrix():size('all'):totable())
    assert.same({ 4, 1 }, matrix():stride({}):totable())
  end)
end)

describe('a wrong argument', function()
  it('of a view has the error of Torch7, and changes nothing', function()
    local t = matrix()
    raises(function() t:narrow(1, 1, 10) end, "bad argument #3 to 'narrow' %(out of range")
    raises(function() t:narrow(3, 1, 1) end, "#1 to 'narrow' %(out of range")
    raises(function() t:select(3, 1) end, "#1 to 'select' %(out of range")
    raises(function() t:select(1, 4) end, "#2 to 'select' %(out of range")
    raises(function() t:transpose(1, 3) end, "#1 to 'transpose' %(out of range")
    raises(function() t:size(3) end, 'dimension 3 out of range of 2D tensor')
    raises(function() t:sub(0, 9) end, 'out of range')
    raises(function() torch.Tensor(2):t() end, 'Tensor must have 2 dimensions')
    raises(function() t:unfold(1, 9, 1) end, 'out of range')
    raises(function() t:unfold(1, 1, 0) end, 'invalid step')
    raises(function() t:permute(1) end, 'Invalid permutation')
    raises(function() t:repeatTensor(torch.Tensor()) end, 'number expected, got nil')
    local sizes_of_12 = torch.LongStorage { 12 }
    raises(function() t:view(sizes_of_12, 1) end, 'torch.view, expected')
    raises(function() t:float():view(t, 7) end, "bad argument #1 to 'set' %(expecting "
      .. 'number or torch.FloatTensor or torch.FloatStorage')
    raises(function() t:view(t:long(), 7) end, "#2 to 'set' %(torch.LongStorage expected")
    raises(function() torch.Tensor():view(0) end, "bad argument #1 to 'set' %(expecting "
      .. 'number or torch.DoubleTensor or torch.DoubleStorage')
    raises(function() t:squeeze(3) end, 'dimension out of range')
    raises(function() t:copy(torch.Tensor(5)) end, 'inconsistent tensor size, '
      .. 'expected tensor %[3 x 4%] and src %[5%] to have the same number of '
      .. 'elements, but got 12 and 5 elements respectively')
    raises(function() t:nothing() end, 'attempt to call')
    raises(function() t.x = 1 end, 'torch.DoubleTensor cannot be indexed')
    -- Torch7 takes the place of an argument for a type, where it knows none.
    raises(function() t:isSetTo(3) end,
      "#1 to 'isSetTo' %(torch.DoubleTensor expected, got userdata")
    raises(function() t:narrow(9) end, "#2 to 'narrow' %(number expected, got no value")
    raises(function() t:transpose(9, {}) end, "#2 to 'transpose' %(number expected, got table")
    raises(function() t:indexAdd(1) end,
      'torch.DoubleTensor, number, torch.LongTensor, torch.DoubleTensor expected')
    raises(function() torch.FloatTensor():view(t, 12) end,
      "'set' %(expecting number or torch.FloatTensor or torch.FloatStorage")
    raises(function() torch.gather(torch.ones(2), t, 1, torch.LongTensor { { 1 } }) end,
      'Input tensor must have same dimensions as output tensor')
    assert.same({ 3, 4 }, sizes(t))
    assert.equal(78, t:sum())
  end)
end)
