# SPDX-License-Identifier: MIT
"""Signal handlers of Python code work while Lua runs, Ctrl-C above all."""


def install(embedded):
    """Put the core's handler before Python's, for SIGINT and what is set later.

    `_signal` is the builtin half of the module `signal`, which looks its
    functions up there at every call; importing that whole would cost a
    program's start more than all the rest of this package.
    """
    import _signal

    from . import _core

    if _signal.signal is _core.signal:
        return
    current = _signal.getsignal(_signal.SIGINT)
    if embedded and current in (None, _signal.SIG_DFL):
        # Lua's interpreters install a handler of their own, which Python
        # reports as None.  An ignored SIGINT (nohup) stays ignored.
        current = _signal.default_int_handler
    _core.stand_before_signal(_signal.signal)
    _signal.signal = _core.signal
    if callable(current):
        _signal.signal(_signal.SIGINT, current)
