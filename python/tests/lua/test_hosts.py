# SPDX-License-Identifier: MIT
"""Python hosts: a static executable, a core of another version, streams."""

import contextlib
import ctypes.util
import io
import os
import shutil
import subprocess
import sys

import pyhelper
import pytest

FOLDER = os.path.dirname(pyhelper.__file__)

STATIC = """
import sys
def libraries():
    with open("/proc/self/maps") as maps:
        return {line.split("/", 1)[1] for line in maps if "libpython" in line}
if libraries() or sys.version_info < (3, 9):
    sys.exit("not static")
sys.path.insert(0, sys.argv[1])
import pyhelper
lua = pyhelper.LuaRuntime()
class Weird:
    def method(self, f): return f(self)
assert lua.eval("function(o) return o.method(function(x) return x end) == o end")(Weird())
lua.execute("py = require 'py'")
assert lua.eval("py.eval('[n * k for n in (1, 2)]', {k = 21})[2]") == 42
try:
    lua.execute("py.exec 'raise KeyError(1)'")
except KeyError as error:
    print(error, libraries())
"""


def static_pythons():
    names = {sys.executable, getattr(sys, "_base_executable", ""), "/usr/bin/python3"}
    return sorted({os.path.realpath(name) for name in names if os.path.exists(name)})


def test_static_executable():
    """One without a shared libpython: the core takes the executable's symbols."""
    ran = 0
    for python in static_pythons():
        result = subprocess.run(
            [python, "-I", "-c", STATIC, os.path.dirname(FOLDER)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if result.stderr == "not static\n":
            continue
        ran += 1
        assert (result.stdout, result.stderr, result.returncode) == ("1 set()\n", "", 0)
    if not ran:
        pytest.skip("no static Python on this machine")


def test_core_of_another_version_is_refused(run_python, tmp_path):
    core = pyhelper._library.core_file()
    number = pyhelper._core.LUA_VERSION_NUM
    package = tmp_path / "lib" / "pyhelper"
    place = package / "_lua" / f"{number // 100}.{number % 100}" / "py"
    shutil.copytree(FOLDER, package, ignore=shutil.ignore_patterns("__pycache__", "_lua"))
    place.mkdir(parents=True)
    with open(core, "rb") as file:
        changed = file.read().replace(f"\0{pyhelper.__version__}\0".encode(), b"\x009.8.7\0")
    (place / "core.so").write_bytes(changed)
    code = (
        "import pyhelper\n"
        "try: pyhelper.LuaRuntime()\n"
        "except ImportError as error: print(error)\n"
    )
    env = {"PYTHONPATH": str(tmp_path / "lib")}
    assert run_python(code, env=env) == (
        f"pyhelper {pyhelper.__version__} ({package}) does not work with the core of "
        f"lua-py 9.8.7 ({place}/core.so): install the same version of both\n"
    )


OTHER = """
import _ctypes, os, sys
_ctypes.dlopen(sys.argv[1], os.RTLD_NOW | os.RTLD_GLOBAL)
import pyhelper
try:
    pyhelper.LuaRuntime(lua=sys.argv[2])
except ImportError as error:
    print(error)
lua = pyhelper.LuaRuntime(lua=sys.argv[3])
print(lua.lua_version, lua.eval("jit ~= nil"))
"""


def test_another_lua_opened_for_all_is_not_mixed_up(run_python):
    library = pyhelper._library
    name = os.environ.get("LUAPY_LUA", "luajit")
    other = "5.4" if name != "5.4" else "luajit"
    for lua in name, other:
        problem = library._find_core(library._LUAS[lua][0]) is None
        if problem or not ctypes.util.find_library(_short(lua)):
            pytest.skip(f"there is no Lua {lua}")
    first = library._LUAS[other][1][0]
    output = run_python(OTHER, first, name, other)
    assert "another Lua is loaded for the whole process already: /" in output
    assert first in output
    assert output.endswith("(5, 1) True\n" if other == "luajit" else "(5, 4) False\n")


def _short(lua):
    return "luajit-5.1" if lua == "luajit" else f"lua{lua}"


PRINTS = """
print("a", nil, 1)
io.write("b", 2, "\\n")
io.stdout:write("grün\\n"):flush()
io.stderr:write("c\\n")
"""


class NotebookStream(io.TextIOBase):
    """What ipykernel puts in place of sys.stdout: text only, no descriptor."""

    encoding = "UTF-8"

    def __init__(self):
        self.parts = []

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self.parts.append(text)
        return len(text)

    def writable(self):
        return True

    def flush(self):
        self.parts.append("")

    def fileno(self):
        raise io.UnsupportedOperation("fileno")


class TestStreams:
    def test_of_a_notebook(self, lua):
        out, err = NotebookStream(), NotebookStream()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            lua.execute(PRINTS)
            print("python")
            lua.execute("io.write('bytes \\255', '\\n')")
        assert "".join(out.parts) == "a\tnil\t1\nb2\ngrün\npython\nbytes \\xff\n"
        assert "".join(err.parts) == "c\n"

    def test_of_a_plain_object(self, lua):
        class Plain:
            text = ""

            def write(self, text):
                Plain.text += text

            def flush(self):
                pass

        with contextlib.redirect_stdout(Plain()):
            lua.execute("print 'seen'")
        assert Plain.text == "seen\n"

    def test_of_capsys(self, lua, capsys):
        lua.execute(PRINTS)
        assert capsys.readouterr() == ("a\tnil\t1\nb2\ngrün\n", "c\n")

    def test_of_capfd(self, lua, capfd):
        lua.execute(PRINTS)
        print("python")
        assert capfd.readouterr() == ("a\tnil\t1\nb2\ngrün\npython\n", "c\n")

    def test_whose_write_fails(self, lua):
        class Full:
            def write(self, text):
                raise OSError(28, "No space left on device")

        with contextlib.redirect_stdout(Full()), pytest.raises(OSError, match="No space"):
            lua.execute("print 'lost'")

    def test_that_is_not_there(self, lua):
        """As under pythonw and in daemons."""
        with contextlib.redirect_stdout(None):
            lua.execute("print 'nowhere' io.write 'nowhere' io.stdout:flush()")
