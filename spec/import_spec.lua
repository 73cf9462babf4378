-- SPDX-License-Identifier: MIT
-- Contract section 3: py.import.

local helper = require 'spec.helper'
local py = require 'py'
local raises = helper.raises

describe('py.import', function()
  helper.no_leaks(setup, teardown, after_each)

  --- Calls `fn` while Python can import a module `spec_module` with `source`.
  local function with_module(source, fn)
    local folder = os.tmpname()
    os.remove(folder)
    py.exec([[
      import os, sys
      os.mkdir(folder)
      with open(os.path.join(folder, 'spec_module.py'), 'w') as file:
          file.write(source)
      sys.path.insert(0, folder)
    ]], {folder = folder, source = source})
    local ok, err = pcall(fn, folder)
    py.exec([[
      import shutil, sys
      sys.path.remove(folder)
      sys.modules.pop('spec_module', None)
      shutil.rmtree(folder)
    ]], {folder = folder})
    if not ok then error(err, 0) end
  end

  it('gives a module as a reference', function()
    local math_module = py.import 'math'
    assert.is_true(helper.is_ref(math_module))
    assert.equal('module', py.eval(py.type(math_module).__name__))
    assert.equal(4, py.eval(math_module.sqrt(16)))
    assert.equal(3, py.eval(math_module.floor(math_module.pi)))
  end)

  it('gives the leaf for a dotted name', function()
    assert.equal('xml.dom.minidom', py.eval(py.import('xml.dom.minidom').__name__))
    assert.equal('b', py.eval(py.import('os.path').basename('a/b')))
    assert.equal('logging.handlers',
                 py.eval(py.import('logging.handlers').__name__))
  end)

  -- `from a import b, c` binds two names: two results, in that order.
  it("('a', {'b', 'c'}) is as in `from a import b, c`", function()
    local sin, pi, extra = py.import('math', {'sin', 'pi'})
    assert.equal(0, py.eval(sin(0)))
    assert.equal('float', py.eval(py.type(pi).__name__))
    assert.is_nil(extra)
    assert.equal(1, select('#', py.import('math', {'sin'})))
  end)

  it("('a', {'b', 'c'}) gives py.None for what is None, each in its place", function()
    with_module('one = 1\nnone = None\ntwo = 2\n', function()
      local names = { 'one', 'none', 'two', 'none', 'none' }
      local results = { py.import('spec_module', names) }
      assert.equal(#names, #results)
      assert.equal(1, py.eval(results[1]))
      assert.equal(2, py.eval(results[3]))
      for _, i in ipairs { 2, 4, 5 } do assert.equal(py.None, results[i]) end
      results = { py.import('spec_module', { 'one', 'none' }) }
      assert.equal(1, py.eval(results[1]))
      assert.equal(py.None, results[2])
    end)
  end)

  it("('a', {'b'}) gives a submodule that is not imported yet", function()
    assert.equal('wsgiref.util', py.eval(py.import('wsgiref', {'util'}).__name__))
    assert.equal('xml.dom.pulldom',
                 py.eval(py.import('xml.dom', {'pulldom'}).__name__))
  end)

  it('gives the same module each time', function()
    assert.is_true(py.is(py.import 'math', py.import 'math'))
    assert.is_true(py.is(py.import 'os.path', py.import('os').path))
    assert.is_true(py.is(py.import 'sys', py.reval '__import__("sys")'))
  end)

  it('gives __main__', function()
    py.exec 'spec_x = 5'
    assert.equal(5, py.eval(py.import('__main__').spec_x))
  end)

  it('binds no name in __main__', function()
    py.import 'colorsys'
    py.import('colorsys', {'rgb_to_hsv'})
    assert.is_false(py.eval '"colorsys" in globals()')
    assert.is_false(py.eval '"rgb_to_hsv" in globals()')
  end)

  it('finds modules on sys.path', function()
    with_module('answer = 42\n', function()
      assert.equal(42, py.eval(py.import('spec_module').answer))
    end)
  end)

  it('names a module that does not exist', function()
    local _, e = raises(function() py.import 'spec_no_such_module' end,
      "ModuleNotFoundError: No module named 'spec_no_such_module'")
    assert.is_true(py.is_error(e, 'ModuleNotFoundError'))
    assert.is_true(py.is_error(e, 'ImportError'))
    raises(function() py.import 'os.spec_no_such_module' end,
           'ModuleNotFoundError.*spec_no_such_module')
  end)

  it('names a name that the module does not have', function()
    raises(function() py.import('math', {'sin', 'spec_nothing'}) end,
           "ImportError.*spec_nothing.*math")
  end)

  it('raises what the module raises, with its file and line, '
    .. 'and can be tried again', function()
    with_module('x = 1\nraise RuntimeError("while importing")\n',
                function(folder)
      for _ = 1, 2 do
        raises(function() py.import 'spec_module' end,
               'spec_module%.py", line 2.*RuntimeError: while importing')
      end
      assert.is_false(py.eval '"spec_module" in __import__("sys").modules')
      py.exec([[
        with open(folder + '/spec_module.py', 'w') as file:
            file.write('x = "mended, and of another length"')
        import importlib
        importlib.invalidate_caches()
      ]], {folder = folder})
      assert.equal('mended, and of another length',
                   py.eval(py.import('spec_module').x))
    end)
  end)

  it('names file and line of a SyntaxError in the module', function()
    with_module('x = 1\ny = = 2\n', function()
      raises(function() py.import 'spec_module' end,
             'spec_module%.py", line 2.*SyntaxError')
    end)
  end)

  it('runs a module that calls Lua', function()
    py.exec('import builtins; builtins.spec_hook = hook',
            {hook = function(x) return x + 1 end})
    with_module('y = spec_hook(41)\n', function()
      assert.equal(42, py.eval(py.import('spec_module').y))
    end)
    py.exec 'import builtins; del builtins.spec_hook, builtins'
  end)

  it('says what is wrong with its arguments', function()
    raises(function() py.import() end, 'import')
    raises(function() py.import '' end, 'Empty module name')
    raises(function() py.import({}) end, 'import.*table')
    raises(function() py.import(true) end, 'import.*boolean')
    raises(function() py.import('math', 5) end, 'import.*number')
    raises(function() py.import('math', {5}) end, 'import')
    raises(function() py.import '.relative' end, 'Error')
    raises(function() py.import 'a\0b' end, 'Error')
  end)
end)
