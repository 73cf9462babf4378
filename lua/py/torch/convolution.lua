-- SPDX-License-Identifier: MIT
-- conv2, xcorr2, conv3, xcorr3: an image with a kernel, planes with kernels
-- each, or planes with a matrix of kernels; 'V'alid or 'F'ull.  The core does
-- the usual calls.

local engine = require 'py.torch.engine'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'

local helpers = tensors.helpers '_torch_convolution'

-- The sizes of the result's last `n` dimensions.
local function spatial(image, kernel, n, form, name)
  local sizes = {}
  for d = 1, n do
    local i = image:size(image:dim() - n + d)
    local k = kernel:size(kernel:dim() - n + d)
    if form == 'V' and i < k then
      errors.arg(2, '%s : Input image is smaller than kernel', name)
    end
    sizes[d] = form == 'F' and i + k - 1 or i - k + 1
  end
  return sizes
end

-- In a tensor of its own: halves, and a result that shares memory with the
-- others or whose elements do not lie one after another.
local function aside(kind, result, image, kernel, full)
  if image:type() == 'torch.HalfTensor' then
    image, kernel = image:float(), kernel:float()
  end
  local whole = image.new(result:size())
  assert(tensors.convolve(kind, whole, image, kernel, full, true))
  result:copy(whole)
end

local function forms(n, crossed)
  local kind = (crossed and 'X' or 'C') .. n
  local function run(helper, c_name, planes)
    return function(result, image, kernel, form)
      local name = ('conv%dD%s'):format(n, c_name)
      if helper == 'planes' and image:size(1) ~= kernel:size(1) then
        errors.arg(2, 'invalid number of input/kernel planes')
      elseif helper == 'sums' and image:size(1) ~= kernel:size(2) then
        errors.arg(2, 'invalid number of input planes')
      end
      local sizes = spatial(image, kernel, n, form, name)
      if planes then table.insert(sizes, 1, kernel:size(1)) end
      local full = form == 'F'
      if rawequal(result, image) then image = image:clone() end
      if rawequal(result, kernel) then kernel = kernel:clone() end
      geometry.resize(result, sizes)
      local done = tensors.convolve(kind, result, image, kernel, full)
      if done == nil and engine.value(helpers.available()) then
        helpers[helper](result, image, kernel, full, crossed)
      elseif not done then
        done = tensors.convolve(kind, result, image, kernel, full, true)
        if not done then aside(kind, result, image, kernel, full) end
      end
      return result
    end
  end
  local form = 'N T%d T%d o:VF=V'
  return {
    form:format(n, n), run('single', 'mul', false),
    form:format(n + 1, n + 1), run('planes', 'cmul', true),
    form:format(n + 1, n + 2), run('sums', 'mv', true),
  }
end

return function(_, add)
  for n = 2, 3 do
    add('conv' .. n, forms(n, false))
    add('xcorr' .. n, forms(n, true))
  end
end
