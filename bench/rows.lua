-- SPDX-License-Identifier: MIT
-- The operations that the benchmark runs in a Lua host. Each row has a name
-- and code that is run many times:
--   lua     Lua code, the same text for the bridge and for the floor; `env`
--           below says which names it finds
--   python  Python code instead, for what Python calls: `{}` in it is the
--           prefix of the bridge's or the floor's objects
--   native  Python code that does the same without any bridge
--   per     the code handles so many elements: time per element
--   needs   a name of env that the row cannot do without: else it is skipped

local NUMBERS, STRINGS, DICT = 'for i = 1, 1000 do t[i] = i / 2 end',
  "for i = 1, 1000 do t[i] = 'string number ' .. i end",
  "for i = 1, 1000 do t['key' .. i] = i end"

return {
  tables = { numbers = NUMBERS, strings = STRINGS, dict = DICT },
  { name = 'call 0', lua = 'f()', native = 'f()' },
  { name = 'call 1', lua = 'f(1)', native = 'f(1)' },
  { name = 'call 3', lua = 'f(1, 2, 3)', native = 'f(1, 2, 3)' },
  { name = 'obj:method()', lua = 'thing:method()', native = 'thing.method()' },
  { name = 'obj.method()', lua = 'thing.method()', native = 'thing.method()' },
  { name = 'ref.attr', lua = 'local _ = thing.attr', native = 'thing.attr' },
  { name = 'ref[0]', lua = 'local _ = listed[0]', native = 'listed[0]' },
  { name = 'ref + 1', lua = 'local _ = three + 1', native = 'three + 1' },
  { name = 'ref == ref', lua = 'local _ = thing == other',
    native = 'thing == other' },
  { name = 'eval constant', lua = "eval_constant('1')", native = "eval('1')" },
  { name = 'eval with locals', lua = "eval_sum('a+1', { a = 1 })",
    native = "eval('a+1', {'a': 1})" },
  { name = 'iterate list', lua = "for _ in iter(numbers, 'eval') do end",
    native = 'for _ in numbers: pass', per = 1000 },

  { name = 'Lua call 0', python = '{}_echo()', native = 'f()' },
  { name = 'Lua call 1', python = '{}_echo(1)', native = 'f(1)' },
  { name = 'Lua call 3', python = '{}_echo(1, 2, 3)', native = 'f(1, 2, 3)' },

  { name = 'numbers to Python', lua = 'take(lua_numbers)',
    native = 'numbers[:]', per = 1000 },
  { name = 'numbers to Lua', lua = 'value(numbers)', native = 'numbers[:]',
    per = 1000 },
  { name = 'strings to Python', lua = 'take(lua_strings)',
    native = 'strings[:]', per = 1000 },
  { name = 'strings to Lua', lua = 'value(strings)', native = 'strings[:]',
    per = 1000 },
  { name = 'dict to Python', lua = 'take(lua_dict)', native = 'dict(mapping)',
    per = 1000 },
  { name = 'dict to Lua', lua = 'value(mapping)', native = 'dict(mapping)',
    per = 1000 },

  { name = '1 kB to Python', lua = 'take(lua_1k)', native = 'take(text_1k)' },
  { name = '1 kB to Lua', lua = 'value(text_1k)', native = 'take(text_1k)' },
  { name = '1 MB to Python', lua = 'take(lua_1m)', native = 'take(text_1m)' },
  { name = '1 MB to Lua', lua = 'value(text_1m)', native = 'take(text_1m)' },

  { name = 'Python error in pcall', lua = 'pcall(bad)',
    native = 'try: bad()\nexcept ValueError: pass' },
  { name = 'Lua error in try',
    python = 'try: {}_fail()\nexcept Exception: pass',
    native = 'try: bad()\nexcept ValueError: pass' },

  { name = 'table t.a', python = '{}_table.a', native = 'thing.attr',
    needs = 'proxy' },
  { name = "table t['a']", python = "{}_table['a']", native = "mapping['key1']",
    needs = 'proxy' },
  { name = 'table t[1]', python = '{}_table[1]', native = 'numbers[1]',
    needs = 'proxy' },
  { name = "table t['a'] = 1", python = "{}_table['a'] = 1",
    native = "mapping['key1'] = 1", needs = 'proxy' },
  { name = 'table t[1] = 1', python = '{}_table[1] = 1',
    native = 'numbers[1] = 1.0', needs = 'proxy' },
  { name = 'iterate table', python = 'for _ in {}_numbers: pass',
    native = 'for _ in numbers: pass', per = 1000, needs = 'proxy' },
}
