-- SPDX-License-Identifier: MIT
-- LuaJIT's FFI on tensors: the fields are those of Torch7's structures, as a
-- run of real Torch7 shows them.

local torch = require 'py.torch'
local helper = require 'spec.helper'

if not helper.jit then
  describe('pointers to tensors', function()
    it('are an error without FFI', function()
      helper.raises(function() torch.zeros(2):data() end, 'needs LuaJIT')
      helper.raises(function() torch.zeros(2):cdata() end, 'needs LuaJIT')
    end)
  end)
  return
end

local ffi = require 'ffi'

describe('pointers to tensors', function()
  it('are to the elements', function()
    local t = torch.range(1, 6):resize(2, 3)
    local data = t:data()
    assert.is_true(ffi.istype('double*', data))
    assert.equal(3, data[2])
    data[2] = 30
    assert.equal(30, t[1][3])
    assert.equal(4, t[2]:data()[0])
    assert.equal(30, t:storage():data()[2])
    assert.is_nil(torch.Tensor():data())
    assert.is_true(torch.Storage():data() == ffi.cast('double*', 0))
    assert.is_true(ffi.istype('float*', torch.FloatTensor(1):data()))
    assert.is_true(ffi.istype('long*', torch.LongTensor(1):data()))
    assert.is_true(ffi.istype('unsigned char*', torch.ByteTensor(1):data()))
  end)

  it('are addresses for those who ask', function()
    local t = torch.zeros(3)
    local address = torch.data(t, true)
    assert.is_true(ffi.istype('intptr_t', address))
    local same = torch.Tensor(torch.Storage(3, tonumber(address)))
    same[2] = 5
    assert.equal(5, t[2])
    assert.is_nil(torch.data(nil))
  end)

  it('are to structures like Torch7\'s', function()
    local t = torch.zeros(4, 3):narrow(1, 2, 3):t()
    local c = t:cdata()
    assert.is_true(ffi.istype('THDoubleTensor*', c))
    assert.equal(2, c.nDimension)
    assert.same({ 3, 3 }, { tonumber(c.size[0]), tonumber(c.size[1]) })
    assert.same({ 1, 3 }, { tonumber(c.stride[0]), tonumber(c.stride[1]) })
    assert.equal(3, tonumber(c.storageOffset))
    assert.equal(1, c.refcount)
    assert.equal(12, tonumber(c.storage.size))
    assert.is_true(c.storage.data + c.storageOffset == t:data())
    assert.is_true(torch.cdata(t) == c)
    assert.is_true(t:storage():cdata() == c.storage)
    -- They follow what becomes of the tensor.
    t:resize(1, 2, 3, 4, 5)
    assert.equal(5, c.nDimension)
    assert.same({ 5, 1 }, { tonumber(c.size[4]), tonumber(c.stride[4]) })
    assert.equal(1, torch.IntTensor { 1 }:cdata().storage.data[0])
  end)
end)
