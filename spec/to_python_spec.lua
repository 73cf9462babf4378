-- SPDX-License-Identifier: MIT
-- Contract section 4, table "Lua → Python", row by row (tensors aside).

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('Lua → Python:', function()
  helper.no_leaks(setup, teardown, after_each)

  --- Fails unless `value` arrives as an object of the type and repr given,
  --- by each way that a value can take.
  local function arrives(type_name, text, value)
    local expected = {type_name, text}
    local describe_it = '[type(x).__name__, repr(x)]'
    -- A local whose value is nil is no field of the table.
    assert.same(expected, py.eval(describe_it, {x = value == nil and py.None or value}))
    local f = py.reval('lambda x: ' .. describe_it)
    assert.same(expected, py.eval(f(value)))
    assert.same(expected,
                py.eval('(lambda x: ' .. describe_it .. ')(f())',
                        {f = function() return value end}))
    if value ~= nil then
      assert.same(expected, py.eval('[[type(x).__name__, repr(x)] '
                                    .. 'for x in l][0]', {l = {value}}))
      assert.same(expected, py.eval(f(py.args, {value})))
      assert.same(expected, py.eval(f(py.kwargs, {x = value})))
    end
  end

  --- Fails unless converting `value` is an error whose message, without the
  --- place and the traceback, matches the pattern.
  local function complains(pattern, value)
    local _, e = raises(function() py.ref(value) end)
    local message = type(e) == 'string' and e or e.message
    message = message:gsub('^[^:]*:%d+: ', '')
    assert.is_truthy(message:find(pattern), message)
  end

  it('nil, boolean → None, bool', function()
    arrives('NoneType', 'None', nil)
    arrives('NoneType', 'None', py.None)
    arrives('bool', 'True', true)
    arrives('bool', 'False', false)
  end)

  describe('number', function()
    it('integral → int', function()
      for _, n in ipairs {0, 1, -1, 42, 255, 256, 2147483647, -2147483648,
                          4294967296} do
        arrives('int', ('%.0f'):format(n), n)
      end
    end)

    it('not integral → float', function()
      arrives('float', '0.5', 0.5)
      arrives('float', '-1.25', -1.25)
      arrives('float', '1e-300', 1e-300)
      assert.is_true(py.eval('x == 0.1', {x = 0.1}))
    end)

    it('nan and inf stay float', function()
      arrives('float', 'nan', 0 / 0)
      arrives('float', 'inf', 1 / 0)
      arrives('float', '-inf', -1 / 0)
    end)

    it('-0.0 stays float', function()
      -- Written so that no compiler folds it to 0.
      arrives('float', '-0.0', tonumber '-0.0')
      arrives('float', '-0.0', -(0 / helper.value '1.0'))
    end)

    if helper.integers then
      it('5.3+: integer → int', function()
        arrives('int', '9223372036854775807', math.maxinteger)
        arrives('int', '-9223372036854775808', math.mininteger)
        arrives('int', '9007199254740993', helper.value '9007199254740993')
      end)

      it('5.3+: float → float, also when it is integral', function()
        arrives('float', '42.0', helper.value '42.0')
        arrives('float', '0.0', helper.value '0.0')
        arrives('float', '9007199254740992.0', 2 ^ 53)
        arrives('float', '1e+300', 1e300)
      end)
    else
      it('LuaJIT, 5.1, 5.2: integral and within ±2^53 → int, else float',
         function()
        arrives('int', '9007199254740992', 2 ^ 53)
        arrives('int', '-9007199254740992', -2 ^ 53)
        arrives('int', '9007199254740991', 2 ^ 53 - 1)
        arrives('int', '42', 42.0)
        arrives('float', '9007199254740994.0', 2 ^ 53 + 2)
        arrives('float', '-9007199254740994.0', -2 ^ 53 - 2)
        arrives('float', '1.8446744073709552e+19', 2 ^ 64)
        arrives('float', '1e+300', 1e300)
      end)
    end

    it('as int is what Python wants for sizes and indexes', function()
      assert.equal('c', py.eval('"abc"[i]', {i = 2}))
      assert.same({0, 1}, py.eval('list(range(n))', {n = 2}))
    end)
  end)

  describe('cdata', function()
    it('int64_t, uint64_t → int', function()
      if not helper.jit then pending 'only LuaJIT has cdata' end
      for text, source in pairs {
        ['42'] = '42LL', ['-1'] = '-1LL', ['0'] = '0ULL',
        ['9223372036854775807'] = '9223372036854775807LL',
        ['-9223372036854775808'] = '-0x8000000000000000LL',
        ['18446744073709551615'] = '0xffffffffffffffffULL',
        ['9223372036854775808'] = '0x8000000000000000ULL',
      } do
        arrives('int', text, helper.value(source))
      end
      assert.equal('{42: 43}',
                   py.repr {[helper.value '42LL'] = helper.value '43LL'})
    end)

    it('other → an opaque Lua object that comes back unchanged', function()
      if not helper.jit then pending 'only LuaJIT has cdata' end
      local ffi = require 'ffi'
      for _, data in ipairs {ffi.new 'struct { int a; }', ffi.new 'int[3]',
                             ffi.new('void *', nil), ffi.typeof 'int',
                             helper.value '1i'} do
        assert.is_true(rawequal(data, py.eval('x', {x = data})))
        assert.is_true(rawequal(data, py.eval('[x]', {x = data})[1]))
        assert.equal('string', type(py.repr(data)))
      end
    end)
  end)

  describe('string', function()
    it('→ str as UTF-8', function()
      arrives('str', "'hello'", 'hello')
      arrives('str', "''", '')
      arrives('str', "'héé→𝄞'", 'héé→𝄞')
      assert.equal(5, py.eval('len(s)', {s = 'héé→𝄞'}))
    end)

    it('with NUL keeps its length', function()
      arrives('str', "'a\\x00b\\x00'", 'a\0b\0')
    end)

    it('other bytes by surrogateescape', function()
      arrives('str', "'\\udcff'", '\255')
      arrives('str', "'é\\udcc3'", 'é\195')
      assert.is_true(py.eval(
        's.encode("utf-8", "surrogateescape") == bytes([97, 128, 255])',
        {s = 'a\128\255'}))
    end)

    it('any string survives the round trip', function()
      local all = {}
      for i = 0, 255 do
        all[#all + 1] = string.char(i)
        assert.equal(string.char(i), py.eval('s', {s = string.char(i)}))
      end
      for _, s in ipairs {
        table.concat(all), table.concat(all):reverse(),
        '\237\160\128',      -- a surrogate, which UTF-8 does not encode
        '\237\178\128',      -- the code points of surrogateescape itself
        '\192\128',          -- an overlong NUL
        '\244\144\128\128',  -- past U+10FFFF
        '\240\157\132',      -- cut off
        ('x'):rep(10 ^ 6), ('é\255'):rep(10 ^ 5),
      } do
        assert.is_true(s == py.eval('s', {s = s}))
        assert.is_true(s == py.eval('s', {s = py.bytes(s)}))
      end
    end)

    it('that looks like a number stays a string', function()
      arrives('str', "'42'", '42')
    end)

    it('py.bytes(s) for bytes', function()
      arrives('bytes', "b'\\xff'", py.bytes '\255')
    end)
  end)

  describe('table', function()
    it('→ list if t[1] is there and t[0], t[-1] are not', function()
      arrives('list', '[1, 2]', {1, 2})
      arrives('list', "['x']", {'x'})
      arrives('list', '[False]', {false})
      arrives('list', '[[1], [2, 3]]', {{1}, {2, 3}})
      arrives('list', '[1, None, 3]', {1, py.None, 3})
    end)

    it('else → dict', function()
      arrives('dict', '{}', {})
      arrives('dict', "{'a': 1}", {a = 1})
      arrives('dict', '{2: 3}', {[2] = 3})
      assert.is_true(py.eval('t == {0: "z", 1: "a"}', {t = {[0] = 'z', 'a'}}))
      assert.is_true(py.eval('t == {-1: "z", 1: "a"}',
                             {t = {[-1] = 'z', 'a'}}))
      assert.is_true(py.eval('t == {-1: "l", 0: "s", 1: "a", "k": 1}',
                             {t = {[-1] = 'l', [0] = 's', 'a', k = 1}}))
    end)

    it('integral keys → int', function()
      arrives('dict', '{42: 1}', {[42] = 1})
      arrives('dict', '{-7: 1}', {[-7] = 1})
      arrives('dict', '{9007199254740992: 1}', {[2 ^ 53] = 1})
      arrives('dict', '{1.5: 1}', {[1.5] = 1})
    end)

    it('keys of other kinds', function()
      arrives('dict', '{True: 1}', {[true] = 1})
      arrives('dict', "{'é': 1}", {['é'] = 1})
      arrives('dict', "{'\\udcff': 1}", {['\255'] = 1})
      arrives('dict', "{(1, 2): 'x'}", {[py.tuple {1, 2}] = 'x'})
      arrives('dict', "{3: 'x'}", {[py.int(3)] = 'x'})
    end)

    it('keys that Python cannot hash are an error', function()
      complains('key', {[{}] = 1})
      complains('unhashable', {[py.list {}] = 1})
    end)

    it('a list with other keys or holes is an error that names the key',
       function()
      complains('spec_key', {1, 2, spec_key = 3})
      complains('%f[%w][35]%f[%W]', {1, 2, [5] = 3})
      complains('1%.5', {1, [1.5] = 3})
      complains('true', {1, [true] = 3})
      -- Where Lua keeps all three in the array, 2 is a hole; else 3 is a key.
      complains('a list with [athekyol ]+ [23]: ', {1, nil, 3})
      raises(function() py.eval('1', {spec_a = {1, 2, nil, 4}}) end,
             'locals%.spec_a[%[%]34]*: a list with')
    end)

    it('the error names the key path', function()
      complains('spec_outer.*2.*spec_inner.*spec_key',
                {spec_outer = {{}, {spec_inner = {1, spec_key = 2}}}})
      raises(function() py.eval('1', {spec_a = {spec_b = {1, [9] = 2}}}) end,
             'spec_a.*spec_b')
    end)

    it('an integer field n (table.pack) sets the length, holes → None',
       function()
      arrives('list', '[1, None, 3]', {1, nil, 3, n = 3})
      arrives('list', '[1, 2]', {1, 2, n = 2})
      arrives('list', '[1, None, None]', {1, n = 3})
      arrives('list', '[False, None]', helper.pack(false, nil))
      -- By the rule for t[1], which comes first.
      arrives('dict', "{'n': 0}", {n = 0})
    end)

    it('a field n that is no length is a key like others', function()
      arrives('dict', "{'n': 5}", {n = 5})
      complains('%f[%w]n%f[%W]', {1, 2, n = 'x'})
      complains('%f[%w]n%f[%W]', {1, 2, n = 2.5})
      complains('%f[%w]n%f[%W]', {1, 2, n = -1})
      complains('%f[%w]3%f[%W]', {1, 2, 3, n = 2})
    end)

    it('is a deep copy', function()
      local t = {k = {1, {2}}}
      py.exec('t["k"][1].append(3)\nt["new"] = 1', {t = t})
      assert.same({k = {1, {2}}}, t)
    end)

    it('of every size', function()
      local list, dict = {}, {}
      for i = 1, 10000 do
        list[i] = i
        dict['k' .. i] = i
      end
      assert.equal(50005000, py.eval('sum(l)', {l = list}))
      assert.equal(50005000, py.eval('sum(d.values())', {d = dict}))
      assert.same(list, py.eval('l', {l = list}))
      assert.same(dict, py.eval('d', {d = dict}))
    end)

    it('is not asked through its metamethods', function()
      local called = false
      local function call() called = true end
      local t = setmetatable({a = 1}, {__index = call, __len = call,
                                       __pairs = call, __ipairs = call,
                                       __call = call, __tostring = call})
      arrives('dict', "{'a': 1}", t)
      assert.is_false(called)
    end)

    it('fields of objects with a metatable are copied, values that cannot '
      .. 'be are skipped there and an error elsewhere', function()
      local class = {}
      class.__index = class
      class.inherited = 1
      local bad = {1, 2, spec_key = 3}
      arrives('dict', "{'a': 1}", setmetatable({a = 1}, class))
      arrives('list', '[1, 2]', setmetatable({1, 2}, class))
      arrives('dict', "{'a': 1}", setmetatable({a = 1, bad = bad}, class))
      arrives('dict', "{'a': {'b': 1}}",
              setmetatable({a = setmetatable({b = 1, bad = bad}, class)},
                           class))
      complains('bad.*spec_key', {a = 1, bad = bad})
    end)
  end)

  describe('function', function()
    it('→ callable that converts arguments and results by the same rules',
       function()
      local seen
      local function f(...)
        seen = helper.pack(...)
        return ...
      end
      assert.same({1, 'x', {2}},
                  py.eval('list(f(1, "x", (2,)))', {f = f}))
      assert.same({n = 3, 1, 'x', {2}}, seen)
      assert.is_true(py.callable(f))
      assert.equal(1, py.eval('f(0)', {f = math.cos}))
    end)

    it('keeps identity', function()
      local function f() end
      assert.is_true(rawequal(f, py.eval('f', {f = f})))
      assert.is_true(rawequal(print, py.eval('p', {p = print})))
      assert.is_true(py.eval('f is g and l[0] is f',
                             {f = f, g = f, l = {f}}))
      assert.is_true(py.eval('f is not g', {f = f, g = function() end}))
    end)

    it('several results → tuple, none → None', function()
      arrives('NoneType', 'None', py.ref(function() end)())
      arrives('int', '1', py.ref(function() return 1 end)())
      arrives('tuple', '(1, None)', py.ref(function() return 1, nil end)())
      arrives('tuple', "([1], 'x')",
              py.ref(function() return {1}, 'x' end)())
    end)

    it('has __get__: in a class it is a method', function()
      assert.equal(5, py.eval('type("C", (), {"m": m, "v": 5})().m()',
        {m = function(self) return py.eval(self.v) end}))
    end)
  end)

  describe('coroutine → iterator', function()
    it('gives what is yielded', function()
      local co = coroutine.create(function()
        for i = 1, 3 do coroutine.yield(i) end
      end)
      assert.same({1, 2, 3}, py.eval('list(c)', {c = co}))
      assert.equal('dead', coroutine.status(co))
      assert.is_true(py.eval('iter(c) is c', {c = co}))
    end)

    it('gives None for no value and a tuple for several', function()
      local co = coroutine.create(function()
        coroutine.yield()
        coroutine.yield(1, 2)
      end)
      assert.equal('[None, (1, 2)]', py.eval('repr(list(c))', {c = co}))
    end)

    it('has send, whose value yield returns', function()
      local co = coroutine.create(function()
        local x = coroutine.yield 'first'
        while true do x = coroutine.yield(x * 2) end
      end)
      assert.same({'first', 10, 12},
                  py.eval('[next(c), c.send(5), c.send(6)]', {c = co}))
    end)

    it('has throw: the exception leaves the coroutine and ends it',
       function()
      local co = coroutine.create(function()
        coroutine.yield(1)
        coroutine.yield(2)
      end)
      raises(function()
        py.exec('next(c)\nc.throw(ValueError("thrown"))', {c = co})
      end, 'ValueError: thrown')
      assert.same({}, py.eval('list(c)', {c = co}))
    end)

    it('has close, after which it is exhausted', function()
      local co = coroutine.create(function()
        coroutine.yield(1)
        coroutine.yield(2)
      end)
      assert.same({1}, py.eval('[next(c), c.close()]', {c = co}))
      assert.same({}, py.eval('list(c)', {c = co}))
    end)

    it('raises what the coroutine raises', function()
      local co = coroutine.create(function()
        coroutine.yield(1)
        error 'spec failure'
      end)
      raises(function() py.exec('list(c)', {c = co}) end, 'spec failure')
    end)

    it('comes back as itself', function()
      local co = coroutine.create(function() end)
      assert.is_true(rawequal(co, py.eval('c', {c = co})))
    end)
  end)

  it('reference → the Python object itself', function()
    local list = py.list {1}
    assert.is_true(py.eval('a is b and c["k"][0] is a',
                           {a = list, b = list, c = {k = {list}}}))
    py.exec('l.append(2)', {l = list})
    assert.equal(2, py.len(list))
  end)

  it('other userdata → an opaque Lua object that comes back unchanged',
     function()
    for _, value in ipairs {io.stdout, io.stderr} do
      assert.is_true(rawequal(value, py.eval('x', {x = value})))
      assert.is_true(rawequal(value, py.eval('[x]', {x = value})[1]))
      assert.is_true(py.eval('x is y', {x = value, y = value}))
      assert.equal('string', type(py.repr(value)))
      py.exec('{x: 1}', {x = value})
    end
    if debug.upvalueid then
      local light = debug.upvalueid(function() return helper end, 1)
      assert.is_true(light == py.eval('x', {x = light}))
    end
  end)
end)
