-- SPDX-License-Identifier: MIT
-- Contract section 5: locks and threads. In children: a deadlock is a timeout.
local child = require 'spec.child'

local BEFORE = [[
local py = require 'py'
py.exec [=[
  import concurrent.futures, sys, threading, time
  sys.setswitchinterval(1e-4)

  def start(f, *args):
      t = threading.Thread(target=f, args=args)
      t.start()
      return t

  def repeat(n, f, *args):
      for _ in range(n): f(*args)
]=]
]]

local function prints(expected, script)
  assert.equal(expected, child.output(BEFORE .. script))
end

describe('Python threads', function()
  it('progress while Lua code runs: the GIL is free', function()
    prints('true\n', [[
      py.exec [=[
        ticks = [0]
        def tick():
            while True:
                time.sleep(0.001)
                ticks[0] += 1
        threading.Thread(target=tick, daemon=True).start()
      ]=]
      local before = py.eval 'ticks[0]'
      local stop = os.time() + 3
      -- No call of Python in here.
      local spins = 0
      local clock = os.clock()
      while os.clock() - clock < 0.15 and os.time() < stop do spins = spins + 1 end
      print(py.eval 'ticks[0]' - before >= 5)
    ]])
  end)

  it('progress in pure Python code, too, while Lua code runs', function()
    prints('true\n', [[
      py.exec [=[
        count = 0
        def spin():
            global count
            while True: count += 1
        threading.Thread(target=spin, daemon=True).start()
      ]=]
      local before = py.eval 'count'
      local clock = os.clock()
      while os.clock() - clock < 0.1 do end
      print(py.eval 'count' > before)
    ]])
  end)

  it('may call Lua functions while the host waits in time.sleep', function()
    prints('10\n', [[
      local calls = 0
      py.reval 'start'(py.reval 'repeat', 10, function() calls = calls + 1 end)
      local deadline = os.time() + 5
      repeat py.import('time').sleep(0.01) until calls == 10 or os.time() > deadline
      print(calls)
    ]])
  end)

  it('may call Lua functions while the host waits in thread.join', function()
    prints('100\tmain goes on\n', [[
      local calls = 0
      local thread = py.reval 'start'(py.reval 'repeat', 100, function() calls = calls + 1 end)
      thread:join()
      print(calls, 'main goes on')
    ]])
  end)

  it('that call Lua wait while pure Lua code runs', function()
    prints('true\ttrue\n', [[
      local calls = 0
      py.exec 'running = True'
      py.exec "def work(f):\n while running: f()"
      local thread = py.reval 'start'(py.reval 'work', function() calls = calls + 1 end)
      local deadline = os.time() + 5
      repeat py.import('time').sleep(0.005) until calls > 0 or os.time() > deadline
      local before, clock = calls, os.clock()
      while os.clock() - clock < 0.05 do end
      local unchanged = calls == before
      py.exec 'running = False'
      thread:join()
      print(unchanged, calls > 0)
    ]])
  end)

  it('may call Lua functions concurrently: no call is lost, results are their own', function()
    prints('2000\ttrue\n', [[
      local calls = 0
      local function f(n)
        local before = calls
        local text = ('%d,%d,%d'):format(n, n, n)
        calls = before + 1
        return { n, text }
      end
      py.exec([=[
        global good
        def work(offset):
            return all(f(n) == [n, f'{n},{n},{n}'] for n in range(offset, offset + 500))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            good = all(pool.map(work, [0, 1000, 2000, 3000]))
      ]=], { f = f })
      print(calls, py.eval 'good')
    ]])
  end)

  it('may call Lua functions that call Python that calls Lua, concurrently', function()
    prints('true\t1600\n', [[
      local calls = 0
      local function inner(n) calls = calls + 1 return n + 1 end
      local function outer(n)
        return (py.eval('inner(n) * 2', { inner = inner, n = n }))
      end
      py.exec([=[
        global good
        def work(offset):
            return all(outer(n) == (n + 1) * 2 for n in range(offset, offset + 400))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            good = all(pool.map(work, [0, 1000, 2000, 3000]))
      ]=], { outer = outer })
      print(py.eval 'good', calls)
    ]])
  end)

  it('each use their own Lua thread', function()
    prints('3\n', [[
      local seen, count = {}, 0
      local function note()
        local thread = coroutine.running() or 'main'
        if not seen[thread] then
          seen[thread] = true
          count = count + 1
        end
        py.import('time').sleep(0.05)
      end
      local start = py.reval 'start'
      local a, b = start(note), start(note)
      note()
      a:join()
      b:join()
      print(count)
    ]])
  end)

  it('get Lua errors as LuaError, and futures bring them to the host as the same object', function()
    prints('false\ttrue\ttrue\n', [[
      local value = { code = 7 }
      py.exec([=[
        global future
        pool = concurrent.futures.ThreadPoolExecutor(1)
        future = pool.submit(f)
        concurrent.futures.wait([future])
      ]=], { f = function() error(value) end })
      local ok, e = pcall(function() return py.reval 'future':result() end)
      print(ok, py.is_error(e, 'LuaError'), py.is(e.value, py.reval 'future.exception()'))
    ]])
  end)

  it('may start threads that start threads that call Lua', function()
    prints('3\n', [[
      local calls = 0
      local function f() calls = calls + 1 end
      py.exec([=[
        def nested(depth):
            f()
            if depth:
                start(nested, depth - 1).join()
        nested(2)
      ]=], { f = f })
      print(calls)
    ]])
  end)

  it('may drop the last reference to Lua values, and Lua that to Python objects', function()
    prints('true\n', [[
      local made = setmetatable({}, { __mode = 'k' })
      py.exec([=[
        def work():
            for n in range(300):
                f = make(n)
                assert f(object()) == n
                del f
        threads = [start(work) for _ in range(4)]
        for t in threads: t.join()
      ]=], { make = function(n)
        local function f() return n end
        made[f] = true
        return f
      end })
      for _ = 1, 5 do py.collect() end
      local alive = 0
      for _ in pairs(made) do alive = alive + 1 end
      print(alive < 10)
    ]])
  end)

  it('may run both collectors meanwhile', function()
    prints('ok\n', [[
      py.exec([=[
        import gc
        def collect():
            for _ in range(10): gc.collect()
        def call():
            for n in range(200): assert f([n, {'k': n}]) == n
        threads = [start(collect), start(call), start(call)]
        for t in threads: t.join()
      ]=], { f = function(list)
        if list[1] % 20 == 0 then collectgarbage() end
        return list[2].k
      end })
      print 'ok'
    ]])
  end)

  it('may iterate one coroutine and call one function in turns with the host', function()
    prints('1,2,3,4,5,6\n', [[
      local co = coroutine.create(function()
        for i = 1, 6 do coroutine.yield(i) end
      end)
      py.exec([=[
        global items
        items = [next(co)]
        t = start(lambda: items.extend([next(co), next(co)])); t.join()
        items.append(next(co))
        t = start(lambda: items.extend(co)); t.join()
      ]=], { co = co })
      print(table.concat(py.eval 'items', ','))
    ]])
  end)

  it('may do all of this at once, while the host computes and calls Python', function()
    prints('true\ttrue\n', [[
      py.exec [=[
        import gc
        wrong = []
        def checked(seed):
            try:
                for n in range(seed, seed + 150): check(n)
            except BaseException as e:
                wrong.append(repr(e))
        def check(n):
            try:
                result = f(n)
                assert result == (n + 1 if n % 7 == 0 else (n + 1, [n, str(n)])), result
            except LookupError: # what f raises for these
                assert n % 17 == 0
            if n % 23 == 0: Final()
            if n % 97 == 0: gc.collect()
      ]=]
      local finals, checks = 0, 0
      local function f(n)
        checks = checks + 1
        if n % 7 == 0 then
          return (py.eval('g(n)', { g = function(k) return k + 1 end, n = n }))
        elseif n % 11 == 0 then
          assert(not pcall(py.exec, 'raise ValueError'))
        elseif n % 13 == 0 then
          local co = coroutine.wrap(function(a) return coroutine.yield(py.eval('a', { a = a })) end)
          assert(co(n) == n and co() == nil)
        elseif n % 17 == 0 then
          py.exec 'raise KeyError'
        elseif n % 19 == 0 then
          collectgarbage()
        end
        return n + 1, { n, ('%d'):format(n) }
      end
      py.exec([=[
        global f, Final
        f, Final = function, type('Final', (), {'__del__': lambda self: final()})
      ]=], { ['function'] = f, final = function() finals = finals + 1 end })
      py.exec 'threads = [start(checked, seed) for seed in (0, 1000, 2000, 3000)]'
      local abs = py.builtins.abs
      while py.eval 'any(t.is_alive() for t in threads)' do
        for i = 1, 20 do assert(py.eval(abs(-i)) == i) end
      end
      local wrong = py.eval 'wrong'
      print(wrong[1] or true, checks == 600 and finals > 20)
    ]])
  end)

  it('do not see each other in the middle of a Lua function that calls no Python', function()
    prints('true\n', [[
      local a, b, good = 0, 0, true
      local function f()
        if a ~= b then good = false end
        a = a + 1
        for _ = 1, 100 do end
        b = b + 1
      end
      py.exec([=[
        threads = [start(repeat, 500, f) for _ in range(4)]
        for t in threads: t.join()
      ]=], { f = f })
      print(good and a == 2000)
    ]])
  end)

  it('may call Lua while the host is in a coroutine that waits in Python', function()
    prints('5\n', [[
      local calls = 0
      local co = coroutine.wrap(function()
        local thread = py.reval 'start'(py.reval 'repeat', 5, function() calls = calls + 1 end)
        coroutine.yield()
        thread:join()
        return calls
      end)
      co()
      print(co())
    ]])
  end)

  it('do not deadlock when they take a Python lock and the Lua state in the other order', function()
    prints('ok\n', [[
      py.exec 'lock = threading.Lock()'
      local lock = py.reval 'lock'
      local function locked()
        lock:acquire()
        lock:release()
      end
      py.exec([=[
        global threads
        def work():
            for _ in range(200):
                with lock: plain()
        threads = [start(work) for _ in range(2)]
      ]=], { plain = function() return 1 end })
      for _ = 1, 200 do locked() end
      py.exec 'for t in threads: t.join()'
      print 'ok'
    ]])
  end)

  it('of asyncio run executors whose functions are Lua functions', function()
    prints('10 20\n', [[
      py.exec([=[
        import asyncio
        async def main():
            loop = asyncio.get_running_loop()
            return await asyncio.gather(*(loop.run_in_executor(None, f, n) for n in (1, 2)))
        print(*asyncio.run(main()))
      ]=], { f = function(n) return n * 10 end })
    ]])
  end)
end)
