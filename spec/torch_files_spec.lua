-- SPDX-License-Identifier: MIT
-- Files of py.torch: torch.save and torch.load in Torch7's formats, files on
-- disk and in memory. The bytes of the first tests were written by real Torch7.

local torch = require 'py.torch'
local helper = require 'spec.helper'
local raises = helper.raises

-- Each | is the end of a line.
local ASCII = ([[
1|1.5|2|4|text|5|1|0|3|1|2|1|1|1|10|1|2|1|20|4|2|3|V 1|18|torch.DoubleTensor|2|2 2|2 1|1|4|
3|3|V 1|19|torch.DoubleStorage|4|1 2 3 4|4|4|3|V 1|18|torch.DoubleTensor|2|2 2|1 2|1|4|3|4|
5|3|V 1|16|torch.LongTensor|1|2|1|1|4|6|3|V 1|17|torch.LongStorage|2|1099511627776 -3|4|7|3|
V 1|17|torch.FloatTensor|1|1|1|1|4|8|3|V 1|18|torch.FloatStorage|1|0.100000001|4|9|3|V 1|18|
torch.DoubleTensor|0|1|0|
]]):gsub('\n', ''):gsub('|', '\n')

local BINARY = ([[
  01000000000000000000f83f020000000400000074657874050000000100000000000000030000000100000002000000
  01000000000000000000f03f010000000000000000002440010000000000000000000040010000000000000000003440
  04000000020000000300000056203112000000746f7263682e446f75626c6554656e736f720200000002000000000000
  000200000000000000020000000000000001000000000000000100000000000000040000000300000003000000562031
  13000000746f7263682e446f75626c6553746f726167650400000000000000000000000000f03f000000000000004000
  00000000000840000000000000104004000000040000000300000056203112000000746f7263682e446f75626c655465
  6e736f720200000002000000000000000200000000000000010000000000000002000000000000000100000000000000
  040000000300000004000000050000000300000056203110000000746f7263682e4c6f6e6754656e736f720100000002
  000000000000000100000000000000010000000000000004000000060000000300000056203111000000746f7263682e
  4c6f6e6753746f7261676502000000000000000000000000010000fdffffffffffffff04000000070000000300000056
  203111000000746f7263682e466c6f617454656e736f7201000000010000000000000001000000000000000100000000
  00000004000000080000000300000056203112000000746f7263682e466c6f617453746f726167650100000000000000
  cdcccc3d04000000090000000300000056203112000000746f7263682e446f75626c6554656e736f7200000000010000
  000000000000000000
]]):gsub('%s', ''):gsub('%x%x', function(byte)
  return string.char(tonumber(byte, 16))
end)

-- The objects that were written, in this order.
local function write(file)
  local t = torch.Tensor { { 1, 2 }, { 3, 4 } }
  file:writeObject(1.5)
  file:writeObject('text')
  file:writeObject(true)
  file:writeObject(nil)
  file:writeObject({ 10, 20 })
  file:writeObject(t)
  file:writeObject(t:t())
  file:writeObject(torch.LongTensor { 2 ^ 40, -3 })
  file:writeObject(torch.FloatTensor { 0.1 })
  file:writeObject(torch.Tensor())
end

local function check(file)
  assert.equal(1.5, file:readObject())
  assert.equal('text', file:readObject())
  assert.is_true(file:readObject())
  assert.is_nil(file:readObject())
  assert.same({ 10, 20 }, file:readObject())
  local t = file:readObject()
  local turned = file:readObject()
  assert.same({ { 1, 2 }, { 3, 4 } }, t:totable())
  t[1][2] = 9
  assert.equal(9, turned[2][1]) -- still one storage
  assert.same({ 2 ^ 40, -3 }, file:readObject():totable())
  local float = file:readObject()
  assert.equal('torch.FloatTensor', float:type())
  assert.is_true(math.abs(float[1] - 0.1) < 1e-7)
  assert.equal(0, file:readObject():dim())
end

describe('files of Torch7', function()
  for mode, text in pairs { ascii = ASCII, binary = BINARY } do
    it('are read: ' .. mode, function()
      local storage = torch.CharStorage():string(text .. '\0')
      local file = torch.MemoryFile(storage, 'r')
      file[mode](file)
      check(file)
    end)

    it('are written byte for byte: ' .. mode, function()
      local file = torch.MemoryFile()
      file[mode](file)
      write(file)
      assert.equal(text, file:storage():string():sub(1, -2))
    end)

    it('are on disk what they are in memory: ' .. mode, function()
      helper.with_file('', '.t7', function(path)
        local file = torch.DiskFile(path, 'w')
        file[mode](file)
        write(file)
        file:close()
        local written = assert(io.open(path, 'rb')):read '*a'
        assert.equal(text, written)
        file = torch.DiskFile(path)
        file[mode](file)
        check(file)
        file:close()
      end)
    end)
  end
end)

describe('torch.save and torch.load', function()
  it('keep references, cycles, classes and functions', function()
    local class = torch.class('SpecPoint')
    function class:__init(x) self.x = x end
    local up = 5
    local t = torch.range(1, 6):resize(2, 3)
    local object = { t = t, row = t[2], point = _G.SpecPoint(3),
                     f = function(v) return v + up end, list = { 1, 'b', false } }
    object.self = object
    for _, mode in ipairs { 'binary', 'ascii' } do
      helper.with_file('', '.t7', function(path)
        torch.save(path, object, mode)
        local back = torch.load(path, mode)
        assert.equal(back, back.self)
        assert.same({ 4, 5, 6 }, back.row:totable())
        back.t[2][1] = 44
        assert.equal(44, back.row[1])
        assert.equal(3, back.point.x)
        assert.equal('SpecPoint', torch.type(back.point))
        assert.equal(7, back.f(2))
        assert.same({ 1, 'b', false }, back.list)
      end)
    end
    rawset(_G, 'SpecPoint', nil)
  end)

  it('serialize to strings', function()
    for _, mode in ipairs { 'binary', 'ascii' } do
      local text = torch.serialize({ 1, torch.ones(2), nested = { 'x' } }, mode)
      assert.equal('string', type(text))
      local back = torch.deserialize(text, mode)
      assert.equal(2, back[2]:sum())
      assert.equal('x', back.nested[1])
    end
    local storage = torch.serializeToStorage(torch.ones(3))
    assert.equal(3, torch.deserializeFromStorage(storage):sum())
  end)

  it('refuse what cannot be written or read', function()
    raises(function() torch.serialize(coroutine.create(function() end)) end,
      'Unwritable object <thread> at <%?>')
    raises(function() torch.load('/no/such/file') end,
      'cannot open </no/such/file> in mode r')
    raises(function() torch.deserialize('4\n1\n3\nV 1\n7\nno.such\n', 'ascii') end,
      'unknown Torch class <no.such>')
    raises(function() torch.deserialize('4\n', 'ascii') end, 'read error')
    raises(function() torch.save('x', 1, 'other') end, 'expected for mode')
  end)
end)

describe('a file', function()
  it('has numbers, storages and strings as text', function()
    local file = torch.MemoryFile()
    file:writeInt(7)
    file:writeDouble(0.1)
    file:writeLong(torch.LongStorage { 1, -2, 3 })
    file:writeString 'a line\nrest'
    assert.equal('7\n0.10000000000000001\n1 -2 3\na line\nrest\0',
      file:storage():string())
    file:seek(1)
    assert.equal(7, file:readInt())
    assert.equal(0.1, file:readDouble())
    assert.same({ 1, -2, 3 }, file:readLong(3):totable())
    assert.equal('a line', file:readString '*l')
    assert.equal('rest', file:readString '*a')
  end)

  it('knows its position and its flags', function()
    local file = torch.MemoryFile():binary()
    assert.is_true(file:isBinary())
    file:writeInt(1)
    file:writeDouble(-2.5)
    assert.equal(13, file:position())
    file:seek(5)
    assert.equal(-2.5, file:readDouble())
    raises(function() file:readInt() end, 'read error: read 0 blocks instead of 1')
    file:quiet()
    file:readInt()
    assert.is_true(file:hasError())
    file:clearError()
    assert.is_false(file:hasError())
    file:close()
    raises(function() file:readInt() end, 'attempt to use a closed file')
    raises(function() torch.MemoryFile('w'):readInt() end, 'write%-only')
    raises(function() torch.MemoryFile('x') end, 'file mode should be')
    assert.is_nil(torch.DiskFile('/no/such', 'r', true))
  end)

  it('has other orders of bytes and sizes of longs', function()
    helper.with_file('', '', function(path)
      local file = torch.DiskFile(path, 'rw'):binary()
      file:bigEndianEncoding()
      file:writeShort(258)
      file:littleEndianEncoding()
      file:writeShort(258)
      file:longSize(4)
      file:writeLong(5)
      assert.equal(9, file:position())
      file:close()
      assert.equal('\1\2\2\1\5\0\0\0', assert(io.open(path, 'rb')):read '*a')
    end)
  end)

  it('takes sizes of longs, or none for those of the machine', function()
    local file = torch.MemoryFile():binary()
    file:longSize(4):writeLong(1)
    file:longSize():writeLong(1)
    assert.equal(13, file:position())
    raises(function() file:longSize(3) end, 'Invalid long size specified')
  end)

  it('reads text as scanf does: as far as it is a number of the kind', function()
    local file = torch.MemoryFile()
    file:writeString '3.25 12 x'
    file:seek(1)
    assert.equal(3, file:readLong())
    assert.equal(0.25, file:readFloat())
    file:quiet()
    assert.same({ 12 }, file:readInt(2):totable())
    assert.is_true(file:hasError())
    file:clearError():seek(1)
    assert.equal(3.25, file:readDouble())
    assert.equal(' 12 x', file:readString '*a')
  end)

  it('writes floats as floats', function()
    local file = torch.MemoryFile()
    file:writeFloat(-1e-3)
    assert.equal('-0.00100000005\n\0', file:storage():string())
    file = torch.MemoryFile()
    file:writeObject(torch.HalfTensor(2):fill(1.5))
    file:seek(1)
    assert.same({ 1.5, 1.5 }, file:readObject():double():totable())
  end)

  it('checks how it is opened', function()
    raises(function() return torch.MemoryFile 'x' end, "#2 to '%?' %(file mode should be")
    raises(function() return torch.DiskFile('/no/such', 'r', 1) end, 'boolean expected')
    raises(function() torch.MemoryFile():writeString() end, 'string expected, got no value')
  end)
end)

describe('a pipe', function()
  it('is read as text and as bytes, and has no position', function()
    local file = torch.PipeFile 'printf "1 2 abc\\nxyz"'
    assert.equal('torch.PipeFile on <printf "1 2 abc\\nxyz"> [status: open -- mode: r ]',
      tostring(file))
    assert.same({ 1, 2 }, { file:readInt(), file:readInt() })
    raises(function() file:position() end, 'unable to obtain disk file offset')
    assert.equal(1, file:quiet():position())
    assert.equal(' abc', file:readString '*l')
    assert.equal('xyz', file:readString '*a')
    file:close()
    file = torch.PipeFile('printf "1 2 3 4\\n"'):binary()
    assert.same({ 49, 32 }, file:readByte(2):totable())
    assert.equal('2 3 4', file:readString '*l')
  end)

  it('carries objects, as bytes and as text', function()
    local object = { 1, 'two\n', { t = torch.range(1, 3) } }
    for _, mode in ipairs { 'ascii', 'binary' } do
      helper.with_file('', '', function(path)
        local file = torch.PipeFile("cat > '" .. path .. "'", 'w')
        file[mode](file)
        file:writeObject(object)
        file:close()
        file = torch.PipeFile("cat '" .. path .. "'")
        file[mode](file)
        local again = file:readObject()
        assert.same({ 1, 'two\n' }, { again[1], again[2] })
        assert.same({ 1, 2, 3 }, again[3].t:totable())
        file:close()
      end)
    end
  end)
end)
