# SPDX-License-Identifier: MIT
"""lutorpy, python2torch, the prompt, functions that travel by source."""

import importlib.util

import pytest

numpy_missing = importlib.util.find_spec("numpy") is None
needs_numpy = pytest.mark.skipif(numpy_missing, reason="this Python has no numpy")


class TestLutorpy:
    def test_globals_come_to_the_caller(self, run_python):
        out = run_python(
            """
import pyhelper.lutorpy as lua
lua.execute(' greeting = "hello world" ')
print(greeting)
lua.execute('list = {1}; greeting = "again"')
print(greeting, list_[0], isinstance([], list))
print(lua.globals().greeting)
"""
        )
        assert out == "hello world\nagain 1 True\nagain\n"

    def test_counts_from_zero(self, run_python):
        out = run_python(
            """
import pyhelper.lutorpy as lua
a = lua.eval(' {11, 22} ')
print(a[0], a[1], a[2], list(a), 0 in a, 2 in a)
a[2] = 33
print(len(a), lua.eval('function(t) return t[3] end')(a))
lua.LuaRuntime(zero_based_index=False)
print(a[1], dict(lua.table(5, 6)))
"""
        )
        assert out == "11 22 None [0, 1] True False\n3 33\n11 {1: 5, 2: 6}\n"

    def test_underscore_passes_self(self, run_python):
        out = run_python(
            """
import pyhelper.lutorpy as lua
lua.execute('''
Account = {balance = 0, _hidden = 'own'}
function Account:deposit(n) self.balance = self.balance + n return self end
''')
Account._deposit(5)._deposit(7)
Account.deposit(Account, 1)
print(Account.balance, Account._hidden, Account._none)
"""
        )
        assert out == "13 own None\n"

    @needs_numpy
    def test_tensors(self, run_python):
        out = run_python(
            """
import numpy as np
import pyhelper.lutorpy as lua
require("torch")
z = torch.Tensor(4, 5, 6, 2)
print(torch.isTensor(z), torch.type(torch.LongStorage(6)))
t = torch.DoubleTensor(10, 3)
t._zero()
t[0][1] = 24
print(int(t[0][1]), t._size()[0], t.size(t)[1])
shared = t.asNumpyArray()
shared[0, 0] = 7
print(shared.shape, int(t[0][0]))
arr = np.zeros(10)
x = torch.fromNumpyArray(arr)
x._narrow(1, 7, 2)._fill(2)
x[9] = 3
print(x.asNumpyArray().tolist(), arr.sum())
y = torch.shareNumpyArray(arr)
y[0] = 5
print(arr[0], int(torch.sum(np.ones(3))))
print(np.asarray(t._t()).shape, t._t().asNumpyArray().flags['C_CONTIGUOUS'])
"""
        )
        assert out.split("\n")[:-1] == [
            "True torch.LongStorage",
            "24 10 3",
            "(10, 3) 7",
            "[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0, 3.0] 0.0",
            "5.0 3",
            "(3, 10) True",
        ]


class TestPython2Torch:
    SOURCE = """
function Hello() print 'here' end
function Echo(...) return ... end
function Describe(list, dict, none)
  return #list, list[1], dict.x, none == nil
end
function Tables() local t = {1, 2} return t, {a = t, b = t} end
"""

    def test_calls_return_lists(self, run_python, tmp_path):
        (tmp_path / "file.lua").write_text(self.SOURCE)
        out = run_python(
            """
from pyhelper import python2torch
torch = python2torch.PyTorch('file.lua')
print(torch.Hello())
print(torch.Echo(1, None, 'a', None))
print(torch.Describe(['p', 'q'], {'x': 9}, None), torch.Describe(('t',), {}, None))
plain, nested = torch.Tables()
print(plain, nested == {'a': plain, 'b': plain}, nested['a'] is nested['b'])
print('Echo' in dir(torch), 'print' in torch.function_names)
try:
    torch.NoSuch
except AttributeError as error:
    print(error)
"""
        )
        assert out == (
            "here\n[]\n[1, None, 'a', None]\n[2, 'p', 9, True] [1, 't', None, True]\n"
            "{1: 1, 2: 2} True True\nTrue True\n"
            "the Lua file has no global function 'NoSuch'\n"
        )

    @needs_numpy
    def test_tensors(self, run_python, tmp_path):
        (tmp_path / "file.lua").write_text(
            "function Sum(t, l) return t:sum(), l[1]:size(1), torch.eye(2):t() end"
        )
        out = run_python(
            """
import numpy
from pyhelper import python2torch
total, n, eye = python2torch.PyTorch('file.lua').Sum(numpy.arange(6.)[::2], [numpy.ones(4)])
print(int(total), n, eye.tolist())
"""
        )
        assert out == "6 4 [[1.0, 0.0], [0.0, 1.0]]\n"

    @needs_numpy
    def test_arguments_of_every_kind(self, run_python, tmp_path):
        """None anywhere, dicts in lists and lists in dicts, arrays of any
        layout in them; results that are not contiguous, at any depth."""
        (tmp_path / "file.lua").write_text(
            """
function Kinds(...)
  local kinds = {}
  for i = 1, select('#', ...) do kinds[i] = type((select(i, ...))) end
  return table.concat(kinds, ' ')
end
function Inside(t)
  return t.list[1], t.list[2] == nil, t.list[3].deep, t.array:dim(), t.array[1][2]
end
function Matrix(t)
  return t:type(), t:size(1), t:t():clone():sum(), {t = t:t(), cut = t:narrow(2, 2, 2)}
end
"""
        )
        out = run_python(
            """
import numpy as np
from pyhelper import python2torch
torch = python2torch.PyTorch('file.lua')
print(torch.Kinds(1, 2.5, 'text', b'bytes', None, True, [1], (1,), {'a': 1}, np.float32(3))[0])
turned = np.arange(6.).reshape(3, 2).T
print([str(v)[0] for v in torch.Inside({'list': [1, None, {'deep': 'x'}], 'array': turned})])
kind, rows, total, made = torch.Matrix(np.arange(12, dtype='f4').reshape(3, 4)[::-1, ::1].copy())
print(kind, int(rows), int(total), made['t'].shape, made['cut'].tolist())
kind, rows, total, made = torch.Matrix(turned)
print(kind, int(rows), int(total), made['t'].tolist())
"""
        )
        assert out.splitlines() == [
            "number number string string nil boolean table table table number",
            "['1', 'T', 'x', '2', '2']",
            "torch.FloatTensor 3 66 (4, 3) [[9.0, 10.0], [5.0, 6.0], [1.0, 2.0]]",
            "torch.DoubleTensor 2 15 [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]",
        ]


class TestSource:
    MODULE = "return {double = function(x) return 2 * x end, size = function(t) return {#t} end}"

    def test_functions_travel_to_workers(self, run_python, tmp_path):
        (tmp_path / "model.lua").write_text(self.MODULE)
        out = run_python(
            """
import multiprocessing, pickle
from concurrent.futures import ThreadPoolExecutor
from pyhelper import LuaSource
model = LuaSource('model.lua')
if __name__ == '__main__':
    print(model.double(4), model.size([1, 2]), pickle.loads(pickle.dumps(model.double))(3))
    with ThreadPoolExecutor(4) as pool:
        print(sum(pool.map(model.double, range(100))))
    for method in ('fork', 'spawn'):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(pool.map(model.double, [1, 2, 3]))
"""
        )
        assert out == "8 [2] 6\n9900\n[2, 4, 6]\n[2, 4, 6]\n"

    def test_errors_travel_too(self, run_python, tmp_path):
        (tmp_path / "bad.lua").write_text("return {f = function() error({1}) end}")
        out = run_python(
            """
import multiprocessing
from pyhelper import LuaError, LuaSource
f = LuaSource('bad.lua').f
if __name__ == '__main__':
    with multiprocessing.get_context('fork').Pool(1) as pool:
        try:
            pool.apply(f)
        except LuaError as error:
            print('bad.lua' in error.traceback, error.value)
"""
        )
        assert out == "True (error object is a table value)\n"


class TestPrompt:
    def test_runs_scripts(self, run_python, tmp_path):
        (tmp_path / "s.lua").write_text("#!/bin/lua\nprint(arg[0], arg[1], ...) error('end')")
        result = run_python(
            "from pyhelper.__main__ import main\nimport sys\nsys.exit(main(['s.lua', 'x', 'y']))",
            check=False,
        )
        assert result.returncode == 1
        assert result.stdout == "s.lua\tx\tx\ty\n"
        assert "s.lua:2: end" in result.stderr and "stack traceback" in result.stderr

    def test_errors_of_python_show_where_lua_was(self, run_python, tmp_path):
        (tmp_path / "s.lua").write_text("local n = python.builtins.int\nlocal x = n('no')\n")
        for arguments, status in ((["s.lua"], 1), (["none.lua"], 1), (["-e", "x("], 1)):
            result = run_python(
                "import sys\nfrom pyhelper.__main__ import main\nsys.exit(main(sys.argv[1:]))",
                *arguments,
                check=False,
            )
            assert result.returncode == status
            assert "pyhelper/" not in result.stderr
            if arguments == ["s.lua"]:
                assert result.stderr.startswith("ValueError: invalid literal for int()")
                assert "s.lua:2: in main chunk" in result.stderr

    def test_takes_lines(self):
        from pyhelper import LuaRuntime
        from pyhelper.__main__ import Prompt

        lua = LuaRuntime()
        shown = []
        lua.globals().print = lambda *args: shown.append(args)
        prompt = Prompt(lua)
        assert prompt.take("1 + 1, 'a'\n") == ""
        assert prompt.take("= 3\n") == ""
        assert prompt.take("x = {\n") == "x = {\n"
        assert prompt.take("x = {\n5}\n") == ""
        assert prompt.take("x[1]\n") == ""
        assert shown == [(2, "a"), (3,), (5,)]

    def test_completes(self):
        from pyhelper import LuaRuntime
        from pyhelper.__main__ import Prompt

        lua = LuaRuntime()
        lua.execute("config = {name = 1, number = 2}")
        prompt = Prompt(lua)
        assert [prompt.complete("config.n", i) for i in range(3)] == [
            "config.name",
            "config.number",
            None,
        ]
        assert "string.upper" in [prompt.complete("string.up", 0)]
        assert prompt.complete("no.such.thing", 0) is None
