-- SPDX-License-Identifier: MIT
-- Small functions of `torch` that have no other place.

local errors = require 'py.torch.errors'
local tensors = require 'py.torch.core'

local py = require 'py'

return function(torch)
  local clock = tensors.lasting 'time'.time

  --- Seconds since the epoch, to give to toc.
  function torch.tic() return py.eval(clock()) end

  --- Seconds since `start`.
  function torch.toc(start)
    return py.eval(clock()) - errors.number(start, 1)
  end

  local threads
  local function cores()
    return py.eval(py.import 'os'.cpu_count())
  end
  function torch.getnumcores() return cores() end

  --- How many threads NumPy's BLAS may use is its own decision; the number is
  --- kept for scripts that ask for what they set.
  function torch.setnumthreads(n) threads = errors.integer(n, 1) end
  function torch.getnumthreads() return threads or cores() end

  function torch.isatty(file)
    local name = file == io.stdin and 'stdin' or file == io.stderr and 'stderr'
      or file == io.stdout and 'stdout'
    return name ~= nil and py.eval(py.import 'os'.isatty(
      name == 'stdin' and 0 or name == 'stdout' and 1 or 2))
  end

  --- The folder of a Lua package, or of this library.
  function torch.packageLuaPath(name)
    name = name or 'py.torch'
    for template in package.path:gmatch '[^;]+' do
      local path = template:gsub('%?', (name:gsub('%.', '/')))
      local file = io.open(path)
      if file then
        file:close()
        return path:match '^(.*)[/\\]'
      end
    end
  end

  --- Runs a file of a package.
  function torch.include(package_name, file)
    dofile(torch.packageLuaPath(package_name) .. '/' .. file)
  end

  --- Runs a file beside the one that calls; a global, as Torch7 has it.
  if rawget(_G, 'include') == nil then
    rawset(_G, 'include', function(file, depth)
      local source = debug.getinfo(2 + (depth or 0), 'S').source
      local folder = source:match '^@(.*[/\\])[^/\\]*$' or ''
      return dofile(folder .. file)
    end)
  end

  -- Nothing to track: memory is NumPy's, and collected when Python says so.
  function torch.setheaptracking(on) torch._heaptracking = on end
  function torch.updateerrorhandlers() end
  function torch.updatethreadlocals() end

  --- Userdata of the core are made by constructors only.
  function torch.metatype()
    errors.raise 'could not register cdata type -- missing ffi library?'
  end

  --- A function is all that a test run needs; see tester.lua.
  function torch.test() errors.raise 'torch.test is the test of Torch7 itself' end
end
