# SPDX-License-Identifier: MIT
"""The prompt of `python -m pyhelper` in a terminal."""

import sys

import pytest
from terminal import Terminal

pytest.importorskip("readline", reason="this Python has no readline")


@pytest.fixture
def start(tmp_path):
    terminals = []

    def start():
        terminal = Terminal(sys.executable, "-m", "pyhelper", env={"HOME": str(tmp_path)})
        terminals.append(terminal)
        terminal.read("\n> ")
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


def say(terminal, keys, prompt="\n> "):
    """Type keys; return what is written until the next prompt."""
    terminal.send(keys)
    return terminal.read(prompt)


def test_session(start, tmp_path):
    terminal = start()
    say(terminal, "x = 41\n")
    assert "\n42\n" in say(terminal, "x + 1\n")
    assert "\nQ\n" in say(terminal, 'string.upp\t("q")\n')  # completed
    assert "\n3\n" in say(terminal, 'python.builtins.len("abc")\n')  # Python at hand
    say(terminal, "for i = 1, 2 do\n", ">> ")
    assert "\n1\n2\n" in say(terminal, "print(i) end\n")
    assert "stack traceback" in say(terminal, "error 'mine'\n")
    assert terminal.end()[1] == 0
    assert "x + 1" in (tmp_path / ".pyhelper_history").read_text().splitlines()

    terminal = start()
    assert "\n7\n" in say(terminal, "x = 6; print(x + 1)\n")
    assert "\n7\n" in say(terminal, "\x1b[A\n")  # the line before
    assert terminal.end()[1] == 0
