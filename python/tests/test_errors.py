# SPDX-License-Identifier: MIT
"""Texts of exceptions for Lua: pyhelper._errors."""

import builtins
import linecache
import sys
import traceback

import pyhelper
import pytest
from pyhelper._errors import format_error, format_exception_only, message
from pyhelper._run import compile_block

LUA_STACK = "stack traceback:\n\t[C]: in function 'error'\n\tscript.lua:3: in main chunk"
GROUPS = sys.version_info >= (3, 11)
ExceptionGroup = getattr(builtins, "ExceptionGroup", None)


class LuaError(Exception):
    traceback = LUA_STACK


class BrokenStr(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Quitting(Exception):
    def __str__(self):
        raise SystemExit(3)


def raised(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def divide():
    return 1 / 0


def chained():
    try:
        divide()
    except ZeroDivisionError as error:
        try:
            raise ValueError("second") from error
        except ValueError:
            raise KeyError("third")  # noqa: B904 - a context is wanted


def suppressed():
    try:
        divide()
    except ZeroDivisionError:
        raise ValueError("alone") from None


def by_python(error):
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def run_block(source, given=None):
    compile_block(source, "exec", "py.exec", "script.lua", 7).run(given or {"a": 1})


class TestLikePython:
    @pytest.mark.parametrize("function", [divide, chained, suppressed])
    def test_chains(self, function):
        error = raised(function)
        assert format_error(error) == by_python(error)
        assert ("direct cause" in format_error(error)) == (function is chained)

    def test_syntax_error(self):
        error = raised(compile, "x = (\n1 +", "file.py", "exec")
        assert format_error(error) == by_python(error)

    def test_never_raised(self):
        assert format_error(ValueError("text")) == "ValueError: text\n"

    def test_deep_recursion(self):
        def recurse():
            recurse()

        text = format_error(raised(recurse))
        assert "Previous line repeated" in text
        assert text.endswith("RecursionError: maximum recursion depth exceeded\n") or (
            "RecursionError" in text.splitlines()[-1]
        )

    @pytest.mark.skipif(not GROUPS, reason="no exception groups")
    def test_groups_and_notes(self):
        def group():
            inner = [raised(divide), raised(chained), KeyError("k")]
            inner[0].add_note("a note")
            raise ExceptionGroup("several", [*inner, ExceptionGroup("nested", [OSError(2)])])

        error = raised(group)
        error.add_note("another note\nof two lines")
        assert format_error(error) == by_python(error)
        assert "a note" in format_error(error)

    def test_the_exception_is_not_changed(self):
        error = raised(chained)
        before = (error.__cause__, error.__context__, error.__traceback__)
        format_error(error, LUA_STACK)
        assert (error.__cause__, error.__context__, error.__traceback__) == before
        assert format_error(error) == by_python(error)


class TestLuaStack:
    def test_below(self):
        error = raised(divide)
        assert format_error(error, LUA_STACK) == by_python(error) + LUA_STACK + "\n"

    def test_above(self):
        error = raised(divide)
        text = format_error(error, LUA_STACK, lua_first=True)
        assert text == LUA_STACK + "\n" + by_python(error)

    @pytest.mark.parametrize("nothing", [None, ""])
    def test_none(self, nothing):
        assert format_error(ValueError("x"), nothing) == "ValueError: x\n"

    def test_of_a_lua_error_in_the_chain(self):
        def chain():
            try:
                raise LuaError("inner")
            except LuaError as error:
                raise ValueError("outer") from error

        lines = format_error(raised(chain), "stack traceback:\n\touter").split("\n")
        at = next(i for i, line in enumerate(lines) if line.endswith("LuaError: inner"))
        assert lines[at + 1 : at + 5] == [
            "  stack traceback:",
            "    [C]: in function 'error'",
            "    script.lua:3: in main chunk",
            "",
        ]
        assert lines[-4:] == ["ValueError: outer", "stack traceback:", "\touter", ""]

    def test_of_a_subclass(self):
        class Special(LuaError):
            pass

        assert "  stack traceback:" in format_error(Special("x"))

    def test_of_other_exceptions_is_not_looked_for(self):
        class Other(Exception):
            traceback = LUA_STACK

        assert "stack traceback" not in format_error(Other("x"))

    @pytest.mark.parametrize("wrong", [None, "", 5, b"bytes", property(lambda self: 1 / 0)])
    def test_that_is_missing_or_broken(self, wrong):
        Error = type("LuaError", (Exception,), {"traceback": wrong, "__module__": "m"})
        assert format_error(Error("x")) == "m.LuaError: x\n"

    @pytest.mark.skipif(not GROUPS, reason="no exception groups")
    def test_of_members_of_a_group(self):
        text = format_error(ExceptionGroup("g", [LuaError("inner"), ValueError("v")]))
        lines = [line.strip(" |") for line in text.split("\n")]
        at = next(i for i, line in enumerate(lines) if line.endswith("LuaError: inner"))
        assert lines[at + 1 : at + 3] == ["stack traceback:", "[C]: in function 'error'"]


class TestCodeFromLua:
    def test_our_frames_are_hidden(self):
        for run in (
            lambda: run_block("1/0"),
            lambda: run_block("1/0", {}),
            lambda: compile_block("1/0", "exec", "py.exec", "s.lua", 1).run_in({}),
            lambda: run_block("from no_such_module import *"),
            lambda: run_block("n\nn = 1"),
        ):
            text = format_error(raised(run))
            assert "pyhelper" not in text
            assert 'script.lua:7>", line 1, in <module>' in text or "s.lua:1>" in text

    def test_shows_lines_of_computed_code(self):
        text = format_error(raised(run_block, "\n  def f():\n    1/0\n  f()\n"))
        assert text.index("    f()\n") < text.index("    1/0\n")

    def test_shows_the_right_lines_of_two_codes_of_one_place(self):
        first = compile_block("a + 1/0", "eval", "py.eval", "script.lua", 7)
        second = compile_block("a - 1/0", "eval", "py.eval", "script.lua", 7)
        for code, line in ((first, "    a + 1/0\n"), (second, "    a - 1/0\n")) * 2:
            assert line in format_error(raised(code.run, {"a": 1}))
            assert line in format_error(raised(code.run, {"a": 1, "b": 2}))
            assert line in format_error(raised(eval, code.code, {"a": 1}))
        third = compile_block("def f(): 3/0\nout.append(f)", "exec", "py.eval", "script.lua", 7)
        functions = []
        third.run({"out": functions})
        assert "    a - 1/0\n" in format_error(raised(second.run, {"a": 1}))
        assert "    def f(): 3/0\n" in format_error(raised(functions[0]))

    def test_shows_lines_to_those_who_print_by_themselves(self):
        error = raised(run_block, "1/0 # here")
        assert "1/0 # here" in by_python(error)

    def test_sources_are_bounded(self):
        from pyhelper import _source

        for i in range(600):
            compile_block(f"{i}", "eval", "py.eval", f"[string {i}]", 1)
        assert len(_source._computed) <= _source._MAX_SITES
        for i in range(600):
            compile_block(f"{i}", "eval", "py.eval", "one place", 1)
        assert len(_source._computed["<py.eval at one place:1>"]) <= _source._MAX_PER_SITE

    def test_shows_lines_of_the_lua_file(self, tmp_path):
        path = tmp_path / "script.lua"
        path.write_text("--\npy.exec [[\n  x = 1\n  x / 0 # here\n]]\n")
        source = "  x = 1\n  x / 0 # here\n"
        code = compile_block(source, "exec", "py.exec", str(path), 2)
        text = format_error(raised(code.run, {"a": 1}))
        assert f'File "{path}", line 4, in <module>\n    x / 0 # here\n' in text

    def test_syntax_error(self):
        error = raised(compile_block, "x = 1\n  y = 2\n", "exec", "py.exec", "s.lua", 3)
        lines = format_error(error).split("\n")
        assert '  File "<py.exec at s.lua:3>", line 2' in lines
        assert "    y = 2" in lines
        assert lines[-2] == "IndentationError: unexpected indent"

    def test_an_exception_that_crossed_twice_shows_all_of_its_way(self):
        inner = compile_block("1/0", "exec", "py.exec", "script.lua", 1)
        outer = compile_block("f(g)", "exec", "py.exec", "script.lua", 9)
        error = raised(inner.run, {})

        def raise_again(given):
            raise given["g"]

        lines = format_error(raised(outer.run, {"f": raise_again, "g": {"g": error}})).split("\n")
        files = [line.split(",")[0] for line in lines if line.startswith('  File "<')]
        assert files == [
            '  File "<py.exec at script.lua:9>"',
            '  File "<py.exec at script.lua:1>"',
        ]
        assert "    f(g)" in lines and "    1/0" in lines


class TestNeverRaises:
    @pytest.mark.parametrize("broken", [BrokenStr, Quitting])
    def test_broken_str(self, broken):
        error = raised(lambda: (_ for _ in ()).throw(broken()))
        assert broken.__name__ in format_error(error, LUA_STACK)
        assert LUA_STACK in format_error(error, LUA_STACK)
        assert broken.__name__ in format_exception_only(error)
        assert message(error) == "<exception str() failed>"

    def test_cycles(self):
        a, b = ValueError("a"), KeyError("b")
        a.__cause__, b.__context__ = b, a
        assert format_error(a).endswith("ValueError: a\n")
        a.__cause__ = a
        assert format_error(a).endswith("ValueError: a\n")

    @pytest.mark.parametrize("link", ["__cause__", "__context__"])
    def test_long_chains(self, link):
        outer = error = ValueError("outermost")
        for i in range(3000):
            setattr(error, link, KeyError(i))
            error = getattr(error, link)
        text = format_error(outer)
        assert text.endswith("ValueError: outermost\n")
        assert "KeyError: 1\n" in text

    def test_near_the_recursion_limit(self):
        error = raised(chained)

        def deep(n):
            text = format_error(error)
            assert isinstance(text, str) and "KeyError" in text
            return deep(n + 1)

        assert isinstance(raised(deep, 0), RecursionError)

    def test_str_subclass_in_message(self):
        class Text(str):
            def __str__(self):
                raise RuntimeError

        class Odd(Exception):
            def __str__(self):
                return Text("odd")

        assert type(message(Odd())) is str
        assert message(Odd()) == "odd"

    @pytest.mark.parametrize("args", [(), (1, 2), ("\udcff",), ("a\0b",), ("x" * 10**6,)])
    def test_odd_messages(self, args):
        error = ValueError(*args)
        assert message(error) == str(error)
        assert str(error) in format_error(error)

    def test_lua_file_that_went_away(self, tmp_path):
        path = tmp_path / "script.lua"
        path.write_text("py.exec '1/0'")
        code = compile_block("1/0", "exec", "py.exec", str(path), 1)
        path.unlink()
        linecache.clearcache()
        assert format_error(raised(code.run, {"a": 1})).endswith("division by zero\n")


def test_exception_only():
    assert format_exception_only(raised(chained)) == "KeyError: 'third'\n"
    error = raised(compile, "1 +", "file.py", "exec")
    assert format_exception_only(error).startswith('  File "file.py", line 1\n')


def test_package_takes_public_names_when_used(monkeypatch):
    monkeypatch.setitem(pyhelper._HOMES, "format_error", "_errors")
    assert "format_error" in dir(pyhelper)
    assert pyhelper.format_error is format_error
    monkeypatch.delitem(vars(pyhelper), "format_error")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pyhelper.nothing
