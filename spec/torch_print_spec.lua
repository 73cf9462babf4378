-- SPDX-License-Identifier: MIT
-- Tensors of py.torch as text. The texts are from a run of real Torch7.

local torch = require 'py.torch'

describe('tostring', function()
  local function shows(expected, value)
    it((expected:match '%[[^%[]*$':gsub('\n', '')), function()
      -- How nan is written is the C library's choice.
      assert.equal(expected, (tostring(value):gsub('%-nan', 'nan')))
    end)
  end
  shows('[torch.DoubleTensor with no dimension]\n',
    torch.Tensor())
  shows(' 1\n'
    .. ' 2\n'
    .. ' 3\n'
    .. '[torch.DoubleTensor of size 3]\n',
    torch.Tensor{1, 2, 3})
  shows('   1.5000\n'
    .. '  -2.2500\n'
    .. ' 100.0000\n'
    .. '[torch.DoubleTensor of size 3]\n',
    torch.Tensor{1.5, -2.25, 100})
  shows(' 1.0000e-05\n'
    .. ' 1.0000e+00\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{1e-5, 1})
  shows(' 1.0000e+06\n'
    .. ' 5.0000e-01\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{1e6, 0.5})
  shows(' 1.0000e+10\n'
    .. ' 1.0000e+00\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{1e10, 1})
  shows('100000 *\n'
    .. ' 1.2346\n'
    .. ' 0.0123\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{123456.5, 1234.25})
  shows('     1   -200\n'
    .. '     3  40000\n'
    .. '[torch.LongTensor of size 2x2]\n',
    torch.LongTensor{{1, -200}, {3, 40000}})
  shows(' 0.1000  0.2500\n'
    .. ' 1.0000  2.0000\n'
    .. '[torch.FloatTensor of size 2x2]\n',
    torch.FloatTensor{{0.1, 0.25}, {1, 2}})
  shows('nan\n'
    .. '1.000000\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{0/0, 1})
  shows('         inf\n'
    .. '  5.0000e-01\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{1/0, 0.5})
  shows('(1,.,.) = \n'
    .. '   1   2\n'
    .. '   3   4\n'
    .. '   5   6\n'
    .. '\n'
    .. '(2,.,.) = \n'
    .. '   7   8\n'
    .. '   9  10\n'
    .. '  11  12\n'
    .. '[torch.DoubleTensor of size 2x3x2]\n',
    torch.range(1, 12):resize(2, 3, 2))
  shows('Columns 1 to 10\n'
    .. ' 0.1429  0.2857  0.4286  0.5714  0.7143  0.8571  1.0000  1.1429  1.2857  1.4286\n'
    .. '\n'
    .. 'Columns 11 to 20\n'
    .. ' 1.5714  1.7143  1.8571  2.0000  2.1429  2.2857  2.4286  2.5714  2.7143  2.8571\n'
    .. '\n'
    .. 'Columns 21 to 30\n'
    .. ' 3.0000  3.1429  3.2857  3.4286  3.5714  3.7143  3.8571  4.0000  4.1429  4.2857\n'
    .. '[torch.DoubleTensor of size 1x30]\n',
    torch.range(1, 30):resize(1, 30)/7)
  shows('(1,1,.,.) = \n'
    .. ' -0.5000 -0.5000\n'
    .. '\n'
    .. '(2,1,.,.) = \n'
    .. ' -0.5000 -0.5000\n'
    .. '\n'
    .. '(1,2,.,.) = \n'
    .. ' -0.5000 -0.5000\n'
    .. '\n'
    .. '(2,2,.,.) = \n'
    .. ' -0.5000 -0.5000\n'
    .. '[torch.DoubleTensor of size 2x2x1x2]\n',
    torch.Tensor(2, 2, 1, 2):fill(-0.5))
  shows(' 255\n'
    .. '   0\n'
    .. '[torch.ByteTensor of size 2]\n',
    torch.ByteTensor{255, 0})
  shows('0.001 *\n'
    .. ' 1.0000\n'
    .. ' 2.0000\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{0.001, 0.002})
  shows('1e-05 *\n'
    .. '  1.0000  0.1000\n'
    .. '[torch.DoubleTensor of size 1x2]\n',
    torch.Tensor{{0.00001, 1e-6}})
  shows('  1\n'
    .. ' 20\n'
    .. '[torch.LongStorage of size 2]\n',
    torch.LongStorage{1, 20})
  shows('    0.5000\n'
    .. ' 1000.0000\n'
    .. '[torch.FloatStorage of size 2]\n',
    torch.FloatStorage{0.5, 1000})
  shows('[torch.DoubleStorage of size 0]\n',
    torch.DoubleStorage())
  shows(' 1.0000e+100\n'
    .. ' 1.0000e-100\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{1e100, 1e-100})
  shows(' 1  4  7\n'
    .. ' 2  5  8\n'
    .. ' 3  6  9\n'
    .. '[torch.DoubleTensor of size 3x3]\n',
    torch.range(1, 9):resize(3, 3):t())
  shows(' 1\n'
    .. ' 2\n'
    .. '[torch.HalfTensor of size 2]\n',
    torch.HalfTensor(2):copy(torch.Tensor{1, 2}))
  shows(' 1.2346e+05  2.0000e+00\n'
    .. ' 3.0000e+00  4.0000e+00\n'
    .. '[torch.DoubleTensor of size 2x2]\n',
    torch.Tensor{{123456.5, 2}, {3, 4}})
  shows(' 0\n'
    .. ' 0\n'
    .. '[torch.DoubleTensor of size 2]\n',
    torch.Tensor{-0.0, 0})
  shows('-128\n'
    .. ' 127\n'
    .. '[torch.CharTensor of size 2]\n',
    torch.CharTensor{-128, 127})
  shows('         inf   2.5000e+00\n'
    .. '[torch.DoubleTensor of size 1x2]\n',
    torch.Tensor{{1/0, 2.5}})
end)
