-- SPDX-License-Identifier: MIT
--
-- A curve fitted with SciPy's optimizer and a loss that is written in Lua.
--
-- SciPy calls the Lua function some hundred times; each time it gets a tensor on
-- SciPy's own memory and answers with a number, or with the gradient as a tensor.
--
--    luajit examples/fit_scipy.lua

local py = require 'py'
local torch = require 'py.torch'
local optimize = py.import 'scipy.optimize'

-- Decaying oscillation, measured 60 times with some noise.
local TRUE = {amplitude = 2.0, decay = 0.4, frequency = 1.5}
local N = 60

local function model(amplitude, decay, frequency, x)
    return amplitude * math.exp(-decay * x) * math.cos(frequency * x)
end

local noise = py.eval(py.import('numpy').random.RandomState(3):normal(0, 0.05, N))
local x, y = torch.DoubleTensor(N), torch.DoubleTensor(N)
for i = 1, N do
    x[i] = 8 * (i - 1) / (N - 1)
    y[i] = model(TRUE.amplitude, TRUE.decay, TRUE.frequency, x[i]) + noise[i]
end

local evaluations = 0

-- Sum of the squared errors for parameters p = (amplitude, decay, frequency).
local function loss(p)
    evaluations = evaluations + 1
    local sum = 0
    for i = 1, N do
        sum = sum + (model(p[1], p[2], p[3], x[i]) - y[i]) ^ 2
    end
    return sum
end

-- Its derivatives.
local function gradient(p)
    local result = torch.DoubleTensor(3)
    local amplitude, decay, frequency = 0, 0, 0
    for i = 1, N do
        local envelope = math.exp(-p[2] * x[i])
        local wave, slope = math.cos(p[3] * x[i]), math.sin(p[3] * x[i])
        local twice = 2 * (p[1] * envelope * wave - y[i])
        amplitude = amplitude + twice * envelope * wave
        decay = decay - twice * p[1] * x[i] * envelope * wave
        frequency = frequency - twice * p[1] * x[i] * envelope * slope
    end
    result[1], result[2], result[3] = amplitude, decay, frequency
    return result
end

local start = torch.DoubleTensor(3)
start[1], start[2], start[3] = 1, 0.1, 1.4

print '                     loss  amplitude  decay  frequency  evaluations'
for _, way in ipairs {
    {'without gradient', py.kwargs {method = 'Nelder-Mead'}},
    {'with gradient', py.kwargs {method = 'BFGS', jac = gradient}},
} do
    evaluations = 0
    local found = optimize.minimize(loss, start, way[2])
    local p = py.eval(found.x)
    print(('%-18s %6.3f  %9.3f  %5.3f  %9.3f  %11d'):format(
        way[1], py.eval(found.fun), p[1], p[2], p[3], evaluations))
end
print(('%-18s         %9.3f  %5.3f  %9.3f'):format(
    'the truth', TRUE.amplitude, TRUE.decay, TRUE.frequency))
