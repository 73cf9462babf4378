-- SPDX-License-Identifier: MIT
-- `require 'fb.python'`: the module table of `py`, for scripts written for
-- Facebook's fb.python. Like it, this loads Torch where there is one.
pcall(require, 'torch')
return require 'py'
