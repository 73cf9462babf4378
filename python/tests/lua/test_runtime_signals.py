# SPDX-License-Identifier: MIT
"""Signals stop Lua code: Ctrl-C, and an alarm as a timeout.

LuaJIT runs these without its compiler: compiled loops see no hooks.
"""

import pytest

START = """
import os, signal, threading, time, pyhelper
lua = pyhelper.LuaRuntime()
lua.execute('if jit then jit.off() end')
code = {code!r}
start = time.monotonic()
"""

LOOPS = [
    "while true do end",
    "local s = 0 while true do s = s + #tostring(s) end",
    "coroutine.wrap(function() while true do math.sin(1) end end)()",
]


@pytest.mark.parametrize("code", LOOPS)
def test_ctrl_c(run_python, code):
    out = run_python(
        START.format(code=code)
        + """
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    lua.execute(code)
except KeyboardInterrupt:
    print(time.monotonic() - start < 2, lua.eval('1 + 1'))
"""
    )
    assert out == "True 2\n"


def test_timeout(run_python):
    out = run_python(
        START.format(code=LOOPS[0])
        + """
def on_alarm(*_):
    raise TimeoutError('too long')

signal.signal(signal.SIGALRM, on_alarm)
signal.setitimer(signal.ITIMER_REAL, 0.3)
try:
    lua.execute(code)
except TimeoutError as error:
    print(error, lua.eval('1 + 1'))
"""
    )
    assert out == "too long 2\n"
