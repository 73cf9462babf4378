# SPDX-License-Identifier: MIT
"""Torch in a runtime, for pyhelper.lutorpy and pyhelper.python2torch."""

_REQUIRE_TORCH = """
local found, torch = pcall(require, 'torch')
if found then return torch end
return (require 'py.torch')
"""


def require_torch(runtime):
    """Real Torch7, or the built-in tensors where it is missing."""
    return runtime.execute(_REQUIRE_TORCH, name="=require 'torch'")


def from_array(runtime, array, share):
    """An array as a tensor: on a copy, or on the array's own memory."""
    import numpy

    array = numpy.asarray(array)
    return runtime._state.tensor(array if share else array.copy(), share)
