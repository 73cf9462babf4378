# SPDX-License-Identifier: MIT
"""Python code strings run by Lua: py.exec, py.eval and kin.

The C core calls `compile_block` (and `compile_file`) and caches the result.
A block runs in one of three ways: at `__main__` level (the core evaluates
`Block.code`), with local variables (`Block.run`), or in a dict that is its
namespace (`Block.run_in`).

This is imported by the first py.eval of a Lua program, so it imports nothing
that costs time.
"""

import builtins
import sys

from ._source import place

_ONLY_AST = 0x400  # ast.PyCF_ONLY_AST
_BLANK = " \t\f\n"
_MAX_VARIANTS = 64  # different sets of locals per block that stay compiled
_MAX_MOVED = 10000  # characters of code whose columns are worth correcting
_COLUMNS = sys.version_info >= (3, 11)  # do tracebacks show them?
_BUILTINS_BY_FRAME = sys.version_info < (3, 10)
_KEYWORDS = frozenset(
    "False None True __debug__ and as assert async await break class continue"
    " def del elif else except finally for from global if import in is lambda"
    " nonlocal not or pass raise return try while with yield".split()
)
# What the function around a block is called until it is compiled; no code can
# contain it by chance.
_FUNCTION = "<lua-py block>"

_function_type = type(lambda: 0)
_code_type = type((lambda: 0).__code__)
_builtins = builtins.__dict__


def compile_block(source, mode, what, lua_file, lua_line):
    """Compile a code string found at a line of a Lua chunk.

    `mode` is 'exec' or 'eval'; `what` is the Lua function that was called,
    for the name of code that stands in no file.  Raises SyntaxError with the
    position in the Lua file.
    """
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    filename, line, column = place(source, what, lua_file, lua_line)
    return Block(source, mode, filename, line, column)


def compile_file(path):
    """Compile a Python file for py.execfile."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        if b"coding" in b"".join(data.split(b"\n", 2)[:2]):
            raise UnicodeError
        source = data.decode("utf-8-sig")
    except UnicodeError:  # what Python itself says and does about encodings
        import tokenize

        with tokenize.open(path) as file:
            source = file.read()
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    return Block(source, "exec", path, 1, 0)


class Block:
    """Compiled code and, for each set of local names it met, a variant of it.

    code:  the code object for `__main__` level
    names: the names that the code may read from outside, found when asked for
    """

    __slots__ = (
        "__weakref__", "_code_error", "_column", "_filename", "_functions",
        "_hot", "_line", "_main", "_mode", "_scope", "_text", "_wrapped",
        "code", "names",
    )  # fmt: skip

    def __init__(self, source, mode, filename, line, column):
        self._mode = mode
        self._filename = filename
        self._main = sys.modules["__main__"].__dict__
        self._scope = None
        self._functions = {}
        self._hot = (None, None, ())
        self._code_error = None
        self._set_text(source.lstrip("\ufeff"), line, column)
        self._check_text()
        try:
            self.code = self._compile()
        except SyntaxError as error:
            # `nonlocal k` in a nested function is right when k is a local of
            # this run.  Then there is no code for `__main__` level.
            if not str(error.msg).startswith("no binding for nonlocal"):
                raise
            self._code_error = error.with_traceback(None)

    def __getattr__(self, name):  # called for slots that are still empty
        if name == "names":
            self.names = tuple(sorted(self._get_scope().reads))
            return self.names
        if name == "code" and self._code_error is not None:
            raise self._code_error
        raise AttributeError(f"'Block' object has no attribute {name!r}")

    # Source text to code

    def _set_text(self, source, line, column):
        """Bring the text into a form that Python compiles, lines in place.

        An indented block becomes the body of `if 1:`, which stands on the
        line above (perhaps line 0, see _parse) or on a blank first line.
        """
        self._wrapped = False
        if self._mode == "eval":
            code = source.lstrip(_BLANK)
            leading = source[: len(source) - len(code)]
            line += leading.count("\n")
            if "\n" in leading:
                column = 0
            column += len(leading) - leading.rfind("\n") - 1
            source = code.rstrip(_BLANK)
        else:
            start = _first_code(source)
            line_start = source.rfind("\n", 0, start) + 1
            indent = source[line_start:start]
            if line_start:
                column = 0  # belongs to the first line, which has no code
            if indent and not indent.endswith("\f"):  # which resets the column
                self._wrapped = True
                if line_start:
                    source = "if 1:" + source
                else:
                    source = "if 1:\n" + source
                    line -= 1
        self._line = line
        self._column = column
        self._text = "\n" * (line - 1) + source

    def _check_text(self):
        """Refuse what compile() refuses differently in each version."""
        try:
            self._text.encode("utf-8")
            at = self._text.find("\0")
            problem = "source code string cannot contain null bytes"
        except UnicodeEncodeError as error:
            at = error.start
            problem = "source code string is not valid UTF-8"
        if at >= 0:
            line_start = self._text.rfind("\n", 0, at) + 1
            lineno = self._text.count("\n", 0, at) + 1 + min(self._line - 1, 0)
            details = (self._filename, lineno, at - line_start + 1, None)
            raise SyntaxError(problem, details)

    def _compile(self):
        moved = _COLUMNS and self._column and len(self._text) <= _MAX_MOVED
        try:
            if self._wrapped or moved:
                return compile(self._parse(), self._filename, self._mode, 0, True)
            return compile(self._text, self._filename, self._mode, 0, True)
        except SyntaxError as error:
            self._set_error_text(error)
            raise

    def _parse(self):
        """Return the block's AST, with lines and columns of the Lua file."""
        shift = min(self._line - 1, 0)  # -1 if `if 1:` took line 1
        try:
            tree = compile(self._text, self._filename, self._mode, _ONLY_AST, True)
            if self._wrapped:
                self._unwrap(tree)
        except SyntaxError as error:
            if shift and error.lineno:
                error.lineno += shift
                if getattr(error, "end_lineno", None):
                    error.end_lineno += shift
            raise
        column = self._column if _COLUMNS and len(self._text) <= _MAX_MOVED else 0
        if shift or column:
            first = max(self._line, 1) if not self._wrapped else self._line + 1
            _move(tree, shift, column, first)
        return tree

    def _unwrap(self, tree):
        """Put the body of our `if` in its place.

        What follows it, or is its `else`, is code that is indented less than
        the first line.
        """
        stray = tree.body[0].orelse or tree.body[1:]
        if stray:
            raise IndentationError(
                "unindent does not match any outer indentation level",
                (self._filename, stray[0].lineno, 1, None),
            )
        tree.body = tree.body[0].body

    def _set_error_text(self, error):
        """Show the block's own line.

        Python reads it from the file for errors that it finds late, and
        columns are counted in the code.
        """
        if error.filename != self._filename or not error.lineno:
            return
        lines = self._text.split("\n")
        index = error.lineno - 1 - min(self._line - 1, 0)
        if index < len(lines) and not lines[index].startswith("if 1:"):
            error.text = lines[index] + "\n"

    # With local variables

    def run(self, locals):
        """Run with a dict's identifiers as local variables.

        Names that the code binds and `locals` lacks start with the value that
        they have in `__main__`, or else in `builtins`, when the run starts.
        """
        keys, function, unbound = self._hot
        try:
            if [*locals] == keys and self._main.keys().isdisjoint(unbound):
                return function(*locals.values())
            function, arguments = self._prepare(locals)
            return function(**arguments)
        except NameError as caught:
            error = caught
            if function is not None:
                error = _as_unknown_name(caught, function.__code__)
        # Outside of `except`, so that the error keeps the context it had.
        raise error

    def _prepare(self, given):
        """Return the variant for these locals, and its arguments by name."""
        scope = self._get_scope()
        arguments = {}
        for key, value in given.items():
            name = _identifier(key)
            if name is not None and name not in scope.explicit:
                arguments[name] = value
        all_given = list(arguments) == list(given)
        unbound = tuple(n for n in scope.bound if n not in arguments)
        main = self._main
        for name in unbound:
            if name in main:
                arguments[name] = main[name]
            elif name in _builtins:
                arguments[name] = _builtins[name]
        names = tuple(arguments)
        function = self._functions.get(frozenset(names))
        if function is None:
            function = self._make_function(names)
            if len(self._functions) >= _MAX_VARIANTS:
                self._functions.clear()
            self._functions[frozenset(names)] = function
        code = function.__code__
        if all_given and code.co_varnames[: code.co_argcount] == tuple(given):
            # One tuple, because threads may run the block at the same time.
            self._hot = (list(given), function, unbound)
        return function, arguments

    def _make_function(self, names):
        """Compile the block as a function that takes `names`."""
        try:
            tree = self._parse()
            if self._get_scope().has_star:
                _expand_stars(tree, self._get_scope().reads, self._filename)
            module = _function_around(tree, names, self._mode)
            module_code = _compile_quietly(module, self._filename, "exec")
        except SyntaxError as error:
            self._set_error_text(error)
            raise
        code = next(c for c in module_code.co_consts if type(c) is _code_type)
        return _function_type(_as_module_code(code), self._main)

    def _get_scope(self):
        if self._scope is None:
            tree = _compile_quietly(self._text, self._filename, self._mode, _ONLY_AST)
            if self._wrapped:
                self._unwrap(tree)
            scope = _Scope(tree)
            if self._code_error is not None and scope.stray is not None:
                raise self._code_error
            self._scope = scope
        return self._scope

    # In a dict

    def run_in(self, namespace):
        """Run with a dict as the namespace, which keeps the assignments.

        Names not in it come from `__main__`, then `builtins`.  What the code
        declares `global` is kept out of the dict and moved to `__main__` when
        the run ends; a function that assigns such a name later assigns it in
        the dict.
        """
        code = self.code
        declared = self._get_scope().all_globals if "global" in self._text else ()
        hidden = {n: namespace.pop(n) for n in declared if n in namespace}
        before = namespace.get("__builtins__")
        fallback = _fallback(self._main)
        namespace["__builtins__"] = fallback
        try:
            if self._mode == "eval":
                return eval(code, namespace)
            return exec(code, namespace)
        finally:
            if before is not None:
                namespace["__builtins__"] = before
            elif not (_BUILTINS_BY_FRAME and _defines_functions(code)):
                # Functions keep the fallback that they were made with.  In
                # Python 3.9 they look for it in the dict at each call.
                namespace.pop("__builtins__", None)
            for name in declared:
                if name in namespace:
                    self._main[name] = namespace.pop(name)
            namespace.update(hidden)


class _Fallback(dict):
    """The `__builtins__` of a namespace: `__main__`, then `builtins`.

    The interpreter looks names up by `__getitem__` in a dict that is not
    exactly a dict, but takes `__import__` from the contents.
    """

    __slots__ = ("main",)

    def __getitem__(self, name):
        if name in self.main:
            return self.main[name]
        return _builtins[name]


_fallbacks = []


def _fallback(main):
    if not _fallbacks or _fallbacks[0].main is not main:
        fallback = _Fallback(_builtins)
        fallback.main = main
        _fallbacks[:] = [fallback]
    fallback = _fallbacks[0]
    dict.__setitem__(fallback, "__import__", _builtins["__import__"])
    return fallback


def _defines_functions(code):
    """Tell whether the code makes functions that may outlive its run."""
    for const in code.co_consts:
        if type(const) is _code_type:
            passing = const.co_name in ("<listcomp>", "<setcomp>", "<dictcomp>")
            is_function = const.co_flags & 1  # CO_OPTIMIZED: not a class body
            if (is_function and not passing) or _defines_functions(const):
                return True
    return False


class _Scope:
    """The names of a block, found by one walk over its AST.

    bound:       names that the block binds at its top level
    explicit:    names that are declared global there
    all_globals: names that are declared global anywhere
    reads:       names that it reads anywhere
    has_star:    is there a `from m import *`?
    stray:       a top-level return or yield, else None
    """

    __slots__ = ("all_globals", "bound", "explicit", "has_star", "reads", "stray")

    def __init__(self, tree):
        self.bound = set()
        self.explicit = set()
        self.all_globals = set()
        self.reads = set()
        self.has_star = False
        self.stray = None
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
        if self.has_star:  # which may bind any name that is read
            self.bound |= self.reads
        self.bound -= self.explicit

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
            self.stray = node


def _ignore(_name):
    pass


def _depth_inside(node, field, depth):
    kind = type(node).__name__
    if field in ("body", "type_params", "value"):
        if kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda"):
            return 2
        if kind == "TypeAlias":
            return 2
    if kind in ("ListComp", "SetComp", "DictComp", "GeneratorExp"):
        return max(depth, 1)
    return depth


# Work on ASTs


def _first_code(source):
    """Return the index of the first character that is code."""
    start = 0
    while True:
        line_end = source.find("\n", start)
        line = source[start:] if line_end < 0 else source[start:line_end]
        code = line.lstrip(" \t\f")
        if code and code[0] != "#":
            return start + len(line) - len(code)
        if line_end < 0:
            return 0
        start = line_end + 1


def _move(tree, lines, columns, first):
    """Move all nodes up or down, and those of line `first` to the right."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if hasattr(node, "lineno"):
            if node.lineno == first:
                node.col_offset += columns
            if node.end_lineno == first:
                node.end_col_offset += columns
            node.lineno += lines
            node.end_lineno += lines
        todo += _children(node)


def _children(node):
    for field in node._fields:
        child = getattr(node, field, None)
        if isinstance(child, list):
            yield from (c for c in child if hasattr(c, "_fields"))
        elif hasattr(child, "_fields"):
            yield child


def _function_around(tree, names, mode):
    """Return a module that defines a function with the block as its body."""
    template = f"def f({', '.join(names)}): return 0"
    module = compile(template, "", "exec", _ONLY_AST, True)
    function = module.body[0]
    function.name = _FUNCTION
    if mode == "eval":
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
    tree = compile("\n".join(lines), filename, "exec", _ONLY_AST, True)
    todo = [tree]
    while todo:
        node = todo.pop()
        if hasattr(node, "lineno"):
            _put_at(node, statement)
        todo += _children(node)
    return tree.body


def _import_star(name, level):
    """Return what `from name import *` binds, as a dict."""
    main = sys.modules["__main__"].__dict__
    module = __import__(name, main, None, ("*",), level)
    public = getattr(module, "__all__", None)
    if public is not None:
        return {n: getattr(module, n) for n in public}
    return {n: v for n, v in module.__dict__.items() if n[:1] != "_"}


# Work on code objects, names and errors


def _compile_quietly(source, filename, mode, flags=0):
    """Compile again, without the warnings that were given the first time."""
    import _warnings

    filters = (sys.modules.get("warnings") or _warnings).filters
    quiet = ("ignore", None, Warning, None, 0)
    filters.insert(0, quiet)
    try:
        return compile(source, filename, mode, flags, True)
    finally:
        filters.remove(quiet)


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


def _identifier(key):
    """Return the name that code can call a key of `locals` by, or None."""
    if not isinstance(key, str) or not key.isidentifier() or key in _KEYWORDS:
        return None
    if key.isascii():
        return str(key)
    import unicodedata

    return unicodedata.normalize("NFKC", key)  # as Python does with source


def _as_unknown_name(error, code):
    """Return the NameError that top-level code gives for an unbound name.

    To the interpreter the block is a function, and it speaks of unbound
    locals, or free variables, in words that differ between versions.
    """
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    raised_in = last.tb_frame.f_code if last is not None else None
    words = str(error).split("'")
    if len(words) < 2 or raised_in is None:
        return error
    name = words[1]
    local = isinstance(error, UnboundLocalError) and raised_in is code
    free = "free variable" in words[0] and name in code.co_cellvars
    if not (local or (free and raised_in.co_filename is code.co_filename)):
        return error
    clear = NameError(f"name {name!r} is not defined")
    clear.name = name
    clear.__cause__ = error.__cause__
    clear.__context__ = error.__context__
    clear.__suppress_context__ = error.__suppress_context__
    return clear.with_traceback(error.__traceback__)
