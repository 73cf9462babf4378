-- SPDX-License-Identifier: MIT
-- From NumPy to Torch: what one writes in either, step by step, up to a network
-- of two layers that is trained twice, once in Lua with tensors and once in
-- Python with NumPy, from the same weights. Run it with
--   luajit examples/numpy_to_torch.lua

local torch = require 'py.torch'
local py = require 'py'

-- Adding -----------------------------------------------------------------------

local a = torch.Tensor { { 1, 2 }, { 3, 4 } }
print('a + a', (a + a)[2][2], 'a + 1', (a + 1)[2][2])

-- NumPy adds a row to each row of a matrix by itself; Torch is told to repeat it.
local row = torch.Tensor { 10, 20 }
local sum = a + row:repeatTensor(2, 1)
print('a + row', sum[2][1], sum[2][2])
local same = torch.add(a, row:view(1, 2):expand(2, 2)) -- without a copy
assert(torch.equal(sum, same))

-- `*` is the product of matrices; NumPy's elementwise `*` is cmul.
print('a * a', (a * a)[1][2], 'cmul', torch.cmul(a, a)[1][2])

-- Three sigmoids ---------------------------------------------------------------

-- One element after the other, by a Lua function.
local function sigmoid_apply(z)
  return z:clone():apply(function(x) return 1 / (1 + math.exp(-x)) end)
end

-- Of whole tensors; the ones are made once, for inputs of one size.
local ones = torch.ones(4, 4)
local function sigmoid_fixed(z)
  return torch.cdiv(ones, torch.exp(-z):add(1))
end

-- The same for any size.
local function sigmoid(z)
  return torch.exp(-z):add(1):cinv()
end

local z = torch.range(-8, 7):view(4, 4)
local largest = math.max(
  (sigmoid_apply(z) - sigmoid(z)):abs():max(),
  (sigmoid_fixed(z) - sigmoid(z)):abs():max(),
  (torch.cdiv(torch.ones(z:size()), torch.exp(-z) + 1) - sigmoid(z)):abs():max())
print(('three sigmoids differ by %.0e at most'):format(largest))

-- A network of two layers ------------------------------------------------------

local STEPS = 3000
local X = torch.Tensor { { 0, 0, 1 }, { 0, 1, 1 }, { 1, 0, 1 }, { 1, 1, 1 } }
local y = torch.Tensor { { 0 }, { 1 }, { 1 }, { 0 } } -- exclusive or

torch.manualSeed(1)
local first, second = torch.rand(3, 4) * 2 - 1, torch.rand(4, 1) * 2 - 1

local function train(W1, W2)
  local hidden, output
  for _ = 1, STEPS do
    hidden = sigmoid(X * W1)
    output = sigmoid(hidden * W2)
    local output_delta = (y - output):cmul(torch.cmul(output, 1 - output))
    local hidden_delta = (output_delta * W2:t())
      :cmul(torch.cmul(hidden, 1 - hidden))
    W2:add(hidden:t() * output_delta)
    W1:add(X:t() * hidden_delta)
  end
  return output
end

py.exec [[
  import numpy as np

  def sigmoid(z):
      return 1 / (1 + np.exp(-z))

  def train(X, y, W1, W2, steps):
      for _ in range(steps):
          hidden = sigmoid(X @ W1)
          output = sigmoid(hidden @ W2)
          output_delta = (y - output) * output * (1 - output)
          hidden_delta = output_delta @ W2.T * hidden * (1 - hidden)
          W2 += hidden.T @ output_delta
          W1 += X.T @ hidden_delta
      return output
]]
local python_train = py.reval 'train'

local timer = torch.Timer()
local W1, W2 = first:clone(), second:clone()
local in_lua = train(W1, W2)
local lua_seconds = timer:time().real

timer:reset()
local V1, V2 = first:clone(), second:clone() -- NumPy changes these in place
local in_python = py.eval(python_train(X, y, V1, V2, STEPS))
local python_seconds = timer:time().real

print 'learned'
for i = 1, 4 do
  print(('  %d xor %d = %.3f'):format(X[i][1], X[i][2], in_lua[i][1]))
end
local difference = math.max((in_lua - in_python):abs():max(),
  (W1 - V1):abs():max(), (W2 - V2):abs():max())
assert(difference < 1e-9, difference)
print(('Lua and NumPy differ by %.0e at most'):format(difference))
print(('%d steps: Lua tensors %.2f s, NumPy %.2f s'):format(STEPS, lua_seconds,
  python_seconds))
