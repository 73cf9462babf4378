# SPDX-License-Identifier: MIT
"""Switch NumPy's floating-point warnings off for one call, as cheaply as
this NumPy allows: Torch7 computes inf and nan without a word."""

import functools

import numpy as np

try:
    from numpy._core._ufunc_config import (  # type: ignore[import-not-found]
        _extobj_contextvar,
        _make_extobj,
    )

    # enter() gives what leave() takes.
    enter = functools.partial(_extobj_contextvar.set, _make_extobj(all="ignore"))
    leave = _extobj_contextvar.reset
except ImportError:
    try:
        from numpy.core.umath import geterrobj, seterrobj

        def enter():
            old = geterrobj()
            seterrobj([old[0], 0, None])
            return old

        leave = seterrobj
    except ImportError:
        enter = functools.partial(np.seterr, all="ignore")

        def leave(old):
            np.seterr(**old)


def quiet(function):
    """`function` without warnings."""
    @functools.wraps(function)
    def wrapper(*args):
        token = enter()
        try:
            return function(*args)
        finally:
            leave(token)
    return wrapper
