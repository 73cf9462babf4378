-- SPDX-License-Identifier: MIT
-- Contract section 6: the tables of docs/tensors.md, row by row, for each
-- element type, with the tensors that there are (real Torch7 or the built-in
-- ones; where both are, tensor_providers_spec.lua runs this file again).

local helper = require 'spec.helper'

local function skip(why) pending(why) end
local it = helper.it_with('numpy', it, skip)

-- The tables of the page: a list of {title =, rows = {{cell, ...}, ...}}.
local function read_tables(path)
  local tables, current, heading = {}, nil, nil
  for line in assert(io.open(path)):lines() do
    heading = line:match '^## (.*)' or heading
    if line:find '^|' then
      local cells = {}
      for cell in line:sub(2):gmatch '%s*(.-)%s*|' do
        cells[#cells + 1] = cell:match '^`(.*)`$' or cell
      end
      if not current then
        current = { title = heading, rows = {} }
        tables[#tables + 1] = current
      elseif not line:find '^|%-' then
        current.rows[#current.rows + 1] = cells
      end
    else
      current = nil
    end
  end
  return tables
end

local tables = read_tables 'docs/tensors.md'
local TYPES, REFUSED = tables[1].rows, tables[2].rows
local FROM_PYTHON, FROM_LUA = tables[3].rows, tables[4].rows

describe('tensors', function()
  local py, torch, np
  local PREPARE = [[
    import numpy as np

    def strided(array, shape, strides):
        return np.lib.stride_tricks.as_strided(array, shape, strides)

    def read_only(array):
        array.flags.writeable = False
        return array
  ]]

  setup(function()
    py = require 'py'
    if not helper.has 'numpy' then return end
    torch = require 'py.torch'
    np = py.import 'numpy'
    py.exec(PREPARE)
  end)

  -- The fields `__main__` gets in each test go again.
  helper.no_leaks(setup, teardown, after_each)
  before_each(function()
    if np then py.exec(PREPARE) end
  end)

  local function constructor(typename) return torch[typename:match '%.(.*)'] end

  -- The array of a row's expression, for one element type.
  local function array(expression, dtype)
    return py.reval(expression, { D = dtype, size = np.dtype(dtype).itemsize })
  end

  local function typename(value)
    local of = torch.typename or require('py.core')._tensor().typename
    return of(value)
  end

  -- A vector that lies in the tensor, to read and write its first element.
  local function first_vector(t)
    while t:dim() > 1 do t = t:select(1, 1) end
    return t
  end

  -- The number that has to arrive: bool and 0-d arrays know only 0 and 1.
  local function number(dtype) return dtype == 'bool' and 1 or 5 end

  -- Fails unless writing on one side shows on the other.
  local function assert_shared(t, a, dtype)
    local vector, value = first_vector(t), number(dtype)
    vector[1] = 0
    assert.equal(0, py.eval(py.int(a.flat[0])))
    py.setitem(a.flat, 0, value)
    assert.equal(value, vector[1])
  end

  local function assert_copied(t, a, dtype)
    local before, vector = py.eval(py.int(a.flat[0])), first_vector(t)
    assert.equal(before, vector[1])
    vector[1] = before == 0 and number(dtype) or 0
    assert.equal(before, py.eval(py.int(a.flat[0])))
  end

  local function assert_same_shape(t, a)
    local shape = py.eval(a.shape)
    assert.equal(#shape, t:dim())
    for d, size in ipairs(shape) do assert.equal(size, t:size(d)) end
  end

  local function one_byte(dtype) return py.eval(np.dtype(dtype).itemsize) == 1 end

  -- What a cell promises, without the footnote for one-byte elements.
  local function promise(cell, dtype)
    local plain, note = cell:match '^(.-) ?([¹²]*)$'
    if cell:find '¹' then
      plain = cell:gsub(' ¹', '')
      return one_byte(dtype) and 'shared' or plain
    end
    return (cell:gsub(' ²', '')), plain and note
  end

  describe('from Python', function()
    for _, row in ipairs(FROM_PYTHON) do
      local name, expression, evaluated, shared =
        row[1], row[2], row[3], row[4]

      local function check(dtype, tensor_type)
        local a = array(expression, dtype)
        local how = promise(evaluated, dtype)
        local t = py.eval(a)
        if how == 'number' then
          if dtype == 'bool' then
            assert.equal(true, t)
          else
            assert.equal(1, t)
          end
        elseif how == 'reference' then
          assert.is_true(helper.is_ref(t))
        elseif how == 'empty' then
          assert.equal(tensor_type, typename(t))
          assert.equal(0, t:nElement())
          assert.equal(0, t:dim())
        else
          assert.equal(tensor_type, typename(t))
          assert_same_shape(t, a)
          local assert_how = how == 'shared' and assert_shared or assert_copied
          assert.is_true(how == 'shared' or how == 'copied')
          assert_how(t, a, dtype)
        end
      end

      local function check_share(dtype)
        local a = array(expression, dtype)
        local how = promise(shared, dtype)
        if how == 'shared' then
          assert_shared(py.share(a), a, dtype)
        elseif how == 'empty' then
          assert.equal(0, py.share(a):nElement())
        else
          local text, e = helper.raises(function() py.share(a) end)
          assert.truthy(text:find(how, 1, true))
          assert.truthy(text:find 'py%.share')
          if how ~= 'TypeError' then
            assert.equal('ValueError', e.type)
            assert.truthy(text:find(py.eval(py.str(a.dtype)), 1, true))
            assert.truthy(text:find(py.eval(py.str(a.shape)), 1, true))
            assert.truthy(text:find(py.eval(py.str(a.strides)), 1, true))
          end
        end
      end

      it(name .. ' for py.eval: ' .. evaluated, function()
        for _, type_row in ipairs(TYPES) do check(type_row[1], type_row[2]) end
      end)

      it(name .. ' for py.share: ' .. shared, function()
        for _, type_row in ipairs(TYPES) do check_share(type_row[1]) end
      end)
    end

    for _, row in ipairs(REFUSED) do
      local dtype, how, way_out = row[1], row[2], row[3]

      it(('elements of type %s: %s'):format(dtype, how), function()
        local a = array('np.ones(3, D)', 'int64'):astype(dtype)
        if how == 'table' then
          local values = py.eval(a)
          assert.equal('table', type(values))
          assert.equal(3, #values)
          assert.equal('1', tostring(values[3]))
          return
        end
        local text, e = helper.raises(function() py.eval(a) end)
        assert.equal('TypeError', e.type)
        assert.truthy(text:find(py.eval(py.str(a.dtype)), 1, true))
        assert.truthy(text:find(way_out, 1, true))
        helper.raises(function() py.share(a) end, 'TypeError')
        local list = py.eval('[a, 1]', { a = a })
        assert.is_true(helper.is_ref(list[1]))
        assert.equal(1, list[2])
      end)
    end
  end)

  describe('from Lua', function()
    for _, row in ipairs(FROM_LUA) do
      local name, expression, shape, strides = row[1], row[2], row[3], row[4]

      it(name, function()
        for _, type_row in ipairs(TYPES) do
          local dtype, T = type_row[1], constructor(type_row[2])
          if dtype ~= 'bool' then
            local make = assert((loadstring or load)(
              'local T = ...; return ' .. expression))
            local t = make(T)
            local a = py.ref(t)
            assert.equal(dtype, py.eval(a.dtype.name))
            assert.equal(shape, py.eval(py.str(a.shape)))
            if strides ~= '' then -- NumPy's own affair where nothing lies
              assert.equal(strides, py.eval(
                'str(tuple(s // a.itemsize for s in a.strides))', { a = a }))
            end
            assert.is_true(py.eval('a.flags.writeable', { a = a }))
            if py.len(a) > 0 and t.dim then assert_shared(t, a, dtype) end
            if py.len(a) > 0 then
              assert.is_false(py.is(a.base, py.None))
              py.exec('a.flags.writeable = False; a.flags.writeable = 1',
                { a = a })
            end
          end
        end
      end)
    end
  end)

  describe('and NumPy', function()
    it('numbers are numbers', function()
      for _, row in ipairs(TYPES) do
        local scalar = py.reval('np.dtype(D).type(1)', { D = row[1] })
        if row[1] == 'bool' then
          assert.equal(true, py.eval(scalar))
        else
          assert.equal(1, py.eval(scalar))
        end
      end
      assert.equal(7, py.eval 'np.uint16(7)')
      assert.is_true(helper.is_ref(py.eval 'np.complex64(1)'))
      assert.is_true(helper.is_ref(py.eval 'np.timedelta64(1, "s")'))
      assert.is_true(helper.is_ref(py.eval 'np.datetime64("2020-01-01")'))
    end)

    it('no digit of a large integer is lost', function()
      local big = py.eval 'np.uint64(2**64 - 1)'
      assert.equal('18446744073709551615', py.eval(py.str(big)))
    end)

    it('results of functions are tensors', function()
      local t = torch.DoubleTensor(3)
      py.ref(t):fill(2)
      local u = py.eval(np.multiply(t, 3))
      assert.equal('torch.DoubleTensor', typename(u))
      assert.equal(6, u[3])
    end)

    it('py.bool views a ByteTensor as a mask', function()
      local t, values = torch.ByteTensor(3), torch.DoubleTensor(3)
      for i = 1, 3 do t[i], values[i] = i % 2, 10 * i end
      local mask = py.bool(t)
      assert.equal('bool', py.eval(mask.dtype.name))
      local chosen = py.eval(py.getitem(values, mask))
      assert.equal(2, chosen:size(1))
      assert.equal(30, chosen[2])
      t[2] = 1
      assert.equal(3, py.eval(py.int(mask:sum())))
    end)

    it('tensors lie in containers', function()
      local t = torch.FloatTensor(2)
      t[1], t[2] = 1, 2
      local back = py.eval('{"x": [t], "n": t.sum()}', { t = t })
      assert.equal('torch.FloatTensor', typename(back.x[1]))
      t[2] = 9
      assert.equal(9, back.x[1][2])
      assert.equal(3, back.n)
    end)

    it('the same array twice gives tensors on one memory', function()
      local a = py.reval 'np.zeros(4)'
      local one, two = py.eval(a), py.eval(a)
      one[2] = 5
      assert.equal(5, two[2])
    end)

    -- 1 GiB that nobody touches: to read it once takes longer than all of this.
    it('share in constant time, both ways', function()
      local a = py.reval 'np.zeros(2 ** 27)'
      local clock = os.clock()
      for _ = 1, 100 do
        local t = py.eval(a)
        assert.equal(2 ^ 27, py.len(t))
      end
      assert.is_true(os.clock() - clock < 2)
    end)

    it('integers wrap as in C', function()
      local t = torch.ByteTensor(2)
      t[1] = 300
      assert.equal(44, t[1])
      t[2] = -1
      assert.equal(255, t[2])
    end)

    it('halves round as in NumPy', function()
      local t = torch.HalfTensor(1)
      for _, value in ipairs { 0, 1, 1 / 3, 65504, 1e-8, 6e-8, -2049, 2051,
                               0.00006103515625, math.huge } do
        t[1] = value
        assert.equal(py.eval('float(np.float16(x))', { x = value }), t[1])
      end
      t[1] = 1e6
      assert.equal(math.huge, t[1])
      t[1] = 0 / 0
      assert.is_true(t[1] ~= t[1])
    end)
  end)
end)
