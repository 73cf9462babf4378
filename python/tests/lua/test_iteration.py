# SPDX-License-Identifier: MIT
"""Iterating Lua tables: items are fetched ahead, which nobody may notice."""

import gc
import textwrap
import threading
import weakref

import pytest

SIZE = 200  # several times what is fetched at once


@pytest.fixture
def numbers(lua):
    """{1, 2, 3, ..., SIZE}, and as the global `t`."""
    lua.execute(f"t = {{}}; for i = 1, {SIZE} do t[i] = i end")
    return lua.globals().t


def test_each_kind_of_item_comes_once(lua, numbers):
    expected = list(range(1, SIZE + 1))
    assert list(numbers) == expected
    assert list(numbers.values()) == expected
    assert list(numbers.items()) == list(zip(expected, expected))
    mixed = lua.eval("{'a', {}, true, print, 2.5, 'b', x = 1, y = {}, [false] = 'c'}")
    assert len(list(mixed)) == len(list(mixed.values())) == 9
    assert dict(mixed.items())[False] == "c"
    assert all(mixed[key] == value for key, value in mixed.items())


@pytest.mark.parametrize("before", [1, 2, 3, 20, SIZE - 1])
def test_a_change_between_two_steps_is_seen(lua, numbers, before):
    values = iter(numbers.values())
    for i in range(1, before + 1):
        assert next(values) == i
    lua.execute(f"for i = 1, {SIZE} do t[i] = -i end")
    assert list(values) == [-i for i in range(before + 1, SIZE + 1)]


@pytest.mark.parametrize("before", [1, 2, 3, 20, SIZE - 1])
def test_removed_items_do_not_come(numbers, before):
    seen = []
    for key in numbers:
        seen.append(key)
        if len(seen) == before:
            for other in range(before + 1, SIZE):
                numbers[other] = None
    assert seen == [*range(1, before + 1), SIZE]


def test_a_change_by_a_finalizer_of_python_is_seen(lua, numbers):
    class Cycle:
        def __init__(self):
            self.me = self

        def __del__(self):
            lua.execute("for k in pairs(t) do t[k] = 0 end")

    values = iter(numbers.values())
    assert [next(values) for _ in range(10)] == list(range(1, 11))
    Cycle()
    gc.collect()
    assert set(values) == {0}


def test_a_change_by_another_thread_is_seen(lua, numbers):
    values = iter(numbers.values())
    assert [next(values) for _ in range(10)] == list(range(1, 11))
    thread = threading.Thread(target=lua.execute, args=("for k in pairs(t) do t[k] = 0 end",))
    thread.start()
    thread.join()
    assert set(values) == {0}


def test_two_threads_share_an_iterator(numbers):
    shared, seen = iter(numbers), []

    def work():
        for key in shared:
            seen.append(key)
            numbers[key]  # so that both go to Lua in turn

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, SIZE + 1))


def test_a_closed_runtime_gives_no_more(lua, numbers):
    values = iter(numbers.values())
    assert [next(values) for _ in range(10)] == list(range(1, 11))
    lua.close()
    with pytest.raises(RuntimeError, match="closed"):
        next(values)


def test_a_step_that_fails_does_so_in_its_turn(lua):
    from pyhelper import LuaRuntime

    strict = LuaRuntime(encoding="ascii")
    t = strict.eval(r"{1, 2, 3, 4, 5, 6, 'caf\195\169', 8}")
    values = iter(t.values())
    assert [next(values) for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(UnicodeDecodeError):
        next(values)
    assert list(values) == [8]


def test_an_iterator_that_is_not_used_up_keeps_nothing(lua):
    t = lua.eval("{}")
    for i in range(1, 101):
        t[i] = lua.eval("{}")
    before = lua._state.live()
    values = iter(t.values())
    some = [next(values) for _ in range(20)]
    seen = weakref.ref(some[0])
    assert lua._state.live()[1] > before[1]
    del values, some
    assert seen() is None
    assert lua._state.live() == before


def test_the_steps_of_pairs_run_one_at_a_time(lua, version):
    if version < (5, 2):
        pytest.skip("this Lua has no __pairs")
    t = lua.eval(
        """setmetatable({}, {__pairs = function()
            return function(_, k)
                steps = (steps or 0) + 1
                if k < 50 then return k + 1, k end
            end, nil, 0
        end})"""
    )
    for i, key in enumerate(t, 1):
        assert key == i == lua.globals().steps


def test_an_iterator_may_be_used_up_by_what_it_throws_away(run_python):
    """The last reference to an item that was fetched ahead has a callback, and
    the iterator the last one to its table."""
    code = """
        import weakref
        from pyhelper import LuaRuntime

        lua = LuaRuntime()
        for taken in range(1, 40):
            lua.execute("t = {}; for i = 1, 100 do t[i] = {i} end")
            values = iter(lua.globals().t.values())
            for _ in range(taken):
                next(values)
            children, armed = lua.globals().t, []
            watched = [
                weakref.ref(children[i], lambda w: armed and list(values)) for i in range(1, 101)
            ]
            lua.execute("t = nil")
            del children
            armed.append(True)
            next(values, None)
        print("lives")
    """
    output = run_python(textwrap.dedent(code), env={"PYTHONMALLOC": "debug"})
    assert output == "lives\n"


def test_each_kind_of_key_is_a_place_to_go_on_from(lua):
    keys = [f"k{i}" for i in range(20)] + [*range(-10, 30), 0.5, 2.0**60, -(2.0**70), 1e300]
    if lua.lua_version >= (5, 3):
        keys += [2**53 + 1, 2**63 - 1, -(2**63)]
    table = lua.table_from(dict.fromkeys(keys, 1))
    for before in range(len(keys)):
        seen = []
        for key in table:
            seen.append(key)
            if len(seen) == before:
                lua.execute("")  # throws away what was fetched ahead
        assert len(seen) == len(keys)
        assert set(seen) == set(keys)


def test_an_iterator_may_end_in_its_own_step(lua, version):
    if version < (5, 2):
        pytest.skip("this Lua has no __pairs")
    lua.execute(
        """t = setmetatable({}, {__pairs = function(t)
            return function(_, k)
                calls = (calls or 0) + 1
                if calls == 1 then use_up() return 5, 6 end
            end, t, nil
        end})"""
    )
    for view, expected in (("keys", 5), ("values", 6), ("items", (5, 6))):
        lua.globals().calls = None
        items = iter(getattr(lua.globals().t, view)())
        lua.globals().use_up = lambda items=items: list(items)
        assert next(items) == expected
        assert list(items) == []


def test_an_iterator_may_be_used_up_by_a_finalizer_in_its_step(run_python):
    """Up to Python 3.11 a collection may begin where an item is made."""
    code = """
        import gc
        from pyhelper import LuaRuntime

        class Cycle:
            def __init__(self):
                self.me = self

            def __del__(self):
                list(items)

        lua = LuaRuntime()
        lua.execute("t = {}; for i = 1, 200 do t[i] = {i} end")
        for threshold in range(1, 100):
            gc.collect()
            gc.set_threshold(100000)
            items = iter(lua.globals().t.values())
            first = [next(items) for _ in range(4)]
            Cycle()
            gc.set_threshold(threshold)
            for item in items:
                first.append(item)
        print("lives")
    """
    assert run_python(textwrap.dedent(code)) == "lives\n"
