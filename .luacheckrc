-- SPDX-License-Identifier: MIT
std = 'min'
max_line_length = 100
cache = 'build/luacheck'

files['spec'] = { std = 'max+busted' }
files['examples'] = { std = 'max' }
files['rockspec'] = { std = '+rockspec' }
