-- SPDX-License-Identifier: MIT
-- torch.Tester and torch.TestSuite: tests that report at the end.

local class = require 'py.torch.class'
local compare = require 'py.torch.compare'
local types = require 'py.torch.types'

local WIDTH = 80

local function plural(n, noun)
  return n .. ' ' .. noun .. (n == 1 and '' or 's')
end

-- The optional message of an assertion, on a line of its own.
local function message_of(...)
  local message = ...
  assert(select('#', ...) <= 1, 'Unexpected arguments passed to test function')
  assert(message == nil or type(message) == 'string',
    'message parameter must be a string')
  return message and message ~= '' and message .. '\n' or ''
end

-- Tolerance and message, in any order.
local function options_of(default, ...)
  local tolerance, message
  for i = 1, select('#', ...) do
    local value = (select(i, ...))
    if type(value) == 'string' then
      assert(not message, 'Unexpected string argument; already have message')
      message = value .. '\n'
    elseif type(value) == 'number' then
      assert(not tolerance, 'Unexpected number argument; already have tolerance')
      assert(value >= 0, 'tolerance cannot be negative')
      tolerance = value
    elseif value ~= nil then
      error('Unrecognized argument; should be a tolerance or message', 3)
    end
  end
  return tolerance or default, message or ''
end

return function(torch)
  local Tester = class.class('torch.Tester', torch)

  function Tester:__init()
    self.errors, self.warnings = {}, {}
    self.tests, self.disabledTests, self._warningCount = {}, {}, {}
    self._currentTestName = ''
    -- assertTensorEq came before dimensions counted, and still warns only.
    self._assertTensorEqIgnoresDims = true
  end

  function Tester:setEarlyAbort(on) self.earlyAbort = on end
  function Tester:setRethrowErrors(on) self.rethrow = on end
  function Tester:setSummaryOnly(on) self.summaryOnly = on end

  -- What assertions say ------------------------------------------------------------

  local here = debug.getinfo(1, 'S').short_src

  -- A message with the test's name and the place in it: the last two lines before
  -- the call of the test, of a stack that begins below this library.
  local function located(self, message)
    local place, before, last = '', nil, nil
    for line in debug.traceback('', 2):gmatch '\n([^\n]+)' do
      if line:find('xpcall', 1, true) then
        place = (before and before .. '\n' or '') .. last
        break
      elseif not line:find(here, 1, true) then
        before, last = last, line
      end
    end
    local name = self._currentTestName
    return (name ~= '' and name .. '\n' or '') .. message .. '\n' .. place
  end

  function Tester:_warning(message)
    local name = self._currentTestName
    self._warningCount[name] = (self._warningCount[name] or 0) + 1
    self.warnings[#self.warnings + 1] = located(self, message)
  end

  function Tester:_success()
    local name = self._currentTestName
    self.assertionPass[name] = self.assertionPass[name] + 1
    return true
  end

  function Tester:_failure(message)
    if self.rethrow then error(message, 2) end
    local name = self._currentTestName
    self.assertionFail[name] = self.assertionFail[name] + 1
    self.errors[#self.errors + 1] = located(self, message)
    return false
  end

  --- What all assertions come to; other classes may override its two halves.
  function Tester:_assert_sub(condition, message)
    if condition then return self:_success() end
    return self:_failure(message)
  end

  function Tester:assert(condition, ...)
    local message = message_of(...)
    if type(condition) ~= 'boolean' then
      self:_warning(' :assert should only be used for boolean conditions. To '
        .. 'check for non-nil variables, do this explicitly: '
        .. 'Tester:assert(var ~= nil).')
    end
    return self:_assert_sub(condition, ('%sBOOL violation condition=%s')
      :format(message, tostring(condition)))
  end

  -- Assertions on two numbers (or on anything, for == and ~=).
  local function relation(name, label, opposite, holds)
    Tester[name] = function(self, a, b, ...)
      local message = message_of(...)
      return self:_assert_sub(holds(a, b), ('%s%s failed: %s %s %s')
        :format(message, label, tostring(a), opposite, tostring(b)))
    end
  end
  relation('assertlt', 'LT', '>=', function(a, b) return a < b end)
  relation('assertgt', 'GT', '<=', function(a, b) return a > b end)
  relation('assertle', 'LE', '>', function(a, b) return a <= b end)
  relation('assertge', 'GE', '<', function(a, b) return a >= b end)
  relation('asserteq', 'EQ', '~=', function(a, b) return a == b end)
  relation('assertne', 'NE', '==', function(a, b) return a ~= b end)

  local plain = Tester.assertne
  function Tester:assertne(a, b, ...)
    if type(a) == type(b) and type(a) == 'table' or type(a) == 'userdata' then
      self:_warning(' :assertne should only be used to compare basic lua '
        .. 'objects (numbers, booleans, etc). Consider using either '
        .. ':assertGeneralNe or :assert(a ~= b).')
    end
    return plain(self, a, b, ...)
  end

  function Tester:assertalmosteq(a, b, ...)
    local tolerance, message = options_of(1e-16, ...)
    return self:_assert_sub(math.abs(a - b) <= tolerance,
      ('%sALMOST_EQ failed: %s ~= %s with tolerance=%s'):format(message,
        tostring(a), tostring(b), tostring(tolerance)))
  end

  -- Equality of anything -----------------------------------------------------------

  local function equality(negated)
    return function(self, a, b, ...)
      local tolerance, message = options_of(0, ...)
      local equal, text = compare.values(a, b, tolerance)
      return self:_assert_sub(equal ~= negated,
        message .. compare.message(text, negated))
    end
  end
  Tester.eq, Tester.ne = equality(false), equality(true)
  Tester.assertGeneralEq, Tester.assertGeneralNe = Tester.eq, Tester.ne

  local function of_tables(negated)
    local check = equality(negated)
    return function(self, a, b, ...)
      assert(type(a) == 'table', 'First argument should be a Table')
      assert(type(b) == 'table', 'Second argument should be a Table')
      return check(self, a, b, ...)
    end
  end
  Tester.assertTableEq, Tester.assertTableNe = of_tables(false), of_tables(true)

  local function of_tensors(negated)
    return function(self, a, b, ...)
      assert(types.is_tensor(a), 'First argument should be a Tensor')
      assert(types.is_tensor(b), 'Second argument should be a Tensor')
      local tolerance, message = options_of(0, ...)
      local loose = self._assertTensorEqIgnoresDims
      local equal, text = compare.tensors(a, b, tolerance, loose)
      if loose and not negated and equal and not a:isSameSizeAs(b) then
        self:_warning('Tensors have the same content but different dimensions. '
          .. 'For backwards compatibility, they are considered equal, but '
          .. 'this may change in the future. Consider using :eq to check for '
          .. 'equality instead.')
      end
      return self:_assert_sub(equal ~= negated,
        message .. compare.message(text, negated))
    end
  end
  Tester.assertTensorEq = of_tensors(false)
  Tester.assertTensorNe = of_tensors(true)

  -- Errors -------------------------------------------------------------------------

  function Tester:assertErrorObj(f, accepts, ...)
    local message = message_of(...)
    local ok, err = pcall(f)
    return self:_assert_sub(not ok and accepts(err), ('%sERROR violation: err=%s')
      :format(message, tostring(err)))
  end

  function Tester:assertError(f, ...)
    return self:assertErrorObj(f, function() return true end, ...)
  end

  function Tester:assertNoError(f, ...)
    local message = message_of(...)
    local ok, err = pcall(f)
    return self:_assert_sub(ok, ('%sERROR violation: err=%s')
      :format(message, tostring(err)))
  end

  function Tester:assertErrorMsg(f, expected, ...)
    return self:assertErrorObj(f, function(err) return err == expected end, ...)
  end

  function Tester:assertErrorPattern(f, pattern, ...)
    return self:assertErrorObj(f, function(err)
      return tostring(err):find(pattern) ~= nil
    end, ...)
  end

  -- Collecting tests -----------------------------------------------------------------

  function Tester:add(f, name)
    if type(f) == 'table' then
      assert(name == nil, 'Name parameter is forbidden for a table of tests, '
        .. 'since its use is ambiguous')
      local tests = f
      if f.__isTestSuite then
        tests = f.__tests
      else
        self:_warning('Should use TestSuite rather than plain lua table')
      end
      for key, test in pairs(tests) do
        assert(type(test) ~= 'table', 'Nested sets of tests are not supported')
        self:add(test, key)
      end
      return self
    end
    assert(type(f) == 'function',
      'Only tables of functions and functions supported')
    if name == '_setUp' then
      assert(not self._setUp, 'Only one set-up function allowed')
      self._setUp = f
    elseif name == '_tearDown' then
      assert(not self._tearDown, 'Only one tear-down function allowed')
      self._tearDown = f
    else
      name = name or 'unknown'
      if self.tests[name] then
        error('Test with name ' .. name .. ' already exists!')
      end
      self.tests[name] = f
    end
    return self
  end

  function Tester:disable(names)
    names = type(names) == 'string' and { names } or names
    assert(type(names) == 'table', 'Expecting name or list for disable')
    for _, name in ipairs(names) do
      assert(self.tests[name], "Unrecognized test '" .. name .. "'")
      self.disabledTests[name] = true
    end
    return self
  end

  -- The tests whose names match one of the patterns.
  local function selected(self, patterns)
    if patterns == nil then return self.tests end
    patterns = type(patterns) == 'string' and { patterns } or patterns
    assert(type(patterns) == 'table',
      'Only accept a name or table of test names (or nil for all tests)')
    local chosen = {}
    for _, pattern in ipairs(patterns) do
      local found = false
      for name, test in pairs(self.tests) do
        if name:match(pattern) then chosen[name], found = test, true end
      end
      assert(found, "Couldn't find test '" .. pattern .. "'")
    end
    return chosen
  end

  -- Running ----------------------------------------------------------------------------

  -- Runs a test; 'PASS', 'FAIL', 'ERROR' or 'SKIP'.
  local function run_one(self, name, test)
    if self.disabledTests[name] then return 'SKIP' end
    if self._setUp then self._setUp(name) end
    local failures, ok = #self.errors, true
    if self.rethrow then
      test()
    else
      local result
      ok, result = xpcall(test, debug.traceback)
      if not ok then
        self.errors[failures + 1] = name .. '\n Function call failed\n'
          .. tostring(result) .. '\n'
      end
    end
    if self._tearDown then self._tearDown(name) end
    return not ok and 'ERROR' or #self.errors > failures and 'FAIL' or 'PASS'
  end

  local function run_all(self, tests)
    local names = {}
    for name in pairs(tests) do names[#names + 1] = name end
    table.sort(names)
    io.write('Running ', plural(#names, 'test'), '\n')
    local digits = #tostring(#names)
    for i, name in ipairs(names) do
      self._currentTestName = name
      local label = ('%' .. digits .. 'd/%d %s '):format(i, #names, name)
      label = label .. ('.'):rep(WIDTH - 8 - #label + 1) .. ' '
      io.write(label, '[WAIT]')
      io.flush()
      local outcome = run_one(self, name, tests[name])
      if outcome == 'ERROR' then self.testError[name] = 1 end
      io.write('\r', label, '[', outcome, ']')
      if outcome == 'PASS' and self._warningCount[name] > 0 then
        io.write('\n', (' '):rep(WIDTH - 10), '[+warning]')
      end
      io.write '\n'
      io.flush()
      if self.earlyAbort and i < #names
          and (outcome == 'FAIL' or outcome == 'ERROR') then
        io.write('Aborting on first error, not all tests have been executed\n')
        return
      end
    end
  end

  local function sections(...)
    local ruler = ('-'):rep(WIDTH)
    local any
    for _, list in ipairs { ... } do
      for _, text in ipairs(list) do
        if not any then io.write(ruler, '\n') end
        any = true
        io.write(text, '\n', ruler, '\n')
      end
    end
  end

  local function report(self, tests)
    local counts = { tests = 0, asserts = 0, failures = 0, errors = 0,
                     warnings = self._warningCount[''] or 0, skipped = 0 }
    local function add(what, n) counts[what] = counts[what] + n end
    for name in pairs(tests) do
      add('tests', 1)
      add('asserts', self.assertionPass[name] + self.assertionFail[name])
      add('failures', self.assertionFail[name] > 0 and 1 or 0)
      add('errors', self.testError[name])
      add('warnings', self._warningCount[name] > 0 and 1 or 0)
      add('skipped', self.disabledTests[name] and 1 or 0)
    end
    self.countasserts = counts.asserts
    io.write('Completed ', plural(counts.asserts, 'assert'), ' in ',
      plural(counts.tests, 'test'), ' with ', plural(counts.failures, 'failure'),
      ' and ', plural(counts.errors, 'error'),
      counts.warnings > 0 and ' and ' .. plural(counts.warnings, 'warning') or '',
      counts.skipped > 0 and ' and ' .. counts.skipped .. ' disabled' or '', '\n')
    if not self.summaryOnly then sections(self.errors, self.warnings) end
  end

  --- Runs the tests whose names match, and reports; an error if one failed.
  function Tester:run(patterns)
    local tests = selected(self, patterns)
    self.assertionPass, self.assertionFail, self.testError = {}, {}, {}
    for name in pairs(tests) do
      self.assertionPass[name], self.assertionFail[name] = 0, 0
      self.testError[name], self._warningCount[name] = 0, 0
    end
    run_all(self, tests)
    report(self, tests)
    for name in pairs(tests) do
      assert(self.assertionFail[name] == 0 and self.testError[name] == 0,
        'An error was found while running tests!')
    end
    return 0
  end

  --- A table of tests in which no name can be used twice.
  function torch.TestSuite()
    local tests = {}
    return setmetatable({ __tests = tests, __isTestSuite = true }, {
      __index = tests,
      __newindex = function(_, key, value)
        if tests[key] ~= nil then
          error('Test ' .. tostring(key) .. ' is already defined.', 2)
        elseif type(value) == 'table' then
          error('Nested tables of tests are not supported', 2)
        elseif type(value) ~= 'function' then
          error('Only functions are supported as members of a TestSuite', 2)
        end
        tests[key] = value
      end,
    })
  end
end
