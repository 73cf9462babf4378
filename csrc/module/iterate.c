/* SPDX-License-Identifier: MIT */
/* py.iter, py.unpack and the pairs of references. */
#include <string.h>

#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "module/module.h"
#include "object/door.h"

/* One step of `for item in py.iter(...)`; upvalue 3 is the iterator, 4 says
 * whether items are converted.  None comes as py.None: nil ends the loop. */
static int
iter_next(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_handle *it = lua_touserdata(L, lua_upvalueindex(3));
    struct lp_view *view = LP_VIEW(L);
    int convert = lua_toboolean(L, lua_upvalueindex(4));
    lua_settop(L, 0);
    if (it->obj == NULL) {
        return luaL_error(L, "this iterator was closed");
    }
    int out = 0;
    if (!convert) {
        lp_new_ref_or_jump(L, S, view);
        out = 1;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *iterator = lp_handle_object(it), *item = NULL;
    if (iterator != NULL) {
        lp_cross_unlock(&x);
        item = PyIter_Next(iterator);
        Py_DECREF(iterator);
        lp_cross_lock(&x);
    }
    if (item == NULL && !PyErr_Occurred()) {
        lua_pushnil(L);
        return lp_door_close(&x, 1, out);
    }
    int n = lp_push_result(&x, item, view,
                           convert ? LP_AS_VALUE_NONE : LP_AS_REF, out);
    return lp_door_close(&x, n, out);
}

/* iter(object [, 'eval']) -> iterator function */
static int
py_iter(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_handle *h = lp_to_ref(L, 1);
    struct lp_view *view = h != NULL ? h->view : LP_VIEW(L);
    const char *mode = luaL_optstring(L, 2, "ref");
    int convert = strcmp(mode, "eval") == 0;
    if (!convert && strcmp(mode, "ref") != 0) {
        return luaL_error(L, "py.iter: bad argument #2 ('eval' or nothing "
                             "expected, got '%s')",
                          mode);
    }
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    lua_pushlightuserdata(L, S);
    lua_pushlightuserdata(L, view);
    lp_new_ref_or_jump(L, S, view); /* 4: the iterator, or the error */
    struct lp_cross x;
    int done = -1;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_to_python(S, L, 1, view), *iterator = NULL;
    if (obj != NULL) {
        lp_cross_unlock(&x);
        iterator = PyObject_GetIter(obj);
        Py_DECREF(obj);
        lp_cross_lock(&x);
    }
    if (iterator != NULL) {
        struct lp_handle *it = lua_touserdata(L, 4);
        it->obj = iterator;
        S->n_refs++;
        done = 0;
    }
    if (done < 0) {
        return lp_door_close(&x, -1, 4);
    }
    lp_cross_end(&x);
    lua_pushboolean(L, convert);
    lua_pushcclosure(L, iter_next, 4);
    return 1;
}

/* unpack(object) -> its items, converted; None is nil, the count is exact */
static int
py_unpack(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_handle *h = lp_to_ref(L, 1);
    struct lp_view *view = h != NULL ? h->view : LP_VIEW(L);
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_to_python(S, L, 1, view), *list = NULL;
    int n = -1;
    if (obj != NULL) {
        lp_cross_unlock(&x);
        list = PySequence_List(obj);
        Py_DECREF(obj);
        lp_cross_lock(&x);
    }
    if (list != NULL) {
        Py_ssize_t size = PyList_Size(list);
        enum { MAX_RESULTS = 7000 }; /* LuaJIT and 5.1 allow 8000 slots */
        if (size > MAX_RESULTS) {
            PyErr_Format(PyExc_ValueError,
                         "py.unpack: too many items (%zd, the limit is %d)",
                         size, MAX_RESULTS);
        }
        else {
            n = lp_push_items(S, L, list, view);
        }
        lp_give_up(S, list);
    }
    return lp_door_close(&x, n, 0);
}

static const luaL_Reg functions[] = {
    {"iter",   py_iter  },
    {"unpack", py_unpack},
    {NULL,     NULL     },
};

void
lp_module_iterate(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
}
