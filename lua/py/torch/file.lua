-- SPDX-License-Identifier: MIT
-- torch.File: numbers, strings and storages in binary or as text. What keeps
-- the bytes is a stream (stream.lua); diskfile.lua and memoryfile.lua open
-- them.

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local pack = require 'py.torch.pack'

local AT_ONCE = 8192 -- elements, so that what they are on their way stays small

-- Lua's collector has to keep pace with the strings of a large storage.
local function relieve(n)
  if n > AT_ONCE then collectgarbage('step', 64) end
end

return function(torch, memory)
  local File = class.newmetatable('torch.File', nil, nil, nil, nil,
    { File = false })
  torch.File = File.__constructor

  -- Sets up `self` as a file on `stream`. The field `_file` holds the state.
  local function open(self, stream, options)
    rawset(self, '_file', {
      stream = stream, readable = options.readable,
      writable = options.writable, quiet = options.quiet or false,
      binary = false, spacing = true, failed = false, swapped = false,
      long_size = 8, name = options.name,
    })
    return self
  end

  -- The state of an open file.
  local function opened(self)
    local file = type(self) == 'table' and rawget(self, '_file')
    if not file then
      errors.arg(1, '%s expected, got %s', 'torch.File', class.type(self))
    end
    if not file.stream then
      errors.arg(1, 'attempt to use a closed file')
    end
    return file
  end

  local function to_read(self)
    local file = opened(self)
    if not file.readable then
      errors.arg(1, 'attempt to read in a write-only file')
    end
    return file
  end

  local function to_write(self)
    local file = opened(self)
    if not file.writable then
      errors.arg(1, 'attempt to write in a read-only file')
    end
    return file
  end

  local function fail(file, message, ...)
    file.failed = true
    if not file.quiet then errors.raise(message, ...) end
  end

  -- Flags --------------------------------------------------------------------

  local function getter(name, field)
    File[name] = function(self) return rawget(self, '_file')[field] end
  end
  getter('isQuiet', 'quiet')
  getter('isReadable', 'readable')
  getter('isWritable', 'writable')
  getter('isBinary', 'binary')
  getter('isAutoSpacing', 'spacing')
  getter('hasError', 'failed')

  local function setter(name, field, value)
    File[name] = function(self)
      rawget(self, '_file')[field] = value
      return self
    end
  end
  setter('binary', 'binary', true)
  setter('ascii', 'binary', false)
  setter('autoSpacing', 'spacing', true)
  setter('noAutoSpacing', 'spacing', false)
  setter('quiet', 'quiet', true)
  setter('pedantic', 'quiet', false)
  setter('clearError', 'failed', false)

  -- Position -------------------------------------------------------------------

  function File:synchronize()
    opened(self).stream:flush()
    return self
  end

  function File:seek(position)
    local file = opened(self)
    position = errors.integer(position, 2) - 1
    if position < 0 then
      errors.arg(2, 'position has to be greater than 0!')
    end
    if not file.stream:seek(position) then
      fail(file, file.name and 'unable to seek to position %d'
        or 'unable to seek at position %d', position)
    end
    return self
  end

  function File:seekEnd()
    local file = opened(self)
    if not file.stream:seek_end() then
      fail(file, 'unable to seek at end of file')
    end
    return self
  end

  function File:position()
    local file = opened(self)
    local position = file.stream:position()
    if not position then
      fail(file, 'unable to obtain disk file offset (maybe a long overflow occurred)')
    end
    return (position or 0) + 1
  end

  function File:close()
    local file = opened(self)
    file.stream:close()
    file.stream = nil
    return self
  end

  -- Elements -------------------------------------------------------------------

  -- What scanf would take of a word: all, or what begins like a number.
  local function number_in(word, kind)
    if kind ~= 'Float' and kind ~= 'Double' and kind ~= 'Half' then
      return word:match '^[+-]?%d+'
    end
    if pack.parse(word) then return word end
    local number = word:match '^[+-]?%d+%.?%d*[eE]?[+-]?%d*'
    while number and #number > 0 and not tonumber(number) do
      number = number:sub(1, -2)
    end
    return number ~= '' and number or nil
  end

  -- Up to `n` words as one string, and how many they are. Reads ahead in
  -- growing blocks, and goes back to the end of the last word.
  local function read_words(file, n, kind)
    local words, count = {}, 0
    local stream = file.stream
    local block = 64 + 24 * n
    while count < n do
      local text = stream:peek(block)
      local at_end = #text < block
      local position = 1
      while count < n do
        local first, last = text:find('%S+', position)
        -- A word that touches the end of the block may go on.
        if not first or last == #text and not at_end then break end
        local number = number_in(text:sub(first, last), kind)
        if not number then
          stream:read(first - 1)
          return table.concat(words, ' '), count
        end
        count = count + 1
        words[count] = number
        position = first + #number
      end
      stream:read(position - 1)
      if count < n then
        if at_end then
          stream:read(#text)
          break
        end
        if position == 1 then block = block * 2 end
      end
    end
    return table.concat(words, ' '), count
  end

  local function skip_newline(file)
    if file.spacing and file.stream:peek(1) == '\n' then file.stream:read(1) end
  end

  local function is_text(kind) -- bytes and chars are themselves in text files
    return kind ~= 'Byte' and kind ~= 'Char'
  end

  local function item_size(file, kind)
    return kind == 'Long' and file.long_size or pack.sizes[kind]
  end

  local function short(file, count, n)
    fail(file, 'read error: read %d blocks instead of %d', count, n)
  end

  -- Reads `n` elements into `storage`, or one to return it.
  local function read_scalar(file, kind)
    if file.binary or not is_text(kind) then
      local size = item_size(file, kind)
      local text = file.stream:read(size)
      if not file.binary then skip_newline(file) end
      if #text < size then
        short(file, 0, 1)
        return 0
      end
      if file.swapped then text = text:reverse() end
      return pack.value(kind, text)
    end
    local word, count = read_words(file, 1, kind)
    skip_newline(file)
    if count == 0 then
      short(file, 0, 1)
      return 0
    end
    return pack.parse(word)
  end

  local function read_storage(file, kind, storage, n)
    if n == 0 then return 0 end
    local count
    if file.binary or not is_text(kind) then
      local size = item_size(file, kind)
      count = 0
      repeat
        local wanted = math.min(n - count, AT_ONCE)
        local text = file.stream:read(size * wanted)
        local got = math.floor(#text / size)
        text = text:sub(1, got * size)
        if file.swapped then text = pack.swap(text, size) end
        memory.set_bytes(storage, text, size, count)
        count = count + got
        relieve(n)
      until count == n or got < wanted
      if not file.binary then skip_newline(file) end
    else
      local text
      text, count = read_words(file, n, kind)
      skip_newline(file)
      memory.set_words(storage, text)
    end
    if count ~= n then short(file, count, n) end
    return count
  end

  local function write_scalar(file, kind, value)
    local text
    if file.binary or not is_text(kind) then
      local size = item_size(file, kind)
      text = pack.number(kind, value, size)
      if file.swapped then text = text:reverse() end
    else
      text = pack.text(kind, memory.wrap(kind, value))
    end
    if not file.binary and file.spacing then text = text .. '\n' end
    file.stream:write(text)
    return 1
  end

  local function write_storage(file, kind, storage)
    local n = storage:size()
    if n == 0 then return 0 end
    local separator = file.spacing and ' ' or ''
    for first = 0, n - 1, AT_ONCE do
      local last = math.min(first + AT_ONCE, n)
      local text
      if file.binary or not is_text(kind) then
        local size = item_size(file, kind)
        text = memory.bytes(storage, size, first, last)
        if file.swapped then text = pack.swap(text, size) end
      else
        text = memory.words(storage, separator, first, last)
        if last < n then text = text .. separator end
      end
      file.stream:write(text)
      relieve(n)
    end
    if not file.binary and file.spacing then file.stream:write '\n' end
    return n
  end

  for _, kind in ipairs { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Float',
                          'Double', 'Half' } do
    local storage_name = 'torch.' .. kind .. 'Storage'

    File['read' .. kind] = function(self, ...)
      local file = to_read(self)
      local n, what = select('#', ...), (...)
      if n == 0 and kind ~= 'Half' then return read_scalar(file, kind) end
      if n == 1 and tonumber(what) then
        local size = errors.integer(what, 2)
        local storage = torch[kind .. 'Storage'](size)
        local count = read_storage(file, kind, storage, size)
        if count ~= size then storage:resize(count) end
        return storage
      elseif n == 1 and class.typename(what) == storage_name then
        return read_storage(file, kind, what, what:size())
      end
      errors.raise('nothing, number, or %sStorage expected', kind)
    end

    File['write' .. kind] = function(self, ...)
      local file = to_write(self)
      local n, what = select('#', ...), (...)
      if n == 1 and tonumber(what) and kind ~= 'Half' then
        write_scalar(file, kind, tonumber(what))
        return
      elseif n == 1 and class.typename(what) == storage_name then
        return write_storage(file, kind, what)
      end
      errors.raise('number, or %sStorage expected', kind)
    end
  end

  -- Strings ----------------------------------------------------------------------

  function File:readString(format)
    local file = to_read(self)
    local letter = errors.string(format, 2):match '^%*([al])'
    if not letter then errors.arg(2, "format must be '*a' or '*l'") end
    local text
    if letter == 'l' then
      text = file.stream:read_line()
    else
      local pieces = {}
      repeat
        local piece = file.stream:read(65536)
        pieces[#pieces + 1] = piece
      until piece == ''
      text = table.concat(pieces)
      if text == '' then text = nil end
    end
    if not text then
      fail(file, 'read error: read 0 blocks instead of 1')
      return ''
    end
    return text
  end

  function File:writeString(text)
    local file = to_write(self)
    if type(text) ~= 'string' then
      errors.expected(2, 'string', text)
    end
    return file.stream:write(text)
  end

  return { class = File, open = open, opened = opened }
end
