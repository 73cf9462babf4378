-- SPDX-License-Identifier: MIT
-- What the specs share. Start busted with the Lua under test
-- (`luajit $(command -v busted) spec`); child processes run the same one.

local assert = require 'luassert'

local helper = {}

-- Which Lua this is ---------------------------------------------------------

helper.version = tonumber(_VERSION:match '%d+%.%d+')
helper.jit = type(rawget(_G, 'jit')) == 'table'
-- 5.3 and later tell integers from floats, and have // & | ~ << >>.
helper.integers = math.type ~= nil
-- LuaJIT and 5.1 ask no metamethod when operand types of < and <= differ.
helper.compares_mixed = helper.version >= 5.2
-- Feature, not version: LuaJIT has __pairs only in its 5.2 mode.
helper.pairs_metamethod = (function()
  local seen = false
  pairs(setmetatable({}, {__pairs = function()
    seen = true
    return next, {}
  end}))
  return seen
end)()

--- Compiles source that the oldest Lua cannot parse (`7 // 2`, `1LL`).
function helper.compile(source)
  return assert((loadstring or load)(source))
end

--- The result of an expression that only some Luas can parse.
function helper.value(expression)
  return helper.compile('return ' .. expression)()
end

helper.unpack = table.unpack or unpack

function helper.pack(...)
  return {n = select('#', ...), ...}
end

-- Skips ---------------------------------------------------------------------

--- Whether the Python in use can import `name`.
function helper.has(name)
  local py = require 'py'
  return (pcall(py.import, name))
end

--- The line shown for a test that needs a Python package which is not there:
--- `if not helper.has 'numpy' then pending(helper.lacks 'numpy') end`.
function helper.lacks(name)
  return 'skipped: this Python has no ' .. name
end

--- An `it` whose tests need a Python package; they get its module, and are
--- pending without it. busted's functions are another test's each time, so
--- `pending` comes wrapped:
--- `helper.it_with('scipy', it, function(why) pending(why) end)`.
function helper.it_with(name, it, pending)
  return function(title, body)
    it(title, function()
      if not helper.has(name) then
        pending(helper.lacks(name))
        return
      end
      body(require('py').import(name))
    end)
  end
end

-- References ----------------------------------------------------------------

--- Whether `v` is a reference to a Python object (of any view).
function helper.is_ref(v)
  return type(v) == 'userdata' and (pcall(require('py').id, v))
end

--- True if `ref` refers to an object of the named builtin type itself,
--- no subclass: `helper.has_type(r, 'int')`.
function helper.has_type(ref, name)
  return require('py').eval('type(x).__name__', {x = ref}) == name
end

--- `v` in Lua, whether it came as a reference or converted.
function helper.plain(v)
  if helper.is_ref(v) then return require('py').eval(v) end
  return v
end

-- Errors --------------------------------------------------------------------

--- Calls `fn`, which must raise something whose text matches `pattern` (a Lua
--- pattern). Returns the text and the error value. Calling what is not there
--- is no such error, although Lua's message names it.
function helper.raises(fn, pattern)
  local ok, err = pcall(fn)
  if ok then
    error('expected an error that matches "' .. tostring(pattern)
       .. '", but there was none', 2)
  end
  local text = tostring(err)
  local missing = text:find "attempt to call [^\n]*nil value"
    and not (pattern and pattern:find 'attempt')
  if missing or pattern and not text:find(pattern) then
    error('expected an error that matches "' .. tostring(pattern)
          .. '", got: ' .. text, 2)
  end
  return text, err
end

--- Asserts that a value's text has this in it, to the letter.
function helper.contains(text, part)
  assert(tostring(text):find(part, 1, true), ('no "%s" in:\n%s'):format(part, tostring(text)))
end

--- The elements of a tensor, in order.
function helper.elements(t)
  local values = {}
  t:apply(function(v) values[#values + 1] = v end)
  return values
end

--- The same, giving the error value alone.
function helper.raised(fn, pattern)
  local _, e = helper.raises(fn, pattern)
  return e
end

--- The error that Python code raises.
function helper.from_python(code, locals)
  return helper.raised(function() require 'py'.exec(code, locals) end)
end

--- The Lua line of the caller.
function helper.line()
  return debug.getinfo(2, 'l').currentline
end

-- What is alive -------------------------------------------------------------

--- Adds up whatever `py.live()` counts (numbers, or tables of numbers).
function helper.live()
  local total = 0
  local function add(v)
    if type(v) == 'number' then
      total = total + v
    elseif type(v) == 'table' then
      for _, count in pairs(v) do add(count) end
    end
  end
  for _, v in ipairs {require('py').live()} do add(v) end
  return total
end

--- Overwrites the part of the stack that is not in use. Frames that are made
--- there later do not clear their registers, so LuaJIT would see in them what
--- a finished test left behind, as if it were alive.
local function scrub(depth)
  local a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p -- luacheck: ignore 221
  if depth > 0 then scrub(depth - 1) end
  return a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p
end

--- Both heaps, until nothing more goes away: a finalizer on one side frees
--- objects of the other.
function helper.collect()
  local py = require 'py'
  -- A compiled trace holds the functions that it calls as constants.
  if helper.jit then require('jit').flush() end
  local before
  repeat
    before = helper.live()
    py.collect()
  until helper.live() >= before
end

--- Inside a `describe`: each test ends with the names in `__main__` that were
--- there before, and the whole block with no more live references than it
--- began with. Takes the functions of busted, which modules do not see:
--- `helper.no_leaks(setup, teardown, after_each)`.
function helper.no_leaks(setup, teardown, after_each)
  local py, names, before

  setup(function()
    py = require 'py'
    -- These live as long as the module does.
    local _ = {py.None, py.Ellipsis, py.builtins}
    names = py.eval 'list(globals())'
    helper.collect()
    before = helper.live()
  end)

  after_each(function()
    py.exec([[
      import __main__
      for name in set(vars(__main__)) - set(names):
        delattr(__main__, name)
    ]], {names = names})
    scrub(100)
  end)

  teardown(function()
    helper.collect()
    local after = helper.live()
    if after > before then
      error(('%d live references at the start, %d at the end')
         :format(before, after), 0)
    end
  end)
end

-- Files and processes (spec/child.lua starts them) --------------------------

--- Writes a temporary file; the caller removes it.
function helper.temporary(text, suffix)
  local base = os.tmpname()
  local path = base .. (suffix or '')
  if path ~= base then os.remove(base) end
  local file = assert(io.open(path, 'wb'))
  file:write(text)
  file:close()
  return path
end

--- Calls `fn` with the path of a temporary file, and removes it.
function helper.with_file(text, suffix, fn)
  local path = helper.temporary(text, suffix)
  local ok, err = pcall(fn, path)
  os.remove(path)
  if not ok then error(err, 0) end
end

--- The executable of the Lua that runs this spec.
function helper.interpreter()
  local i = 0
  while arg[i - 1] do i = i - 1 end
  assert(i < 0, 'start busted as an argument of the Lua under test')
  return arg[i]
end

return helper
