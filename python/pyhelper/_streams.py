# SPDX-License-Identifier: MIT
"""sys.stdout and sys.stderr of a Lua host: through C's stdout and stderr.

Lua's print and io.write go through C's buffers.  Python's own would keep a
second one, and the two outputs would mix out of order; here every write goes
straight to C's, so a program's output stands in program order in terminals,
files and pipes, and no call needs a flush.
"""

import io
import sys

from . import _core


class HostStream(io.RawIOBase):
    """The byte stream under a text stream: C's stdout (1) or stderr (2)."""

    def __init__(self, fd):
        self._fd = fd
        self.name = "<stdout>" if fd == 1 else "<stderr>"
        self.mode = "wb"

    def writable(self):
        return True

    def write(self, data):
        if not isinstance(data, bytes):
            data = bytes(data)
        return _core.stream_write(self._fd, data)

    def flush(self):
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
    stream = io.TextIOWrapper(
        HostStream(fd),
        encoding=getattr(old, "encoding", None) or "utf-8",
        errors=getattr(old, "errors", None) or "surrogateescape",
        newline="\n",
        write_through=True,
    )
    stream.mode = "w"
    return stream


def install():
    """Replace Python's own streams, once, right after it was started."""
    sys.stdout = sys.__stdout__ = _text(1, sys.stdout)
    sys.stderr = sys.__stderr__ = _text(2, sys.stderr)
