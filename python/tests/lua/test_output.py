# SPDX-License-Identifier: MIT
"""print, io.stdout, io.stderr and the functions of io in a Python host."""

import contextlib
import io

import pytest
from pyhelper import LuaError, LuaRuntime


def printed(lua, code, *args):
    """What Lua code writes to sys.stdout, and what it returns."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        result = lua.execute(code, *args)
    return out.getvalue(), result


def test_print_asks_tostring(lua):
    code = """
        print()
        print(1, 'two', nil, true)
        print(setmetatable({}, {__tostring = function() return 'shown' end}))
    """
    assert printed(lua, code) == ("\n1\ttwo\tnil\ttrue\nshown\n", None)
    for bad in ("nil", "{}"):
        with pytest.raises(LuaError, match="must return a string"):
            lua.execute(f"print(setmetatable({{}}, {{__tostring = function() return {bad} end}}))")


def test_print_works_without_its_library(lua):
    assert printed(lua, "local print = print; tostring, io = nil, nil; print(1)")[0] == "1\n"


def test_write_returns_the_stream(lua):
    code = "return io.write('a', 1, 2.5):write('b') == io.stdout, io.stdout:write() == io.stdout"
    assert printed(lua, code) == ("a12.5b", (True, True))


def test_bad_arguments_are_named_with_the_caller(lua):
    for code in ("io.write('a', nil)", "io.stdout:write('a', {})"):
        with pytest.raises(LuaError, match=r"^\[string.*:1: bad argument #2 to 'write'"):
            lua.compile(code, name="program")()
    for code in ("io.stdout.write('a')", "io.stderr.flush({})", "io.stdout.write(io.tmpfile())"):
        with pytest.raises(LuaError, match="bad argument #1 to '(write|flush)' .FILE. expected"):
            lua.execute(code)


def test_output_to_a_file(lua, tmp_path):
    path = str(tmp_path / "file")
    code = """
        local path = ...
        local standard = io.output()
        assert(standard == io.stdout and io.type(standard) == 'file')
        local file = io.output(path)
        assert(file == io.output() and io.type(file) == 'file')
        io.write('in the file ', 7)
        io.close()
        assert(io.type(file) == 'closed file')
        assert(io.output(standard) == io.stdout)
        io.write('shown')
        return io.type(7)
    """
    assert printed(lua, code, path) == ("shown", None)
    with open(path) as file:
        assert file.read() == "in the file 7"
    with pytest.raises(LuaError, match="^program:1: .*Not a directory"):
        lua.compile(f"io.output('{path}/none')", name="=program")()


def test_standard_streams_only_write(lua):
    assert lua.eval("io.stdout:close()")[0] is None
    assert lua.eval("io.close()")[0] is None
    assert lua.eval("io.stdout:read()") == (None, "this stream is for output", 9)
    assert lua.eval("io.stdout:seek()") == (None, "Illegal seek", 29)
    assert lua.eval("io.stderr:setvbuf('no')") is True
    assert lua.eval("tostring(io.stderr)") == "file (Python sys.stderr)"


@pytest.mark.parametrize("given", [True, False])
def test_functions_show_python_only_where_it_is_given(given):
    lua = LuaRuntime(register_eval=given, register_builtins=given)
    found = lua.execute(
        """
        local seen, references = {}, 0
        local function walk(value)
            if seen[value] then return end
            seen[value] = true
            if type(value) == 'table' then
                for k, v in next, value do walk(k) walk(v) end
            elseif type(value) == 'function' then
                for i = 1, 9 do
                    local name, inner = debug.getupvalue(value, i)
                    if not name then break end
                    if inner ~= nil then walk(inner) end
                end
            elseif type(value) == 'userdata' and tostring(value):find 'built%-in' then
                references = references + 1
            end
            local mt = debug.getmetatable(value)
            if mt then walk(mt) end
        end
        walk(_G)
        return references
        """
    )
    assert found == int(given)


def test_arguments_by_name(lua):
    def call(*args, **names):
        return [*args, sorted(names.items())]

    f = lua.eval("function(f, t) return f(python.args(t)) end")
    table = lua.eval("{1, 'two', x = 3}")
    assert f(call, table) == [1, "two", [("x", 3)]]
    assert f(call, lua.eval("{}")) == [[]]
    for bad, message in (
        ("{1, [3] = 3}", "argument 2 is missing"),
        ("{[1.5] = 1}", "no name and no position: 1.5"),
        ("{[0] = 1}", "no name and no position: 0"),
        ("{[1e300] = 1}", "no name and no position"),
        ("{[true] = 1}", "no name and no position"),
        ("7", "table expected, got number"),
    ):
        with pytest.raises(LuaError, match=message):
            lua.execute(f"python.args({bad})")
