# SPDX-License-Identifier: MIT
"""The Python code in the documentation runs, and the pages name everything.

All blocks of a page run in one process, one after the other. A comment behind
an expression is the `repr` of its value, behind `print(…)` what it prints, and
`# raises Name: text` behind a statement is the exception that it raises.
"""

import glob
import inspect
import os
import re

import pyhelper
import pytest
from pyhelper import LuaRuntime, lutorpy, python2torch

ROOT = os.path.dirname(os.path.abspath(__file__ + "/../../.."))
BLOCK = re.compile(r"^```python([^\n]*)\n(.*?)^```", re.M | re.S)


def blocks(page):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for match in BLOCK.finditer(text):
        # A word behind ```python names what the block needs.
        yield match[1].split(), match[2], text[: match.start()].count("\n") + 1


PAGES = [os.path.join(ROOT, "README.md"), *sorted(glob.glob(os.path.join(ROOT, "docs", "*.md")))]
WITH_CODE = [page for page in PAGES if list(blocks(page))]

RUN_BLOCK = """
import ast, contextlib, io, tokenize

def comments(source):
    lines = io.StringIO(source).readline
    return {t.start[0]: t.string.lstrip("# ") for t in tokenize.generate_tokens(lines)
            if t.type == tokenize.COMMENT and t.line[: t.start[1]].strip()}

def run_block(source, first_line):
    said = comments(source)
    for statement in ast.parse(source).body:
        expected = said.get(statement.end_lineno)
        value = getattr(statement, "value", None)
        is_expression = isinstance(statement, ast.Expr)
        prints = isinstance(value, ast.Call) and getattr(value.func, "id", "") == "print"
        out = io.StringIO()
        try:
            if is_expression and expected and not prints:
                found = repr(eval(compile(ast.Expression(value), "page", "eval"), globals()))
                if isinstance(value, ast.Tuple):
                    found = found[1:-1]
            else:
                with contextlib.redirect_stdout(out):
                    exec(compile(ast.Module([statement], []), "page", "exec"), globals())
                found = out.getvalue().strip().replace("\\n", "\\\\n") or None
        except Exception as error:
            if not (expected or "").startswith("raises "):
                raise
            found = "raises " + type(error).__name__ + ": " + str(error)
        where = "line %d" % (first_line + statement.end_lineno)
        assert expected is None or found == expected, (where, expected, found)
"""


@pytest.mark.parametrize("page", WITH_CODE, ids=os.path.basename)
def test_code_of_the_page(page, run_python, tmp_path):
    found = list(blocks(page))
    for needs, _, _ in found:
        for module in needs:
            pytest.importorskip(module)
    calls = "".join(f"run_block({code!r}, {line})\n" for _, code, line in found)
    run_python(RUN_BLOCK + calls)


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def names_to_document():
    python_table = LuaRuntime().globals().python
    for owner in (pyhelper, lutorpy, python2torch):
        yield from getattr(owner, "__all__", ())
    yield from public(LuaRuntime)
    yield from (str(name) for name in python_table)
    yield from inspect.signature(LuaRuntime.__init__).parameters.keys() - {"self", "args", "kwargs"}


def test_every_public_name_is_documented():
    with open(os.path.join(ROOT, "docs", "pyhelper.md"), encoding="utf-8") as file:
        code = re.findall(r"```.*?```|`[^`\n]+`", file.read(), re.S)
    words = set(re.findall(r"\w+", "".join(code)))
    assert sorted(set(names_to_document()) - words) == []
