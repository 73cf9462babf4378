# SPDX-License-Identifier: MIT
"""Switch NumPy's floating-point warnings off for one call, as cheaply as
this NumPy allows: Torch7 computes inf and nan without a word."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

# What enter() gives, leave() takes.
enter: Callable[[], Any]
leave: Callable[[Any], Any]


def _of_numpy_2():
    from numpy._core import _ufunc_config as config

    state = config._extobj_contextvar  # type: ignore[attr-defined]
    silence = config._make_extobj(all="ignore")  # type: ignore[attr-defined]
    return functools.partial(state.set, silence), state.reset


def _of_numpy_1():
    from numpy.core.umath import geterrobj, seterrobj

    def silence():
        old = geterrobj()
        seterrobj([old[0], 0, None])
        return old

    return silence, seterrobj


def _of_any_numpy():
    return (functools.partial(np.seterr, all="ignore"),
            lambda old: np.seterr(**old))


for _find in (_of_numpy_2, _of_numpy_1, _of_any_numpy):
    try:
        enter, leave = _find()
        break
    except (ImportError, AttributeError):
        pass


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
