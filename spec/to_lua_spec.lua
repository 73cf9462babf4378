-- SPDX-License-Identifier: MIT
-- Contract section 4, table "Python → Lua", row by row (tensors aside).

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('Python → Lua:', function()
  helper.no_leaks(setup, teardown, after_each)

  --- Calls `check` with the value of a Python expression that reached Lua by
  --- each way: py.eval of code, of a reference, as an argument of a Lua
  --- function, as an item of a loop.
  local function each_way(code, check)
    check(py.eval(code))
    check(py.eval(py.reval(code)))
    py.exec('f(' .. code .. ')', {f = check})
    for item in py.iter(py.reval('[' .. code .. ']'), 'eval') do
      check(item)
    end
  end

  local function gives(expected, code)
    each_way(code, function(value)
      assert.same(expected, value)
      assert.equal(type(expected), type(value))
    end)
  end

  --- The code's value comes as a reference to an object with this repr.
  local function stays_reference(code, text)
    each_way(code, function(value)
      assert.is_true(helper.is_ref(value))
      if text then assert.equal(text, py.repr(value)) end
    end)
    assert.is_true(helper.is_ref(py.eval('[' .. code .. ']')[1]))
    assert.is_true(helper.is_ref(py.eval('{"k": ' .. code .. '}').k))
  end

  local function subtype(number)
    return helper.integers and math.type(number)
  end

  describe('None', function()
    it('→ nil', function()
      assert.is_nil(py.eval 'None')
      local got
      py.exec('f(1, None, 3)', {f = function(...) got = helper.pack(...) end})
      assert.same({n = 3, 1, nil, 3}, got)
    end)

    it('→ a hole inside a container', function()
      local t = py.eval '[1, None, 3]'
      assert.equal(1, t[1])
      assert.is_nil(t[2])
      assert.equal(3, t[3])
      assert.same({b = 1}, py.eval '{"a": None, "b": 1}')
      assert.is_nil(next(py.eval '(None, None)'))
    end)

    it('eval_none keeps it', function()
      assert.same({1, py.None, 3}, py.eval_none '[1, None, 3]')
      assert.same({a = py.None}, py.eval_none '{"a": None}')
    end)

    -- nil cannot be a key of a table; a dropped entry would be a silent loss.
    it('as a key of a dict or item of a set is py.None', function()
      assert.same({[py.None] = 1}, py.eval '{None: 1}')
      assert.same({[py.None] = true}, py.eval '{None}')
    end)
  end)

  it('bool → boolean', function()
    gives(true, 'True')
    gives(false, 'False')
    assert.same({true, false}, py.eval '[True, False]')
  end)

  describe('int', function()
    it('→ number if exact', function()
      for _, n in ipairs {0, 1, -1, 42, 2147483648, -4294967296} do
        gives(n, ('%.0f'):format(n))
      end
      assert.is_true(py.eval '2 ** 53' == 2 ^ 53)
      assert.is_true(py.eval '-2 ** 53' == -2 ^ 53)
    end)

    it('comes as an integer from 5.3 on', function()
      if not helper.integers then pending 'this Lua has one number type' end
      assert.equal('integer', subtype(py.eval '1'))
      assert.equal('integer', subtype(py.eval '2 ** 53'))
      assert.equal(math.maxinteger, py.eval '2 ** 63 - 1')
      assert.equal(math.mininteger, py.eval '-2 ** 63')
      assert.equal('integer', subtype(py.eval '2 ** 63 - 1'))
    end)

    it('otherwise a reference: no digit is ever lost silently', function()
      stays_reference('2 ** 64', '18446744073709551616')
      stays_reference('-2 ** 64', '-18446744073709551616')
      stays_reference('10 ** 40', '1' .. ('0'):rep(40))
      if helper.integers then
        stays_reference('2 ** 63', '9223372036854775808')
        stays_reference('-2 ** 63 - 1', '-9223372036854775809')
      else
        stays_reference('2 ** 53 + 1', '9007199254740993')
        stays_reference('2 ** 53 + 2', '9007199254740994')
        stays_reference('-2 ** 53 - 1', '-9007199254740993')
        stays_reference('2 ** 63 - 1', '9223372036854775807')
      end
    end)

    it('a large one goes back as itself', function()
      local big = py.eval '10 ** 40'
      assert.is_true(py.eval('x == 10 ** 40', {x = big}))
      assert.equal(1, py.eval(big - (big - 1)))
    end)
  end)

  describe('float', function()
    it('→ number', function()
      gives(1.5, '1.5')
      gives(-1e300, '-1e300')
      gives(0.1, '0.1')
      assert.is_true(py.eval 'float("inf")' == 1 / 0)
      assert.is_true(py.eval 'float("-inf")' == -1 / 0)
      local nan = py.eval 'float("nan")'
      assert.is_true(nan ~= nan)
      assert.is_true(1 / py.eval '-0.0' == -1 / 0)
    end)

    it('stays a float from 5.3 on', function()
      if not helper.integers then pending 'this Lua has one number type' end
      assert.equal('float', subtype(py.eval '42.0'))
      assert.equal('float', subtype(py.eval '1e300'))
    end)
  end)

  describe('NumPy scalars:', function()
    local function with_numpy(fn)
      return function()
        if not helper.has 'numpy' then pending(helper.lacks 'numpy') end
        py.exec 'import numpy as np'
        fn()
      end
    end

    it('bool_ → boolean', with_numpy(function()
      gives(true, 'np.bool_(True)')
      gives(false, 'np.bool_(False)')
    end))

    it('integers → number if exact, otherwise a reference',
       with_numpy(function()
      for _, name in ipairs {'int8', 'int16', 'int32', 'int64', 'uint8',
                             'uint16', 'uint32', 'uint64'} do
        gives(42, 'np.' .. name .. '(42)')
      end
      gives(-42, 'np.int64(-42)')
      assert.equal(4294967295, py.eval 'np.uint32(4294967295)')
      stays_reference 'np.uint64(2 ** 64 - 1)'
      if helper.integers then
        assert.equal('integer', subtype(py.eval 'np.int32(1)'))
        assert.equal(math.maxinteger, py.eval 'np.int64(2 ** 63 - 1)')
      else
        stays_reference 'np.int64(2 ** 53 + 1)'
      end
    end))

    it('floats → number', with_numpy(function()
      gives(1.5, 'np.float64(1.5)')
      gives(1.5, 'np.float32(1.5)')
      gives(1.5, 'np.float16(1.5)')
      gives(py.eval 'float(np.float32(0.1))', 'np.float32(0.1)')
      if helper.integers then
        assert.equal('float', subtype(py.eval 'np.float32(2)'))
      end
    end))

    it('0-d arrays → number', with_numpy(function()
      gives(1.5, 'np.array(1.5)')
      gives(42, 'np.array(42)')
      gives(2.5, 'np.array([1.0, 2.5])[1]')
      assert.same({1.5}, py.eval '[np.array(1.5)]')
      local large = py.eval 'np.array(2**64 - 1, dtype="uint64")'
      assert.is_true(helper.is_ref(large))
      assert.equal('18446744073709551615', tostring(large))
    end))

    it('strings → string', with_numpy(function()
      gives('é', 'np.str_("é")')
      gives('x', 'np.bytes_(b"x")')
    end))

    it('complex → reference', with_numpy(function()
      stays_reference 'np.complex128(1j)'
      stays_reference 'np.datetime64("2020-01-01")'
    end))
  end)

  describe('str, bytes, bytearray, memoryview → string', function()
    it('as UTF-8 or as they are', function()
      gives('hello', '"hello"')
      gives('', '""')
      gives('héé→𝄞', '"h\\u00e9\\u00e9\\u2192\\U0001d11e"')
      gives('\255\0', 'b"\\xff\\x00"')
      gives('', 'b""')
      gives('ab\255', 'bytearray(b"ab\\xff")')
      gives('b', 'memoryview(b"abc")[1:2]')
      gives('abc', 'memoryview(bytearray(b"abc"))')
      gives('ca', 'memoryview(b"abc")[::-2]')
    end)

    it('with NUL and of any length', function()
      gives('a\0b', '"a\\0b"')
      assert.is_true(('x'):rep(10 ^ 6) == py.eval '"x" * 10 ** 6')
    end)

    it('surrogateescape gives the bytes back', function()
      gives('\255', '"\\udcff"')
    end)

    it('a surrogate that stands for no byte does not vanish: '
      .. 'a reference or an error', function()
      local ok, value = pcall(py.eval, '"\\ud800"')
      if ok then
        assert.is_true(helper.is_ref(value))
      else
        assert.is_truthy(tostring(value):find 'surrogate')
      end
    end)

    it('subclasses too', function()
      gives('s', 'type("S", (str,), {})("s")')
    end)
  end)

  describe('→ table from 1:', function()
    it('list, tuple', function()
      gives({}, '[]')
      gives({}, '()')
      gives({1, 'x', true}, '[1, "x", True]')
      gives({1, {2, {3}}}, '(1, [2, (3,)])')
    end)

    it('range', function()
      gives({0, 1, 2}, 'range(3)')
      gives({5, 3}, 'range(5, 2, -2)')
      gives({}, 'range(0)')
    end)

    it('dict views', function()
      gives({'a', 'b'}, '{"a": 1, "b": 2}.keys()')
      gives({1, 2}, '{"a": 1, "b": 2}.values()')
      gives({{'a', 1}, {'b', 2}}, '{"a": 1, "b": 2}.items()')
    end)

    it('map, zip, filter', function()
      gives({1, 4}, 'map(lambda x: x * x, [1, 2])')
      gives({{1, 'a'}, {2, 'b'}}, 'zip([1, 2], "ab")')
      gives({2}, 'filter(lambda x: x > 1, [1, 2])')
    end)

    it('generators, inside containers too', function()
      gives({1, 4}, '(x * x for x in [1, 2])')
      gives({{1}, {{2}}}, '[(x for x in [1]), [(x for x in [2])]]')
      py.exec 'def spec_gen():\n  yield 1\n  yield "b"'
      gives({1, 'b'}, 'spec_gen()')
    end)

    it('a generator that raises is that error', function()
      raises(function() py.eval '(1 // x for x in [1, 0])' end,
             'ZeroDivisionError')
      raises(function() py.eval '[map(int, "x")]' end, 'ValueError')
    end)

    it('namedtuples and other subclasses', function()
      gives({1, 2}, '__import__("collections").namedtuple("P", "x y")(1, 2)')
      gives({1}, 'type("L", (list,), {})([1])')
    end)
  end)

  describe('→ table:', function()
    it('dict', function()
      gives({}, '{}')
      gives({a = 1, [2] = 'b', [1.5] = true},
            '{"a": 1, 2: "b", 1.5: True}')
      gives({[true] = 'yes', [false] = 'no'}, '{True: "yes", False: "no"}')
      gives({k = {l = {1}}}, '{"k": {"l": [1]}}')
      gives({x = 1}, '{b"x": 1}')
    end)

    it('dict subclasses', function()
      gives({a = 1}, '__import__("collections").OrderedDict(a=1)')
      gives({a = 2}, '__import__("collections").Counter("aa")')
    end)

    it('a key that is a reference', function()
      local t = py.eval '{10 ** 40: "big"}'
      local key, value = next(t)
      assert.is_true(helper.is_ref(key))
      assert.equal('big', value)
    end)

    it('a key that Lua cannot have is an error', function()
      raises(function() py.eval '{float("nan"): 1}' end, '[Nn]a[Nn]')
      raises(function() py.eval '{float("nan")}' end, '[Nn]a[Nn]')
    end)

    it('a set has true values', function()
      gives({a = true, [1] = true}, '{"a", 1}')
      gives({a = true}, 'frozenset(["a"])')
      gives({}, 'set()')
    end)

    it('is a copy', function()
      py.exec 'spec_l = [[1]]'
      local t = py.eval 'spec_l'
      t[1][1] = 2
      t[2] = 3
      assert.same({{1}}, py.eval 'spec_l')
    end)

    it('of every size', function()
      local list = py.eval 'list(range(10 ** 5))'
      assert.equal(10 ^ 5, #list)
      assert.equal(99999, list[10 ^ 5])
      local count = 0
      for key, value in pairs(py.eval '{i: -i for i in range(10 ** 4)}') do
        assert(key == -value)
        count = count + 1
      end
      assert.equal(10 ^ 4, count)
    end)
  end)

  it('a Lua object seen from Python → that Lua object', function()
    local function f() end
    local co = coroutine.create(f)
    local t = {}
    local proxy = py.proxy(t)
    for _, case in ipairs {{f, f}, {co, co}, {io.stdout, io.stdout},
                           {proxy, t}} do
      assert.is_true(rawequal(case[2], py.eval('x', {x = case[1]})))
      assert.is_true(rawequal(case[2], py.eval('[x]', {x = case[1]})[1]))
      py.eval('g(x)', {x = case[1], g = function(x)
        assert.is_true(rawequal(case[2], x))
      end})
    end
  end)

  describe('anything else → reference', function()
    it('complex, datetime, Fraction, Decimal', function()
      stays_reference('1j', '1j')
      stays_reference('__import__("datetime").date(2020, 1, 2)',
                      'datetime.date(2020, 1, 2)')
      stays_reference('__import__("fractions").Fraction(1, 3)',
                      'Fraction(1, 3)')
      stays_reference('__import__("decimal").Decimal("0.1")',
                      "Decimal('0.1')")
    end)

    it('instances, classes, functions, modules', function()
      py.exec 'class SpecThing:\n  def __repr__(self): return "thing"'
      stays_reference('SpecThing()', 'thing')
      stays_reference 'SpecThing'
      stays_reference 'int'
      stays_reference 'len'
      stays_reference 'lambda: 1'
      stays_reference 'SpecThing().__repr__'
      stays_reference '__import__("math")'
      stays_reference('slice(1, 2)', 'slice(1, 2, None)')
      stays_reference('...', 'Ellipsis')
      stays_reference('ValueError("x")', "ValueError('x')")
    end)

    it('enum members that are no int', function()
      stays_reference '__import__("enum").Enum("E", "A B").A'
    end)

    it('lazy mappings', function()
      stays_reference '__import__("types").MappingProxyType({"a": 1})'
      stays_reference '__import__("collections").ChainMap({"a": 1})'
      stays_reference '__import__("collections").UserDict(a=1)'
    end)

    it('other iterators and sequences, also endless ones', function()
      stays_reference '__import__("itertools").count()'
      stays_reference '__import__("collections").deque([1])'
      stays_reference '__import__("collections").UserList([1])'
    end)

    it('a DataFrame', function()
      if not helper.has 'pandas' then pending(helper.lacks 'pandas') end
      stays_reference '__import__("pandas").DataFrame({"a": [1]})'
    end)

    it('inside containers beside what converts', function()
      local t = py.eval '{"a": [1, 1j, "x"], "f": len}'
      assert.equal(1, t.a[1])
      assert.equal('1j', py.repr(t.a[2]))
      assert.equal('x', t.a[3])
      assert.equal(3, py.eval(t.f 'abc'))
    end)

    it('keeps its identity', function()
      py.exec 'spec_o = object()'
      local t = py.eval '[spec_o, spec_o]'
      assert.is_true(py.is(t[1], t[2]))
      assert.is_true(py.eval('x is spec_o', {x = t[1]}))
    end)
  end)
end)
