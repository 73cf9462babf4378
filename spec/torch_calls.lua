-- SPDX-License-Identifier: MIT
-- Random calls for torch_calls_spec.lua: `lua torch_calls.lua MODULE SEED COUNT`
-- calls the functions of docs/py-torch.md with arguments that mostly do not
-- fit, and prints what each call was, gave and changed. After an error it says
-- what of the arguments has changed, which real Torch7 is allowed to (on it
-- that is not looked at).

local module, seed, count = ...
local torch = require(module)
local text = dofile 'spec/torch_text.lua'
local unpack = table.unpack or unpack -- luacheck: ignore
local load = loadstring or load       -- luacheck: ignore
local random, pick, start = text.random(0)
local function show(value, hidden)
  if type(value) ~= 'table' or torch.typename(value) then
    return text.show(torch, value, hidden)
  end
  local list = {}
  for i, part in ipairs(value) do list[i] = show(part, hidden) end
  return '{ ' .. table.concat(list, '; ') .. ' }'
end

-- Functions ----------------------------------------------------------------------

local function set(names)
  local found = {}
  for name in names:gmatch '%S+' do found[name] = true end
  return found
end

-- What is not about tensors, or takes any number for an address.
local OTHERS = set [[
  seed initialSeed getRNGState setRNGState manualSeed Generator Timer tic toc
  CmdLine Tester TestSuite File DiskFile PipeFile MemoryFile save load saveobj
  loadobj read write serialize deserialize serializeToStorage
  deserializeFromStorage string pointer data cdata retain free include test
  packageLuaPath setheaptracking updateerrorhandlers updatethreadlocals isatty
  getnumthreads setnumthreads getnumcores setdefaulttensortype class factory
  newmetatable getmetatable setmetatable getconstructortable metatype getenv
  setenv isTypeOf typename isequal version half HalfTensor HalfStorage Storage
  DoubleStorage FloatStorage LongStorage IntStorage ShortStorage CharStorage
  ByteStorage ]]

-- What ends the process of real Torch7: division by 0, empty tensors.
local DEADLY = set [[
  div fmod mod remainder cdiv cfmod cmod cremainder addcdiv match histc bhistc
  geqrf orgqr ormqr qr svd eig symeig gesv gels trtrs inverse potrf potrs potri
  pstrf ]]

-- What docs/py-torch.md says is different; what LuaJIT's own Lua code does
-- there; shifts that C leaves undefined.
local DIFFERENT = set [[
  indexCopy indexAdd indexFill maskedFill unsqueeze isTensor sort topk kthvalue
  median mode multinomialAliasSetup multinomialAlias apply map map2 type chunk
  split copy lshift rshift clshift crshift ]]

local functions = {}
for line in io.lines 'docs/py-torch.md' do
  local where, name, state = line:match '^| `(%a+)[.:](%w+)` | ([^|]+) |'
  if (where == 'torch' or where == 'Tensor') and state ~= 'not offered'
      and not OTHERS[name]
      and (module == 'py.torch.builtin' and count:match '^all'
        or not DEADLY[name] and not DIFFERENT[name]) then
    functions[#functions + 1] = { name = name, method = where == 'Tensor' }
  end
end
count = tonumber(count:match '%d+')

-- Elements of these are what memory happened to hold.
local UNSET = set [[ new set resize resizeAs Tensor DoubleTensor FloatTensor
  LongTensor IntTensor ShortTensor CharTensor ByteTensor ]]

-- Arguments ----------------------------------------------------------------------

local KINDS = { 'Double', 'Double', 'Double', 'Float', 'Long', 'Int', 'Byte',
                'Short', 'Char' }
local SIZES = { {}, { 1 }, { 2 }, { 3 }, { 4 }, { 2, 3 }, { 3, 2 }, { 3, 3 },
                { 2, 2 }, { 1, 3 }, { 3, 1 }, { 1, 1 }, { 2, 3, 2 },
                { 2, 2, 2 }, { 2, 2, 2, 2 }, { 4, 4 } }
local NUMBERS = { 0, 1, 1, 1, 2, 2, 3, 3, 4, -1, 0.5, 2.75, -2, 5, 10, 300 }

local function tensor(kind, sizes)
  local t = torch[kind .. 'Tensor']()
  sizes = sizes or pick(SIZES)
  if #sizes == 0 then return t end
  t:resize(torch.LongStorage(sizes))
  local whole = kind ~= 'Double' and kind ~= 'Float'
  local positive = kind == 'Byte' or random(3) == 1
  t:apply(function()
    local v = random(9) - 4
    if positive then v = math.abs(v) + 1 end
    return whole and v or v + random(8) / 8
  end)
  local form = random(8)
  if form == 1 and #sizes >= 2 then return t:transpose(1, 2) end
  if form == 2 and sizes[1] > 1 then return t:narrow(1, 2, sizes[1] - 1) end
  if form == 3 and #sizes >= 2 then return t:select(2, 1) end
  return t
end

local others = {
  function() return pick(NUMBERS) end,
  function() return pick(NUMBERS) end,
  function() return pick(NUMBERS) end,
  function() return torch.LongTensor { 1, random(2) } end,
  function() return torch.ByteTensor(3):apply(function() return random(2) - 1 end) end,
  function() return tensor(pick(KINDS)) end,
  function() return random(2) == 1 end,
  function() return pick { 'abc', '3', 'V', 'F', 'N', 'U', 'torch.FloatTensor', '' } end,
  function() return { 2, 3 } end,
  function() return {} end,
  function(kind) return { tensor(kind), tensor(kind) } end,
  function() return torch.LongStorage { random(3), random(3) } end,
  function(kind) return torch[kind .. 'Storage'] { 1, 2, 3, 4, 5, 6 } end,
  function() return function(a) return (a or 1) * 2 end end,
}

-- Calls --------------------------------------------------------------------------

-- As a script calls: the name is in the error, and it is no tail call.
local function call(f, self, arguments, n)
  local code = f.method and 'local a, b, c, d = self:%s(unpack(list, 1, n))'
    or 'local a, b, c, d = self.%s(unpack(list, 1, n))'
  local run = load('local self, list, n, unpack = ...\n' .. code:format(f.name)
    .. '\nreturn a, b, c, d', '=call.lua')
  return pcall(run, self, arguments, n, unpack)
end

for i = 1, count do
  start(tonumber(seed) * 1000003 + i * 7919)
  for _ = 1, 5 do random(2) end
  local chosen, kind = pick(functions), pick(KINDS)
  local sizes = random(2) == 1 and pick(SIZES) or nil
  local function fitting() return tensor(kind, random(4) > 1 and sizes or nil) end
  local self, list, n = fitting(), {}, random(5) - 1
  for k = 1, n do
    list[k] = random(2) == 1 and fitting() or pick(others)(kind)
  end
  local f = chosen
  if not f.method and f.name:match '^%l' and n < 4 and random(8) > 1 then
    if self[f.name] and random(2) == 1 then
      f = { name = f.name, method = true }
    else
      n = n + 1
      table.insert(list, 1, self)
    end
  end
  local before = { [0] = show(self) }
  for k = 1, n do before[k] = show(list[k]) end
  print(('%d.1 # %s%s(%s)'):format(i, f.method and before[0] .. ':' or 'torch.',
    f.name, table.concat(before, ' | ', 1, n)))
  torch.manualSeed(5)
  local results = { call(f, f.method and self or torch, list, n) }
  local hidden = UNSET[f.name]
  if results[1] then
    for k = 2, 5 do
      if results[k] ~= nil then print('  gave ' .. show(results[k], hidden)) end
    end
  else
    print('  error ' .. text.message(results[2]):gsub('\n', '|'))
  end
  for k = 0, n do
    local after = not hidden and show(k == 0 and self or list[k])
    if after and after ~= before[k] and (results[1] or module ~= 'torch') then
      print(('  %s %d: %s'):format(results[1] and 'made' or 'CHANGED', k, after))
    end
  end
end
