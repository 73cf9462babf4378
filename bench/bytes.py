# SPDX-License-Identifier: MIT
"""Measures what lives: bytes per reference that Lua holds, and per Lua table
that Python holds, in a Python host.

python bench/bytes.py lupa|pyhelper
  prints lines like python_host.py.  Resident memory counts whatever belongs to
  an object: its header, its place in tables of the bridge, what the collectors
  and malloc keep beside it.
"""

import gc
import os
import sys

COUNT = 200_000
COLLECT = "collectgarbage() collectgarbage()"


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bytes_each(lua, hold, *args):
    """How much memory grows by each of COUNT objects that `hold` makes."""
    sizes = []
    for step in (lambda: None, lambda: hold(*args)):
        step()
        gc.collect()
        lua.execute(COLLECT)
        sizes.append(resident())
    return (sizes[1] - sizes[0]) / COUNT


def hold_tables(tables, kept):
    for i in range(COUNT):
        kept[i] = tables[i + 1]


def main(who):
    try:
        if who == "lupa":
            from lupa.luajit21 import LuaRuntime
        else:
            from pyhelper import LuaRuntime
    except ImportError as error:
        print(f"bytes\tskipped\t{who}: {error}")
        return
    lua = LuaRuntime()
    objects = [object() for _ in range(COUNT)]
    hold_references = lua.eval(
        "function(objects, kept) local i = 0 "
        "for object in python.iter(objects) do i = i + 1 kept[i] = object end end"
    )
    filled = lua.eval("function(n, f) local t = {} for i = 1, n do t[i] = f() end return t end")
    kept = filled(COUNT, lua.eval("function() return false end"))
    each = bytes_each(lua, hold_references, objects, kept)
    print(f"bytes per reference\t{who}\t{each:.1f}")
    tables = filled(COUNT, lua.eval("function() return {} end"))
    each = bytes_each(lua, hold_tables, tables, [None] * COUNT)
    print(f"bytes per Lua proxy\t{who}\t{each:.1f}")


if __name__ == "__main__":
    main(sys.argv[1])
