-- SPDX-License-Identifier: MIT
--
-- An image, blurred by SciPy and sharpened by a filter that is written in Lua.
--
-- scipy.ndimage works on the memory of Lua's tensors; its generic_filter calls the
-- Lua function for each pixel. PIL writes the three images side by side.
--
--    luajit examples/image_filter.lua [picture]

local py = require 'py'
local torch = require 'py.torch'
local ndimage = py.import 'scipy.ndimage'
local image_module = py.import 'PIL.Image'

local here = debug.getinfo(1, 'S').source:match '^@(.*)/' or '.'

-- A picture in grey, at most 128 pixels wide; without one, rings and stripes.
local function read(path)
    if path then
        local image = image_module.open(path):convert 'L'
        image:thumbnail(py.tuple {128, 128})
        return py.eval(py.import('numpy').asarray(image, py.kwargs {dtype = 'float64'}))
    end
    local size = 96
    local t = torch.DoubleTensor(size, size)
    for y = 1, size do
        for x = 1, size do
            local rings = math.sin(((x - 30) ^ 2 + (y - 40) ^ 2) / 90)
            local stripes = (x + 2 * y) % 24 < 12 and 1 or -1
            t[y][x] = 127 + 80 * (x < 60 and rings or stripes)
        end
    end
    return t
end

-- The pixel in the middle, pushed away from the mean of those around it.
local function sharpen(window)
    local n, sum = window:size(1), 0
    for i = 1, n do sum = sum + window[i] end
    local middle = window[(n + 1) / 2]
    return math.max(0, math.min(255, middle + 2 * (middle - sum / n)))
end

local original = read(arg and arg[1])
local height, width = original:size(1), original:size(2)
local blurred = ndimage.gaussian_filter(original, 2)
local sharpened = ndimage.generic_filter(original, sharpen, py.kwargs {size = 3})

-- Each part is a view into the picture: what is written there lies in it.
local GAP = 6
local picture = torch.ByteTensor(height, 3 * width + 2 * GAP)
py.ref(picture):fill(255)
for i, part in ipairs {original, py.eval(blurred), py.eval(sharpened)} do
    local place = picture:narrow(2, (i - 1) * (width + GAP) + 1, width)
    for y = 1, height do
        local from, to = part[y], place[y]
        for x = 1, width do to[x] = math.floor(from[x] + 0.5) end
    end
end

local path = here .. '/output/image_filter.png'
py.import('os').makedirs(here .. '/output', py.kwargs {exist_ok = true})
image_module.fromarray(picture):save(path)
print(('%d by %d pixels: the original, blurred by SciPy, sharpened by Lua'):format(
    width, height))
print('The picture of it: ' .. path)
