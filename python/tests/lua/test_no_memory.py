# SPDX-License-Identifier: MIT
"""Python's memory runs out at each request in turn: a MemoryError comes of it
(LuaMemoryError is one), and afterwards everything works as before."""

import textwrap

import pytest

pytest.importorskip("_testcapi")  # not every distribution has it

OPERATIONS = {
    "a runtime": "LuaRuntime()",
    "a call": "call(lambda *args: args, 'a', 1, 2.5, None, [1, 2])",
    "a coroutine": "list(coroutine())",
    "iteration": "[list(table.items()), list(table.values()), list(table)]",
    "fields": "[table['x'], table[1], len(table), table + table]",
    "a deep table": "lua.table_from({'a': [1, {'b': 2}], 'c': (1, 'x')}, recursive=True)",
    "iteration by Lua": "iterate([1, 'a', 2.5, (1,)])",
}

PROGRAM = """
    import gc
    import _testcapi
    from pyhelper import LuaRuntime

    lua = LuaRuntime()
    call = lua.eval("function(f, ...) return f(...) end")
    iterate = lua.eval("function(o) local n = 0 for x in python.iter(o) do n = n + 1 end end")
    coroutine = lua.eval(
        "function() return coroutine.create(function()"
        " for i = 1, 4 do coroutine.yield(i, {{i}}) end end) end"
    )
    table = lua.eval("setmetatable({{1, {{}}, x = 'y'}}, {{__add = function() return {{}} end}})")

    def operation():
        return {operation}

    for _ in range(3):
        operation()
    failed = 0
    for n in range(100):  # more than any of them needs
        gc.collect()
        _testcapi.set_nomemory(n, n + 1)
        try:
            operation()
        except MemoryError:
            failed += 1
        finally:
            _testcapi.remove_mem_hooks()
    operation()
    print(failed)
"""


@pytest.mark.parametrize("name", OPERATIONS)
def test_memory_runs_out(run_python, name):
    code = textwrap.dedent(PROGRAM).format(operation=OPERATIONS[name])
    assert int(run_python(code)) > 0
