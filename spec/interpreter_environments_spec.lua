-- SPDX-License-Identifier: MIT
-- Which Python a virtual environment and a shim of pyenv stand for: on folders
-- made for each test.

local pythons = require 'spec.pythons'
local at, chosen, refused = pythons.at, pythons.chosen, pythons.refused
local shell, installation = pythons.shell, pythons.installation
local virtual_environment, shim = pythons.virtual_environment, pythons.shim

before_each(pythons.make_root)
after_each(pythons.remove_root)

-- Virtual environments ---------------------------------------------------------------

describe('a virtual environment', function()
  it('has the library of its base', function()
    installation(at 'opt', '3.12')
    virtual_environment(at 'env', at 'opt/bin/python3.12', '3.12.1')
    local choice = chosen {VIRTUAL_ENV = at 'env'}
    assert.equal(at 'env/bin/python', choice.executable)
    assert.equal(at 'opt/lib/libpython3.12.so.1.0', choice.library)
    assert.equal(at 'env', choice.prefix)
    assert.equal(at 'opt', choice.base_prefix)
    assert.same({3, 12, 1}, choice.version)
  end)

  it('may hold a copy of the executable, or be made by other tools', function()
    installation(at 'opt', '3.12')
    virtual_environment(at 'copy', at 'opt/bin/python3.12', '3.12.1')
    shell('cd %s/bin; rm python; cp ../../opt/bin/python3.12 python', at 'copy')
    virtual_environment(at 'tool', at 'opt/bin/python3.12', '')
    shell("printf 'home=%s\\nversion_info = 3.12.3.final.0\\nimplementation = CPython\\n' "
      .. '> %s/pyvenv.cfg', at 'opt/bin', at 'tool')
    assert.equal(at 'opt', chosen({VIRTUAL_ENV = at 'copy'}).base_prefix)
    assert.same({3, 12, 3}, chosen({VIRTUAL_ENV = at 'tool'}).version)
  end)

  it('may have a base behind links', function()
    installation(at 'opt', '3.12')
    shell('mkdir %s; ln -s ../opt/bin/python3.12 %s/python3.12', at 'bin', at 'bin')
    virtual_environment(at 'env', at 'bin/python3.12', '3.12.1')
    assert.equal(at 'opt', chosen({VIRTUAL_ENV = at 'env'}).base_prefix)
  end)

  it('is refused when its base has changed or is unfit', function()
    installation(at 'opt', '3.12')
    installation(at 'free', '3.13', {flags = 't'})
    installation(at 'old', '3.8')
    virtual_environment(at 'stale', at 'opt/bin/python3', '3.11.4')
    virtual_environment(at 'freevenv', at 'free/bin/python3.13t', '3.13.1')
    virtual_environment(at 'oldvenv', at 'old/bin/python3.8', '3.8.18')
    virtual_environment(at 'pypy', at 'opt/bin/python3', '3.12.1',
      'implementation = PyPy\\n')
    refused({'made for Python 3.11', 'now 3.12', '-m venv --clear ' .. at 'stale'},
      {VIRTUAL_ENV = at 'stale'})
    refused({'free-threaded'}, {VIRTUAL_ENV = at 'freevenv'})
    refused({'it is Python 3.8'}, {VIRTUAL_ENV = at 'oldvenv'})
    refused({'it is PyPy'}, {VIRTUAL_ENV = at 'pypy'})
  end)
end)

-- pyenv ------------------------------------------------------------------------------

describe('a pyenv shim', function()
  local PATH

  before_each(function()
    shim(at 'pyenv', 'python3')
    shim(at 'pyenv', 'python3.12')
    for _, version in ipairs {'3.9.18', '3.12.1', '3.12.10', '3.12.9'} do
      installation(at('pyenv/versions/' .. version), version:match '%d+%.%d+')
    end
    shell('mkdir -p %s', at 'pyenv/versions/3.12-dev/bin')
    PATH = at 'pyenv/shims'
  end)

  local function version_of(variables, options)
    variables.PATH = variables.PATH or PATH
    local choice = chosen(variables, options)
    return choice.executable:match 'versions/([^/]+)', choice.reason
  end

  it('stands for the version in PYENV_VERSION', function()
    assert.equal('3.9.18', version_of {PYENV_VERSION = '3.9.18'})
    assert.equal('3.12.10', version_of {PYENV_VERSION = '3.12'})
    assert.equal('3.9.18', version_of {PYENV_VERSION = 'python-3.9'})
    assert.equal('3.12.1', version_of {PYENV_VERSION = '3.12.1:3.9.18'})
    assert.same({3, 9, 18}, chosen({PYENV_VERSION = '3.9', PATH = PATH}).version)
  end)

  it('stands for the version in .python-version, then in the version file', function()
    shell('mkdir -p %s; echo 3.9.18 > %s', at 'pyenv', at 'pyenv/version')
    local version, reason = version_of {}
    assert.equal('3.9.18', version)
    assert.truthy(reason:find('set by ' .. at 'pyenv/version', 1, true), reason)
    shell("mkdir -p %s; printf '# mine\\n\\n  3.12.1 # this\\n3.9.18\\n' > %s",
      at 'project/deep', at 'project/.python-version')
    version, reason = version_of({}, {cwd = at 'project/deep'})
    assert.equal('3.12.1', version)
    assert.truthy(reason:find('project/.python-version', 1, true), reason)
  end)

  it('stands for the first version that has the command', function()
    assert.equal('3.12.1', version_of {
      PYENV_VERSION = '3.9.18:3.12.1', LUAPY_PYTHON = 'python3.12'})
    assert.equal('3.12.1', version_of {
      PYENV_VERSION = '3.12.1', LUAPY_PYTHON = at 'pyenv/shims/python3.12'})
  end)

  it('leads to the rest of PATH, for system and when all else fails', function()
    installation(at 'usr', '3.11')
    local both = PATH .. ':' .. at 'usr/bin'
    for _, version in ipairs {'system', '3.99'} do
      local choice = chosen {PATH = both, PYENV_VERSION = version}
      assert.equal(at 'usr/bin/python3', choice.executable)
    end
    assert.truthy(chosen({PATH = both, PYENV_VERSION = '3.99'}).reason
      :find("pyenv's 3.99 is not installed", 1, true))
    assert.equal(at 'usr/bin/python3', chosen({PATH = both}).executable)
  end)

  it('that leads nowhere is an error', function()
    refused({"pyenv's 3.99 is not installed (set by PYENV_VERSION)"},
      {PATH = PATH, PYENV_VERSION = '3.99'})
    refused({"pyenv's 3.9.18 has no python3.12"},
      {PATH = PATH, PYENV_VERSION = '3.9.18', LUAPY_PYTHON = 'python3.12'})
    shell('rm %s/lib/*.so*', at 'pyenv/versions/3.9.18')
    refused({'no shared library', 'pyenv install --force 3.9.18'},
      {PATH = PATH, PYENV_VERSION = '3.9.18'}, {may_ask = true})
  end)
end)
