-- SPDX-License-Identifier: MIT
-- docs/py-torch.md lists every function: what it calls done or differing is
-- there, what it calls not offered is not, and nothing is there unlisted.

local torch = require 'py.torch.builtin'

-- Where the names before a colon are looked up.
local CLASSES = { Tensor = 'torch.DoubleTensor', Storage = 'torch.CharStorage' }

local function rows()
  local found = {}
  for line in io.lines 'docs/py-torch.md' do
    local name, state, note = line:match '^| `([^`]+)` | ([^|]+) | ?([^|]*)|$'
    if name then
      assert.is_nil(found[name], name .. ' is listed twice')
      found[name] = { state = state, note = note }
    end
  end
  return found
end

local function lookup(name)
  local owner, method = name:match '^(%u%a*):(%w+)$'
  if owner then
    return torch.getmetatable(CLASSES[owner] or 'torch.' .. owner)[method]
  end
  return torch[name:match '^torch%.(%w+)$']
end

describe('docs/py-torch.md', function()
  local listed = rows()

  it('tells the truth about each row', function()
    local n = 0
    for name, row in pairs(listed) do
      n = n + 1
      if row.state == 'done' or row.state == 'differs' then
        assert.is_not_nil(lookup(name), name .. ' is not there')
      else
        assert.equal('not offered', row.state, name)
        assert.is_nil(lookup(name), name .. ' is there')
      end
      if row.state ~= 'done' then
        assert.is_true(#row.note > 1, name .. ' needs a reason')
      end
    end
    assert.is_true(n > 350, n .. ' rows')
  end)

  local function check(prefix, names)
    for name, value in pairs(names) do
      if type(name) == 'string' and name ~= 'new' and not name:match '_'
          and (type(value) == 'function' or type(value) == 'table') then
        local row = listed[prefix .. name] or listed['torch.' .. name]
        assert.is_not_nil(row, prefix .. name .. ' is not listed')
      end
    end
  end

  it('lists every function', function() check('torch.', torch) end)

  it('lists every method', function()
    for _, kind in ipairs { 'Double', 'Byte', 'Long', 'Half' } do
      check('Tensor:', torch.getmetatable('torch.' .. kind .. 'Tensor'))
      check('Storage:', torch.getmetatable('torch.' .. kind .. 'Storage'))
    end
    for _, name in ipairs { 'File', 'DiskFile', 'MemoryFile', 'Timer', 'CmdLine',
                            'Tester' } do
      check(name .. ':', torch.getmetatable('torch.' .. name))
    end
  end)

  it('lists the names of paths, sys and xlua', function()
    local text = assert(io.open 'docs/py-torch.md'):read '*a'
    for _, name in ipairs { 'paths', 'sys', 'xlua' } do
      for key, value in pairs(require('py.torch.' .. name)) do
        if type(value) == 'function' then
          assert.is_truthy(text:find('`' .. key .. '`', 1, true)
            or text:find('`' .. name .. '.' .. key .. '`', 1, true),
            name .. '.' .. key)
        end
      end
    end
  end)
end)
