-- SPDX-License-Identifier: MIT
-- What bad input gets: a clear error that names the function, the argument,
-- what was given, and the state unharmed. Recursion without end and yields
-- across Python are in crossing_spec.lua.
local child = require 'spec.child'
local helper = require 'spec.helper'
local py = require 'py'

local raised = helper.raised

-- Every part stands somewhere in the text of the error.
local function names(fn, ...)
  local text = helper.raises(fn)
  for _, part in ipairs { ... } do
    assert(text:find(part, 1, true), ('no "%s" in: %s'):format(part, text))
  end
end

describe('bad input', function()
  helper.no_leaks(setup, teardown, after_each)

  after_each(function()
    assert.equal(2, py.eval('a + 1', { a = 1 }))
    assert.equal('still here', py.eval('f()', { f = function() return 'still here' end }))
  end)

  describe('that is no Python', function()
    it('is a SyntaxError with the Lua file and line, from every function', function()
      for _, run in ipairs { 'exec', 'eval', 'reval', 'eval_none' } do
        local line = helper.line() + 1
        local _, e = pcall(function() py[run]('1 +* 2') end)
        assert.equal('SyntaxError', e.type)
        assert.truthy(tostring(e):find('bad_input_spec%.lua[^\n]-' .. line), tostring(e))
        assert.truthy(tostring(e):find('1 +* 2', 1, true))
      end
    end)

    it('is a SyntaxError with and without locals', function()
      assert.equal('SyntaxError', raised(function() py.exec('x = = 1', { a = 1 }) end).type)
      assert.equal('SyntaxError', raised(function() py.eval('a b', { a = 1 }) end).type)
      assert.equal('SyntaxError', raised(function() py.eval 'x = 1' end).type)
      assert.equal('SyntaxError', raised(function() py.eval '' end).type)
      assert.is_true(py.is_error(raised(function() py.exec 'if 1:\nx = 1' end), 'IndentationError'))
    end)

    it('says which function takes statements', function()
      names(function() py.eval 'x = 1' end, 'invalid syntax (', 'py.exec')
      names(function() py.reval 'import math' end, 'py.exec')
      assert.is_nil(helper.raises(function() py.eval '1 +' end):find 'py%.exec')
      names(function() py.eval ' \n ' end, 'an empty string',
        ('bad_input_spec.lua:%d>", line 1'):format(helper.line() - 1))
    end)

    it('may hold NUL, bytes that are not UTF-8, a hundred thousand brackets', function()
      raised(function() py.exec 'x = 1\0' end, 'null')
      local e = raised(function() py.exec "x = '\255'" end)
      assert.equal('SyntaxError', e.type)
      names(function() py.exec "x = '\255'" end, 'not valid UTF-8', 'py.bytes')
      raised(function() py.eval(('('):rep(100000)) end, '')
    end)
  end)

  describe('of the wrong type', function()
    it('names the function and the type that was given', function()
      names(function() py.exec({}) end, 'exec', 'table')
      names(function() py.exec() end, 'exec')
      names(function() py.exec(print) end, 'exec', 'function')
      names(function() py.eval({}) end, 'eval', 'table')
      names(function() py.eval(nil) end, 'eval', 'nil')
      names(function() py.reval(true) end, 'reval', 'boolean')
      names(function() py.exec('x', 5) end, 'exec', 'number')
      names(function() py.eval('x', 'locals') end, 'eval', 'string')
      names(function() py.execfile({}) end, 'execfile', 'table')
      names(function() py.import() end, 'import')
      names(function() py.import({}) end, 'import', 'table')
      names(function() py.func(5) end, 'func', 'number')
      names(function() py.proxy(5) end, 'proxy', 'number')
      names(function() py.close(5) end, 'close', 'number')
      names(function() py.scope(5) end, 'scope', 'number')
      names(function() py.share(5) end, 'py.share', '#1', 'reference to an array', 'number')
      names(function() py.len() end, 'py.len', '0 given')
      names(function() py.iter() end, 'iter', 'value expected')
      names(function() py.unpack() end, 'unpack', 'value expected')
      names(function() py.dir() end, 'py.dir', '#1', 'missing')
      names(function() py.close() end, 'py.close', '#1', 'missing')
    end)

    it('names function, argument and type also where Lua does not know what is called', function()
      for name, f in pairs(py) do
        if type(f) == 'function' and name ~= 'repl' then
          local ok, e = pcall(f)
          assert(ok or tostring(e):find('py.' .. name, 1, true), name .. ': ' .. tostring(e))
        end
      end
      for _, name in ipairs { 'exec', 'execfile', 'import', 'lexec', 'leval', 'lreval', 'class' } do
        local _, e = pcall(py[name], 5)
        assert(e:find('py.' .. name .. ': bad argument #1 (', 1, true), e)
        assert(e:find(' string expected, got number)', 1, true)
          or e:find('(string expected, got number)', 1, true), e)
      end
    end)

    it('names the function that was to go through it, and what it was', function()
      names(function() py.iter(5) end, "TypeError: py.iter: 'int' object is not iterable")
      names(function() py.unpack(5) end, "TypeError: py.unpack: 'int' object is not iterable")
      names(function() py.iter({}, 5) end, 'py.iter', '#2', "'eval'", "'5'")
      names(function() py.iter({}, {}) end, 'py.iter', '#2', "'eval'", 'got table')
      names(function() py.unpack(py.reval 'range(10000)') end, 'py.unpack', '10000', '7000')
      names(function() py.share(py.list {}) end, 'py.share', 'array', 'got list')
      names(function() py.func(print, { signature = 'a b' }) end,
        'py.func', 'signature', "'a b'", "'(a, b=2, *rest)'")
    end)

    it('leaves an error of the iterable as it is', function()
      py.exec [[
        class Broken:
            def __iter__(self): raise TypeError('its own')
      ]]
      local broken = py.reval 'Broken()'
      for _, run in ipairs { py.iter, py.unpack } do
        local e = raised(function() run(broken) end, 'TypeError: its own')
        assert.equal('its own', e.message)
      end
    end)

    it('names the option and the value that py.new does not know', function()
      names(function() py.new { numbers = 'bogus' } end, 'numbers', 'bogus')
      names(function() py.new { bogus = 'float' } end, 'bogus')
      names(function() py.new(5) end, 'new', 'number')
      names(function() py.new { bogus = 'float' } end, 'bad_input_spec.lua:' .. helper.line())
    end)

    it('names what py.args, py.kwargs, py.class and py.register were given', function()
      names(function() py.args { 1, 2 } end, 'f(py.args, {1, 2})')
      names(function() py.kwargs() end, 'py.kwargs', '#1', 'no value')
      names(function() py.kwargs(5) end, 'py.kwargs', '#1', 'number')
      names(function() py.class('A', 5) end, 'py.class', '#2', 'class or list of classes', 'number')
      names(function() py.class('A', { 5 }) end, 'py.class: 5 is no class')
      names(function() py.register { type = 'x' } end, 'to_lua', 'not nil')
    end)

    it('names what a forced type cannot be made of', function()
      assert.equal('ValueError', raised(function() py.int 'twelve' end, 'twelve').type)
      assert.equal('TypeError', raised(function() py.list(5) end, 'iterable').type)
      raised(function() py.int(0 / 0) end, '')
      assert.equal('OverflowError', raised(function() py.int(1 / 0) end, 'infinity').type)
    end)

    it('is an AttributeError or TypeError for a context manager that is none', function()
      local e = raised(function() py['with'](py.int(5), function() end) end)
      assert.is_true(py.is_error(e, 'AttributeError') or py.is_error(e, 'TypeError'))
    end)
  end)

  describe('as a module name', function()
    it('is ModuleNotFoundError, and the name is in it', function()
      local e = raised(function() py.import 'no_such_module' end, 'no_such_module')
      assert.equal('ModuleNotFoundError', e.type)
      raised(function() py.import 'os.no_such_leaf' end, 'no_such_leaf')
      raised(function() py.import('os', { 'no_such_name' }) end, 'no_such_name')
    end)

    it('is an error when it is empty, has a NUL or is not UTF-8', function()
      for _, name in ipairs { '', 'o\0s', '\255', '.', 'os.', '.os' } do
        raised(function() py.import(name) end, '')
      end
    end)
  end)

  describe('as a closed reference', function()
    it('is an error that says closed, in every operation', function()
      local closed = py.list { 1 }
      local other = py.list { 1 }
      py.close(closed)
      local operations = {
        function() return closed[0] end, function() return closed.append end,
        function() closed[0] = 1 end, function() closed.x = 1 end,
        function() return closed() end, function() return closed:append(1) end,
        function() return #closed end, function() return closed + 1 end,
        function() return 1 + closed end, function() return -closed end,
        function() return closed .. 'x' end, function() return closed == other end,
        function() return closed < other end, function() return py.eval(closed) end,
        function() return py.eval('x', { x = closed }) end,
        function() return py.eval('1', closed) end, function() return py.exec('x = 1', closed) end,
        function() return py.eval('x', { x = { closed } }) end,
        function() return other.append(closed) end, function() return other[closed] end,
        function() return py.iter(closed) end, function() return py.len(closed) end,
        function() return py.repr(closed) end, function() return py.type(closed) end,
        function() return py.getattr(closed, 'x') end, function() return py.unpack(closed) end,
        function() return py.eval('f()', { f = function() return closed end }) end,
      }
      for index, operation in ipairs(operations) do
        local ok, e = pcall(operation)
        assert(not ok, ('operation %d accepted a closed reference'):format(index))
        assert(tostring(e):find 'closed', ('operation %d says: %s'):format(index, tostring(e)))
      end
      assert.same({ 1 }, py.eval(other))
    end)

    it('is an error that says which argument of a call it was', function()
      local closed = py.list { 1 }
      py.close(closed)
      names(function() py.builtins.print(1, closed) end, 'argument #2: this reference was closed')
      names(function() py.list {}:append(closed) end, 'argument #1: this reference was closed')
      names(function() py.repr(closed) end, 'argument #1: this reference was closed')
      names(function() py.builtins.print(1, py.args, {}, closed) end, 'argument #4')
    end)

    it('can be printed: tostring says closed or raises that', function()
      local closed = py.list { 1 }
      py.close(closed)
      local _, text = pcall(tostring, closed)
      assert.truthy(tostring(text):find 'closed')
    end)

    it('does not disturb another reference to the same object', function()
      local list = py.list { 1 }
      local again = py.list({ list })[0]
      if not rawequal(list, again) then
        py.close(list)
        assert.same({ 1 }, py.eval(again))
      end
    end)
  end)

  describe('in a call', function()
    local f

    before_each(function()
      f = py.reval 'lambda *args, **kwargs: (args, sorted(kwargs))'
    end)

    after_each(function()
      f = nil
    end)

    it('with kwargs twice is an error that names kwargs', function()
      local message = "TypeError: py.kwargs: keyword argument 'a' is given twice"
      names(function() f(py.kwargs, { a = 1 }, py.kwargs, { a = 2 }) end, message)
      names(function() f(py.kwargs { a = 1 }, py.kwargs { a = 2 }) end, message)
      -- Once by position: Python's own message.
      names(function() py.builtins.int('1', py.kwargs { base = 2 }, py.kwargs { base = 3 }) end,
        "keyword argument 'base' is given twice")
      names(function() py.reval 'lambda a: a'(1, py.kwargs { a = 2 }) end,
        "got multiple values for argument 'a'")
    end)

    it('with args or kwargs and nothing, or no table, after them', function()
      names(function() f(py.args) end, 'args')
      names(function() f(py.kwargs) end, 'kwargs')
      names(function() f(py.args, 5) end, 'args', 'number')
      names(function() f(py.kwargs, 5) end, 'kwargs', 'number')
    end)

    it('with a positional argument after kwargs', function()
      names(function() f(py.kwargs, { a = 1 }, 2) end, 'kwargs')
    end)

    it('with keywords that are no strings', function()
      raised(function() f(py.kwargs, { [1] = 2 }) end, 'keyword')
    end)

    it('of nil, None or an attribute that is missing', function()
      assert.equal('TypeError', raised(function() py.None() end, 'not callable').type)
      raised(function() py.list({}).no_such_method() end, 'no_such_method')
      raised(function() py.list({}):no_such_method() end, 'no_such_method')
      local _, message = pcall(function() py.no_such_function() end)
      assert.truthy(message:find 'no_such_function')
      names(function() py.reval 'lambda f: f(1)'(nil) end, "'NoneType' object is not callable")
    end)
  end)

  describe('as a table', function()
    it('with holes is an error that names the key', function()
      raised(function() py.eval('x', { x = { 'a', [4711] = 'b' } }) end, '4711')
    end)

    it('with list and other keys is an error that names the key', function()
      raised(function() py.eval('x', { x = { 1, 2, extra = 3 } }) end, 'extra')
      raised(function() py.eval('x', { x = { 1, 2, [2.5] = 3 } }) end, '2%.5')
    end)

    it('is an error that names the argument, and what would work', function()
      local bad = { { 1, extra = 2 } }
      local rule = 'set the field n for a length with holes, or use py.dict'
      names(function() py.exec('x', { x = bad }) end, 'locals.x[1].extra: a list with', rule)
      names(function() py.eval('x', { x = bad[1] }) end,
        "locals.x.extra: a list with the key 'extra'")
      local f = py.builtins.print
      names(function() f(1, bad) end, 'argument #2: table[1].extra: ', rule)
      names(function() f(1, bad[1]) end, "argument #2: table: a list with the key 'extra'")
      names(function() py.list {}:append(bad) end, 'argument #1: table[1].extra: ')
      names(function() f(py.args, { 1, bad }) end, 'py.args[2][1].extra: ')
      names(function() f(1, py.kwargs, { sep = bad }) end, 'py.kwargs.sep[1].extra: ')
      names(function() f(1, py.kwargs { sep = bad }) end, 'py.kwargs.sep[1].extra: ')
      names(function() py.list(bad) end, 'table[1].extra: ')
    end)

    it('deep down is an error that names the key path', function()
      names(function() py.eval('x', { x = { outer = { { inner = { 1, extra = 2 } } } } }) end,
        'outer', 'inner', 'extra')
    end)

    it('with keys that Python cannot hash is an error that names them', function()
      raised(function() py.eval('x', { x = { [{}] = 1 } }) end, 'locals%.x: .*unhashable')
      raised(function() py.eval('x', { x = { [py.list {}] = 1 } }) end, 'unhashable')
    end)

    it('with metamethods that fail is copied field by field, the metamethods not asked', function()
      local function fail() error 'metamethod was called' end
      local hostile = setmetatable({ a = 1 }, {
        __index = fail, __len = fail, __pairs = fail, __ipairs = fail, __tostring = fail,
      })
      assert.same({ a = 1 }, py.eval('x', { x = hostile }))
    end)
  end)

  describe('of Python objects that Lua cannot hold', function()
    it('a NaN key is an error, not a crash', function()
      raised(function() py.eval "{float('nan'): 1}" end, '[nN][aA][nN]')
    end)

    it('a None key is py.None or an error, never lost silently', function()
      local ok, result = pcall(py.eval, '{None: 1}')
      if ok then
        assert.equal(1, result[py.None])
      end
    end)

    it('integers out of range are references, with every digit', function()
      local googol = '1' .. ('0'):rep(100)
      for _, text in ipairs { '9223372036854775808', '-9223372036854775809', googol } do
        local big = py.eval(text)
        assert.equal('userdata', type(big))
        assert.equal(text, tostring(big))
        assert.is_true(py.eval('x == ' .. text, { x = big }))
      end
      assert.equal('9007199254740993', tostring(py.eval '2**53 + 1'))
    end)

    it('integers out of range are refused as indexes', function()
      local list = py.list { 1 }
      assert.equal('IndexError', raised(function() return list[py.reval '2**70'] end).type)
      assert.equal('TypeError', raised(function() return list[2 ^ 70] end, 'indices').type)
      assert.equal('TypeError', raised(function() return list[0.5] end, 'indices').type)
    end)
  end)

  describe('as a string', function()
    it('with NUL or any bytes survives the round trip', function()
      local bytes = {}
      for byte = 0, 255 do
        bytes[#bytes + 1] = string.char(byte)
      end
      local all = table.concat(bytes)
      assert.equal(all, py.eval('x', { x = all }))
      assert.equal(256, py.eval('len(x)', { x = 'a\0' .. ('\255'):rep(254) }))
      assert.equal(all, py.eval('f(x)', { x = all, f = function(s) return s end }))
      assert.equal('v', py.eval("x['\\0']", { x = { ['\0'] = 'v' } }))
    end)

    it('with NUL or any bytes as an attribute is an AttributeError', function()
      for _, name in ipairs { 'a\0b', '\255', '' } do
        local e = raised(function() return py.reval('object()')[name] end)
        assert.equal('AttributeError', e.type)
      end
    end)

    it('of Python that no Lua string can be is an error that names the ways out', function()
      local function refused(code)
        names(function() py.eval(code) end, 'UnicodeEncodeError',
          "character '\\ud800' in position 1", 'py.reval', "x.encode('utf-8', 'surrogatepass')")
      end
      refused "'a\\ud800'"
      refused "{'k': ['a\\ud800']}"
      assert.equal('a\237\160\128', py.eval "'a\\ud800'.encode('utf-8', 'surrogatepass')")
      assert.is_true(helper.is_ref(py.reval "'a\\ud800'"))
    end)

    it('with any bytes as an error message is kept', function()
      local e = raised(function()
        py.eval('f()', { f = function() error('bad \255 byte', 0) end })
      end)
      assert.equal('bad \255 byte', py.eval(e.value.value))
      assert.truthy(tostring(e):find 'bad')
      e = raised(function() py.exec "raise ValueError('a\\0b\\udcff')" end)
      assert.truthy(tostring(e):find 'ValueError')
    end)
  end)
end)

describe('nesting 1 000 000 deep', function()
  -- Converted or refused clearly; the process and its state live on.
  local function survives(script)
    assert.equal('fine\n2\n', child.output([[
      local py = require 'py'
      local function fine(ok, result)
        local text = tostring(result):lower()
        return ok or text:find 'deep' or text:find 'nest' or text:find 'recursion'
      end
    ]] .. script .. [[
      print(py.eval '1 + 1')
    ]], { timeout = 20 }))
  end

  it('from Lua to Python', function()
    survives [[
      local deep = {}
      for _ = 1, 1000000 do deep = { deep } end
      print(fine(pcall(py.eval, 'type(x).__name__', { x = deep })) and 'fine')
    ]]
  end)

  it('from Python to Lua', function()
    survives [[
      py.exec 'deep = []\nfor _ in range(1000000): deep = [deep]'
      print(fine(pcall(py.eval, 'deep')) and 'fine')
    ]]
  end)

  it('of dicts, through function arguments and results', function()
    survives [[
      py.exec 'deep = {}\nfor _ in range(1000000): deep = {"d": deep}'
      print(fine(pcall(py.eval, 'f(deep) is None', { f = function() end })) and 'fine')
    ]]
  end)
end)

describe('a wrong interpreter', function()
  local script = "local py = require 'py' local ok, e = pcall(py.eval, '1') print(ok, tostring(e))"

  it('that does not exist is an error that names it and why it was chosen', function()
    local output = child.output(script, { env = { LUAPY_PYTHON = '/no/such/python' } })
    assert.truthy(output:find '^false')
    assert.truthy(output:find('/no/such/python', 1, true))
    assert.truthy(output:find('LUAPY_PYTHON', 1, true))
  end)

  it('that is another program is an error that names it', function()
    local output = child.output(script, { env = { LUAPY_PYTHON = '/bin/false' } })
    assert.truthy(output:find '^false')
    assert.truthy(output:find('/bin/false', 1, true))
  end)

  it('is named by the first use of tensors as well', function()
    if pcall(require, 'torch') then
      pending('skipped: Torch7 is installed and needs no Python')
      return
    end
    local output = child.output(
      "local ok, e = pcall(require, 'py.torch') print(ok, tostring(e))",
      { env = { LUAPY_PYTHON = '/no/such/python' } })
    assert.truthy(output:find '^false')
    assert.truthy(output:find('there is no file /no/such/python', 1, true), output)
  end)

  it('in py.config is an error that names it', function()
    local output = child.output [[
      local py = require 'py'
      py.config { python = '/no/such/python' }
      local ok, e = pcall(py.eval, '1')
      print(ok, tostring(e))
    ]]
    assert.truthy(output:find '^false')
    assert.truthy(output:find('/no/such/python', 1, true))
  end)

  it('without NumPy is an error that says how to get it when a tensor is asked for', function()
    if pcall(require, 'torch') then
      pending('skipped: Torch7 is installed and needs no NumPy')
      return
    end
    local message = 'tensors need NumPy, which this Python cannot import: %s -m pip install numpy'
    assert.equal('false\ttrue\tImportError\n2\n', child.output(([[
      local py = require 'py'
      py.exec 'import sys; sys.modules["numpy"] = None'
      local ok, e = pcall(function() return require('py.torch').zeros(2) end)
      local expected = (%q):format(py.eval 'sys.executable')
      print(ok, tostring(e):find(expected, 1, true) ~= nil or e, e.type)
      print(py.eval '1 + 1')
    ]]):format(message)))
  end)
end)
