# SPDX-License-Identifier: MIT
"""In a Python host Lua prints through sys.stdout and sys.stderr, whatever
they are at the moment: a notebook's, pytest's, a StringIO.
"""

import sys


def _stream(descriptor):
    return sys.stderr if descriptor == 2 else sys.stdout


def write(descriptor, data):
    stream = _stream(descriptor)
    if stream is None:
        return
    try:
        stream.write(data.decode("utf-8"))
    except UnicodeError:  # bytes that are no text, or that the stream cannot show
        _write_bytes(stream, data)


def _write_bytes(stream, data):
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(data.decode("utf-8", "backslashreplace"))
    else:
        stream.flush()
        buffer.write(data)


def flush(descriptor):
    stream = _stream(descriptor)
    if stream is not None:
        stream.flush()
