# SPDX-License-Identifier: MIT
"""Lua values in Python, by reference: contract sections 4, 5 and 7."""

import collections.abc
import copy
import functools
import gc
import inspect
import pickle
import queue
import random
import textwrap
import threading

import pyhelper
import pytest
from pyhelper import LuaError


class TestTable:
    def test_is_a_mutable_mapping(self, lua):
        t = lua.eval("{10, 20, a = 1}")
        assert isinstance(t, collections.abc.MutableMapping)
        assert dict(t) == {1: 10, 2: 20, "a": 1}
        t["b"] = 2
        t.c = 3
        del t["a"]
        assert sorted(t, key=str) == [1, 2, "b", "c"]
        assert (t.pop("b"), t.get("b", "gone"), t.setdefault("d", 4)) == (2, "gone", 4)
        t.update({"e": 5}, f=6)
        assert (t.e, t["f"]) == (5, 6)
        with pytest.raises(KeyError):
            t.pop("no such key")

    def test_missing_keys_are_none(self, lua):
        t = lua.eval("{}")
        assert t["x"] is None
        assert t.x is None
        assert t[1] is None
        assert "x" not in t

    def test_length_counts_from_one(self, lua):
        assert len(lua.eval("{1, 2, 3, a = 1}")) == 3
        assert len(lua.eval("{a = 1}")) == 0
        assert bool(lua.eval("{}"))

    def test_views_are_live(self, lua):
        t = lua.eval("{a = 1}")
        keys, values, items = t.keys(), t.values(), t.items()
        t["b"] = 2
        assert sorted(keys) == ["a", "b"]
        assert sorted(values) == [1, 2]
        assert sorted(items) == [("a", 1), ("b", 2)]
        assert len(keys) == 2
        assert keys & {"a", "z"} == {"a"}

    def test_methods_give_way_to_fields(self, lua):
        t = lua.eval("{get = 'field', update = 2}")
        assert (t.get, t.update, t["get"]) == ("field", 2, "field")
        assert callable(t.keys)

    def test_is_the_same_object_each_time(self, lua):
        lua.execute("t = {}; t.self = t")
        t = lua.globals().t
        assert t is lua.globals().t
        assert t.self is t
        assert t == lua.eval("t")
        assert hash(t) == hash(t.self)
        assert t != lua.eval("{}")
        assert lua.eval("function(a) return rawequal(a, t) end")(t)

    def test_respects_metatables(self, lua):
        t = lua.eval(
            """setmetatable({}, {
                __index = function(_, k) return k .. '!' end,
                __newindex = function(t, k, v) rawset(t, k, v * 2) end,
                __call = function(_, x) return x + 1 end,
                __tostring = function() return 'shown' end,
            })"""
        )
        assert t.x == "x!"
        t["y"] = 4
        assert t["y"] == 8
        assert t(1) == 2
        assert str(t) == "shown"

    def test_len_and_pairs_metamethods(self, lua, version):
        if version < (5, 2):
            pytest.skip("this Lua has no such metamethods for tables")
        t = lua.eval(
            """setmetatable({}, {
                __len = function() return 7 end,
                __pairs = function() return next, {a = 1} end,
            })"""
        )
        assert len(t) == 7
        assert dict(t.items()) == {"a": 1}

    def test_errors_in_metamethods_are_lua_errors(self, lua):
        t = lua.eval(
            """setmetatable({}, {
                __index = function() error('read') end,
                __newindex = function() error('write') end,
            })"""
        )
        with pytest.raises(LuaError, match="read") as raised:
            t["x"]
        assert "stack traceback" in raised.value.traceback
        with pytest.raises(LuaError, match="write"):
            t["x"] = 1

    def test_bad_keys(self, lua):
        t = lua.eval("{}")
        with pytest.raises(LuaError, match=r"NaN|nan"):
            t[float("nan")] = 1
        assert t[float("nan")] is None
        t["after"] = 1
        assert dict(t) == {"after": 1}

    def test_may_change_while_it_is_iterated(self, lua):
        t = lua.table(*range(100))
        seen = []
        for key in t:
            seen.append(key)
            t[key] = None
        assert seen == list(range(1, 101))
        lua.execute("t = {}; for i = 1, 100 do t['k' .. i] = i end")
        t = lua.globals().t
        with pytest.raises(LuaError, match=r"invalid key|next"):
            for n, _ in enumerate(t):
                t.clear()
                lua.gccollect()
                lua.execute("for i = 1, 300 do t['n' .. i .. ...] = i end", n)
                t.clear()
                lua.gccollect()
                assert n < 50, "an endless iteration"

    def test_copies_and_pickles_clearly(self, lua):
        t = lua.eval("{1, a = 2}")
        assert copy.copy(t) == {1: 1, "a": 2}
        for refuse in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError, match="LuaTable lives in a Lua state"):
                refuse(t)

    def test_dir_lists_fields(self, lua):
        assert {"field", "keys"} <= set(dir(lua.eval("{field = 1, ['no name'] = 2}")))


def test_the_same_value_is_the_same_object_whatever_else_comes_and_goes(lua):
    tables = lua.execute("local t = {} for i = 1, 3000 do t[i] = {i} end return t")
    chance = random.Random(7)
    kept = {i: tables[i] for i in range(1, 3001)}
    for _ in range(3):
        for i in chance.sample(sorted(kept), 1000):
            del kept[i]
        for i in chance.sample(range(1, 3001), 500):
            kept.setdefault(i, tables[i])
        assert all(tables[i] is table and table[1] == i for i, table in kept.items())
    numbers = [table[1] for table in tables.values()]
    assert numbers == list(range(1, 3001))
    before = lua._state.live()[1]
    count = len(kept)
    kept.clear()
    assert lua._state.live()[1] == before - count


class TestFunction:
    def test_results(self, lua):
        assert lua.eval("function() end")() is None
        assert lua.eval("function() return 1 end")() == 1
        assert lua.eval("function() return 1, nil end")() == (1, None)

    def test_arguments_by_reference(self, lua):
        items = [1, 2]
        assert lua.eval("function(x) return x end")(items) is items
        assert lua.eval("function(x) return x[0], x[1] end")(items) == (1, 2)
        assert lua.eval("function(d) d.new = 'v' return d.old end")({"old": 1}) == 1

    def test_is_friendly_to_functools(self, lua):
        add = lua.eval("function(a, b) return a + b end")
        assert functools.reduce(add, [1, 2, 3]) == 6
        assert functools.partial(add, 1)(2) == 3
        assert functools.lru_cache(add)(3, 4) == 7
        assert sorted([1, 3, 2], key=lua.eval("function(x) return -x end")) == [3, 2, 1]

    def test_stays_valid_after_its_coroutine(self, lua, collect):
        f = lua.eval("function() local n = 40 return function() return n end end")
        co = f.coroutine()
        (_, f) = lua.eval("coroutine.resume(...)", co)
        del co
        collect(lua)
        assert f() == 40

    def test_keyword_arguments_where_lua_asks_for_them(self, lua):
        with pytest.raises(TypeError, match="no keyword arguments"):
            lua.eval("function(x) return x end")(x=1)
        f = lua.execute(
            "return require 'py'.func(function(a, given) return a, given.b end,"
            " {kwargs = true, name = 'f', signature = '(a, *, b=0)'})"
        )
        assert f(1, b=2) == (1, 2)
        assert f(1) == (1, None)
        assert str(inspect.signature(f)) == "(a, *, b=0)"

    def test_signature_of_a_plain_function(self, lua, version):
        if version == (5, 1) and "JIT" not in lua.lua_implementation:
            pytest.skip("PUC Lua 5.1 does not tell")
        shown = str(inspect.signature(lua.eval("function(a, b, ...) end")))
        assert shown == "(a, b, /, *args)"

    def test_shows_where_it_is(self, lua):
        assert "<python>:1" in repr(lua.eval("function() end"))

    def test_is_its_own_copy(self, lua):
        """As Python's functions are."""
        f = lua.eval("function() end")
        assert copy.copy(f) is f
        assert copy.deepcopy([f, {"f": f}]) == [f, {"f": f}]

    def test_cannot_be_pickled(self, lua):
        with pytest.raises(TypeError, match=r"a LuaFunction lives .*pyhelper\.LuaSource"):
            pickle.dumps(lua.eval("function() end"))


class TestCoroutine:
    def test_iterates(self, lua):
        f = lua.eval("function(n) for i = 1, n do coroutine.yield(i) end end")
        assert list(f.coroutine(3)) == [1, 2, 3]
        assert [list(co) for co in (f.coroutine(1), f.coroutine(0))] == [[1], []]

    def test_send_and_the_last_value(self, lua):
        f = lua.eval(
            "function() local sum = 0 while true do "
            "local x = coroutine.yield() if not x then return sum end sum = sum + x end end"
        )
        co = f.coroutine()
        assert co.send(None) is None
        for x in (1, 2, 3):
            co.send(x)
        assert co.send(None) == 6
        with pytest.raises(StopIteration):
            co.send(None)

    def test_throw_raises_inside(self, lua, version):
        co = lua.eval("coroutine.create(function() local x = coroutine.yield(1) return x end)")
        assert next(co) == 1
        error = ValueError("thrown")
        with pytest.raises(ValueError) as raised:
            co.throw(error)
        assert raised.value is error
        assert list(co) == []

    def test_throw_takes_only_what_is_an_exception(self, lua):
        class Odd(Exception):
            def __new__(cls, *args):
                return 5

        co = lua.eval("coroutine.create(function() coroutine.yield(1) coroutine.yield(2) end)")
        assert next(co) == 1
        with pytest.raises(TypeError, match="gave no exception but 5"):
            co.throw(Odd)
        assert next(co) == 2

    def test_yields_light_userdata(self, lua):
        lua.execute("address = require 'py.core'._tensor().structure")
        lua.execute("tensor = require 'py.torch.builtin'.DoubleTensor(3)")
        co = lua.eval(
            "coroutine.create(function() for i = 1, 3 do coroutine.yield(address(tensor)) end end)"
        )
        seen = list(co)
        assert len(seen) == 3
        assert lua.eval("function(x) return x == address(tensor) end")(seen[0])

    def test_may_go_on_while_what_it_yields_is_decoded(self, run_python):
        code = """
            import codecs
            import pyhelper

            def decode(data, errors="strict"):
                text = bytes(data).decode("latin-1")
                if not inner:
                    inner.append(None)
                    inner[0] = next(co)
                return text, len(text)

            inner = []
            info = codecs.CodecInfo(codecs.latin_1_encode, decode, name="spec_driving")
            codecs.register(lambda name: info if name == "spec_driving" else None)
            lua = pyhelper.LuaRuntime(encoding="spec_driving")
            co = lua.eval(
                "coroutine.create(function() for i = 1, 6 do"
                " coroutine.yield('item ' .. i) collectgarbage() end end)"
            )
            outer = []
            while len(outer) < 3:
                inner.clear()
                outer.append((next(co), inner[0]))
            assert outer == [(f"item {i}", f"item {i + 1}") for i in (1, 3, 5)], outer
            print("lives")
        """
        assert run_python(textwrap.dedent(code)) == "lives\n"

    def test_close_and_status(self, lua):
        co = lua.eval("coroutine.create(function() coroutine.yield(1) end)")
        assert co.status == "suspended" and co
        next(co)
        co.close()
        assert co.status == "dead" and not co
        assert list(co) == []

    def test_error_keeps_its_value(self, lua):
        co = lua.eval("coroutine.create(function() coroutine.yield(1) error({code = 7}) end)")
        next(co)
        with pytest.raises(LuaError) as raised:
            next(co)
        assert raised.value.value.code == 7

    def test_calling_an_unstarted_one_makes_another(self, lua):
        co = lua.eval("coroutine.create(function(n) coroutine.yield(n) end)")
        assert (list(co(4)), list(co(5))) == ([4], [5])

    def test_each_kind_of_value_passes(self, lua):
        co = lua.execute("return coroutine.create(function() "
                         "local x = true while x do x = coroutine.yield(x) end end)")  # fmt: skip
        values = [1, 2.5, "text", b"\xff", lua.eval("{}"), lua.eval("print"), [1], co]
        next(co)
        for value in values:
            assert co.send(value) == (value if value != b"\xff" else "\udcff")
        several = lua.eval("function() coroutine.yield() coroutine.yield(1, nil, 3) end")
        assert list(several.coroutine()) == [None, (1, None, 3)]

    def test_a_conversion_that_drives_it_is_an_error(self):
        def handler(_):
            list(co)
            return 0

        lua = pyhelper.LuaRuntime(overflow_handler=handler)
        co = lua.eval("coroutine.create(function() coroutine.yield(1) coroutine.yield(2) end)")
        next(co)
        with pytest.raises(ValueError, match="already executing"):
            co.send(2**100)
        assert co.status == "dead"


class TestUserdata:
    def test_passes_through(self, lua):
        file = lua.eval("io.tmpfile()")
        assert pyhelper.lua_type(file) == "userdata"
        assert lua.eval("function(f) return io.type(f) end")(file) == "file"
        file.write(file, "text")
        file.seek(file, "set")
        assert file.read(file, "*a") == "text"
        file.close(file)

    def test_without_fields(self, lua):
        file = lua.eval("io.tmpfile()")
        assert file.no_such_method is None
        with pytest.raises(TypeError, match=r"no len\(\)"):
            len(file)
        with pytest.raises(LuaError, match="index"):
            file["x"] = 1

    def test_cdata(self, lua):
        if "JIT" not in lua.lua_implementation:
            pytest.skip("cdata are LuaJIT's")
        point = lua.execute(
            "local ffi = require 'ffi' return ffi.new('struct { int x, y; }', 1, 2)"
        )
        assert (point.x, point.y) == (1, 2)
        point.x = 5
        assert lua.eval("function(p) return p.x end")(point) == 5
        assert lua.eval("2ULL ^ 63") == 2**63


class TestCollection:
    def test_from_any_thread(self, lua, collect):
        """Lua objects are dropped by threads that never entered their Lua,
        while others work in it."""
        kinds = ("{}", "function() end", "coroutine.create(function() end)", "io.stdout")
        makers = [lua.eval(f"function() return {kind} end") for kind in kinds]
        todo = queue.Queue(50)

        def drop():
            while todo.get() is not None:
                gc.collect(0)

        threads = [threading.Thread(target=drop, daemon=True) for _ in range(3)]
        before = lua._state.live()[1]
        for thread in threads:
            thread.start()
        for i in range(2000):
            made = makers[i % len(makers)]()
            cycle = [made]
            cycle.append(cycle)  # for Python's collector to find
            todo.put(cycle)
            del made, cycle
        for _ in threads:
            todo.put(None)
        for thread in threads:
            thread.join()
        lua.execute("collectgarbage()")
        collect(lua)
        assert lua._state.live()[1] - before < 10
        assert lua.eval("1 + 1") == 2

    def test_cannot_be_pickled(self, lua):
        for value in ("io.stdout", "coroutine.create(function() end)"):
            with pytest.raises(TypeError, match="Lua"):
                pickle.dumps(lua.eval(value))
        with pytest.raises(TypeError, match="LuaRuntime"):
            pickle.dumps(lua)


class TestStrings:
    def test_any_bytes_survive_by_default(self, lua):
        data = lua.eval(r"'a\255b'")
        assert lua.eval("function(s) return s == 'a\\255b' end")(data)

    def test_encodings(self):
        latin = pyhelper.LuaRuntime(encoding="latin-1")
        assert latin.eval("#'ä'") == 1
        assert latin.eval(r"'\228'") == "ä"
        with pytest.raises(UnicodeEncodeError):
            latin.eval("...", "€")
        strict = pyhelper.LuaRuntime(encoding="utf-8")
        with pytest.raises(UnicodeDecodeError):
            strict.eval(r"'\255'")
        with pytest.raises(LookupError):
            pyhelper.LuaRuntime(encoding="no such encoding")

    def test_of_tostring(self):
        code = r"setmetatable({}, {__tostring = function() return '\228' end})"
        assert str(pyhelper.LuaRuntime(encoding="latin-1").eval(code)) == "ä"
        for encoding in ("utf-8", None):
            assert str(pyhelper.LuaRuntime(encoding=encoding).eval(code)) == "\ufffd"

    def test_bytes(self):
        lua = pyhelper.LuaRuntime(encoding=None)
        assert lua.eval("'abc'") == b"abc"
        assert lua.eval("...", "text stays text") == "text stays text"


class TestByValue:
    def test_kinds_of_tables(self, lua):
        def by_value(code, **options):
            return pyhelper.by_value(lua.eval(code), **options)

        assert by_value("{1, {a = {2}}}") == [1, {"a": [2]}]
        assert by_value("{1, {}}", lists=False) == {1: 1, 2: {}}
        for code in ("{}", "{[0] = 1}", "{[2] = 1}", "{1, x = 2}", "{[1.5] = 1}"):
            assert type(by_value(code)) is dict
        assert by_value("{[true] = 5}") == {True: 5}

    def test_shared_and_cyclic(self, lua):
        copied = pyhelper.by_value(lua.execute("local t = {{}} t[2] = t[1] t.me = t return t"))
        assert copied[1] is copied[2]
        assert copied["me"] is copied
