# SPDX-License-Identifier: MIT
"""The environment in which every Lua and Python finds the built tree.

python scripts/environment.py            prints it as shell commands
python scripts/environment.py COMMAND…   runs COMMAND in it
"""

import os
import shlex
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TREE = os.path.join(ROOT, ".tree")
VENV = os.path.join(ROOT, ".venv")

# Lua 5.1, LuaJIT and Torch7's `th` read LUA_PATH alone; from 5.2 on, the
# variable with the version wins over it. So all of them fit in one shell.
SUFFIXES = {"5.1": "", "5.2": "_5_2", "5.3": "_5_3", "5.4": "_5_4"}

# What would choose another interpreter than ours, or break it.
CLEARED = ("LUAPY_PYTHON", "CONDA_PREFIX", "PYTHONHOME")


def _before(ours, others, separator):
    """Put our entries in front of a path, unless they are there already."""
    joined = separator.join(ours)
    others = others.removeprefix(joined)
    if others and not others.startswith(separator):
        joined += separator
    return joined + others


def lua_variables(tree, base):
    """LUA_PATH and LUA_CPATH of every version for one LuaRocks tree."""
    result = {}
    for abi, suffix in SUFFIXES.items():
        share = os.path.join(tree, "share", "lua", abi)
        lib = os.path.join(tree, "lib", "lua", abi)
        for name, entries in (
            ("LUA_PATH", [share + "/?.lua", share + "/?/init.lua"]),
            ("LUA_CPATH", [lib + "/?.so"]),
        ):
            # ";;" is where Lua puts its own default path.
            others = base.get(name + suffix) or base.get(name) or ";;"
            result[name + suffix] = _before(entries, others, ";")
    return result


def variables(base, tree=TREE, venv=VENV):
    """What to set in a shell so that both languages find lua-py."""
    pyhelper = os.path.join(tree, "share", "lua", "5.1", "py", "python")
    result = lua_variables(tree, base)
    result["VIRTUAL_ENV"] = venv
    result["PATH"] = _before([venv + "/bin"], base.get("PATH", os.defpath), ":")
    result["PYTHONPATH"] = _before([pyhelper], base.get("PYTHONPATH", ""), ":")
    return result


def main(command):
    env = variables(os.environ)
    if command:
        kept = {k: v for k, v in os.environ.items() if k not in CLEARED}
        os.execvpe(command[0], command, {**kept, **env})
    print("unset " + " ".join(CLEARED))
    for name, value in env.items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main(sys.argv[1:])
