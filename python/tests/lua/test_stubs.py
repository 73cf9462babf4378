# SPDX-License-Identifier: MIT
"""The type stubs say what is there, and all of it."""

import ast
import inspect
from pathlib import Path

import pyhelper
import pytest

STUB = ast.parse((Path(pyhelper.__file__).with_suffix(".pyi")).read_text())
CLASSES = {node.name: node for node in STUB.body if isinstance(node, ast.ClassDef)}
PUBLIC = [name for name in CLASSES if not name.startswith("_")]


def _names(body):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.AnnAssign):
            yield node.target.id


def test_every_name_is_there_and_described():
    described = {name for name in _names(STUB.body) if not name.startswith("_")}
    assert len(PUBLIC) > 9
    assert described == set(pyhelper._HOMES)
    for name in described:
        assert getattr(pyhelper, name) is not None


def _bodies(node):
    """What a class and the bases that only the stub has say, the real bases."""
    bodies, real = [node.body], set()
    for base in node.bases:
        if base.id.startswith("_"):
            inner, outer = _bodies(CLASSES[base.id])
            bodies += inner
            real |= outer
        else:
            real.add(base.id)
    return bodies, real


@pytest.mark.parametrize("name", PUBLIC)
def test_classes_have_what_the_stub_says(name):
    cls = getattr(pyhelper, name)
    bodies, bases = _bodies(CLASSES[name])
    assert bases <= {base.__name__ for base in cls.__mro__}
    described = [n for body in bodies for n in _names(body)]
    for n in described:
        if n == "__getattr__" and cls.__module__ == "pyhelper":
            n = "__getattribute__"  # of a type written in C
        assert hasattr(cls, n), n
    assert len(described) == len(set(described)), "said twice"
    public = {n for n in vars(cls) if not n.startswith("_")}
    assert public <= set(described)


@pytest.mark.parametrize("name", PUBLIC)
def test_arguments_have_the_names_of_the_stub(name):
    cls = getattr(pyhelper, name)
    for function in CLASSES[name].body:
        method = getattr(cls, getattr(function, "name", "?"), None)
        if not inspect.isfunction(method):
            continue
        args = function.args
        stub = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        real = [n for n, p in inspect.signature(method).parameters.items() if p.kind not in kinds]
        assert stub == real, function.name


def test_star_imports_them_all():
    namespace = {}
    exec("from pyhelper import *", namespace)
    assert set(pyhelper._HOMES) <= set(namespace)
