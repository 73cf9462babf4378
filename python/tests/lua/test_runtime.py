# SPDX-License-Identifier: MIT
"""LuaRuntime: its options, several of them, their end."""

import copy
import gc
import io
import pickle
import threading
import weakref
from contextlib import redirect_stdout

import pyhelper
import pytest
from pyhelper import LuaError, LuaMemoryError, LuaRuntime, LuaSyntaxError


class TestCode:
    def test_execute_eval_compile(self, lua):
        assert lua.execute("return 1, ...", 2) == (1, 2)
        assert lua.eval("...", 3) == 3
        assert lua.compile("return 1 + ...")(2) == 3
        assert lua.eval(b"'bytes'") == "bytes"

    @pytest.mark.parametrize("code", [5, None, bytearray(b"1")])
    def test_code_of_another_type(self, lua, code):
        for run in (lua.execute, lua.eval, lua.compile):
            with pytest.raises(TypeError, match="code must be str or bytes, not"):
                run(code)

    def test_syntax_errors(self, lua):
        with pytest.raises(LuaSyntaxError, match="near"):
            lua.execute("this is no Lua")
        with pytest.raises(LuaSyntaxError, match="chunk_name"):
            lua.compile("=", name="=chunk_name")
        assert issubclass(LuaSyntaxError, LuaError)

    def test_modes(self, lua):
        binary = lua.eval("string.dump(function() return 7 end)").encode("utf-8", "surrogateescape")
        assert lua.execute(binary, mode="b") == 7
        with pytest.raises(LuaSyntaxError, match="binary"):
            lua.compile(binary, mode="t")
        with pytest.raises(LuaSyntaxError, match="text"):
            lua.compile("return 1", mode="b")
        with pytest.raises(ValueError, match="mode"):
            lua.compile("return 1", mode="x")

    def test_require(self, lua):
        assert lua.require("string").upper("a") == "A"
        with pytest.raises(LuaError, match="no such module"):
            lua.require("no such module")

    def test_tables(self, lua):
        t = lua.table(1, 2, None, 4, a="b")
        assert (t[1], t[3], t[4], t.a) == (1, None, 4, "b")
        t = lua.table_from([1, 2], {"a": 3}, (4,), {"a": 5}, lua.table(b=6))
        assert dict(t) == {1: 1, 2: 2, 3: 4, "a": 5, "b": 6}

    def test_recursive_tables_stay_shared(self, lua):
        shared = [1]
        cycle = {"s": shared, "t": shared}
        cycle["self"] = cycle
        inner = lua.table("kept")
        cycle["lua"] = inner
        t = lua.table_from(cycle, recursive=True)
        assert t.s is t.t
        assert t.self is t
        assert t.lua is inner
        assert (t.s[1], inner[1]) == (1, "kept")

    def test_recursive_tables_of_several(self, lua):
        shared = ["s"]
        named = {"a": shared, "update": 1}
        t = lua.table_from(range(20), named, [shared], {2: "b"}, recursive=True)
        assert list(t)[:21] == list(range(1, 22))  # in order
        assert (t[1], t[2], t[20], t.update) == (0, "b", 19, 1)
        assert t.a is t[21]
        assert dict(lua.table_from(recursive=True)) == {}

    def test_generator_that_calls_lua(self, lua):
        f = lua.eval("function(x) return x * 2 end")
        assert list(lua.table_from(f(x) for x in range(3)).values()) == [0, 2, 4]


class TestErrors:
    @pytest.mark.parametrize("value", ["nil", "'text'", "{code = 1}", "true", "42"])
    def test_keep_their_value(self, lua, value):
        with pytest.raises(LuaError) as raised:
            lua.execute(f"local v = {value} error(v, 0)")
        expected = lua.eval(value)
        if pyhelper.lua_type(expected) == "table":
            assert raised.value.value.code == 1
        else:
            assert raised.value.value == expected

    def test_the_first_of_two_is_not_the_second(self, lua):
        with pytest.raises(LuaError, match="second"):
            lua.execute("pcall(function() error('first') end) error('second')")

    def test_python_exceptions_stay_themselves(self, lua):
        error = KeyError("mine")

        def fail():
            raise error

        with pytest.raises(KeyError) as raised:
            lua.eval("function(f) f() end")(fail)
        assert raised.value is error
        assert lua.eval("function(f) local ok, e = pcall(f) return ok, e.type end")(fail) == (
            False,
            "KeyError",
        )

    def test_python_exceptions_keep_the_lua_stack(self, lua):
        """Of the innermost Lua that they pass, in which the outer ones are."""

        def fail():
            return 1 / 0

        def again():
            lua.globals().outer(fail)

        lua.compile(
            "function outer(f)\n local r = inner(f) return r end\n"
            "function inner(f)\n local r = f() return r end",
            name="@a.lua",
        )()
        for f, times in ((fail, 1), (again, 2)):
            with pytest.raises(ZeroDivisionError) as raised:
                lua.globals().outer(f)
            stack = pyhelper.lua_traceback(raised.value)
            assert stack.startswith("stack traceback:\n")
            assert stack.count("a.lua:4: in function") == stack.count("a.lua:2:") == times
        coroutine = lua.eval("function(f)\n coroutine.yield() f() end").coroutine(fail)
        next(coroutine)
        with pytest.raises(ZeroDivisionError) as raised:
            next(coroutine)
        assert "<python>:2: in function" in pyhelper.lua_traceback(raised.value)

    def test_the_lua_stack_travels(self, lua):
        with pytest.raises(KeyError) as raised:
            lua.compile("(...)()", name="@a.lua")(lambda: {}["x"])
        for error in (pickle.loads(pickle.dumps(raised.value)), copy.copy(raised.value)):
            assert type(error) is KeyError
            assert "a.lua:1: in main chunk" in pyhelper.lua_traceback(error)

    def test_lua_traceback(self, lua):
        with pytest.raises(LuaError) as raised:
            lua.execute("error{}")
        assert pyhelper.lua_traceback(raised.value) == raised.value.traceback
        assert pyhelper.lua_traceback(KeyError()) is None

    def test_errors_in_finalizers_do_no_harm(self, lua, version):
        lua.execute(
            "local p = newproxy and newproxy(true) or setmetatable({}, {__gc = 1})"
            "getmetatable(p).__gc = function() error('late') end"
            " if not newproxy then setmetatable(p, getmetatable(p)) end p = nil"
        )
        try:
            lua.gccollect()
        except LuaError as error:
            assert "late" in str(error)
        assert lua.eval("1") == 1

    def test_objects_of_another_runtime(self, lua):
        t = LuaRuntime().eval("{}")
        with pytest.raises(ValueError, match="another Lua state"):
            lua.eval("...", t)

    def test_deep_recursion_is_an_error(self, lua):
        def again():
            lua.globals().again()

        lua.globals().again = again
        with pytest.raises(RecursionError):
            again()
        assert lua.eval("1") == 1


class TestOptions:
    def test_unpack_returned_tuples(self):
        for unpack, count in ((True, 2), (False, 1)):
            lua = LuaRuntime(unpack_returned_tuples=unpack)
            assert lua.eval("select('#', python.eval('(1, 2)'))") == count

    def test_filter_covers_attributes_and_items(self):
        def allow(obj, name, is_setting):
            if isinstance(name, str) and name.startswith("_"):
                raise AttributeError("denied")
            return name

        lua = LuaRuntime(attribute_filter=allow)
        get = lua.eval("function(o, k) return o[k] end")
        assert get({"a": 1}, "a") == 1
        for obj in ({"_a": 1}, object(), len):
            with pytest.raises(AttributeError, match="denied"):
                get(obj, "_a")
            with pytest.raises(AttributeError, match="denied"):
                get(obj, "__class__")
        with pytest.raises(AttributeError, match="denied"):
            lua.eval("function(o) python.as_itemgetter(o)._a = 1 end")({})
        with pytest.raises(AttributeError, match="denied"):
            lua.eval("function(f) local _, e = pcall(f) return e.value.__traceback__ end")(
                lambda: 1 / 0
            )

    def test_pairs_asks_filter_and_handlers(self, version):
        if version < (5, 2):
            pytest.skip("this Lua has no __pairs")

        def allow(obj, name, is_setting):
            if isinstance(name, str) and name.startswith("_"):
                raise AttributeError("denied")
            return name

        code = "function(d) local all = {} for k, v in pairs(d) do all[k] = v end return all end"
        collect = LuaRuntime(attribute_filter=allow).eval(code)
        assert dict(collect({"a": 1, "b": 2})) == {"a": 1, "b": 2}
        assert dict(collect(["x"])) == {0: "x"}
        with pytest.raises(AttributeError, match="denied"):
            collect({"a": 1, "_b": 2})
        collect = LuaRuntime(attribute_handlers=(lambda o, n: f"got {n}", None)).eval(code)
        assert dict(collect({"a": 1})) == {"a": "got a"}

    def test_handlers(self):
        handlers = (lambda o, n: ("got", n), lambda o, n, v: o.append((n, v)))
        lua = LuaRuntime(attribute_handlers=handlers)
        log = []
        assert lua.eval("function(o) o.x = 5 return o.y end")(log) == ("got", "y")
        assert log == [("x", 5)]
        with pytest.raises(ValueError):
            LuaRuntime(attribute_handlers=(1, 2))
        with pytest.raises(ValueError):
            LuaRuntime(attribute_filter=5)

    @pytest.mark.parametrize("option", ["register_eval", "register_builtins"])
    def test_no_other_door_to_python(self, option):
        lua = LuaRuntime(**{option: False})
        assert lua.eval(f"python.{option.split('_')[1]}") is None
        for name in ("py", "py.core", "fb.python", "py.torch"):
            with pytest.raises(LuaError, match="refuse"):
                lua.require(name)
        with pytest.raises(LuaError, match="refuse"):
            lua.execute(
                "package.preload['py.core'] = nil package.loadlib("
                "package.searchpath and package.searchpath('py.core', package.cpath) or "
                "package.cpath:match('[^;]+'):gsub('%?', 'py/core'), 'luaopen_py_core')()"
            )
        leaks = (
            lua.execute(
                """
            local found, seen = {}, {}
            local function walk(v, path)
              if type(v) == 'userdata' and v ~= python.none and tostring(v):find('module') then
                found[#found + 1] = path
              end
              if type(v) ~= 'table' and type(v) ~= 'function' or seen[v] then return end
              seen[v] = true
              if type(v) == 'table' then
                for k, x in next, v do walk(x, path .. '.' .. tostring(k)) end
              elseif debug then
                local i = 1
                while true do
                  local name, x = debug.getupvalue(v, i)
                  if not name then break end
                  walk(x, path .. '^' .. name)
                  i = i + 1
                end
              end
            end
            walk(python, 'python') walk(print, 'print') walk(io, 'io')
            walk(package.preload, 'preload') walk(debug.getregistry(), 'registry')
            return table.concat(found, '; ')
            """
            )
            if option == "register_builtins"
            else ""
        )
        assert leaks == ""

    def test_overflow(self, lua):
        big = 2**70
        with pytest.raises(OverflowError):
            lua.eval("...", big)
        lua.set_overflow_handler(float)
        assert lua.eval("...", big) == float(big)
        lua.execute("python.set_overflow_handler(function(n) return n end)")
        assert lua.eval("...", big) == big
        assert lua.eval("...", pyhelper.LUA_MAXINTEGER) == pyhelper.LUA_MAXINTEGER

    def test_the_same_object_is_the_same_userdata(self, lua):
        obj = object()
        assert lua.eval("function(a, b) return rawequal(a, b) end")(obj, obj)
        assert lua.eval("function(a, f) return rawequal(a, f()) end")(obj, lambda: obj)

    def test_many_calls_give_the_right_objects(self, lua):
        identity = lua.eval("function(x) return x end")
        for i in range(5000):
            obj = [i]
            assert identity(obj) is obj


class TestMemory:
    def test_limit(self, lua):
        lua.set_max_memory(200_000)
        with pytest.raises(LuaMemoryError):
            lua.execute("local t = {} for i = 1, 1e7 do t[i] = {} end")
        lua.gccollect()
        assert lua.eval("1 + 1") == 2
        lua.set_max_memory(0)
        assert lua.eval("#string.rep('a', 1e6)") == 1e6

    def test_for_a_buffer(self, lua):
        """Some Luas have words of their own for it."""
        lua.set_max_memory(100_000)
        with pytest.raises(LuaMemoryError):
            lua.execute("local part = ('x'):rep(40000) return part:gsub('x', 'yyyy')")

    def test_work_goes_on_after_it(self, lua):
        """What was garbage at the limit is gone, and nobody has to collect."""
        lua.set_max_memory(200_000)
        work = lua.eval("function(n) local t = {} for i = 1, n do t[i] = {} end return #t end")
        for _ in range(3):
            with pytest.raises(LuaMemoryError):
                work(1e6)
            assert work(100) == 100
            with pytest.raises(LuaMemoryError):
                next(work.coroutine(1e6))
            assert lua.eval("#('x'):rep(1000)") == 1000

    def test_deleting_makes_room(self, lua):
        """Even by names that were not used before."""
        names = lua.globals()
        lua.set_max_memory(0)
        lua.execute("big = ('x'):rep(500000)")
        lua.gccollect()
        lua.set_max_memory(lua.get_memory_used() + 2000)
        more = "local t = {} for i = 1, 5000 do t[i] = i end return #t"
        with pytest.raises(LuaMemoryError):
            lua.execute(more)
        del names["big"]
        lua.gccollect()  # Lua 5.1 and LuaJIT do not do that by themselves
        assert lua.execute(more) == 5000

    def test_more_than_there_is(self, lua):
        lua.set_max_memory(2**64 + 5)
        assert lua.eval("#('x'):rep(1000)") == 1000

    def test_without_collector(self, lua):
        def grows():
            lua.execute("before = collectgarbage('count')")
            lua.execute("for i = 1, 1e5 do last = {i} end")
            return lua.eval("collectgarbage('count') - before > 3000")

        assert not grows()
        with lua.nogc():
            assert grows()
            with pytest.raises(KeyError), lua.nogc():
                raise KeyError
            assert grows()
        lua.gccollect()
        assert not grows()

    def test_at_every_allocation(self, run_python):
        """Whatever does not fit is a LuaMemoryError, and the state goes on."""
        out = run_python(
            """
import io, pyhelper
from contextlib import redirect_stdout

class Thing:
    def method(self, *args): return args
    def fail(self): raise ValueError('x' * 50)

def error_of(lua, code, *args):
    try:
        lua.execute(code, *args)
    except (pyhelper.LuaMemoryError, ValueError):
        pass
    except pyhelper.LuaError as error:
        return str(error), error.value, error.traceback

def use(lua):
    t = lua.table(1, 'two', a=[3], b=lambda: 4)
    t['key'] = 'value' * 10
    lua.eval("function(x) return {x, x}, x.b() end")(t)
    list(t.items()), len(t), 'q' in t, t.pop('a'), repr(t), str(t), dir(t)
    co = lua.eval("function(n) for i = 1, n do coroutine.yield({i}) end end").coroutine(3)
    list(co)
    co = lua.eval("coroutine.wrap(function() coroutine.yield(('x'):rep(300)) end)")
    co()
    mt = lua.eval("{__add = function(a) return {a} end, __call = function(...) return ... end}")
    v = lua.eval("setmetatable({}, ...)", mt)
    v + 1, v(1, 2, 'c')
    lua.execute("local o, d = ... o.x = {1} o.method(o.x, {}) o:method('b') local s = o .. 'x'"
                " d.k = 'v' for k in python.iter(d) do s = s .. k end"
                " for i, v in python.enumerate(d) do s = s .. i .. v end", Thing(), {})
    error_of(lua, "local ok, e = pcall((...).fail) local s = tostring(e) .. e.type", Thing())
    error_of(lua, "(...).fail()", Thing())
    error_of(lua, "error{1}")
    error_of(lua, "x x x")
    with redirect_stdout(io.StringIO()):
        lua.execute("print('a', {}, 1) io.write('x', 2) io.stdout:write('y'):flush()")
    lua.table_from({'a': [1, {'b': 2}], 'c': (1, 2)}, recursive=True)
    in_require.append(1)
    lua.eval("require 'py'.eval('[1, 2]')")

errors = 0
for spare in range(0, 30000, 53):
    lua, in_require = pyhelper.LuaRuntime(), []
    lua.set_max_memory(1)
    lua.set_max_memory(max(1, lua.get_memory_used()) + spare)
    try:
        use(lua)
    except pyhelper.LuaMemoryError:
        errors += 1
    except pyhelper.LuaError as error:  # `require` makes a text of it
        assert in_require and 'not enough memory' in str(error), error
    lua.set_max_memory(0)
    assert lua.eval("#{1, 2}") == 2
print(errors > 100)
"""
        )
        assert out == "True\n"

    def test_creation_in_loops_does_not_grow(self, run_python):
        """Each kind of thing that Lua may hold at the end, also of Python's
        frames, which lead back to the runtime."""
        out = run_python(
            """
import gc, pyhelper

def memory():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * 4096

def allow(obj, name, is_setting):
    return name

def use(i):
    lua = pyhelper.LuaRuntime(attribute_filter=allow if i % 2 else None,
                              max_memory=10**7 if i % 3 else None)
    t = lua.eval("{1, 2, co = coroutine.create(function() coroutine.yield(1) end)}")
    next(t.co)
    lua.globals().keep = {'a': 1, 't': t}
    lua.globals().runtime = lua if i % 5 == 0 else None
    it = iter(t)
    next(it)
    getter = lua.eval("python.as_itemgetter(...)", {'t': t})
    try:
        lua.execute("error{...}", t)
    except pyhelper.LuaError as error:
        error.traceback
        if i % 7 == 0:
            lua.globals().error = error
    try:
        lua.execute("(...)()", lambda: 1 / 0)
    except ZeroDivisionError:
        pass
    v = lua.eval("setmetatable({}, {__add = function(a, b) return a end})")
    v + [1]
    if i % 2:
        lua.close()

def run(n):
    for i in range(n):
        use(i)
    gc.collect()

run(500)
before = memory()
run(1000)
print(memory() - before < 2e6 or memory() - before)
"""
        )
        assert out == "True\n"

    def test_many_at_once_let_go_of_their_objects(self):
        class Thing:
            pass

        things, runtimes = [], []
        for _ in range(100):
            thing, lua = Thing(), LuaRuntime()
            lua.globals().thing = thing
            things.append(weakref.ref(thing))
            runtimes.append(lua)
        del thing, lua
        for lua in runtimes[::2]:
            lua.close()
        assert [ref() is None for ref in things[:4]] == [True, False, True, False]
        assert sum(ref() is not None for ref in things) == 50
        runtimes.clear()
        del lua
        gc.collect()
        assert not any(ref() for ref in things)

    def test_cycle_through_an_exception_that_lua_keeps(self):
        class Thing:
            pass

        def make(code):
            lua, thing = LuaRuntime(), Thing()
            items = iter(lua.table(1, 2))
            next(items)
            getter = lua.eval("python.as_attrgetter(...)", thing)
            try:
                lua.execute(code, lambda: (thing, getter, items) / 1)
            except TypeError:
                pass
            return weakref.ref(thing)

        refs = [make("(...)()"), make("_, kept = pcall(...)")]
        gc.collect()
        assert [ref() for ref in refs] == [None, None]


class TestEnd:
    def test_objects_keep_their_lua_alive(self):
        lua = LuaRuntime()
        f = lua.eval("function() return {x = 1} end")
        del lua
        gc.collect()
        assert f().x == 1

    def test_any_order(self):
        runtimes = [LuaRuntime() for _ in range(5)]
        tables = [lua.eval("{n = ...}", i) for i, lua in enumerate(runtimes)]
        for i in (2, 0, 4, 1, 3):
            runtimes[i] = None
            gc.collect()
        assert [t.n for t in tables] == [0, 1, 2, 3, 4]
        while tables:
            tables.pop()

    def test_close(self, lua):
        t = lua.eval("{}")
        lua.close()
        lua.close()
        for use in (lambda: t["x"], lambda: list(t), lambda: lua.eval("1"), lambda: t(1)):
            with pytest.raises(RuntimeError, match="closed"):
                use()

    def test_objects_are_shown_after_close(self, lua):
        kinds = ("{}", "function() end", "print", "coroutine.create(function() end)", "io.stdout")
        objects = [lua.eval(kind) for kind in kinds]
        lua.close()
        for thing in objects:
            assert repr(thing).startswith("<Lua ")

    def test_cannot_be_closed_at_work(self, lua):
        lua.globals().close = lua.close
        with pytest.raises(RuntimeError, match="at work"):
            lua.execute("close()")

    def test_releases_python_objects(self):
        class Thing:
            pass

        thing = Thing()
        ref = weakref.ref(thing)
        lua = LuaRuntime()
        lua.globals().thing = thing
        del thing
        assert ref() is not None
        del lua
        gc.collect()
        assert ref() is None

    def test_cycles_through_both_heaps_are_collected(self):
        class Thing:
            pass

        def make():
            lua = LuaRuntime(attribute_filter=lambda o, n, s: (lua, n)[1])
            t = lua.eval("{}")
            thing = Thing()
            thing.table = t
            t.thing = thing
            t.runtime = lua
            t.function = lambda: (lua, t)
            return weakref.ref(thing)

        refs = [make() for _ in range(3)]
        for _ in range(3):
            gc.collect()
        assert [ref() for ref in refs] == [None] * 3


class TestOutput:
    def test_goes_through_sys_stdout(self, lua):
        out = io.StringIO()
        with redirect_stdout(out):
            lua.execute("print('a', nil, 1) io.write('b', 2, '\\n') io.stdout:write('c\\n')")
        assert out.getvalue() == "a\tnil\t1\nb2\nc\n"
        assert lua.eval("io.type(io.stdout)") == "file"

    def test_keeps_its_order(self, run_python):
        code = (
            "import pyhelper\nlua = pyhelper.LuaRuntime()\n"
            "print(1)\nlua.execute('print(2) io.write(\"3\\\\n\")')\nprint(4)\n"
        )
        assert run_python(code) == "1\n2\n3\n4\n"


class TestBothDirections:
    def test_require_py(self, lua):
        lua.execute("py = require 'py'")
        assert lua.eval("py.eval('[1, 2]')[2]") == 2
        assert lua.eval("py.eval('x + 1', {x = 1})") == 2
        assert lua.eval("py.info().reason").startswith("Python is the host")

    def test_nesting_keeps_types_and_identity(self, lua):
        lua.execute("py = require 'py'")
        obj = object()
        f = lua.eval(
            "function(o) return py.eval('f(o)', {o = o, f = function(x) return x end}) end"
        )
        assert f(obj) is obj

    def test_second_abi_is_refused(self, lua, version):
        other = "5.3" if version != (5, 3) else "5.2"
        with pytest.raises(RuntimeError, match="one process can have one Lua"):
            LuaRuntime(lua=other)
        with pytest.raises(ValueError, match="expected one of"):
            LuaRuntime(lua="6.0")

    def test_no_host(self):
        with pytest.raises(RuntimeError, match="no Lua embeds"):
            pyhelper.host()


class TestThreads:
    def test_one_state(self, lua):
        lua.execute("n = 0 function add() n = n + 1 end")
        add = lua.globals().add
        threads = [threading.Thread(target=lambda: [add() for _ in range(500)]) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert lua.globals().n == 4000

    @pytest.mark.parametrize(
        "make, run",
        [
            ("return compute", lambda lua_value: lua_value()),
            ("return coroutine.create(function() coroutine.yield(compute()) end)", next),
            (
                "return setmetatable({}, { __index = function() return compute() end })",
                lambda lua_value: lua_value["x"],
            ),
            ("return setmetatable({}, { __call = compute })", lambda lua_value: lua_value()),
        ],
        ids=["function", "coroutine", "index metamethod", "call metamethod"],
    )
    def test_states_run_in_parallel(self, make, run):
        """While one state computes, others get work done."""
        lua = LuaRuntime()
        value = lua.execute(
            "local function compute() for i = 1, 3e7 do end return 'done' end " + make
        )

        def slow():
            return run(value)

        quick = LuaRuntime().eval("function(x) return x end")
        results = []
        thread = threading.Thread(target=lambda: results.append(slow()))
        thread.start()
        calls = 0
        while thread.is_alive() and calls < 1000:
            quick(calls)
            calls += 1
        thread.join()
        assert results == ["done"]
        assert calls > 10


def test_nobody_enters_a_runtime_that_is_closing():
    """Its finalizers may use it, and the lock is free while they run Python."""
    lua = LuaRuntime()
    seen = []

    def enter():
        try:
            seen.append(lua.eval("'entered'"))
        except RuntimeError as error:
            seen.append(str(error))

    def finalize(*_):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(10)
        enter()

    lua.globals().finalize = finalize
    lua.execute(
        """local function f(...) return finalize(...) end -- 5.2 and 5.3 want a function
        if newproxy then getmetatable(newproxy(true)).__gc = f
        else setmetatable({}, {__gc = f}) end"""
    )
    lua.close()
    assert seen == ["the Lua state of this object was closed", "entered"]
