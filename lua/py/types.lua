---@meta _
-- SPDX-License-Identifier: MIT
-- Annotations of the module `py` for editors (lua-language-server and others
-- that read its format). Nothing here runs. docs/functions.md tells more.
-- luacheck: ignore 212

---@class py
local py = {}

--- A Python object in Lua. Attributes and items are references, a call gives
--- one; both `ref.method(x)` and `ref:method(x)` call a method.
---@class py.Ref: userdata
---@field [any] any
---@overload fun(...: any): py.Ref
---@operator add(any): py.Ref
---@operator sub(any): py.Ref
---@operator mul(any): py.Ref
---@operator div(any): py.Ref
---@operator mod(any): py.Ref
---@operator pow(any): py.Ref
---@operator idiv(any): py.Ref
---@operator band(any): py.Ref
---@operator bor(any): py.Ref
---@operator bxor(any): py.Ref
---@operator shl(any): py.Ref
---@operator shr(any): py.Ref
---@operator concat(any): py.Ref
---@operator unm: py.Ref
---@operator bnot: py.Ref
---@operator len: integer

--- A Python exception in Lua. `tostring` gives both tracebacks; it also has the
--- methods of strings, and `..`.
---@class py.Error: stringlib
---@field type string           the name of its class
---@field message string        what str() of the exception gives
---@field value py.Ref          the exception
---@field traceback string      Python's traceback
---@field lua_traceback string? the Lua stack below it

---@class py.Info
---@field luapy string     the version of lua-py
---@field version string
---@field executable string
---@field library string?
---@field prefix string
---@field base_prefix string
---@field reason string   why this Python was chosen
---@field source string?  where that was said: 'LUAPY_PYTHON', …
---@field tried { what: string, why: string }[]?  what came earlier
---@field untested boolean?  newer than the tested versions
---@field numpy string
---@field tensors string?
---@field lua string

--- What converts to a Python object: anything but a table that is no list and
--- no dict.
---@alias py.Value any

--- Local variables of the code, or a reference to a dict: the namespace itself.
---@alias py.Locals table<string, py.Value> | py.Ref

-- Setting up ---------------------------------------------------------------------

--- Chooses the Python, before the first use of anything else.
---@param options { python: string }  an executable, an environment, a command
function py.config(options) end

--- What was chosen and why; prints well.
---@return py.Info
function py.info() end

---@class py.ViewOptions
---@field numbers? 'int' | 'float'
---@field strings? 'str' | 'bytes'
---@field unknown? 'reference' | 'error'
---@field results? 'reference' | 'value'

--- Another view of the same interpreter, with its own conversion rules.
---@param options? py.ViewOptions
---@return py
function py.new(options) end

-- Running code -------------------------------------------------------------------

--- Runs statements, in `__main__` or with `locals` as local variables.
---@param code string
---@param locals? py.Locals
function py.exec(code, locals) end

--- Runs a Python file as `py.exec` runs a string.
---@param path string
---@param locals? py.Locals
function py.execfile(path, locals) end

--- The value of an expression or a reference, converted to Lua.
---@param code string | py.Ref
---@param locals? py.Locals  with an expression only
---@return any
function py.eval(code, locals) end

--- The value of an expression as a reference.
---@param code string | py.Ref
---@param locals? py.Locals
---@return py.Ref
function py.reval(code, locals) end

--- Like `py.eval`, with `py.None` instead of nil at any depth.
---@param code string | py.Ref
---@param locals? py.Locals
---@return any
function py.eval_none(code, locals) end

--- `py.exec` that sees the caller's Lua variables.
---@param code string
function py.lexec(code) end

--- `py.eval` that sees the caller's Lua variables.
---@param code string
---@return any
function py.leval(code) end

--- `py.reval` that sees the caller's Lua variables.
---@param code string
---@return py.Ref
function py.lreval(code) end

--- A Python prompt in the running process, sharing `__main__`.
function py.repl() end

--- A module; a dotted name gives the leaf. With `names` these attributes of it.
---@param name string
---@param names? string[]
---@return py.Ref ...
function py.import(name, names) end

-- Making Python objects ----------------------------------------------------------

---@param value py.Value
---@return py.Ref
function py.ref(value) end

---@param value? py.Value
---@param ... py.Value  the base, for a string
---@return py.Ref
function py.int(value, ...) end

--- The old name of `int`.
---@param value? py.Value
---@param ... py.Value
---@return py.Ref
function py.long(value, ...) end

---@param value? py.Value
---@return py.Ref
function py.float(value) end

--- Truth as True or False; an array of bytes as a mask on the same memory.
---@param value? py.Value
---@return py.Ref
function py.bool(value) end

---@param value? py.Value
---@param ... py.Value  the encoding, for bytes
---@return py.Ref
function py.str(value, ...) end

--- The old name of `str`.
---@param value? py.Value
---@param ... py.Value
---@return py.Ref
function py.unicode(value, ...) end

---@param value? string | integer[] | integer | py.Ref
---@param ... py.Value  the encoding, for a str
---@return py.Ref
function py.bytes(value, ...) end

---@param value? table | string | py.Ref
---@return py.Ref
function py.list(value) end

---@param value? table | string | py.Ref
---@return py.Ref
function py.tuple(value) end

--- A dict of all fields of a table, whatever its keys.
---@param value? table | py.Ref
---@param ... py.Value  more keywords
---@return py.Ref
function py.dict(value, ...) end

---@param value? table | string | py.Ref
---@return py.Ref
function py.set(value) end

--- For use between square brackets: `ref[py.slice(1, 3)]`.
---@param start_or_stop integer | py.Ref | nil
---@param stop? integer | py.Ref
---@param step? integer | py.Ref
---@return py.Ref
function py.slice(start_or_stop, stop, step) end

--- A live Lua table for Python instead of a copy.
---@param t table
---@return py.Ref
function py.proxy(t) end

--- The one reference to None.
---@type py.Ref
py.None = nil

---@type py.Ref
py.Ellipsis = nil

--- The module `builtins`.
---@type py.Ref
py.builtins = nil

--- Marker in a call: the next argument holds positional arguments.
---@type table
py.args = nil

--- Marker in a call: the next argument holds keyword arguments. `py.kwargs{k=4}`
--- is short for `py.kwargs, {k=4}`.
---@type fun(keywords: table<string, py.Value> | py.Ref): table
py.kwargs = nil

-- Attributes and items -----------------------------------------------------------

---@param object py.Value
---@param name string
---@param default? py.Value
---@return py.Ref
function py.getattr(object, name, default) end

---@param object py.Value
---@param name string
---@param value py.Value
function py.setattr(object, name, value) end

---@param object py.Value
---@param name string
function py.delattr(object, name) end

---@param object py.Value
---@param name string
---@return boolean
function py.hasattr(object, name) end

---@param object py.Value
---@param key py.Value  indexes start at 0
---@return py.Ref
function py.getitem(object, key) end

---@param object py.Value
---@param key py.Value
---@param value py.Value
function py.setitem(object, key, value) end

---@param object py.Value
---@param key py.Value
function py.delitem(object, key) end

--- Python's `item in object`.
---@param object py.Value
---@param item py.Value
---@return boolean
function py.contains(object, item) end

-- Questions ----------------------------------------------------------------------

---@param object py.Value
---@return integer
function py.len(object) end

---@param object py.Value
---@param class py.Ref  a class or a tuple of classes
---@return boolean
function py.isinstance(object, class) end

---@param object py.Value
---@return boolean
function py.callable(object) end

--- The same object?
---@param a py.Value
---@param b py.Value
---@return boolean
function py.is(a, b) end

--- Python's truth: Lua's `if` takes every reference for true.
---@param object py.Value
---@return boolean
function py.truth(object) end

---@param object py.Value
---@return string[]
function py.dir(object) end

---@param object py.Value
---@return string
function py.repr(object) end

--- What Python's help() shows.
---@param object py.Value
---@return string
function py.help(object) end

---@param object py.Value
---@return py.Ref
function py.type(object) end

--- A number for use as a table key, one for each living object.
---@param object py.Ref
---@return number
function py.id(object) end

-- Comparison ---------------------------------------------------------------------

---@param a py.Value
---@param b py.Value
---@return py.Ref
function py.eq(a, b) end

---@param a py.Value
---@param b py.Value
---@return py.Ref
function py.ne(a, b) end

---@param a py.Value
---@param b py.Value
---@return py.Ref
function py.lt(a, b) end

---@param a py.Value
---@param b py.Value
---@return py.Ref
function py.le(a, b) end

---@param a py.Value
---@param b py.Value
---@return py.Ref
function py.gt(a, b) end

---@param a py.Value
---@param b py.Value
---@return py.Ref
function py.ge(a, b) end

-- Loops and contexts -------------------------------------------------------------

--- For `for`: the items as references, or converted with 'eval'.
---@param object py.Value
---@param mode? 'eval'
---@return fun(iterator: py.Ref): any
---@return py.Ref iterator
function py.iter(object, mode) end

--- The items as Lua results; None is nil, the count is exact.
---@param object py.Value
---@return any ...
function py.unpack(object) end

--- Calls f(value) inside a context manager; `value` is what __enter__ gave.
---@param context py.Ref
---@param f fun(value: py.Ref): any
---@return any ...
function py.with(context, f) end

-- Lua for Python -----------------------------------------------------------------

---@class py.FuncOptions
---@field name? string
---@field doc? string
---@field kwargs? boolean  keyword arguments come as a last table
---@field signature? string  such as '(a, b=2)'

--- A Lua function as a Python callable.
---@param f function
---@param options? py.FuncOptions
---@return py.Ref
function py.func(f, options) end

--- A Python class with Lua methods.
---@param name string
---@param bases? py.Ref | py.Ref[]
---@param methods? table<string, any>
---@return py.Ref
function py.class(name, bases, methods) end

---@class py.Converter
---@field type? string | py.Ref  a class or its dotted name, with to_lua
---@field to_lua? fun(object: py.Ref): any
---@field metatable? table  with to_python
---@field to_python? fun(value: any): py.Value

--- A converter of this view.
---@param spec py.Converter
function py.register(spec) end

-- Memory -------------------------------------------------------------------------

--- Releases now what references hold.
---@param ref py.Ref
---@param ... py.Ref
function py.close(ref, ...) end

--- Calls f(...) and closes the references that it made, but for its results.
---@param f fun(...: any): any
---@param ... any
---@return any ...
function py.scope(f, ...) end

--- Collects the garbage of both languages.
function py.collect() end

--- How many references to Python objects Lua has, and Lua values Python has.
---@return integer references
---@return integer values
function py.live() end

--- A tensor on the memory of an array, or an error that says why not.
---@param ref py.Ref
---@return any tensor
function py.share(ref) end

-- Errors -------------------------------------------------------------------------

--- Is it an error object, of this class or a subclass?
---@param value any
---@param class? py.Ref | string
---@return boolean
function py.is_error(value, class) end

return py
