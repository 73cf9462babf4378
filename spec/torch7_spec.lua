-- SPDX-License-Identifier: MIT
-- What only real Torch7 can do to shared memory: allocators, several Lua states
-- and threads, types that Python cannot see.

local child = require 'spec.child'
local helper = require 'spec.helper'

local found, torch = pcall(require, 'torch')

local function it_torch7(title, body)
  it(title, function()
    if not found then
      pending 'skipped: Torch7 is not installed'
      return
    end
    body()
  end)
end

describe('Torch7', function()
  local py, np

  setup(function()
    py = require 'py'
    if found then np = py.import 'numpy' end
  end)
  helper.no_leaks(setup, teardown, after_each)

  it_torch7('may resize a storage that an array is on', function()
    local t = torch.DoubleTensor(10):fill(1)
    local a, b = py.ref(t), py.ref(t)
    t:resize(100000):fill(2)
    local c = py.ref(t)
    t:resize(2000000):fill(3)
    assert.equal(10, py.eval(a:sum()))
    a:fill(5)
    assert.equal(50, py.eval(b:sum()))
    assert.equal(200000, py.eval(c:sum()))
    assert.equal(6000000, t:sum())
    t:storage():resize(0)
    assert.equal(50, py.eval(a:sum()))
    t:storage():resize(5):fill(4)
    assert.equal(20, py.eval(np.sum(t:storage())))
  end)

  it_torch7('may free it while the array lives', function()
    local arrays = {}
    for i = 1, 50 do arrays[i] = py.ref(torch.FloatTensor(1000):fill(i)) end
    helper.collect()
    for i = 1, 50 do
      torch.FloatTensor(1000):fill(-1)
      assert.equal(i * 1000, py.eval(arrays[i]:sum()))
    end
  end)

  it_torch7('keeps views of a storage together', function()
    local t = py.eval(np.arange(12)):double()
    local whole = py.eval(np.zeros(py.tuple { 3, 4 }))
    local row = whole[2]
    row:copy(t:narrow(1, 1, 4))
    assert.equal(6, whole:sum())
    whole:set()
    helper.collect()
    assert.equal(6, row:sum())
  end)

  it_torch7('refuses to resize memory of an array in its own words', function()
    local t = py.eval(np.zeros(6))
    helper.raises(function() t:clone():set(t):resize(100) end,
      'Trying to resize storage that is not resizable')
    t:resize(2, 3) -- fits
    assert.equal(3, t:size(2))
  end)

  it_torch7('is told about tensors that reach beyond their storage', function()
    local t = torch.DoubleTensor(10)
    t:storage():resize(3)
    local text = helper.raises(function() py.ref(t) end, 'ValueError')
    assert.truthy(text:find('element 10 of a storage of 3', 1, true))
  end)

  -- A userdata of Torch7's that bears another class's name.
  local function disguised(name)
    local value = torch.Timer()
    local registry = debug.getregistry()
    local metatable = {}
    registry[metatable] = name
    debug.setmetatable(value, metatable)
    return value
  end

  it_torch7('tensors of a GPU are refused with the way out', function()
    for _, name in ipairs { 'torch.CudaTensor', 'torch.CudaDoubleTensor',
                            'torch.CudaStorage' } do
      local text, e = helper.raises(function() py.ref(disguised(name)) end)
      assert.equal('TypeError', e.type)
      assert.truthy(text:find(name, 1, true))
      assert.truthy(text:find('t:float() or t:double()', 1, true))
    end
  end)

  it_torch7('classes that are not known stay opaque objects', function()
    local strange = disguised 'torch.StrangeTensor'
    local ref = py.ref(strange)
    assert.equal('LuaUserdata', py.eval(py.type(ref).__name__))
    assert.is_true(rawequal(strange, py.eval(ref)))
    local timer = torch.Timer()
    assert.is_true(rawequal(timer, py.eval(py.ref(timer))))
  end)

  describe('threads', function()
    local function run(body)
      local output = child.output([[
        -- Globals, because upvalues are copied to the other states.
        torch, py = require 'torch', require 'py'
        np = py.import 'numpy'
        local threads = require 'threads'
        threads.Threads.serialization 'threads.sharedserialize'
        local pool = threads.Threads(3, function()
          require 'torch'
          py = require 'py'
          np = py.import 'numpy'
        end)
      ]] .. body .. [[
        pool:synchronize()
        pool:terminate()
        collectgarbage()
        print(sum)
      ]], { timeout = 60 })
      return output
    end

    local function it_threads(title, body)
      it_torch7(title, function()
        if not pcall(require, 'threads') then
          pending 'skipped: the package threads is not installed'
          return
        end
        body()
      end)
    end

    it_threads('get arrays as tensors, freed on other threads', function()
      assert.equal('20000\n', run [[
        sum = 0
        for _ = 1, 20 do
          pool:addjob(
            function() return py.eval(np.ones(1000)) end,
            function(t) sum = sum + t:sum() end)
        end
      ]])
    end)

    it_threads('share tensors with one interpreter', function()
      assert.equal('60000\n', run [[
        sum = 0
        local t = torch.DoubleTensor(1000):fill(3)
        for _ = 1, 20 do
          pool:addjob(
            function()
              local total
              for _ = 1, 50 do
                local a = py.ref(t)
                total = py.eval(np.sum(a))
              end
              collectgarbage()
              return total
            end,
            function(total) sum = sum + total end)
        end
      ]])
    end)
  end)
end)
