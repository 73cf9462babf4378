-- SPDX-License-Identifier: MIT
-- Reads the pages of the documentation, for spec/docs_spec.lua, and runs their
-- blocks of Lua code, in the child process that the spec starts for a page.
--
-- A block is what stands between ```lua and ```. It is a program of its own in
-- which `py` is there already. A comment that starts with an arrow shows what
-- the code prints, line by line, in the order of the page:
--
--     print(py.eval('list(range(3))')[2])       --> 1
--     py.exec 'print("a", "b", sep="\\n")'     --> a
--                                               --> b
--     py.eval 'nowhere'                         --> error: Traceback ...
--
-- Three dots stand for any text, one space for any spaces and tabs. What a block
-- prints must be shown, all of it. A block may end with an error, which counts
-- as printed after "error: ".
--
-- Words after ```lua say what the block needs: `5.3+` a newer Lua, `luajit`,
-- the name of a Python module, or `alone` a process in which Python has not
-- started.
local document = {}

--- All lines of a file.
local function lines_of(path)
  local lines = {}
  for line in assert(io.lines(path)) do
    lines[#lines + 1] = line
  end
  return lines
end

local function words_of(text)
  local words = {}
  for word in text:gmatch '%S+' do
    words[#words + 1] = word
  end
  return words
end

--- A page as {path=, headings={{line=, level=, text=}…}, links={{line=, to=}…},
--- blocks={{line=, kind='lua', needs={'numpy'…}, lines={…}}…}}. The line of a
--- block is that of its first line of code.
function document.read(path)
  local page = { path = path, headings = {}, links = {}, blocks = {} }
  local block
  for number, line in ipairs(lines_of(path)) do
    local fence = line:match '^```(.*)$'
    if fence and block then
      block = nil
    elseif fence then
      local words = words_of(fence)
      block = { line = number + 1, kind = table.remove(words, 1) or '',
                needs = words, lines = {} }
      page.blocks[#page.blocks + 1] = block
    elseif block then
      block.lines[#block.lines + 1] = line
    else
      local marks, text = line:match '^(#+) (.*)$'
      if marks then
        page.headings[#page.headings + 1] =
          { line = number, level = #marks, text = text }
      end
      for to in line:gmatch '%]%(([^)]*)%)' do
        page.links[#page.links + 1] = { line = number, to = to }
      end
    end
  end
  assert(not block, path .. ' ends inside a block')
  return page
end

--- Does a block say that it needs this?
function document.needs(block, wanted)
  for _, word in ipairs(block.needs) do
    if word == wanted then return true end
  end
  return false
end

--- What a block says it prints, or nil if it says nothing.
function document.shown(block)
  local shown = {}
  for _, line in ipairs(block.lines) do
    shown[#shown + 1] = line:match '%-%->%s?(.*)$'
  end
  return table.concat(shown, '\n')
end

-- Tabs look like spaces on a page, and print writes them.
local function plain(text)
  return (text:gsub('[ \t]+', ' '):gsub(' \n', '\n'):gsub('%s+$', ''))
end

--- Is `printed` what a block shows, where "..." stands for any text?
function document.agree(shown, printed)
  local pattern = plain(shown):gsub('%p', '%%%0'):gsub('%s*%%%.%%%.%%%.%s*', '.-')
  return plain(printed):find('^' .. pattern .. '$') ~= nil
end

-- Running, in the child ---------------------------------------------------------

-- Printed after each block; cannot be part of what it prints.
local MARK = '\1end of block\1\n'

local function compile(block, path, env)
  -- Empty lines in front, so that errors name the lines of the page.
  local source = ('\n'):rep(block.line - 1) .. table.concat(block.lines, '\n')
  local chunk, message
  if setfenv then -- luacheck: ignore
    chunk, message = loadstring(source, '@' .. path) -- luacheck: ignore
    if chunk then setfenv(chunk, env) end -- luacheck: ignore
  else
    chunk, message = load(source, '@' .. path, 't', env)
  end
  return chunk or function() error(message, 0) end
end

local function forget_names(py)
  py.exec [[
    import __main__
    for name in [name for name in vars(__main__) if not name.startswith('__')]:
        delattr(__main__, name)
  ]]
end

--- Runs the blocks that start at these lines, each in an environment of its own.
function document.run(path, lines)
  local py, first = require 'py', true
  for _, block in ipairs(document.read(path).blocks) do
    if lines[block.line] then
      if not first then forget_names(py) end
      first = false
      local env = setmetatable({ py = py }, { __index = _G })
      local ok, message = pcall(compile(block, path, env))
      if not ok then io.write('error: ', tostring(message), '\n') end
      io.write(MARK)
    end
  end
end

--- Cuts what such a child printed into the parts of its blocks.
function document.split(output)
  local parts = {}
  for part in output:gmatch('(.-)' .. MARK) do
    parts[#parts + 1] = part
  end
  return parts
end

return document
