-- SPDX-License-Identifier: MIT
-- Runs before all spec files. Real Torch7 can be loaded only once in a process,
-- while busted forgets the modules of each file after it.
pcall(require, 'torch')
