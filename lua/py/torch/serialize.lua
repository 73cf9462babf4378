-- SPDX-License-Identifier: MIT
-- Objects in files, in Torch7's formats: torch.save, torch.load and what they
-- stand on. Each object is a type number and what that type needs; tables,
-- functions and torch objects have a number each, and appear once.

local class = require 'py.torch.class'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local load = rawget(_G, 'loadstring') or load
local pointer, typename = class.pointer, class.typename

local NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN = 0, 1, 2, 3, 4, 5
local FUNCTION, OLD_CLOSURE, CLOSURE = 6, 7, 8

return function(torch, File, opened)
  -- What a file knows of the objects that it has written and read.
  local function memory_of(file)
    local environment = class.getenv(file)
    if not environment.written then
      environment.written = {}  -- pointer → number
      environment.kept = {}     -- objects, so that pointers stay theirs
      environment.count = 0
      environment.read = {}     -- number → object
      environment.path = {}     -- names on the way to what is written
      environment.upvalues = {} -- upvalue id → number
      environment.joined = {}   -- number → where the upvalue was read first
    end
    return environment
  end

  --- Whether an object that was written already is written as a reference.
  function File:referenced(on)
    memory_of(self).forced = not on
    return self
  end

  function File:isReferenced()
    return not memory_of(self).forced
  end

  function File:writeBool(value)
    self:writeInt(value and 1 or 0)
  end

  function File:readBool()
    return self:readInt() == 1
  end

  -- Writing ----------------------------------------------------------------------

  local kinds = { ['nil'] = NIL, number = NUMBER, string = STRING,
                  table = TABLE, boolean = BOOLEAN }

  --- The type number of an object, or nil if it cannot be written.
  function File:isWritableObject(object)
    local name = typename(object)
    if name and class.factory(name) then return TORCH end
    if type(object) == 'function' then
      return pcall(string.dump, object) and CLOSURE or nil
    end
    return kinds[type(object)]
  end

  local function write_text(file, text)
    file:writeInt(#text)
    if file:isBinary() then
      file:writeString(text) -- the same bytes
    else
      file:writeChar(torch.CharStorage():string(text))
    end
  end

  -- Lists of upvalues, and their items, which error messages leave out.
  local lists, items = setmetatable({}, { __mode = 'k' }),
    setmetatable({}, { __mode = 'k' })

  -- Upvalues with their names; those that closures share have the same id.
  local function upvalues_of(f, memory)
    local list = {}
    lists[list] = true
    for i = 1, math.huge do
      local name, value = debug.getupvalue(f, i)
      if not name then return list end
      local id
      if name == '_ENV' then value = nil end
      if debug.upvalueid then -- luacheck: ignore
        local key = debug.upvalueid(f, i) -- luacheck: ignore
        if not memory.upvalues[key] then
          memory.last_upvalue = (memory.last_upvalue or 0) + 1
          memory.upvalues[key] = memory.last_upvalue
        end
        id = memory.upvalues[key]
      end
      list[i] = { name = name, id = id, value = value }
      items[list[i]] = true
    end
  end

  local function path_text(memory)
    local names = {}
    for _, name in ipairs(memory.path) do
      if name ~= '' then names[#names + 1] = name end
    end
    return table.concat(names, '.')
  end

  -- What a value of a table is called in error messages.
  local function name_in(object, key, value)
    if items[object] then return '' end
    if lists[object] then return value.name end
    return (type(key) == 'string' or type(key) == 'number') and tostring(key)
      or nil
  end

  local function write_instance(file, object, memory, hook)
    write_text(file, 'V ' .. tostring(class.version(object)))
    write_text(file, typename(object))
    local write = object.write or object.__write
    if type(write) == 'function' then
      write(object, file)
      return
    elseif type(object) ~= 'table' then
      errors.raise('<%s> is a non-serializable Torch object %s',
        typename(object), path_text(memory))
    end
    local fields = {}
    for key, value in pairs(object) do
      if file:isWritableObject(value) then
        fields[key] = value
      else
        print(('$ Warning: cannot write object field <%s> of <%s> %s')
          :format(tostring(key), typename(object), path_text(memory)))
      end
    end
    file:writeObject(fields, typename(object), hook)
  end

  local function write_table(file, object, hook)
    local n = 0
    for _ in pairs(object) do n = n + 1 end
    file:writeInt(n)
    for key, value in pairs(object) do
      file:writeObject(key, nil, hook)
      file:writeObject(value, name_in(object, key, value), hook)
    end
  end

  -- Writes the number of an object; true if the object has to follow.
  local function write_number(file, key, object, memory)
    local number = memory.written[pointer(key)]
    if number and not memory.forced then
      file:writeInt(number)
      return false
    end
    memory.count = memory.count + 1
    if not memory.forced then
      memory.written[pointer(key)] = memory.count
      memory.kept[#memory.kept + 1] = key
      memory.kept[#memory.kept + 1] = object
    end
    file:writeInt(memory.count)
    return true
  end

  --- Writes any object that can be; `hook` may put another in its place.
  function File:writeObject(object, name, hook)
    local memory = memory_of(self)
    local key = object
    if hook then object = hook(object) end
    if object == nil then
      self:writeInt(NIL)
      return
    end
    local path = memory.path
    path[#path + 1] = name or '<?>'
    local kind = self:isWritableObject(object)
    if not kind then
      local message = ('Unwritable object <%s> at %s'):format(type(object),
        path_text(memory))
      memory.path = {}
      errors.raise('%s', message)
    end
    self:writeInt(kind)
    if kind == NUMBER then
      self:writeDouble(object)
    elseif kind == BOOLEAN then
      self:writeBool(object)
    elseif kind == STRING then
      write_text(self, object)
    elseif write_number(self, key, object, memory) then
      if kind == TORCH then
        write_instance(self, object, memory, hook)
      elseif kind == TABLE then
        write_table(self, object, hook)
      else
        write_text(self, string.dump(object))
        self:writeObject(upvalues_of(object, memory), '', hook)
      end
    end
    path[#path] = nil
  end

  -- Reading ----------------------------------------------------------------------

  local function read_text(file)
    local n = file:readInt()
    if n == 0 then return '' end
    local state = opened(file)
    if state.binary and state.in_memory then
      local text = state.stream:peek(n)
      if #text == n then return state.stream:read(n) end
    end
    return file:readChar(n):string()
  end

  local function read_code(file)
    local f, message = load(read_text(file))
    if not f then
      io.stderr:write('Warning: Failed to load function from bytecode: ',
        tostring(message))
    end
    return f
  end

  -- Upvalues as isolated values, which old files have.
  local function set_plain(f, upvalues)
    for i, value in ipairs(upvalues) do
      if f then debug.setupvalue(f, i, value) end
    end
  end

  local function set_upvalues(f, upvalues, memory)
    for i, upvalue in ipairs(f and upvalues or {}) do
      if upvalue.name == '_ENV' then
        debug.setupvalue(f, i, _G)
      else
        debug.setupvalue(f, i, upvalue.value)
        if debug.upvaluejoin and upvalue.id then -- luacheck: ignore
          local first = memory.joined[upvalue.id]
          if first then
            debug.upvaluejoin(f, i, first.f, first.i) -- luacheck: ignore
          else
            memory.joined[upvalue.id] = { f = f, i = i }
          end
        end
      end
    end
  end

  local function read_instance(file, remember)
    local name = read_text(file)
    local version = tonumber(name:match '^V (.*)$')
    if version then name = read_text(file) end
    local factory = class.factory(name)
    if not factory then errors.raise('unknown Torch class <%s>', name) end
    local object = factory(file)
    remember(object)
    local read = object.read or object.__read
    if type(read) == 'function' then
      read(object, file, version or 0)
    elseif type(object) == 'table' then
      for key, value in pairs(file:readObject()) do object[key] = value end
    else
      errors.raise('Cannot load object class <%s>', name)
    end
    return object
  end

  local function read_table(file, remember)
    local object = {}
    remember(object)
    for _ = 1, file:readInt() do
      local key = file:readObject()
      object[key] = file:readObject()
    end
    return object
  end

  local function read_closure(file, kind, memory, remember)
    local f = read_code(file)
    remember(f)
    local upvalues = file:readObject()
    if kind == CLOSURE then
      set_upvalues(f, upvalues, memory)
    else
      set_plain(f, upvalues)
    end
    return f
  end

  --- Reads the object at the position of the file.
  function File:readObject()
    local memory = memory_of(self)
    local kind = self:readInt()
    if kind == NIL then
      return nil
    elseif kind == NUMBER then
      local value = self:readDouble()
      return math.tointeger and math.tointeger(value) or value
    elseif kind == BOOLEAN then
      return self:readBool()
    elseif kind == STRING then
      return read_text(self)
    elseif kind == FUNCTION then
      local f = read_code(self)
      set_plain(f, self:readObject())
      return f
    elseif kind ~= TABLE and kind ~= TORCH and kind ~= CLOSURE
        and kind ~= OLD_CLOSURE then
      errors.raise 'unknown object'
    end
    local number = self:readInt()
    if memory.read[number] ~= nil and not memory.forced then
      return memory.read[number]
    end
    local function remember(object)
      if not memory.forced then memory.read[number] = object end
    end
    if kind == TORCH then
      return read_instance(self, remember)
    elseif kind == TABLE then
      return read_table(self, remember)
    end
    return read_closure(self, kind, memory, remember)
  end

  -- Tensors and storages -----------------------------------------------------------

  local function write_longs(file, list)
    file:writeLong(tensors.long_storage(list))
  end

  local function write_tensor(t, file)
    local sizes, strides, offset = geometry.of(t)
    file:writeInt(#sizes)
    write_longs(file, sizes)
    write_longs(file, strides)
    file:writeLong(offset + 1)
    file:writeObject(t:storage())
  end

  local function read_tensor(t, file)
    local n = file:readInt()
    local sizes = file:readLong(n):totable()
    local strides = file:readLong(n):totable()
    local offset = file:readLong() - 1
    local storage = file:readObject()
    if storage then
      tensors.set(t, storage, offset, sizes, strides)
    end
  end

  for kind, methods in pairs(types.tensors) do
    methods.write, methods.read = write_tensor, read_tensor
    local write, read = 'write' .. kind, 'read' .. kind
    types.storages[kind].write = function(s, file)
      file:writeLong(s:size())
      file[write](file, s)
    end
    types.storages[kind].read = function(s, file)
      s:resize(file:readLong())
      file[read](file, s)
    end
  end

  -- Whole files ----------------------------------------------------------------------

  local function check_options(mode, referenced, modes, names)
    assert(mode == nil or modes[mode], names .. ' expected for mode')
    assert(referenced == nil or type(referenced) == 'boolean',
      'true or false (or nil) expected for referenced')
  end

  --- Writes one object as a file.
  function torch.save(path, object, mode, referenced)
    check_options(mode, referenced, { binary = true, ascii = true },
      '"binary" or "ascii" (or nil)')
    local file = torch.DiskFile(path, 'w')
    file[mode or 'binary'](file)
    file:referenced(referenced ~= false)
    file:writeObject(object)
    file:close()
  end

  --- Reads the object of a file.
  function torch.load(path, mode, referenced)
    check_options(mode, referenced,
      { binary = true, ascii = true, b32 = true, b64 = true },
      '"binary", "b32", "b64" or "ascii" (or nil)')
    local size = mode and tonumber(mode:match '^b(%d+)$')
    if size then mode = 'binary' end
    local file = torch.DiskFile(path, 'r')
    file[mode or 'binary'](file)
    file:referenced(referenced ~= false)
    if size then file:longSize(size / 8) end
    local object = file:readObject()
    file:close()
    return object
  end
  torch.saveobj, torch.loadobj = torch.save, torch.load

  --- The same with a CharStorage, or a string, in place of a file.
  function torch.serializeToStorage(object, mode)
    local file = torch.MemoryFile()
    file[mode or 'binary'](file)
    file:writeObject(object)
    local storage = file:storage()
    storage:resize(storage:size() - 1) -- without the 0 at the end
    file:close()
    return storage
  end

  function torch.serialize(object, mode)
    local file = torch.MemoryFile()
    file[mode or 'binary'](file)
    file:writeObject(object)
    local text = opened(file).stream:settle()
    file:close()
    return text
  end

  function torch.deserialize(text, mode)
    local file = torch.MemoryFile 'r'
    opened(file).stream.text = text .. '' -- if it is a number
    file[mode or 'binary'](file)
    local object = file:readObject()
    file:close()
    return object
  end

  function torch.deserializeFromStorage(storage, mode)
    return torch.deserialize(storage:string(), mode)
  end
end
