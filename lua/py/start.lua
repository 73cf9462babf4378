-- SPDX-License-Identifier: MIT
-- Starts Python at the first use of `py`, or joins one that runs already, and
-- fills the table of functions.

local loader = require 'py.loader'

local arg = rawget(_G, 'arg') -- not in every host, and _G may be strict

-- The folder with pyhelper, which travels with this rock.
local function python_folder()
  local source = debug.getinfo(1, 'S').source
  local folder = source:match '^@(.*)[/\\][^/\\]+$'
  return folder and loader.realpath(folder .. '/python')
end

-- Errors have level 0: the message tells about the machine, not about a line.
local function choose(settings)
  local choice, message = require 'py.interpreter'.choose(settings)
  return choice or error('py: ' .. message, 0)
end

local function start_python(settings)
  local choice = choose(settings)
  local outcome, message =
    loader.start(require 'py.interpreter'.start_options(choice, arg or {}))
  if not outcome then error('py: ' .. message, 0) end
  return choice
end

-- py.config may only ask for the Python that runs, where one does.
local function check_choice(settings, running)
  local choice = choose(settings)
  if choice.prefix ~= running.prefix then
    error(('py: %s, but this process runs %s already'):format(
      choice.reason, running.executable), 0)
  end
end

-- Is this, or will it be, the prompt of lua or luajit?  That one sets its own
-- handler for Ctrl-C before each line.
local function at_prompt()
  local i = 0
  while arg and arg[i] do
    if arg[i]:find '^%-i' then return true end
    i = i - 1
  end
  local level = 2
  local info = debug.getinfo(level, 'S')
  while info do
    if info.source == '=stdin' then return true end
    level = level + 1
    info = debug.getinfo(level, 'S')
  end
  return false
end

--- Fills `py` with the functions of the default view.
return function(py, settings)
  local choice
  local runs = loader.started()
  if not runs then choice = start_python(settings) end
  local core = require 'py.core'
  core._start(python_folder(), loader.started() == 'embedded', at_prompt())
  if runs and settings.python then check_choice(settings, core._info(0)) end
  require 'py.functions'(core, py)
  if choice then -- for py.info, in whichever Lua state it is called
    core.setattr(core.import 'pyhelper._start', 'choice', choice)
  end
end
