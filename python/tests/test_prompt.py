# SPDX-License-Identifier: MIT
"""`py` at the prompt of a Lua, in a terminal."""

import os
import pty
import select
import shutil
import signal
import time

import pytest

LUAS = ("luajit", "lua5.1", "lua5.2", "lua5.3", "lua5.4")
TIMEOUT = 10


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, *command):
        self.unread = ""
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            # A shell may have started us with signals ignored.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.environ["TERM"] = "dumb"
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

    def close(self):
        os.close(self.terminal)
        try:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


@pytest.fixture(params=LUAS)
def prompt(request):
    if shutil.which(request.param) is None:
        pytest.skip("not installed")
    terminal = Terminal(request.param, "-i")
    terminal.read("> ")
    terminal.line("py = require 'py'")
    yield terminal
    terminal.close()


def test_values_output_and_errors(prompt):
    assert prompt.line("print(py.eval '6 * 7')") == "42\n"
    assert prompt.line("py.exec 'print(1)' print(2) py.exec 'print(3)'") == "1\n2\n3\n"
    assert "ZeroDivisionError: division by zero" in prompt.line("py.eval '1 / 0'")
    prompt.line("x = py.list {1, 2}")
    assert prompt.line("print(x)") == "[1, 2]\n"


def test_input_and_the_prompt_take_turns(prompt):
    prompt.send("""name = py.eval 'input("who? ")'\r""")
    prompt.read("\nwho? ")
    prompt.send("typed\r")
    prompt.read("> ")
    assert prompt.line("print(name)") == "typed\n"


def test_ctrl_c_ends_the_line_not_the_program(prompt):
    prompt.send("py.exec 'print(1); import time; time.sleep(60)'\r")
    prompt.read("\n1\n")
    time.sleep(0.1)
    prompt.send("\x03")
    assert "KeyboardInterrupt" in prompt.read("> ")
    assert prompt.line("print(py.eval '1 + 1')") == "2\n"
    # Compiled traces do not look for signals, with or without Python.
    prompt.line("if jit then jit.off() end")
    prompt.send("print(3) while true do end\r")
    prompt.read("\n3\n")
    prompt.send("\x03")
    assert "interrupt" in prompt.read("> ").lower()
    assert prompt.line("print(py.eval '2 + 2')") == "4\n"


def test_ctrl_d_ends_the_program_with_atexit(prompt):
    prompt.line("py.exec 'import atexit; atexit.register(print, \"at exit\")'")
    prompt.send("\x04")
    assert prompt.read(None).strip() == "at exit"
    _, status = os.waitpid(prompt.process, 0)
    assert status == 0
