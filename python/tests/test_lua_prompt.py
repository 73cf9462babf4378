# SPDX-License-Identifier: MIT
"""`py` at the prompt of a Lua, and `py.repl`, in a terminal."""

import shutil
import time

import pytest
from terminal import Terminal

LUAS = ("luajit", "lua5.1", "lua5.2", "lua5.3", "lua5.4")


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
    output, status = prompt.end()
    assert output.strip() == "at exit"
    assert status == 0


@pytest.mark.parametrize("lua", LUAS)
def test_repl_has_history_and_completion(lua, tmp_path):
    pytest.importorskip("readline", reason="this Python has no readline")
    if shutil.which(lua) is None:
        pytest.skip("not installed")
    code = "py = require 'py' py.exec 'given = 41' py.repl() print('then', py.eval 'made')"
    terminal = Terminal(lua, "-e", code, env={"HOME": str(tmp_path)})
    terminal.read(">>> ")
    terminal.line("made = given + 1")
    assert terminal.line("made") == "42\n>>"
    terminal.send("given.nume\t")
    terminal.read("given.numerator")
    terminal.send("\r")
    assert "41\n" in terminal.read(">>> ")
    assert "ZeroDivisionError" in terminal.line("1 / 0")
    terminal.send("import time; time.sleep(60)\r")
    terminal.read("\n")
    time.sleep(0.2)
    terminal.send("\x03")
    assert "KeyboardInterrupt" in terminal.read(">>> ")
    terminal.send("\x04")
    assert "then\t42\n" in terminal.read(None)
    terminal.close()
    assert "made = given + 1" in (tmp_path / ".luapy_history").read_text().splitlines()

    terminal = Terminal(lua, "-e", code, env={"HOME": str(tmp_path)})
    terminal.read(">>> ")
    terminal.send("\x1b[A")  # the line before
    terminal.read("time.sleep(60)")
    terminal.close()
