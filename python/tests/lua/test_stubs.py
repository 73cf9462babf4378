# SPDX-License-Identifier: MIT
"""The type stubs say what is there, and all of it."""

import ast
import inspect
from pathlib import Path

import pyhelper
import pytest

STUB = ast.parse((Path(pyhelper.__file__).with_suffix(".pyi")).read_text())
CLASSES = [node for node in STUB.body if isinstance(node, ast.ClassDef)]


def _names(body):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield node.target.id


def test_every_name_is_there_and_described():
    described = {name for name in _names(STUB.body) if not name.startswith("_")}
    assert described == set(pyhelper._HOMES)
    for name in described:
        assert getattr(pyhelper, name) is not None


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_classes_have_what_the_stub_says(node):
    cls = getattr(pyhelper, node.name)
    assert {base.id for base in node.bases} <= {base.__name__ for base in cls.__mro__}
    for name in _names(node.body):
        if name == "__getattr__" and cls.__module__ == "pyhelper":
            name = "__getattribute__"  # of a type written in C
        assert hasattr(cls, name), name
    public = {n for n in vars(cls) if not n.startswith("_")}
    assert public <= set(_names(node.body))


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_arguments_have_the_names_of_the_stub(node):
    cls = getattr(pyhelper, node.name)
    for function in node.body:
        method = getattr(cls, getattr(function, "name", "?"), None)
        if not inspect.isfunction(method):
            continue
        args = function.args
        stub = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        real = [n for n, p in inspect.signature(method).parameters.items() if p.kind not in kinds]
        assert stub == real, function.name
