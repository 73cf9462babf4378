-- SPDX-License-Identifier: MIT
std = 'min'
max_line_length = 100
cache = 'build/luacheck'
-- Methods take self by the way they are called, used or not.
self = false
-- What some versions have, for code that asks before it uses it.
read_globals = {
   math = { fields = { 'tointeger', 'type' } },
   table = { fields = { 'unpack' } },
}

files['spec'] = { std = 'max+busted' }
files['examples'] = { std = 'max' }
files['rockspec'] = { std = '+rockspec' }
