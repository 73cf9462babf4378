# SPDX-License-Identifier: MIT
"""Where Python code that a Lua program runs stands in its Lua file.

A traceback that names the Lua file and the line inside it needs no help from
anything that prints tracebacks: they all read the file.  Code that stands in
no file is kept here, so that its lines can be shown too.
"""

import sys
from os import stat

_MAX_LUA_FILE = 16 << 20  # larger files are data, not programs
_MAX_LUA_FILES = 64
_MAX_SITES = 256
_MAX_PER_SITE = 8
# A literal this short may stand in many places, so one counts only if it is
# near the call.  The farthest seen in real scripts: long argument lists.
_SHORT = 12
_NEAR = 20

_lua_files: dict = {}  # path -> ((mtime, size), text)
# Code that stands in no file: file name -> [(source, block), ...].  A Lua line
# that computes code may compute many, which all have the same file name.
_computed: dict = {}


def place(source, what, lua_file, lua_line):
    """Return (filename, line, column in bytes) of `source`'s first character.

    It is a position in the Lua file if `source` stands there literally, and
    the start of `<what at file:line>` if it was computed.
    """
    lua_line = lua_line or 0
    text = _lua_text(lua_file)
    if text is not None and source:
        start = _find_literal(text, source, lua_line)
        if start >= 0:
            line_start = text.rfind("\n", 0, start) + 1
            before = text[line_start:start].encode("utf-8", "surrogateescape")
            return lua_file, text.count("\n", 0, start) + 1, len(before)
    site = lua_file or "?"
    if lua_line > 0:
        site = f"{site}:{lua_line}"
    filename = f"<{what} at {site}>".replace("\0", "?")
    return filename, 1, 0


def remember(filename, source, block):
    """Keep the source of a block that stands in no file."""
    if len(_computed) >= _MAX_SITES and filename not in _computed:
        _computed.pop(next(iter(_computed)), None)
    known = _computed.setdefault(filename, [])
    known.append((source, block))
    del known[:-_MAX_PER_SITE]
    _show(filename, source)  # to those who print tracebacks themselves


def publish(code):
    """Let `linecache` show the lines of the block that `code` is part of."""
    import linecache  # noqa: F401 - _show fills it only if it is there

    known = _computed.get(code.co_filename, ())
    for source, block in known:
        if len(known) == 1 or block.contains(code):
            _show(code.co_filename, source)
            return


def _show(filename, source):
    linecache = sys.modules.get("linecache")
    if linecache is not None:
        lines = [line + "\n" for line in source.split("\n")]
        linecache.cache[filename] = (len(source), None, lines, filename)


def _lua_text(path):
    """Return the text of a Lua file with newlines as \\n, or None."""
    if not path or path[0] in "[=<":  # the short source of a chunk without file
        return None
    try:
        status = stat(path)
        if not 0 < status.st_size <= _MAX_LUA_FILE:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        known = _lua_files.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except (OSError, ValueError):
        return None
    if len(_lua_files) >= _MAX_LUA_FILES:
        _lua_files.clear()
    _lua_files[path] = (stamp, text)
    return text


def _find_literal(text, source, lua_line):
    """Return where the literal nearest to `lua_line` has its text, or -1.

    Lua versions differ in whether the line of a call is that of the first or
    of the last line of its literal, so a literal is near with all its lines.
    """
    best, best_distance = -1, None
    height = source.count("\n")
    searched, found = None, False
    for opening, body, closing in _literals(source):
        if body != searched:  # computed code is compiled often: be quick
            searched, found = body, body in text
        if not found:
            continue
        pattern = opening + body + closing
        line, counted = 1, 0
        at = text.find(pattern)
        while at >= 0:
            line += text.count("\n", counted, at)
            counted = at
            if closing != "]" or _is_long_bracket(text, at, at + len(pattern)):
                distance = max(line - lua_line, lua_line - line - height, 0)
                if best_distance is None or distance < best_distance:
                    best, best_distance = at + len(opening), distance
            at = text.find(pattern, at + 1)
    if best >= 0 and best_distance > _NEAR and len(source) < _SHORT:
        return -1
    return best


def _literals(source):
    """Yield the ways to write `source` in Lua that keep its lines apart."""
    if source[0] != "\n":
        yield "[", source, "]"
    yield "[\n", source, "]"  # a long string's first newline is skipped
    escaped = source.replace("\\", "\\\\").replace("\n", "\\\n")
    for quote in "'\"":
        yield quote, escaped.replace(quote, "\\" + quote), quote


def _is_long_bracket(text, start, end):
    """Tell whether [=*[ ends at `start` and ]=*] begins at `end` - 1."""
    level = 0
    while start - level > 0 and text[start - level - 1] == "=":
        level += 1
    return (
        text[start - level - 1 : start - level] == "["
        and text[end : end + level + 1] == "=" * level + "]"
    )
