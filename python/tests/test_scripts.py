# SPDX-License-Identifier: MIT
"""The scripts that guard the code must themselves be able to say no."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import check_layers  # noqa: E402
import environment  # noqa: E402
import run_tests  # noqa: E402


def layer_problems(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(check_layers.problems(check_layers.read_includes(folder)))


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            {"base/a.c": '#include "convert/b.h"', "convert/b.h": ""},
            "convert/b.h does not stand above base",
        ),
        (
            {"cross/a.c": '#include "tensor/b.h"', "tensor/b.h": ""},
            "tensor/b.h does not stand above cross",
        ),
        (
            {"handle/a.c": '#include "cross/error.h"', "cross/error.h": ""},
            "cross/error.h does not stand above handle",
        ),
        (
            {"object/door.h": '#include "object/a.h"', "object/a.h": ""},
            "object/a.h does not stand above object/door",
        ),
        ({"object/a.c": "#include <Python.h>"}, "only base/py_api.h may include Python.h"),
        ({"object/a.c": '#include "lauxlib.h"'}, "only base/lua_api.h may include lauxlib.h"),
        ({"numpy_tensor.c": "# include <numpy/arrayobject.h>"}, "NumPy's headers"),
        ({"elsewhere/a.c": ""}, "is in no layer"),
        (
            {"base/a.h": '#include "b.h"', "base/b.h": '#include "base/a.h"'},
            "includes itself in a circle",
        ),
        (
            {
                "loader.c": '#include "base/state.h"',
                "base/state.h": '#include "py_api.h"',
                "base/py_api.h": "",
            },
            "the loader runs before any Python",
        ),
    ],
)
def test_layers_finds(tmp_path, files, problem):
    assert problem in "\n".join(layer_problems(tmp_path, files))


def test_layers_allows_what_stands_above_and_beside(tmp_path):
    files = {
        "base/py_api.h": "#include <Python.h>",
        "base/gil.h": '#include "py_api.h"\n#include <stdio.h>',
        "convert/call.c": '#include "base/gil.h"\n#include "call.h"',
        "convert/call.h": "",
        "cross/protect.h": "",
        "cross/protect.c": '#include "cross/protect.h"\n#include "handle/a.h"',
        "handle/a.h": '#include "cross/protect.h"',
        "object/door.h": "",
        "module/run.c": '#include "object/door.h"',
        "object/a.c": '#include "door.h"',
        "python_bridge.c": '#include "convert/call.h"',
    }
    assert layer_problems(tmp_path, files) == []


BUSTED = "{} successes / {} failures / {} errors / {} pending : 0.1 seconds\n"


@pytest.mark.parametrize(
    ("output", "status", "expected"),
    [
        (BUSTED.format(5, 0, 0, 2), 0, (5, 0, 2)),
        ("1 success / 1 failure / 1 error / 0 pending : 0.1 seconds\n", 2, (1, 2, 0)),
        (BUSTED.format(5, 0, 0, 0), -11, (5, 1, 0)),  # a crash at exit
        ("+++", -11, (0, 1, 0)),  # a crash before the summary
    ],
)
def test_busted_tally(output, status, expected):
    tally = run_tests.busted_tally(output, status)
    assert (tally.passed, tally.failed, tally.skipped) == expected


@pytest.mark.parametrize(
    ("output", "status", "expected"),
    [
        ("3 passed, 1 skipped in 0.1s", 0, (3, 0, 1)),
        ("1 failed, 2 passed, 2 errors in 0.1s", 1, (2, 3, 0)),
        ("no tests ran in 0.1s", 5, (0, 1, 0)),
    ],
)
def test_pytest_tally(output, status, expected):
    tally = run_tests.pytest_tally(output, status)
    assert (tally.passed, tally.failed, tally.skipped) == expected


def test_environment_keeps_what_was_there_and_is_stable():
    base = {"LUA_PATH": "/old/?.lua;;", "PATH": "/usr/bin"}
    once = environment.variables(base, tree="/t", venv="/v")
    assert once["LUA_PATH"] == "/t/share/lua/5.1/?.lua;/t/share/lua/5.1/?/init.lua;/old/?.lua;;"
    assert once["LUA_CPATH_5_4"] == "/t/lib/lua/5.4/?.so;;"
    # Where 5.4 had no path of its own, it read LUA_PATH.
    assert once["LUA_PATH_5_4"].endswith(";/old/?.lua;;")
    assert once["PATH"] == "/v/bin:/usr/bin"
    assert "LD_LIBRARY_PATH" not in once
    assert environment.variables({**base, **once}, tree="/t", venv="/v") == once


def test_environment_prints_what_a_shell_can_read():
    output = subprocess.check_output(
        [sys.executable, str(SCRIPTS / "environment.py")], text=True, env={"PATH": "/a b:/usr/bin"}
    )
    shown = subprocess.check_output(["sh", "-c", output + '\nprintf %s "$PATH"'], text=True)
    assert shown == f"{environment.VENV}/bin:/a b:/usr/bin"
