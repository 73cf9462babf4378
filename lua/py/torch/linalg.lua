-- SPDX-License-Identifier: MIT
-- Linear algebra by LAPACK (pyhelper/_torch_linalg.py): functions only, no
-- methods, as in Torch7.

local engine = require 'py.torch.engine'
local errors = require 'py.torch.errors'
local geometry = require 'py.torch.geometry'
local tensors = require 'py.torch.core'

local helpers = tensors.helpers '_torch_linalg'
local REAL = { 'Float', 'Double' }

-- Checks, with the arguments as C counts them --------------------------------------

local function square(_, a)
  if a:dim() ~= 2 then errors.arg(1, 'A should be 2 dimensional') end
  if a:size(1) ~= a:size(2) then errors.arg(1, 'A should be square') end
end

local function matrix(_, a)
  if a:dim() ~= 2 then errors.arg(1, 'A should be 2 dimensional') end
end

local function system(b, a, any_shape)
  if a:dim() ~= 2 then
    errors.arg(2, 'A should have 2 dimensions, but has %d', a:dim())
  end
  if b:dim() ~= 1 and b:dim() ~= 2 then
    errors.arg(1, 'B should have 1 or 2 dimensions, but has %d', b:dim())
  end
  if not any_shape and a:size(1) ~= a:size(2) then
    errors.arg(2, 'A should be square, but is %dx%d', a:size(1), a:size(2))
  end
  if a:size(1) ~= b:size(1) then
    errors.arg(2, 'A,B size incompatible - A has %d rows, B has %d',
      a:size(1), b:size(1))
  end
end

local function overdetermined(b, a) system(b, a, true) end

-- Gives `result` what was computed, laid out as Torch7 leaves it: column by
-- column as LAPACK does ('c'), which may be part of longer columns, or row by
-- row ('r'). What was computed in place stays laid out as it was.
local function store(result, computed, layout, column, in_place)
  local rows = computed:size(1)
  if layout == 'c' and computed:dim() == 2 and not in_place then
    geometry.resize(result, { rows, computed:size(2) }, { 1, column or rows })
  else
    geometry.resize_as(result, computed)
  end
  result:copy(computed)
end

-- Rows: name, words of the results, words of the arguments, check, layouts,
-- and of which argument a result is the overwritten copy, if not of the first
-- as the first result.
local ROWS = {
  { 'gesv', 'O O', 'T T', system, 'cc', { 1, 2 } },
  { 'gels', 'O O', 'T T', overdetermined, 'cc', { 1, 2 } },
  { 'trtrs', 'O O', 'T T o:UL=U o:NT=N o:NU=N', system, 'cc', { 1, 2 } },
  { 'symeig', 'O O', 'T o:NV=N o:UL=U', square, 'rc', { [2] = 1 } },
  { 'eig', 'O O', 'T o:NV=N', square, 'rc', {} },
  { 'svd', 'O O O', 'T o:AS=S', matrix, 'crr', {} },
  { 'inverse', 'O', 'T', square, 'c' },
  { 'potrf', 'O', 'T o:UL=U', square, 'c' },
  { 'potrs', 'O', 'T T o:UL=U', system, 'c' },
  { 'potri', 'O', 'T o:UL=U', square, 'c' },
  { 'pstrf', 'O OJ', 'T o:UL=U n=-1', square, 'cr' },
  { 'qr', 'O O', 'T', matrix, 'cr', {} },
  { 'geqrf', 'O O', 'T', matrix, 'cr' },
  { 'orgqr', 'O', 'T T', matrix, 'c' },
  { 'ormqr', 'O', 'T T T o:LR=L o:NT=N', matrix, 'c', { 3 } },
}

-- Those that take one matrix are checked on their first argument.
local function check_first(check)
  return function(a) check(nil, a) end
end

local function run(name, n, check, layouts, copied)
  return function(...)
    local results, arguments = {}, { select(n + 1, ...) }
    for i = 1, n do results[i] = (select(i, ...)) end
    check(arguments[1], arguments[2])
    local computed = engine.number(helpers[name], (table.unpack or unpack)( -- luacheck: ignore
      arguments, 1, select('#', ...) - n))
    -- The solution of gels comes in the columns of the longer side.
    local column = name == 'gels'
      and math.max(arguments[2]:size(1), arguments[2]:size(2))
    for i = 1, n do
      if computed[i] ~= nil then
        store(results[i], computed[i], layouts:sub(i, i), i == 1 and column,
          copied[i] and rawequal(results[i], arguments[copied[i]]))
      end
    end
    return (table.unpack or unpack)(results, 1, n) -- luacheck: ignore
  end
end

return function(_, add)
  for _, row in ipairs(ROWS) do
    local name, results, arguments, check = row[1], row[2], row[3], row[4]
    local _, n = results:gsub('O', '')
    if check == square or check == matrix then check = check_first(check) end
    local f = run(name, n, check, row[5], row[6] or { 1 })
    add(name, {
      results .. ' ' .. arguments, f,
      results:gsub('O', 'X') .. ' ' .. arguments, f,
    }, REAL, 'function')
  end
end
