-- SPDX-License-Identifier: MIT
--
-- A PyTorch model, made and trained from Lua.
--
-- The data are Lua's tensors, and PyTorch computes on their memory; the model's
-- weights come back as tensors on PyTorch's memory.
--
--    luajit examples/pytorch_model.lua        (needs: pip install torch)

local py = require 'py'
local torch = require 'py.torch' -- Lua's tensors
local pytorch = py.import 'torch' -- Python's
local nn = py.import 'torch.nn'

pytorch.manual_seed(1)
pytorch.set_num_threads(1) -- such small layers gain nothing from more

-- Points of two spirals that turn around each other.
local N = 200
local points, labels = torch.FloatTensor(2 * N, 2), torch.LongTensor(2 * N)
for i = 1, N do
    local r = i / N
    for which = 0, 1 do
        local angle, k = 7 * r + math.pi * which, i + N * which
        points[k][1], points[k][2] = r * math.cos(angle), r * math.sin(angle)
        labels[k] = which
    end
end

local inputs, targets = pytorch.from_numpy(points), pytorch.from_numpy(labels)
local model = nn.Sequential(
    nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
local criterion = nn.CrossEntropyLoss()
local optimizer = pytorch.optim.Adam(model:parameters(), py.kwargs {lr = 0.01})

for epoch = 1, 300 do
    optimizer:zero_grad()
    local loss = criterion(model(inputs), targets)
    loss:backward()
    optimizer:step()
    if epoch % 100 == 0 then
        print(('epoch %d: loss %.4f'):format(epoch, py.eval(loss)))
    end
end

-- What needs no gradient any more can be looked at from Lua.
local scores = py.eval(model(inputs):detach())
local right = 0
for k = 1, 2 * N do
    local guess = scores[k][2] > scores[k][1] and 1 or 0
    if guess == labels[k] then right = right + 1 end
end
print(('%.1f %% of %d points right'):format(100 * right / (2 * N), 2 * N))

-- The weights of the first layer, on PyTorch's memory: a change here is one there.
local layer = model[0]
local weights = py.eval(layer.weight:detach())
local before = py.eval(criterion(model(inputs), targets))
for j = 1, weights:size(1) do weights[j][1] = 0 end
local after = py.eval(criterion(model(inputs), targets))
print(('without the first coordinate the loss is %.2f instead of %.4f'):format(
    after, before))
