# SPDX-License-Identifier: MIT
"""Code blocks as functions whose parameters are the block's local variables.

Only a function gives local variables that comprehensions, lambdas and nested
functions see on every Python.  What a module may do and a function may not is
rewritten here.  Imported when the first code runs with locals.
"""

import sys

from ._run import ONLY_AST, children, compile_quietly

_KEYWORDS = frozenset(
    "False None True __debug__ __peg_parser__ and as assert async await break class continue"
    " def del elif else except finally for from global if import in is lambda"
    " nonlocal not or pass raise return try while with yield".split()
)
# What the function around a block is called until it is compiled; no code can
# contain it by chance.
_FUNCTION = "<lua-py block>"

_function_type = type(lambda: 0)
_code_type = type((lambda: 0).__code__)


class Scope:
    """The names of a block, found by one walk over its AST.

    bound:       names that the block binds at its top level
    explicit:    names that are declared global there
    all_globals: names that are declared global anywhere
    reads:       names that it reads anywhere
    has_star:    is there a `from m import *`?
    stray:       is there a top-level return or yield?
    """

    __slots__ = ("all_globals", "bound", "explicit", "has_star", "reads", "stray")

    def __init__(self, tree):
        self.bound = set()
        self.explicit = set()
        self.all_globals = set()
        self.reads = set()
        self.has_star = False
        self.stray = False
        # Depth 0 is the top level; 1 a comprehension there, whose only names
        # outside are those of `:=`; 2 a function, lambda or class.
        todo = [(tree, 0)]
        while todo:
            node, depth = todo.pop()
            self._visit(node, type(node).__name__, depth)
            for field in node._fields:
                child = getattr(node, field, None)
                inner = _depth_inside(node, field, depth)
                if isinstance(child, list):
                    todo += [(c, inner) for c in child if hasattr(c, "_fields")]
                elif hasattr(child, "_fields"):
                    todo.append((child, inner))
        self.reads.discard("__debug__")  # a constant
        if self.has_star:  # which may bind any name that is read
            self.bound |= self.reads
        self.bound -= self.explicit

    def take(self, given):
        """Return the items of `locals` whose keys are names to the code."""
        taken = {}
        for key, value in given.items():
            if not isinstance(key, str) or not key.isidentifier():
                continue
            if not key.isascii():
                import unicodedata

                key = unicodedata.normalize("NFKC", key)  # as in Python source
            if key not in _KEYWORDS and key not in self.explicit:
                taken[key] = value
        return taken

    def make_function(self, tree, names, filename, main):
        """Compile the block's AST as a function that takes `names`."""
        if self.has_star:
            _expand_stars(tree, self.reads, filename)
        module = compile_quietly(_function_around(tree, names), filename, "exec", 0, True)
        code = next(c for c in module.co_consts if type(c) is _code_type)
        return _function_type(_as_module_code(code), main)

    def _visit(self, node, kind, depth):
        bind = self.bound.add if depth == 0 else _ignore
        if kind == "Name":
            context = type(node.ctx).__name__
            if context != "Store":
                self.reads.add(node.id)
            if context != "Load":
                bind(node.id)
        elif kind == "NamedExpr":
            if depth <= 1:
                self.bound.add(node.target.id)
        elif kind == "AugAssign":
            if type(node.target).__name__ == "Name":
                self.reads.add(node.target.id)
        elif kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
            bind(node.name)
        elif kind in ("Import", "ImportFrom"):
            for alias in node.names:
                if alias.name == "*":
                    self.has_star = True
                else:
                    bind(alias.asname or alias.name.partition(".")[0])
        elif kind in ("ExceptHandler", "MatchAs", "MatchStar"):
            if node.name is not None:
                bind(node.name)
        elif kind == "MatchMapping":
            if node.rest is not None:
                bind(node.rest)
        elif kind == "Global":
            self.all_globals.update(node.names)
            if depth == 0:
                self.explicit.update(node.names)
        elif kind in ("Return", "Yield", "YieldFrom") and depth < 2:
            self.stray = True


def _ignore(_name):
    pass


def _depth_inside(node, field, depth):
    kind = type(node).__name__
    if field == "body":
        if kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda"):
            return 2
    if kind in ("ListComp", "SetComp", "DictComp", "GeneratorExp"):
        return max(depth, 1)
    return depth


def _function_around(tree, names):
    """Return a module that defines a function with the block as its body."""
    template = f"def f({', '.join(names)}): return 0"
    module = compile(template, "", "exec", ONLY_AST, True)
    function = module.body[0]
    function.name = _FUNCTION
    if not isinstance(tree.body, list):  # py.eval
        result = function.body[0]
        _put_at(result, tree.body)
        result.value = tree.body
    elif tree.body:
        function.body = tree.body
        # They must be first in a module, and may stand again on their lines.
        futures = [
            statement
            for statement in tree.body
            if getattr(statement, "module", None) == "__future__"
        ]
        module.body[:0] = futures
    else:
        function.body[0].value = None
    _put_at(function, function.body[0])
    return module


def _put_at(node, other):
    node.lineno = node.end_lineno = other.lineno
    node.col_offset = node.end_col_offset = other.col_offset


def _expand_stars(tree, names, filename):
    """Replace each `from m import *`, which functions may not contain."""
    todo = [tree]
    while todo:
        node = todo.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            block = getattr(node, field, None)
            if not isinstance(block, list):
                continue
            for i in range(len(block) - 1, -1, -1):
                imported = getattr(block[i], "names", None)
                if imported and getattr(imported[0], "name", None) == "*":
                    block[i : i + 1] = _star_statements(block[i], names, filename)
                else:
                    todo.append(block[i])


def _star_statements(statement, names, filename):
    star = "_pyhelper_star"
    lines = [
        f"from {__name__} import _import_star as {star}",
        f"{star} = {star}({statement.module or ''!r}, {statement.level or 0})",
    ]
    lines += [f"if {n!r} in {star}: {n} = {star}[{n!r}]" for n in sorted(names)]
    lines.append(f"del {star}")
    tree = compile("\n".join(lines), filename, "exec", ONLY_AST, True)
    todo = [tree]
    while todo:
        node = todo.pop()
        if hasattr(node, "lineno"):
            _put_at(node, statement)
        todo += children(node)
    return tree.body


def _import_star(name, level):
    """Return what `from name import *` binds, as a dict."""
    main = sys.modules["__main__"].__dict__
    module = __import__(name, main, None, ("*",), level)
    public = getattr(module, "__all__", None)
    if public is not None:
        return {n: getattr(module, n) for n in public}
    return {n: v for n, v in module.__dict__.items() if n[:1] != "_"}


def _as_module_code(code):
    """Let functions and classes be called what they are called at top level."""
    prefix = _FUNCTION + ".<locals>."
    consts = []
    for const in code.co_consts:
        if type(const) is _code_type:
            const = _as_module_code(const)
        elif type(const) is str and const.startswith(prefix):
            const = const[len(prefix) :]
        consts.append(const)
    changes = {"co_consts": tuple(consts)}
    if code.co_name == _FUNCTION:
        changes["co_name"] = "<module>"
    qualname = getattr(code, "co_qualname", "")  # from 3.11 on
    if qualname == _FUNCTION:
        changes["co_qualname"] = "<module>"
    elif qualname.startswith(prefix):
        changes["co_qualname"] = qualname[len(prefix) :]
    return code.replace(**changes)
