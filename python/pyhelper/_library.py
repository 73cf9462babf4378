# SPDX-License-Identifier: MIT
"""In a Python host: which Lua, and the core that was built for it.

A Lua is looked for under the names of its shared library; LUAPY_LIBLUA names
another file.  The core is in this package (wheel), in the tree of the rock
that this package belongs to, or where LUA_CPATH says.
"""

import os
import sys
from _thread import RLock  # type: ignore[attr-defined]

from . import __version__
from ._exceptions import LuaError, LuaMemoryError, LuaStack, LuaSyntaxError

_HERE = os.path.dirname(os.path.abspath(__file__))

# name -> (ABI, names of the library, Debian's package)
_LUAS = {
    "luajit": (
        "5.1",
        ("libluajit-5.1.so.2", "libluajit-5.1.so", "libluajit.so"),
        "libluajit-5.1-2",
    ),
    "5.4": ("5.4", ("liblua5.4.so.0", "liblua5.4.so", "liblua.so.5.4"), "liblua5.4-0"),
    "5.3": ("5.3", ("liblua5.3.so.0", "liblua5.3.so", "liblua.so.5.3"), "liblua5.3-0"),
    "5.2": ("5.2", ("liblua5.2.so.0", "liblua5.2.so", "liblua.so.5.2"), "liblua5.2-0"),
    "5.1": ("5.1", ("liblua5.1.so.0", "liblua5.1.so", "liblua.so.5.1"), "liblua5.1-0"),
}

loaded = None  # name of the Lua that a Python host opened
_loading = RLock()  # threads may make the first runtimes at once


def load(lua=None):
    """Load the core for `lua`, or for the first Lua that is there."""
    with _loading:
        return _load(lua)


def _load(lua):
    global loaded
    core = sys.modules.get("pyhelper._core")
    if hasattr(core, "LuaState"):
        if lua is not None:
            _check_same(_normal_name(lua), core)
        return core
    lua = lua or os.environ.get("LUAPY_LUA") or None
    names = [_normal_name(lua)] if lua else list(_LUAS)
    refusals = []
    for name in names:
        problem = _try(name)
        if problem is None:
            loaded = name
            return sys.modules["pyhelper._core"]
        refusals.append(f"{_title(name)}: {problem}")
    raise ImportError("pyhelper found no Lua that it could use:\n  " + "\n  ".join(refusals))


def lua_folder():
    """The folder of py/init.lua and the other Lua files."""
    number = load().LUA_VERSION_NUM
    abi = f"{number // 100}.{number % 100}"
    folders = [
        os.path.join(_HERE, "_lua", "share"),
        os.path.join(_tree(), "share", "lua", abi),
        *(p[: -len("?.lua")] for p in _search_path("LUA_PATH", abi) if p.endswith("?.lua")),
    ]
    for folder in folders:
        if os.path.isfile(os.path.join(folder, "py", "init.lua")):
            return os.path.abspath(folder)
    raise ImportError(f"pyhelper has no Lua files (py/init.lua) in {folders}")


def core_file():
    """The file of the core, which Lua code may need to open, too."""
    return os.path.abspath(load().core_file)


def _normal_name(lua):
    name = str(lua).lower().removeprefix("lua") if str(lua).lower() != "luajit" else "luajit"
    if name.isdigit() and len(name) == 2:
        name = f"{name[0]}.{name[1]}"
    if name not in _LUAS:
        raise ValueError(f"lua={lua!r}: expected one of {', '.join(map(repr, _LUAS))}")
    return name


def _title(name):
    return "LuaJIT" if name == "luajit" else f"Lua {name}"


def _check_same(name, core):
    if loaded is not None:
        if loaded == name:
            return
        there = _title(loaded)
    else:  # a Lua host
        number = core.LUA_VERSION_NUM
        there = f"Lua {number // 100}.{number % 100}"
        if _LUAS[name][0] == there[4:]:
            return
    raise RuntimeError(
        f"{_title(name)} cannot be loaded: this process runs {there} already, and one "
        "process can have one Lua only (choose it by the first LuaRuntime(lua=...) or "
        "by LUAPY_LUA)"
    )


def _try(name):
    """Load a Lua and its core; return what went wrong, or None."""
    abi, libraries, package = _LUAS[name]
    core = _find_core(abi)
    if core is None:
        own, any_abi = _core_folders(abi)
        return f"no core was built for ABI {abi} (looked in {', '.join(own + any_abi)})"
    problem = _open_library(libraries, package)
    if problem is not None:
        return problem
    _import_core(core)
    return None


def _tree():
    """The LuaRocks tree: TREE/share/lua/5.x/py/python/pyhelper is this folder."""
    return os.path.normpath(os.path.join(_HERE, *[os.pardir] * 6))


def _core_folders(abi):
    """Folders of one ABI, and those where any Lua's core may be."""
    own = [os.path.join(_HERE, "_lua", abi), os.path.join(_tree(), "lib", "lua", abi)]
    return own, [p[: -len("?.so")] for p in _search_path("LUA_CPATH", abi) if p.endswith("?.so")]


def _search_path(variable, abi):
    suffix = "" if abi == "5.1" else "_" + abi.replace(".", "_")
    value = os.environ.get(variable + suffix) or os.environ.get(variable) or ""
    return [entry for entry in value.split(";") if entry]


def _find_core(abi):
    own, any_abi = _core_folders(abi)
    for folder in own + any_abi:
        path = os.path.join(folder, "py", "core.so")
        if os.path.isfile(path) and (folder in own or _is_built_for(path, abi)):
            return os.path.abspath(path)
    return None


def _is_built_for(path, abi):
    """Is this core one for this ABI?  On another Lua it would crash."""
    with open(path, "rb") as file:
        return f"lua-py core for Lua {abi}\0".encode() in file.read()


def _open_library(libraries, package):
    """Open a liblua so that the core and Lua's C modules see its symbols."""
    # Without the package `ctypes`, whose import costs more than all of this.
    try:
        from _ctypes import dlopen
    except ImportError:
        return "this Python was built without _ctypes, which opens the library of Lua"
    chosen = os.environ.get("LUAPY_LIBLUA")
    errors = []
    for library in (chosen,) if chosen else libraries:
        try:
            return _check_first(dlopen(library, os.RTLD_NOW | os.RTLD_GLOBAL))
        except OSError as error:
            errors.append(str(error))
    return f"{errors[0]} (on Debian: apt-get install {package})"


def _check_first(handle):
    """Return None, or which other Lua would get the core's calls.

    Something else in this process may have opened one for all to see; the core
    would find that one's functions first.
    """
    from _ctypes import dlopen, dlsym

    found = dlsym(dlopen(None, os.RTLD_NOW), "lua_gettop")
    if found == dlsym(handle, "lua_gettop"):
        return None
    other = "?"
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                start, _, end = line.split(" ", 1)[0].partition("-")
                if int(start, 16) <= found < int(end, 16):
                    other = line.rstrip("\n").split(" ")[-1]
    except OSError:
        pass
    return f"another Lua is loaded for the whole process already: {other}"


def _import_core(path):
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import module_from_spec, spec_from_file_location

    name = "pyhelper._core"
    loader = ExtensionFileLoader(name, path)
    spec = spec_from_file_location(name, path, loader=loader)
    core = module_from_spec(spec)
    loader.exec_module(core)
    version = getattr(core, "version", "older than 0.1.0")
    if version != __version__:
        raise ImportError(
            f"pyhelper {__version__} ({_HERE}) does not work with the core of lua-py "
            f"{version} ({path}): install the same version of both"
        )
    core.set_errors(LuaError, LuaSyntaxError, LuaMemoryError, LuaStack)
    sys.modules[name] = core
    sys.modules["pyhelper"]._core = core
    import atexit

    from . import _signals

    _signals.install(embedded=False)  # so that Ctrl-C stops Lua code, too
    atexit.register(core.keep_lua)
