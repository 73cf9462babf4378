# SPDX-License-Identifier: MIT
"""What py.torch's helpers raise, for Lua to word as Torch7 does."""


class Wrong(Exception):
    """Arguments are wrong; `position` names one of them, or is 0."""

    def __init__(self, text, position=0):
        super().__init__(text)
        self.text = text
        self.position = position
