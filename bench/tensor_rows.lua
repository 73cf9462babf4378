-- SPDX-License-Identifier: MIT
-- The rows that need NumPy and tensors, in the form of rows.lua. The floor of
-- a conversion is the same call without the conversion (None or nil crosses).

local rows = {
  objects = { 'take' },
  { name = 'tensor to ndarray', lua = 'take(small)' },
  { name = 'tensor to ndarray, 10^6', lua = 'take(large)' },
  { name = 'ndarray to tensor', lua = 'value(small_array)' },
  { name = 'ndarray to tensor, 10^6', lua = 'value(large_array)' },
  { name = 'tensor to ndarray, 4 dimensions', lua = 'take(deep)' },
  { name = 'numpy.sort', lua = 'sort(hundred)', native = 'sort(hundred_array)',
    no_floor = true },
  { name = 'numpy.dot', lua = 'dot(middle, middle)',
    native = 'dot(middle_array, middle_array)', no_floor = true },
  { name = 'scipy.fft', lua = 'fft(hundred)', native = 'fft(hundred_array)',
    no_floor = true },
  { name = 'scipy.fft, result closed', lua = 'close(fft(hundred))',
    native = 'fft(hundred_array)', no_floor = true },
  { name = 'training loop', lua = 'step(64)', native = 'step(64)',
    no_floor = true },
  { name = 'training loop, 4096', lua = 'step(4096)', native = 'step(4096)',
    no_floor = true },
}

local PYTHON = [[
import numpy
from numpy import dot, sort
from scipy.fft import fft
from scipy.special import expit

small_array = numpy.arange(10.0)
hundred_array = numpy.random.default_rng(1).random(100_000)
middle_array = numpy.arange(3e5)
large_array = numpy.arange(1e6)
features = numpy.random.default_rng(2).random((4096, 1000))
labels = numpy.arange(4096) % 2.0
weights = numpy.zeros(1000)

def step(count):  # of a logistic regression, as in the demo
    global weights
    rows = features[:count]
    errors = expit(dot(rows, weights)) - labels[:count]
    weights -= 0.01 * dot(errors, rows)
]]

--- Fills the tables of names that rows find.
function rows.prepare(set, py, floor, envs)
  if set == 'tensors' then -- the built-in ones, whatever is installed
    package.preload.torch = function() error('hidden', 0) end
  end
  local torch = require(set == 'torch7' and 'torch' or 'py.torch')
  py.exec(PYTHON)
  local env = envs.bridge
  for _, name in ipairs { 'dot', 'sort', 'fft', 'expit', 'small_array', 'large_array' } do
    env[name] = py.reval(name)
  end
  env.close = py.close
  env.small, env.large = py.eval 'small_array', py.eval 'large_array'
  env.hundred, env.middle = py.eval 'hundred_array', py.eval 'middle_array'
  env.deep = torch.DoubleTensor(2, 3, 4, 5):zero()
  if not torch.isTensor(env.small) then error('py.eval gives no tensor', 0) end

  local features, labels, eval = py.eval 'features', py.eval 'labels', py.eval
  local weights, dot, expit = torch.DoubleTensor(1000):zero(), env.dot, env.expit
  function env.step(count)
    local x = features:narrow(1, 1, count)
    local errors = eval(expit(dot(x, weights))):add(-1, labels:narrow(1, 1, count))
    weights:add(-0.01, eval(dot(errors, x)))
  end

  env = envs.floor
  for _, name in ipairs { 'small', 'large', 'deep' } do env[name] = false end
  env.small_array, env.large_array = floor.ref 'None', floor.ref 'None'
end

return rows
