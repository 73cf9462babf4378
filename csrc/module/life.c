/* SPDX-License-Identifier: MIT */
/* Lifetimes: close, collect, live. */
#include "module/module.h"
#include "object/door.h"

/* [Lua lock] Close the references 1 to n but py.None, at n + 1, which belongs to
 * everybody. */
static void
close_all(lua_State *L, struct lp_state *S, int n, int has_gil)
{
    for (int i = 1; i <= n; i++) {
        struct lp_handle *h = lp_to_ref(L, i);
        if (h->obj != NULL && !lua_rawequal(L, i, n + 1)) {
            if (has_gil) {
                lp_discount_foreign(S, h->obj);
            }
            lp_ref_close(S, L, i);
        }
    }
}

/* close(ref, ...): release now instead of at collection. */
static int
py_close(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    int n = lua_gettop(L);
    if (n == 0) {
        return luaL_error(L, "py.close: argument #1 is missing");
    }
    for (int i = 1; i <= n; i++) {
        if (lp_to_ref(L, i) == NULL) {
            return luaL_error(L, "py.close: bad argument #%d (reference to "
                                 "a Python object expected, got %s)",
                              i, luaL_typename(L, i));
        }
    }
    lp_push_slot(S, L, LP_SLOT_NONE);
    if (!lp_python_alive) {
        close_all(L, S, n, 0);
        return 0;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    close_all(L, S, n, 1);
    lp_cross_unlock(&x); /* runs the releases */
    lp_cross_lock(&x);
    lp_cross_end(&x);
    return 0;
}

/* collect(): both heaps, until what one releases in the other is gone too. */
static int
py_collect(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    enum { ROUNDS = 3 };
    for (int i = 0; i < ROUNDS; i++) {
        lua_gc(L, LUA_GCCOLLECT, 0);
        struct lp_cross x;
        lp_cross_begin_or_jump(&x, S, L);
        lp_cross_unlock(&x);
        PyObject *gc_collect = lp_import_attr("gc", "collect");
        PyObject *n = gc_collect != NULL
                          ? PyObject_CallObject(gc_collect, NULL)
                          : NULL;
        Py_XDECREF(gc_collect);
        int failed = n == NULL;
        Py_XDECREF(n);
        lp_cross_lock(&x);
        if (failed) {
            return lp_door_close(&x, -1, 0);
        }
        if (S->n_unrefs > 0) {
            lp_drain_unrefs(S, L);
        }
        lp_cross_end(&x);
    }
    return 0;
}

/* live() -> references to Python objects in Lua, Lua objects in Python */
static int
py_live(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    lua_pushinteger(L, (lua_Integer)S->n_refs);
    lua_pushinteger(L, (lua_Integer)S->n_handles);
    return 2;
}

/* _set_scope(table or nil) -> the one that the caller is in, or nil: new
 * references are noted as keys of the table, for py.scope.  A table that is
 * new belongs to the thread and coroutine of the caller. */
static int
set_scope(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    lua_settop(L, 1);
    if (!lp_push_scope(L, S)) {
        lua_pushnil(L);
    }
    int in_scope = lua_istable(L, 1);
    const void *thread = NULL;
    if (in_scope) {
        lua_rawgeti(L, 1, LP_SCOPE_THREAD);
        thread = lua_touserdata(L, -1);
        lua_pop(L, 1);
        if (thread == NULL) { /* a new one */
            thread = &lp_this_thread;
            lua_pushthread(L);
            lua_rawseti(L, 1, LP_SCOPE_COROUTINE);
            lua_pushlightuserdata(L, &lp_this_thread);
            lua_rawseti(L, 1, LP_SCOPE_THREAD);
        }
        lua_pushvalue(L, 1);
    }
    else {
        lua_pushboolean(L, 0);
    }
    lp_set_slot_or_jump(S, L, LP_SLOT_SCOPE);
    S->in_scope = in_scope;
    S->scope_thread = thread;
    return 1;
}

/* _as_exception(error value) -> reference to the exception it is, or to the
 * LuaError that it becomes in Python */
static int
as_exception(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_view *view = LP_VIEW(L);
    lua_settop(L, 1);
    lp_new_ref_or_jump(L, S, view);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    lua_pushvalue(L, 1);
    lp_error_from_lua(S, L, LUA_ERRRUN, NULL);
    int n = lp_push_result(&x, lp_take_raised(), view, LP_AS_REF, 2);
    return lp_door_close(&x, n, 2);
}

static const luaL_Reg functions[] = {
    {"close",         py_close    },
    {"collect",       py_collect  },
    {"live",          py_live     },
    {"_set_scope",    set_scope   },
    {"_as_exception", as_exception},
    {NULL,            NULL        },
};

void
lp_module_life(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
}
