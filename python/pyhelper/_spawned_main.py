# SPDX-License-Identifier: MIT
"""What spawned worker processes get as `__main__` when a Lua program is the host.

A worker that multiprocessing spawns imports the parent's main module again.
Here that is a Lua program, which it cannot import.  A plain missing name would
end the worker while it reads its task, `Pool` would start the next one, and
the program would hang.  So every name is there, and fails when it is used: the
error reaches the caller.

The Lua program's `__main__` points here by its spec (pyhelper._start), the
worker runs this file as `__mp_main__`.  Names are chosen to be in nobody's way.
"""


def _luapy_explain(name):
    return (
        f"{name!r} lives in the __main__ of a Lua program, which a spawned "
        "process cannot import: move it to a module, or use "
        "multiprocessing.get_context('fork')"
    )


class _LuapyAbsent(type):
    """A function or class of the Lua program's `__main__`.

    Pickle may look it up and make empty instances; nothing else works.
    """

    def __call__(cls, *args, **kwargs):
        raise RuntimeError(_luapy_explain(cls.__name__))


def _luapy_missing_attribute(self, name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(_luapy_explain(type(self).__name__))


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    absent = _LuapyAbsent(name, (), {"__getattr__": _luapy_missing_attribute})
    globals()[name] = absent
    return absent
