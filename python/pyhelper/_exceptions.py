# SPDX-License-Identifier: MIT
"""Errors of Lua as Python exceptions.

They do not need the core, so that a program can name them before it chooses
a Lua; the core is told of them when it starts.
"""


class LuaError(Exception):
    """An error raised by Lua.

    `value` is the Lua error value; `traceback` is the Lua stack where the
    error arose, as text, or None.
    """

    value = None
    _lua_trace = None  # what the core captured, or text after unpickling

    @property
    def traceback(self):
        trace = self._lua_trace
        if trace is None or isinstance(trace, str):
            return trace
        from . import _core

        return _core.trace_text(trace)

    def __reduce__(self):
        """Lua objects stay where they are; text and plain values travel."""
        value = self.value
        if not isinstance(value, (str, bytes, int, float, type(None))):
            value = str(self)
        return type(self), self.args, {"value": value, "_lua_trace": self.traceback}


class LuaSyntaxError(LuaError):
    """Lua source that does not compile."""


class LuaMemoryError(LuaError, MemoryError):
    """Lua ran out of memory, or past its max_memory."""


class LuaStack:
    """The Lua stack that an exception of Python has passed: text when read."""

    __slots__ = ("_trace",)

    def __init__(self, trace):
        self._trace = trace

    def __str__(self):
        from . import _core

        return _core.trace_text(self._trace)

    def __reduce__(self):
        return str, (str(self),)


def lua_traceback(error):
    """The Lua stack of a LuaError, or the one that another exception passed on
    its way from Python through Lua to Python, as text; None if there is none."""
    if isinstance(error, LuaError):
        return error.traceback
    stack = getattr(error, "__lua_stack__", None)
    return None if stack is None else str(stack)


for _cls in (LuaError, LuaSyntaxError, LuaMemoryError):
    _cls.__module__ = "pyhelper"  # where users take it from
