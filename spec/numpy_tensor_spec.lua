-- SPDX-License-Identifier: MIT
-- The C functions below the built-in tensors (csrc/numpy_tensor/): no call may
-- reach outside of a storage, whatever its arguments.

local helper = require 'spec.helper'

local function skip(why) pending(why) end
local it = helper.it_with('numpy', it, skip)

describe('built-in tensors', function()
  local py, tensors
  local DOUBLE = 'torch.DoubleTensor'

  setup(function()
    py = require 'py'
    local _ = py.eval -- starts Python
    tensors = require 'py.core'._tensor()
  end)
  helper.no_leaks(setup, teardown, after_each)

  local function refuses(message, f, ...)
    local ok, e = pcall(f, ...)
    assert.is_false(ok)
    assert.truthy(tostring(e):find(message, 1, true), tostring(e))
  end

  it('have the geometry that they were made with', function()
    local t = tensors.zeros(DOUBLE, { 2, 3 })
    assert.same({ { 2, 3 }, { 3, 1 }, 0 }, { tensors.geometry(t) })
    local view = tensors.view(t, { 3, 1 }, { 1, 7 }, 2)
    assert.same({ { 3, 1 }, { 1, 7 }, 2 }, { tensors.geometry(view) })
    assert.is_true(tensors.same_storage(t, view))
    t[1][3] = 5
    assert.equal(5, view[1][1])
    assert.same({ {}, {}, 0 },
      { tensors.geometry(tensors.zeros(DOUBLE, { 2, 0 })) })
  end)

  it('have any number of dimensions up to NumPy\'s', function()
    local sizes = {}
    for i = 1, 30 do sizes[i] = i % 10 == 0 and 2 or 1 end
    local t = tensors.zeros(DOUBLE, sizes)
    assert.equal(30, t:dim())
    assert.equal(8, t:nElement())
    assert.equal(30, py.eval(py.ref(t).ndim))
    sizes = {}
    for i = 1, 65 do sizes[i] = 1 end
    refuses('at most 64 dimensions', tensors.zeros, DOUBLE, sizes)
  end)

  it('do not reach outside of their storage', function()
    local t = tensors.zeros(DOUBLE, { 6 })
    local small = 'the storage is too small'
    refuses(small, tensors.view, t, { 7 }, nil, 0)
    refuses(small, tensors.view, t, { 1 }, nil, 6)
    refuses(small, tensors.view, t, { 2 }, { 6 }, 0)
    refuses(small, tensors.view, t, { 1 }, nil, -1)
    refuses(small, tensors.view, t, { 1 }, nil, 1e300)
    refuses(small, tensors.view, t, { 1 }, nil, 0 / 0)
    refuses(small, tensors.view, tensors.new(DOUBLE), { 1 }, nil, 0)
    refuses(small, tensors.set, t, nil, 0, { 1 })
    refuses('too many elements', tensors.view, t, { 4e9, 4e9 }, nil, 0)
    refuses('too large', tensors.view, t, { 100, 2 }, { 9e15, 1 }, 0)
    refuses('numbers from 0 on', tensors.view, t, { -1 }, nil, 0)
    refuses('numbers from 0 on', tensors.view, t, { 'x' }, nil, 0)
    refuses('numbers from 0 on', tensors.view, t, { 0 / 0 }, nil, 0)
    refuses('1 strides expected', tensors.view, t, { 2 }, { 1, 1 }, 0)
    assert.equal(6, t:nElement())
  end)

  it('stay inside of it when it shrinks', function()
    local t = tensors.zeros(DOUBLE, { 1000 })
    t:storage():resize(1)
    t[1000] = 3
    assert.equal(3, t[1000])
    assert.equal(3, py.eval(py.getitem(t, 999)))
    refuses('out of bounds', function() return t:storage()[2] end)
  end)

  it('refuse indexes out of range', function()
    local t = tensors.zeros(DOUBLE, { 2, 3 })
    for _, i in ipairs { 0, 3, -3, 1e300, -1e300, 0 / 0 } do
      refuses('out of range', function() return t[i] end)
    end
    for _, i in ipairs { 0, 4, -4, 1e300, 0 / 0 } do
      refuses('out of range', function() return t[1][i] end)
      refuses('out of range', function() t[1][i] = 1 end)
      refuses('out of bounds', function() return t:storage()[7 + i ^ 2] end)
    end
    assert.equal(0, t[-1][-1])
    t[-1][-1] = 4
    assert.equal(4, t[2][3])
  end)

  it('refuse other values than theirs', function()
    local t = tensors.zeros(DOUBLE, { 3 })
    refuses("there is no tensor type 'torch.OddTensor'", tensors.zeros,
      'torch.OddTensor', { 1 })
    refuses('torch.*Tensor expected, got table', tensors.geometry, {})
    refuses('torch.*Tensor expected, got userdata', tensors.geometry,
      io.stdout)
    refuses('torch.*Tensor expected, got userdata', tensors.geometry,
      t:storage())
    refuses('torch.DoubleStorage expected, got torch.FloatStorage',
      tensors.set, t, tensors.new_storage('torch.FloatStorage', 3), 0, { 3 })
    assert.is_nil(tensors.typename(io.stdout))
    assert.is_nil(tensors.typename(3))
    assert.equal(DOUBLE, tensors.typename(t))
  end)

  it('that memory does not suffice for are an error', function()
    refuses('', tensors.zeros, DOUBLE, { 1e15 })
    refuses('', tensors.new_storage, DOUBLE, 8e15)
    local t = tensors.zeros(DOUBLE, { 3 })
    refuses('', function() t:storage():resize(1e15) end)
    assert.equal(3, t:storage():size())
  end)
end)
