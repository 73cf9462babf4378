-- SPDX-License-Identifier: MIT
-- What must not end the process: code of either language that calls back
-- where nobody expects it. Each case is a child process, since it is a crash
-- that the test is about; `make asan` runs them under the sanitizers.

local child = require 'spec.child'

--- The child must come to its end, whatever errors it saw on the way.
local function survives(script, options)
  local output = child.output('local py = require "py"\n' .. script
                              .. '\nio.write "survived"', options)
  assert.truthy(output:find 'survived$', output)
  return output
end

-- Source for a child: `finalized(f)` makes garbage whose finalizer is f;
-- `eager()` makes the collector run all the time.
local garbage = [[
local function finalized(f)
  if newproxy then
    getmetatable(newproxy(true)).__gc = f
  else
    setmetatable({}, {__gc = f})
  end
end
local function eager()
  collectgarbage('setpause', 0)
  collectgarbage('setstepmul', 100000)
end
]]

describe('errors about errors', function()
  it('end when __tostring raises the error itself', function()
    survives [[
      local e = setmetatable({}, {__tostring = function(self) error(self) end})
      local ok, err = pcall(py.eval, 'f()', {f = function() error(e) end})
      assert(not ok)
      assert(tostring(err):find 'error object is a table value')
      assert(py.eval('e.value is v', {e = err.value, v = py.proxy(e)}))
    ]]
  end)

  it('end when __tostring calls Python that raises it again', function()
    survives [[
      local e
      e = setmetatable({}, {__tostring = function(self)
        return py.eval('str(f())', {f = function() error(e) end})
      end})
      assert(not pcall(py.eval, 'f()', {f = function() error(e) end}))
    ]]
  end)

  if math.type then
    it('keep every digit of an integer', function()
      survives [[
        local _, err = pcall(py.eval, 'f()',
                             {f = function() error(math.maxinteger) end})
        assert(py.eval('e.value == 2**63 - 1', {e = err.value}))
      ]]
    end)
  end
end)

describe('closing a reference while it is used', function()
  local each = {
    ['by a field'] = 'return ref[0]',
    ['by an operator'] = 'return -ref',
    ['by a call'] = 'return ref()',
    ['by printing'] = 'return tostring(ref)',
    ['by writing'] = 'ref[0] = 1',
  }
  for how, code in pairs(each) do
    it('in a finalizer, ' .. how, function()
      survives(garbage .. [[
        eager()
        for i = 1, 300 do
          local ref = py.reval '[1, 2, 3]'
          finalized(function() py.close(ref) end)
          for _ = 1, 30 do pcall(function() ]] .. code .. [[ end) end
        end
      ]])
    end)
  end

  it('in the Python code that it calls', function()
    survives [[
      local ref
      ref = py.reval('lambda f: (f(), 7)[1]')
      assert(py.eval(ref(function() py.close(ref) end)) == 7)
      local ok, err = pcall(ref)
      assert(not ok and tostring(err):find 'closed')
    ]]
  end)

  it('while an argument is converted', function()
    survives [[
      py.exec 'class Closer:\n  def __hash__(self): return self.f()'
      local target = py.list {1}
      local closer = py.eval 'Closer()'
      closer.f = function() py.close(target) return 1 end
      local ok, err = pcall(py.builtins.len, {[closer] = 1, [2] = target})
      assert(ok or tostring(err):find 'closed')
    ]]
  end)
end)

describe('callbacks of Python', function()
  it('of a dying Lua object get another object for the same value', function()
    survives [[
      py.exec([=[
        import weakref
        kept, watches = [], []
        def watch(f, again):
            watches.append(weakref.ref(f, lambda _: kept.append(again())))
      ]=])
      local function victim() return 42 end
      py.reval 'watch'(victim, function() return victim end)
      py.collect()
      assert(py.eval 'len(kept)' == 1)
      assert(py.eval 'kept[0]()' == 42)
      py.exec 'kept.clear(); watches.clear()'
      py.collect()
    ]]
  end)

  it('of an import may change the table of names', function()
    survives [[
      local names = {'name'}
      py.exec([=[
        import importlib.machinery, sys
        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name == 'spec_growing':
                    return importlib.machinery.ModuleSpec(name, Finder())
            def create_module(self, spec): return None
            def exec_module(self, module):
                grow()
                module.name = 'value'
        sys.meta_path.insert(0, Finder)
      ]=])
      py.reval 'globals()'.grow = function()
        for i = 1, 50 do names[i] = 'name' end
      end
      local results = {py.import('spec_growing', names)}
      assert(#results == 1 and py.eval(results[1]) == 'value')
    ]]
  end)

  it('may change a table while it is converted', function()
    survives [[
      py.exec([=[
        class Key:
            def __init__(self, f): self.f = f
            def __hash__(self): self.f(); return 1
            def __eq__(self, other): self.f(); return False
      ]=])
      local Key, t = py.reval 'Key', {}
      local function change()
        for k in pairs(t) do t[k] = nil end
        for i = 1, 100 do t[{}] = i end
        collectgarbage()
      end
      for _ = 1, 50 do
        t = {[Key(change)] = 1, [Key(change)] = 2, x = 3, [1.5] = 4}
        pcall(py.dict, t)
      end
    ]]
  end)
end)

-- Python's allocator for debugging overwrites what is freed.
local FREED = { env = { PYTHONMALLOC = 'debug' }, timeout = 60 }

describe('finalizers of Lua that run Python code', function()
  it('may run before a tensor has the array that was made for it', function()
    survives(garbage .. [[
      collectgarbage('setpause', 100) -- in small steps, at all places
      py.exec 'import array, numpy as np'
      local make = {
        py.eval "lambda i: array.array('d', [i, 2, 3])",
        py.eval "lambda i: np.arange(i, i + 50.0)[::-2]",
      }
      local all = {}
      for i = 1, 2000 do
        for k = 1, 2 do
          finalized(function() py.eval '1 + 1' end)
          finalized(function() py.eval '1 + 1' end)
          all[#all + 1] = py.eval(make[k](i))
        end
      end
      py.collect() -- with the memory of those arrays, if nobody holds them
      for i = 1, 2000 do
        local a, b = all[2 * i - 1], all[2 * i]
        assert(a[1] == i and a[3] == 3 and b[1] == i + 49 and b[25] == i + 1)
      end
    ]], FREED)
  end)

  it('may change a bytearray that becomes a string', function()
    survives(garbage .. [[
      eager()
      py.exec([=[
        data = bytearray(b'x' * 100000)
        def change():
            data.clear()
            data.extend(b'x' * 100000)
      ]=])
      local change, data = py.eval 'change', py.reval 'data'
      for i = 1, 300 do
        finalized(function() change() end)
        local s = py.eval(data)
        assert(s == '' or s:find '^x+$')
      end
    ]], FREED)
  end)
end)

describe('classes of Python with methods of their own', function()
  it('may change a dict of keyword arguments in __hash__', function()
    survives([[
      py.exec([=[
        class Key(str):
            def __hash__(self):
                if armed:
                    d.clear()
                    d.update(('x%d' % i, i) for i in range(100))
                return str.__hash__(self)
        def make():
            global armed, d
            armed, d = False, {}
            for i in range(20):
                d[Key('a%d' % i)] = object()
            armed = True
        def f(**kwargs):
            return len(kwargs)
      ]=])
      local make, f, d = py.eval 'make', py.eval 'f'
      for _ = 1, 20 do
        make()
        d = py.reval 'd'
        assert(py.eval(f(py.kwargs, d)) == 100)
      end
    ]], FREED)
  end)

  it('are asked for no __len__, which may raise, when their items are taken', function()
    survives [[
      py.exec([=[
        class List(list):
            def __len__(self): raise ValueError('list')
        class Dict(dict):
            def __len__(self): raise ValueError('dict')
        def generate():
            yield List([1])
            yield [Dict(a=2), (i for i in (3, 4))]
      ]=])
      local t = py.eval 'generate()'
      assert(t[1][1] == 1 and t[2][1].a == 2 and t[2][2][2] == 4)
    ]]
  end)

  it('may give another array without dimensions as their item', function()
    survives [[
      py.exec([=[
        class Scalar:
            ndim = 0
            def __init__(self, item): self.item = item
            def __dlpack__(self, **options): raise BufferError
            def __dlpack_device__(self): return (1, 0)
        x = Scalar(lambda: Scalar(lambda: 7))
        endless = Scalar(lambda: endless)
      ]=])
      assert(py.eval 'x' == 7)
      local ok, e = pcall(py.eval, '[1, endless]')
      assert(not ok and e.type == 'RecursionError' and e.message:find 'Scalar')
    ]]
  end)
end)

describe('recursion without end is an error', function()
  it('in a converter that makes tables of its own kind', function()
    survives [[
      local mt = {}
      py.register {metatable = mt, to_python = function(t)
        return setmetatable({t}, mt)
      end}
      local ok, err = pcall(py.eval, 'x', {x = setmetatable({}, mt)})
      assert(not ok and tostring(err):find 'end', err)
    ]]
  end)

  local each = {
    ['of calls'] = [[
      local function f(g) return py.eval('g(g)', {g = g}) + 1 end
      return f(f)]],
    ['of functions without Python in between'] = [[
      local function f() return 1 + f() end
      return py.eval('f()', {f = f})]],
    ['of attributes'] = [[
      py.exec 'class A:\n  def __getattr__(self, n): return self.f(n)'
      local a = py.eval 'A()'
      py.reval 'A'.f = function(self, n) return self[n .. 'x'] end
      return a.x]],
    ['of comparisons'] = [[
      py.exec 'class A:\n  def __eq__(self, o): return self.f(o)'
      local a, b = py.eval 'A()', py.eval 'A()'
      py.reval 'A'.f = function(self, o) return self == o end
      return a == b]],
    ['of texts'] = [[
      py.exec 'class A:\n  def __str__(self): return self.f()'
      local a = py.eval 'A()'
      py.reval 'A'.f = function(self) return tostring(self) end
      return tostring(a)]],
    ['of coroutines'] = [[
      local function f()
        return coroutine.wrap(function() return py.eval('f()', {f = f}) end)()
      end
      return f()]],
    ['of errors'] = [[
      local function f()
        local _, e = pcall(py.eval, 'f()', {f = f})
        error(e, 0)
      end
      return f()]],
  }
  for what, code in pairs(each) do
    it(what, function()
      survives('local ok, err = pcall(function() ' .. code .. [[ end)
        assert(not ok)
        assert(#tostring(err) > 0)
        assert(py.eval '1 + 1' == 2)]])
    end)
  end
end)

describe('other threads that run Lua during a call', function()
  -- LuaJIT's compiled code trusts a note of which Lua thread runs.
  it('do not disturb compiled code after an error', function()
    survives([[
      py.exec [=[
      import threading
      threading.excepthook = lambda args: None
      def step(f):
          ts = [threading.Thread(target=f, args=(i,)) for i in range(2)]
          for t in ts: t.start()
          for t in ts: t.join()
          raise ValueError('after other threads ran Lua')
      ]=]
      local step = py.reval 'step'
      local function count(n)
        local sum, t = 0, {}
        for k = 1, n do
          if k % 7 == 0 then sum = sum + k else t[k % 5] = (t[k % 5] or 0) + 1 end
        end
        for _, v in pairs(t) do sum = sum + v end
        return sum
      end
      local expected = count(100)
      local function other(i)
        for _ = 1, 20 do assert(count(100) == expected) end
        error('other ' .. i)
      end
      for i = 1, 400 do
        assert(not pcall(step, other))
        for _ = 1, 20 do assert(count(100 + i % 3) >= expected) end
      end
    ]], {timeout = 60})
  end)
end)
