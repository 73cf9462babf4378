# SPDX-License-Identifier: MIT
"""The GIL is free while Lua code runs; plain access to a table keeps it."""

import sys
import threading
import time

import pytest

DURATION = 0.15  # seconds of Lua code, or of accesses


@pytest.fixture
def progress():
    """A function that tells how often another thread ran during a call.

    That thread gives the GIL up by itself and nobody is asked to, so it runs
    only when the GIL is let go of.
    """
    ticks = 0
    ended = False

    def tick():
        nonlocal ticks
        while not ended:
            ticks += 1
            time.sleep(0.001)

    def during(call):
        before = ticks
        call()
        return ticks - before

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    thread = threading.Thread(target=tick)
    try:
        thread.start()
        time.sleep(0.01)
        yield during
    finally:
        ended = True
        sys.setswitchinterval(interval)
        thread.join()


def test_python_code_that_gives_nothing_up_lets_nobody_in(progress):
    def busy():
        end = time.perf_counter() + DURATION
        while time.perf_counter() < end:
            pass

    assert progress(busy) == 0
    assert progress(lambda: time.sleep(DURATION)) > 10


@pytest.fixture
def busy(lua):
    """A Lua function that computes for a while, whatever its arguments."""
    return lua.eval(
        f"function() local c = os.clock() repeat until os.clock() - c > {DURATION} return 1 end"
    )


def test_free_in_functions(lua, busy, progress):
    lua.globals().busy = busy
    assert progress(busy) > 10
    assert progress(lambda: lua.execute("busy()")) > 10
    assert progress(lambda: lua.eval("busy()")) > 10
    assert progress(lambda: list(map(busy, [1]))) > 10


def test_free_in_functions_that_fail(lua, busy, progress):
    fails = lua.eval("function(busy) busy() error 'at last' end")

    def call():
        with pytest.raises(Exception, match="at last"):
            fails(busy)

    assert progress(call) > 10


def test_free_in_coroutines(lua, busy, progress):
    make = lua.eval("function(f) while true do f() coroutine.yield(1) end end")
    coroutine = make.coroutine(busy)
    assert progress(lambda: next(coroutine)) > 10
    assert progress(lambda: coroutine.send(2)) > 10


METAMETHODS = {
    "__index": lambda t: t.missing,
    "__newindex": lambda t: setattr(t, "missing", 1),
    "__call": lambda t: t(),
    "__len": len,
    "__tostring": str,
    "__add": lambda t: t + 1,
}


@pytest.mark.parametrize("name", METAMETHODS)
def test_free_in_metamethods(lua, version, busy, progress, name):
    if name == "__len" and version == (5, 1):
        pytest.skip("tables of Lua 5.1 have no __len")
    table = lua.eval(
        """function(name, busy)
        local function f() busy() return name == '__tostring' and 'text' or 1 end
        return setmetatable({}, {[name] = f})
    end"""
    )(name, busy)
    assert progress(lambda: METAMETHODS[name](table)) > 10


ACCESSES = {
    "attribute": lambda t: t.a,
    "name": lambda t: t["a"],
    "index": lambda t: t[1],
    "missing": lambda t: t["missing"],
    "float": lambda t: t[0.5],
    "set attribute": lambda t: setattr(t, "a", 1),
    "set name": lambda t: t.__setitem__("a", 1),
    "set index": lambda t: t.__setitem__(1, 2),
    "delete": lambda t: t.__delitem__("a"),
    "len": len,
    "in": lambda t: "a" in t,
    "nested": lambda t: t.nested.a,
    "keys": lambda t: list(t.keys()),
    "iteration": list,
    "copy": lambda t: dict(t.items()),
}


@pytest.mark.parametrize("name", ACCESSES)
def test_kept_by_plain_access(lua, progress, name):
    table = lua.eval("{10, 20, 30, a = 1, nested = {a = 2}}")
    access = ACCESSES[name]

    def storm():
        access(table)  # imports nothing later
        end = time.perf_counter() + DURATION
        while time.perf_counter() < end:
            access(table)

    storm()
    table.a = 1
    assert progress(storm) == 0
