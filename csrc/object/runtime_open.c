/* SPDX-License-Identifier: MIT */
#include "object/runtime_open.h"

#include <string.h>

#include "convert/options.h"
#include "cross/error.h"
#include "handle/py_handle.h"
#include "object/lua_output.h"

struct lp_view *
lp_runtime_view_or_jump(struct lp_state *S, lua_State *L,
                        const struct lp_runtime_options *o)
{
    struct lp_view *view = lp_view_new_or_jump(S, L, 0);
    view->python_first = view->by_value = 1;
    view->strings_bytes = (unsigned)o->bytes;
    view->unpack_tuples = (unsigned)o->unpack;
    strncpy(view->encoding, o->encoding, sizeof view->encoding - 1);
    view->filter = o->filter;
    view->getter = o->getter;
    view->setter = o->setter;
    view->overflow = o->overflow;
    Py_XINCREF(o->filter);
    Py_XINCREF(o->getter);
    Py_XINCREF(o->setter);
    Py_XINCREF(o->overflow);
    return view;
}

/* ---- what Lua code finds ---- */

static int
is_luajit(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, "jit");
    int found = lua_istable(L, -1);
    lua_pop(L, 2);
    return found;
}

/* getmetatable(reference) gives what a program may ask (is there __call?),
 * as a copy that it can do no harm with. */
static void
show_metatable_or_jump(struct lp_state *S, lua_State *L)
{
    enum { MANY = 32 }; /* fields: room for all of them at once */
    lp_push_slot(S, L, LP_SLOT_REF_MT);
    lua_createtable(L, 0, MANY);
    lua_pushnil(L);
    while (lua_next(L, -3) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushnil(L);
    lua_setfield(L, -2, "__gc");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

static int
refuse(lua_State *L)
{
    return luaL_error(L,
                      "require '%s': this LuaRuntime was made with "
                      "register_eval=False or register_builtins=False, which "
                      "refuse it",
                      lua_tostring(L, 1));
}

/* [table `package` on top; -0, +0, em] */
static void
add_path_or_jump(lua_State *L, const char *name, const char *entries)
{
    lua_pushstring(L, entries);
    lua_getfield(L, -2, name);
    lua_concat(L, 2);
    lua_setfield(L, -2, name);
}

/* The way to `require 'py'`: its Lua files, and the core that runs already. */
static void
prepare_require_or_jump(lua_State *L, const struct lp_runtime_parts *parts,
                        const struct lp_runtime_options *o)
{
    static const char *const refused[] = {"py", "py.core", "py.start",
                                          "fb.python", "py.torch", NULL};
    lua_getfield(L, -1, LUA_LOADLIBNAME);
    add_path_or_jump(L, "path", o->path);
    add_path_or_jump(L, "cpath", o->cpath);
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, parts->open_core);
    lua_setfield(L, -2, "py.core");
    for (int i = 0; o->no_python && refused[i] != NULL; i++) {
        lua_pushcfunction(L, refuse);
        lua_setfield(L, -2, refused[i]);
    }
    lua_pop(L, 2);
}

/* ---- opening ---- */

struct opening {
    const struct lp_runtime_parts *parts;
    const struct lp_runtime_options *options;
    struct lp_state *S;
};

/* In one protected call: a fresh Lua state has nobody else to catch what it
 * raises. */
static int
open_body(lua_State *L)
{
    struct opening *opening = lua_touserdata(L, 1);
    const struct lp_runtime_options *o = opening->options;
    lua_gc(L, LUA_GCSTOP, 0); /* there is no garbage yet */
    luaL_openlibs(L);
    struct lp_state *S = lp_state_open_or_jump(L);
    opening->S = S;
    S->python_host = 1;
    S->luajit = (unsigned)is_luajit(L);
    S->no_python = (unsigned)o->no_python;
    S->view = lp_runtime_view_or_jump(S, L, o);
    opening->parts->init_state_or_jump(S, L);
    show_metatable_or_jump(S, L);
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lp_python_table_push_or_jump(L, S, S->view, &o->python);
    lua_pushvalue(L, -1);
    lua_setglobal(L, "python");
    lua_setfield(L, -2, "python");
    prepare_require_or_jump(L, opening->parts, o);
    lp_lua_output_init_or_jump(S, L);
    lua_gc(L, LUA_GCRESTART, -1); /* LuaJIT: the first cycle is due later */
    return 0;
}

static int
call_open(lua_State *L, struct opening *opening)
{
#if LP_LUA51
    return lua_cpcall(L, open_body, opening);
#else
    lua_pushcfunction(L, open_body); /* light: allocates nothing */
    lua_pushlightuserdata(L, opening);
    return lua_pcall(L, 1, 0, 0);
#endif
}

struct lp_state *
lp_runtime_open(const struct lp_runtime_parts *parts,
                const struct lp_runtime_options *options)
{
    struct lp_thread *t = &lp_this_thread;
    PyThreadState *old_tstate = t->tstate;
    int old_gil = t->gil;
    struct opening opening = {parts, options, NULL};
    lua_State *L = luaL_newstate();
    if (L == NULL) {
        PyErr_SetString(lp_LuaMemoryError, "no memory for a new Lua state");
        return NULL;
    }
    lp_python_started();
    t->gil = 1;
    int status = call_open(L, &opening);
    t->gil = old_gil;
    t->tstate = old_tstate;
    struct lp_state *S = opening.S;
    if (status != LUA_OK) {
        if (S != NULL && lp_to_error(L, -1) != NULL) {
            lp_error_from_lua(S, L, status, NULL); /* Python's own */
        }
        else {
            PyErr_Format(status == LUA_ERRMEM ? lp_LuaMemoryError
                                              : lp_LuaError,
                         "cannot make a Lua state: %s",
                         lua_isstring(L, -1) ? lua_tostring(L, -1) : "?");
        }
        if (S != NULL) {
            S->locked = 0;
            lp_state_close(S);
        }
        else {
            lua_close(L);
        }
        return NULL;
    }
    lua_settop(L, 0);
    S->locked = 0;
    S->main_busy = 0;
    return S;
}
