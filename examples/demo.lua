-- SPDX-License-Identifier: MIT
--
-- A text classifier trained in Lua, with Python's libraries at hand.
--
-- Which part of SciPy does a passage of documentation come from, scipy.optimize
-- or scipy.signal?  NLTK cuts the passages into words and words into stems, Lua
-- trains a logistic regression on tensors, SciPy chooses the learning rate and
-- says how far to trust the results, matplotlib draws them.
--
--    luajit examples/demo.lua          (or simply: make demo)

local py = require 'fb.python'
local torch = require 'py.torch' -- real Torch7 where it is installed

-- The folder of this script; `arg[0]` would name th itself when th runs it.
local here = debug.getinfo(1, 'S').source:match '^@(.*)/' or '.'
package.path = here .. '/demo/?.lua;' .. package.path
py.import('sys').path:insert(0, here .. '/demo')

-- A module is a reference: its functions are called like Lua's, with Lua values,
-- and give references again. py.eval(reference) turns a result into a Lua value.
local np = py.import 'numpy'
local nltk = py.import 'nltk'
local optimize = py.import 'scipy.optimize'
local stats = py.import 'scipy.stats'
local picture = py.import 'picture' -- demo/picture.py
local passages = require 'passages' -- demo/passages.lua

local NAMES = {[0] = 'scipy.optimize', [1] = 'scipy.signal'}
local WORDS, BATCH, EPOCHS = 1000, 64, 15

local train, held_out = passages.read(NAMES)
print(('%s or %s? %d passages to learn from, %d held out'):format(
    NAMES[0], NAMES[1], #train, #held_out))

-- The model ------------------------------------------------------------------

train.features = torch.zeros(#train, WORDS)
held_out.features = torch.zeros(#held_out, WORDS)
local weights = torch.zeros(WORDS)

local function sigmoid(x) return 1 / (1 + math.exp(-x)) end

-- Loss of one passage: positive scores stand for label 1.
local function loss_of(score, label)
    return math.log(1 + math.exp(label == 1 and -score or score))
end

-- NumPy multiplies in the memory of Lua's tensors, and what py.eval gives back
-- is a tensor on the memory of NumPy's array: nothing is copied on the way.
local function dot(a, b) return py.eval(np.dot(a, b)) end

-- Mean loss of `count` passages from `first` on, and its gradient.
local function loss_and_gradient(first, count)
    local rows = train.features:narrow(1, first, count)
    local score, errors, loss = dot(rows, weights), torch.zeros(count), 0
    for k = 1, count do
        local label = train[first + k - 1].label
        errors[k] = (sigmoid(score[k]) - label) / count
        loss = loss + loss_of(score[k], label) / count
    end
    return loss, dot(errors, rows)
end

-- The step that lowers the loss of the whole training set the most. SciPy calls
-- a Lua function to find it. A quarter of that suits the noisier mini-batches.
local function choose_rate()
    local _, gradient = loss_and_gradient(1, #train)
    local score, slope = dot(train.features, weights), dot(train.features, gradient)
    local function loss_after(log_step)
        local step, loss = math.exp(log_step), 0
        for i = 1, #train do
            loss = loss + loss_of(score[i] - step * slope[i], train[i].label)
        end
        return loss / #train
    end
    local found = optimize.minimize_scalar(loss_after, py.kwargs {
        bounds = {-1, 5}, method = 'bounded', options = {maxiter = 12}})
    return math.exp(py.eval(found.x)) / 4
end

-- Fills in what the model says of the held-out passages, and returns the labels
-- and the guesses as two lists.
local function classify_held_out()
    local score, labels, guesses = dot(held_out.features, weights), {}, {}
    for i, passage in ipairs(held_out) do
        passage.probability = sigmoid(score[i])
        passage.guess = passage.probability > 0.5 and 1 or 0
        labels[i], guesses[i] = passage.label, passage.guess
    end
    return labels, guesses
end

-- Training -------------------------------------------------------------------

local batches = math.ceil(#train / BATCH)
local rate = 10 -- for the first epoch; choose_rate sees to the later ones
local loss, accuracy = torch.zeros(EPOCHS), torch.zeros(EPOCHS)
local low, high = torch.zeros(EPOCHS), torch.zeros(EPOCHS)

local terminal = py.truth(py.import('sys').stdout:isatty())

local function progress(epoch, batch, message)
    if not terminal then return end -- a log gets a line for each epoch
    local done = math.floor(30 * ((epoch - 1) * batches + batch) / (EPOCHS * batches))
    io.write(('\r  epoch %2d of %d [%s%s] %s'):format(epoch, EPOCHS,
        ('='):rep(done), (' '):rep(30 - done), message))
    io.flush()
end

local message = ''
for epoch = 1, EPOCHS do
    local losses = torch.zeros(batches)
    for batch = 1, batches do
        local first = (batch - 1) * BATCH + 1
        local count = math.min(BATCH, #train - first + 1)
        if epoch == 1 then -- NLTK reads a passage when its first batch needs it
            for i = first, first + count - 1 do
                passages.vectorise(train[i].text, train.features[i], true)
            end
        end
        local batch_loss, gradient = loss_and_gradient(first, count)
        for column = 1, WORDS do
            weights[column] = weights[column] - rate * gradient[column]
        end
        losses[batch] = batch_loss
        progress(epoch, batch, message)
    end
    if epoch == 1 then
        for i, passage in ipairs(held_out) do
            passages.vectorise(passage.text, held_out.features[i])
        end
    end

    -- How the epoch went: the mean loss with its 95 % interval from SciPy, the
    -- share of held-out passages that are right from NLTK.
    local mean = np.mean(losses)
    local interval = py.eval(
        stats.t.interval(0.95, batches - 1, mean, stats.sem(losses)))
    loss[epoch], low[epoch], high[epoch] = py.eval(mean), interval[1], interval[2]
    accuracy[epoch] = py.eval(nltk.accuracy(classify_held_out()))
    message = ('loss %.3f, held out %.1f %%, rate %4.1f'):format(
        loss[epoch], 100 * accuracy[epoch], rate)
    if not terminal then print(('  epoch %2d of %d  %s'):format(epoch, EPOCHS, message)) end
    rate = choose_rate()
end
progress(EPOCHS, batches, message)

-- What came of it ------------------------------------------------------------

local right, confusion = 0, torch.zeros(2, 2)
for _, passage in ipairs(held_out) do
    local row = confusion[passage.label + 1]
    row[passage.guess + 1] = row[passage.guess + 1] + 1
    if passage.guess == passage.label then right = right + 1 end
end
-- Wilson's interval, as if passages were independent of each other.
local share = stats.binomtest(right, #held_out):proportion_ci(
    py.kwargs {method = 'wilson'})
local result = ('%.1f %% of %d held-out passages right (95 %% interval %.1f to %.1f %%)')
    :format(100 * right / #held_out, #held_out,
            100 * py.eval(share.low), 100 * py.eval(share.high))
print('\n\n' .. result)
print('rows: where a passage is from, columns: the guess')
print(confusion)

-- The stems with the largest weights are those that speak for a package.
local columns = {}
for column = 1, #passages.stems do columns[column] = column end
table.sort(columns, function(a, b) return weights[a] < weights[b] end)
for label = 0, 1 do
    local strongest = {}
    for i = 1, 8 do
        strongest[i] = passages.stems[columns[label == 0 and i or #columns + 1 - i]]
    end
    print(('speak for %s: %s'):format(NAMES[label], table.concat(strongest, ' ')))
end

-- The two surest right guesses of either kind, and the two surest wrong ones.
table.sort(held_out, function(a, b)
    return math.abs(a.probability - 0.5) > math.abs(b.probability - 0.5)
end)
local shown = {}
for _, passage in ipairs(held_out) do
    local kind = passage.guess == passage.label and passage.label or 'wrong'
    shown[kind] = (shown[kind] or 0) + 1
    if shown[kind] <= 2 then
        print(('\n%s, %.1f %% sure, %s (from %s.%s)\n   %s …'):format(
            NAMES[passage.guess],
            100 * math.max(passage.probability, 1 - passage.probability),
            kind == 'wrong' and 'WRONG' or 'right', NAMES[passage.label], passage.name,
            passage.text:sub(1, 76):match '^(.*) '))
    end
end

local path = here .. '/output/demo.png'
picture.draw(path, result, {NAMES[0], NAMES[1]}, confusion, py.kwargs {
    loss = loss, low = low, high = high, accuracy = accuracy})
print('\nThe picture of it: ' .. path)
