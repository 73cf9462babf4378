# SPDX-License-Identifier: MIT
"""The end of a Python host with Lua in it."""

import subprocess
import sys

import pytest

pytest.importorskip("pyhelper")

DAEMONS = """
import sys, threading, time, types
import pyhelper
sys.setswitchinterval(1e-5)
lua = pyhelper.LuaRuntime()
f = lua.eval('''function(spin)
  local t = {}
  coroutine.wrap(function()
    local function f() return t end
    spin(f)
  end)()
end''')

def spin(*args):
    for _ in range(2000): pass

def work():
    while True: f(spin)

class Final:
    def __del__(self, f=f, spin=lambda *args: None):
        for _ in range(50): f(spin)
        print("final", flush=True)

holder = types.ModuleType("holder")
holder.kept = Final()
sys.modules["holder"] = holder
del holder
for _ in range(6):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.03)
"""


def test_daemon_threads_may_be_deep_in_calls_of_both_languages():
    for _ in range(5):
        result = subprocess.run(
            [sys.executable, "-c", DAEMONS], capture_output=True, text=True, timeout=20
        )
        assert result.stderr == ""
        assert result.returncode == 0
        assert result.stdout == "final\n"


ENDED_TWICE = """
import atexit
import pyhelper
states = [pyhelper.LuaRuntime() for _ in range(20)]
atexit.register(pyhelper._core.keep_lua)
print("ended")
"""


def test_taking_the_states_at_the_end_twice_does_no_harm():
    """As when two threads load the core at once."""
    result = subprocess.run(
        [sys.executable, "-c", ENDED_TWICE], capture_output=True, text=True, timeout=20
    )
    assert (result.stdout, result.stderr, result.returncode) == ("ended\n", "", 0)
