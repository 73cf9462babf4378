# SPDX-License-Identifier: MIT
"""Measures the rows that a Python host has: lupa's, or pyhelper's.

python bench/python_host.py lupa|pyhelper <rounds> [row]
  prints lines like lua_host.lua.  The two use one code, because they have one
  interface, but never one process: each brings its own LuaJIT.
"""

import gc
import os
import sys
import time
import timeit

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = 4e6  # ns per measurement, as in lua_host.lua

with open(os.path.join(HERE, "objects.py")) as file:
    exec(file.read(), globals())

# name, language of the loop, code, elements per run.  Lua code finds the
# objects of objects.py by their names, Python code those of `setup` too.
ROWS = (
    ("hosted call 0", "lua", "seven()", 1),
    ("hosted call 1", "lua", "seven(1)", 1),
    ("hosted call 3", "lua", "seven(1, 2, 3)", 1),
    ("obj:method()", "lua", "thing:method()", 1),
    ("obj.method()", "lua", "thing.method()", 1),
    ("ref.attr", "lua", "local _ = thing.attr", 1),
    ("ref[0]", "lua", "local _ = listed[0]", 1),
    ("eval constant", "lua", "python.eval('1')", 1),
    ("iterate list", "lua", "for _ in python.iter(numbers) do end", 1000),
    ("Lua call 0", "python", "echo()", 1),
    ("Lua call 1", "python", "echo(1)", 1),
    ("Lua call 3", "python", "echo(1, 2, 3)", 1),
    ("table t.a", "python", "table.a", 1),
    ("table t['a']", "python", "table['a']", 1),
    ("table t[1]", "python", "table[1]", 1),
    ("table t['a'] = 1", "python", "table['a'] = 1", 1),
    ("table t[1] = 1", "python", "table[1] = 1", 1),
    ("iterate table", "python", "for _ in numbers_table: pass", 1000),
    ("numbers to Python", "python", "list(numbers_table.values())", 1000),
    ("numbers to Lua", "python", "lua.table_from(numbers)", 1000),
    ("strings to Python", "python", "list(strings_table.values())", 1000),
    ("strings to Lua", "python", "lua.table_from(strings)", 1000),
    ("dict to Python", "python", "dict(mapping_table.items())", 1000),
    ("dict to Lua", "python", "lua.table_from(mapping)", 1000),
    ("1 kB to Python", "lua", "take(lua_1k)", 1),
    ("1 kB to Lua", "python", "echo(text_1k)", 1),
    ("1 MB to Python", "lua", "take(lua_1m)", 1),
    ("1 MB to Lua", "python", "echo(text_1m)", 1),
    ("Python error in pcall", "lua", "pcall(bad)", 1),
    ("Lua error in try", "python", "try: fail()\nexcept Exception: pass", 1),
    ("coroutine step", "python", "next(steps)", 1),
    ("new LuaRuntime", "python", "LuaRuntime()", 1),
)
TO_LUA = (
    "seven", "take", "bad", "thing", "listed", "numbers", "pcall", "python", "lua_1k", "lua_1m",
)  # fmt: skip


def seven(*args):
    return 7


def setup(LuaRuntime):
    """The objects that rows use, in this module."""
    lua = LuaRuntime()
    names = globals()
    names.update(
        LuaRuntime=LuaRuntime,
        lua=lua,
        pcall=lua.globals().pcall,
        python=lua.globals().python,
        echo=lua.eval("function() end"),
        fail=lua.eval("function() error('bad', 0) end"),
        table=lua.eval("{ 1, 2, 3, a = 1 }"),
        lua_1k=lua.eval("('x'):rep(1000)"),
        lua_1m=lua.eval("('x'):rep(1000000)"),
        numbers_table=lua.table_from(numbers),  # noqa: F821 from objects.py
        strings_table=lua.table_from(strings),  # noqa: F821
        mapping_table=lua.table_from(mapping),  # noqa: F821
        steps=lua.eval("function() while true do coroutine.yield(1) end end").coroutine(),
    )
    return lua


def measurer(lua, language, code):
    """A function n -> CPU nanoseconds."""
    if language == "python":
        timer = timeit.Timer(code, timer=time.thread_time_ns, globals=globals())

        def measure(n):
            timer.timeit(1)
            return timer.timeit(n)

        return measure
    chunk = f"""local {", ".join(TO_LUA)} = ...
        return function(n) for _ = 1, n do {code} end end"""
    values = [globals()[name] for name in TO_LUA]
    loop = lua.execute(chunk, *values)
    collect = lua.eval("collectgarbage")

    def measure(n):
        collect()
        loop(1)
        start = time.thread_time_ns()
        loop(n)
        return time.thread_time_ns() - start

    return measure


def calibrate(measure):
    n = 1
    measure(10)
    while True:
        ns = measure(n)
        if ns > TARGET / 4:
            return max(1, int(n * TARGET / ns))
        n *= 4


def main(who, rounds, only=None):
    try:
        if who == "lupa":
            from lupa.luajit21 import LuaRuntime
        else:
            from pyhelper import LuaRuntime
    except ImportError as error:
        print(f"everything\tskipped\t{who}: {error}")
        return
    lua = setup(LuaRuntime)
    gc.disable()  # as timeit does
    measurers = []
    for name, language, code, per in ROWS:
        if only is None or name == only:
            try:
                measure = measurer(lua, language, code)
                measurers.append((name, measure, calibrate(measure), per))
            except Exception as error:
                reason = (str(error) or type(error).__name__).splitlines()[-1]
                print(f"{name}\tskipped\t{who}: {reason}")
    for _ in range(rounds):
        for name, measure, n, per in measurers:
            print(f"{name}\t{who}\t{measure(n) / n / per:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
