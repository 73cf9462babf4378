# SPDX-License-Identifier: MIT
"""pyhelper._core.compile_text does what compile() does with a str."""

import shutil
import subprocess

import pyhelper
import pytest

pyhelper.LuaRuntime()  # loads the core
compile_text = pyhelper._core.compile_text

SOURCES = [
    ("1 + 1", "eval"),
    ("x = 1\ny = [x for _ in 'ab']\n", "exec"),
    ("", "exec"),
    ("# -*- coding: latin-1 -*-\nx = 'grün €'", "exec"),
    ("größe = '\N{SNOWMAN}'", "exec"),
    ("def f(a, /, b):\n    'doc'\n    return a\n", "exec"),
    ("   \f1", "eval"),
    ("from __future__ import annotations\ndef f(x: y): pass\n", "exec"),
]
WRONG = [
    ("1 +", "eval"),
    ("x = = 1", "exec"),
    ("x = 1", "eval"),
    ("if x:\ny", "exec"),
    ("'unended", "exec"),
    ("return 1", "exec"),
    ("(1\n\n2 3)", "exec"),
    ("grün = = 1", "exec"),
]


def shape(code):
    """All that a code object consists of, nested ones included."""
    return [
        [shape(v) if isinstance(v, type(code)) else (type(v), v) for v in code.co_consts],
        *(getattr(code, n) for n in ("co_code", "co_names", "co_filename", "co_firstlineno")),
        *(getattr(code, n) for n in ("co_flags", "co_varnames", "co_freevars")),
        list(getattr(code, "co_positions", list)()),
    ]


@pytest.mark.parametrize(("source", "mode"), SOURCES)
def test_gives_the_same_code(source, mode):
    name = "/a/grün\udcff.lua"
    expected = compile(source, name, mode, 0, True)
    assert shape(compile_text(source, name, mode)) == shape(expected)


@pytest.mark.parametrize(("source", "mode"), WRONG)
def test_raises_the_same_error(source, mode):
    with pytest.raises(SyntaxError) as expected:
        compile(source, "name.lua", mode, 0, True)
    with pytest.raises(SyntaxError) as error:
        compile_text(source, "name.lua", mode)
    assert type(error.value) is type(expected.value)
    assert error.value.args == expected.value.args


def test_warns_the_same():
    with pytest.warns(SyntaxWarning, match="perhaps you missed a comma"):
        compile_text("x = [1 (2)]", "name.lua", "exec")


def test_inherits_no_future():
    code = compile_text("def f(x: int): pass\n", "name", "exec")
    namespace = {}
    exec(code, namespace)
    assert namespace["f"].__annotations__ == {"x": int}


def test_refuses_nul():
    with pytest.raises(ValueError, match="null"):
        compile_text("a\0b", "name", "exec")


UNKNOWN = """
import pyhelper
pyhelper.LuaRuntime()
code = pyhelper._core.compile_text("6 * 7", "name", "eval")
print(eval(code), code.co_filename, "AST" in [c.__name__ for c in object.__subclasses__()])
"""


def test_leaves_newer_pythons_to_the_builtin(tmp_path, run_python):
    """They may have another structure of flags; this one claims to be newer."""
    env = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    run_python(UNKNOWN, env=env)  # compiles pyhelper, which makes the classes of ASTs
    assert run_python(UNKNOWN, env=env) == "42 name False\n"
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    source, library = tmp_path / "version.c", tmp_path / "version.so"
    source.write_text('const char *Py_GetVersion(void) { return "3.99.0 (main) [GCC]"; }')
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    env["LD_PRELOAD"] = str(library)
    assert run_python(UNKNOWN, env=env) == "42 name True\n"
