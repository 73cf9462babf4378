-- SPDX-License-Identifier: MIT
-- The specs of tensors run on the tensors that this process has. Where real
-- Torch7 is installed, that leaves the built-in ones: they get a process of
-- their own, in which Torch7 cannot be found.

local child = require 'spec.child'
local helper = require 'spec.helper'

local SPECS = 'spec/tensors_spec.lua spec/tensor_lifetime_spec.lua'
  .. ' spec/tensor_libraries_spec.lua'

describe('providers of tensors', function()
  local torch7 = pcall(require, 'torch')

  local function provider(before)
    return child.output(before .. [[
      local py = require 'py'
      assert(py.info().tensors == 'not chosen yet')
      local torch = require 'py.torch'
      local x = py.eval('numpy.ones(2)', { numpy = py.import 'numpy' })
      print(py.info().tensors, torch == package.loaded.torch)
    ]])
  end

  it('are named by py.info', function()
    if not helper.has 'numpy' then pending(helper.lacks 'numpy') end
    assert.equal((torch7 and 'Torch7' or 'built in, on NumPy') .. '\ttrue\n',
      provider '')
  end)

  it('are fixed at the first tensor', function()
    if not torch7 then
      pending 'skipped: Torch7 is not installed'
      return
    end
    assert.equal('built in, on NumPy\ttrue\tbuilt in, on NumPy\n', child.output [[
      package.preload.torch = function() error 'hidden' end
      local py = require 'py'
      local function tensors()
        py.eval('numpy.ones(2)', { numpy = py.import 'numpy' })
        return py.info().tensors
      end
      local first = tensors()
      package.preload.torch = nil
      print(first, pcall(require, 'torch') and true, tensors())
    ]])
  end)

  it("are looked for by require 'fb.python', which lives without", function()
    assert.equal('asked\t2\n', child.output [[
      local asked = 'not asked'
      package.preload.torch = function() asked = 'asked' error 'none' end
      local py = require 'fb.python'
      print(asked, py.eval '1 + 1')
    ]])
  end)

  it('the built-in one passes the same specs', function()
    if not torch7 then
      pending 'skipped: Torch7 is not installed, so that all specs use it'
      return
    end
    local hide = "package.preload.torch = function() error 'hidden' end "
    assert.equal('built in, on NumPy\tfalse\n', provider(hide))
    local busted = io.popen 'command -v busted'
    local path = busted:read '*l'
    busted:close()
    local pipe = io.popen(('LUA_INIT=%q %s %s %s 2>&1; echo "status $?"')
      :format(hide, helper.interpreter(), path, SPECS))
    local output = pipe:read '*a'
    pipe:close()
    assert.truthy(output:find 'status 0', output)
  end)

  it('real Torch7 passes them too', function()
    if not torch7 then
      pending 'skipped: Torch7 is not installed'
      return
    end
    assert.equal('Torch7\ttrue\n', provider '')
  end)
end)
