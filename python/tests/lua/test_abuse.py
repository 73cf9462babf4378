# SPDX-License-Identifier: MIT
"""Lua code that means harm: it gets no further than the filter, nor further
than register_eval=False and register_builtins=False, and nothing crashes."""

import textwrap

import pytest
from pyhelper import LuaError, LuaRuntime


class Thing:
    secret = 1
    _hidden = 2

    def method(self):
        return self._hidden

    def fail(self):
        raise ValueError(self)


def allow(obj, name, is_setting):
    if isinstance(name, str) and name.startswith("_"):
        raise AttributeError("denied")
    return name


@pytest.fixture(params=[{}, {"register_eval": False}, {"register_builtins": False}])
def guarded(request):
    lua = LuaRuntime(attribute_filter=allow, **request.param)
    names = lua.globals()
    names.obj, names.dict, names.list = Thing(), {"a": 1, "_b": 2}, [1]
    return lua


@pytest.mark.parametrize(
    "code",
    [
        "return obj.__class__",
        "return obj['_hidden']",
        "return obj.method.__func__",
        "return obj.method.__self__",
        "obj._hidden = 5",
        "return dict._b",
        "return dict.__class__",
        "dict._c = 1",
        "return python.as_attrgetter(obj).__class__",
        "return python.as_itemgetter(obj).__class__",
        "return python.as_itemgetter(dict)._b",
        "return python.as_attrgetter(dict).__class__",
        "return python.as_attrgetter(python.as_itemgetter(obj)).__dict__",
        "return python.as_attrgetter(list).append.__self__",
        "return python.none.__class__",
        "return getmetatable(obj).__index(obj, '__class__')",
        "getmetatable(obj).__newindex(obj, '__class__', 5)",
        "return coroutine.wrap(function() return obj.__class__ end)()",
        "local _, e = pcall(obj.fail) return e.value.__traceback__",
        "local _, e = pcall(obj.fail) return e.value.args[0]._hidden",
        "for k, v in python.iter(python.as_attrgetter(dict).items()) do return k.__class__ end",
        "return debug.getmetatable(obj).__index(obj, '_hidden')",
    ],
)
def test_filter_is_asked(guarded, code):
    with pytest.raises(AttributeError, match="denied"):
        guarded.execute(code)
    assert guarded.eval("obj.secret") == 1


@pytest.mark.parametrize("option", ["register_eval", "register_builtins"])
@pytest.mark.parametrize(
    "code",
    [
        "return require 'py'.eval('1')",
        "return require 'py.core'",
        "package.loaded.py = nil package.preload.py = nil return require 'py'.eval('1')",
        "for k in pairs(package.preload) do package.preload[k] = nil end"
        " return require 'py'.eval('1')",
        "package.preload['py.core'] = nil return require 'py.core'",
        "local name, core = debug.getupvalue(python.args, 1) return core.eval('1')",
        "return debug.getregistry()._LOADED['py.core'].eval('1')",
    ],
)
def test_no_door_to_python(option, code):
    lua = LuaRuntime(**{option: False})
    with pytest.raises(LuaError):
        lua.execute(code)
    assert lua.eval("python.eval and python.builtins") is None


METAMETHODS = (
    "__index __newindex __call __tostring __len __unm __bnot __add __eq __lt __le __concat __pairs"
    " __gc __close __name __mode"
).split()


@pytest.mark.parametrize("arguments", ["", "nil", "{}, 1", "io.stdout, 'x'", "5, obj", "obj"])
def test_metamethods_take_anything(guarded, arguments):
    """Each is an error or does what it says, whatever it is given."""
    for name in METAMETHODS:
        try:
            guarded.execute(f"return (getmetatable(obj).{name} or error('none'))({arguments})")
        except (LuaError, TypeError, AttributeError):
            pass
    assert guarded.eval("obj.secret") == 1


def test_metatables_of_references_on_other_values(guarded):
    for value in ("{}", "io.tmpfile()", "print", "coroutine.create(function() end)"):
        with pytest.raises(LuaError):
            guarded.execute(
                f"local v = {value} local mt = debug.getmetatable(obj) local index = mt.__index"
                " if type(v) == 'table' or type(v) == 'userdata' then debug.setmetatable(v, mt) end"
                " return index(v, 'secret')"
            )
    assert guarded.eval("obj.secret") == 1


@pytest.mark.parametrize(
    "value, text",
    [
        ("nil", "nil"),
        ("{}", "table"),
        ("obj", "Thing"),
        ("setmetatable({}, {__tostring = function() error('again') end})", "table"),
        ("setmetatable({}, {__tostring = function() return {} end})", "table"),
        ("setmetatable({}, {__index = function() error('again') end})", "table"),
        ("coroutine.create(function() end)", "thread"),
        ("print", "function"),
    ],
)
def test_any_error_value(guarded, value, text):
    with pytest.raises(LuaError, match=text):
        guarded.execute(f"error({value})")
    assert guarded.eval("1 + 1") == 2


def test_errors_in_every_metamethod(lua):
    t = lua.eval(
        "setmetatable({}, setmetatable({}, {__index = function(_, event)"
        " if event ~= '__gc' and event ~= '__mode' and event ~= '__metatable' then"
        " return function() error('from ' .. event) end end end}))"
    )
    mt = lua.eval("getmetatable(...)", t)
    events = "index newindex call add unm lt le len tostring pairs".split()
    for event in events:
        mt["__" + event] = lua.eval("function() error('from %s') end" % event)  # noqa: UP031
    uses = {
        "index": lambda: t["x"],
        "newindex": lambda: t.__setitem__("x", 1),
        "call": lambda: t(1),
        "add": lambda: t + 1,
        "unm": lambda: -t,
        "lt": lambda: t < 1,
        "le": lambda: t >= 1,
        "tostring": lambda: str(t),
    }
    for event, use in uses.items():
        with pytest.raises(LuaError, match=f"from {event}") as raised:
            use()
        assert "stack traceback" in raised.value.traceback
    assert lua.eval("1 + 1") == 2


def test_an_overflow_handler_may_give_another_such_value():
    class Wide:
        ndim = 0

        def __dlpack__(self, **options):
            raise BufferError

        def __dlpack_device__(self):
            return (1, 0)

        def item(self):
            return 2**70

    lua = LuaRuntime(overflow_handler=lambda i: Wide())
    with pytest.raises(RecursionError, match="without end"):
        lua.eval("type")(2**70)
    assert lua.eval("1 + 1") == 2


def test_arguments_may_change_while_they_are_converted(run_python):
    """A codec is Python code, which runs in the middle of python.args."""
    code = """
        import codecs
        import pyhelper

        def decode(data, errors="strict"):
            text = bytes(data).decode("latin-1")
            if text == "value":
                change()
            return text, len(text)

        info = codecs.CodecInfo(codecs.latin_1_encode, decode, name="spec_changing")
        codecs.register(lambda name: info if name == "spec_changing" else None)
        lua = pyhelper.LuaRuntime(encoding="spec_changing")
        lua.globals().f = lambda **names: len(names)
        change = lua.execute(r'''
            packed = python.args{a = 'value', b = 'value', c = 'value', d = 'value'}
            names = packed[1]
            return function()
                for name in pairs(names) do names[name] = nil end
                for i = 1, 100 do names['x' .. i] = i end
                for i = 1, 100 do names['x' .. i] = nil end
                collectgarbage()
            end
        ''')
        for _ in range(3):
            try:
                lua.execute("f(packed)")
            except pyhelper.LuaError as error:
                assert "next" in str(error), error
            lua.execute("for _, name in ipairs{'a', 'b', 'c', 'd'} do names[name] = 'value' end")
        assert lua.eval("f(python.args{z = 1})") == 1
        print("lives")
    """
    assert run_python(textwrap.dedent(code)) == "lives\n"


def test_memory_of_tensors_made_by_hand_is_empty(lua):
    np = pytest.importorskip("numpy")
    from pyhelper import _core

    memory = _core.TensorMemory()
    assert len(memoryview(memory)) == 0
    del memory
    assert np.asarray(lua.eval("require 'py.torch.builtin'.DoubleTensor(2):fill(1)")).sum() == 2
