# SPDX-License-Identifier: MIT
"""Code with locals, in a dict and at __main__ level: pyhelper._run."""

import subprocess
import sys
import threading
import types
import warnings

import pytest
from pyhelper._run import compile_block, compile_file

FUTURE = sys.version_info >= (3, 12)


@pytest.fixture(autouse=True)
def main():
    """The dict of __main__, put back after each test."""
    namespace = sys.modules["__main__"].__dict__
    before = dict(namespace)
    yield namespace
    namespace.clear()
    namespace.update(before)


def block(source, mode="exec"):
    return compile_block(source, mode, f"py.{mode}", "script.lua", 7)


def results(source, given=None):
    """Run code with locals and return what it puts in the dict `out`."""
    out = {}
    block(source).run({"out": out, **(given or {})})
    return out


def value(source, given=None):
    return block(source, "eval").run(given or {})


class TestLocals:
    def test_expression(self):
        assert value("a + b", {"a": 1, "b": 2}) == 3

    def test_exec_returns_none(self):
        assert block("a").run({"a": 1}) is None

    def test_same_block_with_other_names_and_orders(self, main):
        code = block("sorted(k for k in locals() if k != 'self')", "eval")
        for names in ("a", "ab", "ba", "abc", "a", ""):
            assert code.run(dict.fromkeys(names, 0)) == sorted(names)

    def test_values_are_not_kept_between_runs(self):
        code = block("a + b", "eval")
        assert [code.run({"a": i, "b": 1}) for i in range(3)] == [1, 2, 3]
        assert code.run({"b": 10, "a": 5}) == 15

    def test_given_dict_is_not_changed(self):
        given = {"a": 1}
        block("a = 2; b = 3").run(given)
        assert given == {"a": 1}

    def test_seen_by_comprehensions_lambdas_and_generators(self):
        assert value("[a * x for x in (1, 2)]", {"a": 3}) == [3, 6]
        assert value("[[a + x + y for x in (1,)] for y in (2,)]", {"a": 3}) == [[6]]
        assert value("sum(a for _ in range(b))", {"a": 3, "b": 2}) == 6
        assert value("{a: b for _ in (1,)}", {"a": 3, "b": 2}) == {3: 2}
        assert value("(lambda x: x + a)(1)", {"a": 3}) == 4

    def test_seen_by_functions_and_class_bodies(self):
        out = results(
            """
            def outer():
                def inner():
                    return a
                return inner()
            class C:
                x = a
                def method(self):
                    return a + self.x
            out['f'] = outer()
            out['c'] = C().method()
            """,
            {"a": 5},
        )
        assert out == {"f": 5, "c": 10}

    def test_recursion_decorators_and_defaults(self):
        out = results(
            "def twice(f): return lambda *a: f(*a) * factor\n"
            "@twice\n"
            "def g(n=factor): return n\n"
            "def fac(n): return 1 if n < 2 else n * fac(n - 1)\n"
            "out['g'] = g(); out['fac'] = fac(5)",
            {"factor": 2},
        )
        assert out == {"g": 4, "fac": 120}

    def test_eval_exec_and_locals_inside(self):
        assert value("eval('a + 1')", {"a": 1}) == 2
        out = results("exec('out[1] = a'); out[2] = sorted(locals())", {"a": 1})
        assert out == {1: 1, 2: ["a", "out"]}

    def test_walrus(self):
        assert value("[(y := a + x) for x in (1, 2)] + [y]", {"a": 1}) == [2, 3, 3]
        out = results("any((hit := x) > 1 for x in a)\nout['hit'] = hit", {"a": [1, 2]})
        assert out["hit"] == 2

    def test_mangled_names(self):
        out = results(
            "class C:\n"
            "    def __m(self): return 1\n"
            "    def call(self): return self.__m()\n"
            "out['r'] = C().call()\n"
            "out['x'] = __x",
            {"__x": 4},
        )
        assert out == {"r": 1, "x": 4}

    def test_del(self):
        with pytest.raises(NameError, match="name 'a' is not defined"):
            block("del a\na").run({"a": 1})

    def test_nonlocal_in_a_nested_function(self, main):
        code = block("def f():\n nonlocal a\n a += 1\nf()\nout.append(a)")
        out = []
        code.run({"a": 1, "out": out})
        assert out == [2]
        with pytest.raises(SyntaxError, match="no binding for nonlocal 'a'"):
            code.run({"out": out})
        with pytest.raises(SyntaxError, match="no binding for nonlocal 'a'"):
            _ = code.code

    def test_nonlocal_does_not_let_a_return_pass(self):
        code = block("def f():\n nonlocal a\nreturn 1")
        with pytest.raises(SyntaxError):
            code.run({"a": 1})

    @pytest.mark.parametrize(
        "key",
        [
            1,
            1.5,
            None,
            "",
            "a b",
            "1a",
            "if",
            "None",
            "True",
            "__debug__",
            "\udcff",
            (),
            "\uff49\uff46",
        ],  # `if`, in wide letters
    )
    def test_keys_that_are_no_names_are_ignored(self, key):
        code = block("sorted(locals())", "eval")
        assert code.run({key: 1, "a": 2}) == ["a"]
        assert code.run({key: 1, "a": 2}) == ["a"]

    def test_soft_keywords_are_names(self):
        given = {"match": 1, "case": 2, "type": 3, "_": 4, "print": 5}
        assert value("match, case, type, _, print", given) == (1, 2, 3, 4, 5)

    def test_identifiers_are_normalised_like_source(self):
        assert value("ﬁn + µ", {"ﬁn": 1, "µ": 2}) == 3
        assert value("fin", {"ﬁn": 1}) == 1

    def test_str_subclass_as_key(self):
        class Text(str):
            __slots__ = ()

        assert value("a", {Text("a"): 1}) == 1

    def test_many_names(self):
        given = {f"n{i}": i for i in range(1000)}
        assert value("n0 + n999", given) == 999

    def test_type_error_inside_is_not_taken_for_other_names(self):
        calls = []
        code = block("calls.append(1); len(1)")
        for expected in (1, 2, 3):
            with pytest.raises(TypeError, match="has no len"):
                code.run({"calls": calls})
            assert len(calls) == expected

    def test_functions_outlive_the_call(self):
        out = results("def f(): return a\nout['f'] = f", {"a": 1})
        assert out["f"]() == 1

    def test_names_of_functions_and_classes_are_those_of_main(self):
        out = results(
            "def f():\n def g(): pass\n return g\n"
            "class C:\n def m(self): pass\n"
            "out.update(f=f, g=f(), C=C, l=lambda: 0)",
        )
        assert out["f"].__qualname__ == "f"
        assert out["g"].__qualname__ == "f.<locals>.g"
        assert out["C"].__qualname__ == "C"
        assert out["C"].m.__qualname__ == "C.m"
        assert out["l"].__qualname__ == "<lambda>"
        assert out["C"].__module__ == out["f"].__module__ == "__main__"

    def test_threads_with_different_names(self):
        code = block("sum(locals().values())", "eval")
        wrong = []

        def work(names):
            given = {name: len(names) for name in names}
            for _ in range(2000):
                if code.run(given) != len(names) ** 2:
                    wrong.append(names)

        threads = [threading.Thread(target=work, args=(n,)) for n in ("a", "ab", "bcd")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


class TestOuterNames:
    def test_main_is_read_and_kept(self, main):
        main["k"] = 1
        assert results("k = k + a\nout['k'] = k", {"a": 2})["k"] == 3
        assert main["k"] == 1
        assert value("k + a", {"a": 2}) == 3

    def test_main_names_that_come_and_go(self, main):
        code = block("out.append(k)\nk = 2")
        out = []
        with pytest.raises(NameError):
            code.run({"out": out})
        for k in (1, 3):
            main["k"] = k
            code.run({"out": out})
        del main["k"]
        with pytest.raises(NameError):
            code.run({"out": out})
        assert out == [1, 3]

    def test_locals_hide_main(self, main):
        main["k"] = 1
        assert value("k", {"k": 2}) == 2
        assert value("k", {"j": 2}) == 1

    def test_builtins_may_be_rebound(self):
        assert results("id = id(a)\nout['id'] = id", {"a": main})["id"] == id(main)

    def test_assignments_end_with_the_call(self, main):
        results("x = 1\nimport json\nfor y in (1,): pass\ndef z(): pass")
        assert not {"x", "json", "y", "z"} & set(main)

    def test_global(self, main):
        block("global x\nx = a").run({"a": 1})
        assert main["x"] == 1

    def test_global_wins_over_a_local(self, main):
        main["x"] = 1
        block("global x\nx += a").run({"a": 2, "x": 50})
        assert main["x"] == 3

    def test_global_in_a_nested_function(self, main):
        out = results("def f():\n global x\n x = 5\nf()\nout['x'] = x", {"x": 1})
        assert main["x"] == 5
        assert out["x"] == 1

    def test_global_below_if(self, main):
        block("if a:\n global x\n x = 1").run({"a": 1, "x": 2})
        assert main["x"] == 1

    @pytest.mark.parametrize(
        "source",
        [
            "n = 1",
            "n: int = 1",
            "n += 1",
            "(n, m) = 1, 2",
            "[*n] = ()",
            "for n in (): pass",
            "with open('x') as n: pass",
            "import n",
            "import n.b",
            "import a as n",
            "from a import n",
            "from a import b as n",
            "def n(): pass",
            "async def n(): pass",
            "class n: pass",
            "try: pass\nexcept E as n: pass",
            "del n",
            "(n := 1)",
            "[(n := x) for x in ()]",
            "[[(n := y) for y in ()] for x in ()]",
            *(
                ["match 1:\n case n: pass", "match 1:\n case [*n]: pass",
                 "match 1:\n case {**n}: pass", "match 1:\n case int(x=n): pass"]
                if sys.version_info >= (3, 10)
                else []
            ),
            *(["type n = int", "type n[T] = T"] if FUTURE else []),
        ],
    )  # fmt: skip
    def test_every_way_to_bind_reads_main_first(self, main, source):
        main["n"] = 1
        out = []
        block(f"out.append(n)\nif 0:\n {source}".replace("\nexcept", "\n except")
              .replace("\n case", "\n  case")).run({"out": out})  # fmt: skip
        assert out == [1]

    @pytest.mark.parametrize(
        "source",
        ["[n for n in (1,)]", "lambda n: n", "def f(n): n = 1", "class C: n = 1", "x.n = 1"],
    )
    def test_inner_names_are_not_bound_by_the_block(self, main, source):
        # If it were, `n` would be a local and keep the value from the start.
        main["n"] = 1
        main["bump"] = lambda: main.update(n=2)
        out = []
        block(f"x = bump\nbump()\n{source}\nout.append(n)").run({"out": out})
        assert out == [2]

    @pytest.mark.parametrize(
        "source",
        [
            "n\nn = 1",
            "def f(): return n\nf()\nn = 1",
            "[n for _ in (1,)]\nn = 1",
            "(lambda: n)()\nn = 1",
            "n += 1",
            "del n",
            "n",
        ],
    )
    def test_unbound_name(self, source):
        with pytest.raises(NameError) as caught:
            block(source).run({"a": 1})
        assert str(caught.value) == "name 'n' is not defined"
        assert type(caught.value) is NameError

    def test_unbound_name_keeps_its_context(self):
        source = "try: 1/0\nexcept ZeroDivisionError: n\nn = 1"
        with pytest.raises(NameError) as caught:
            block(source).run({"a": 1})
        assert isinstance(caught.value.__context__, ZeroDivisionError)

    def test_unbound_local_of_a_function_is_left_alone(self):
        with pytest.raises(UnboundLocalError):
            block("def f():\n print(n)\n n = 1\nf()\nn = 2").run({})


@pytest.fixture
def star_module(monkeypatch):
    module = types.ModuleType("star_module")
    module.first, module._hidden, module.len = 1, 2, "own len"
    monkeypatch.setitem(sys.modules, "star_module", module)
    return module


class TestStarImport:
    def test_binds_what_the_code_reads(self, star_module):
        out = results("from star_module import *\nout['r'] = first, len, max(a, 1)", {"a": 5})
        assert out["r"] == (1, "own len", 5)

    def test_in_nested_scopes_and_before(self, star_module, main):
        main["first"] = "main"
        out = results(
            "out['before'] = first\n"
            "from star_module import *\n"
            "out['f'] = (lambda: [first for _ in (1,)])()"
        )
        assert out == {"before": "main", "f": [1]}

    def test_overrides_locals_as_an_import_does(self, star_module):
        assert results("from star_module import *\nout['x'] = first", {"first": 9})["x"] == 1

    @pytest.mark.parametrize(
        "source",
        [
            "if a:\n {}", "for i in (1,):\n {}", "while a:\n {}\n break",
            "try:\n {}\nfinally: pass", "try: 1/0\nexcept: \n {}", "with c:\n {}",
            "try: pass\nfinally:\n {}", "if not a: pass\nelse:\n {}",
            "if 0: pass\nelif a:\n if a:\n  {}",
        ],
    )  # fmt: skip
    def test_below_statements(self, star_module, source):
        import contextlib

        source = source.format("from star_module import *") + "\nout['r'] = first"
        given = {"a": 1, "c": contextlib.suppress(KeyError)}
        assert results(source, given)["r"] == 1

    def test_hidden_names_stay_hidden(self, star_module):
        with pytest.raises(NameError, match="name '_hidden' is not defined"):
            block("from star_module import *\n_hidden").run({"a": 1})

    def test_all(self, star_module):
        star_module.__all__ = ["_hidden"]
        assert results("from star_module import *\nout['r'] = _hidden")["r"] == 2
        with pytest.raises(NameError, match="name 'first' is not defined"):
            block("from star_module import *\nfirst").run({"a": 1})
        star_module.__all__ = ["missing"]
        with pytest.raises(AttributeError, match="missing"):
            block("from star_module import *").run({"a": 1})

    def test_nothing_else_appears_or_stays(self, star_module, main):
        out = results("from star_module import *\nfirst\nout['r'] = sorted(locals())")
        assert out["r"] == ["first", "locals", "out", "sorted"]
        assert "first" not in main

    def test_global_names(self, star_module, main):
        block("global first\nfrom star_module import *\nfirst").run({"a": 1})
        assert main["first"] == 1

    def test_errors(self):
        with pytest.raises(ModuleNotFoundError, match="no_such_module") as caught:
            block("\n\nfrom no_such_module import *").run({"a": 1})
        at = [e.lineno for e in caught.traceback if e.frame.code.name == "<module>"]
        assert at == [2]  # counted from 0
        with pytest.raises(ImportError):
            block("from .sibling import *").run({"a": 1})
        with pytest.raises(SyntaxError):
            block("def f():\n from os import *")

    def test_debug_is_no_name(self, star_module):
        assert results("from star_module import *\nout['r'] = __debug__, first")["r"][1] == 1


class TestFuture:
    @pytest.mark.parametrize("prefix", ["", "'doc'\n", "\n# comment\n"])
    def test_annotations(self, prefix):
        source = prefix + (
            "from __future__ import annotations, division\n"
            "from __future__ import generators\n"
            "def f(x: Unknown): pass\n"
            "out['a'] = f.__annotations__; out['f'] = annotations.optional"
        )
        indented = "\n" + "".join(f"    {line}\n" for line in source.split("\n"))
        for text in (source, indented):
            out = results(text)
            assert out["a"] == {"x": "Unknown"}
            assert out["f"] is not None

    def test_only_where_written(self):
        with pytest.raises(NameError):
            block("def f(x: Unknown): pass").run({"a": 1})

    @pytest.mark.parametrize("pad", ["", "  "])
    def test_too_late(self, pad):
        source = f"{pad}x = 1\n{pad}from __future__ import annotations"
        with pytest.raises(SyntaxError, match="must occur at the beginning"):
            block(source)


class TestNotAtTopLevel:
    @pytest.mark.parametrize(
        "source",
        ["return 1", "if 1:\n return", "yield 1", "x = yield", "yield from ()", "await x",
         "async for x in y: pass", "async with x: pass", "nonlocal x", "break",
         "lambda: (await x)"],
    )  # fmt: skip
    @pytest.mark.parametrize("pad", ["", "\t"])
    def test_is_a_syntax_error(self, source, pad):
        text = "pass\n\n" + source
        text = "".join(f"{pad}{line}\n" for line in text.split("\n"))
        with pytest.raises(SyntaxError) as caught:
            block(text)
        line = 4 if "\n" in source else 3
        assert caught.value.lineno == line
        assert caught.value.filename == "<py.exec at script.lua:7>"
        assert caught.value.text.strip() == source.split("\n")[-1].strip()

    @pytest.mark.parametrize("source", ["(yield)", "await x", "x = 1", "", "  ", "return 1"])
    def test_in_eval(self, source):
        with pytest.raises(SyntaxError):
            block(source, "eval")


class TestNamespace:
    def test_keeps_assignments(self):
        namespace = {"a": 1}
        assert block("b = a + 1\nimport os\na = 5").run_in(namespace) is None
        assert sorted(namespace) == ["a", "b", "os"]
        assert (namespace["a"], namespace["b"]) == (5, 2)
        assert block("a * b", "eval").run_in(namespace) == 10

    def test_falls_back_to_main_then_builtins(self, main):
        main["k"], main["len"] = 7, "main len"
        namespace = {}
        block(
            "r = [k, len, max(1, 2), [k for _ in (1,)], (lambda: k)()]\n"
            "class C: x = k\n"
            "r.append(C.x)"
        ).run_in(namespace)
        assert namespace["r"] == [7, "main len", 2, [7], 7, 7]
        main["k"] = 8
        assert block("k", "eval").run_in(namespace) == 8
        block("k = k + 1").run_in(namespace)
        assert (namespace["k"], main["k"]) == (9, 8)

    def test_unknown_name(self):
        with pytest.raises(NameError, match="name 'nope' is not defined"):
            block("nope").run_in({})

    def test_leaves_no_builtins(self):
        namespace = {}
        block("x = [y for y in (1,)]\nimport os\nclass C: pass").run_in(namespace)
        assert "__builtins__" not in namespace
        with pytest.raises(ZeroDivisionError):
            block("1/0").run_in(namespace)
        assert "__builtins__" not in namespace

    def test_keeps_builtins_that_were_there(self, main):
        main["k"] = 7
        namespace = {}
        exec("", namespace)
        before = namespace["__builtins__"]
        assert block("k", "eval").run_in(namespace) == 7
        assert namespace["__builtins__"] is before

    def test_functions_keep_working(self, main):
        main["k"] = 7
        namespace = {"a": 1}
        block(
            "import json\n"
            "def f():\n return len('x') + k + a\n"
            "def make():\n return lambda: len('xy') + k\n"
            "class C:\n def m(self):\n  import os\n  class D: pass\n  return f()\n"
        ).run_in(namespace)
        assert namespace["f"]() == 9
        namespace["a"] = 2
        assert [g() for g in [namespace["f"], namespace["make"]()]] == [10, 9]
        assert namespace["C"]().m() == 10
        if sys.version_info >= (3, 10):
            assert "__builtins__" not in namespace

    def test_nested_use_of_the_same_dict(self, main):
        namespace = {}
        main["again"] = lambda: block("y = max(1, 2)").run_in(namespace)
        block("again()\nx = max(y, 3)\ndef f(): return max(x, y)\nz = f()").run_in(namespace)
        assert [namespace[n] for n in "xyz"] == [3, 2, 3]

    def test_global(self, main):
        namespace = {"x": "kept"}
        block("global x, y\nx = 1\ny = 2\ndef f():\n global z\n z = 3\nf()").run_in(namespace)
        assert (main["x"], main["y"], main["z"]) == (1, 2, 3)
        assert namespace["x"] == "kept"
        assert not {"y", "z"} & set(namespace)

    def test_global_reads_main_not_the_dict(self, main):
        main["x"] = 1
        namespace = {"x": 50}
        block("global x\nx += 1").run_in(namespace)
        assert main["x"] == 2
        assert namespace["x"] == 50

    def test_global_after_an_error(self, main):
        namespace = {"x": 50}
        with pytest.raises(ZeroDivisionError):
            block("global x\nx = 1\n1/0").run_in(namespace)
        assert main["x"] == 1
        assert namespace == {"x": 50}

    def test_star_and_future_imports(self, star_module):
        namespace = {}
        block("from __future__ import annotations\nfrom star_module import *").run_in(namespace)
        assert namespace["first"] == 1

    def test_import_hook_that_is_set_later(self, monkeypatch):
        import builtins

        real = builtins.__import__

        def hooked(name, *args):
            return "hooked" if name == "anything" else real(name, *args)

        block("import sys").run_in({})
        namespace = {}
        with monkeypatch.context() as patch:
            patch.setattr(builtins, "__import__", hooked)
            block("import anything").run_in(namespace)
        assert namespace == {"anything": "hooked"}


class TestIndentation:
    @pytest.mark.parametrize(
        "source",
        [
            "out['x'] = 1",
            "   out['x'] = 1",
            "\tout['x'] = 1\n\tpass",
            "\n  out['x'] = 1\n  if 1:\n    pass\n",
            "\n\n\n    out['x'] = 1\n    \t",
            "  # comment\n    out['x'] = 1\n# comment\n    pass",
            "\n    out['x'] = 1\n  # comment\n    pass\n\t\t",
            "\r\n    out['x'] = 1\r\n    pass\r\n  ",
            "\f\n  out['x'] = 1",
            " \fout['x'] = 1\nif 1: pass",
            "\ufeffout['x'] = 1",
            "   out['x'] = (\n1\n)",
            "  out['x'] = \\\n1",
        ],
    )
    def test_accepted(self, source):
        assert results(source) == {"x": 1}
        namespace = {"out": {}}
        block(source).run_in(namespace)
        assert namespace["out"] == {"x": 1}

    @pytest.mark.parametrize("source", ["", "\n", "  ", "# c", "   # c", "\n\t# c\n  ", "pass"])
    def test_nothing_to_do(self, source):
        assert block(source).run({"a": 1}) is None
        assert eval(block(source).code, {}) is None

    def test_triple_quoted_strings_stay_as_written(self):
        source = '\n    out["s"] = """\n      a\n  b\nc"""\n'
        assert results(source)["s"] == "\n      a\n  b\nc"

    @pytest.mark.parametrize(
        "source, line",
        [
            ("   x = 1\ny = 2", 2),
            ("\n   x = 1\n   z = 1\ny = 2", 4),
            ("\n   if 0: pass\nelse: pass", 3),
            ("\n  x = 1\n y = 2", 3),
            ("x = 1\n  y = 2", 2),
        ],
    )
    def test_refused(self, source, line):
        with pytest.raises(IndentationError) as caught:
            block(source)
        assert caught.value.lineno == line
        assert caught.value.text.rstrip("\n") == source.split("\n")[line - 1]

    @pytest.mark.parametrize(
        "source",
        ["a", "  a  ", "\n\n  a\n\t", "\ta\n", "\r\na\r\n", "(\n a\n)", "\n (a\n+0) # c\n"],
    )
    def test_eval(self, source):
        assert value(source, {"a": 4}) == 4
        assert eval(block(source, "eval").code, {"a": 4}) == 4

    def test_lines_of_indented_code(self):
        for source in ("  x = 1\n  1/0", "\n  1/0", "x = 1\n1/0"):
            for run in (lambda b: b.run({"a": 1}), lambda b: b.run_in({}),
                        lambda b: exec(b.code, {})):  # fmt: skip
                with pytest.raises(ZeroDivisionError) as caught:
                    run(block(source))
                assert caught.traceback[-1].lineno == 1  # from 0

    def test_syntax_error_lines(self):
        for source in ("  x = 1\n  1 +", "\n  1 +\n", "x = 1\n1 +"):
            with pytest.raises(SyntaxError) as caught:
                block(source)
            assert caught.value.lineno == 2
            assert caught.value.text.strip() == "1 +"


class TestPositions:
    @pytest.fixture
    def place(self, tmp_path):
        """Return a function that writes a Lua file and compiles code of it."""

        def compile_in(lua, source, line, mode="exec", encoding="utf-8"):
            path = tmp_path / "script.lua"
            path.write_bytes(lua.encode(encoding))
            return str(path), compile_block(source, mode, f"py.{mode}", str(path), line)

        return compile_in

    def line_of(self, code, given=None):
        with pytest.raises(ZeroDivisionError) as caught:
            code.run(given or {"a": 1})
        last = caught.value.__traceback__
        while last.tb_next:
            last = last.tb_next
        return last.tb_frame.f_code.co_filename, last.tb_lineno

    @pytest.mark.parametrize(
        "lua, source, call, line",
        [
            ("--\npy.exec [[\n  x = 1\n  1/0\n]]", "  x = 1\n  1/0\n", 2, 4),
            ("--\npy.exec [[\n  x = 1\n  1/0\n]]", "  x = 1\n  1/0\n", 5, 4),
            ("--\npy.exec [==[\n  1/0\n]==]", "  1/0\n", 2, 3),
            ("--\npy.exec [[1/0]]", "1/0", 2, 2),
            ("py.exec [[  1/0]]", "  1/0", 1, 1),
            ("py.exec [[  x = 1\n  1/0]]", "  x = 1\n  1/0", 1, 2),
            ("py.exec '1/0'", "1/0", 1, 1),
            ('\n\npy.exec "1/0"', "1/0", 3, 3),
            ("\npy.exec 'x = \\'\\\\\\'; 1/0'", "x = '\\'; 1/0", 2, None),
            ("\npy.exec 's = \\'\\\\\\\\\\'; 1/0'", "s = '\\\\'; 1/0", 2, 2),
            ("\r\npy.exec [[\r\n  x = 1\r\n  1/0\r\n]]", "  x = 1\n  1/0\n", 2, 4),
            ("\npy.exec 'x = 1\\\n1/0'", "x = 1\n1/0", 2, 3),
        ],
    )
    def test_literal_code(self, place, lua, source, call, line):
        if line is None:
            with pytest.raises(SyntaxError):
                place(lua, source, call)
            return
        path, code = place(lua, source, call)
        assert self.line_of(code) == (path, line)
        with pytest.raises(ZeroDivisionError) as caught:
            exec(code.code, {})
        assert caught.traceback[-1].lineno + 1 == line

    def test_eval_with_blank_lines(self, place):
        path, code = place("--\nreturn py.eval [[\n\n  1/a\n]]", "\n  1/a\n", 2, "eval")
        assert self.line_of(code, {"a": 0}) == (path, 4)

    def test_nearest_literal(self, place):
        lua = "py.exec '1/0'\n" + "\n" * 8 + "py.exec '1/0'\n" + "\n" * 8 + "py.exec '1/0'\n"
        assert [self.line_of(place(lua, "1/0", n)[1])[1] for n in (1, 2, 9, 12, 30)] == [
            1, 1, 10, 10, 19,
        ]  # fmt: skip

    def test_literal_defined_far_from_the_call(self, place):
        source = "x = 1\nx / 0\n"
        path, code = place(
            "local c = [[\n" + source + "]]" + "\n" * 500 + "py.exec(c)", source, 502
        )
        assert self.line_of(code) == (path, 3)

    @pytest.mark.parametrize(
        "lua, source",
        [
            ("py.exec('1' .. '/0')", "1/0"),
            ("py.exec(f(1/0))", "1/0"),
            ("py.exec [=[1/0]]", "1/0"),
            ("py.exec [[1/0]=]", "1/0"),
            ("py.exec (t[1/0])", "1/0"),
            ("py.exec [[\n1/0]]", "\n1/0"),
        ],
    )
    def test_computed_code(self, place, lua, source):
        path, code = place(lua, source, 1)
        filename, line = self.line_of(code)
        assert filename == f"<py.exec at {path}:1>"
        assert line == source.count("\n") + 1

    def test_short_code_far_from_its_like_is_computed(self, place):
        path, code = place("py.exec '1/0'\n" + "\n" * 100, "1/0", 100)
        assert self.line_of(code) == (f"<py.exec at {path}:100>", 1)

    def test_changed_file(self, place):
        path, code = place("py.exec '1/0'", "1/0", 1)
        assert self.line_of(code)[0] == path
        path, code = place("py.exec(unknown)", "1/0", 1)
        assert self.line_of(code)[0] == f"<py.exec at {path}:1>"

    @pytest.mark.parametrize(
        "chunk, name",
        [
            (None, "<py.exec at ?:7>"),
            ("stdin", "<py.exec at stdin:7>"),
            ('[string "py.exec..."]', '<py.exec at [string "py.exec..."]:7>'),
            ("no/such/file.lua", "<py.exec at no/such/file.lua:7>"),
            ("with\0nul", "<py.exec at with?nul:7>"),
            ("\udcff.lua", "<py.exec at \udcff.lua:7>"),
            (".", "<py.exec at .:7>"),
        ],
    )
    def test_chunks_without_readable_file(self, chunk, name):
        code = compile_block("1/0", "exec", "py.exec", chunk, 7)
        assert self.line_of(code) == (name, 1)

    def test_lua_file_that_is_not_utf8(self, place):
        path, code = place("-- \xe4\npy.exec '1/0'", "1/0", 2, encoding="latin-1")
        assert self.line_of(code) == (path, 2)

    def test_syntax_error(self, place):
        with pytest.raises(SyntaxError) as caught:
            place("--\npy.exec [[\n  x = 1\n  return\n]]", "  x = 1\n  return\n", 2)
        assert caught.value.filename.endswith("script.lua")
        assert (caught.value.lineno, caught.value.text) == (4, "  return\n")

    @pytest.mark.parametrize("code", ["1 +", "return 1", "x = (", "a b"])
    def test_syntax_error_within_a_line(self, place, code):
        lua = "--\nlocal r = py.exec '" + code + "' -- more"
        with pytest.raises(SyntaxError) as caught:
            place(lua, code, 2)
        error = caught.value
        assert error.lineno == 2
        assert error.text.strip() == code
        shown = error.text[error.offset - 1 :].strip()
        assert shown in code

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="no columns in tracebacks")
    @pytest.mark.parametrize("lua", ["--\nlocal r = py.eval '%s' -- x", "local ä = py.eval[[%s]]"])
    def test_columns_point_into_the_lua_line(self, place, lua):
        import traceback

        text = lua % "a + 1/0"
        path, code = place(text, "a + 1/0", 1, "eval")
        for run in (lambda: code.run({"a": 1}), lambda: eval(code.code, {"a": 1})):
            with pytest.raises(ZeroDivisionError) as caught:
                run()
            shown = traceback.format_tb(caught.value.__traceback__)[-1].split("\n")
            assert shown[0].startswith(f'  File "{path}"')
            line, marks = shown[1], shown[2]
            marked = [c for c, mark in zip(line, marks) if mark in "~^"]
            assert "".join(marked) == "1/0"

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="no columns in tracebacks")
    @pytest.mark.parametrize(
        "source", [" \n  x = 1/0\n", " \n\n  if 1:\n    x = 1/0\n", "  y = 1\n  x = 1/0\n"]
    )
    def test_columns_of_lines_without_lua_code(self, place, source):
        code = place("local r = py.exec [[" + source + "]]", source, 1)[1]
        at = source.split("\n")[-2].index("1/0")
        for part in (code.code, code.run):
            with pytest.raises(ZeroDivisionError) as caught:
                part({"a": 1}) if callable(part) else exec(part, {})
            last = caught.value.__traceback__
            while last.tb_next:
                last = last.tb_next
            positions = list(last.tb_frame.f_code.co_positions())[last.tb_lasti // 2]
            assert positions == (source.count("\n"),) * 2 + (at, at + 3)


class TestBadSource:
    @pytest.mark.parametrize("mode", ["exec", "eval"])
    @pytest.mark.parametrize("bad", ["\0", "\udcff"])
    def test_characters(self, mode, bad):
        with pytest.raises(SyntaxError) as caught:
            block("(1,\n 2, '" + bad + "')", mode)
        assert caught.value.filename == f"<py.{mode} at script.lua:7>"
        assert caught.value.lineno == 2
        assert "null" in str(caught.value) or "UTF-8" in str(caught.value)

    @pytest.mark.parametrize(
        "source",
        ["(" * 10000, "(" * 150 + ")" * 150, "-" * 100000 + "1", "+".join("1" * 20000),
         "[" * 90 + "]" * 90, "lambda: " * 3000 + "1", "'''", "\\"],
    )  # fmt: skip
    def test_deep_or_broken_code_is_at_most_an_exception(self, source):
        for text in (source, "  " + source + "\n  pass"):
            try:
                block(text).run({"a": 1})
            except (SyntaxError, MemoryError, RecursionError):
                pass

    def test_long_code(self):
        lines = [f"v{i % 50} = a + {i}" for i in range(10000)]
        out = results("\n".join([*lines, "out['v'] = v49"]), {"a": 1})
        assert out["v"] == 10000
        lines = [f"    v{i % 50} = a + {i}" for i in range(10000)]
        with pytest.raises(ZeroDivisionError) as caught:
            block("\n" + "\n".join([*lines, "    1/0"])).run({"a": 1})
        assert caught.traceback[-1].lineno == 10001

    def test_recursion_in_the_block(self):
        with pytest.raises(RecursionError):
            block("def f(): return f()\nf()").run({"a": 1})

    @pytest.mark.parametrize("pad", ["", "  "])
    def test_warnings_come_once(self, pad):
        source = f"{pad}x = a is 1\n{pad}s = '\\d'\n{pad}def f(): return s is ''"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            code = block(source)
            seen = len(caught)
            assert seen >= 2
            code.run({"a": 1})
            code.run({"a": 1, "b": 1})
            code.run_in({"a": 1})
            assert len(caught) == seen
            before = list(warnings.filters)
            compile("1 is 1", "", "eval")
            assert len(caught) == seen + 1
        assert before

    def test_warnings_as_errors(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(SyntaxError) as caught:
                block("\n\n  x is 1")
        assert caught.value.lineno == 3


class TestBlock:
    def test_code_runs_at_main_level(self):
        namespace = {}
        assert eval(block("x = 1\nfrom math import *").code, namespace) is None
        assert namespace["x"] == 1 and "pi" in namespace
        assert eval(block("1 + 1", "eval").code, {}) == 2

    def test_names(self):
        source = "b = a\ndef f(x): return c + x.attr\nd += 1\nclass C(e): g = h"
        assert {"a", "c", "d", "e", "h"} <= set(block(source).names)
        assert not {"b", "attr", "C", "f", "g"} & set(block(source).names)
        assert block("a.b", "eval").names == ("a",)

    def test_unknown_attribute(self):
        with pytest.raises(AttributeError, match="nothing"):
            _ = block("1").nothing

    def test_tracebacks_name_the_module(self):
        for mode, given in (("exec", {}), ("eval", {"a": 1})):
            with pytest.raises(ZeroDivisionError) as caught:
                block("1/0", mode).run(given)
            code = caught.traceback[-1].frame.code.raw
            assert code.co_name == "<module>"
            assert getattr(code, "co_qualname", "<module>") == "<module>"

    def test_variants_are_bounded(self):
        code = block("len(locals())", "eval")
        for i in range(300):
            assert code.run({f"a{i}": 1}) == 1
        assert len(code._functions) <= 64

    def test_file(self, tmp_path):
        path = tmp_path / "ä.py"
        path.write_bytes("# coding: latin-1\r\ns = 'ä'\r\nout.append(s)\n".encode("latin-1"))
        out = []
        compile_file(str(path)).run({"out": out})
        path.write_bytes(b"\xef\xbb\xbfout.append('\xc3\xa4')\n1/0\n")
        with pytest.raises(ZeroDivisionError) as caught:
            compile_file(str(path)).run({"out": out})
        assert out == ["ä", "ä"]
        assert caught.traceback[-1].lineno == 1
        assert caught.value.__traceback__.tb_next is not None
        path.write_bytes(b"# coding: nonsense\n")
        with pytest.raises(SyntaxError):
            compile_file(str(path))
        with pytest.raises(FileNotFoundError):
            compile_file(str(tmp_path / "none.py"))


def test_import_is_light():
    heavy = "ast inspect re importlib.metadata typing dataclasses traceback linecache tokenize"
    program = (
        "import sys; before = set(sys.modules); import pyhelper._run, pyhelper._errors;"
        " pyhelper._run.compile_block('1', 'eval', 'py.eval', None, 0);"
        f" print(*(set(sys.modules) - before) & set({heavy.split()!r}))"
    )
    path = ":".join(sys.path)
    command = [sys.executable, "-S", "-c", f"import sys; sys.path = {path!r}.split(':'); {program}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.split() == []
