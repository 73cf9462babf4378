-- SPDX-License-Identifier: MIT
-- torch.DiskFile, torch.PipeFile and torch.MemoryFile.

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local numbers = require 'py.torch.numbers'
local pack = require 'py.torch.pack'
local streams = require 'py.torch.stream'

local modes = { r = { readable = true, writable = false },
                w = { readable = false, writable = true },
                rw = { readable = true, writable = true } }

return function(torch, file, memory)
  local opened = file.opened

  -- A file object of class `name`. Lua 5.1 collects tables without asking
  -- __gc, so what is lost unclosed is left to the stream's own finalizer.
  local function make(name, stream, options)
    return file.open(class.setmetatable({}, name), stream, options)
  end

  local function mode_of(mode, position)
    mode = mode == nil and 'r' or errors.string(mode, position)
    if not modes[mode] then
      errors.arg(position, "file mode should be 'r','w' or 'rw'")
    end
    return modes[mode]
  end

  local function check_quiet(quiet)
    if quiet ~= nil and type(quiet) ~= 'boolean' then
      errors.expected_object(3, 'boolean', class.typename(quiet))
    end
  end

  local function letters_of(flags)
    return (flags.readable and 'r' or ' ') .. (flags.writable and 'w' or ' ')
  end

  local function status(self, kind)
    local state = rawget(self, '_file')
    return ('torch.%sFile%s [status: %s -- mode%s %s]'):format(kind,
      state.name and ' on <' .. state.name .. '>' or '',
      state.stream and 'open' or 'closed', kind == 'Disk' and '' or ':',
      letters_of(state))
  end

  -- Longs take 4 or 8 bytes in binary files; 0, or nothing, means those of the
  -- machine.
  local function long_size(self, size)
    local state = opened(self)
    size = numbers.truncate(tonumber(size) or 0)
    if size ~= 0 and size ~= 4 and size ~= 8 then
      errors.arg(1, 'Invalid long size specified')
    end
    state.long_size = size == 0 and 8 or size
    return self
  end

  -- Disk ---------------------------------------------------------------------

  local Disk = class.newmetatable('torch.DiskFile', 'torch.File',
    function(name, mode, quiet)
      name = errors.string(name, 1)
      local flags = mode_of(mode, 2)
      check_quiet(quiet)
      local stream = streams.disk(name, flags.readable, flags.writable)
      if not stream then
        if quiet then return nil end
        errors.raise('cannot open <%s> in mode %s', name, letters_of(flags))
      end
      return make('torch.DiskFile', stream, {
        name = name, readable = flags.readable, writable = flags.writable,
        quiet = quiet or false })
    end, nil, nil, { DiskFile = false })
  torch.DiskFile = Disk.__constructor

  local function encoding(name, little)
    Disk[name] = function(self)
      local state = opened(self)
      state.swapped = little ~= nil and little ~= pack.little_endian()
      return self
    end
  end
  encoding('nativeEndianEncoding', nil)
  encoding('littleEndianEncoding', true)
  encoding('bigEndianEncoding', false)

  function Disk.isLittleEndianCPU() return pack.little_endian() end
  function Disk.isBigEndianCPU() return not pack.little_endian() end

  Disk.longSize = long_size

  function Disk:noBuffer()
    opened(self).stream:unbuffer()
    return self
  end

  function Disk:__tostring__() return status(self, 'Disk') end

  -- Pipe ---------------------------------------------------------------------

  local Pipe = class.newmetatable('torch.PipeFile', 'torch.DiskFile',
    function(command, mode, quiet)
      command = errors.string(command, 1)
      local flags = mode_of(mode, 2)
      check_quiet(quiet)
      if flags.readable and flags.writable then
        errors.arg(2, "file mode should be 'r','w'")
      end
      local stream = streams.pipe(command, flags.readable)
      if not stream then
        if quiet then return nil end
        errors.raise('cannot open <%s> in mode %s', command, letters_of(flags))
      end
      return make('torch.PipeFile', stream, {
        name = command, readable = flags.readable, writable = flags.writable,
        quiet = quiet or false })
    end, nil, nil, { PipeFile = false })
  torch.PipeFile = Pipe.__constructor

  function Pipe:__tostring__() return status(self, 'Pipe') end

  -- Memory -------------------------------------------------------------------

  local Memory = class.newmetatable('torch.MemoryFile', 'torch.File',
    function(first, second)
      local text, mode, storage = '', first, nil
      if class.typename(first) == 'torch.CharStorage' then
        storage, mode = first, second
        local n = storage:size()
        if n == 0 or storage[n] ~= 0 then
          errors.arg(1, 'provided CharStorage must be terminated by 0')
        end
        text = memory.bytes(storage, 1):sub(1, -2)
      end
      if mode ~= nil then errors.string(mode, storage and 2 or 1) end
      local flags = mode_of(mode == nil and 'rw' or mode, 2)
      local made = make('torch.MemoryFile', streams.memory(text), flags)
      local state = rawget(made, '_file')
      state.storage, state.in_memory = storage, true
      return made
    end, nil, nil, { MemoryFile = false })
  torch.MemoryFile = Memory.__constructor

  Memory.longSize = long_size

  --- The bytes and a 0 behind them, as a CharStorage.
  function Memory:storage()
    local state = opened(self)
    state.storage = state.storage or torch.CharStorage()
    local text = state.stream:settle()
    state.storage:resize(#text + 1)
    memory.set_bytes(state.storage, text .. '\0', 1)
    return state.storage
  end

  function Memory:__tostring__() return status(self, 'Memory') end
end
