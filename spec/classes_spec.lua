-- SPDX-License-Identifier: MIT
-- Contract section 3: py.func, py.class, py.proxy.

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('py.func(f, options)', function()
  helper.no_leaks(setup, teardown, after_each)

  it('is a Python callable, as a reference', function()
    local f = py.func(function(a, b) return a + b end)
    assert.is_true(helper.is_ref(f))
    assert.is_true(py.callable(f))
    assert.equal(3, py.eval('f(1, 2)', {f = f}))
    assert.equal(3, py.eval(f(1, 2)))
  end)

  it('comes back to Lua as that function', function()
    local function f() end
    assert.is_true(rawequal(f, py.eval(py.func(f))))
    assert.is_true(rawequal(f, py.eval('f', {f = py.func(f, {name = 'n'})})))
  end)

  it('has the name and the doc', function()
    local f = py.func(function() end, {name = 'spec_name', doc = 'Says so.'})
    assert.same({'spec_name', 'Says so.'},
                py.eval('[f.__name__, f.__doc__]', {f = f}))
    assert.is_truthy(py.repr(f):find 'spec_name')
    assert.is_truthy(py.help(f):find('Says so.', 1, true))
  end)

  it('keeps what functools and inspect ask for', function()
    local f = py.func(function(x) return x * 2 end, {name = 'double'})
    assert.equal(10, py.eval([[
__import__('functools').partial(f, 5)()
]], {f = f}))
    py.exec([[
      import functools
      @functools.wraps(f)
      def wrapper(x): return f(x)
      assert wrapper.__name__ == 'double', wrapper.__name__
      assert callable(functools.lru_cache(f))
      assert functools.lru_cache(f)(4) == 8
    ]], {f = f})
  end)

  it('refuses keyword arguments with TypeError', function()
    for _, f in ipairs {py.func(function() end), function() end} do
      local text, e = raises(function() py.exec('f(1, k=2)', {f = f}) end,
                             'TypeError')
      assert.is_truthy(text:find 'keyword')
      assert.is_true(py.is_error(e, 'TypeError'))
    end
  end)

  it('with kwargs=true gets them as a last table', function()
    local got
    local f = py.func(function(...) got = helper.pack(...) end,
                      {kwargs = true})
    py.exec('f(1, 2, k=3, l=[4])', {f = f})
    assert.same({n = 3, 1, 2, {k = 3, l = {4}}}, got)
    py.exec('f(k=3)', {f = f})
    assert.same({n = 1, {k = 3}}, got)
    -- Always there, so that its place does not depend on the caller.
    py.exec('f(1, None)', {f = f})
    assert.same({n = 3, 1, nil, {}}, got)
    f(5, py.kwargs {k = 6})
    assert.same({n = 2, 5, {k = 6}}, got)
  end)

  it('shows its signature to inspect', function()
    local f = py.func(function() end, {signature = '(a, b=2, *rest)'})
    assert.equal('(a, b=2, *rest)',
      py.eval('str(__import__("inspect").signature(f))', {f = f}))
  end)

  it('has the parameters of Lua for those who count them', function()
    local function shown(f) return tostring(py.import('inspect').signature(f)) end
    local named = pcall(debug.getlocal, print, 1)       -- not in PUC Lua 5.1
    local function expect(text, f) assert.equal(named and text or '(*args)', shown(f)) end
    expect('(x, y, /)', function(x, y) return x, y end)
    expect('(x, /, *args)', function(x, ...) return x, ... end)
    expect('()', function() end)
    expect('(_, __, lambda_, /)', function(_, _, lambda) return lambda end)
    expect('(*args)', print)
    assert.equal(named and '(x, /, **kwargs)' or '(*args, **kwargs)',
      shown(py.func(function(x, options) return x, options end, {kwargs = true})))
    local point = py.class('Point', nil, {move = function(self, by) return self, by end})
    assert.equal(named and '(by, /)' or '(*args)', shown(point().move))
    local signature, getinfo = py.import('inspect').signature, debug.getinfo
    debug.getinfo = function() error('no getinfo', 0) end -- luacheck: ignore 122
    local ok, e = pcall(signature, expect)
    debug.getinfo = getinfo -- luacheck: ignore 122
    assert.is_false(ok)
    assert.equal('LuaError: no getinfo', e.type .. ': ' .. e.message)
  end)

  it('says what is wrong with its arguments', function()
    raises(function() py.func() end, 'func')
    raises(function() py.func(5) end, 'func.*number')
    raises(function() py.func(print, 5) end, 'func.*number')
    raises(function() py.func(print, {spec_option = 1}) end, 'spec_option')
    raises(function() py.func(print, {name = 5}) end, 'name')
    raises(function() py.func(print, {signature = '(a'}) end, 'signature')
  end)
end)

describe('py.class(name, bases, methods)', function()
  helper.no_leaks(setup, teardown, after_each)

  local function point()
    return py.class('Point', {}, {
      __init__ = function(self, x, y)
        self.x = x
        self.y = y
      end,
      sum = function(self) return py.eval(self.x + self.y) end,
    })
  end

  it('is a Python class', function()
    local Point = point()
    assert.is_true(py.isinstance(Point, py.builtins.type))
    assert.equal('Point', py.eval(Point.__name__))
    assert.equal('Point', py.eval('C.__qualname__', {C = Point}))
    assert.is_true(py.isinstance(Point(1, 2), Point))
    assert.is_true(py.eval('isinstance(C.__module__, str)', {C = Point}))
  end)

  it('has Lua methods, called from both sides', function()
    local p = point()(1, 2)
    assert.equal(1, py.eval(p.x))
    assert.equal(3, py.eval(p:sum()))
    assert.equal(3, py.eval(p.sum()))
    assert.same({3, 30}, py.eval('[p.sum(), C(10, 20).sum()]',
                                 {p = p, C = point()}))
  end)

  it('methods get arguments and give results by the usual rules', function()
    local got
    local C = py.class('C', {}, {
      m = function(_, ...)
        got = helper.pack(...)
        return 1, 'x'
      end,
    })
    assert.equal("(1, 'x')", py.eval('repr(C().m([1], None, "s"))', {C = C}))
    assert.same({n = 3, {1}, nil, 's'}, got)
  end)

  it('has methods with keyword arguments and signatures: scikit-learn clones by them', function()
    local C = py.class('C', nil, {
      __init__ = py.func(function(self, options) self.power = options.power or 2 end,
                         {kwargs = true, signature = '(self, power=2)', doc = 'Makes a C.'}),
      cube = py.builtins.property(py.func(function(self) return self.power ^ 3 end,
                                          {name = 'cubed'})),
    })
    assert.equal(2, py.eval(C().power))
    assert.equal(27, py.eval(C(py.kwargs {power = 3}).cube))
    assert.equal('(power=2)', tostring(py.import('inspect').signature(C)))
    assert.equal('Makes a C.', py.eval(C.__init__.__doc__))
    assert.equal('cubed', py.eval(C.cube.fget.__name__))
  end)

  it('takes nil for no bases and no methods', function()
    assert.equal('C', py.eval(py.type(py.class('C')()).__name__))
    assert.equal('C', py.eval(py.type(py.class('C', nil, {})()).__name__))
  end)

  it('inherits from Python classes', function()
    py.exec [[
      class SpecBase:
          def hello(self): return 'hello ' + self.name()
          def name(self): return 'base'
    ]]
    local base = py.reval 'SpecBase'
    local C = py.class('C', {base}, {name = function() return 'lua' end})
    assert.equal('hello lua', py.eval(C().hello()))
    assert.is_true(py.eval('issubclass(C, SpecBase)', {C = C}))
    assert.equal('base', py.eval(base.name(C())))
  end)

  it('is inherited by Python classes and by itself', function()
    assert.same({3, 4}, py.eval([[
      [type('D', (C,), {})(1, 2).sum(),
       type('D', (C,), {'sum': lambda self: C.sum(self) + 1})(1, 2).sum()]
    ]], {C = point()}))
    local D = py.class('D', {point()}, {})
    assert.equal(3, py.eval(D(1, 2).sum()))
  end)

  it('has operators', function()
    local Vector
    Vector = py.class('Vector', {}, {
      __init__ = function(self, x) self.x = x end,
      __add__ = function(self, other)
        return Vector(py.eval(self.x) + py.eval(other.x))
      end,
      __eq__ = function(self, other)
        return py.eval(self.x) == py.eval(other.x)
      end,
      __len__ = function(self) return py.eval(self.x) end,
      __getitem__ = function(_, i) return i * 2 end,
      __contains__ = function(_, x) return x == 'inside' end,
      __call__ = function(_, x) return x + 1 end,
      __repr__ = function(self) return 'V' .. py.eval(py.str(self.x)) end,
      __bool__ = function() return false end,
    })
    local a, b = Vector(1), Vector(2)
    assert.equal('V3', py.repr(a + b))
    assert.is_true(a == Vector(1))
    assert.is_false(a == b)
    assert.equal(2, py.len(b))
    assert.equal(10, py.eval(a[5]))
    assert.is_true(py.contains(a, 'inside'))
    assert.equal(8, py.eval(a(7)))
    assert.is_false(py.truth(a))
    assert.same({3, true, 2}, py.eval(
      '[(a + b).x, a == C(1), len(b)]', {a = a, b = b, C = Vector}))
    Vector = nil
  end)

  it('has iteration and context management', function()
    local log = {}
    local C = py.class('C', {}, {
      __iter__ = function() return py.builtins.iter {1, 2} end,
      __enter__ = function(self)
        log[#log + 1] = 'enter'
        return self
      end,
      __exit__ = function() log[#log + 1] = 'exit' end,
    })
    assert.same({1, 2}, py.eval('list(C())', {C = C}))
    py.exec('with C() as c: assert type(c) is C', {C = C})
    assert.same({'enter', 'exit'}, log)
  end)

  it('has properties and class attributes', function()
    local C = py.class('C', {}, {
      factor = 3,
      area = py.builtins.property(function(self)
        return py.eval(self.factor) * 2
      end),
      make = py.builtins.staticmethod(function(x) return x end),
    })
    assert.same({3, 6, 'x'},
                py.eval('[C.factor, C().area, C.make("x")]', {C = C}))
    assert.equal(6, py.eval(C().area))
    raises(function() py.exec('C().area = 1', {C = C}) end, 'AttributeError')
  end)

  it('self is always a reference, also for subclasses of dict or list',
     function()
    for base, code in pairs {dict = 'C(a=1).check()', list = 'C([1]).check()',
                             str = 'C("s").check()', int = 'C(5).check()',
                             float = 'C(5).check()', tuple = 'C((1,)).check()',
                             set = 'C([1]).check()'} do
      local C = py.class('C', {py.builtins[base]}, {
        check = function(self, ...)
          assert.equal(0, select('#', ...))
          return helper.is_ref(self)
            and py.eval(py.type(self).__name__) == 'C'
        end,
      })
      assert.is_true(py.eval(code, {C = C}), base)
    end
  end)

  it('a subclass of dict can use dict\'s own methods', function()
    local Upper = py.class('Upper', {py.builtins.dict}, {
      __setitem__ = function(self, key, value)
        py.builtins.dict.__setitem__(self, key:upper(), value)
      end,
    })
    local d = Upper()
    py.setitem(d, 'key', 1)
    assert.equal("{'KEY': 1}", py.repr(d))
    assert.same({KEY = 1}, py.eval(d))
  end)

  it('a subclass of an exception can be raised and caught', function()
    local Error = py.class('SpecError', {py.builtins.ValueError}, {
      code = function() return 7 end,
    })
    py.exec([[
      global spec_code
      try:
          raise E('x')
      except ValueError as e:
          spec_code = e.code()
    ]], {E = Error})
    assert.equal(7, py.eval 'spec_code')
    local text, e = raises(function() py.exec('raise E("why")', {E = Error}) end,
                           'SpecError: why')
    assert.is_truthy(text)
    assert.is_true(py.is_error(e, 'ValueError'))
  end)

  it('an error in a method is an error of the call', function()
    local C = py.class('C', {}, {
      fail = function() error 'spec failure' end,
      __init__ = function(_, x) if x then error 'spec init failure' end end,
    })
    raises(function() C().fail() end, 'spec failure')
    raises(function() C(true) end, 'spec init failure')
    raises(function() py.exec('C().fail()', {C = C}) end, 'spec failure')
  end)

  it('says what is wrong with its arguments', function()
    raises(function() py.class() end, 'class')
    raises(function() py.class(5) end, 'class')
    raises(function() py.class('C', 5) end, 'class.*number')
    raises(function() py.class('C', {5}) end, 'TypeError')
    raises(function() py.class('C', {py.builtins.bool}) end, 'TypeError')
    raises(function() py.class('C', {}, 5) end, 'class.*number')
    raises(function() py.class('C', {}, {[5] = print}) end, 'name')
  end)
end)

describe('py.proxy(t)', function()
  helper.no_leaks(setup, teardown, after_each)

  it('is a live Lua table for Python instead of a copy', function()
    local t = {count = 1, gone = true}
    local p = py.proxy(t)
    assert.equal(1, py.eval('p["count"]', {p = p}))
    py.exec('p["count"] += 1\np["new"] = [1, 2]\ndel p["gone"]', {p = p})
    assert.equal(2, t.count)
    assert.same({1, 2}, helper.plain(t.new))
    assert.is_nil(t.gone)
    t.count = 'lua'
    assert.equal('lua', py.eval('p["count"]', {p = p}))
  end)

  it('comes back to Lua as that table', function()
    local t = {}
    assert.is_true(rawequal(t, py.eval('p', {p = py.proxy(t)})))
    assert.is_true(rawequal(t, py.eval(py.proxy(t))))
    assert.is_true(rawequal(t, py.eval('[p]', {p = py.proxy(t)})[1]))
  end)

  it('is a mapping with len, in, iteration and deletion', function()
    local t = {a = 1, b = 2}
    local p = {p = py.proxy(t)}
    assert.equal(2, py.eval('len(dict(p))', p))
    assert.same({'a', 'b'}, py.eval('sorted(p)', p))
    assert.same({'a', 'b'}, py.eval('sorted(p.keys())', p))
    assert.same({1, 2}, py.eval('sorted(p.values())', p))
    assert.same({{'a', 1}, {'b', 2}}, py.eval('sorted(p.items())', p))
    assert.same({true, false}, py.eval('["a" in p, "c" in p]', p))
    py.exec('del p["a"]', p)
    assert.same({b = 2}, t)
  end)

  it('has Lua\'s 1-based items', function()
    local t = {'first', 'second'}
    assert.same({'first', 'second', 2},
                py.eval('[p[1], p[2], len(p)]', {p = py.proxy(t)}))
  end)

  it('has identity: the same table is the same object', function()
    local t = {}
    t.self = t
    assert.is_true(py.eval('p == q and hash(p) == hash(q)',
                           {p = py.proxy(t), q = py.proxy(t)}))
    assert.is_true(py.eval('p["self"] == p', {p = py.proxy(t)}))
    assert.is_false(py.eval('p == q', {p = py.proxy(t), q = py.proxy {}}))
  end)

  it('says what is wrong with its argument', function()
    raises(function() py.proxy() end, 'proxy')
    raises(function() py.proxy(5) end, 'proxy.*number')
  end)
end)
