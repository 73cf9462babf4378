# SPDX-License-Identifier: MIT
"""Ctrl-C and other signals while Lua runs in a Python host."""

import os
import subprocess
import sys

import pytest

pyhelper = pytest.importorskip("pyhelper")

BEFORE = """
import os, signal, threading, time
import pyhelper

def runtime():
    lua = pyhelper.LuaRuntime()
    lua.execute("if jit then jit.off() end")  # compiled loops see no hooks
    return lua

def interrupt_soon():
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.daemon = True
    timer.start()
"""


def run(body):
    """Return what a fresh process prints."""
    result = subprocess.run(
        [sys.executable, "-c", BEFORE + body],
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert result.stderr == ""
    assert result.returncode == 0
    return result.stdout


@pytest.mark.parametrize(
    "code",
    [
        "while true do end",
        "coroutine.wrap(function() while true do end end)()",
    ],
)
def test_ctrl_c_stops_lua_code(code):
    body = f"""
lua = runtime()
interrupt_soon()
try:
    lua.execute({code!r})
except KeyboardInterrupt:
    print("stopped", lua.eval("1 + 1"))
"""
    assert run(body) == "stopped 2\n"


def test_python_handlers_run_while_lua_code_runs():
    body = """
lua = runtime()
signal.signal(signal.SIGINT, lambda *args: print("handled"))
interrupt_soon()
lua.execute("local start = os.clock() while os.clock() - start < 0.4 do end")
print("done")
"""
    assert run(body) == "handled\ndone\n"


def test_a_runtime_made_in_a_thread_leaves_signals_to_the_main_one():
    body = """
made = []
thread = threading.Thread(target=lambda: made.append(runtime()))
thread.start()
thread.join()
runtime()
interrupt_soon()
try:
    made[0].execute("while true do end")
except KeyboardInterrupt:
    print("stopped")
"""
    assert run(body) == "stopped\n"


def test_ctrl_c_ends_waiting_for_a_lua_that_another_thread_keeps():
    body = """
lua = runtime()
threading.Thread(target=lua.execute, args=("while true do end",), daemon=True).start()
time.sleep(0.05)
interrupt_soon()
started = time.monotonic()
try:
    lua.eval("1")
except KeyboardInterrupt:
    print("stopped", time.monotonic() - started < 1, flush=True)
os._exit(0)
"""
    assert run(body) == "stopped True\n"
