# SPDX-License-Identifier: MIT
"""Operators on Lua objects in Python: the metamethods of either operand."""

import importlib.util
import operator
import threading

import pyhelper
import pytest
from pyhelper import LuaError

numpy_missing = importlib.util.find_spec("numpy") is None
needs_numpy = pytest.mark.skipif(numpy_missing, reason="this Python has no numpy")

BINARY = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "mod": operator.mod,
    "pow": operator.pow,
    "idiv": operator.floordiv,
    "band": operator.and_,
    "bor": operator.or_,
    "bxor": operator.xor,
    "shl": operator.lshift,
    "shr": operator.rshift,
}
UNARY = {"unm": operator.neg, "bnot": operator.invert}
ORDER = {"lt": operator.lt, "le": operator.le}

# A metatable whose metamethods say what they were called with.
SPY = """
local function show(v) return getmetatable(v) and 'T' or tostring(v) end
local mt = {}
for event in (...):gmatch '%w+' do
  mt['__' .. event] = function(a, b) return event .. ' ' .. show(a) .. ' ' .. show(b) end
end
return mt
"""


@pytest.fixture
def spy(lua):
    """A table with all metamethods of arithmetic."""
    mt = lua.execute(SPY, " ".join([*BINARY, *UNARY]))
    return lua.eval("setmetatable({}, ...)", mt)


class TestArithmetic:
    @pytest.mark.parametrize("event", BINARY)
    def test_asks_either_operand(self, lua, spy, event):
        run = BINARY[event]
        assert run(spy, 2) == f"{event} T 2"
        assert run(2, spy) == f"{event} 2 T"
        assert run(spy, spy) == f"{event} T T"
        plain = lua.eval("{}")
        assert run(plain, spy).startswith(event)
        assert run(spy, plain).endswith(str(lua.globals().tostring(plain)))
        assert run(spy, None) == f"{event} T nil"

    @pytest.mark.parametrize("event", UNARY)
    def test_unary(self, lua, spy, event):
        assert UNARY[event](spy) == f"{event} T T"  # twice, as Lua passes it
        with pytest.raises(TypeError, match=f"no metamethod __{event}"):
            UNARY[event](lua.eval("{}"))

    @pytest.mark.parametrize("event", BINARY)
    def test_type_error_without_a_metamethod(self, lua, event):
        for value in (lua.eval("{}"), lua.eval("print"), lua.eval("io.stdout")):
            for a, b in ((value, 1), (1.5, value), (value, value), (value, "10"), (value, {})):
                with pytest.raises(TypeError, match="unsupported operand|multiply sequence"):
                    BINARY[event](a, b)

    def test_assigns(self, spy):
        value = spy
        value += 1
        assert value == "add T 1"

    def test_power_modulo(self, spy):
        with pytest.raises(TypeError):
            pow(spy, 2, 3)

    def test_results_are_converted_as_those_of_calls(self, lua):
        v = lua.execute(
            """
            local V = {}
            V.__index = V
            function V.new(x) return setmetatable({x = x}, V) end
            function V.__add(a, b) return V.new(a.x + (type(b) == 'number' and b or b.x)) end
            function V.__sub() end
            function V.__mul(a, b) return b end
            function V.__div() return 1, 2 end
            return V.new(1)
            """
        )
        total = v + 2 + v
        assert (pyhelper.lua_type(total), total.x) == ("table", 4)
        thing = object()
        assert v * thing is thing
        assert (v - 1, v / 1) == (None, 1)

    def test_python_has_the_first_word_for_its_types(self, lua, spy):
        class Left:
            def __add__(self, other):
                return "mine"

        class Right:
            def __radd__(self, other):
                return "reflected"

        assert Left() + spy == "mine"
        assert lua.eval("{}") + Right() == "reflected"
        assert spy + Right() != "reflected"
        assert "%(mod)s" % lua.table(mod="formatted") == "formatted"  # noqa: UP031
        items = [1]
        items += lua.table(a=2).keys()
        assert items == [1, "a"]

    def test_userdata_and_functions(self, lua, version):
        lua.execute(
            """
            compose = {__mul = function(f, g) return function(x) return f(g(x)) end end}
            debug.setmetatable(print, compose)
            """
        )
        double, inc = lua.eval("function(x) return 2 * x end, function(x) return x + 1 end")
        try:
            assert (double * inc)(4) == 10
        finally:
            lua.execute("debug.setmetatable(print, nil)")
        if version == (5, 1):  # the others make no userdata without C
            box = lua.execute(
                "local p = newproxy(true) getmetatable(p).__add = function(a, b)"
                " return type(a) .. type(b) end return p"
            )
            assert (box + 1, 1 + box) == ("userdatanumber", "numberuserdata")
        else:
            box = lua.execute(
                "local f = io.tmpfile() getmetatable(f).__concat = nil"
                " getmetatable(f).__add = function(a, b) return type(a) .. type(b) end return f"
            )
            assert (box + 1, 1 + box) == ("userdatanumber", "numberuserdata")

    def test_cdata(self, lua):
        if "JIT" not in lua.lua_implementation:
            pytest.skip("cdata are LuaJIT's")
        v = lua.execute(
            """
            local ffi = require 'ffi'
            local V
            V = ffi.metatype('struct { double x; }', {
              __add = function(a, b) return V(a.x + b.x) end,
              __lt = function(a, b) return a.x < b.x end,
            })
            return V(1)
            """
        )
        assert (v + v).x == 2
        assert v < v + v
        array = lua.execute("return require 'ffi'.new('int[3]', 5, 6, 7)")
        assert (array + 1)[0] == 6

    def test_error_in_a_metamethod(self, lua):
        t = lua.eval("setmetatable({}, {__add = function() error({code = 5}) end, __mul = 1})")
        with pytest.raises(LuaError) as raised:
            t + 1
        assert raised.value.value.code == 5
        assert "stack traceback" in raised.value.traceback
        with pytest.raises(LuaError, match="attempt to call"):
            t * 1
        error = KeyError("mine")

        def fail(a, b):
            raise error

        t = lua.eval("setmetatable({}, {__sub = ...})", fail)
        with pytest.raises(KeyError) as raised:
            t - 1
        assert raised.value is error

    def test_operand_of_another_runtime(self, lua, spy):
        other = pyhelper.LuaRuntime().eval("{}")
        with pytest.raises(ValueError, match="another Lua state"):
            spy + other
        with pytest.raises(ValueError, match="another Lua state"):
            spy < other  # noqa: B015

    def test_after_close(self, lua, spy):
        lua.close()
        with pytest.raises(RuntimeError, match="closed"):
            spy + 1

    def test_gil_is_free_meanwhile(self, lua):
        t = lua.eval(
            "setmetatable({}, {__add = function() for i = 1, 3e7 do end return 'done' end})"
        )
        results = []
        thread = threading.Thread(target=lambda: results.append(t + 1))
        thread.start()
        quick = pyhelper.LuaRuntime().eval("function(x) return x end")
        calls = 0
        while thread.is_alive() and calls < 1000:
            quick(calls)
            calls += 1
        thread.join()
        assert results == ["done"]
        assert calls > 10


class TestOrder:
    def test_asks_either_operand(self, lua):
        t = lua.execute(
            """
            local function n(v) return type(v) == 'table' and v.n or v end
            local mt = {
              __lt = function(a, b) return n(a) < n(b) end,
              __le = function(a, b) return n(a) <= n(b) and 'yes' end,
            }
            return setmetatable({n = 5}, mt)
            """
        )
        yes_no = (True, False, True, True, False, True)
        assert (t < 6, t < 5, t <= 5, t > 4, t > 5, t >= 5) == yes_no
        assert (4 < t, 5 < t, 5 <= t, 6 > t, 5 > t, 5 >= t) == yes_no
        assert (t < t, t <= t) == (False, True)
        assert (t <= 5) is True

    def test_le_by_lt_as_this_lua_does(self, lua, version):
        t = lua.eval("setmetatable({}, {__lt = function(a, b) return a == 1 end})")
        if version < (5, 4):
            assert (t <= 1, t >= 1) == (False, True)
        else:
            with pytest.raises(TypeError, match="not supported between"):
                t <= 1  # noqa: B015

    def test_type_error_without_a_metamethod(self, lua):
        for value in (
            lua.eval("{}"),
            lua.eval("print"),
            lua.eval("coroutine.create(function() end)"),
        ):
            for compare in (operator.lt, operator.le, operator.gt, operator.ge):
                with pytest.raises(TypeError, match="not supported between"):
                    compare(value, 1)

    def test_equality_stays_identity(self, lua):
        """As the hash is: tables are keys of dicts."""
        mt = lua.eval("{__eq = function() return true end}")
        a, b = lua.eval("setmetatable({}, ...), setmetatable({}, ...)", mt)
        assert a != b
        assert len({a, b}) == 2


@needs_numpy
class TestNumPy:
    def test_scalars_are_numbers(self, lua, spy):
        import numpy as np

        assert spy * np.float64(2.5) == "mul T 2.5"
        assert np.float64(2.5) * spy == "mul 2.5 T"
        assert np.int64(3) - spy == "sub 3 T"

    def test_arrays_compute_themselves(self, lua):
        import numpy as np

        t = lua.eval("setmetatable({1, 2}, {__add = function() error('asked') end})")
        assert (t + np.array([10, 20])).tolist() == [11, 22]
        assert (np.array([10, 20]) + t).tolist() == [11, 22]

    def test_tensors(self, lua):
        import numpy as np

        lua.execute("torch = require 'py.torch'")
        t = lua.eval("torch.DoubleTensor{1, 2}")
        for result in (t + 1, 1 + t, t * 2 - 1 + t - t / 2 + 0.5 - t * 0.5 + (1 - t) * 0 + 0.5):
            assert lua.eval("torch.type(...)", result) == "torch.DoubleTensor"
        assert np.asarray(t + t).tolist() == [2, 4]
        assert np.asarray(-t).tolist() == [-1, -2]
        assert np.asarray(np.float64(2) * t).tolist() == [2, 4]
        assert (t + np.array([1.0, 2.0])).tolist() == [2, 4]
