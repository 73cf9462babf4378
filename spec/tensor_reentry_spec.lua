-- SPDX-License-Identifier: MIT
-- Functions that make a tensor let other code run: finalizers of Python
-- objects and of Lua's, and what other threads have waited to do. What that
-- does to the arguments must not show in memory that is not theirs.

local helper = require 'spec.helper'
local py = require 'py'
local torch = require 'py.torch.builtin'

py.exec [[
class TensorReentry:
    def __init__(self, f):
        self.f = f
    def __del__(self):
        self.f()
]]

local CHANGED = 'has changed a tensor while it was used'

-- The function runs when Python's lock is next let go of: in the middle of
-- the function that makes an array next. Small tensors have none.
local function in_the_next_array(f)
  py.reval 'TensorReentry' (f) -- dropped at once
  collectgarbage()
  collectgarbage()
end

-- The function runs at some later collection by Lua.
local function when_collected(f)
  if newproxy then
    getmetatable(newproxy(true)).__gc = f
  else
    setmetatable({}, { __gc = f })
  end
end

local function error_of(f, ...)
  local ok, e = pcall(f, ...)
  return ok and 'no error' or tostring(e)
end

describe('a tensor that changes while a function makes another', function()
  before_each(function() -- everything that is looked up once has been
    local a = torch.ones(2, 2)
    torch.mm(a, a)
    torch.inverse(torch.eye(2))
    a:maskedSelect(torch.ByteTensor(2, 2):fill(1))
    a:index(1, torch.LongTensor { 1 })
    collectgarbage()
    collectgarbage()
    py.eval '1'
  end)

  teardown(function() py.exec 'del TensorReentry' end)

  it('is not multiplied from its old memory', function()
    local a, b = torch.ones(300, 300), torch.ones(300, 300)
    in_the_next_array(function() a:resize(2, 2) end)
    assert.matches(CHANGED, error_of(torch.mm, a, b))
    local v = torch.ones(30)
    b = torch.ones(3000, 30)
    in_the_next_array(function() v:resize(2) end)
    assert.matches(CHANGED, error_of(torch.mv, b, v))
  end)

  it('is not decomposed beyond its end', function()
    if not helper.has 'scipy' then return pending(helper.lacks 'scipy') end
    local a, b, small = torch.eye(100), torch.ones(100, 100), torch.ones(1)
    for name, args in pairs { inverse = { a }, gesv = { b, a }, svd = { a }, qr = { a },
                              symeig = { a, 'V' }, potrs = { b, a } } do
      for _, change in ipairs {
        function() a:resize(2, 2) end, function() a:set(small) end, function() a:set() end,
      } do
        a:set(torch.eye(100))
        in_the_next_array(change)
        assert.matches(CHANGED, error_of(torch[name], helper.unpack(args)), name)
      end
    end
  end)

  it('is not selected from by more than there is room for', function()
    local t, mask = torch.ones(5000), torch.ByteTensor(5000):fill(1)
    mask[1] = 0
    in_the_next_array(function() mask:fill(1) end)
    assert.matches(CHANGED, error_of(t.maskedSelect, t, mask))
    mask:fill(1)
    in_the_next_array(function() mask:resize(10) end)
    assert.matches(CHANGED, error_of(t.maskedSelect, t, mask))
    local list = torch.LongTensor(5000):fill(100)
    in_the_next_array(function() t:set(torch.ones(1)) end)
    assert.matches(CHANGED, error_of(t.index, t, 1, list))
    t = torch.ones(3)
    in_the_next_array(function() list:fill(1000000) end)
    list:fill(1)
    assert.matches(CHANGED, error_of(t.index, t, 1, list))
  end)

  it('is not joined, converted or moved beyond its end', function()
    local a, b = torch.ones(300, 300), torch.ones(300, 300)
    in_the_next_array(function() a:resize(2, 2) end)
    assert.matches(CHANGED, error_of(torch.cat, a, b, 1))
    a = torch.ones(300, 300)
    in_the_next_array(function() b:set() end)
    assert.matches(CHANGED, error_of(torch.cat, { a, b }, 2))
    in_the_next_array(function() a:set(torch.ones(1)) end)
    assert.equals(1, a:float():nElement())
    local t, list = torch.ones(5000), torch.LongTensor(5000):fill(5000)
    in_the_next_array(function() t:set(torch.ones(1)) end)
    assert.matches(CHANGED, error_of(t.gather, t, 1, list))
    t = torch.ones(5000)
    in_the_next_array(function() list:fill(1000000) end)
    assert.matches(CHANGED, error_of(t.gather, t, 1, list))
    in_the_next_array(function() t:set(torch.ones(1)) end) -- in its own copy
    assert.not_equal('no error', error_of(t.indexAdd, t, 1, list:fill(5000), t))
  end)

  it('is not reduced beyond its end', function()
    for name, args in pairs { sum = { 2 }, mean = { 2 }, max = { 2 }, min = { 2 }, sort = { 2 } } do
      local t = torch.ones(3000, 20)
      in_the_next_array(function() t:set(torch.ones(1)) end)
      assert.not_equal('no error', error_of(t[name], t, helper.unpack(args)), name)
      t = torch.ones(3000, 20)
      in_the_next_array(function() t:resize(3000, 50) end)
      error_of(t[name], t, helper.unpack(args))
    end
  end)

  it('keeps what a larger storage has', function()
    local storage = torch.DoubleStorage(10):fill(7)
    in_the_next_array(function() storage:resize(100000):fill(8) end)
    storage:resize(20)
    assert.equals(20, storage:size())
    assert.equals(8, storage[20])
    storage:resize(100000)
    assert.equals(8, storage[100000])
  end)

  it('may lose its storage meanwhile', function()
    local t = torch.ones(10)
    local resize = t:storage().resize
    in_the_next_array(function()
      t:set(torch.ones(3))
      collectgarbage()
      collectgarbage()
    end)
    assert.is_truthy(pcall(resize, t:storage(), 100000))
    assert.equals(3, t:sum())
  end)
end)

describe('a finalizer of Lua that changes a tensor', function()
  local pause, multiplier
  setup(function()
    pause = collectgarbage('setpause', 0)
    multiplier = collectgarbage('setstepmul', 400)
  end)
  teardown(function()
    collectgarbage('setpause', pause)
    collectgarbage('setstepmul', multiplier)
    collectgarbage()
    collectgarbage()
  end)

  local uses = {
    function(t) return t:narrow(2, 900, 100) end,
    function(t) return t:select(1, 5) end,
    function(t) return t:transpose(1, 2) end,
    function(t) return t:t() end,
    function(t) return t:view(100, 80) end,
    function(t) return t[{ {}, { 10, 20 } }] end,
  }

  -- Lua 5.4 runs some of them in the few instructions that count. The others
  -- take minutes for as many, in which nothing happens.
  it('makes no view reach beyond its storage', function()
    local large, small = torch.ones(8, 1000), torch.ones(1)
    local t = torch.DoubleTensor()
    local function shrink() t:set(small) end
    for i = 1, _VERSION == 'Lua 5.4' and 60000 or 2000 do
      t:set(large)
      when_collected(shrink)
      if t:dim() == 2 then
        local ok, view = pcall(uses[i % #uses + 1], t)
        if ok and t:dim() == 1 then
          local last = view:storageOffset()
          for d = 1, view:dim() do last = last + (view:size(d) - 1) * view:stride(d) end
          assert.is_true(last <= view:storage():size())
        end
      end
    end
  end)
end)
