-- SPDX-License-Identifier: MIT
-- The documentation is true: its code runs and prints what it says, every public
-- name is documented and has annotations for editors, no link leads nowhere.
-- spec/document.lua says how blocks of code are written.
local child = require 'spec.child'
local document = require 'spec.document'
local helper = require 'spec.helper'

local REFERENCE = 'docs/functions.md'
local ANNOTATIONS = 'lua/py/types.lua'

local function read_pages()
  local pages = { document.read 'README.md' }
  local pipe = assert(io.popen 'ls docs/*.md')
  for path in pipe:lines() do
    pages[#pages + 1] = document.read(path)
  end
  pipe:close()
  return pages
end

local pages = read_pages()

-- What a block lacks here: the reason to skip it, or nil.
local function lack(block)
  for _, need in ipairs(block.needs) do
    local version = tonumber(need:match '^(5%.%d)%+$')
    if version then
      if helper.version < version then return 'skipped: for Lua ' .. need end
    elseif need == 'luajit' then
      if not helper.jit then return 'skipped: for LuaJIT' end
    elseif need ~= 'alone' and not helper.has(need) then
      return helper.lacks(need)
    end
  end
end

-- Runs blocks of a page in one process; returns what each of them printed.
local function run_blocks(page, blocks)
  local lines = {}
  for _, block in ipairs(blocks) do
    lines[#lines + 1] = ('[%d]=true,'):format(block.line)
  end
  local script = ("local lines = {%s}\nrequire('spec.document').run(%q, lines)\n")
    :format(table.concat(lines), page.path)
  local result = child.run(script, { timeout = 60 })
  local parts = document.split(result.stdout)
  local printed = {}
  for i, block in ipairs(blocks) do
    printed[block] = parts[i]
      or ('the process ended before with status %s: %s'):format(
        tostring(result.code or result.signal), result.stderr)
  end
  return printed
end

-- Runs a block when its test comes, together with the others of its page.
local function page_runner(page)
  local together, printed = {}, nil
  for _, block in ipairs(page.blocks) do
    if block.kind == 'lua' and not document.needs(block, 'alone') then
      together[#together + 1] = block
    end
  end
  return function(block)
    if document.needs(block, 'alone') then
      return run_blocks(page, { block })[block]
    end
    if not printed then
      local able = {}
      for _, one in ipairs(together) do
        if not lack(one) then able[#able + 1] = one end
      end
      printed = run_blocks(page, able)
    end
    return printed[block]
  end
end

describe('the code in', function()
  for _, page in ipairs(pages) do
    local run = page_runner(page)
    for _, block in ipairs(page.blocks) do
      if block.kind == 'lua' then
        it(('%s:%d prints what it shows'):format(page.path, block.line), function()
          local reason = lack(block)
          if reason then return pending(reason) end
          local shown, printed = document.shown(block), run(block)
          if not document.agree(shown, printed) then
            error(('%s:%d\nshows:\n%s\nprints:\n%s')
              :format(page.path, block.line, shown, printed), 0)
          end
        end)
      end
    end
  end
end)

-- A block of kind `console`: what luajit says to the lines after its prompt.
describe('the session in', function()
  for _, page in ipairs(pages) do
    for _, block in ipairs(page.blocks) do
      if block.kind == 'console' then
        it(('%s:%d is what luajit says'):format(page.path, block.line), function()
          local reason = not helper.jit and 'skipped: for LuaJIT' or lack(block)
          if reason then return pending(reason) end
          local input, shown = {}, {}
          for i, line in ipairs(block.lines) do
            local typed = line:match '^>+ (.*)$'
            if typed then
              input[#input + 1] = typed .. '\n'
            elseif i > 1 then -- the first line starts luajit
              shown[#shown + 1] = line
            end
          end
          local result = child.run(nil, { options = { '-i' }, merge = true,
            stdin = table.concat(input), timeout = 60 })
          -- Prompts stand in front of what is printed; the banner before all.
          local printed = result.stdout:gsub('^.-\n> ', '> ')
            :gsub('%f[^\n%z]>+ [> ]*', '')
          assert.are.equal(table.concat(shown, '\n'), (printed:gsub('%s+$', '')))
        end)
      end
    end
  end
end)

describe('the links', function()
  local function exists(path)
    local file = io.open(path)
    if file then file:close() end
    return file ~= nil
  end

  -- The name that a heading gets in links.
  local function anchor(text)
    return (text:lower():gsub('[^%w _-]', ''):gsub(' ', '-'))
  end

  local function has_heading(path, name)
    for _, heading in ipairs(document.read(path).headings) do
      if anchor(heading.text) == name then return true end
    end
    return false
  end

  for _, page in ipairs(pages) do
    it(('in %s lead somewhere'):format(page.path), function()
      local folder = page.path:match '^.*/' or ''
      for _, link in ipairs(page.links) do
        local file, name = link.to:match '^([^#]*)#?(.*)$'
        if not file:find '^%a+:' then
          local path = file == '' and page.path or folder .. file
          assert.is_true(exists(path),
            ('%s:%d: there is no %s'):format(page.path, link.line, path))
          assert.is_true(name == '' or has_heading(path, name),
            ('%s:%d: no heading is called #%s'):format(page.path, link.line, name))
        end
      end
    end)
  end
end)

describe('the public names', function()
  local registered

  setup(function()
    local py = require 'py'
    py.eval '0' -- starts Python, and fills the table
    registered = {}
    for name in pairs(py) do
      if name:sub(1, 1) ~= '_' then registered[name] = true end
    end
  end)

  local function names_in(text)
    local names = {}
    for name in text:gmatch '%f[%w]py%.([%a_][%w_]*)' do
      if names[#names] ~= name then names[#names + 1] = name end
    end
    return names
  end

  -- name -> the lines of its section of the reference.
  local function documented()
    local found, section = {}, nil
    for line in io.lines(REFERENCE) do
      if line:find '^#' then
        section = {}
        for _, name in ipairs(names_in(line:match '^###%s(.*)' or '')) do
          assert.is_nil(found[name], ('%s documents py.%s twice')
            :format(REFERENCE, name))
          found[name] = section
        end
      end
      if section then section[#section + 1] = line end
    end
    return found
  end

  local function annotated()
    local found = {}
    for line in io.lines(ANNOTATIONS) do
      local name = line:match '^function py%.([%w_]+)%(' or line:match '^py%.([%w_]+) ='
      if name then found[name] = true end
    end
    return found
  end

  local function differences(found, where)
    local list = {}
    for name in pairs(registered) do
      if not found[name] then
        list[#list + 1] = ('py.%s is not in %s'):format(name, where)
      end
    end
    for name in pairs(found) do
      if not registered[name] then
        list[#list + 1] = ('%s has py.%s, which does not exist'):format(where, name)
      end
    end
    table.sort(list)
    return table.concat(list, '\n')
  end

  it('are all documented, and no others', function()
    assert.are.equal('', differences(documented(), REFERENCE))
  end)

  it('all have annotations, and no others', function()
    assert.are.equal('', differences(annotated(), ANNOTATIONS))
  end)

  it('and the fields of py.info, too', function()
    local info = require 'py'.info()
    info.untested = true -- where it is
    local reference = table.concat(documented().info, '\n')
    local annotations = assert(io.open(ANNOTATIONS)):read '*a'
      :match '\n%-%-%-@class py.Info\n(.-)\n\n'
    for name in pairs(info) do
      assert.is_truthy(reference:find('`' .. name .. '`', 1, true), name)
      assert.is_truthy(annotations:find('@field ' .. name .. ' ', 1, true), name)
    end
  end)

  it('have an example each; functions say what they take, give and raise', function()
    local py = require 'py'
    for name, lines in pairs(documented()) do
      local text = table.concat(lines, '\n')
      local code = text:match '\n```lua.-\n(.-)\n```' or ''
      assert.is_truthy(code:find('%f[%w]py%.' .. name .. '%f[^%w_]'),
        ('%s: the section of py.%s has no example of it'):format(REFERENCE, name))
      for _, label in ipairs(type(py[name]) == 'function'
          and { 'Takes', 'Gives', 'Errors' } or {}) do
        assert.is_truthy(text:find('\n- ' .. label .. ': '),
          ('%s: the section of py.%s has no line "- %s:"')
            :format(REFERENCE, name, label))
      end
    end
  end)
end)

describe('the table of layers', function()
  it('names every C file', function()
    local text = assert(io.open 'docs/architecture.md'):read '*a'
    local missing = {}
    local pipe = assert(io.popen 'find csrc -name "*.c"')
    for path in pipe:lines() do
      local name = path:match '([%w_]+)%.c$'
      if not text:find('`' .. name .. '[`.]') and not text:find('/' .. name .. '`') then
        missing[#missing + 1] = path
      end
    end
    pipe:close()
    table.sort(missing)
    assert.are.same({}, missing)
  end)
end)

-- A checker that agrees with everything would prove nothing.
describe('the reader of pages', function()
  it('compares all that is printed, "..." standing for any text', function()
    assert.is_true(document.agree('1\n2', '1\n2\n'))
    assert.is_true(document.agree('a ... z\nb', 'a b\nc z\nb\n'))
    assert.is_true(document.agree('', '\n'))
    assert.is_false(document.agree('1', '1\n2\n'))
    assert.is_false(document.agree('', 'x\n'))
    assert.is_false(document.agree('1\n2', '2\n1\n'))
    assert.is_false(document.agree('a.c', 'abc\n'))
    assert.is_true(document.agree('1 a', '1\ta\n'))
    assert.is_false(document.agree('1 a', '1a\n'))
  end)

  it('finds blocks, what they need and what they show', function()
    helper.with_file('# T\ntext [a](b.md)\n```lua 5.3+ numpy\nprint(1) --> 1\n'
      .. '-- [x](y)\n--> 2\n```\n', '.md', function(path)
      local page = document.read(path)
      local block = page.blocks[1]
      assert.are.equal('lua', block.kind)
      assert.are.equal(4, block.line)
      assert.are.same({ '5.3+', 'numpy' }, block.needs)
      assert.are.equal('1\n2', document.shown(block))
      assert.are.equal('T', page.headings[1].text)
      assert.are.same({ { line = 2, to = 'b.md' } }, page.links)
    end)
  end)
end)
