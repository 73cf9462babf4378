-- SPDX-License-Identifier: MIT
-- Contract section 2: the guest writes through the host's stream.
local child = require 'spec.child'

local MIXED = [[
local py = require 'py'
print 'lua 1'
py.exec 'print("python 2")'
io.write 'lua 3\n'
py.exec 'import sys; sys.stdout.write("python 4\\n")'
io.stdout:write 'lua 5\n'
py.exec 'sys.stdout.buffer.write(b"python 6\\n")'
py.exec('f()', { f = function() print 'lua 7' end })
py.exec 'print("python", end=" "); print(8, flush=True)'
print 'lua 9'
]]

local IN_ORDER = [[
lua 1
python 2
lua 3
python 4
lua 5
python 6
lua 7
python 8
lua 9
]]

describe('output of Lua and Python', function()
  it('keeps program order in a file', function()
    assert.equal(IN_ORDER, child.output(MIXED))
  end)

  it('keeps program order in a pipe', function()
    assert.equal(IN_ORDER, child.output(MIXED, { pipe = 'cat' }))
  end)

  it('keeps program order with any buffering that Lua sets', function()
    for _, mode in ipairs { 'no', 'line', 'full' } do
      local script = ("io.stdout:setvbuf '%s'\n"):format(mode) .. MIXED
      assert.equal(IN_ORDER, child.output(script))
    end
  end)

  it('keeps program order when the program ends by os.exit', function()
    assert.equal(IN_ORDER, child.output(MIXED .. 'os.exit(0)'))
  end)

  it('keeps program order when the program ends by an error', function()
    local result = child.run(MIXED .. 'error "end"')
    assert.equal(IN_ORDER, result.stdout)
    assert.truthy(result.stderr:find('end', 1, true))
  end)

  it('keeps program order on stderr', function()
    local result = child.run [[
      local py = require 'py'
      io.stderr:write 'lua 1\n'
      py.exec 'import sys; print("python 2", file=sys.stderr)'
      io.stderr:write 'lua 3\n'
      py.exec 'sys.stderr.write("python 4\\n")'
    ]]
    assert.equal('lua 1\npython 2\nlua 3\npython 4\n', result.stderr)
    assert.equal(0, result.code)
  end)

  it('keeps program order when much is written', function()
    local result = child.output [[
      local py = require 'py'
      py.exec 'def write(n): print("python", n, "x" * 50)'
      local write = py.reval 'write'
      for i = 1, 2000, 2 do
        print('lua', i)
        write(i + 1)
      end
    ]]
    local expected = 0
    for number in result:gmatch '%a+%s(%d+)' do
      expected = expected + 1
      assert(tonumber(number) == expected, 'out of order at ' .. number)
    end
    assert.equal(2000, expected)
  end)

  it('is not flushed by each call: a file is written when the buffer is full', function()
    assert.equal('lua\npython\nlua\n0\n', child.output [[
      local py = require 'py'
      io.write 'lua\n' -- print flushes by itself, from Lua 5.2 on
      py.exec 'print("python")'
      io.write 'lua\n'
      py.exec 'import os; print(os.fstat(1).st_size)'
    ]])
  end)

  it('loses nothing of what Python threads write', function()
    local result = child.output [[
      local py = require 'py'
      py.exec "import threading"
      py.exec "def write(name):\n for i in range(100): print(name, i)"
      py.exec "threads = [threading.Thread(target=write, args=(n,)) for n in 'ab']"
      py.exec "for t in threads: t.start()"
      py.exec "for t in threads: t.join()"
      print 'end'
    ]]
    -- A print is several writes, between which the other thread may write, as
    -- in any Python: what counts is that every character comes.
    local function count(pattern)
      return select(2, result:gsub(pattern, ''))
    end
    assert.equal(100, count 'a')
    assert.equal(100, count 'b')
    assert.equal(2 * (10 + 90 * 2), count '%d')
    assert.equal(201, count '\n')
    assert.truthy(result:find 'end\n$')
  end)

  it('is UTF-8, also in the C locale', function()
    local expected = 'grün €\ngrün €\n'
    local script = [[
      local py = require 'py'
      print 'grün €'
      py.exec 'print("grün €")'
    ]]
    assert.equal(expected, child.output(script, { env = { LC_ALL = 'C', LANG = 'C' } }))
    assert.equal(expected, child.output(script, { env = { LC_ALL = 'POSIX' } }))
  end)

  it('passes bytes that Python writes unchanged', function()
    assert.equal('\255\254\n', child.output [[
      local py = require 'py'
      py.exec('import sys; sys.stdout.buffer.write(s)', { s = py.bytes '\255\254\n' })
    ]])
  end)

  it('can be redirected by contextlib.redirect_stdout', function()
    assert.equal('before\nafter\ncaptured\n', child.output [[
      local py = require 'py'
      py.exec 'import io, contextlib; buffer = io.StringIO(); print("before")'
      py.exec 'with contextlib.redirect_stdout(buffer): print("captured")'
      py.exec 'print("after")'
      py.exec 'print(buffer.getvalue(), end="")'
    ]])
  end)

  it('looks to Python like a text stream on file descriptor 1', function()
    assert.equal('1 False True utf-8\n', child.output [[
      local py = require 'py'
      py.exec 'import sys; o = sys.stdout'
      py.exec 'print(o.fileno(), o.isatty(), o.writable(), o.encoding.lower())'
    ]])
  end)

  it('is not doubled by a forked child', function()
    assert.equal('lua before\npython before\nin the child\nafter\n', child.output [[
      local py = require 'py'
      print 'lua before'
      py.exec 'print("python before")'
      py.exec 'import multiprocessing; context = multiprocessing.get_context("fork")'
      py.exec 'p = context.Process(target=print, args=("in the child",)); p.start(); p.join()'
      print 'after'
    ]])
  end)

  it('and input take turns on one standard input', function()
    assert.equal('lua 1\npython 2\nlua 3\npython 4\npython 5 6\nlua nil\n', child.output([[
      local py = require 'py'
      print('lua ' .. io.read())
      py.exec 'print("python", input())'
      print('lua ' .. io.read())
      py.exec 'import sys; print("python", sys.stdin.readline(), end="")'
      py.exec 'print("python", *sys.stdin.read().split())'
      print('lua ' .. tostring(io.read()))
    ]], { stdin = '1\n2\n3\n4\n5\n6\n' }))
  end)

  it('where the host has none, Python has none', function()
    assert.equal('None\n', child.output([[
      require 'py'.exec 'import sys; print(sys.stdin)'
    ]], { closed_stdin = true }))
  end)

  it('to a closed pipe is BrokenPipeError, not the end of the process', function()
    local result = child.run([[
      local py = require 'py'
      py.exec 'import time; time.sleep(0.1)'
      local ok, e = pcall(py.exec, 'for i in range(100000): print("line", i)')
      io.stderr:write(tostring(ok), ' ', tostring(py.is_error(e, 'BrokenPipeError')), '\n')
    ]], { pipe = 'true' })
    assert.truthy(result.stderr:find 'false true\n')
    assert.is_nil(result.signal)
  end)

  it('to a full disk is an error that says so', function()
    local result = child.run([[
      local py = require 'py'
      local ok, e = pcall(py.exec, 'for i in range(100000): print("line", i)')
      io.stderr:write(tostring(ok), ' ', tostring(py.is_error(e, 'OSError')), '\n')
      io.stderr:write(tostring(e), '\n')
    ]], { stdout = '/dev/full' })
    assert.truthy(result.stderr:find '^false true')
  end)
end)
