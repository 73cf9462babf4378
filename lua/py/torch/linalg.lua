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

-- Gives `result` what was computed. Matrices lie column by column, as LAPACK
-- leaves them.
local function store(result, computed)
  local rows, columns = computed:dim() == 2 and computed:size(1),
    computed:dim() == 2 and computed:size(2)
  if rows then
    geometry.resize(result, { rows, columns }, { 1, rows })
  else
    geometry.resize_as(result, computed)
  end
  if computed:dim() > 0 then result:copy(computed) end
end

-- Rows: name, words of the results, words of the arguments, check.
local ROWS = {
  { 'gesv', 'O O', 'T T', system },
  { 'gels', 'O O', 'T T', overdetermined },
  { 'trtrs', 'O O', 'T T o:UL=U o:NT=N o:NU=N', system },
  { 'symeig', 'O O', 'T o:NV=N o:UL=U', square },
  { 'eig', 'O O', 'T o:NV=N', square },
  { 'svd', 'O O O', 'T o:AS=S', matrix },
  { 'inverse', 'O', 'T', square },
  { 'potrf', 'O', 'T o:UL=U', square },
  { 'potrs', 'O', 'T T o:UL=U', system },
  { 'potri', 'O', 'T o:UL=U', square },
  { 'pstrf', 'O OJ', 'T o:UL=U n=-1', square },
  { 'qr', 'O O', 'T', matrix },
  { 'geqrf', 'O O', 'T', matrix },
  { 'orgqr', 'O', 'T T', matrix },
  { 'ormqr', 'O', 'T T T o:LR=L o:NT=N', matrix },
}

-- Those that take one matrix are checked on their first argument.
local function check_first(check)
  return function(a) check(nil, a) end
end

local function run(name, n, check)
  return function(...)
    local results, arguments = {}, { select(n + 1, ...) }
    for i = 1, n do results[i] = (select(i, ...)) end
    check(arguments[1], arguments[2])
    local computed = engine.number(helpers[name], (table.unpack or unpack)( -- luacheck: ignore
      arguments, 1, select('#', ...) - n))
    for i = 1, n do store(results[i], computed[i]) end
    return (table.unpack or unpack)(results, 1, n) -- luacheck: ignore
  end
end

return function(_, add)
  for _, row in ipairs(ROWS) do
    local name, results, arguments, check = row[1], row[2], row[3], row[4]
    local _, n = results:gsub('O', '')
    if check == square or check == matrix then check = check_first(check) end
    local f = run(name, n, check)
    add(name, {
      results .. ' ' .. arguments, f,
      results:gsub('O', 'X') .. ' ' .. arguments, f,
    }, REAL, 'function')
  end
end
