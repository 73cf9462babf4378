/* SPDX-License-Identifier: MIT */
/* In a Python host Lua prints through Python's streams.  io.stdout and
 * io.stderr are stand-ins, which the functions of `io` know; real files stay
 * what they are.  In C because each new Lua state gets all of it. */
#include "object/lua_output.h"

#include "object/door.h"

#define STATE(L) ((struct lp_state *)lua_touserdata(L, lua_upvalueindex(1)))

enum { STDOUT = 1, STDERR = 2 };

/* Keys in the registry: the metatable of the stand-ins, and what io.output
 * has set. */
static const char stream_key = 's', output_key = 'o';

/* ---- writing ---- */

/* [-0, +0, e] Call a function of pyhelper._output: write(descriptor, text),
 * or flush(descriptor) where there is no text. */
static int
to_python(struct lp_state *S, lua_State *L, int descriptor, const char *text,
          size_t n)
{
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    lp_cross_unlock(&x);
    PyObject *module = PyImport_ImportModule("pyhelper._output");
    PyObject *result = NULL;
    if (module != NULL) {
        result = text != NULL
                     ? PyObject_CallMethod(module, "write", "iy#", descriptor,
                                           text, (Py_ssize_t)n)
                     : PyObject_CallMethod(module, "flush", "i", descriptor);
    }
    Py_XDECREF(module);
    int done = result != NULL ? 0 : -1;
    Py_XDECREF(result);
    lp_cross_lock(&x);
    return lp_door_close(&x, done, 0);
}

/* The text on top of the stack. */
static void
write_top_or_jump(struct lp_state *S, lua_State *L, int descriptor)
{
    size_t n;
    const char *text = lua_tolstring(L, -1, &n);
    to_python(S, L, descriptor, text, n);
}

/* Upvalues: state, Lua's own tostring. */
static int
print(lua_State *L)
{
    luaL_Buffer text;
    int n = lua_gettop(L);
    luaL_buffinit(L, &text);
    for (int i = 1; i <= n; i++) {
        if (i > 1) {
            luaL_addchar(&text, '\t');
        }
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_pushvalue(L, i);
        lua_call(L, 1, 1);
        if (lua_type(L, -1) != LUA_TSTRING) {
            return luaL_error(L, "'tostring' must return a string to 'print'");
        }
        luaL_addvalue(&text);
    }
    luaL_addchar(&text, '\n');
    luaL_pushresult(&text);
    write_top_or_jump(STATE(L), L, STDOUT);
    return 0;
}

/* ---- a stand-in ---- */

/* Its descriptor, or 0 if the value at `index` is something else. */
static int
descriptor_at(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA ||
        lua_rawlen(L, index) != sizeof(int) || !lua_getmetatable(L, index)) {
        return 0;
    }
    lp_rawgetp(L, LUA_REGISTRYINDEX, &stream_key);
    int ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return ours ? *(const int *)lua_touserdata(L, index) : 0;
}

static int
check_stream_or_jump(lua_State *L, const char *method)
{
    int descriptor = descriptor_at(L, 1);
    if (descriptor == 0) {
        luaL_error(L, "bad argument #1 to '%s' (FILE* expected, got %s)",
                   method, luaL_typename(L, 1));
    }
    return descriptor;
}

/* [-0, +0, e] Write the arguments from `first` on. */
static void
write_arguments_or_jump(lua_State *L, int descriptor, int first)
{
    int n = lua_gettop(L) - first + 1;
    for (int i = 1; i <= n; i++) {
        int type = lua_type(L, first + i - 1);
        if (type != LUA_TNUMBER && type != LUA_TSTRING) {
            luaL_error(L,
                       "bad argument #%d to 'write' (string expected, got %s)",
                       i, lua_typename(L, type));
        }
    }
    lua_concat(L, n); /* of one number it is that number */
    write_top_or_jump(STATE(L), L, descriptor);
}

static int
stream_write(lua_State *L)
{
    int descriptor = check_stream_or_jump(L, "write");
    lua_pushvalue(L, 1); /* the result: the rest becomes one string */
    lua_insert(L, 1);
    write_arguments_or_jump(L, descriptor, 3);
    lua_settop(L, 1);
    return 1;
}

static int
stream_flush(lua_State *L)
{
    int descriptor = check_stream_or_jump(L, "flush");
    lua_settop(L, 1);
    to_python(STATE(L), L, descriptor, NULL, 0);
    return 1;
}

static int
fail(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

static int
stream_close(lua_State *L)
{
    return fail(L, "standard streams stay open");
}

static int
stream_seek(lua_State *L)
{
    enum { NO_SEEK = 29 }; /* ESPIPE */
    fail(L, "Illegal seek");
    lua_pushinteger(L, NO_SEEK);
    return 3;
}

static int
stream_setvbuf(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

static int
stream_read(lua_State *L)
{
    enum { NO_INPUT = 9 }; /* EBADF */
    fail(L, "this stream is for output");
    lua_pushinteger(L, NO_INPUT);
    return 3;
}

static int
stream_tostring(lua_State *L)
{
    lua_pushstring(L, descriptor_at(L, 1) == STDERR ? "file (Python sys.stderr)"
                                                    : "file (Python sys.stdout)");
    return 1;
}

/* ---- functions of the library io ---- */

/* io.output([file or name]); upvalue 2: io.open */
static int
io_output(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING) {
        lua_pushvalue(L, lua_upvalueindex(2));
        lua_insert(L, 1);
        lua_pushliteral(L, "w");
        lua_call(L, 2, 2);
        if (!lua_toboolean(L, 1)) {
            luaL_where(L, 1);
            lua_insert(L, 2);
            lua_concat(L, 2);
            return lua_error(L);
        }
        lua_settop(L, 1);
    }
    if (!lua_isnil(L, 1)) {
        lua_pushvalue(L, 1);
        lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &output_key);
    }
    lp_rawgetp(L, LUA_REGISTRYINDEX, &output_key);
    return 1;
}

static int
io_write(lua_State *L)
{
    lp_rawgetp(L, LUA_REGISTRYINDEX, &output_key);
    lua_insert(L, 1);
    int descriptor = descriptor_at(L, 1);
    if (descriptor != 0) {
        write_arguments_or_jump(L, descriptor, 2);
        lua_settop(L, 1);
        return 1;
    }
    lua_getfield(L, 1, "write");
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* io.close([file]); upvalue 2: Lua's own */
static int
io_close(lua_State *L)
{
    lua_settop(L, 1);
    if (!lua_toboolean(L, 1)) {
        lp_rawgetp(L, LUA_REGISTRYINDEX, &output_key);
        lua_replace(L, 1);
    }
    if (descriptor_at(L, 1) != 0) {
        return stream_close(L);
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* io.type(value); upvalue 2: Lua's own */
static int
io_type(lua_State *L)
{
    lua_settop(L, 1);
    if (descriptor_at(L, 1) != 0) {
        lua_pushliteral(L, "file");
        return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

/* ---- a new state ---- */

static const luaL_Reg methods[] = {
    {"write",   stream_write  },
    {"flush",   stream_flush  },
    {"close",   stream_close  },
    {"seek",    stream_seek   },
    {"setvbuf", stream_setvbuf},
    {"read",    stream_read   },
    {"lines",   stream_read   },
    {NULL,      NULL          },
};

/* [-0, +1, m] Push the metatable of the stand-ins. */
static void
push_metatable_or_jump(struct lp_state *S, lua_State *L)
{
    enum { N_METHODS = 7, N_FIELDS = 3 };
    lua_createtable(L, 0, N_FIELDS);
    lua_createtable(L, 0, N_METHODS);
    for (const luaL_Reg *m = methods; m->name != NULL; m++) {
        lua_pushlightuserdata(L, S);
        lua_pushcclosure(L, m->func, 1);
        lua_setfield(L, -2, m->name);
    }
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, stream_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, "FILE*");
    lua_setfield(L, -2, "__name");
}

/* [metatable on top; -0, +1, m] */
static void
push_stream_or_jump(lua_State *L, int descriptor)
{
    int *stream = lp_new_userdata(L, sizeof *stream);
    *stream = descriptor;
    lua_pushvalue(L, -2);
    lua_setmetatable(L, -2);
}

/* [table on top; -0, +0, em] Replace a function by ours, whose upvalue 2 is
 * another function of the same table. */
static void
replace_or_jump(struct lp_state *S, lua_State *L, const char *name,
                const char *used, lua_CFunction function)
{
    lua_pushlightuserdata(L, S);
    lua_getfield(L, -2, used);
    lua_pushcclosure(L, function, 2);
    lua_setfield(L, -2, name);
}

void
lp_lua_output_init_or_jump(struct lp_state *S, lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, "_G");
    replace_or_jump(S, L, "print", "tostring", print);
    lua_pop(L, 1);

    lua_getfield(L, -1, LUA_IOLIBNAME);
    push_metatable_or_jump(S, L);
    push_stream_or_jump(L, STDERR);
    lua_setfield(L, -3, "stderr");
    push_stream_or_jump(L, STDOUT);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "stdout");
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &output_key);
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &stream_key);
    replace_or_jump(S, L, "output", "open", io_output);
    replace_or_jump(S, L, "write", "open", io_write);
    replace_or_jump(S, L, "close", "close", io_close);
    replace_or_jump(S, L, "type", "type", io_type);
    lua_pop(L, 2);
}
