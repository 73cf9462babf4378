-- SPDX-License-Identifier: MIT
-- Tensors and storages of py.torch: types, constructors, sharing. Runs on real
-- Torch7 where that is installed, as do the other torch_*_spec.lua. Expected
-- values are those of Torch7's documentation.

local torch = require 'py.torch'
local helper = require 'spec.helper'
local raises = helper.raises

local function values(t)
  local list = {}
  t:apply(function(v) list[#list + 1] = v end)
  return list
end

describe('types', function()
  it('have constructors, names and conversions', function()
    for _, kind in ipairs { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Float',
                            'Double' } do
      local name = 'torch.' .. kind .. 'Tensor'
      local t = torch[kind .. 'Tensor'](2, 3):fill(7)
      assert.equal(name, torch.type(t))
      assert.equal(name, torch.typename(t))
      assert.equal(name, t:type())
      assert.is_true(torch.isTensor(t))
      assert.is_false(torch.isStorage(t))
      assert.is_true(torch.isStorage(t:storage()))
      assert.equal('torch.' .. kind .. 'Storage', torch.type(t:storage()))
      assert.equal(name, torch.Tensor(1)[kind:lower()](torch.Tensor(1)):type())
      assert.equal(7, t[2][3])
      assert.equal(t, t:type(name)) -- itself
      assert.equal(t, t[kind:lower()](t))
    end
  end)

  it('are told from other values', function()
    for _, value in ipairs { 1, 'torch.Tensor', {}, true, print } do
      assert.is_false(torch.isTensor(value))
      assert.is_nil(torch.typename(value))
      assert.equal(type(value), torch.type(value))
    end
    assert.is_nil(torch.typename(torch.DoubleTensor)) -- makes tensors, is none
    assert.equal('table', torch.type(torch.DiskFile))
    raises(function() return torch.setmetatable(1, 'torch.DoubleTensor') end,
      'table expected, got number')
    raises(function() return torch.setenv(1, {}) end, 'function or userdata expected')
    raises(function() return torch.class 'no.such.module' end, 'no is an invalid module name')
    raises(function() return 2 / torch.ones(1) end, 'torch.DoubleTensor expected, got boolean')
    assert.is_true(torch.isTypeOf(torch.Tensor(), 'torch.DoubleTensor'))
    assert.is_true(torch.isTypeOf(torch.Tensor(), 'torch.*Tensor'))
    assert.is_false(torch.isTypeOf(torch.Tensor(), 'torch.Double'))
    assert.is_true(torch.isTypeOf(torch.Tensor(), torch.DoubleTensor))
  end)

  it('convert as C does', function()
    local t = torch.Tensor { -1.7, 1.7, 300, -300, 127.9 }
    assert.same({ 255, 1, 44, 212, 127 }, values(t:byte()))
    assert.same({ -1, 1, 44, -44, 127 }, values(t:char()))
    assert.same({ -1, 1, 300, -300, 127 }, values(t:short()))
    assert.same({ -1, 1, 300, -300, 127 }, values(t:long()))
    assert.same({ 44 }, values(torch.ByteTensor { 300 }))
    assert.equal('torch.LongTensor', t:typeAs(torch.LongTensor()):type())
  end)

  it('convert what does not fit as Torch7 does on x86-64', function()
    local given = { 3e9, -3e9, 1e20, 0 / 0, 1 / 0, -1 / 0, 2 ^ 31, 2 ^ 32 + 5, 70000.7 }
    local least, long = -2 ^ 31, -2 ^ 63
    local expected = { -- from a run of Torch7
      Byte = { 0, 0, 0, 0, 0, 0, 0, 0, 112 },
      Char = { 0, 0, 0, 0, 0, 0, 0, 0, 112 },
      Short = { 0, 0, 0, 0, 0, 0, 0, 0, 4464 },
      Int = { least, least, least, least, least, least, least, least, 70000 },
      Long = { 3e9, -3e9, long, long, long, long, 2 ^ 31, 2 ^ 32 + 5, 70000 },
    }
    for kind, list in pairs(expected) do
      local T, n = torch[kind .. 'Tensor'], #given
      local written, stored = T(n), torch[kind .. 'Storage'](n)
      for i = 1, n do
        written[i], stored[i] = given[i], given[i]
        local two = T { { 1, 1 }, { 1, 1 } }
        two[{ 1, {} }] = given[i]
        two:indexFill(1, torch.LongTensor { 2 }, given[i])
        assert.same({ list[i], list[i], list[i], list[i] }, values(two))
        assert.equal(list[i], T(1):fill(given[i])[1])
        assert.equal(list[i], T(1):zero():add(given[i])[1])
        assert.equal(list[i], (T(1):zero() + given[i])[1])
        assert.equal(list[i], T(1):apply(function() return given[i] end)[1])
      end
      assert.same(list, values(written))
      assert.same(list, stored:totable())
      assert.same(list, values(T(given)))
      assert.same(list, values(torch.DoubleTensor(given):type('torch.' .. kind .. 'Tensor')))
    end
  end)

  it('have a default that can be set', function()
    assert.equal('torch.DoubleTensor', torch.getdefaulttensortype())
    torch.setdefaulttensortype 'torch.FloatTensor'
    local name = torch.Tensor(2):type()
    local made = torch.zeros(2):type()
    torch.setdefaulttensortype 'torch.DoubleTensor'
    assert.equal('torch.FloatTensor', name)
    assert.equal('torch.FloatTensor', made)
    raises(function() torch.setdefaulttensortype 'no.such' end,
      'is not a string describing a torch object')
  end)
end)

describe('a constructor', function()
  it('takes sizes', function()
    assert.same({ 2, 3, 4 }, torch.Tensor(2, 3, 4):size():totable())
    assert.same({ 12, 4, 1 }, torch.Tensor(2, 3, 4):stride():totable())
    assert.same({ 4, 5 }, torch.Tensor(torch.LongStorage { 4, 5 }):size():totable())
    assert.same({ 4, 5 }, torch.LongTensor(torch.LongStorage { 4, 5 }):totable())
    assert.same({ 4, 5 }, torch.zeros(torch.LongStorage { 4, 5 }):size():totable())
    assert.same({ 2, 6 }, torch.Tensor(12):view(torch.LongStorage { 2, -1 }):size():totable())
    assert.same({ 0 }, { torch.Tensor(torch.LongStorage()):dim() })
    assert.equal(0, torch.Tensor():dim())
    assert.equal(0, torch.Tensor(0):dim())
    assert.is_nil(torch.Tensor(0):storage())
    raises(function() torch.Storage(2):resize(-1) end, 'invalid memory size')
    raises(function() torch.Tensor(2).new(torch.LongStorage { 2 }, 3) end,
      "bad argument #2 to 'new' %(torch.LongStorage expected")
    assert.equal(9, torch.Tensor(1, 1, 1, 1, 1, 1, 1, 9):size(8))
  end)

  it('takes sizes and strides', function()
    local t = torch.Tensor(torch.LongStorage { 4, 3 }, torch.LongStorage { 1, 4 })
    assert.same({ 1, 4 }, t:stride():totable())
  end)

  it('takes tables', function()
    local t = torch.Tensor { { 1, 2, 3, 4 }, { 5, 6, 7, 8 } }
    assert.same({ 2, 4 }, t:size():totable())
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, values(t))
    assert.equal(6, torch.Tensor { { { 5, 6 } } }[1][1][2])
    assert.equal(0, torch.Tensor {}:dim())
    raises(function() torch.Tensor { { 1, 2 }, { 3 } } end, 'invalid tensor sizes')
    raises(function() torch.Tensor { { 1 }, 2 } end, 'invalid tensor definition')
    raises(function() torch.Tensor { 1, 'x' } end, 'invalid element')
  end)

  it('takes storages, from an offset, with strides', function()
    local s = torch.DoubleStorage(10):fill(0)
    local t = torch.Tensor(s, 3, torch.LongStorage { 2, 2 })
    t:fill(5)
    assert.same({ 0, 0, 5, 5, 5, 5, 0, 0, 0, 0 }, s:totable())
    assert.equal(3, t:storageOffset())
    local u = torch.Tensor(s, 1, 3, 4)
    assert.same({ 3 }, u:size():totable())
    assert.same({ 4 }, u:stride():totable())
    assert.equal(10, torch.Tensor(s):size(1))
  end)

  it('shares with a tensor given', function()
    local t = torch.Tensor(2, 2):fill(1)
    local u = torch.Tensor(t)
    u:fill(3)
    assert.equal(3, t[1][1])
    assert.is_true(u:isSetTo(t))
    t:resize(4)
    assert.same({ 2, 2 }, u:size():totable())
  end)

  it('refuses other values', function()
    raises(function() torch.Tensor 'a' end, 'expecting number or torch.DoubleTensor')
    raises(function() torch.Tensor(2, 'a') end, 'number expected')
    raises(function() torch.Tensor(torch.LongTensor(2)) end, 'expecting number')
  end)
end)

describe('a storage', function()
  it('indexes, fills, copies and resizes', function()
    local s = torch.IntStorage { 1, 2, 3 }
    assert.equal(3, s:size())
    assert.equal(3, #s)
    s[2] = 20
    assert.same({ 1, 20, 3 }, s:totable())
    assert.same({ 1, 20, 3 }, torch.DoubleStorage(3):copy(s):totable())
    s:resize(2)
    assert.same({ 1, 20 }, s:totable())
    raises(function() return s[3] end, 'out of bounds')
    raises(function() s[0] = 1 end, 'out of bounds')
    raises(function() torch.IntStorage(2):copy(torch.IntStorage(3)) end,
      'size mismatch')
    raises(function() torch.LongStorage { 1, 'a' } end,
      'element at index 2 is not a number')
  end)

  it('holds strings', function()
    local s = torch.CharStorage():string 'hello'
    assert.equal(5, s:size())
    assert.equal(104, s[1])
    assert.equal('hello', s:string())
    assert.equal('', torch.ByteStorage():string())
    assert.equal('\0\200', torch.ByteStorage { 0, 200 }:string())
  end)

  it('is shared by parts of it', function()
    local s = torch.LongStorage(10)
    for i = 1, 10 do s[i] = i end
    local part = torch.LongStorage(s, 3, 4)
    assert.same({ 3, 4, 5, 6 }, part:totable())
    part[1] = 42
    assert.equal(42, s[3])
    raises(function() torch.LongStorage(s, 11) end, 'offset out of bounds')
    raises(function() torch.LongStorage(s, 3, 9) end, 'size out of bounds')
  end)

  it('is made on memory that somebody else keeps', function()
    local py = require 'py'
    local array = py.import 'numpy'.linspace(0, 3, 4)
    local address = py.eval(array.ctypes.data)
    local s = torch.DoubleStorage(4, address)
    assert.same({ 0, 1, 2, 3 }, s:totable())
    s[2] = 7
    assert.equal(7, py.eval(array[1]))
    raises(function() s:resize(100) end, 'Trying to resize storage that is not resizable')
    raises(function() torch.DoubleStorage(-1) end, 'invalid memory size')
  end)

  it('is shared memory whose name goes with it', function()
    local name = ('lua-py-%d'):format(torch.random(1, 2 ^ 30))
    local path = '/dev/shm/' .. name
    local s = torch.FloatStorage(name, true, 3, true)
    s:fill(0.5)
    local mapped = torch.FloatStorage(path, true, 3)
    assert.same({ 0.5, 0.5, 0.5 }, mapped:totable())
    mapped[1] = 2
    assert.equal(2, s[1])
    s = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    require 'py'.eval '0' -- something that enters Python: releases are queued
    assert.is_nil(io.open(path))
    assert.equal(2, mapped[1])
  end)

  it('on a file says what is wrong with it', function()
    local path = os.tmpname()
    raises(function() torch.IntStorage(path) end,
      'unable to mmap memory: you tried to mmap 0GB')
    local file = assert(io.open(path, 'wb'))
    file:write 'nine byte'
    file:close()
    assert.equal(2, torch.IntStorage(path):size()) -- as many as are whole
    raises(function() torch.IntStorage(path, false, 3) end,
      'size is smaller than the required mapping size <12>')
    raises(function() torch.IntStorage(path, 5) end, 'boolean expected, got userdata')
    os.remove(path)
    raises(function() torch.IntStorage(path) end,
      'unable to open file <' .. path:gsub('%p', '%%%0') .. '> in read%-only mode')
  end)

  it('is the same one for all tensors on it', function()
    local t = torch.Tensor(4)
    assert.equal(torch.pointer(t:storage()), torch.pointer(t:narrow(1, 2, 2):storage()))
    assert.is_true(t:storage() == t:narrow(1, 2, 2):storage())
    assert.are_not.equal(torch.pointer(t:storage()), torch.pointer(t:clone():storage()))
    assert.is_true(torch.isequal(t, t))
    assert.is_false(torch.isequal(t, t:clone()))
    assert.is_false(torch.isequal(1, 1))
  end)
end)
