# SPDX-License-Identifier: MIT
"""Stands in for the C core until that is loaded (in a Python host only).

A Lua host has the core in `sys.modules` before Python code can ask for it.
"""

from ._library import load

load()  # puts the C module in this one's place
