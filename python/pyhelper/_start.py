# SPDX-License-Identifier: MIT
"""What happens once when a Lua host first uses Python."""


def start(embedded):
    """`embedded`: this Python lives for its Lua host alone."""
    if embedded:
        from . import _spawned_main, _streams

        _streams.install()
        _spawned_main._luapy_mark_main()
