# SPDX-License-Identifier: MIT
"""A program in a terminal of its own, for the tests of prompts."""

import os
import pty
import select
import signal
import time

TIMEOUT = 60


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *command, env=()):
        self.unread = ""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            # A shell may have started us with signals ignored.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.environ.update(env, TERM="dumb")
            os.execvp(command[0], command)

    def read(self, until):
        """What it writes up to and with `until`, or to its end if that is None."""
        end = time.monotonic() + TIMEOUT
        while until is None or until not in self.unread:
            ready, _, _ = select.select([self.terminal], [], [], end - time.monotonic())
            assert ready, f"no {until!r} after {self.unread!r}"
            try:
                part = os.read(self.terminal, 4096)
            except OSError:  # the other side is closed
                part = b""
            if not part:
                assert until is None, f"ended before {until!r}, after {self.unread!r}"
                break
            self.unread += part.decode().replace("\r\n", "\n")
        at = len(self.unread) if until is None else self.unread.index(until) + len(until)
        output, self.unread = self.unread[:at], self.unread[at:]
        return output

    def send(self, text):
        os.write(self.terminal, text.encode())

    def line(self, text):
        """Type a line; return what the program says to it."""
        self.send(text + "\r")
        assert text in self.read("\n")  # the echo
        return self.read("> ").removesuffix("> ")

    def end(self):
        """Type Ctrl-D; return what the program says at its end, and its status."""
        self.send("\x04")
        output = self.read(None)
        _, status = os.waitpid(self.process, 0)
        return output, os.waitstatus_to_exitcode(status)

    def close(self):
        os.close(self.terminal)
        try:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
