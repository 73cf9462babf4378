# SPDX-License-Identifier: MIT
"""Tests of Lua in a Python host.  LUAPY_LUA says on which Lua they run."""

import gc
import os
import subprocess
import sys

import pytest
from pyhelper import LuaRuntime


@pytest.fixture
def lua():
    return LuaRuntime()


@pytest.fixture(scope="session")
def version():
    return LuaRuntime().lua_version


@pytest.fixture
def run_python(tmp_path):
    """Run a script in a fresh process; return what it printed."""

    def run(code, *args, env=None, check=True):
        script = tmp_path / "script.py"
        script.write_text(code)
        result = subprocess.run(
            [sys.executable, "-X", "faulthandler", str(script), *args],
            env={**os.environ, **(env or {})},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check:
            assert result.returncode == 0, result.stderr
            return result.stdout
        return result

    return run


@pytest.fixture
def collect():
    def collect(lua):
        for _ in range(3):
            gc.collect()
            lua.gccollect()
            lua.execute("")

    return collect
