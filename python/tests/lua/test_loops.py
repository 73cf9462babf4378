# SPDX-License-Identifier: MIT
"""Lua's loops over Python lists: items are fetched ahead, which nobody may notice."""

import threading
import time

import pytest
from pyhelper import LuaError

SIZE = 100  # several times what is fetched at once

COLLECT = """function(iterable)
    local items = {}
    for item in python.iter(iterable) do items[#items + 1] = item end
    return items
end"""

STEP_BY_STEP = """function(iterable)
    return coroutine.wrap(function()
        for item in python.iter(iterable) do coroutine.yield(item) end
    end)
end"""


@pytest.mark.parametrize("kind", [list, tuple])
def test_each_item_comes_once_as_it_is(lua, kind):
    kinds = (1, -2.5, True, False, "word", "a\0b", "é" * 20, "x" * 23, "x" * 24, "", b"x", object())
    for items in (kinds * 10, *((item,) * 40 for item in kinds)):
        seen = list(lua.eval(COLLECT)(kind(items)).values())
        assert seen == [item.decode() if item == b"x" else item for item in items]
        assert [type(item) for item in seen] == [str if i == b"x" else type(i) for i in items]


@pytest.mark.parametrize("at", [0, 1, 2, 3, 20, SIZE - 2])
def test_a_change_between_two_steps_is_seen(lua, at):
    items = list(range(SIZE))
    step = lua.eval(STEP_BY_STEP)(items)
    for i in range(at + 1):
        assert step() == i
    items[at + 1 :] = ["new"]
    assert step() == "new"
    assert step() is None


def test_a_change_by_another_thread_is_seen(lua):
    items = list(range(SIZE))
    started, changed = threading.Event(), threading.Event()

    def change():
        started.set()
        time.sleep(0.2)
        items[-1] = "changed"
        changed.set()

    thread = threading.Thread(target=change)
    thread.start()
    started.wait()
    last = lua.eval(
        """function(items, seconds)
            local last
            for item in python.iter(items) do
                if item == 50 then
                    local finish = os.clock() + seconds
                    repeat until os.clock() > finish
                end
                last = item
            end
            return last
        end"""
    )(items, 0.6)
    thread.join()
    assert changed.is_set()
    assert last == "changed"


def test_the_three_of_a_loop_are_what_lupa_gives(lua):
    step, state, control = lua.eval("function(o) return python.enumerate(o, 5) end")(["a", "b"])
    assert next(state) == "a"
    assert control == 4
    assert step(state, control) == (5, "b")
    assert step(state, 5) is None
    with pytest.raises(LuaError, match=r"for x in python\.iter\(object\) do"):
        lua.execute("python.iter({1})()")
