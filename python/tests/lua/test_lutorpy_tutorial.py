# SPDX-License-Identifier: MIT
"""The steps of lutorpy's tutorial, with the one changed import.

Where Torch7 is missing, `torch` is py.torch. `nn`, `image` and `cutorch` are
Torch7's alone: their steps run where Lua finds those modules (LUA_PATH).
"""

import functools
import importlib.util
import subprocess
import sys

import pytest

if importlib.util.find_spec("numpy") is None:
    pytest.skip("this Python has no numpy", allow_module_level=True)

PROLOGUE = "import numpy as np\nimport pyhelper.lutorpy as lua\n"


@functools.lru_cache(None)
def found(module):
    """Does Lua find a module here?  Asked in a process of its own: Torch7
    changes what a process can do later."""
    code = "import pyhelper, sys; pyhelper.LuaRuntime().require(sys.argv[1])"
    result = subprocess.run([sys.executable, "-c", code, module], capture_output=True, timeout=60)
    return result.returncode == 0


@pytest.fixture
def tutorial(run_python):
    """Run a step; give the lines it printed."""

    def tutorial(code, *needed):
        for module in needed:
            if not found(module):
                pytest.skip(f"Torch7's {module} is not installed")
        return run_python(PROLOGUE + code).splitlines()

    return tutorial


def test_hello(tutorial):
    lines = tutorial(
        """
lua.LuaRuntime(zero_based_index=True)
lua.execute(' greeting = "hello from Lua" ')
print(greeting)
a = lua.eval(' {11, 22} ')
print(a[0])
lua.LuaRuntime(zero_based_index=False)
print(a[1])
"""
    )
    assert lines == ["hello from Lua", "11", "11"]


def test_torch(tutorial):
    lines = tutorial(
        """
require("torch")
z = torch.Tensor(4, 5, 6, 2)
print(torch.isTensor(z))
s = torch.LongStorage(6)
print(torch.type(s))
t = torch.DoubleTensor(10, 3)
print(t._size())
"""
    )
    assert lines[:2] == ["True", "torch.LongStorage"]
    assert [line.strip() for line in lines[2:]] == ["10", "3", "[torch.LongStorage of size 2]", ""]


def test_torch_is_there_without_require(tutorial):
    """The example that loads a model never requires torch."""
    lines = tutorial(
        """
x = torch.fromNumpyArray(np.arange(3.0))
torch.save('x.t7', x)
print(torch.load('x.t7').asNumpyArray().tolist())
require("torch")
print(torch is lua.globals().torch)
"""
    )
    assert lines == ["[0.0, 1.0, 2.0]", "True"]


def test_tensor_to_array(tutorial):
    lines = tutorial(
        """
require('torch')
t = torch.randn(10, 10)
print(str(t).count("\\n") >= 10, "[torch.DoubleTensor of size 10x10]" in str(t))
arr = t.asNumpyArray()
print(arr.shape, arr.dtype)
arr[0, 0] = 7  # the memory is shared
print(int(t[0][0]))
apart = t._t().asNumpyArray()  # not contiguous: a clone
apart[0, 0] = 8
print(int(t[0][0]))
"""
    )
    assert lines == ["True True", "(10, 10) float64", "7", "7"]


def test_array_to_tensor(tutorial):
    lines = tutorial(
        """
for dtype in ('uint8', 'int8', 'int16', 'int32', 'int64', 'float32', 'float64'):
    print(torch.type(torch.fromNumpyArray(np.ones(2, dtype))))
arr = np.zeros(10)
arr[1:7] = 1
x = torch.fromNumpyArray(arr)
x._narrow(1, 7, 2)._fill(2)
x[9] = 3
print(x.asNumpyArray().tolist(), arr.sum())  # no memory is shared
"""
    )
    kinds = ("Byte", "Char", "Short", "Int", "Long", "Float", "Double")
    assert lines[:7] == [f"torch.{kind}Tensor" for kind in kinds]
    assert lines[7] == "[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 0.0, 3.0] 6.0"


def test_multi_layer_perceptron(tutorial):
    lines = tutorial(
        """
require("nn")
mlp = nn.Sequential()
mlp._add(nn.Linear(100, 30))
mlp._add(nn.Tanh())
mlp._add(nn.Linear(30, 10))
xt = torch.fromNumpyArray(np.random.randn(100))
yt = mlp._forward(xt)
print(yt.asNumpyArray().shape)
torch.save('model.t7', mlp)
model = torch.load('model.t7')
print(np.allclose(model._forward(xt).asNumpyArray(), yt.asNumpyArray()))
""",
        "nn",
    )
    assert lines == ["(10,)", "True"]


def test_simple_model(tutorial):
    lines = tutorial(
        """
require("nn")
mlp = nn.Sequential()
module = nn.Linear(10, 5)
mlp.add(mlp, module)
for field in (module.weight, module.bias, module.gradWeight, module.gradBias):
    print(field.asNumpyArray().shape)
x = torch.zeros(10)
y = mlp.forward(mlp, x)  # self by hand
print(np.array_equal(y.asNumpyArray(), module.bias.asNumpyArray()))
print(np.array_equal(mlp._forward(x).asNumpyArray(), module.bias.asNumpyArray()))
""",
        "nn",
    )
    assert lines == ["(5, 10)", "(5,)", "(5, 10)", "(5,)", "True", "True"]


MODEL = """
require("nn")
torch.manualSeed(5)
mlp = nn.Sequential()
mlp._add(nn.Linear(2, 20))
mlp._add(nn.Tanh())
mlp._add(nn.Linear(20, 1))
criterion = nn.MSECriterion()

def sample():
    input = torch.randn(2)
    output = torch.Tensor(1)
    output[0] = -1 if input[0] * input[1] > 0 else 1
    return input, output

def test_model():
    x = torch.Tensor(2)
    for a in (0.5, -0.5):
        for b in (0.5, -0.5):
            x[0] = a; x[1] = b
            print(mlp._forward(x)[0] > 0)
"""


def test_training_by_hand(tutorial):
    lines = tutorial(
        MODEL
        + """
for i in range(2500):
    input, output = sample()
    criterion._forward(mlp._forward(input), output)
    mlp._zeroGradParameters()
    mlp._backward(input, criterion.backward(criterion, mlp.output, output))
    mlp._updateParameters(0.01)
test_model()
""",
        "nn",
    )
    assert lines == ["False", "True", "True", "False"]


def test_training_with_a_python_data_set(tutorial):
    """nn.StochasticGradient asks `dataset:size()` and `dataset[i][1]`."""
    lines = tutorial(
        MODEL
        + """
class DataSet:
    def __init__(self):
        self.data = [(i, *sample()) for i in range(2500)]
    def __getitem__(self, key):
        if key == 'size':
            return lambda self: len(self.data)
        return self.data[key - 1]

trainer = nn.StochasticGradient(mlp, criterion)
trainer.learningRate = 0.01
trainer.maxIteration = 3
trainer.verbose = False
trainer._train(DataSet())
test_model()
""",
        "nn",
    )
    assert lines[-4:] == ["False", "True", "True", "False"]


def test_convolution_on_an_image(tutorial):
    lines = tutorial(
        """
require("image")
img = image.rgb2y(image.lena())
require("nn")
n = nn.SpatialConvolution(1, 16, 12, 12)
print(n.forward(n, img).asNumpyArray().shape[0])
""",
        "image",
        "nn",
    )
    assert lines == ["16"]


def test_convolution(tutorial):
    """The same without the library of images."""
    lines = tutorial(
        """
require("nn")
n = nn.SpatialConvolution(1, 16, 12, 12)
print(n.forward(n, torch.rand(1, 32, 40)).asNumpyArray().shape)
""",
        "nn",
    )
    assert lines == ["(16, 21, 29)"]


def test_cuda(tutorial):
    tutorial(
        """
require('cutorch')
t = torch.fromNumpyArray(np.random.randn(100))
print(t._cuda()._double().asNumpyArray().shape)
""",
        "cutorch",
    )


def test_a_data_set_of_python_in_lua(run_python):
    """What nn.StochasticGradient does with one, without nn: a function among
    the items is passed what it is called on, a method of the class is not."""
    out = run_python(
        """
import pyhelper.lutorpy as lua
class DataSet:
    data = [(0, 'in', 'out')] * 3
    def __getitem__(self, key):
        if key == 'size':
            return lambda self: len(self.data)
        return self.data[key - 1]
class Model:
    def size(self, *args): return args
use = lua.eval("function(d) return d:size(), d[2][1], d[2][2] end")
print(use(DataSet()))
print(lua.eval("function(m) return m:size(7), m.size(8) end")(Model()))
d = {'f': lambda self, x: (self is d, x)}
print(lua.eval("function(d) return d:f(1) end")(d))
"""
    )
    assert out == "(3, 'in', 'out')\n((7,), (8,))\n(True, 1)\n"


WAYS = {
    "first": "import pyhelper.lutorpy as lua",
    "second": "import pyhelper.lutorpy as lua",
    "third": "from pyhelper import lutorpy as lua",
    "fourth": "import pyhelper.lutorpy\nlua = pyhelper.lutorpy",
    "fifth": "from pyhelper.lutorpy import *",
    "sixth": "def f():\n    import pyhelper.lutorpy as lua\n    return lua\nlua = f()",
}


class TestImporters:
    """Every module that imports lutorpy has `require`, not the first alone."""

    def test_all_have_the_names(self, run_python, tmp_path):
        for name, way in WAYS.items():
            (tmp_path / f"{name}.py").write_text(f"{way}\nrequire\n")
        names = ", ".join(WAYS)
        out = run_python(
            f"""
import builtins, pyhelper
import {names}
for module in ({names}):
    print(module.__name__, callable(module.require))
print(hasattr(builtins, 'require'), 'require' in globals(), 'require' in vars(pyhelper))
print(pyhelper.LuaTable.__name__)
"""
        )
        expected = [f"{name} True" for name in WAYS]
        assert out.splitlines() == [*expected, "False False False", "LuaTable"]

    def test_globals_go_to_the_caller_alone(self, run_python, tmp_path):
        (tmp_path / "other.py").write_text(
            "import pyhelper.lutorpy as lua\nrequire('config')\n"
            "def shown(): return config, len(vars())\n"
        )
        (tmp_path / "config.lua").write_text("config = 'from Lua'")
        out = run_python(
            """
import pyhelper.lutorpy as lua
lua.execute("package.path = package.path .. ';./?.lua'")
import other
print(other.shown()[0], 'config' in globals())
lua.eval('1')
print(config)
torch = 'mine'
require('torch')
print(torch, torch_.__class__.__name__)
"""
        )
        assert out == "from Lua False\nfrom Lua\nmine LuaTable\n"

    def test_import_module_sees_its_first_importer_only(self, run_python, tmp_path):
        """A documented limit: the first call helps."""
        (tmp_path / "later.py").write_text(
            "import importlib\nlua = importlib.import_module('pyhelper.lutorpy')\n"
            "before = 'require' in globals()\nlua.eval('1')\nafter = 'require' in globals()\n"
        )
        out = run_python("import pyhelper.lutorpy\nimport later\nprint(later.before, later.after)")
        assert out == "False True\n"
