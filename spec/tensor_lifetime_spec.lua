-- SPDX-License-Identifier: MIT
-- Contract section 6: either side may die first, be resized, or be alive at
-- exit; memory goes back while a loop runs. What needs figures of a whole
-- process runs in a child.

local child = require 'spec.child'
local helper = require 'spec.helper'

local function skip(why) pending(why) end
local it = helper.it_with('numpy', it, skip)

-- ASan keeps what is freed for a while, so that its figures say nothing here.
local function lacks_figures()
  if (os.getenv 'LD_PRELOAD' or ''):find 'asan' then
    return 'skipped: ASan keeps freed memory'
  elseif not io.open '/proc/self/status' then
    return 'skipped: this system has no /proc'
  end
end

describe('memory of tensors', function()
  local py, torch, np

  setup(function()
    py = require 'py'
    if not helper.has 'numpy' then return end
    torch = require 'py.torch'
    np = py.import 'numpy'
    torch.DoubleTensor(100000):fill(1):sum() -- what is looked up once
  end)
  helper.no_leaks(setup, teardown, after_each)
  describe('shared with Python', function()
    -- Few elements lie behind the storage itself, and the memory of the fewest
    -- is used again; many are an array's.
    for _, n in ipairs { 4, 1000, 100000 } do
      it(('of %d elements outlives the tensor'):format(n), function()
        local t = torch.DoubleTensor(n)
        py.ref(t):fill(3)
        local a, first = py.ref(t), py.ref(t:narrow(1, 1, 1))
        t = nil -- luacheck: ignore
        helper.collect()
        local others = {}
        for i = 1, 100 do -- would get the memory if it were free
          others[i] = torch.DoubleTensor(n)
          if i % 2 == 0 then py.ref(others[i]):fill(i) else others[i]:fill(i) end
        end
        assert.equal(3 * n, py.eval(a:sum()))
        py.close(a)
        helper.collect()
        others[101] = torch.DoubleTensor(n):fill(7)
        assert.equal(3, py.eval(first:sum()))
        assert.equal(100 * n, others[100]:sum())
      end)
    end

    it('may be let go of by a thread of Python', function()
      local threads = py.import 'concurrent.futures'.ThreadPoolExecutor(4)
      local sums = py.reval 'lambda t: [float(t.sum()) for _ in range(100)]'
      for i = 1, 200 do threads:submit(sums, py.ref(torch.DoubleTensor(3):fill(i))) end
      threads:shutdown()
      py.close(threads)
      py.close(sums)
      helper.collect()
      assert.equal(15, torch.DoubleTensor(3):fill(5):sum())
    end)

    it('outlives the array', function()
      local a = py.reval('np.full(1000, 4.0)', { np = np })
      local t = py.eval(a)
      py.close(a)
      helper.collect()
      local others = py.reval('[np.full(1000, i * 1.0) for i in range(100)]',
        { np = np })
      assert.equal(4, t[1])
      assert.equal(4, t[1000])
      assert.equal(100, py.len(others))
    end)

    it('outlives both for a view', function()
      local row = py.eval('np.arange(12.0).reshape(3, 4)', { np = np })
        :select(1, 2)
      helper.collect()
      assert.equal(4, row[1])
      assert.equal(7, row[4])
      local a = py.ref(row)
      row = nil -- luacheck: ignore
      helper.collect()
      assert.equal(22, py.eval(a:sum()))
    end)

    it('stays with the array when the storage grows', function()
      local t = torch.DoubleTensor(4)
      py.ref(t):fill(2)
      local a = py.ref(t)
      local storage = t:storage()
      storage:resize(100000)
      for i = 1, 4 do assert.equal(2, storage[i]) end
      storage[1] = 9
      assert.equal(8, py.eval(a:sum()))
      assert.equal(9, t[1])
      t, storage = nil, nil -- luacheck: ignore
      helper.collect()
      assert.equal(8, py.eval(a:sum()))
    end)

    it('stays valid when the storage shrinks', function()
      local t = torch.DoubleTensor(1000)
      py.ref(t):fill(2)
      local a = py.ref(t)
      t:storage():resize(1)
      helper.collect()
      assert.equal(2000, py.eval(a:sum()))
    end)

    it('of an array cannot grow', function()
      local t = py.eval('np.zeros(4)', { np = np })
      helper.raises(function() t:storage():resize(5) end,
        'resize storage that is not resizable')
      assert.equal(4, t:storage():size())
    end)

    it('is the same after a million round trips', function()
      if lacks_figures() then
        pending(lacks_figures())
        return
      end
      local t, trip = torch.DoubleTensor(1000), py.eval 'lambda x: x'
      local function rss()
        local file = assert(io.open '/proc/self/status')
        local text = file:read '*a'
        file:close()
        return tonumber(text:match 'VmRSS:%s*(%d+)')
      end
      local function trips(n)
        for _ = 1, n do t = py.eval(trip(t)) end
        helper.collect()
      end
      local n = os.getenv 'FULL' and 1000000 or 200000
      -- Heaps grow in steps until they have the size that they need, which in
      -- the process of all specs may take a while: a leak never stops.
      local grown
      for _ = 1, 5 do
        local before = rss()
        trips(n)
        grown = rss() - before
        if grown < 4096 then break end
      end
      assert.is_true(grown < 4096, ('grew by %d KiB'):format(grown))
      t[7] = 1
      assert.equal(1, t[7])
    end)
  end)

  describe('that was dropped', function()
    local SCRIPT = [[
      local py = require 'py'
      local torch = require 'py.torch'
      local np = py.import 'numpy'
      for i = 1, 400 do
        %s
      end
      local text = io.open('/proc/self/status'):read '*a'
      print(text:match 'VmHWM:%%s*(%%d+)')
    ]]
    local LIMIT = 200 * 1024 -- KiB; 400 arrays are 3.1 GiB

    for name, body in pairs {
      ['as references to arrays'] = 'local a = np.ones(1000000)',
      ['as results of operators'] = 'local a = np.ones(1000000) * 2',
      ['as views'] = 'local a = np.ones(1000000)[py.slice(1, 1000)]',
      ['as tensors'] = 'local t = py.eval(np.ones(1000000))',
      ['as transposed tensors'] = [[
        local t = py.eval(np.ones(py.tuple { 1000, 1000 }).T)]],
      ['inside of lists'] = [[
        local t = py.eval('[np.ones(1000000)]', { np = np })]],
      ['as new tensors that Python wrote into'] = [[
        local t = torch.DoubleTensor(1000000)
        np.ndarray.fill(t, 1)]],
    } do
      it('is reclaimed while a loop runs, ' .. name, function()
        if lacks_figures() then
          pending(lacks_figures())
          return
        end
        local peak = tonumber(child.output(SCRIPT:format(body)))
        assert.is_true(peak < LIMIT, peak .. ' KiB at the peak')
      end)
    end
  end)

  describe('at exit', function()
    local function exit_of(body)
      return child.output([[
        local py = require 'py'
        local torch = require 'py.torch'
        local np = py.import 'numpy'
        t = torch.DoubleTensor(10)
        u = py.eval(np.ones(10))
        a = py.ref(t)
        py.exec('import atexit; atexit.register(lambda: print(kept.sum()))',
          {kept = u})
        py.exec 'import __main__'
        py.builtins.setattr(py.import '__main__', 'kept', u)
      ]] .. body)
    end

    it('may be alive on both sides', function()
      assert.equal('10.0\n', exit_of '')
    end)

    it('may be alive when os.exit ends the program', function()
      assert.equal('10.0\n', exit_of 'os.exit(0)')
    end)

    it('may be alive when an error ends the program', function()
      local ok, message = pcall(exit_of, 'error "over"')
      assert.is_false(ok)
      assert.truthy(tostring(message):find('ended with status 1\n10.0\n', 1, true))
    end)
  end)

  it('shows what Python threads write', function()
    local t = torch.DoubleTensor(4)
    py.exec([[
      import threading
      def write():
        for i in range(4):
          t[i] = i + 1
      thread = threading.Thread(target=write)
      thread.start()
      thread.join()
    ]], { t = t })
    assert.equal(4, t[4])
  end)
end)
