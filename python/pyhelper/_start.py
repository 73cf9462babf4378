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

    _core.set_errors(
        _exceptions.LuaError,
        _exceptions.LuaSyntaxError,
        _exceptions.LuaMemoryError,
        _exceptions.LuaStack,
    )
    if embedded:
        import atexit
        import sys

        from . import _signals, _streams

        _streams.install()
        # Which module spawned workers run as their main one.  Workers only take
        # the name from the spec, so that needs no loader, and we no import.
        spec = type(__spec__)("pyhelper._spawned_main", None)
        sys.modules["__main__"].__spec__ = spec
        _signals.install(embedded)
        atexit.register(_core.keep_lua)  # registered first, called last
