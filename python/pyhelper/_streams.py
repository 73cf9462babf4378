# SPDX-License-Identifier: MIT
"""sys.stdin, stdout and stderr of a Lua host: C's stdin, stdout and stderr.

Lua's print and io.write go through C's buffers.  Python's own would keep a
second one, and the two outputs would mix out of order; here every write goes
straight to C's, so a program's output stands in program order in terminals,
files and pipes, and no call needs a flush.  Likewise io.read and input() take
turns on one input.
"""

import io
import sys

from . import _core


class HostStream(io.RawIOBase):
    """The byte stream under a text stream: C's stdin, stdout or stderr."""

    def __init__(self, fd):
        self._fd = fd
        self.name = ("<stdin>", "<stdout>", "<stderr>")[fd]
        self.mode = "wb" if fd else "rb"

    def readable(self):
        return self._fd == 0

    def writable(self):
        return self._fd != 0

    def readinto(self, target):
        """Read no more than a line: what lies behind it may be Lua's."""
        line = _core.stream_read_line(len(target))
        target[: len(line)] = line
        return len(line)

    def write(self, data):
        if not isinstance(data, bytes):
            data = bytes(data)
        return _core.stream_write(self._fd, data)

    def flush(self):
        if self._fd:
            _core.stream_flush(self._fd)

    def fileno(self):
        return self._fd

    def isatty(self):
        import os

        return os.isatty(self._fd)

    def close(self):
        """Flush only: C's streams belong to the host."""
        self.flush()


def _text(fd, old):
    """Return a text stream like `old`, which is None where fd is closed."""
    if old is None:
        return None
    stream = HostStream(fd)
    text = io.TextIOWrapper(
        stream if fd else io.BufferedReader(stream),
        encoding=old.encoding,
        errors=old.errors,
        newline="\n" if fd else None,
        write_through=True,
    )
    text.mode = "w" if fd else "r"
    return text


def install():
    """Replace Python's own streams, once, right after it was started."""
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        text = _text(fd, getattr(sys, name))
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)
