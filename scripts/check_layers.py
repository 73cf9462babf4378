# SPDX-License-Identifier: MIT
"""Prove the layer table of docs/architecture.md from the includes in csrc/.

A file may include files of its own unit and of the layers above it (earlier in
LAYERS), nothing else. lua.h and Python.h each have one includer.
"""

import os
import re
import sys

CSRC = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "csrc")

# One row per layer: what stands beside each other must not know each other. A
# unit is a folder, a file without its ending, or a file.
LAYERS = (
    ("base",),
    ("cross/protect.h",),
    ("handle",),
    ("cross", "tensor"),
    ("convert",),
    ("object/door",),
    ("object", "module", "numpy_tensor", "torch7_tensor"),
    ("python_bridge", "loader"),
)
UNITS = {unit: number for number, row in enumerate(LAYERS) for unit in row}

ONLY_INCLUDER = {
    "lua.h": "base/lua_api.h",
    "lauxlib.h": "base/lua_api.h",
    "lualib.h": "base/lua_api.h",
    "Python.h": "base/py_api.h",
    "structmember.h": "base/py_api.h",
}

# The rules that the rows cannot express: (file, what it may never reach, why).
NEVER = (
    ("handle/py_handle.", "handle/lua_handle.h", "the two handles never include each other"),
    ("handle/lua_handle.", "handle/py_handle.h", "the two handles never include each other"),
    ("loader", "base/py_api.h", "the loader runs before any Python is there"),
)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def unit(path):
    """The member of LAYERS that a file belongs to: the narrowest, or None."""
    folder = path.split("/")[0]
    names = (path, os.path.splitext(path)[0], folder, os.path.splitext(folder)[0])
    return next((name for name in names if name in UNITS), None)


def rank(path):
    return UNITS.get(unit(path))


def read_includes(root):
    """{file: [(name as written, file of ours or None)]}"""
    files = {}
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith((".c", ".h")):
                path = os.path.join(folder, name)
                with open(path) as source:
                    files[os.path.relpath(path, root)] = INCLUDE.findall(source.read())
    return {
        path: [(name, resolve(path, name, files)) for _, name in found]
        for path, found in files.items()
    }


def resolve(includer, name, files):
    beside = os.path.normpath(os.path.join(os.path.dirname(includer), name))
    return next((path for path in (beside, name) if path in files), None)


def check_include(path, name, target):
    """Yield what is wrong with one include."""
    if target is None:
        if ONLY_INCLUDER.get(name, path) != path:
            yield f"only {ONLY_INCLUDER[name]} may include {name}"
        if name.startswith("numpy/"):
            yield "NumPy's headers are not needed and not wanted"
    elif rank(target) is None:
        yield f"{target} is in no layer"
    elif unit(target) != unit(path) and rank(target) >= rank(path):
        yield f"{target} does not stand above {unit(path)}"


def reachable(path, includes):
    seen, todo = set(), [path]
    while todo:
        for _, target in includes[todo.pop()]:
            if target and target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def problems(includes):
    for path, found in sorted(includes.items()):
        if rank(path) is None:
            yield f"csrc/{path}: is in no layer"
            continue
        for name, target in found:
            for problem in check_include(path, name, target):
                yield f"csrc/{path}: {problem}"
        reached = reachable(path, includes)
        if path in reached:
            yield f"csrc/{path}: includes itself in a circle"
        for prefix, forbidden, why in NEVER:
            if path.startswith(prefix) and forbidden in reached:
                yield f"csrc/{path}: reaches {forbidden}, but {why}"


def main(root=CSRC):
    includes = read_includes(root)
    found = list(problems(includes))
    print("\n".join(found) if found else f"layers: {len(includes)} files, all in order")
    return 1 if found or not includes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
