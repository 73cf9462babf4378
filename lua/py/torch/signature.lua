-- SPDX-License-Identifier: MIT
-- From the rows of a table to functions that find out which form they were
-- called in. One row lists the forms of one function; the words of a form are
-- its parameters:
--
--   T T1..T5  a tensor of the row's type (of so many dimensions)
--   R         the result; made when not given, but a method's self
--   N         the result; made when not given, of methods as well
--   O         a result that is never made
--   X         a result that cannot be given
--   S         a tensor; a method without it means self
--   I RI NI XI   the same for LongTensor; NB for ByteTensor, XJ for IntTensor
--   F D       a FloatTensor, a DoubleTensor
--   n n=1     a number; with a default
--   b=0 b=1   a boolean; without it nil, when written b
--   i i?      a dimension, an optional one (nil)
--   G         a generator, by default the library's (nil)
--   o:VF=V    one of these letters; with a default
--   L         sizes: numbers to the end, or a LongStorage
--   A         a table of tensors
--
-- A row with `lazy` gets nil where a result would have to be made.
--
-- The forms of a call are tried in order, as are the ways to leave parameters
-- out. What fits is compiled once for each combination of argument types, so
-- that a call costs a few look-ups.

local errors = require 'py.torch.errors'
local class = require 'py.torch.class'

local signature = {}

local unpack = table.unpack or unpack -- luacheck: ignore
local load = rawget(_G, 'loadstring') or load
local getmetatable, tonumber, type = getmetatable, tonumber, type

-- Parameters -----------------------------------------------------------------

local tensors = { -- word → type (false: the row's), kind of default
  T = { false }, R = { false, 'function' }, N = { false, 'always' },
  O = { false }, X = { false, 'hidden' }, S = { false, 'self' },
  I = { 'Long' }, RI = { 'Long', 'function' }, NI = { 'Long', 'always' },
  XI = { 'Long', 'hidden' }, XJ = { 'Int', 'hidden' }, OJ = { 'Int' },
  NB = { 'Byte', 'always' }, F = { 'Float' }, D = { 'Double' },
  OI = { 'Long' },
}

local function parse_word(word)
  local head, default = word:match '^([^=]+)=?(.*)$'
  local kind, dims = head:match '^(%u+)(%d?)$' -- e.g. T2
  if kind and tensors[kind] then
    local row = tensors[kind]
    return { kind = 'tensor', type = row[1], made = row[2],
             dim = tonumber(dims) }
  end
  if head:sub(1, 2) == 'o:' then
    return { kind = 'option', letters = head:sub(3),
             optional = default ~= '',
             default = default ~= '' and ('%q'):format(default) or nil }
  end
  local plain = {
    n = { kind = 'number' }, b = { kind = 'boolean' },
    i = { kind = 'number' }, ['i?'] = { kind = 'number', optional = true },
    G = { kind = 'generator', optional = true },
    L = { kind = 'sizes' }, A = { kind = 'array' },
  }
  local parameter = assert(plain[head], word)
  if default ~= '' then
    parameter.optional = true
    if head == 'b' then default = default == '1' and 'true' or 'false' end
    parameter.default = default
  end
  return parameter
end

-- The parameters of a form, for a function or a method.
local function parse_form(form, is_method, lazy)
  local parameters = {}
  for word in form:gmatch '%S+' do
    local parameter = parse_word(word)
    local made = parameter.made
    parameter.optional = parameter.optional or made == 'always'
      or made == 'function' and not is_method
      or made == 'self' and is_method
    parameter.hidden = made == 'hidden'
    parameter.lazy = lazy
    parameters[#parameters + 1] = parameter
  end
  return parameters
end

-- The same row is parsed once for all types.
local function forms_of(row, is_method)
  local field = is_method and 'as_method' or 'as_function'
  if not row[field] then
    local forms = {}
    local method_forms = is_method and row.method or row
    for i = 1, #method_forms, 2 do
      forms[#forms + 1] = { parameters = parse_form(method_forms[i], is_method,
                            row.lazy),
                            run = method_forms[i + 1] }
    end
    row[field] = forms
  end
  return row[field]
end

-- Which arguments fit ----------------------------------------------------------

local function is_number(value)
  return type(value) == 'number'
    or type(value) == 'string' and tonumber(value) ~= nil
end

local function fits(parameter, value, own)
  local kind = parameter.kind
  if kind == 'tensor' then
    local wanted = parameter.type or own
    return class.typename(value) == 'torch.' .. wanted .. 'Tensor'
      and (not parameter.dim or value:dim() == parameter.dim)
  elseif kind == 'number' then
    return is_number(value)
  elseif kind == 'boolean' then
    return type(value) == 'boolean'
  elseif kind == 'generator' then
    return class.typename(value) == 'torch.Generator'
  elseif kind == 'option' then
    return type(value) == 'string' and #value == 1
      and parameter.letters:find(value, 1, true) ~= nil
  elseif kind == 'array' then
    return type(value) == 'table' and rawget(value, 1) ~= nil
  end
end

-- The sizes from argument `first` on.
local function fit_sizes(arguments, first)
  if first == arguments.n
      and class.typename(arguments[first]) == 'torch.LongStorage' then
    return true
  end
  for i = first, arguments.n do
    if not is_number(arguments[i]) then return false end
  end
  return arguments.n >= first
end

-- Whether the arguments fit `parameters` with those optional ones given of
-- which the bit in `variant` is set; then what each parameter gets.
local function match(parameters, variant, arguments, own)
  local position, bindings = 0, {}
  local bit = 1
  for i, parameter in ipairs(parameters) do
    local given = not parameter.hidden
    if given and parameter.optional then
      given = variant % (bit + bit) >= bit
      bit = bit + bit
    end
    if given then
      position = position + 1
      if parameter.kind == 'sizes' then
        if not fit_sizes(arguments, position) then return nil end
        bindings[i] = { first = position }
        position = arguments.n
      else
        if position > arguments.n
            or not fits(parameter, arguments[position], own) then
          return nil
        end
        bindings[i] = position
      end
    end
  end
  return position == arguments.n and bindings or nil
end

local function count_optional(parameters)
  local n = 0
  for _, parameter in ipairs(parameters) do
    if parameter.optional and not parameter.hidden then n = n + 1 end
  end
  return n
end

local function find(forms, arguments, own)
  for _, form in ipairs(forms) do
    for variant = 0, 2 ^ count_optional(form.parameters) - 1 do
      local bindings = match(form.parameters, variant, arguments, own)
      if bindings then return form, bindings end
    end
  end
end

-- Errors -----------------------------------------------------------------------

local function argument_types(arguments)
  if arguments.n == 0 then return 'no arguments provided' end
  local types = {}
  for i = 1, arguments.n do
    local value = arguments[i]
    local name = class.typename(value)
    if name then
      name = name:gsub('^torch%.', '')
    elseif is_number(value) then
      name = 'number'
    else
      name = type(value)
      if name == 'function' or name == 'thread' then name = '???' end
    end
    types[i] = name .. ' '
  end
  return table.concat(types)
end

local C_NAMES = { number = 'number', boolean = 'boolean',
                  generator = 'Generator', array = '{Tensor+}',
                  sizes = '(LongStorage | dim1 [dim2...])' }

local function expected(forms, own)
  local texts = {}
  for _, form in ipairs(forms) do
    local words = {}
    for _, parameter in ipairs(form.parameters) do
      if not parameter.hidden then
        local word = C_NAMES[parameter.kind]
        if parameter.kind == 'tensor' then
          word = (parameter.type or own) .. 'Tensor'
            .. (parameter.dim and '~' .. parameter.dim .. 'D' or '')
          if parameter.made then word = '*' .. word .. '*' end
        elseif parameter.kind == 'option' then
          word = '(' .. parameter.letters:gsub('.', '%0|'):gsub('|$', '') .. ')'
        end
        words[#words + 1] = parameter.optional and '[' .. word .. ']' or word
      end
    end
    texts[#texts + 1] = table.concat(words, ' ')
  end
  return table.concat(texts, ' | ')
end

-- Compiling ----------------------------------------------------------------------

local compiled = {} -- text → function that takes (run, make, sizes_of)

-- The expression for what parameter `i` gets.
local function expression(parameters, i, bindings, arguments, own)
  local parameter, bound = parameters[i], bindings[i]
  if type(bound) == 'table' then
    local list = {}
    for k = bound.first, arguments.n do list[#list + 1] = 'a' .. k end
    return 'sizes_of(' .. table.concat(list, ', ') .. ')'
  elseif bound then
    if parameter.kind == 'number' and type(arguments[bound]) == 'string' then
      return 'tonumber(a' .. bound .. ')'
    end
    return 'a' .. bound
  elseif parameter.made == 'self' then
    return expression(parameters, 1, bindings, arguments, own)
  elseif parameter.made then
    if parameter.lazy then return 'nil' end
    return ('make %q'):format(parameter.type or own)
  end
  return parameter.default or 'nil'
end

local function compile(form, bindings, arguments, own, tools)
  local names, values = {}, {}
  for i = 1, arguments.n do names[i] = 'a' .. i end
  for i = 1, #form.parameters do
    values[i] = expression(form.parameters, i, bindings, arguments, own)
  end
  local text = ('local run, make, sizes_of, tonumber = ...\n'
    .. 'return function(%s) return run(%s) end')
    :format(table.concat(names, ', '), table.concat(values, ', '))
  compiled[text] = compiled[text] or assert(load(text, errors.CHUNK))
  return compiled[text](form.run, tools.make, tools.sizes_of, tonumber)
end

-- Dispatch -----------------------------------------------------------------------

-- What decides which form fits: the type of a value, and its number of
-- dimensions where a form asks for it.
local function kind_of(value)
  local kind = type(value)
  if kind == 'userdata' then
    return getmetatable(value) or kind
  elseif kind == 'string' then
    return tonumber(value) and 'numeric' or value
  elseif kind == 'table' then
    return getmetatable(value) or rawget(value, 1) ~= nil and 'array' or kind
  elseif kind == 'cdata' then
    return 'userdata'
  end
  return kind
end

local function asks_dimensions(forms)
  for _, form in ipairs(forms) do
    for _, parameter in ipairs(form.parameters) do
      if parameter.dim then return true end
    end
  end
  return false
end

--- The function for `row` and tensors of type `own` ("Double").
---@param row table  form, function, form, function … and `method` for others
---@param is_method boolean
---@param tools table  make(type): a tensor without elements;
---  sizes_of(…): a list of sizes
function signature.compile(row, own, is_method, tools)
  local forms, dims
  local root = {}

  local function resolve(...)
    local arguments = { n = select('#', ...), ... }
    forms = forms or forms_of(row, is_method)
    local form, bindings = find(forms, arguments, own)
    if not form then
      errors.raise('%s', 'invalid arguments: ' .. argument_types(arguments)
        .. '\nexpected arguments: ' .. expected(forms, own))
    end
    return compile(form, bindings, arguments, own, tools)
  end

  -- The node below `node` for a value.
  local function descend(node, value)
    local kind = kind_of(value)
    local below = node[kind]
    if not below then
      below = {}
      node[kind] = below
    end
    if dims and type(value) == 'userdata' and value.dim then
      local d = value:dim()
      node, below = below, below[d]
      if not below then
        below = {}
        node[d] = below
      end
    end
    return below
  end

  return function(...)
    local n = select('#', ...)
    local node = root[n]
    if not node then
      forms = forms or forms_of(row, is_method)
      if dims == nil then dims = asks_dimensions(forms) end
      node = {}
      root[n] = node
    end
    if n <= 4 then
      local a, b, c, d = ...
      if n > 0 then
        node = descend(node, a)
        if n > 1 then
          node = descend(node, b)
          if n > 2 then
            node = descend(node, c)
            if n > 3 then node = descend(node, d) end
          end
        end
      end
      local run = node.run
      if run then return run(a, b, c, d) end
    else
      for i = 1, n do node = descend(node, (select(i, ...))) end
    end
    local run = node.run
    if not run then
      run = resolve(...)
      node.run = run
    end
    return run(...)
  end
end

--- Sizes from numbers, or from a LongStorage: a list.
function signature.sizes_of(first, ...)
  if class.typename(first) == 'torch.LongStorage' then
    return first:totable()
  end
  local sizes = { first, ... }
  for i = 1, #sizes do sizes[i] = errors.integer(sizes[i], i) end
  return sizes
end

signature.unpack = unpack
return signature
