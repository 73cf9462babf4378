-- SPDX-License-Identifier: MIT
-- Random programs of tensor operations for torch_differential_spec.lua. The
-- file is a program itself: `lua torch_programs.lua MODULE SEED COUNT` runs
-- COUNT random programs on the Torch that MODULE gives, and prints after each
-- step what it gave: type, sizes, strides and elements, or the error.

local module, seed, count = ...
local torch = require(module)
local unpack = table.unpack or unpack -- luacheck: ignore

local text = dofile 'spec/torch_text.lua'
local random, pick = text.random(tonumber(seed))
local message = text.message
local function show(value) return text.show(torch, value) end

local TYPES = { 'Double', 'Double', 'Float', 'Long', 'Int', 'Byte', 'Short', 'Char' }

local SIZES = { { 2 }, { 3 }, { 2, 3 }, { 3, 2 }, { 3, 3 }, { 1, 3 }, { 3, 1 },
                { 6 }, { 2, 2, 3 }, { 2, 1, 2 }, { 4 } }

-- A tensor with small elements, often not contiguous.
local function make(kind)
  local sizes = { unpack(pick(SIZES)) }
  local t = torch[kind .. 'Tensor'](unpack(sizes))
  local whole = kind ~= 'Double' and kind ~= 'Float'
  t:apply(function()
    local v = random(19) - 10
    if kind == 'Byte' then v = math.abs(v) end
    return whole and v or v + random(8) / 8
  end)
  local form = random(6)
  if form == 1 and #sizes >= 2 then return t:transpose(1, 2) end
  if form == 2 and sizes[1] > 1 then return t:narrow(1, 2, sizes[1] - 1) end
  if form == 3 and #sizes >= 2 then return t:select(2, 1) end
  if form == 4 then
    local d = random(#sizes)
    if sizes[d] == 1 then
      sizes[d] = 3
      return t:expand(torch.LongStorage(sizes)):clone()
    end
  end
  return t
end

-- Steps ------------------------------------------------------------------------

local UNARY = { 'abs', 'neg', 'sign', 'floor', 'ceil', 'round', 'trunc', 'frac',
                'exp', 'sqrt', 'sigmoid', 'tanh', 'cinv', 'log1p', 'rsqrt' }
local SCALAR = { 'add', 'mul', 'div', 'csub', 'fmod', 'remainder', 'pow',
                 'bitand', 'bitor', 'bitxor', 'lshift', 'rshift', 'cmax', 'cmin' }
local TENSOR = { 'add', 'csub', 'cmul', 'cdiv', 'cmax', 'cmin', 'cpow', 'cfmod',
                 'cremainder', 'cbitand', 'copy', 'atan2' }
local COMPARE = { 'lt', 'le', 'gt', 'ge', 'eq', 'ne' }
local REDUCE = { 'sum', 'prod', 'max', 'min', 'mean', 'var', 'std', 'cumsum',
                 'cumprod', 'median', 'norm' }
local DIMENSION = { 'sort', 'kthvalue', 'topk' }

-- A divisor that is no 0 where integers would stop the program.
local function divisor(t, name)
  if not name:find 'div' and not name:find 'mod' and not name:find 'rem' then
    return t
  end
  return t:clone():apply(function(v) return v == 0 and 3 or v end)
end

-- Torch7's quicksort leaves nan anywhere.
local function ordered(t)
  return t:clone():apply(function(v) return v ~= v and 0 or v end)
end

local steps = {
  function(t) return t[pick(UNARY)](t) end,
  function(t) return torch[pick(UNARY)](t) end,
  function(t)
    local name = pick(SCALAR)
    return t[name](t, name:find 'shift' and random(3) or random(4))
  end,
  function(t) return torch[pick(SCALAR)](t, random(3)) end,
  function(t, other)
    local name = pick(TENSOR)
    local by = divisor(other, name)
    if by ~= other then t = t:clone() end -- elements may share memory
    return t[name](t, by)
  end,
  function(t, other) return t:add(random(5) - 3, other) end,
  function(t, other) return t:addcmul(random(3), other, other) end,
  function(t, other) return torch.addcdiv(t, 2, other, divisor(other, 'div')) end,
  function(t, other) return torch[pick(COMPARE)](t, other) end,
  function(t) return torch[pick(COMPARE)](t, random(5) - 3) end,
  function(t) return t[pick(COMPARE)](t, random(5) - 3) end,
  function(t, other) return t + other end,
  function(t, other) return t - other end,
  function(t, other) return t * other end,
  function(t) return (t * 2 + 1 - 3) / 2 end,
  function(t) return -t % 3 end,
  function(t) return 5 - t end,
  function(t) return torch[pick(REDUCE)](t, random(3)) end,
  function(t)
    local name = pick(REDUCE)
    if name == 'median' then name = 'sum' end -- of ties any position is right
    return t[name](t)
  end,
  function(t)
    local values = torch[pick(DIMENSION)](ordered(t), random(2))
    return values
  end,
  function(t) return t:view(random(4), -1) end,
  function(t) return t:view(random(6)) end,
  function(t) return t:narrow(random(3), random(3), random(3)) end,
  function(t) return t:select(random(3), random(3)) end,
  function(t) return t:transpose(random(3), random(3)) end,
  function(t) return t:unfold(random(2), random(3), random(2)) end,
  function(t) return t:sub(random(3), random(3)) end,
  function(t) return t:sub(-random(2), -1, 1, random(3)) end,
  function(t) return t:t() end,
  function(t) return t:squeeze() end,
  function(t) return t:squeeze(random(3)) end,
  function(t) return t:expand(random(3), random(3)) end,
  function(t) return t:repeatTensor(random(2), random(2)) end,
  function(t) return t:resize(random(3), random(2)):zero() end,
  function(t, other) return t:resizeAs(other):fill(2) end,
  function(t) return t:permute(2, 1) end,
  function(t) return torch.reshape(t, 2, random(3)) end,
  function(t) return t:contiguous() end,
  function(t) return t:set(t:storage(), 1, torch.LongStorage { 1, 1 }) end,
  function(t, other) return t:set(other) end,
  function(t, other) return torch.cat(t, other, random(3)) end,
  function(t, other) return torch.cat({ t, other, t }, 1) end,
  function(t) return t[random(4)] end,
  function(t) return t[{ random(3), random(3) }] end,
  function(t) return t[{ { random(2), random(3) } }] end,
  function(t) return t[{ {}, { 1, random(3) } }] end,
  function(t) return t[t:gt(1)] end,
  function(t) t[random(3)] = random(300); return t end,
  function(t) t[{ { 1, random(3) } }] = -random(5); return t end,
  function(t, other) t[1] = other; return t end,
  function(t) t[t:lt(2)] = 7; return t end,
  function(t) return t:index(random(2), torch.LongTensor { random(3), 1 }) end,
  function(t)
    t:indexFill(random(2), torch.LongTensor { random(3) }, 9)
    return t
  end,
  function(t, other)
    t:indexCopy(1, torch.LongTensor { 1 }, other:narrow(1, 1, 1))
    return t
  end,
  function(t, other)
    t:indexAdd(1, torch.LongTensor { 1 }, other:narrow(1, 1, 1))
    return t
  end,
  function(t) return t:gather(1, torch.LongTensor(2, 2):fill(random(3))) end,
  function(t)
    return t:clone():scatter(1, torch.LongTensor { { 1, 2 } }, random(9))
  end,
  -- Some of Torch7's functions return their last argument, by accident.
  function(t) t:maskedFill(t:ge(0), random(300)); return t end,
  -- Torch7 copies what there is before it complains.
  function(t, other) return t:clone():maskedCopy(t:ge(0), other) end,
  function(t) return torch.nonzero(t) end,
  function(t, other) return torch.mm(t, other) end,
  function(t, other) return torch.addmm(2, t, 3, t, other) end,
  function(t, other) return t:addmv(t, other) end,
  function(t, other) return torch.ger(t, other) end,
  function(t, other) return torch.dot(t, other) end,
  function(t) return torch.diag(t, random(3) - 2) end,
  function(t) return torch.tril(t) + torch.triu(t, 1) end,
  function(t) return torch.trace(t) end,
  function(t, other) return torch.cross(t, other) end,
  function(t) return torch.histc(ordered(t):clamp(-99, 99), random(5)) end,
  function(t) return torch.bhistc(ordered(t):clamp(-99, 99), random(5), -9, random(9)) end,
  -- Torch7 makes matrices of what it gets.
  function(t, other) return torch.match(t:clone(), other:clone(), random(3)) end,
  function(t) return t:clamp(-2, random(4)) end,
  function(t, other) return torch.dist(t, other) end,
  function(t) return torch.renorm(t, 2, 1, random(4)) end,
  function(t, other) return torch.xcorr2(t, other, pick { 'V', 'F' }) end,
  function(t, other) return torch.conv2(t, other, pick { 'V', 'F' }) end,
  function(t, other)
    if t:dim() < 2 or other:dim() < 2 then return 0 end
    return torch[pick { 'conv3', 'xcorr3' }](t:unfold(1, 1, 1), other:unfold(2, 1, 1),
      pick { 'V', 'F' })
  end,
  function(t) return t:apply(function(v) return v * 2 end) end,
  function(t, other)
    -- In a tail call LuaJIT does not know the name that errors show; and
    -- other sizes give other errors for some types of Torch7.
    if t:nElement() ~= other:nElement() then return 0 end
    local result = t:map(other, function(a, b) return a + b end)
    return result
  end,
  function(t) return t:type('torch.' .. pick(TYPES) .. 'Tensor') end,
  function(t, other) return t:typeAs(other) end,
  function(t) return t:size() end,
  function(t) return t:clone():storage() end,
  function(t) return t:size(random(4)) end,
  function(t) return t:isContiguous() end,
  function(t, other) return t:isSameSizeAs(other) end,
  function(t, other) return torch.equal(t, other) end,
  function(t) return t:chunk(2, random(2))[1] end,
  function(t) return t:split(random(2), random(2))[1] end,
  function(t) return t:add() end,
  function(t) return t:narrow(1) end,
  function(t) return torch[pick { 'zeros', 'ones', 'rand' }](t:size()):fill(1) end,
  function(t) return torch.range(random(4), random(9)) + (t:nElement() - t:nElement()) end,
  function(t) return t.new(random(2), 2):fill(random(9)) end,
  function(t) return t:lerp(t, random(3)) end,
  function() return torch.linspace(0, random(9), random(4)) end,
  function() return torch.eye(random(3), random(3)) end,
  -- Results given, and all operands where the result lies.
  function(t, other)
    local name = pick(TENSOR)
    if name == 'copy' then name = 'cmul' end
    local r = t:clone()
    return r[name](r, t, divisor(other, name))
  end,
  function(t) return torch[pick(UNARY)](t:clone():resize(random(3), 2), t) end,
  function(t)
    local r = t:clone():zero()
    return torch[pick { 'add', 'mul', 'csub', 'cmax', 'cmin' }](r, t, random(4) - 2)
  end,
  function(t, other) return torch.addcmul(t, other, other) end,
  function(t, other) return t:csub(random(3), other) end,
  function(t, other) return t:addcdiv(t, divisor(other, 'div')) end,
  function(t, other) return torch.cmax(t, other) end,
  function(t) return t:clamp(1, -1) end,
  -- Elements that share memory.
  function(t, other)
    local wide = t:narrow(1, 1, 1):clone():expand(torch.LongStorage { 3, t:size(2) })
    return wide[pick { 'add', 'csub', 'cmul', 'copy', 'cmax' }](wide, other:contiguous())
  end,
  function(t) return ordered(t):abs():log():sort(1, random(2) == 1) end,
  -- What no number compares to.
  function(t)
    local values, positions = t:clone():sqrt():max(random(2))
    return torch.cat(values, positions:typeAs(values), 1)
  end,
  function(t) return t:clone():log():cmin(random(3)) end,
  function(t) return t:clone():sqrt():clamp(0, 1) end,
  function(t) return t:clone():cinv():gt(0) end,
  function(t)
    local values, positions = torch.min(t, random(2))
    return torch.cat(values, positions:typeAs(values), 1)
  end,
  function(t, other)
    local values, positions = torch.max(t.new(), torch.LongTensor(2, 2), other, 1)
    return torch.cat(values, positions:typeAs(values), 1)
  end,
  function(t) return t:sum(random(2)) end,
  function(t) return t:mean(random(2)) end,
  -- Products.
  function(t, other) return t:t() * other end,
  function(t, other) return t * other:select(1, 1) end,
  function(t, other) return t:clone():addr(random(3), t:select(2, 1), other:select(1, 1)) end,
  function(t, other)
    return t:clone():addmm(random(2), t, random(3) - 1, t, other)
  end,
  function(t, other) return t:clone():addmm(0, 2, other:t(), other) end,
  function(t, other) return torch.addmv(t:select(2, 1), t, other:select(1, 1)) end,
  function(t, other)
    return t.new(t:size(1)):fill(2):addmv(random(2), random(3), t, other)
  end,
  function(t, other) return t.new(3, 3):mm(t:t(), other) end,
  function(t, other) return t.new(2):mv(other, t) end,
  -- Positions.
  function(t) return t:index(2, torch.LongTensor { 2, 1, 2 }) end,
  function(t) t[{ random(3), { 1, random(2) } }] = random(9); return t end,
  function(t) t[{ random(3), random(3) }] = random(300); return t end,
  function(t) return t[{ -1, -random(3) }] end,
  function(t) return t[{ { -random(2), -1 } }] end,
  function(t) return t:maskedSelect(t:t():gt(0)) end,
  function(t, other) return t:clone():maskedCopy(t:gt(0), other) end,
  function(t) return t.new(random(3), 2, 2):zero() end,
  function(t) return torch.zeros(random(3), random(3)):typeAs(t) end,
  function() return torch.ones(random(3)):add(1) end,
  function(t) return #tostring(t:clone():fill(random(1000))) end,
  function(t) return tostring(t):gsub('\n', '|') end,
}

for program = 1, tonumber(count) do
  local kind = pick(TYPES)
  local t, other = make(kind), make(random(8) == 1 and pick(TYPES) or kind)
  for step = 1, 4 do
    local chosen = random(#steps)
    local ok, result = pcall(steps[chosen], t, other)
    local what = ok and show(result) or 'error ' .. message(result)
    -- The operands too: an operation may have changed them.
    print(('%d.%d #%d %s\n  t %s\n  other %s'):format(program, step, chosen,
      what, show(t), show(other)))
    if ok and torch.isTensor(result) and result:dim() > 0
        and result:nElement() < 60 then
      t = result
    end
    if t:dim() == 0 then break end
  end
end
