-- SPDX-License-Identifier: MIT
-- Which Python is chosen and what is said when it cannot be: on folders made
-- for each test, so that no Python of this machine matters.

local interpreter = require 'py.interpreter'
local loader = require 'py.loader'

local pythons = require 'spec.pythons'
local at, chosen, refused = pythons.at, pythons.chosen, pythons.refused
local shell, executable, installation = pythons.shell, pythons.executable, pythons.installation
local virtual_environment = pythons.virtual_environment

before_each(pythons.make_root)
after_each(pythons.remove_root)

-- The order -----------------------------------------------------------------------

describe('the order of the sources', function()
  it('is config, LUAPY_PYTHON, VIRTUAL_ENV, CONDA_PREFIX, folders, PATH', function()
    for name, short in pairs {config = '3.9', variable = '3.10', venv = '3.11',
                              conda = '3.12', path = '3.13'} do
      installation(at(name), short)
    end
    shell('mkdir %s/conda-meta', at 'conda')
    virtual_environment(at 'active', at 'venv/bin/python3.11', '3.11.4')
    virtual_environment(at 'project/.venv', at 'venv/bin/python3.11', '3.11.4')
    virtual_environment(at 'project/venv', at 'venv/bin/python3.11', '3.11.4')
    virtual_environment(at 'here/venv', at 'venv/bin/python3.11', '3.11.4')
    local variables = {
      LUAPY_PYTHON = at 'variable', VIRTUAL_ENV = at 'active',
      CONDA_PREFIX = at 'conda', PATH = at 'path/bin',
    }
    local options = {config = {python = at 'config/bin/python3.9'},
                     script = at 'project/main.lua', cwd = at 'here'}
    local function step(source, path, reason)
      local choice = chosen(variables, options)
      assert.equal(source, choice.source)
      assert.equal(at(path), choice.executable)
      assert.truthy(choice.reason:find(reason, 1, true), choice.reason)
      return choice
    end
    step('py.config', 'config/bin/python3.9', "py.config{python = '")
    options.config = nil
    step('LUAPY_PYTHON', 'variable/bin/python3', "LUAPY_PYTHON is set to '")
    variables.LUAPY_PYTHON = ''
    step('VIRTUAL_ENV', 'active/bin/python', "VIRTUAL_ENV is set to '")
    variables.VIRTUAL_ENV = nil
    step('CONDA_PREFIX', 'conda/bin/python3', "CONDA_PREFIX is set to '")
    variables.CONDA_PREFIX = nil
    step('.venv or venv', 'project/.venv/bin/python', 'beside the script')
    shell('rm -r %s', at 'project/.venv')
    step('.venv or venv', 'project/venv/bin/python', 'beside the script')
    shell('rm -r %s', at 'project/venv')
    step('.venv or venv', 'here/venv/bin/python', 'in the working directory')
    shell('rm -r %s', at 'here/venv')
    local last = step('python3 on PATH', 'path/bin/python3', 'first python3 on PATH')
    assert.same({'py.config', 'LUAPY_PYTHON', 'VIRTUAL_ENV', 'CONDA_PREFIX',
                 '.venv or venv'},
      {last.tried[1].what, last.tried[2].what, last.tried[3].what, last.tried[4].what,
       last.tried[5].what})
    assert.equal('not set', last.tried[2].why)
  end)

  it('never goes on after a choice that cannot be used', function()
    installation(at 'good', '3.11')
    shell('mkdir %s', at 'empty')
    local PATH = at 'good/bin'
    refused({'there is no file ' .. at 'nowhere/python',
             "LUAPY_PYTHON is set to '" .. at 'nowhere/python'},
      {PATH = PATH, LUAPY_PYTHON = at 'nowhere/python'})
    refused({'has no bin/python3', 'py.config{python = '}, {PATH = PATH},
      {config = {python = at 'empty'}})
    refused({'there is no folder', "VIRTUAL_ENV is set to 'gone'"},
      {PATH = PATH, VIRTUAL_ENV = 'gone'})
    refused({'there is no folder', 'CONDA_PREFIX is set to'},
      {PATH = PATH, CONDA_PREFIX = at 'gone'})
    virtual_environment(at '.venv', at 'gone/bin/python3.11', '3.11.4')
    refused({'no usable bin/python', at 'gone/bin', 'make it again',
             '.venv is a virtual environment in the working directory'}, {PATH = PATH})
  end)

  it('passes folders that are no environments', function()
    installation(at 'good', '3.11')
    shell('mkdir %s %s/conda-meta', at 'venv', at 'good')
    shell('mkdir -p %s/conda-meta', at 'r-only')
    local choice = chosen {PATH = at 'good/bin', CONDA_PREFIX = at 'r-only'}
    assert.equal('python3 on PATH', choice.source)
    assert.truthy(choice.tried[4].why:find('without Python', 1, true))
  end)

  it('says where it looked when there is none', function()
    refused({'no Python was found', 'LUAPY_PYTHON: not set', 'VIRTUAL_ENV: not set',
             'CONDA_PREFIX: not set', 'neither beside the script nor',
             'python3 on PATH: there is none', 'apt-get install python3'}, {})
  end)

  it('takes a path, a prefix, a command name, a folder name, and ~', function()
    installation(at 'home/py', '3.12')
    virtual_environment(at 'env', at 'home/py/bin/python3.12', '3.12.1')
    local variables = {PATH = at 'home/py/bin', HOME = at 'home'}
    for given, expected in pairs {
      [at 'home/py/bin/python3.12'] = 'home/py/bin/python3.12',
      ['home/py/bin/python3'] = 'home/py/bin/python3',
      ['./home/../home/py'] = 'home/py/bin/python3',
      ['~/py'] = 'home/py/bin/python3',
      ['python3.12'] = 'home/py/bin/python3.12',
      env = 'env/bin/python',
    } do
      variables.LUAPY_PYTHON = given
      assert.equal(at(expected), chosen(variables).executable)
    end
    variables.LUAPY_PYTHON = 'python9'
    refused({"no command 'python9' on PATH"}, variables)
    shell('touch %s', at 'plain')
    variables.LUAPY_PYTHON = at 'plain'
    refused({'plain is not an executable file'}, variables)
    variables.LUAPY_PYTHON = at 'home/py/lib/libpython3.12.so.1.0'
    refused({'libpython3.12.so.1.0 is a library: name the interpreter',
             'such as ' .. at 'home/py/bin/python3.12'}, variables)
    executable(at 'elsewhere/libpython3.8.so')
    variables.LUAPY_PYTHON = at 'elsewhere/libpython3.8.so'
    refused({'is a library', 'bin/python3.8'}, variables)
    refused({'not a number'}, variables, {config = {python = 3}})
    refused({'not an empty string'}, variables, {config = {python = ''}})
  end)
end)

-- Installations ---------------------------------------------------------------------

describe('an installation', function()
  it('is known by its files alone', function()
    installation(at 'opt', '3.11')
    local choice = chosen {LUAPY_PYTHON = at 'opt'}
    assert.equal(at 'opt/lib/libpython3.11.so.1.0', choice.library)
    assert.equal(at 'opt', choice.prefix)
    assert.equal(at 'opt', choice.base_prefix)
    assert.same({3, 11}, choice.version)
    assert.is_nil(choice.untested)
    assert.is_nil(choice.asked)
  end)

  it('may keep its library in lib64 or in the folder of the architecture', function()
    installation(at 'fedora', '3.12', {lib = 'lib64', stdlib = 'lib64'})
    local folder = 'lib/' .. loader.system_library_folder():match '[^/]+$'
    installation(at 'debian', '3.11', {lib = folder})
    assert.equal(at 'fedora/lib64/libpython3.12.so.1.0',
      chosen({LUAPY_PYTHON = at 'fedora'}).library)
    assert.equal(at('debian/' .. folder .. '/libpython3.11.so.1.0'),
      chosen({LUAPY_PYTHON = at 'debian'}).library)
  end)

  it('is found through links to its executable', function()
    installation(at 'opt', '3.11')
    shell('mkdir %s; ln -s ../opt/bin/python3.11 %s/python3', at 'bin', at 'bin')
    local choice = chosen {PATH = at 'bin'}
    assert.equal(at 'bin/python3', choice.executable)
    assert.equal(at 'opt', choice.base_prefix)
  end)

  it('with an executable without version is known by its standard library', function()
    installation(at 'conda', '3.10')
    shell('cd %s/bin; rm python3; mv python3.10 python; mkdir ../conda-meta', at 'conda')
    assert.same({3, 10}, chosen({CONDA_PREFIX = at 'conda'}).version)
  end)

  it('of conda may be the .venv beside the script, and has its own python first', function()
    installation(at 'project/.venv', '3.12')
    -- Beside it a package of conda's that brings the command python3.
    shell('cd %s/bin; mkdir ../conda-meta; ln -s python3.12 python', at 'project/.venv')
    executable(at 'elsewhere/python3.9')
    shell('ln -sf %s %s/bin/python3', at 'elsewhere/python3.9', at 'project/.venv')
    local choice = chosen({}, {script = at 'project/main.lua'})
    assert.equal('.venv or venv', choice.source)
    assert.equal(at 'project/.venv/bin/python', choice.executable)
    assert.equal(at 'project/.venv/lib/libpython3.12.so.1.0', choice.library)
    assert.equal(at 'project/.venv/bin/python', chosen({CONDA_PREFIX = at 'project/.venv'})
      .executable)
  end)

  it('with an executable without version and two standard libraries is asked', function()
    installation(at 'two', '3.10')
    shell('rm %s/bin/python3', at 'two')
    installation(at 'two', '3.12')
    shell("cd %s/bin; rm -f python3*; printf '\\177ELF' > python; chmod +x python", at 'two')
    refused({'does not work as a Python'}, {LUAPY_PYTHON = at 'two/bin/python'},
      {may_ask = true})
    assert.has_error(function() chosen {LUAPY_PYTHON = at 'two/bin/python'} end)
  end)

  it('newer than the tested ones is marked', function()
    installation(at 'opt', '3.14')
    assert.is_true(chosen({LUAPY_PYTHON = at 'opt'}).untested)
  end)

  it('is refused without a shared library of its own', function()
    installation(at 'static', '3.11', {shared = false})
    installation(at 'shared', '3.11')
    local message = refused({
      at 'static/bin/python3', 'no shared library',
      'libpython3.11.so.1.0 is not in ' .. at 'static/lib', '--enable-shared',
      'LUAPY_PYTHON', 'py.config{python = ...}',
    }, {LUAPY_PYTHON = at 'static', PATH = at 'shared/bin'}, {may_ask = true})
    assert.is_nil(message:find(at 'shared', 1, true))
  end)

  it('of Debian is refused without its library, naming the package', function()
    local version = (loader.realpath '/usr/bin/python3' or ''):match 'python(3%.%d+)$'
    if not version or #version < 4 and version < '3.9' then
      pending 'skipped: there is no /usr/bin/python3'
      return
    end
    local kind = loader.kind
    finally(function() loader.kind = kind end)
    function loader.kind(path)
      if path == '/etc/debian_version' then return 'file' end
      return not path:find 'libpython' and kind(path) or nil
    end
    refused({'it has no shared library: libpython' .. version .. '.so.1.0 is not in /usr/lib',
             'to use it: apt-get install libpython' .. version .. '\n'},
      {LUAPY_PYTHON = '/usr/bin/python3'}, {may_ask = true})
  end)

  it('is refused when it is too old, free-threaded or no CPython', function()
    installation(at 'old', '3.8')
    installation(at 'two', '2.7')
    installation(at 'free', '3.13', {flags = 't'})
    executable(at 'pypy/bin/pypy3.10')
    shell('ln -s pypy3.10 %s/bin/python3', at 'pypy')
    refused({'it is Python 3.8', '3.9 or newer'}, {LUAPY_PYTHON = at 'old'})
    refused({'it is Python 2.7'}, {LUAPY_PYTHON = at 'two'})
    refused({'free-threaded build of Python 3.13'}, {LUAPY_PYTHON = at 'free'})
    refused({'it is PyPy'}, {LUAPY_PYTHON = at 'pypy'})
    -- The free-threaded one also has a name without the letter.
    shell('mv %s/bin/python3.13t %s/bin/python3.13', at 'free', at 'free')
    refused({'free-threaded build of Python 3.13'},
      {LUAPY_PYTHON = at 'free/bin/python3.13'})
  end)

  it('is asked once if it is behind a wrapper', function()
    executable(at 'wrapper', '#!/bin/sh\\necho hello\\ncat ' .. at 'answer')
    installation(at 'opt', '3.12')
    shell('touch %s/lib/mapped.so', at 'opt')
    local function answer(changes)
      local values = {
        implementation = 'cpython', version = '3.12.5', flags = '', library = '',
        executable = at 'opt/bin/python3', prefix = at 'opt', base_prefix = at 'opt',
      }
      for name, value in pairs(changes) do values[name] = value end
      shell('rm -f %s', at 'answer')
      for name, value in pairs(values) do
        shell("echo 'lua-py:%s=%s' >> %s", name, value, at 'answer')
      end
      return {LUAPY_PYTHON = at 'wrapper'}, {may_ask = true}
    end
    local choice = chosen(answer {})
    assert.is_true(choice.asked)
    assert.equal(at 'opt/bin/python3', choice.executable)
    assert.equal(at 'opt/lib/libpython3.12.so.1.0', choice.library)
    assert.same({3, 12, 5}, choice.version)
    assert.equal(at 'opt/lib/mapped.so',
      chosen(answer {library = at 'opt/lib/mapped.so'}).library)
    refused({'it is pypy'}, answer {implementation = 'pypy'})
    refused({'it is Python 2.7'}, answer {version = '2.7.18'})
    refused({'free-threaded'}, answer {flags = 't'})
    refused({'standard library is not under ' .. at 'gone'},
      answer {base_prefix = at 'gone'})
    executable(at 'broken', '#!/bin/sh\\necho no such luck >&2\\nexit 1\\n')
    refused({'does not work as a Python (it says: no such luck)'},
      {LUAPY_PYTHON = at 'broken'}, {may_ask = true})
    executable(at 'echo', '#!/bin/sh\\nseq -s, 1000')
    local message = refused({'does not work as a Python (it says: 1,2,3,', '...)'},
      {LUAPY_PYTHON = at 'echo'}, {may_ask = true})
    assert.is_true(#message < 600)
    executable(at 'silent', '#!/bin/sh\\n')
    refused({'silent: it does not work as a Python\n'},
      {LUAPY_PYTHON = at 'silent'}, {may_ask = true})
  end)

  it('is refused under a PYTHONHOME of another version', function()
    installation(at 'opt', '3.11')
    installation(at 'other', '3.12')
    refused({'PYTHONHOME is set to ' .. at 'other', 'unset PYTHONHOME'},
      {LUAPY_PYTHON = at 'opt', PYTHONHOME = at 'other'})
    assert.equal(at 'opt', chosen({LUAPY_PYTHON = at 'opt',
      PYTHONHOME = at 'opt' .. ':' .. at 'opt'}).prefix)
  end)
end)

-- The script ---------------------------------------------------------------------------

describe('the start options', function()
  local function options(arguments, variables)
    return interpreter.start_options(
      {executable = 'python', library = 'library', version = {3, 12, 1}}, arguments,
      {getenv = function(name) return (variables or {})[name] end,
       cwd = at '.', script = interpreter.script(arguments)})
  end

  it('are those of a script with its arguments', function()
    shell('mkdir %s; touch %s; ln -s project/main.lua %s', at 'project',
      at 'project/main.lua', at 'link.lua')
    pythons.build()
    local arguments = {[-1] = 'lua', [0] = at 'link.lua', 'a', 'b'}
    local got = options(arguments)
    assert.same({at 'link.lua', 'a', 'b'}, got.argv)
    assert.equal(at 'project', got.path0)
    assert.equal('3.12', got.version)
    assert.is_nil(options(arguments, {PYTHONSAFEPATH = '1'}).path0)
  end)

  it('are those of an interactive Python without a script', function()
    executable(at 'lua')
    pythons.build()
    for _, arguments in ipairs {{[0] = at 'lua'}, {[0] = at 'gone.lua'}, {}} do
      assert.same({''}, options(arguments).argv)
      assert.equal('', options(arguments).path0)
    end
    assert.same({''}, options(nil).argv)
  end)
end)
