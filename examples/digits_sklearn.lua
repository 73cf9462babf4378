-- SPDX-License-Identifier: MIT
--
-- Handwritten digits, classified from Lua with scikit-learn.
--
-- The images come as a tensor on scikit-learn's memory. Lua looks at them, adds
-- features of its own, and has two of scikit-learn's models learn both.
--
--    luajit examples/digits_sklearn.lua

local py = require 'py'
local torch = require 'py.torch'
local datasets = py.import 'sklearn.datasets'
local linear_model = py.import 'sklearn.linear_model'
local neighbors = py.import 'sklearn.neighbors'

local digits = datasets.load_digits()
local images = py.eval(digits.images) -- 1797 images of 8 by 8 pixels, from 0 to 16
local labels = py.eval(digits.target)
local COUNT, TRAIN = images:size(1), 1200

-- One image, drawn with characters.
local function draw(image)
    local shades = ' .:-=+*#@'
    for row = 1, image:size(1) do
        local line = {}
        for column = 1, image:size(2) do
            local shade = 1 + math.floor(image[row][column] / 2)
            line[column] = shades:sub(shade, shade):rep(2)
        end
        print('    ' .. table.concat(line))
    end
end

-- Pixels and, in 16 more columns, how much ink there is in each row and column.
local function features(first, count)
    local result = torch.DoubleTensor(count, 64 + 16)
    for i = 1, count do
        local image, row = images[first + i - 1], result[i]
        for k = 65, 80 do row[k] = 0 end
        for y = 1, 8 do
            for x = 1, 8 do
                local ink = image[y][x] / 16
                row[8 * (y - 1) + x] = ink
                row[64 + y] = row[64 + y] + ink / 8
                row[72 + x] = row[72 + x] + ink / 8
            end
        end
    end
    return result
end

local train = features(1, TRAIN)
local test = features(TRAIN + 1, COUNT - TRAIN)
local train_labels = labels:narrow(1, 1, TRAIN)
local test_labels = labels:narrow(1, TRAIN + 1, COUNT - TRAIN)
print(('%d digits to learn from, %d to be tested on'):format(TRAIN, COUNT - TRAIN))

local last
for _, model in ipairs {
    linear_model.LogisticRegression(py.kwargs {max_iter = 1000}),
    neighbors.KNeighborsClassifier(),
} do
    model:fit(train, train_labels)
    last = py.eval(model:predict(test))
    local right = 0
    for i = 1, COUNT - TRAIN do
        if last[i] == test_labels[i] then right = right + 1 end
    end
    print(('%-22s %.1f %% right'):format(
        py.eval(py.type(model).__name__), 100 * right / (COUNT - TRAIN)))
end

for i = 1, COUNT - TRAIN do
    if last[i] ~= test_labels[i] then
        print(('\nThis %d was taken for a %d:'):format(test_labels[i], last[i]))
        draw(images[TRAIN + i])
        break
    end
end
