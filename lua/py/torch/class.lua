-- SPDX-License-Identifier: MIT
-- Torch7's class system: named metatables with inheritance, constructor
-- tables, and operators that look for methods (`__add__`, `__tostring__` …).

local errors = require 'py.torch.errors'

local class = {}

local by_name = {}                                -- name → metatable
local names = setmetatable({}, { __mode = 'k' })  -- metatable → name

-- Tables that are called to make objects, and are none.
local constructors = setmetatable({}, { __mode = 'k' })

-- Not debug.getmetatable: every class is its own __metatable, and this one LuaJIT
-- compiles.
local getmetatable, type = getmetatable, type

--- The class name of a value, or nil.
function class.typename(value)
  local name = names[getmetatable(value)]
  if name and type(value) == 'table' and constructors[value] then return nil end
  return name
end
local typename = class.typename

local function text(value)
  return typename(value) or '(null)'
end

-- Metamethods ----------------------------------------------------------------

-- Methods and values of `__index__` first, then the class and its parents.
local function index(self, key)
  local metatable = getmetatable(self)
  local read = metatable.__index__
  if read then
    local a, b = read(self, key)
    if b == nil then
      if a then return a end
    elseif b then
      return a
    end
  end
  return metatable[key]
end

local function newindex(self, key, value)
  local write = getmetatable(self).__newindex__
  if write and write(self, key, value) then return end
  if type(self) ~= 'table' then
    errors.raise('the class %s cannot be indexed', text(self))
  end
  rawset(self, key, value)
end

-- Userdata have a metatable of the core's beside their class (see extend).
local function method_of(value, name)
  local own = typename(value)
  return own and by_name[own][name] or nil
end

-- A metamethod that calls the method of the same name of either operand.
local function binary(name, noun)
  local method = '__' .. name .. '__'
  return function(a, b)
    local f = method_of(a, method) or method_of(b, method)
    if f then return f(a, b) end
    errors.raise('both %s and %s have no %s operator', text(a), text(b), noun)
  end
end

local function unary(name, noun, default)
  local method = '__' .. name .. '__'
  return function(self, ...)
    local f = method_of(self, method)
    if f then return f(self, ...) end
    if default then return default(self) end
    errors.raise('%s has no %s operator', text(self), noun)
  end
end

local rawlen = rawget(_G, 'rawlen') or function(t) return #t end

local operators = {
  __tostring = unary('tostring', nil, text),
  __call = unary('call', 'call'),
  __unm = unary('unm', 'negation'),
  -- Lua 5.1 never asks for the length of a table; newer ones behave the same.
  __len = unary('len', 'length', function(self)
    if type(self) == 'table' then return rawlen(self) end
    errors.raise('%s has no length operator', text(self))
  end),
  __eq = function(a, b)
    local f = method_of(a, '__eq__') or method_of(b, '__eq__')
    if f then return f(a, b) end
    return rawequal(class.identity(a), class.identity(b))
  end,
}
for name, noun in pairs {
  add = 'addition', sub = 'substraction', mul = 'multiplication',
  div = 'division', mod = 'modulo', pow = 'power', concat = 'concat',
  lt = 'less-than', le = 'less-equal',
} do
  operators['__' .. name] = binary(name, noun)
end

-- Making classes ---------------------------------------------------------------

-- The table that a dotted name lives in, or nil.
local function module_of(name)
  local module = _G
  for part, past in name:gmatch '([^.]+)%.()' do
    module = module[part]
    if type(module) ~= 'table' then return nil, name:sub(1, past - 2) end
  end
  return module
end

-- `torch.DoubleTensor`: called it constructs, indexed it gives the methods.
local function constructor_table(metatable)
  local made = setmetatable({}, {
    __index = metatable,
    __newindex = metatable,
    __metatable = metatable,
    __call = function(_, ...)
      local construct = metatable.__construct
      if not construct then errors.raise 'no constructor available' end
      return construct(...)
    end,
  })
  constructors[made] = true
  return made
end

local function inherit(metatable, name, parent)
  if debug.getmetatable(metatable) then
    errors.raise('class %s has been already assigned a parent class\n', name)
  end
  if not by_name[parent] then
    errors.raise('bad argument #2 (invalid parent class name %s)', parent)
  end
  debug.setmetatable(metatable, by_name[parent])
end

local function assign(metatable, name, field, value, noun)
  if value == nil then return end
  if rawget(metatable, field) then
    errors.raise('%s has been already assigned a %s', name, noun)
  end
  rawset(metatable, field, value)
end

--- Makes or extends a class. `base` is a metatable made elsewhere (that of
--- a kind of userdata), which keeps the metamethods it has.
function class.newmetatable(name, parent, constructor, destructor, factory,
                            module, base)
  local missing
  if not module then module, missing = module_of(name) end
  if not module then
    errors.raise('while creating metatable %s: bad argument #1 '
      .. '(%s is an invalid module name)', name, missing)
  end
  local metatable = by_name[name]
  if not metatable then
    metatable = base or {}
    by_name[name], names[metatable] = metatable, name
    local function default(field, value)
      if rawget(metatable, field) == nil then rawset(metatable, field, value) end
    end
    default('__index', index)
    default('__newindex', newindex)
    default('__typename', name)
    default('__metatable', metatable)
    default('__version', 1)
    for operator, f in pairs(operators) do default(operator, f) end
    rawset(metatable, '__constructor', constructor_table(metatable))
  end
  if parent then inherit(metatable, name, parent) end
  assign(metatable, name, '__gc', destructor, 'destructor')
  assign(metatable, name, '__factory', factory, 'factory')
  assign(metatable, name, '__construct', constructor, 'constructor')
  if constructor then rawset(metatable, 'new', constructor) end
  rawset(module, name:match '([^.]*)$', metatable.__constructor)
  return metatable
end

--- Makes `metatable`, which the core gave to a kind of userdata, act for the
--- class `name`: operators call the methods of the class.
function class.extend(metatable, name)
  names[metatable] = name
  rawset(metatable, '__metatable', by_name[name])
  for operator, f in pairs(operators) do rawset(metatable, operator, f) end
end

--- Makes a class of which tables are the instances.
function class.class(...)
  local name, parent, module
  local n = select('#', ...)
  local a, b, c = ...
  if n >= 1 and type(a) == 'string' then
    if n == 1 then
      name = a
    elseif n == 2 and type(b) == 'string' then
      name, parent = a, b
    elseif n == 2 and type(b) == 'table' then
      name, module = a, b
    elseif n == 3 and type(b) == 'string' and type(c) == 'table' then
      name, parent, module = a, b, c
    end
  end
  if not name then
    errors.raise '<class name> [<parent class name>] [<module table>] expected'
  end
  local metatable
  local function factory()
    return setmetatable({}, metatable)
  end
  local function constructor(...)
    local self = factory()
    if self.__init then self:__init(...) end
    return self
  end
  metatable = class.newmetatable(name, parent, constructor, nil, factory, module)
  return metatable, parent and by_name[parent] or nil
end

-- Looking at classes -----------------------------------------------------------

--- The metatable of a class, or nil.
function class.getmetatable(name)
  return by_name[errors.string(name, 1)]
end

--- Makes `value` an instance of the class.
function class.setmetatable(value, name)
  if type(value) ~= 'table' then
    errors.arg(1, 'table expected, got %s', value == nil and 'no value' or type(value))
  end
  local metatable = by_name[errors.string(name, 2)]
  if not metatable then errors.raise('unknown typename %s\n', name) end
  debug.setmetatable(value, metatable) -- returns a boolean on 5.1
  return value
end

--- The table that is called to construct, or nil.
function class.getconstructortable(name)
  local metatable = by_name[errors.string(name, 1)]
  return metatable and rawget(metatable, '__constructor')
end

--- The function that makes an empty instance, for reading files.
function class.factory(name)
  local metatable = by_name[errors.string(name, 1)]
  return metatable and rawget(metatable, '__factory') or nil
end

--- The class name, else the Lua type.
function class.type(value)
  return typename(value) or type(value)
end

--- Whether `value` is of a class given by name, pattern or constructor, or of
--- a class derived from it.
function class.isTypeOf(value, spec)
  if type(spec) ~= 'string' then
    local metatable = getmetatable(spec)
    spec = metatable and metatable.__typename
    assert(type(spec) == 'string',
      'type must be provided as [regexp] string, or factory')
  end
  local own = typename(value)
  if own == spec then return true end
  local metatable = by_name[own] or debug.getmetatable(value)
  while type(metatable) == 'table' do
    local name = rawget(metatable, '__typename')
    local found = name and name:match(spec)
    -- A plain name must match in full; a pattern may match a part.
    if found and (found ~= spec or found == name) then return true end
    metatable = debug.getmetatable(metatable)
  end
  return false
end

--- The version of the class of `value`, which files record.
function class.version(value)
  local own = typename(value)
  return own and rawget(by_name[own], '__version')
end

-- Identity and environments ------------------------------------------------------

local numbers, last = setmetatable({}, { __mode = 'k' }), 0
-- Values that stand for another one: a storage for its memory (storage.lua).
class.identity = function(value) return value end

--- A number that is the same for the same object, and for no other alive.
function class.pointer(value)
  local kind = type(value)
  if kind ~= 'table' and kind ~= 'userdata' and kind ~= 'function'
      and kind ~= 'thread' and kind ~= 'cdata' and kind ~= 'string' then
    errors.raise 'Torch object, table, thread, cdata or function expected'
  end
  local key = class.identity(value)
  if type(key) == 'number' then return key end
  if not numbers[key] then
    last = last + 1
    numbers[key] = last
  end
  return numbers[key]
end

--- Whether both are the same object; values that are none never are.
function class.isequal(a, b)
  local kind = type(a)
  return (kind == 'table' or kind == 'userdata') and kind == type(b)
    and rawequal(class.identity(a), class.identity(b))
end

local environments = setmetatable({}, { __mode = 'k' })

--- A table that belongs to an object without being in it.
function class.getenv(value)
  environments[value] = environments[value] or {}
  return environments[value]
end

function class.setenv(value, environment)
  if type(value) ~= 'function' and type(value) ~= 'userdata' and not typename(value) then
    errors.arg(1, 'function or userdata expected, got %s', type(value))
  end
  environments[value] = environment
end

return class
