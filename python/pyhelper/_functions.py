# SPDX-License-Identifier: MIT
"""What functions of the Lua table `py` need from Python (csrc/module/function.c)."""

import builtins


def bool_(value):
    """`py.bool`: truth value; a byte array (Byte tensor) is viewed as a mask."""
    if hasattr(value, "dtype") and getattr(value, "ndim", 0) > 0:
        if value.dtype.itemsize == 1:
            return value.view("bool")
        return value.astype("bool")
    return builtins.bool(value)


def help(value):
    """`py.help`: what help() prints, as a string."""
    import pydoc

    return pydoc.plain(pydoc.render_doc(value))


def is_error(error, kind=None):
    """`py.is_error`: is it an exception, of this class (or class name)?"""
    if not isinstance(error, BaseException):
        return False
    if kind is None:
        return True
    if isinstance(kind, str):
        return any(
            kind in (cls.__name__, f"{cls.__module__}.{cls.__qualname__}")
            for cls in type(error).__mro__
        )
    return isinstance(error, kind)


_KWARGS, _METHOD = 2, 4  # LP_LUA_KWARGS, LP_LUA_METHOD of the core


def _method(value):
    """A class attribute from Lua: its functions get `self` as a reference."""
    from ._core import LuaFunction, copy_function

    if isinstance(value, LuaFunction):
        return copy_function(value, _METHOD)
    if isinstance(value, property):
        parts = (value.fget, value.fset, value.fdel)
        return property(*(_method(part) for part in parts), doc=value.__doc__)
    return value


def make_class(name, bases, methods=None):
    """`py.class`: a class with Lua functions as methods."""
    import types

    if bases is None or bases == {}:
        bases = ()
    elif isinstance(bases, type):
        bases = (bases,)
    for base in bases:
        if not isinstance(base, type) and not hasattr(base, "__mro_entries__"):
            raise TypeError(f"py.class: {base!r} is no class to inherit from")

    def fill(namespace):
        namespace["__module__"] = "__main__"
        for key, value in (methods or {}).items():
            namespace[key] = _method(value)

    return types.new_class(name, tuple(bases), {}, fill)


def make_func(function, name, doc, kwargs, text):
    """`py.func`: a Lua function with the attributes of a Python function."""
    from ._core import copy_function

    copy = copy_function(function, _KWARGS if kwargs else 0)
    if name is not None:
        copy.__name__ = copy.__qualname__ = name
    if doc is not None:
        copy.__doc__ = doc
    if text is not None:
        signature(text)  # a wrong one is an error here, not at inspection
        copy._signature = text
    return copy


def signature(text):
    """The inspect.Signature for text like '(a, b=2, *rest)'."""
    import inspect

    scope = {}
    try:
        exec(f"def function{text}: pass", scope)
    except SyntaxError:
        raise ValueError(
            f"py.func: option signature is {text!r}, which no Python function can have "
            "(an example: '(a, b=2, *rest)')"
        ) from None
    return inspect.signature(scope["function"])


def lua_signature(names, any_number, kwargs):
    """The inspect.Signature of a Lua function with parameters of these names."""
    import inspect
    import keyword

    kinds = [(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
    if any_number:
        kinds.append(("args", inspect.Parameter.VAR_POSITIONAL))
    elif kwargs:
        del kinds[-1:]  # it takes the table of keywords
    if kwargs:
        kinds.append(("kwargs", inspect.Parameter.VAR_KEYWORD))
    parameters = {}
    for name, kind in kinds:
        # Lua has other words, and may call two parameters `_`.
        name = name if name.isidentifier() else "arg"
        while keyword.iskeyword(name) or name in parameters:
            name += "_"
        parameters[name] = inspect.Parameter(name, kind)
    return inspect.Signature(list(parameters.values()))


def repl(*_):
    """`py.repl`: a Python prompt that shares `__main__` with py.exec."""
    import atexit
    import code
    import os
    import sys

    main = sys.modules["__main__"].__dict__
    try:
        import readline
        import rlcompleter
    except ImportError:
        pass
    else:
        readline.set_completer(rlcompleter.Completer(main).complete)
        readline.parse_and_bind("tab: complete")
        history = os.path.expanduser("~/.luapy_history")
        try:
            readline.read_history_file(history)
        except OSError:
            pass
        atexit.register(_save_history, readline, history)
    console = code.InteractiveConsole(main)
    try:
        console.interact(banner=f"Python {sys.version}", exitmsg="")
    except SystemExit:  # exit() leaves the prompt, not the program
        pass


def _save_history(readline, path):
    try:
        readline.set_history_length(1000)
        readline.write_history_file(path)
    except OSError:
        pass


def enter(context):
    """Begin `py.with`: the context manager's exit, and what its enter gave."""
    kind = type(context)
    try:
        leave, enter = kind.__exit__, kind.__enter__
    except AttributeError:
        raise TypeError(
            f"py.with: {kind.__name__!r} object does not support the "
            "context manager protocol"
        ) from None
    return leave, enter(context)


def find_class(name):
    """The class with this dotted name, or None while its module is not loaded."""
    import sys

    module, _, attr = name.rpartition(".")
    found = getattr(sys.modules.get(module or "builtins"), attr, None)
    return found if isinstance(found, type) else None


def info(*_):
    """What `py.info` tells about the running Python."""
    import platform
    import sys

    from . import __version__, _start

    numpy = sys.modules.get("numpy")
    return {
        "luapy": __version__,
        "choice": _start.choice,
        "version": platform.python_version(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "numpy": numpy.__version__ if numpy else None,
    }
