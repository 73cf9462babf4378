# SPDX-License-Identifier: MIT
"""Builds the core for every Lua whose headers are here, with CMakeLists.txt."""

import os
import subprocess
import sys
import sysconfig

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    from wheel.bdist_wheel import bdist_wheel

ROOT = os.path.dirname(os.path.abspath(__file__))

# ABI -> folders of lua.h, below the usual prefixes
HEADERS = {
    "5.1": ("lua5.1", "lua-5.1", "lua/5.1", "lua51", "luajit-2.1", "luajit-2.0"),
    "5.2": ("lua5.2", "lua-5.2", "lua/5.2", "lua52"),
    "5.3": ("lua5.3", "lua-5.3", "lua/5.3", "lua53"),
    "5.4": ("lua5.4", "lua-5.4", "lua/5.4", "lua54"),
}
PREFIXES = (sys.prefix, "/usr/local", "/usr", "/opt/local")
MISSING = """\
lua-py: no headers of Lua were found, so there is nothing to build for.
  On Debian or Ubuntu: apt-get install liblua5.1-0-dev libluajit-5.1-2
                   or: apt-get install liblua5.4-dev
  Elsewhere: set LUA_INCDIR to the folder of lua.h."""


def header_folders():
    """{ABI: folder of lua.h}, for those in LUAPY_ABIS ("5.1 5.4") if that is set"""
    found = {}
    given = os.environ.get("LUA_INCDIR")
    if given:
        found[_abi_of(given)] = given
    for abi, names in HEADERS.items():
        for prefix in PREFIXES:
            for name in names:
                folder = os.path.join(prefix, "include", name)
                if os.path.isfile(os.path.join(folder, "lua.h")):
                    found.setdefault(abi, folder)
    if not found:
        sys.exit(MISSING)
    wanted = os.environ.get("LUAPY_ABIS", "").split() or list(found)
    for abi in wanted:
        if abi not in found:
            sys.exit(
                f"lua-py: LUAPY_ABIS names {abi}, but headers were found for {', '.join(found)}.\n"
                + MISSING.split("\n", 1)[1].replace("5.4", abi if abi in HEADERS else "5.4")
            )
    return {abi: found[abi] for abi in wanted}


def _abi_of(folder):
    path = os.path.join(folder, "lua.h")
    try:
        with open(path) as file:
            text = file.read()
    except OSError as error:
        sys.exit(f"lua-py: LUA_INCDIR: {error}")
    for line in text.splitlines():
        words = line.split()
        if words[:2] == ["#define", "LUA_VERSION_NUM"]:
            return f"{words[2][0]}.{int(words[2][1:])}"
    for abi in HEADERS:
        if f'"Lua {abi}"' in text:
            return abi
    sys.exit(f"lua-py: {path} is not the header of Lua 5.1 to 5.4")


def run_cmake(abi, include, build, package):
    folder = os.path.join(build, "lua-" + abi)
    configure = [
        "cmake",
        "-S",
        ROOT,
        "-B",
        folder,
        f"-DLUA_INCDIR={include}",
        f"-DPYTHON_INCDIR={sysconfig.get_path('include')}",
        f"-DLIBDIR={os.path.join(package, '_lua', abi)}",
        f"-DLUADIR={os.path.join(package, '_lua', 'share')}",
        "-DLUAPY_WITH_PYTHON=OFF",
    ]
    for command in (
        configure,
        ["cmake", "--build", folder],
        ["cmake", "--install", folder],
    ):
        subprocess.check_call(command)


class BuildPy(build_py):
    """The Python files, and beside them the cores and the Lua files."""

    def run(self):
        super().run()
        if self.editable_mode:
            sys.exit("lua-py: no editable install; put python/ on PYTHONPATH after `make build`")
        found = header_folders()
        build = os.path.abspath(self.get_finalized_command("build").build_temp)
        package = os.path.join(os.path.abspath(self.build_lib), "pyhelper")
        for abi, include in found.items():
            run_cmake(abi, include, build, package)


class BdistWheel(bdist_wheel):
    """One wheel for all Pythons from 3.9 on: the core keeps to their stable ABI."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self):
        return "cp39", "abi3", super().get_tag()[2]


class BinaryDistribution(Distribution):
    def has_ext_modules(self):
        return True


setup(cmdclass={"build_py": BuildPy, "bdist_wheel": BdistWheel}, distclass=BinaryDistribution)
