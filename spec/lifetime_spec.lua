-- SPDX-License-Identifier: MIT
-- Contract section 3: py.with, py.close, py.scope, py.collect, py.live.

local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

--- A Python object that can be watched, and a function that tells whether it
--- is still alive. `spec_alive` keeps weak references only.
local function watched(name)
  py.exec([[
    global spec_alive, SpecThing
    import weakref
    if 'spec_alive' not in globals():
        spec_alive = {}
        class SpecThing: pass
  ]], {})
  local ref = py.reval 'SpecThing()'
  py.exec('spec_alive[name] = __import__("weakref").ref(thing)',
          {name = name, thing = ref})
  return ref, function()
    return py.eval('spec_alive[name]() is not None', {name = name})
  end
end

describe('py.with(context, f)', function()
  helper.no_leaks(setup, teardown, after_each)

  --- A context manager; what happens to it is read by `log()`.
  local function manager(suppress)
    py.exec([[
      class SpecManager:
          def __init__(self, suppress):
              self.suppress, self.log = suppress, []
          def __enter__(self):
              self.log.append('enter')
              return 'entered'
          def __exit__(self, kind, value, traceback):
              self.log.append(kind.__name__ if kind else 'None')
              self.log.append(str(value))
              self.log.append('Traceback' if traceback else 'None')
              return self.suppress
    ]])
    local m = py.reval('SpecManager(s)', {s = suppress or false})
    return m, function() return py.eval(m.log) end
  end

  it('calls f with what __enter__ gives, and returns its results', function()
    local m, log = manager()
    local got
    local results = helper.pack(py.with(m, function(...)
      got = helper.pack(...)
      assert.same({'enter'}, log())
      return 1, nil, 'x'
    end))
    assert.equal(1, got.n)
    assert.equal('entered', helper.plain(got[1]))
    assert.same({n = 3, 1, nil, 'x'}, results)
    assert.same({'enter', 'None', 'None', 'None'}, log())
  end)

  it('gives what __enter__ returns as a reference, like every operation',
     function()
    local list = py.list {1}
    py.exec [[
      import contextlib
      @contextlib.contextmanager
      def spec_context(x): yield x
    ]]
    py.with(py.reval 'spec_context'(list), function(inside)
      assert.is_true(py.is(inside, list))
    end)
  end)

  it('closes files', function()
    helper.with_file('line\n', '.txt', function(path)
      local file = py.builtins.open(path)
      py.with(file, function(f)
        assert.equal('line\n', py.eval(f.read()))
        assert.is_false(py.eval(f.closed))
      end)
      assert.is_true(py.eval(file.closed))
    end)
  end)

  it('a Lua error inside reaches __exit__', function()
    local m, log = manager()
    raises(function()
      py.with(m, function() error 'spec failure' end)
    end, 'spec failure')
    local entries = log()
    assert.equal('LuaError', entries[2])
    assert.is_truthy(entries[3]:find 'spec failure')
    assert.equal(4, #entries)
  end)

  it('a Lua error comes out as the value that was raised', function()
    local value = {code = 7}
    local ok, e = pcall(py.with, (manager()), function() error(value) end)
    assert.is_false(ok)
    assert.is_true(rawequal(value, e) or rawequal(value, e.value))
  end)

  it('a Python exception inside reaches __exit__ with its type', function()
    local m, log = manager()
    raises(function()
      py.with(m, function() py.exec 'raise KeyError("spec")' end)
    end, "KeyError: 'spec'")
    assert.same({'enter', 'KeyError', "'spec'", 'Traceback'}, log())
  end)

  it('ends quietly when __exit__ says so', function()
    local m, log = manager(true)
    assert.equal(0, select('#', py.with(m, function() error 'x' end)))
    assert.equal('LuaError', log()[2])
  end)

  it('does not call f when __enter__ raises', function()
    local called = false
    py.exec [[
      class SpecBroken:
          def __enter__(self): raise OSError('no entry')
          def __exit__(self, *a): raise SystemError('never')
    ]]
    raises(function()
      py.with(py.reval 'SpecBroken()', function() called = true end)
    end, 'OSError: no entry')
    assert.is_false(called)
  end)

  it('may be nested', function()
    local outer, outer_log = manager(true)
    local inner, inner_log = manager()
    py.with(outer, function()
      py.with(inner, function() error 'deep' end)
    end)
    assert.equal('LuaError', outer_log()[2])
    assert.equal('LuaError', inner_log()[2])
  end)

  it('says what is wrong with its arguments', function()
    raises(function() py.with(py.int(1), function() end) end,
           'context manager')
    raises(function() py.with((manager())) end, 'with')
    raises(function() py.with((manager()), 5) end, 'with.*number')
  end)
end)

describe('py.close(ref)', function()
  helper.no_leaks(setup, teardown, after_each)

  it('releases now instead of at collection', function()
    local ref, alive = watched 'close'
    assert.is_true(alive())
    py.close(ref)
    assert.is_false(alive())
  end)

  it('leaves other references to the object alone', function()
    local list = py.list {1}
    local other = py.reval('x', {x = list})
    if not rawequal(list, other) then
      py.close(list)
      assert.same({1}, py.eval(other))
    end
  end)

  it('using a closed reference is a clear error', function()
    local function closed()
      local ref = py.list {1}
      py.close(ref)
      return ref
    end
    for _, use in ipairs {
      function(ref) return ref.append end,
      function(ref) return ref[0] end,
      function(ref) ref[0] = 1 end,
      function(ref) return ref() end,
      function(ref) return ref:append(1) end,
      function(ref) return ref + 1 end,
      function(ref) return #ref end,
      function(ref) return py.eval(ref) end,
      function(ref) return py.eval('x', {x = ref}) end,
      function(ref) return py.len(ref) end,
      function(ref) return py.list(ref) end,
      function(ref)
        local step, state, start = py.iter(ref)
        return step(state, start)
      end,
    } do
      raises(function() use(closed()) end, 'closed')
    end
    assert.equal('string', type(tostring(closed())))
  end)

  it('may be called twice', function()
    local ref = py.list {}
    py.close(ref)
    py.close(ref)
  end)

  it('does not close py.None', function()
    pcall(py.close, py.None)
    assert.is_true(py.eval('x is None', {x = py.None}))
  end)

  it('says what is wrong with its argument', function()
    raises(function() py.close() end, 'close')
    raises(function() py.close(5) end, 'close.*number')
  end)
end)

describe('py.scope(f)', function()
  helper.no_leaks(setup, teardown, after_each)

  it('leaves errors that f caught or returns alone', function()
    local message = py.scope(function()
      local _, caught = pcall(py.builtins.int, 'x')
      local _, returned = pcall(py.builtins.float, 'y')
      assert.truthy(tostring(caught):find 'ValueError')
      return returned
    end).message
    assert.truthy(message:find 'y')
  end)

  it('releases the references that f made', function()
    local alive, kept
    py.scope(function()
      local ref
      ref, alive = watched 'scope'
      kept = ref
      assert.is_true(alive())
    end)
    assert.is_false(alive())
    raises(function() return kept.x end, 'closed')
  end)

  it('returns the results of f; a reference among them stays open',
     function()
    local results = helper.pack(py.scope(function()
      local list = py.list {1}
      return list, nil, 'x'
    end))
    assert.equal(3, results.n)
    assert.same({1}, py.eval(results[1]))
    assert.is_nil(results[2])
    assert.equal('x', results[3])
  end)

  it('returns what is no reference as it is, also from an inner scope', function()
    local kept
    local values = helper.pack(py.scope(function()
      kept = {py.list {1}}
      local inner = helper.pack(py.scope(function() return 1, 2, 'x', true, 0, kept end))
      kept[2] = py.list {2}
      return inner[1], inner[2], inner[3], inner[4], inner[5], inner[6]
    end))
    assert.same({1, 2, 'x', true, 0, kept, n = 6}, values)
    for i = 1, 2 do
      raises(function() return kept[i][0] end, 'closed')
    end
  end)

  it('leaves references from outside open', function()
    local outside = py.list {1}
    py.scope(function() return py.len(outside) end)
    assert.same({1}, py.eval(outside))
    assert.is_true(py.eval('x is None', {x = py.None}))
  end)

  it('releases when f raises, and passes the error on', function()
    local alive
    raises(function()
      py.scope(function()
        local ref
        ref, alive = watched 'scope error'
        error('spec failure' .. #py.repr(ref) * 0)
      end)
    end, 'spec failure')
    assert.is_false(alive())
  end)

  it('may be nested', function()
    local inner, outer
    py.scope(function()
      local ref
      ref, outer = watched 'outer'
      py.scope(function() local _; _, inner = watched 'inner' end)
      assert.is_false(inner())
      assert.is_true(outer())
      assert.is_truthy(ref)
    end)
    assert.is_false(outer())
  end)

  it('leaves open what other threads make meanwhile', function()
    local kept
    py.exec [[
      import threading
      def in_a_thread(f):
          thread = threading.Thread(target=f, args=(object(),))
          thread.start()
          thread.join()
    ]]
    local in_a_thread = py.reval 'in_a_thread'
    local own = py.scope(function()
      in_a_thread(function(object) kept = {object, py.list {1}} end)
      return {py.list {2}}
    end)[1]
    assert.equal('object', py.eval(py.type(kept[1]).__name__))
    assert.same({1}, py.eval(kept[2]))
    raises(function() return own[0] end, 'closed')
  end)

  it('leaves open what is made while its coroutine waits', function()
    if helper.version == 5.1 and not helper.jit then
      pending 'skipped: no yield across pcall in Lua 5.1'
      return
    end
    local inside
    local function scope()
      return py.scope(function()
        inside = {py.list {1}}
        coroutine.yield()
        inside[2] = py.list {2}
        return py.list {3}
      end)
    end
    local first, second = coroutine.wrap(scope), coroutine.wrap(scope)
    first()
    local outside = py.list {4}
    local mine = inside
    second()
    local results = {first(), second(), outside}
    assert.same({{3}, {3}, {4}}, {py.eval(results[1]), py.eval(results[2]), py.eval(outside)})
    raises(function() return mine[1][0] end, 'closed')
    raises(function() return inside[1][0] end, 'closed')
    -- Those that never end do not go on for others.
    coroutine.wrap(scope)()
    local after = py.list {5}
    py.scope(function() return after end)
    assert.same({5}, py.eval(after))
  end)

  it('leaves open what views and converters keep', function()
    -- In a process of its own: a view lives as long as its Lua.
    assert.equal('2 Ellipsis converted', child.output [[
      local py = require 'py'
      local view
      py.scope(function()
        view = py.new()
        view.register {type = py.builtins.complex, to_lua = function() return 'converted' end}
      end)
      io.write(view.eval(view.builtins.max(1, 2)), ' ', tostring(view.Ellipsis), ' ',
        view.eval '1j')
    ]])
  end)

  it('leaves open what the tensor library keeps', function()
    if not helper.has 'numpy' then
      pending(helper.lacks 'numpy')
      return
    end
    local script = [[
      local py = require 'py'
      local function work()
        local torch = require 'py.torch'
        torch.randn(3):sort()
        torch.Timer():time()
        torch.DoubleTensor(2):copy(torch.DoubleTensor(2))
        pcall(torch.inverse, torch.zeros(2, 2))
        torch.toc(torch.tic())
        require 'paths'.dirp '/'
        require 'sys'.tic()
      end
      py.scope(work)
      work()
      io.write 'fine'
    ]]
    assert.equal('fine', child.output(script))
  end)

  it('says what is wrong with its argument', function()
    raises(function() py.scope() end, 'scope')
    raises(function() py.scope(5) end, 'scope.*number')
  end)
end)

describe('py.collect() and py.live()', function()
  helper.no_leaks(setup, teardown, after_each)

  it('collect the Lua heap: dropped references go', function()
    local alive = select(2, watched 'dropped')
    helper.collect()
    assert.is_false(alive())
  end)

  it('collect the Python heap: cycles go', function()
    local alive
    do
      local ref
      ref, alive = watched 'cycle'
      ref.me = ref
      py.close(ref)
    end
    py.collect()
    assert.is_false(alive())
  end)

  it('release Lua functions that Python has dropped', function()
    local weak = setmetatable({}, {__mode = 'v'})
    local function leave()
      local f = function() return weak end
      weak[1] = f
      py.exec('global spec_f\nspec_f = f', {f = f})
    end
    leave()
    helper.collect()
    assert.is_truthy(weak[1])
    py.exec 'del spec_f'
    helper.collect()
    assert.is_nil(weak[1])
  end)

  it('count what is alive', function()
    assert.is_true(py.live() ~= nil)
    helper.collect()
    local before = helper.live()
    local refs = {}
    for i = 1, 10 do refs[i] = py.reval 'object()' end
    assert.is_true(helper.live() >= before + 10)
    for i = 1, 10 do py.close(refs[i]) end
    assert.equal(before, helper.live())
  end)

  it('count Lua values that Python holds', function()
    helper.collect()
    local before = helper.live()
    py.exec('global spec_f\nspec_f = f', {f = function() end})
    helper.collect()
    assert.is_true(helper.live() > before)
    py.exec 'del spec_f'
    helper.collect()
    assert.equal(before, helper.live())
  end)

  it('a million dropped references leave nothing', function()
    helper.collect()
    local before = helper.live()
    local range = py.reval 'range(10)'
    for _ = 1, 1e6 do local _ = range.start end
    range = nil -- luacheck: ignore 311
    helper.collect()
    assert.equal(before, helper.live())
  end)
end)
