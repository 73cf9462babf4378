-- SPDX-License-Identifier: MIT
-- Contract section 7: pyhelper.host() is the Lua that embeds this Python.
local helper = require 'spec.helper'
local py = require 'py'

describe('pyhelper.host()', function()
  helper.no_leaks(setup, teardown, after_each)

  local function run(code, locals)
    py.exec('global result\nimport pyhelper\nlua = pyhelper.host()\n' .. code, locals)
    return py.eval 'result'
  end

  it('is this Lua', function()
    _G.spec_host_value = 'seen' -- luacheck: ignore
    assert.equal('seen', run 'result = lua.globals().spec_host_value')
    run 'lua.globals().spec_host_value = [1]; result = None'
    assert.is_true(helper.is_ref(_G.spec_host_value)) -- luacheck: ignore
    _G.spec_host_value = nil -- luacheck: ignore
    assert.same({ 3, 'text' }, run "result = list(lua.execute('return 1 + 2, ...', 'text'))")
  end)

  it('has tables by reference, which come back as they are', function()
    local t = { 1, 2 }
    _G.spec_host_table = t -- luacheck: ignore
    assert.equal(t, run 'result = lua.globals().spec_host_table')
    run "t = lua.globals().spec_host_table; t[3] = 'new'; t.x = lua.table(5); result = None"
    assert.same({ 1, 2, 'new', x = { 5 } }, t)
    _G.spec_host_table = nil -- luacheck: ignore
  end)

  it('raises what Lua raises, and the other way round', function()
    assert.equal('spec error', run [[
try:
    lua.execute("error('spec error', 0)")
except pyhelper.LuaError as error:
    result = str(error)
]])
    local _, e = helper.raises(function()
      run "lua.execute('...', lua.eval('function(f) f() end')(lambda: 1 / 0))"
    end, 'ZeroDivisionError')
    assert.equal('ZeroDivisionError', e.type)
  end)

  it('has the same py in its code', function()
    assert.is_true(run([[
lua.globals().spec_py = lua.require('py')
result = lua.eval("rawequal(spec_py, require 'py')")
lua.globals().spec_py = None
]]))
  end)

  it('cannot be closed', function()
    helper.raises(function() run 'lua.close()' end, 'host cannot be closed')
  end)

  it('refuses another Lua in this process, and allows more of this one', function()
    local other = helper.version == 5.3 and '5.2' or '5.3'
    helper.raises(function()
      run(("pyhelper.LuaRuntime(lua='%s')"):format(other))
    end, 'one process can have one Lua')
    assert.same({ 7, 'nil' }, run [[
second = pyhelper.LuaRuntime()
second.execute('own = 7')
result = [second.globals().own, lua.eval('tostring(own)')]
]])
  end)
end)
