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

from ._source import place, remember

ONLY_AST = 0x400  # ast.PyCF_ONLY_AST
_BLANK = " \t\f\n"
_MAX_VARIANTS = 64  # different sets of locals per block that stay compiled
_MAX_MOVED = 10000  # characters of code whose columns are worth correcting
_COLUMNS = sys.version_info >= (3, 11)  # do tracebacks show them?
_builtins = builtins.__dict__


def _compile_text(text, filename, mode):
    return compile(text, filename, mode, 0, True)


# The core's function does the same without making the classes of ASTs, which
# many a program never needs; there is no core where this module is tested alone.
_compile_text = getattr(sys.modules.get("pyhelper._core"), "compile_text", _compile_text)


def compile_block(source, mode, what, lua_file, lua_line):
    """Compile a code string found at a line of a Lua chunk.

    `mode` is 'exec' or 'eval'; `what` is the Lua function that was called,
    for the name of code that stands in no file.  Raises SyntaxError with the
    position in the Lua file.
    """
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    filename, line, column = place(source, what, lua_file, lua_line)
    try:
        block = Block(source, mode, filename, line, column)
    except SyntaxError as error:
        if mode == "eval":
            _explain_eval(error, source, line)
        raise
    if filename != lua_file:
        remember(filename, source, block)
    return block


def _explain_eval(error, source, line):
    """Say what py.eval wants, if the error is that it was given statements."""
    code = source.strip(_BLANK)
    if not code:
        error.msg = "an expression was expected, not an empty string"
        error.lineno = line
        return
    try:
        compile(code, "", "exec", 0, True)
    except Exception:
        return
    error.msg += " (these are statements, for py.exec; py.eval takes an expression)"


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
        "__weakref__", "_code", "_code_error", "_column", "_filename", "_first_line",
        "_functions", "_hot", "_main", "_mode", "_names", "_scope", "_shift", "_text",
        "_wrapped",
    )  # fmt: skip

    def __init__(self, source, mode, filename, line, column):
        self._mode = mode
        self._filename = filename
        self._main = sys.modules["__main__"].__dict__
        self._scope = None
        self._functions = {}
        self._hot = (None, ())
        self._code_error = self._names = None
        self._set_text(source.lstrip("\ufeff"), line, column)
        self._check_text()
        try:
            self._code = self._compile()
        except SyntaxError as error:
            # `nonlocal k` in a nested function is right when k is a local of
            # this run.  Then there is no code for `__main__` level.
            if not str(error.msg).startswith("no binding for nonlocal"):
                raise
            self._code_error = error.with_traceback(None)

    @property
    def code(self):
        if self._code_error is not None:
            raise self._code_error.with_traceback(None)
        return self._code

    @property
    def names(self):
        if self._names is None:
            self._names = tuple(sorted(self._get_scope().reads))
        return self._names

    def contains(self, code):
        """Tell whether a code object is of this block."""
        todo = [function.__code__ for function in self._functions.values()]
        if self._code_error is None:
            todo.append(self._code)
        while todo:
            known = todo.pop()
            if known is code:
                return True
            todo += [c for c in known.co_consts if type(c) is type(code)]
        return False

    # Source text to code

    def _set_text(self, source, line, column):
        """Bring the text into a form that Python compiles, lines in place.

        An indented block becomes the body of `if 1:`, which stands on the
        line above (perhaps line 0, see _parse) or on a blank first line.
        """
        self._wrapped = False
        self._column = 0
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
        self._shift = min(line - 1, 0)
        self._text = "\n" * (line - 1) + source
        # Columns matter where tracebacks point at them.  Those of an indented
        # block are corrected in the AST, which is no form for huge literals.
        if _COLUMNS and column and len(source) <= _MAX_MOVED:
            self._column = column
        # Where code stands in the text that shares its line with Lua code.
        self._first_line = line + self._wrapped - self._shift

    def _check_text(self):
        """Refuse what compile() refuses differently in each version."""
        try:
            self._text.encode("utf-8")
            at = self._text.find("\0")
            problem = "source code string cannot contain null bytes"
        except UnicodeEncodeError as error:
            at = error.start
            problem = "source code string is not valid UTF-8 (pass bytes as locals, by py.bytes)"
        if at >= 0:
            line_start = self._text.rfind("\n", 0, at) + 1
            lineno = self._text.count("\n", 0, at) + 1 + self._shift
            details = (self._filename, lineno, at - line_start + 1, None)
            raise SyntaxError(problem, details)

    def _compile(self):
        if not self._wrapped:
            text = self._text
            if self._column:
                # A form feed ends indentation of any width.  So code can stand
                # in its column, without the AST.
                start = self._first_line - 1
                margin = " " * (self._column - 1) + "\f"
                text = text[:start] + margin + text[start:]
            try:
                return _compile_text(text, self._filename, self._mode)
            except SyntaxError as error:
                self._set_error_text(error)
                raise
        tree = self._parse(compile)
        try:
            return compile(tree, self._filename, self._mode, 0, True)
        except SyntaxError as error:
            self._set_error_text(error)
            raise

    def _parse(self, compile):
        """Return the block's AST, with lines and columns of the Lua file."""
        try:
            tree = compile(self._text, self._filename, self._mode, ONLY_AST, True)
            if self._wrapped:
                self._unwrap(tree)
        except SyntaxError as error:
            self._move_error(error)
            self._set_error_text(error)
            raise
        if self._shift or self._column:
            self._move(tree)
        return tree

    def _move(self, tree):
        todo = [tree]
        while todo:
            node = todo.pop()
            if hasattr(node, "lineno"):
                if node.lineno == self._first_line:
                    node.col_offset += self._column
                if node.end_lineno == self._first_line:
                    node.end_col_offset += self._column
                node.lineno += self._shift
                node.end_lineno += self._shift
            todo += children(node)

    def _move_error(self, error):
        for line, column in ("lineno", "offset"), ("end_lineno", "end_offset"):
            at = getattr(error, line, None)  # the end is known from 3.10 on
            if at:
                if at == self._first_line and getattr(error, column):
                    setattr(error, column, getattr(error, column) + self._column)
                setattr(error, line, at + self._shift)

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
        """Show the block's own line, where it stands.

        Python reads it from the file for errors that it finds late.
        """
        if error.filename != self._filename or not error.lineno:
            return
        index = error.lineno - 1 - self._shift
        lines = self._text.split("\n")
        if index < len(lines) and not (self._wrapped and lines[index][:5] == "if 1:"):
            before = self._column if index + 1 == self._first_line else 0
            error.text = " " * before + lines[index] + "\n"

    # With local variables

    def run(self, locals):
        """Run with a dict's identifiers as local variables.

        Names that the code binds and `locals` lacks start with the value that
        they have in `__main__`, or else in `builtins`, when the run starts.
        """
        function, unbound = self._hot
        try:
            if function is not None and (not unbound or self._main.keys().isdisjoint(unbound)):
                try:
                    return function(**locals)
                except TypeError as error:
                    # Without a frame of the function: other names this time.
                    # Comparing them first would cost more than the call.
                    if error.__traceback__.tb_next is not None:
                        raise
            function, arguments = self._prepare(locals)
            return function(**arguments)
        except NameError as caught:
            unknown = caught
            if function is not None:
                unknown = _as_unknown_name(caught, function.__code__)
        # Outside of `except`, so that the error keeps the context it had.
        raise unknown

    def _prepare(self, given):
        """Return the variant for these locals, and its arguments by name."""
        scope = self._get_scope()
        arguments = scope.take(given)
        unbound = tuple(n for n in scope.bound if n not in arguments)
        main = self._main
        for name in unbound:
            if name in main:
                arguments[name] = main[name]
            elif name in _builtins:
                arguments[name] = _builtins[name]
        names = frozenset(arguments)
        function = self._functions.get(names)
        if function is None:
            tree = self._parse(compile_quietly)
            try:
                function = scope.make_function(tree, names, self._filename, main)
            except SyntaxError as error:
                self._set_error_text(error)
                raise
            if len(self._functions) >= _MAX_VARIANTS:
                self._functions.clear()
            self._functions[names] = function
        if names == given.keys():
            # One tuple, because threads may run the block at the same time.
            self._hot = (function, unbound)
        return function, arguments

    def _get_scope(self):
        if self._scope is None:
            from ._locals import Scope

            scope = Scope(self._parse(compile_quietly))
            if self._code_error is not None and scope.stray:
                raise self._code_error.with_traceback(None)
            self._scope = scope
        return self._scope

    # In a dict

    def run_in(self, namespace):
        """Run with a dict as the namespace, which keeps the assignments."""
        from ._namespace import run_in

        code = self.code
        declared = self._get_scope().all_globals if "global" in self._text else ()
        return run_in(code, namespace, self._main, declared)


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


def children(node):
    """Yield the AST nodes directly below `node`."""
    for field in node._fields:
        child = getattr(node, field, None)
        if isinstance(child, list):
            yield from (c for c in child if hasattr(c, "_fields"))
        elif hasattr(child, "_fields"):
            yield child


def compile_quietly(source, filename, mode, flags, dont_inherit):
    """Compile again, without the warnings that were given the first time."""
    import _warnings

    filters = (sys.modules.get("warnings") or _warnings).filters
    quiet = ("ignore", None, Warning, None, 0)
    filters.insert(0, quiet)
    try:
        return compile(source, filename, mode, flags, dont_inherit)
    finally:
        filters.remove(quiet)


def _as_unknown_name(error, code):
    """Return the NameError that top-level code gives for an unbound name.

    To the interpreter the block is a function, and it speaks of unbound
    locals, or free variables, in words that differ between versions.
    """
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    raised_in = last.tb_frame.f_code
    words = str(error).split("'")
    if len(words) < 2:
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
