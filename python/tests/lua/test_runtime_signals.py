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


ENTRIES = {
    "coroutine": "next(lua.eval('function() while true do end end').coroutine())",
    "send": "started.send(1)",
    "coroutine in one": "next(lua.eval('function() inner() end').coroutine())",
    "__index": "t.x",
    "__add": "t + 1",
    "__tostring": "str(t)",
    "from Python's C": "list(map(lua.eval('function() while true do end end'), [1]))",
}


@pytest.mark.parametrize("name", ENTRIES)
def test_ctrl_c_wherever_python_enters(run_python, name):
    out = run_python(
        START.format(code=ENTRIES[name])
        + """
t, started = lua.execute('''
    inner = coroutine.wrap(function() while true do end end)
    local function f() while true do end end
    return setmetatable({}, {__index = f, __add = f, __tostring = f}),
        coroutine.create(function() coroutine.yield() while true do end end)
''')
next(started)
threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
start = time.monotonic()
try:
    eval(compile(code, "code", "eval"))  # of a str it would end the process by SIGINT
except KeyboardInterrupt:
    print(time.monotonic() - start < 2, lua.eval('1 + 1'))
"""
    )
    assert out == "True 2\n"


WAITING = """
lua.execute("function hold() local c = os.clock() repeat until os.clock() - c > 1.5 end")
holder = threading.Thread(target=lua.globals().hold)
holder.start()
time.sleep(0.05)
"""


def test_ctrl_c_while_another_thread_runs_lua(run_python):
    """The main thread waits for its turn."""
    out = run_python(
        START.format(code="1 + 1")
        + WAITING
        + """
threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    lua.eval(code)
except KeyboardInterrupt:
    print(holder.is_alive())
holder.join()
print(lua.eval(code))
"""
    )
    assert out == "True\n2\n"


def test_a_handler_uses_the_lua_that_is_waited_for(run_python):
    out = run_python(
        START.format(code="1 + 1")
        + WAITING
        + """
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(lua.eval('6 * 7')))
signal.setitimer(signal.ITIMER_REAL, 0.2)
print(lua.eval(code), seen)
"""
    )
    assert out == "2 [42]\n"


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
