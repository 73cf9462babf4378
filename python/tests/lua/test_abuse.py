# SPDX-License-Identifier: MIT
"""Lua code that means harm: it gets no further than the filter, nor further
than register_eval=False and register_builtins=False, and nothing crashes."""

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
