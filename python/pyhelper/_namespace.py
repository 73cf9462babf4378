# SPDX-License-Identifier: MIT
"""Code blocks that run in a dict: `locals` is a reference to it."""

import builtins
import sys

_builtins = builtins.__dict__
_code_type = type((lambda: 0).__code__)
# Python 3.9 looks for the builtins of a function in its globals at each call;
# later versions when the function is made.
_KEPT_FOR_FUNCTIONS = sys.version_info < (3, 10)


def run_in(code, namespace, main, declared):
    """Run `code` with `namespace` as its globals.

    Names not in it come from `main`, then `builtins`.  What the code declares
    `global` (the names `declared`) is kept out of the dict, and moved to
    `main` when the run ends; a function that assigns such a name later assigns
    it in the dict.
    """
    hidden = {n: namespace.pop(n) for n in declared if n in namespace}
    before = namespace.get("__builtins__")
    namespace["__builtins__"] = _fallback(main)
    try:
        return eval(code, namespace)
    finally:
        if before is not None:
            namespace["__builtins__"] = before
        elif not (_KEPT_FOR_FUNCTIONS and _defines_functions(code)):
            namespace.pop("__builtins__", None)
        for name in declared:
            if name in namespace:
                main[name] = namespace.pop(name)
        namespace.update(hidden)


class _Fallback(dict):
    """The `__builtins__` of a namespace: `__main__`, then `builtins`.

    The interpreter looks names up by `__getitem__` in a dict that is not
    exactly a dict, but takes `__import__` from the contents.
    """

    __slots__ = ("main",)

    def __getitem__(self, name):
        if name in self.main:
            return self.main[name]
        return _builtins[name]


_latest = None


def _fallback(main):
    global _latest
    if _latest is None or _latest.main is not main:
        fallback = _Fallback(_builtins)
        fallback.main = main
        _latest = fallback
    _latest.update(__import__=_builtins["__import__"])
    return _latest


def _defines_functions(code):
    """Tell whether the code makes functions that may outlive its run."""
    for const in code.co_consts:
        if type(const) is _code_type:
            passing = const.co_name in ("<listcomp>", "<setcomp>", "<dictcomp>")
            is_function = const.co_flags & 1  # CO_OPTIMIZED: not a class body
            if (is_function and not passing) or _defines_functions(const):
                return True
    return False
