-- SPDX-License-Identifier: MIT
-- Contract section 1: views by py.new, the rules of 2014 among them; and
-- py.register of section 3, which belongs to a view.

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

local function rules_of_2014()
  return py.new {numbers = 'float', strings = 'bytes', unknown = 'error'}
end

describe('a view by py.new', function()
  helper.no_leaks(setup, teardown, after_each)

  it('has the functions of py and the same interpreter', function()
    local view = py.new {}
    view.exec 'spec_x = [1]'
    assert.same({1}, py.eval 'spec_x')
    assert.same({1}, view.eval 'spec_x')
    assert.is_true(py.is(py.reval 'spec_x', view.reval 'spec_x'))
    assert.equal(4, view.eval(view.import('math').sqrt(16)))
    for _, name in ipairs {'exec', 'eval', 'reval', 'eval_none', 'lexec',
                           'import', 'int', 'str', 'list', 'args', 'kwargs',
                           'None', 'iter', 'with', 'func', 'class', 'proxy',
                           'getattr', 'len', 'eq', 'unpack', 'register',
                           'close', 'scope', 'builtins', 'new'} do
      assert.is_truthy(view[name], name)
    end
  end)

  it('without options has the rules of py', function()
    for _, view in ipairs {py.new {}, py.new()} do
      assert.same({'int', 'str'}, view.eval(
        '[type(a).__name__, type(b).__name__]', {a = 1, b = 's'}))
      assert.is_true(helper.is_ref(view.eval '1j'))
    end
  end)

  it('is known by its references, however many views there are', function()
    local refs, bound, errors = {}, {}, {}
    for i = 1, 200 do -- more than the core keeps side by side
      local view = py.new {numbers = i % 2 == 0 and 'float' or nil}
      refs[i] = view.reval('[' .. i .. ']')
      bound[i] = refs[i].append
      errors[i] = select(2, pcall(view.exec, 'raise ValueError(' .. i .. ')'))
    end
    for i = 1, 200 do
      bound[i](i)
      refs[i]:append(i)
      assert.equal(3, py.len(refs[i]))
      assert.equal(i % 2 == 0 and 'float' or 'int',
        tostring(py.type(refs[i][2]).__name__))
      assert.is_true(helper.is_ref(refs[i]))
      assert.is_true(py.is_error(errors[i], 'ValueError'))
      assert.equal(tostring(i), errors[i].message)
      assert.equal(i, py.eval(errors[i].value.args[0]))
      assert.is_truthy(errors[i].lua_traceback)
    end
  end)

  it('refuses options and values that do not exist', function()
    raises(function() py.new {spec_option = 1} end, 'spec_option')
    raises(function() py.new {numbers = 'spec_value'} end,
           'numbers.*spec_value')
    raises(function() py.new {strings = true} end, 'strings')
    raises(function() py.new {unknown = 'spec_value'} end,
           'unknown.*spec_value')
    raises(function() py.new(5) end, 'new.*number')
  end)

  it('leaves other views as they are: nothing is process-global', function()
    local view = rules_of_2014()
    local function types(v)
      return v.eval('[type(a).__name__, type(b).__name__]', {a = 1, b = 's'})
    end
    assert.same({'float', 'bytes'}, types(view))
    assert.same({'int', 'str'}, types(py))
    assert.same({'float', 'bytes'}, types(view))
    assert.is_true(helper.is_ref(py.eval '1j'))
  end)

  it('shares cached code with other views without sharing rules', function()
    local view = rules_of_2014()
    for _ = 1, 3 do
      assert.equal('int', py.eval('type(a).__name__', {a = 1}))
      assert.equal('float', view.eval('type(a).__name__', {a = 1}))
    end
  end)

  it('has one option at a time, too', function()
    local floats = py.new {numbers = 'float'}
    assert.same({'float', 'str'}, floats.eval(
      '[type(a).__name__, type(b).__name__]', {a = 1, b = 's'}))
    local bytes = py.new {strings = 'bytes'}
    assert.same({'int', 'bytes'}, bytes.eval(
      '[type(a).__name__, type(b).__name__]', {a = 1, b = 's'}))
    local strict = py.new {unknown = 'error'}
    assert.same({'int', 'str'}, strict.eval(
      '[type(a).__name__, type(b).__name__]', {a = 1, b = 's'}))
    raises(function() strict.eval '1j' end, 'complex')
  end)

  describe('with numbers="float"', function()
    it('numbers become float', function()
      local view = py.new {numbers = 'float'}
      assert.equal("[42.0, 0.5, -1.0]", view.repr {42, 0.5, -1})
      assert.equal("{'k': [1.0]}", view.repr {k = {1}})
    end)

    it('but keys of tables become int', function()
      local view = py.new {numbers = 'float'}
      assert.equal('{2: 3.0}', view.repr {[2] = 3})
      assert.is_true(view.eval('type(list(t)[0]) is int', {t = {[2] = 3}}))
    end)

    it('forced types are what they say', function()
      local view = py.new {numbers = 'float'}
      assert.equal('42', view.repr(view.int(42)))
      assert.equal('int', view.eval('type(x).__name__', {x = view.int(42)}))
      assert.equal('[42]', view.repr {view.int(42)})
      assert.equal('True', view.repr(view.bool(1)))
    end)

    it('items of references are still found by number', function()
      local view = py.new {numbers = 'float'}
      assert.equal(11, view.eval(view.list {10, 11}[1]))
      assert.equal(11, view.eval(view.getitem(view.list {10, 11}, 1)))
    end)
  end)

  describe('with strings="bytes"', function()
    it('string values become bytes, whatever they contain', function()
      local view = py.new {strings = 'bytes'}
      assert.equal("b'hello'", view.repr 'hello')
      assert.equal("[b'\\xff', b'\\xc3\\xa9', b'']",
                   view.repr {'\255', 'é', ''})
      assert.equal("{'k': b'v'}", view.repr {k = 'v'})
    end)

    it('names and string keys of tables stay str', function()
      local view = py.new {strings = 'bytes'}
      assert.equal("{'k': {'l': b'v'}}", view.repr {k = {l = 'v'}})
      assert.equal("b'v'", view.eval('repr(name)', {name = 'v'}))
      local kwargs = view.reval 'lambda **k: repr(k)'
      assert.equal("{'name': b'v'}",
                   view.eval(kwargs(view.kwargs, {name = 'v'})))
      local d = view.dict {}
      d.key = 'v'
      assert.equal("{'key': b'v'}", view.repr(d))
      assert.equal('v', view.eval(d.key))
      assert.is_true(view.hasattr(d, 'keys'))
      assert.is_true(view.callable(view.getattr(d, 'keys')))
    end)

    it('py.str gives str', function()
      local view = py.new {strings = 'bytes'}
      assert.equal("'hello'", view.repr(view.str 'hello'))
      assert.equal("'hello'", view.repr(view.unicode 'hello'))
      assert.equal("['é']", view.repr {view.str 'é'})
    end)

    it('bytes and str both come back as strings', function()
      local view = py.new {strings = 'bytes'}
      assert.equal('\255', view.eval('s', {s = '\255'}))
      assert.equal('é', view.eval '"é"')
    end)
  end)

  describe('with unknown="error"', function()
    it('what does not convert is an error that names the type', function()
      local view = py.new {unknown = 'error'}
      raises(function() view.eval '1j' end, 'complex')
      raises(function() view.eval 'object()' end, 'object')
      raises(function() view.eval '__import__("math")' end, 'module')
      raises(function() view.eval(view.import 'math') end, 'module')
      raises(function() view.eval '2 ** 100' end, 'int')
    end)

    it('inside containers too', function()
      local view = py.new {unknown = 'error'}
      raises(function() view.eval '[1, [1j]]' end, 'complex')
      raises(function() view.eval '{"k": len}' end, 'builtin_function')
    end)

    it('references are made as ever', function()
      local view = py.new {unknown = 'error'}
      assert.equal('1j', view.repr(view.reval '1j'))
      assert.equal(1, view.eval(view.reval('1j').imag))
      assert.is_nil(view.eval 'None')
      assert.same({1, 'x'}, view.eval '(1, "x")')
    end)
  end)

  describe('references remember it:', function()
    local function probe(v)
      return v.reval 'lambda *a, **k: repr((a, k))'
    end

    it('arguments of their calls have its rules', function()
      local view = rules_of_2014()
      assert.equal("((1.0, b's'), {'k': b'v'})",
                   py.eval(probe(view)(1, 's', py.kwargs, {k = 'v'})))
      assert.equal("((1, 's'), {'k': 'v'})",
                   py.eval(probe(py)(1, 's', view.kwargs, {k = 'v'})))
    end)

    it('so have operations, items and attributes', function()
      local view = rules_of_2014()
      local l = view.list {}
      l.append 's'
      l:append(1)
      assert.equal("[b's', 1.0]", py.repr(l))
      local o = view.reval 'type("O", (), {})()'
      o.a = 's'
      assert.equal("b's'", py.repr(o.a))
      assert.equal('3.0', py.repr(view.int(1) + 2))
    end)

    it('so have references made from them', function()
      local view = rules_of_2014()
      local holder = view.reval '[[], {"f": lambda x: repr(x)}]'
      assert.equal("b's'", py.eval(holder[1].f 's'))
      holder[0].append(1)
      assert.equal('[1.0]', py.repr(holder[0]))
      for item in view.iter(holder) do
        if py.len(item) == 1 and py.isinstance(item, py.builtins.list) then
          item.append 's'
        end
      end
      assert.equal("[1.0, b's']", py.repr(holder[0]))
      assert.equal("b's'", py.eval(
        view.import('builtins').repr('s')))
    end)

    it('an object may have references of several views', function()
      local view = rules_of_2014()
      local l = view.list {}
      local same = py.reval('x', {x = l})
      l.append 's'
      same.append 's'
      assert.equal("[b's', 's']", py.repr(l))
    end)

    it('functions that went through it have its rules', function()
      local view = rules_of_2014()
      assert.equal("[b's', 1.0]", view.eval('repr(list(f()))', {
        f = function() return 's', 1 end}))
      assert.equal("['s', 1]", py.eval('repr(list(f()))', {
        f = function() return 's', 1 end}))
    end)
  end)
end)

describe('the rules that fb.python documented in 2014', function()
  helper.no_leaks(setup, teardown, after_each)

  it('Lua numbers are float, and int as indexes of tables', function()
    local old = rules_of_2014()
    assert.is_true(old.eval('isinstance(a, float)', {a = 42}))
    assert.equal('{2: 3.0}', old.repr {[2] = 3})
    assert.equal('[1.0, 2.0]', old.repr {1, 2})
  end)

  it('Lua strings are strings of bytes', function()
    local old = rules_of_2014()
    assert.is_true(old.eval('isinstance(a, bytes)', {a = 'hello'}))
    assert.equal(5, old.eval('len(a)', {a = 'h\195\169\255x'}))
  end)

  it('nil is None, booleans are bool', function()
    local old = rules_of_2014()
    assert.equal('None', old.repr(nil))
    assert.equal('[True, False, None]', old.repr {true, false, old.None})
  end)

  it('tables are list or dict by t[1], t[0] and t[-1]', function()
    local old = rules_of_2014()
    assert.equal('list', old.eval('type(a).__name__', {a = {2, 3}}))
    assert.equal('dict', old.eval('type(a).__name__', {a = {}}))
    assert.equal('dict', old.eval('type(a).__name__', {a = {[0] = 1, 2}}))
    assert.equal('dict', old.eval('type(a).__name__', {a = {[-1] = 1, 2}}))
  end)

  it('Python numbers, str, bytes, None, bool, containers come back',
     function()
    local old = rules_of_2014()
    assert.equal(42, old.eval '42')
    assert.equal(42.5, old.eval '42.5')
    assert.equal('hello', old.eval '"hello"')
    assert.equal('hello', old.eval 'b"hello"')
    assert.equal('\195\169', old.eval '"\\u00e9"')
    assert.is_nil(old.eval 'None')
    assert.is_true(old.eval 'True')
    assert.same({2, {3, 4}, 5}, old.eval '[2, (3, 4), 5]')
    assert.same({foo = 3}, old.eval '{"foo": 3}')
  end)

  it('what cannot be converted is an error, unless it is a reference',
     function()
    local old = rules_of_2014()
    raises(function() old.eval 'object' end, 'type')
    assert.is_true(helper.is_ref(old.reval 'object'))
  end)
end)

describe('py.register(spec)', function()
  -- No check for live references: a view, and with it its converters and
  -- the classes that they are for, lives as long as the Lua state.

  it('is a converter to Lua for a type, in this view', function()
    local view = py.new {}
    view.register {type = 'fractions.Fraction', to_lua = function(ref)
      assert.is_true(helper.is_ref(ref))
      return view.eval(ref.numerator) / view.eval(ref.denominator)
    end}
    view.exec 'from fractions import Fraction as SpecFraction'
    assert.equal(0.5, view.eval 'SpecFraction(1, 2)')
    assert.equal(0.5, view.eval(view.reval 'SpecFraction(1, 2)'))
    assert.same({0.5, {k = 0.25}},
                view.eval '[SpecFraction(1, 2), {"k": SpecFraction(1, 4)}]')
    local got
    view.exec('f(SpecFraction(1, 2))', {f = function(x) got = x end})
    assert.equal(0.5, got)
    assert.is_true(helper.is_ref(py.eval 'SpecFraction(1, 2)'))
    view = nil -- luacheck: ignore 311
  end)

  it('goes before the rules of the table', function()
    local view = py.new {}
    view.register {type = 'collections.OrderedDict',
                   to_lua = function() return 'ordered' end}
    assert.equal('ordered',
                 view.eval '__import__("collections").OrderedDict(a=1)')
    assert.same({a = 1}, view.eval '{"a": 1}')
  end)

  it('takes a type of a module that is not loaded yet, and loads it not',
     function()
    local view = py.new {}
    view.register {type = 'spec_never_imported.Type',
                   to_lua = function() return 1 end}
    assert.same({1}, view.eval '[1]')
    assert.is_false(py.eval
      '"spec_never_imported" in __import__("sys").modules')
  end)

  it('is a converter to Python for a metatable, in this view', function()
    local Complex = {}
    local view = py.new {}
    view.register {metatable = Complex, to_python = function(t)
      return view.builtins.complex(t.re, t.im)
    end}
    local z = setmetatable({re = 1, im = 2}, Complex)
    assert.equal('(1+2j)', view.eval('repr(z)', {z = z}))
    assert.equal('[(1+2j)]', view.eval('repr(l)', {l = {z}}))
    assert.equal('(1+2j)', view.repr(z))
    assert.equal('dict', py.eval('type(z).__name__', {z = z}))
    view = nil -- luacheck: ignore 311
  end)

  it('that is interrupted ends the conversion of objects, too', function()
    local view, mt = py.new {}, {}
    view.register {metatable = mt, to_python = function()
      view.exec 'raise KeyboardInterrupt'
    end}
    local part = setmetatable({}, mt)
    for _, object in ipairs {{a = part}, {part}, {a = {part}}} do
      local _, e = raises(function()
        view.eval('x', {x = setmetatable(object, {})})
      end, 'KeyboardInterrupt')
      assert.is_true(view.is_error(e, 'KeyboardInterrupt'))
    end
    view = nil -- luacheck: ignore 311
  end)

  it('an error in a converter is an error of the conversion', function()
    local view = py.new {}
    local mt = {}
    view.register {type = 'builtins.complex',
                   to_lua = function() error 'spec to_lua' end}
    view.register {metatable = mt,
                   to_python = function() error 'spec to_python' end}
    raises(function() view.eval '1j' end, 'spec to_lua')
    raises(function() view.eval('x', {x = setmetatable({}, mt)}) end,
           'spec to_python')
    assert.equal(1, view.eval '1')
  end)

  it('refuses what says too little or too much', function()
    local view = py.new {}
    raises(function() view.register() end, 'register')
    raises(function() view.register {} end, 'register')
    raises(function() view.register {type = 'a.B'} end, 'to_lua')
    raises(function() view.register {metatable = {}} end, 'to_python')
    raises(function() view.register {type = 5, to_lua = print} end, 'type')
    raises(function() view.register {type = 'a.B', to_lua = 5} end, 'to_lua')
    raises(function()
      view.register {type = 'a.B', to_lua = print, spec_option = 1}
    end, 'spec_option')
  end)
end)
