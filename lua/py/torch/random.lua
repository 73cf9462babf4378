-- SPDX-License-Identifier: MIT
-- Torch7's random numbers (pyhelper/_torch_random.py computes them).

local class = require 'py.torch.class'
local engine = require 'py.torch.engine'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local numbers = require 'py.torch.numbers'
local signature = require 'py.torch.signature'
local tensors = require 'py.torch.core'
local types = require 'py.torch.types'

local helpers = tensors.helpers '_torch_random'
local value = engine.value
local REAL = { 'Float', 'Double' }
local STATE_SIZE = 5048

return function(torch, add)
  -- Generators -------------------------------------------------------------------

  -- What the core draws from is in field 1, where it can.
  local function new_generator()
    local stream = tensors.stay(helpers.Generator)
    return class.setmetatable({
      tensors.random(torch, stream.bits, stream.capsule, stream.shared),
      stream = stream,
    }, 'torch.Generator')
  end

  local Generator = class.newmetatable('torch.Generator', nil, new_generator,
    nil, new_generator, torch)

  local function stream(generator)
    if not generator then
      torch._gen = torch._gen or torch.Generator()
      generator = torch._gen
    end
    return generator.stream
  end

  local function is_generator(v)
    return class.typename(v) == 'torch.Generator'
  end

  -- A function of an optional generator and more.
  local function with_generator(f)
    return function(first, ...)
      if is_generator(first) then return f(stream(first), ...) end
      return f(stream(), first, ...)
    end
  end

  torch.seed = with_generator(function(g) return value(g.seed()) end)
  torch.initialSeed = with_generator(function(g)
    local seed = value(helpers.signed_seed(g))
    return seed
  end)
  local function with_core(name, f)
    torch[name] = tensors.operation(name, false, f)
  end

  with_core('manualSeed', signature.compile({ 'G n', function(g, seed)
    stream(g).manual_seed(errors.integer(seed, 1))
  end }, 'Double', false, {}))

  with_core('getRNGState', with_generator(function(g, t)
    t = t or torch.ByteTensor()
    geometry.resize(t, { STATE_SIZE })
    helpers.state_of(g, t)
    return t
  end))

  with_core('setRNGState', with_generator(function(g, t)
    types.check_tensor(t, 1, 'torch.ByteTensor')
    if t:nElement() ~= STATE_SIZE then
      errors.arg(1, 'RNG state is wrong size')
    end
    if not t:isContiguous() then
      errors.arg(1, 'RNG state needs to be contiguous')
    end
    engine.call(helpers.restore, g, t)
    return t
  end))

  function Generator:write(file)
    local t = torch.ByteTensor(STATE_SIZE)
    helpers.state_of(self.stream, t)
    file:writeByte(t:storage())
  end

  function Generator:read(file)
    engine.call(helpers.restore, self.stream,
      torch.ByteTensor(file:readByte(STATE_SIZE)))
  end

  -- Distributions ----------------------------------------------------------------

  local function positive_deviation(_, deviation)
    if not (deviation > 0) then -- luacheck: ignore 581 (nan fails too)
      errors.arg(2, 'standard deviation must be strictly positive')
    end
  end

  local function probability(p)
    if not (p >= 0 and p <= 1) then
      errors.arg(1, 'must be >= 0 and <= 1')
    end
  end

  -- Adds a distribution, with forms for a number and for a tensor.
  local function add_distribution(name, helper, parameters, check, kinds, forms)
    local one, all = 'one_' .. helper, helper
    local row = {
      'G ' .. parameters, function(g, ...)
        if check then check(...) end
        return value(helpers[one](stream(g), ...))
      end,
      'O G ' .. parameters, function(t, g, ...)
        if check then check(...) end
        if t:dim() == 0 then return t end
        if not g and not torch._gen then
          stream() -- from now on the core draws: ten times faster
          return t[name](t, ...)
        end
        helpers[all](t, stream(g), ...)
        return t
      end,
    }
    for _, form in ipairs(forms or {}) do row[#row + 1] = form end
    add(name, row, kinds)
  end

  add_distribution('uniform', 'uniform', 'n=0 n=1', nil, REAL)
  add_distribution('normal', 'normal', 'n=0 n=1', positive_deviation, REAL)
  add_distribution('cauchy', 'cauchy', 'n=0 n=1', nil, REAL)
  add_distribution('logNormal', 'log_normal', 'n=1 n=2', positive_deviation, REAL)
  add_distribution('exponential', 'exponential', 'n', nil, REAL)
  add_distribution('geometric', 'geometric', 'n', function(p)
    if not (p > 0 and p < 1) then errors.arg(1, 'must be > 0 and < 1') end
  end)

  local function bernoulli_of(t, g, p)
    if t:nElement() ~= p:nElement() then
      geometry.check_counts({ 'self', 'p' }, t, p)
    end
    if t:dim() == 0 then return t end
    probability(p:min())
    probability(p:max())
    helpers.bernoulli(t, stream(g), p)
    return t
  end
  add_distribution('bernoulli', 'bernoulli', 'n=0.5', probability, nil,
    { 'O G F', bernoulli_of, 'O G D', bernoulli_of })

  local function bounds(low, high)
    low, high = numbers.truncate(low), numbers.truncate(high)
    if high < low then
      errors.arg(2, 'upper bound must be larger than lower bound')
    end
    return low, high
  end

  local function upper(high)
    high = numbers.truncate(high)
    if high <= 0 then
      errors.arg(1, 'upper bound must be strictly positive')
    end
    return 1, high
  end

  local function between(t, g, low, high)
    if t:dim() > 0 then helpers.between(t, stream(g), low, high) end
    return t
  end

  add('random', {
    'G n n', function(g, low, high)
      return value(helpers.one_between(stream(g), bounds(low, high)))
    end,
    'G n', function(g, high)
      return value(helpers.one_between(stream(g), upper(high)))
    end,
    'G', function(g) return value(helpers.one_random(stream(g))) end,
    'O G n n', function(t, g, low, high)
      return between(t, g, bounds(low, high))
    end,
    'O G n', function(t, g, high) return between(t, g, upper(high)) end,
    'O G', function(t, g)
      if t:dim() > 0 then helpers.random(t, stream(g)) end
      return t
    end,
  })

  -- Tensors of random numbers ------------------------------------------------------

  local function filled(method, a, b)
    return { 'R G L', function(t, g, sizes)
      geometry.resize(t, sizes)
      if g then return t[method](t, g, a, b) end
      return t[method](t, a, b)
    end }
  end
  add('rand', filled('uniform', 0, 1), REAL)
  add('randn', filled('normal', 0, 1), REAL)

  add('randperm', { 'R G n', function(t, g, n)
    n = numbers.truncate(n)
    if n <= 0 then errors.arg(1, 'must be strictly positive') end
    geometry.resize(t, { n })
    helpers.permutation(t, stream(g))
    return t
  end })

  local function multinomial(t, g, weights, n, replace)
    n = numbers.truncate(n)
    local rows = weights
    if weights:dim() == 1 then rows = weights:unsqueeze(1) end
    if weights:dim() == 0 then errors.arg(2, 'dimension 1 out of range of 0D tensor') end
    for _ = 3, weights:dim() do rows = rows:select(3, 1) end -- no more are looked at
    if n <= 0 then errors.arg(2, 'cannot sample n_sample < 0 samples') end
    if not replace and n > rows:size(2) then
      errors.arg(2,
        'cannot sample n_sample > prob_dist:size(1) samples without replacement')
    end
    for i = 1, rows:size(1) do
      if not (rows[i]:sum() > 0) then -- luacheck: ignore 581
        errors.arg(2,
          'invalid multinomial distribution (sum of probabilities <= 0)')
      end
    end
    geometry.resize(t, { rows:size(1), n })
    helpers.multinomial(t, stream(g), rows, replace)
    if weights:dim() == 1 then geometry.resize(t, { n }) end
    return t
  end
  add('multinomial', { 'RI G T n b=0', multinomial }, REAL)

  local function alias_setup(weights, aliases, shares)
    local n = weights:nElement()
    if n == 0 then errors.arg(1, 'tensor must have one dimension') end
    local columns, parts = torch.LongTensor(n), weights.new(n)
    engine.call(helpers.alias_setup, weights, columns, parts)
    return geometry.resize(aliases, { n }):copy(columns),
      geometry.resize(shares, { n }):copy(parts)
  end
  add('multinomialAliasSetup_', { 'T NI N', alias_setup }, REAL, 'function')

  --- Tables from which multinomialAlias draws many times; `state` is reused.
  function torch.multinomialAliasSetup(weights, state)
    if class.type(state) ~= 'table' then
      return { torch.multinomialAliasSetup_(weights) }
    end
    state[1], state[2] = torch.multinomialAliasSetup_(weights, state[1], state[2])
    return state
  end

  local function alias_draw(output, aliases, shares)
    helpers.alias_draw(output, stream(), aliases, shares)
    return output
  end
  add('multinomialAlias_', { 'OI I D', alias_draw, 'OI I F', alias_draw }, { 'Double' },
    'method')

  function torch.multinomialAlias(output, state)
    return torch.DoubleTensor.multinomialAlias_(output, state[1], state[2])
  end
end
