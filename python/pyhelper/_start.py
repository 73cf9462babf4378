# SPDX-License-Identifier: MIT
"""What happens once when a Lua host first uses Python."""

_started = False
choice = None  # what lua/py/interpreter.lua chose and why; None in a Python host


def start(embedded):
    """`embedded`: this Python lives for its Lua host alone."""
    global _started
    if _started:  # another Lua state of this process
        return
    _started = True
    from . import _core, _exceptions

    _core.set_errors(_exceptions.LuaError, _exceptions.LuaSyntaxError, _exceptions.LuaMemoryError)
    if embedded:
        import atexit

        from . import _signals, _spawned_main, _streams

        _streams.install()
        _spawned_main._luapy_mark_main()
        _signals.install(embedded)
        atexit.register(_core.keep_lua)  # registered first, called last
