# SPDX-License-Identifier: MIT
"""`python -m pyhelper [script.lua [args...]]`: a Lua prompt, or run a script.

In both the table `python` is there, and `require 'py'` works.
"""

import argparse
import os
import sys

from . import LuaError, LuaRuntime, LuaSyntaxError, lua_traceback
from ._errors import format_error

_HISTORY = "~/.pyhelper_history"
_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def main(arguments=None):
    options = _parse(arguments)
    lua = LuaRuntime(lua=options.lua)
    _set_arg(lua, options.script, options.args)
    if options.execute is not None:
        return _report(lambda: lua.execute(options.execute, name="=(command line)"))
    if options.script:
        return _run_script(lua, options.script, options.args)
    Prompt(lua).run()
    return 0


def _parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m pyhelper", description=__doc__.split("\n")[0])
    parser.add_argument("-e", dest="execute", metavar="CODE", help="run this Lua code")
    parser.add_argument("--lua", help="which Lua: luajit, 5.4, 5.3, 5.2 or 5.1")
    parser.add_argument("script", nargs="?", help="a Lua file; - for standard input")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="its arguments")
    return parser.parse_args(arguments)


def _set_arg(lua, script, args):
    values = lua.table(*args)
    values[0] = script
    values[-1] = sys.executable
    lua.globals()["arg"] = values


def _run_script(lua, script, args):
    if script == "-":
        source, name = sys.stdin.buffer.read(), "=stdin"
    else:
        try:
            with open(script, "rb") as file:
                source, name = file.read(), "@" + script
        except OSError as error:
            print(f"pyhelper: {error}", file=sys.stderr)
            return 1
        folder = os.path.dirname(os.path.abspath(script))
        sys.path.insert(0, folder)
    if source.startswith(b"#"):
        source = b"--" + source
    return _report(lambda: lua.execute(source, *args, name=name))


def _report(run):
    """Run; print an error with both tracebacks; return the exit status."""
    try:
        run()
    except Exception as error:
        _print_error(error)
        return 1
    return 0


def _print_error(error):
    """A message, or Python's traceback, and the Lua stack below."""
    stack = lua_traceback(error)
    if isinstance(error, LuaError):
        print(error, file=sys.stderr)
        print(stack or "", end="\n" if stack else "", file=sys.stderr)
    else:
        entry = error.__traceback__
        while entry is not None and entry.tb_frame.f_code.co_filename.startswith(_HERE):
            entry = entry.tb_next  # ours, on the way to Lua
        print(format_error(error.with_traceback(entry), stack), end="", file=sys.stderr)


class Prompt:
    """Reads, runs, prints; an expression's values are shown."""

    def __init__(self, lua):
        self.lua = lua
        self._show = lua.eval("function(...) if select('#', ...) > 0 then print(...) end end")

    def run(self):
        self._set_up_readline()
        print(f"{self.lua.lua_implementation} in Python {sys.version.split()[0]} (Ctrl-D ends)")
        source = ""
        while True:
            try:
                source += input(">> " if source else "> ") + "\n"
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                print()
                source = ""
                continue
            source = self.take(source)

    def take(self, source):
        """Run what is complete; return what waits for more lines."""
        try:
            chunk = self._compile(source)
            if chunk is None:
                return source
            self._run(chunk)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
        except Exception as error:
            _print_error(error)
        return ""

    def _compile(self, source):
        """A function, or None if the source is only a beginning."""
        expression = source[1:] if source.startswith("=") else source
        try:
            return self.lua.compile("return " + expression, name="=stdin")
        except LuaSyntaxError:
            pass
        try:
            return self.lua.compile(source, name="=stdin")
        except LuaSyntaxError as error:
            if str(error).endswith(("<eof>", "'<eof>'")):
                return None
            raise

    def _run(self, chunk):
        show = self.lua.compile("local f, show = ... show(f())", name="=prompt")
        show(chunk, self._show)

    # ---- history and completion ----

    def _set_up_readline(self):
        try:
            import readline
        except ImportError:
            return
        import atexit

        path = os.path.expanduser(_HISTORY)
        try:
            readline.read_history_file(path)
        except OSError:
            pass
        readline.set_history_length(1000)
        atexit.register(_save_history, readline, path)
        readline.set_completer(self.complete)
        readline.set_completer_delims(" \t\n()[]{}+-*/%^#=<>~,;\"'")
        readline.parse_and_bind("tab: complete")

    def complete(self, text, state):
        """readline's protocol: the `state`-th way to go on with `text`."""
        if state == 0:
            self._matches = self._find(text)
        return self._matches[state] if state < len(self._matches) else None

    def _find(self, text):
        path, mark, last = text.rpartition("." if ":" not in text else ":")
        value = self.lua.globals()
        for name in path.split(".") if path else ():
            value = getattr(value, name, None)
        try:
            names = dir(value) if not hasattr(value, "keys") else list(value.keys())
        except LuaError:
            names = []
        found = (n for n in names if isinstance(n, str) and n.startswith(last))
        return sorted(path + mark + name for name in found)


def _save_history(readline, path):
    try:
        readline.write_history_file(path)
    except OSError:
        pass


if __name__ == "__main__":
    sys.exit(main())
