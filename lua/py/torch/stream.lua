-- SPDX-License-Identifier: MIT
-- Where files keep their bytes: on disk, in a pipe, or in memory. All have
--   read(n) → string (shorter at the end)   write(text) → bytes written
--   peek(n) → string                        seek(position), seek_end()
--   position(), flush(), close()            positions count from 0; a pipe
--                                           has none

local stream = {}

-- On disk ----------------------------------------------------------------------

local Disk = {}
Disk.__index = Disk

--- Opens a file, or returns nil. Writing and reading may mix freely.
function stream.disk(path, readable, writable)
  local handle
  if readable and writable then
    handle = io.open(path, 'r+b') or io.open(path, 'w+b')
  else
    handle = io.open(path, readable and 'rb' or 'wb')
  end
  if not handle then return nil end
  return setmetatable({ handle = handle, last = nil,
                        mixed = readable and writable }, Disk)
end

-- C asks for a seek between reading and writing.
function Disk:turn(to)
  if self.mixed and self.last ~= to then
    self.handle:seek('cur', 0)
    self.last = to
  end
end

function Disk:read(n)
  self:turn 'read'
  return n == 0 and '' or self.handle:read(n) or ''
end

function Disk:read_line()
  self:turn 'read'
  return self.handle:read '*l'
end

function Disk:peek(n)
  local position = self:position()
  local text = self:read(n)
  self.handle:seek('set', position)
  return text
end

function Disk:write(text)
  self:turn 'write'
  return self.handle:write(text) and #text or 0
end

function Disk:seek(position)
  return self.handle:seek('set', position) ~= nil
end

function Disk:seek_end()
  return self.handle:seek 'end' ~= nil
end

function Disk:position()
  return self.handle:seek 'cur' or 0
end

function Disk:flush() self.handle:flush() end
function Disk:close() self.handle:close() end
function Disk:unbuffer() self.handle:setvbuf 'no' end

-- A pipe: what was looked at ahead waits in `ahead`, as it cannot seek.
local Pipe = setmetatable({}, { __index = Disk })
Pipe.__index = Pipe

--- Starts a shell command, or returns nil.
function stream.pipe(command, readable)
  local handle = io.popen(command, readable and 'r' or 'w')
  return handle and setmetatable({ handle = handle, ahead = '' }, Pipe)
end

function Pipe:read(n)
  local have = self.ahead
  if #have >= n then
    self.ahead = have:sub(n + 1)
    return have:sub(1, n)
  end
  self.ahead = ''
  return have .. (self.handle:read(n - #have) or '')
end

function Pipe:read_line()
  local line = {}
  while true do
    local c = self:read(1)
    if c == '' then return line[1] and table.concat(line) or nil end
    if c == '\n' then return table.concat(line) end
    line[#line + 1] = c
  end
end

function Pipe:peek(n)
  local text = self:read(n)
  self.ahead = text .. self.ahead
  return text
end

function Pipe:position() return nil end
function Pipe:seek() return false end
Pipe.seek_end = Pipe.seek

-- In memory ----------------------------------------------------------------------

local Memory = {}
Memory.__index = Memory

function stream.memory(text)
  return setmetatable({ text = text, pending = {}, extra = 0, at = 0 }, Memory)
end

-- Writing at the end collects pieces; everything else wants one string.
function Memory:settle()
  if self.extra > 0 then
    self.text = self.text .. table.concat(self.pending)
    self.pending, self.extra = {}, 0
  end
  return self.text
end

function Memory:size()
  return #self.text + self.extra
end

function Memory:read(n)
  local piece = self:peek(n)
  self.at = self.at + #piece
  return piece
end

function Memory:read_line()
  local text = self:settle()
  if self.at >= #text then return nil end
  local stop = text:find('\n', self.at + 1, true)
  local line = text:sub(self.at + 1, (stop or #text + 1) - 1)
  self.at = stop or #text
  return line
end

function Memory:peek(n)
  return self:settle():sub(self.at + 1, self.at + n)
end

function Memory:write(text)
  if self.at == self:size() then
    self.pending[#self.pending + 1] = text
    self.extra = self.extra + #text
  else
    local old = self:settle()
    self.text = old:sub(1, self.at) .. text .. old:sub(self.at + #text + 1)
  end
  self.at = self.at + #text
  return #text
end

function Memory:seek(position)
  if position > self:size() then return false end
  self.at = position
  return true
end

function Memory:seek_end()
  self.at = self:size()
  return true
end

function Memory:position() return self.at end
function Memory:flush() end
function Memory:close() end
function Memory:unbuffer() end

return stream
