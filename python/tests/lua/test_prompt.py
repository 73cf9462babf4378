# SPDX-License-Identifier: MIT
"""The prompt of `python -m pyhelper` in a terminal."""

import os
import pty
import select
import subprocess
import sys
import time

import pytest

pytest.importorskip("readline", reason="this Python has no readline")


class Terminal:
    def __init__(self, home):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pyhelper"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "HOME": str(home), "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(slave)
        self.wait_for("> ")

    def wait_for(self, text):
        """What was written until `text` came."""
        seen, end = b"", time.monotonic() + 30
        while not seen.endswith(text.encode()) and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                seen += os.read(self.master, 4096)
        assert seen.endswith(text.encode()), seen
        return seen.decode().replace("\r", "")

    def type(self, keys, prompt="\n> "):
        os.write(self.master, keys.encode())
        return self.wait_for(prompt)

    def end(self):
        os.write(self.master, b"\x04")
        assert self.process.wait(30) == 0
        os.close(self.master)


def test_session(tmp_path):
    terminal = Terminal(tmp_path)
    terminal.type("x = 41\n")
    assert "\n42\n" in terminal.type("x + 1\n")
    assert "\nQ\n" in terminal.type('string.upp\t("q")\n')  # completed
    assert "\n3\n" in terminal.type('python.builtins.len("abc")\n')  # Python at hand
    terminal.type("for i = 1, 2 do\n", ">> ")
    assert "\n1\n2\n" in terminal.type("print(i) end\n")
    assert "stack traceback" in terminal.type("error 'mine'\n")
    terminal.end()
    assert "x + 1" in (tmp_path / ".pyhelper_history").read_text().splitlines()

    terminal = Terminal(tmp_path)
    assert "\n7\n" in terminal.type("x = 6; print(x + 1)\n")
    assert "\n7\n" in terminal.type("\x1b[A\n")  # the line before
    terminal.end()
