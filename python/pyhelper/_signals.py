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
    _core.stand_before(_signal.signal, _signal.default_int_handler, _main_thread(embedded))
    _signal.signal = _core.signal
    if not embedded:
        _core.stand_in_front(_signal.SIGINT)
    elif _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:  # as under nohup
        # Lua's interpreters have installed a handler of their own.
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)


def _main_thread(embedded):
    if embedded:
        import _thread

        return _thread.get_ident()  # which has just started Python
    import threading

    return threading.main_thread().ident
