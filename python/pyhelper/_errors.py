# SPDX-License-Identifier: MIT
"""Text of Python exceptions for Lua, made when somebody reads it.

No function here raises: they run inside the reporting of another error.  That
is why they catch everything, KeyboardInterrupt included.
"""

from . import _source

_HERE = __file__[: -len("_errors.py")]
_MACHINERY = tuple(_HERE + f"_{name}.py" for name in ("run", "locals", "namespace", "functions"))
_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def format_error(exc, lua_stack=None, lua_first=False):
    """Return the Python traceback of `exc`, and the Lua stack below it.

    `lua_stack` is Lua's own 'stack traceback:' text; `lua_first` puts it
    above.
    """
    try:
        text = _format_chain(exc)
    except BaseException:
        text = format_exception_only(exc)
    if not lua_stack:
        return text
    parts = [text.rstrip("\n"), lua_stack.rstrip("\n")]
    if lua_first:
        parts.reverse()
    return "\n".join(parts) + "\n"


def format_exception_only(exc):
    """Return the last lines of a traceback: type and message, and notes."""
    try:
        return "".join(_report(exc).format_exception_only())
    except BaseException:
        pass
    try:
        return f"{type(exc).__name__}: {message(exc)}\n"
    except BaseException:
        return "<exception without text>\n"


def message(exc):
    """Return str(exc), or a text that says it failed."""
    try:
        text = str(exc)
        return text if type(text) is str else str.__str__(text)
    except BaseException:
        return "<exception str() failed>"


def _report(exc):
    import traceback

    return traceback.TracebackException(type(exc), exc, exc.__traceback__)


def _format_chain(exc):
    """Format exc and what led to it, the oldest first, as Python does.

    The chain is walked here because `traceback` knows nothing of the Lua
    tracebacks that belong below some of its members.
    """
    members = _chain(exc)
    for member in members:
        _publish_sources(member)
    report = _report(exc)
    parts = []
    link = ""
    for member in members:
        cause, context = report.__cause__, report.__context__
        report.__cause__ = report.__context__ = None
        _polish(report, member)
        parts.append("".join(report.format()) + _lua_traceback(member) + link)
        # The report ends where a chain comes back to itself.
        if cause is not None:
            report, link = cause, _CAUSE
        elif context is not None and not report.__suppress_context__:
            report, link = context, _CONTEXT
        else:
            break
    return "".join(reversed(parts))


def _chain(exc):
    """Return exc, its cause or context, and so on."""
    members = []
    seen = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        members.append(exc)
        if exc.__cause__ is not None:
            exc = exc.__cause__
        elif not exc.__suppress_context__:
            exc = exc.__context__
        else:
            break
    return members


def _publish_sources(exc):
    entry = exc.__traceback__
    while entry is not None:
        _source.publish(entry.tb_frame.f_code)
        entry = entry.tb_next


def _polish(report, exc):
    """Hide our own frames, and complete the members of a group."""
    stack = report.stack
    if stack is not None:
        stack[:] = [frame for frame in stack if frame.filename not in _MACHINERY]
    for member, inner in zip(
        getattr(report, "exceptions", None) or (), getattr(exc, "exceptions", ())
    ):
        _polish(member, inner)
        note = _lua_traceback(inner)
        if note:
            member.__notes__ = [*(member.__notes__ or ()), note.rstrip("\n")]


def _lua_traceback(exc):
    """Return the Lua half of a LuaError, indented below its Python half."""
    if all(base.__name__ != "LuaError" for base in type(exc).__mro__):
        return ""
    try:
        text = exc.traceback
    except BaseException:
        return ""
    if not isinstance(text, str) or not text.strip():
        return ""
    lines = text.strip("\n").expandtabs(2).split("\n")
    return "".join(f"  {line}\n" for line in lines)
