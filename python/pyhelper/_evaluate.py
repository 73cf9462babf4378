# SPDX-License-Identifier: MIT
"""python.eval and python.exec of a Python host: the code sees the variables
of the Python code that called Lua, as with the builtin functions."""

import builtins
import os
import sys

_HERE = os.path.dirname(__file__)


def eval(code, globals=None, locals=None):
    return builtins.eval(code, *_scope(globals, locals))


def exec(code, globals=None, locals=None):
    builtins.exec(code, *_scope(globals, locals))


def _scope(globals, locals):
    if globals is not None:
        return globals, globals if locals is None else locals
    frame = sys._getframe(2)
    while frame is not None and os.path.dirname(frame.f_code.co_filename) == _HERE:
        frame = frame.f_back
    if frame is None:
        main = sys.modules["__main__"].__dict__
        return main, main
    return frame.f_globals, frame.f_locals if locals is None else locals
