-- SPDX-License-Identifier: MIT
-- What scripts expect beside tensors: classes, timers, options, tests, and the
-- packages paths, sys and xlua.

local child = require 'spec.child'
local helper = require 'spec.helper'
local torch = require 'py.torch'
local raises = helper.raises

describe('torch.class', function()
  it('makes classes that inherit, with operators', function()
    local module = {}
    local A = torch.class('A', module)
    function A:__init(x) self.x = x or 1 end
    function A:name() return 'A' .. self.x end
    function A.__add__(a, b) return (type(a) == 'number' and a or a.x)
      + (type(b) == 'number' and b or b.x) end
    local B, parent = torch.class('B', 'A', module)
    assert.equal(A, parent)
    function B:__init(...) parent.__init(self, ...); self.y = 2 end
    function B:__tostring__() return 'B!' end
    function B:__call__(v) return v * self.x end
    local a, b = module.A(), module.B(5)
    assert.equal('A', torch.type(a))
    assert.equal('B', torch.typename(b))
    assert.equal('A5', b:name())
    assert.equal('B!', tostring(b))
    assert.equal('A', tostring(a))
    assert.equal(6, a + b)
    assert.equal(7, 2 + b)
    assert.equal(15, b(3))
    assert.is_true(torch.isTypeOf(b, 'A'))
    assert.is_true(torch.isTypeOf(b, module.A))
    assert.is_false(torch.isTypeOf(a, 'B'))
    assert.equal(1, torch.version(a))
    assert.is_not_nil(torch.factory 'B')
    assert.equal('B', torch.type(torch.factory 'B'()))
    raises(function() return a .. b end, 'have no concat operator')
    raises(function() a() end, 'A has no call operator')
    raises(function() torch.class('C', 'no.such', module) end, 'invalid parent class name')
    raises(function() torch.class(1) end, '<class name>')
    module.B.extra = 3 -- through the constructor to the class
    assert.equal(3, b.extra)
  end)

  it('extends tensors', function()
    local mt = torch.getmetatable 'torch.DoubleTensor'
    function mt.spec_twice(t) return t * 2 end
    assert.equal(6, torch.Tensor { 3 }:spec_twice()[1])
    mt.spec_twice = nil
  end)
end)

describe('torch.Timer', function()
  it('measures, stops and resumes', function()
    local timer = torch.Timer()
    local first = timer:time().real
    timer:stop()
    local stopped = timer:time().real
    assert.is_true(stopped >= first)
    assert.equal(stopped, timer:time().real)
    assert.equal('torch.Timer [status: stopped]', tostring(timer))
    timer:resume()
    timer:reset()
    assert.is_true(timer:time().user >= 0 and timer:time().sys >= 0)
    local start = torch.tic()
    assert.is_true(torch.toc(start) >= 0)
  end)
end)

describe('torch.CmdLine', function()
  local function options()
    local cmd = torch.CmdLine()
    cmd:text 'Options'
    cmd:argument('-input', 'a file')
    cmd:option('-seed', 123, 'the seed')
    cmd:option('-fast', false, 'less exact')
    cmd:option('-name', 'x', 'a name')
    return cmd
  end

  it('parses', function()
    assert.same({ input = 'file', seed = 4, fast = true, name = 'x' },
      options():parse { 'file', '-seed', '4', '-fast' })
    raises(function() options():option('-none', nil) end, 'has no default value')
  end)

  it('names runs', function()
    local cmd, print_before = options(), print
    rawset(_G, 'print', function() end)
    local name = cmd:string('run', { seed = 5, fast = true, name = 'x' }, {})
    rawset(_G, 'print', print_before)
    assert.equal('run,fast=t,seed=5', name)
  end)
end)

describe('torch.Tester', function()
  -- Runs it; whether all passed, and what it wrote.
  local function run(tester)
    local written, write = {}, io.write
    rawset(io, 'write', function(...)
      for _, text in ipairs { ... } do written[#written + 1] = text end
    end)
    local ok = pcall(tester.run, tester)
    rawset(io, 'write', write)
    return ok, table.concat(written)
  end

  it('reports passes, failures and errors', function()
    local good = torch.TestSuite()
    function good.one() end
    local ok, text = run(torch.Tester():add(good))
    assert.is_true(ok)
    assert.is_truthy(text:find 'in 1 test with')
    local tester, suite = torch.Tester(), torch.TestSuite()
    function suite.bad() tester:eq(torch.ones(2), torch.zeros(2), 0.5, 'not equal') end
    function suite.worse() error 'boom' end
    ok, text = run(tester:add(suite))
    assert.is_false(ok)
    assert.is_truthy(text:find '1 failure' and text:find '1 error')
    local all = table.concat(tester.errors)
    assert.is_truthy(all:find 'max diff=1%.?0?, tolerance=0.5')
    assert.is_truthy(all:find 'boom')
    -- Where the test said so, and not where the library did; in any order.
    local failure = tester.errors[1]:find 'boom' and tester.errors[2] or tester.errors[1]
    assert.is_truthy(failure:find 'torch_companions_spec%.lua:%d+: in [^\n]*$')
    assert.is_nil(failure:find('tester.lua', 1, true))
    raises(function() suite.bad = print end, 'Test bad is already defined')
  end)
end)

describe('the packages', function()
  it('are there when a script requires them after py.torch', function()
    local output = child.output [[
      local torch = require 'py.torch'
      require 'paths'
      local sys = require 'sys'
      require 'xlua'
      assert(require 'torch' == torch and _G.torch == torch)
      assert(table.unpack and string.gfind) -- which Torch7 adds where they are missing
      assert(paths.concat('/a', 'b', '../c') == '/a/c')
      assert(paths.basename '/a/b.lua' == 'b.lua')
      assert(paths.basename('/a/b.lua', 'lua') == 'b')
      assert(paths.dirname '/a/b.lua' == '/a')
      assert(paths.extname 'b.tar.gz' == 'gz')
      assert(paths.dirp '/' and not paths.filep '/')
      sys.tic()
      assert(sys.toc() >= 0 and sys.clock() > 1e9)
      assert(sys.execute 'echo hi' == 'hi')
      xlua.progress(1, 2)
      print 'done'
    ]]
    assert.is_truthy(output:find 'done')
  end)

  it('are not replaced', function()
    local output = child.output([[
      require 'py.torch'
      print(require 'xlua'.mine)
    ]], { options = { '-e',
      "package.preload.xlua = function() return { mine = 'mine' } end" } })
    assert.equal('mine\n', output)
  end)

  it('let an unmodified script run', function()
    local output = child.output([[
      require 'torch'
      print(torch.ones(2):sum(), torch.type(torch.Tensor()))
    ]], { options = { '-lpy.torch' } })
    assert.equal('2\ttorch.DoubleTensor\n', (output:gsub('2%.0', '2')))
  end)

  -- What the real ones give for the same calls.
  it('have names of files, and tell of the disk', function()
    child.output [[
      require 'py.torch'
      local paths, sys = require 'paths', require 'sys'
      local function same(wanted, ...)
        local text = ''
        for i = 1, select('#', ...) do text = text .. tostring((select(i, ...))) .. ' ' end
        assert(text == wanted .. ' ', text)
      end
      assert(paths.home == os.getenv 'HOME')
      same('/ /a', paths.concat('/', '..'), paths.concat('/', 'a'))
      same('hid', paths.extname '.hid')
      same('', paths.basename '/')
      local folder = paths.tmpname()
      assert(not paths.filep(folder))
      local inner = folder .. '/a/b'
      same('true', paths.mkdir(inner))
      same('nil ' .. inner .. ': File exists 17', paths.mkdir(inner))
      same('nil ' .. folder .. ': Directory not empty 39', paths.rmdir(folder))
      io.open(inner .. '/f.lua', 'w'):close()
      same('f.lua nil', paths.iterfiles(inner)(), (paths.iterdirs(inner)()))
      same("nil missing second argument ('yes')", paths.rmall(folder))
      same('true false', paths.rmall(folder, 'yes'), paths.dirp(folder))
      same('nil', paths.files(folder)())
      same('nil not a file or directory ' .. folder, paths.rmall(folder, 'yes'))
      assert(not pcall(paths.filep) and not pcall(paths.dofile, 'no such file'))
      assert(paths.filep(paths.findprogram('no-such-program', 'sh')))
      assert(not paths.is_win() and #paths.uname() > 0)
      same('a b', sys.split('a,b', ',')[1], sys.split('a,b', ',')[2])
      same('/a x', sys.dirname '/a/b', sys.fexecute('printf "x\\ny\\n"', '*l'))
      assert(sys.OS == sys.uname() and sys.isNaN(0 / 0) and not sys.isNaN(1))
    ]]
  end)

  it('know the file that calls', function()
    local output = child.output [[
      require 'py.torch'
      local function beside()
        local path = paths.thisfile('x.lua', 3)
        return path
      end
      local here = paths.concat(arg[0])
      print(paths.thisfile() == here, beside() == paths.dirname(here) .. '/x.lua')
    ]]
    assert.equal('true\ttrue\n', output)
  end)

  it('draw the bar of xlua', function()
    local output = child.output([[
      require 'py.torch'
      require 'xlua'
      xlua.progress(1, 10)
      xlua.progress(10, 10)
      for _, t in ipairs { 0, 0.5, 5, 65, 3665, 90000 } do io.write(xlua.formatTime(t), ' ') end
    ]])
    local width = #output:match '%[([=>.]+)%]'
    local filled = math.floor(width / 10)
    assert.truthy(output:find(' [' .. ('='):rep(filled - 1) .. '>' .. ('.'):rep(width - filled)
      .. '] ', 1, true))
    assert.truthy(output:find(' ETA: 0ms | Step: 0ms', 1, true))
    assert.truthy(output:find(' 10/10 \n\r', 1, true))
    assert.truthy(output:find('0ms 500ms 5s 1m5s 1h1m 1D1h ', 1, true))
  end)

  it('has the helpers of xlua, which brings sys along', function()
    local xlua = require 'xlua'
    assert.is_table(rawget(_G, 'sys'))
    assert.equal('string', type(require 'sys'.uname()))
    assert.same({ 'a', 'b', '', 'c' }, ('a,b,,c'):split ',')
    assert.same({ 'a', 'b' }, (',a,b'):split ',')
    assert.same({ 'a', 'b', 'c' }, ('a b  c'):split '%s+')
    assert.same({ 'abc' }, ('abc'):split ',')
    local function f(...)
      local options, a, b, c = xlua.unpack({ ... }, 'f', 'tests',
        { arg = 'a', type = 'number', req = true },
        { arg = 'b', type = 'string', default = 'x' },
        { arg = 'c', type = 'number', defaulta = 'a' })
      assert.equal(options.a, a)
      return a, b, c
    end
    assert.same({ 1, 'x', 1 }, { f(1) })
    assert.same({ 1, 'y', 1 }, { f(1, 'y') })
    assert.same({ 2, 'x', 3 }, { f { a = 2, c = 3 } })
    local ok, message = pcall(xlua.error, 'wrong', 'here')
    assert.is_false(ok)
    assert.truthy(message:find('<here> wrong', 1, true))
    assert.equal(3, xlua.envparams { LUA_PY_IS_NOT_THERE = 3 }.LUA_PY_IS_NOT_THERE)
    assert.is_string(xlua.envparams { PATH = '' }.PATH)
  end)
end)
