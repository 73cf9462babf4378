# SPDX-License-Identifier: MIT
"""The wheel: both halves in one file, for every Python."""

import glob
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("CMakeLists.txt", "LICENSE", "README.md", "pyproject.toml", "setup.py")
FOLDERS = ("csrc", "lua", "packaging", "python/pyhelper")

# In which nothing says where the halves are.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("LUA", "PYTHON", "VIRTUAL_ENV", "PIP_"))
}

CODE = """
import os, sys
import pyhelper
lua = pyhelper.LuaRuntime()
version, same, path = lua.execute('''
  local py = require 'py'
  local path = debug.getinfo(py.new, 'S').source:sub(2)
  return py.info().luapy, require 'fb.python' == py, path
''')
package = os.path.dirname(pyhelper.__file__)
assert package.startswith(sys.argv[1]), package
assert path.startswith(os.path.join(package, "_lua", "")), path
assert pyhelper._library.core_file().startswith(os.path.join(package, "_lua", ""))
print(version, same, lua.eval("require 'py'.eval('6 * 7')"))
"""


def run(*command, **settings):
    result = subprocess.run(
        command, env={**CLEAN, **settings}, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("setuptools", minversion="70.1")
    if shutil.which("cmake") is None:
        pytest.skip("there is no cmake")
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copy(ROOT / name, source / name)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel")
    options = ("--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(source))
    run(*pip, *options, str(source), LUAPY_ABIS="5.1")
    (path,) = source.glob("*.whl")
    return path


def test_has_both_halves_and_says_for_whom(wheel):
    assert "-cp39-abi3-linux_" in wheel.name
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "pyhelper/__init__.py",
        "pyhelper/_lua/5.1/py/core.so",
        "pyhelper/_lua/share/py/init.lua",
        "pyhelper/_lua/share/fb/python.lua",
        "pyhelper/py.typed",
    } <= names
    assert not [name for name in names if "__pycache__" in name]
    assert len([n for n in names if n.endswith("_runtime.py")]) == 1  # no second copy


def test_is_all_that_a_fresh_environment_needs(wheel, tmp_path):
    version = wheel.name.split("-")[1]
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", str(venv))
    python = str(venv / "bin" / "python")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--no-index", str(wheel))
    assert run(python, "-c", CODE, str(venv)) == f"{version} True 42\n"
    library = os.path.dirname(run(python, "-c", "import pyhelper as p; print(p.__path__[0])"))
    others = sorted(glob.glob(str(ROOT / ".venvs" / "3.*" / "bin" / "python")))
    for other in others:  # the same files
        assert run(other, "-c", CODE, library, PYTHONPATH=library) == f"{version} True 42\n"


WITHOUT_HEADERS = """
import os, runpy, sys
found, hidden = os.path.isfile, sys.argv[1]
os.path.isfile = lambda path: not str(path).endswith(hidden) and found(path)
sys.argv = ["setup.py", "build_py"]
runpy.run_path("setup.py", run_name="__main__")
"""


@pytest.mark.parametrize(
    "hidden, abis, message",
    [
        ("lua.h", "", "no headers of Lua were found"),
        ("-", "5.1 5.9", "LUAPY_ABIS names 5.9, but headers were found for"),
        ("lua5.4/lua.h", "5.4 5.1", "LUAPY_ABIS names 5.4, but headers were found for"),
    ],
)
def test_says_which_package_to_install(tmp_path, hidden, abis, message):
    pytest.importorskip("setuptools", minversion="70.1")
    for name in SOURCES:
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "python/pyhelper", tmp_path / "python/pyhelper")
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_HEADERS, hidden],
        cwd=tmp_path,
        env={**CLEAN, "LUAPY_ABIS": abis},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert message in result.stderr
    assert "apt-get install liblua5.4-dev" in result.stderr
