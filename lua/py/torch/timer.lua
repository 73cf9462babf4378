-- SPDX-License-Identifier: MIT
-- torch.Timer: real, user and system time, with stop and resume.

local class = require 'py.torch.class'
local tensors = require 'py.torch.core'

local py = require 'py'

local FIELDS = { 'real', 'user', 'sys' }

return function(torch)
  local wall, usage

  local function now()
    if not wall then
      wall = tensors.lasting 'time'.time
      usage = tensors.lasting 'os'.times
    end
    local times = py.eval(usage())
    return { real = py.eval(wall()), user = times[1], sys = times[2] }
  end

  local function restart(timer)
    timer.total = { real = 0, user = 0, sys = 0 }
    timer.start = now()
    return timer
  end

  local Timer = class.newmetatable('torch.Timer', nil, function()
    local timer = class.setmetatable({}, 'torch.Timer')
    timer.running = true
    return restart(timer)
  end, nil, nil, torch)

  local function elapsed(timer)
    local total = {}
    local present = timer.running and now()
    for _, field in ipairs(FIELDS) do
      total[field] = timer.total[field]
        + (present and present[field] - timer.start[field] or 0)
    end
    return total
  end

  function Timer:reset() return restart(self) end

  function Timer:stop()
    self.total = elapsed(self)
    self.running = false
    return self
  end

  function Timer:resume()
    if not self.running then
      self.running, self.start = true, now()
    end
    return self
  end

  --- A table with `real`, `user` and `sys` seconds.
  function Timer:time() return elapsed(self) end

  function Timer:__tostring__()
    return ('torch.Timer [status: %s]'):format(self.running and 'running'
      or 'stopped')
  end
end
