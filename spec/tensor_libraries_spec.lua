-- SPDX-License-Identifier: MIT
-- Contract section 6: every library that takes arrays takes tensors, and
-- callbacks get tensors on the library's own memory.

local helper = require 'spec.helper'

local function skip(why) pending(why) end
local it_with = {}
for _, name in ipairs { 'numpy', 'scipy', 'sklearn', 'matplotlib', 'PIL', 'torch' } do
  it_with[name] = helper.it_with(name, it, skip)
end
local it = it_with.numpy

describe('tensors in', function()
  local py, torch, np

  setup(function()
    py = require 'py'
    if not helper.has 'numpy' then return end
    torch = require 'py.torch'
    np = py.import 'numpy'
  end)
  helper.no_leaks(setup, teardown, after_each)
  -- A vector of these numbers.
  local function vector(...)
    local values = { ... }
    local t = torch.DoubleTensor(#values)
    for i, value in ipairs(values) do t[i] = value end
    return t
  end

  local function matrix(rows)
    local t = torch.DoubleTensor(#rows, #rows[1])
    for i, row in ipairs(rows) do
      for j, value in ipairs(row) do t[i][j] = value end
    end
    return t
  end

  local function near(expected, got, tolerance)
    assert.is_true(math.abs(expected - got) <= (tolerance or 1e-9),
      ('%s is not near %s'):format(tostring(got), tostring(expected)))
  end

  describe('SciPy:', function()
    it_with.scipy('linear algebra', function()
      local linalg = py.import 'scipy.linalg'
      local x = py.eval(linalg.solve(matrix { { 2, 1 }, { 1, 3 } },
        vector(3, 5)))
      near(0.8, x[1])
      near(1.4, x[2])
    end)

    it_with.scipy('statistics', function()
      local stats = py.import 'scipy.stats'
      local found = stats.linregress(vector(1, 2, 3, 4), vector(3, 5, 7, 9))
      near(2, py.eval(found.slope))
      near(1, py.eval(found.intercept))
    end)

    it_with.scipy('transposed and narrowed without copying', function()
      local linalg = py.import 'scipy.linalg'
      local m = matrix { { 0, 1, 2 }, { 0, 3, 4 } }
      local view = m:narrow(2, 2, 2):transpose(1, 2)
      near(-2, py.eval(linalg.det(view)))
      py.setitem(py.ref(view), py.tuple { 1, 0 }, 9)
      assert.equal(9, m[1][3])
    end)

    it_with.scipy('optimize.minimize with a loss in Lua', function()
      local optimize = py.import 'scipy.optimize'
      local calls, kind = 0, nil
      local function loss(x)
        calls = calls + 1
        kind = py.eval('type(x).__name__', { x = x })
        return (x[1] - 3) ^ 2 + (x[2] + 1) ^ 2
      end
      local found = optimize.minimize(loss, vector(0, 0))
      local x = py.eval(found.x)
      near(3, x[1], 1e-4)
      near(-1, x[2], 1e-4)
      assert.is_true(calls > 3)
      assert.equal('ndarray', kind)
    end)

    it_with.scipy('optimize.minimize with a gradient in Lua, as a tensor', function()
      local optimize = py.import 'scipy.optimize'
      local function loss(x) return (x[1] - 3) ^ 2 + (x[2] + 1) ^ 2 end
      local function gradient(x)
        return vector(2 * (x[1] - 3), 2 * (x[2] + 1))
      end
      local found = optimize.minimize(loss, vector(0, 0),
        py.kwargs { jac = gradient, method = 'BFGS' })
      local x = py.eval(found.x)
      near(3, x[1], 1e-6)
      near(-1, x[2], 1e-6)
    end)

    it_with.scipy('optimize.least_squares with residuals as a tensor', function()
      local optimize = py.import 'scipy.optimize'
      local found = optimize.least_squares(function(x)
        return vector(x[1] - 1, 10 * (x[2] - x[1] ^ 2))
      end, vector(-2, 2))
      local x = py.eval(found.x)
      near(1, x[1], 1e-6)
      near(1, x[2], 1e-6)
    end)

    it_with.scipy('integrate.solve_ivp with a system in Lua', function()
      local integrate = py.import 'scipy.integrate'
      local function derivative(_, y) return vector(y[2], -y[1]) end
      local solution = integrate.solve_ivp(derivative, py.tuple { 0, math.pi },
        vector(0, 1), py.kwargs { rtol = 1e-8, atol = 1e-8 })
      local y = py.eval(solution.y)
      near(0, y[1][y:size(2)], 1e-5)
      near(-1, y[2][y:size(2)], 1e-5)
    end)

    it_with.scipy('ndimage.generic_filter with a filter in Lua', function()
      local ndimage = py.import 'scipy.ndimage'
      local image = matrix { { 1, 2, 3 }, { 4, 50, 6 }, { 7, 8, 9 } }
      local function largest(window)
        local found = -math.huge
        for i = 1, window:size(1) do found = math.max(found, window[i]) end
        return found
      end
      local filtered = py.eval(ndimage.generic_filter(image, largest,
        py.kwargs { size = 3 }))
      assert.equal(50, filtered[1][1])
      assert.equal(50, filtered[3][3])
      assert.equal(4, image[2][1])
    end)

    it_with.scipy('an error in the callback comes back whole', function()
      local optimize = py.import 'scipy.optimize'
      local reason = {}
      local ok, e = pcall(function()
        optimize.minimize(function() error(reason) end, vector(0))
      end)
      assert.is_false(ok)
      assert.is_true(rawequal(reason, e) or rawequal(reason, e.value)
        or tostring(e):find 'minimize' ~= nil)
    end)

    it_with.scipy('sparse matrices', function()
      local sparse = py.import 'scipy.sparse'
      local s = sparse.csr_matrix(matrix { { 0, 1 }, { 2, 0 } })
      local product = py.eval(s:dot(vector(3, 4)))
      assert.equal(4, product[1])
      assert.equal(6, product[2])
      assert.equal(2, py.eval(s:toarray())[2][1])
      assert.equal(2, py.eval(s:todense())[2][1])
    end)
  end)

  it('a callback shares the memory that it is given', function()
    py.exec [[
      import numpy as np
      def call(f):
        array = np.arange(4.0)
        f(array)
        return array
    ]]
    local call = py.reval 'call'
    local seen
    local array = call(function(t)
      seen = t
      t[1] = 7
    end)
    assert.equal(7, py.eval(array[0]))
    py.setitem(array, 1, 8)
    assert.equal(8, seen[2])
  end)

  it_with.sklearn('scikit-learn', function()
    local linear = py.import 'sklearn.linear_model'
    local model = linear.LogisticRegression()
    local x, labels = torch.DoubleTensor(20, 1), torch.LongTensor(20)
    for i = 1, 20 do x[i][1], labels[i] = i, i > 10 and 1 or 0 end
    model:fit(x, labels)
    local guesses = py.eval(model:predict(x))
    for i = 1, 20 do assert.equal(labels[i], guesses[i]) end
    assert.equal(1, py.eval(model:score(x, labels)))
  end)

  it_with.matplotlib('matplotlib', function(matplotlib)
    matplotlib:use 'Agg'
    local pyplot = py.import 'matplotlib.pyplot'
    local figure, axes = py.unpack(pyplot.subplots())
    local line = axes:plot(vector(1, 2, 3), vector(4, 5, 6))[0]
    assert.equal(15, py.eval(np.sum(line:get_ydata())))
    axes:imshow(matrix { { 0, 1 }, { 1, 0 } })
    figure:savefig(py.import('io').BytesIO(), py.kwargs { format = 'png' })
    pyplot.close(figure)
  end)

  it_with.PIL('PIL', function()
    local image_module = py.import 'PIL.Image'
    local pixels = torch.ByteTensor(2, 3)
    for i = 1, 2 do
      for j = 1, 3 do pixels[i][j] = 10 * i + j end
    end
    local image = image_module.fromarray(pixels)
    assert.equal(3, py.eval(image.width))
    assert.equal(23, py.eval(image:getpixel(py.tuple { 2, 1 })))
    -- Its arrays are read-only: Lua gets a copy.
    local back = py.eval(np.asarray(image))
    assert.equal(23, back[2][3])
    back[2][3] = 0
    assert.equal(23, py.eval(image:getpixel(py.tuple { 2, 1 })))
  end)

  it('the buffer protocol', function()
    local array = py.import('array').array('d', { 1, 2, 3 })
    local t = py.eval(array)
    t[2] = 5
    assert.equal(5, py.eval(array[1]))
    assert.equal(5, py.share(array)[2])
    assert.equal('string', type(py.eval 'b"abc"'))
    assert.equal('string', type(py.eval 'bytearray(b"abc")'))
    assert.equal('string', type(py.eval 'memoryview(b"abc")'))
    local ctypes = py.import 'ctypes'
    local ints = py.eval('(ctypes.c_int * 3)(4, 5, 6)', { ctypes = ctypes })
    assert.equal(6, ints[3])
    assert.is_true(helper.is_ref(py.eval('ctypes.c_int(4)',
      { ctypes = ctypes })))
  end)

  -- What a subclass adds would be lost in a tensor; matrix and memmap add
  -- nothing that Lua could see.
  describe('subclasses of ndarray:', function()
    before_each(function()
      if not np then return end
      py.exec [[
        import numpy as np
        class Plain(np.ndarray):
            pass
        class Metres(np.ndarray):
            def __array_finalize__(self, obj): self.unit = getattr(obj, 'unit', 'm')
        def make(cls): return np.arange(4.0).reshape(2, 2).view(cls)
      ]]
    end)

    it('numpy.matrix shares its memory', function()
      for _, convert in ipairs { py.eval, py.share } do
        local m = py.reval 'make(np.matrix)'
        local t = convert(m)
        assert.equal(2, t:dim())
        t[1][2] = 9
        assert.equal(9, py.eval(m[py.tuple { 0, 1 }]))
      end
    end)

    it('numpy.memmap shares its file', function()
      local path = helper.temporary(('\0'):rep(32))
      local map = np.memmap(path, py.kwargs { dtype = 'float64', mode = 'r+' })
      local t = py.share(map)
      assert.equal(4, t:nElement())
      py.eval(map)[2] = 1.5
      t[4] = 2.5
      map:flush()
      assert.same({ 0, 1.5, 0, 2.5 }, py.eval(np.fromfile(path):tolist()))
      -- Nothing can write into what is mapped for reading.
      local fixed = np.memmap(path, py.kwargs { dtype = 'float64', mode = 'r' })
      local copy = py.eval(fixed)
      copy[1] = 7
      assert.equal(0, py.eval(fixed[0]))
      helper.raises(function() py.share(fixed) end, 'read%-only')
      os.remove(path)
    end)

    it('those of programs, records and masked arrays are references', function()
      for _, code in ipairs {
        'make(Plain)', 'make(Metres)', 'np.ma.masked_array([1.0, 2.0], [True, False])',
        "np.array([(1, 2.0)], dtype='i4,f8').view(np.recarray)", "np.char.array(['a', 'b'])",
      } do
        local value = py.eval(code)
        assert(helper.is_ref(value), code)
        assert.equal(tostring(py.reval('type(' .. code .. ')')), tostring(py.type(value)))
        assert.is_true(helper.is_ref(py.eval('[' .. code .. ']')[1]))
        helper.raises(function() py.share(value) end, 'py%.share: an array')
      end
      assert.equal('m', py.eval(py.eval('make(Metres)').unit))
    end)

    it('are tensors on the same memory when they are asked for as ndarrays', function()
      for _, class in ipairs { 'Plain', 'Metres' } do
        local value = py.eval('make(' .. class .. ')')
        py.share(np.asarray(value))[2][1] = 42
        assert.equal(42, py.eval(value[py.tuple { 1, 0 }]))
      end
      local records = py.reval "np.zeros(2, dtype=[('a', 'i8'), ('b', 'f8')]).view(np.recarray)"
      py.share(records.b)[2] = 3
      assert.equal(3, py.eval(records[1].b))
    end)

    it('without dimensions are numbers where they are arrays', function()
      local path = helper.temporary(('\0'):rep(8))
      local map = np.memmap(path, py.kwargs { dtype = 'float64', mode = 'r+', shape = py.tuple {} })
      assert.equal(0, py.eval(map))
      assert.is_true(helper.is_ref(py.eval 'np.array(1.0).view(Metres)'))
      os.remove(path)
    end)

    it('come back to Python as what they are', function()
      assert.is_true(py.eval('type(x) is Metres and x.unit == "m"', { x = py.eval 'make(Metres)' }))
      local tensor = py.eval 'make(np.matrix)'
      assert.is_true(py.eval('type(x) is np.ndarray', { x = tensor }))
    end)
  end)

  it('objects that only know how to become an array are references', function()
    py.exec [[
      import numpy as np
      class Frame: # as of pandas or xarray
          def __init__(self): self.values = np.arange(3.0)
          def __array__(self, dtype=None, copy=None): return self.values
      class Image: # as of PIL
          def __init__(self): self.values = np.arange(3.0)
          @property
          def __array_interface__(self): return self.values.__array_interface__
      class Struct:
          def __init__(self): self.values = np.arange(3.0)
          @property
          def __array_struct__(self): return self.values.__array_struct__
    ]]
    for _, class in ipairs { 'Frame', 'Image', 'Struct' } do
      local value = py.eval(class .. '()')
      assert(helper.is_ref(value), class)
      helper.raises(function() py.share(value) end, 'py%.share: an array.*got ' .. class)
      local t = py.share(np.asarray(value))
      t[3] = 8
      assert.equal(8, py.eval(value.values[2]))
      assert.equal(9, py.eval(np.sum(value)))
    end
  end)

  it('another device is in the way, and the error names the way out', function()
    py.exec [[
      class OnDevice:
          def __dlpack_device__(self): return (2, 0)
          def __dlpack__(self, **options): raise BufferError('spec: not here')
    ]]
    local there = py.reval 'OnDevice()'
    helper.raises(function() py.eval(there) end, '%.detach%(%)%.cpu%(%)')
    helper.raises(function() py.share(there) end, '%.detach%(%)%.cpu%(%)')
    py.exec 'del OnDevice'
  end)

  describe('PyTorch:', function()
    it_with.torch('tensors go there on the same memory', function(pytorch)
      local t = torch.FloatTensor(2, 3)
      py.ref(t):fill(1)
      local there = pytorch.from_numpy(t)
      there:mul_(4)
      assert.equal(4, t[2][3])
      local dlpack = pytorch.from_dlpack(py.ref(t))
      dlpack:add_(1)
      assert.equal(5, t[2][3])
      assert.equal(30, py.eval(pytorch.as_tensor(t):sum()))
    end)

    it_with.torch('tensors come from there on the same memory', function(pytorch)
      local there = pytorch.ones(2, 3)
      local t = py.eval(there)
      assert.equal(2, t:dim())
      t[2][1] = 5
      assert.equal(10, py.eval(there:sum()))
      there:zero_()
      assert.equal(0, t[2][1])
      assert.equal(0, py.share(there:t())[3][2])
    end)

    it_with.torch('bool comes as bytes, a 0-d tensor as a number', function(pytorch)
      local mask = py.eval(pytorch.ones(2):bool())
      assert.equal(1, mask[2])
      assert.equal(1, mask:dim())
      assert.equal(2, py.eval(pytorch.ones(2):sum()))
      assert.equal(true, py.eval(pytorch.tensor(true)))
    end)

    it_with.torch('a gradient is in the way, and the error names the way out', function(pytorch)
      local needs = pytorch.ones(2, py.kwargs { requires_grad = true })
      helper.raises(function() py.eval(needs) end, '%.detach%(%)%.cpu%(%)')
      helper.raises(function() py.share(needs) end, '%.detach%(%)%.cpu%(%)')
      assert.equal(1, py.eval(needs:detach():cpu())[1])
      assert.equal(2, py.eval(needs:sum()))
    end)

    it_with.torch('elements that no tensor has are an error', function(pytorch)
      local e = helper.raises(function()
        py.eval(pytorch.ones(2, py.kwargs { dtype = pytorch.bfloat16 }))
      end, 'bfloat16')
      assert.truthy(e:find('.float()', 1, true))
      helper.raises(function()
        py.eval(pytorch.ones(2, py.kwargs { dtype = pytorch.complex64 }))
      end, 'complex64')
    end)

    it_with.torch('the memory lives as long as either side', function(pytorch)
      local t = py.eval(pytorch.arange(1000))
      helper.collect()
      assert.equal(999, t[1000])
      local there = pytorch.from_numpy(t)
      t = nil -- luacheck: ignore
      helper.collect()
      assert.equal(499500, py.eval(there:sum()))
    end)
  end)
end)
