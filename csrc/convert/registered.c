/* SPDX-License-Identifier: MIT */
#include "convert/registered.h"

#include "cross/visit.h"
#include "convert/to_python.h"
#include "cross/error.h"
#include "cross/protect.h"

struct registered_call {
    struct lp_view *view;
    PyObject *result;
    int found;
};

/* ---- py.register{metatable=, to_python=} ---- */

static int
registered_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct registered_call *call = ctx;
    lua_settop(L, 2);
    if (!lua_getmetatable(L, 2)) {
        return 0;
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->view->converters);
    lua_insert(L, -2);
    lua_rawget(L, -2);
    if (lua_isnil(L, -1)) {
        return 0;
    }
    lua_pushvalue(L, 2);
    lp_lua_runs();
    int status = lua_pcall(L, 1, 1, 0);
    lp_lua_ran();
    if (status != LUA_OK) {
        lp_error_from_lua(S, L, status, NULL);
        return -1;
    }
    call->found = 1;
    if (lua_rawequal(L, -1, 2)) {
        PyErr_SetString(PyExc_ValueError, "a converter of py.register "
                                          "returned its argument");
        return -1;
    }
    call->result = lp_to_python(S, L, -1, call->view);
    return call->result != NULL ? 0 : -1;
}

int
lp_registered_to_python(struct lp_state *S, lua_State *L, int index,
                        struct lp_view *view, PyObject **result)
{
    struct registered_call call = {view, NULL, 0};
    int type = lua_type(L, index);
    if ((type != LUA_TTABLE && type != LUA_TUSERDATA) ||
        lp_to_ref(L, index) != NULL) {
        return 0;
    }
    /* A converter that makes tables of its own kind has no end; LuaJIT sets
     * no bound to nested C calls. */
    struct lp_thread *t = &lp_this_thread;
    if (t->depth >= LP_MAX_DEPTH) {
        PyErr_SetString(PyExc_RecursionError,
                        "a converter of py.register needs itself, without "
                        "end");
        return -1;
    }
    t->depth++;
    lua_pushvalue(L, index);
    int done = lp_protect(S, L, registered_body, &call, 1, 0);
    t->depth--;
    if (done < 0) {
        return -1;
    }
    *result = call.result;
    return call.found;
}

/* ---- py.register{type=, to_lua=} ---- */

/* [GIL, lock, inside lp_protect; -0, +0, m] Is `obj` an instance of the class
 * in [1] of the pair on top?  A class given by its name is looked up when its
 * module has been loaded.  1, 0 or -1. */
static int
matches(struct lp_state *S, lua_State *L, PyObject *obj, struct lp_view *view)
{
    lua_rawgeti(L, -1, 1);
    if (lua_type(L, -1) == LUA_TSTRING) {
        struct lp_handle *found = lp_new_ref_or_jump(L, S, view);
        const char *name = lua_tostring(L, -2);
        lp_python_runs(S);
        PyObject *functions = PyImport_ImportModule("pyhelper._functions");
        PyObject *class =
            functions != NULL
                ? PyObject_CallMethod(functions, "find_class", "s", name)
                : NULL;
        Py_XDECREF(functions);
        lp_python_ran(S);
        if (class == NULL) {
            return -1;
        }
        if (class == Py_None) {
            Py_DECREF(class);
            lua_pop(L, 2);
            return 0;
        }
        found->obj = class;
        S->n_refs++;
        lua_remove(L, -2);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, 1);
    }
    struct lp_handle *type = lp_to_ref(L, -1);
    lua_pop(L, 1);
    return type != NULL && type->obj != NULL && PyType_Check(type->obj) &&
           PyObject_TypeCheck(obj, (PyTypeObject *)type->obj);
}

int
lp_registered_to_lua(struct lp_state *S, lua_State *L, PyObject *obj,
                     struct lp_view *view)
{
    int top = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, view->converters);
    lua_pushliteral(L, "types");
    lua_rawget(L, -2);
    for (int i = (int)lua_rawlen(L, -1); i > 0; i--) {
        lua_rawgeti(L, -1, i);
        if (!lua_istable(L, -1)) { /* changed while Python code ran */
            lua_pop(L, 1);
            continue;
        }
        int found = matches(S, L, obj, view);
        if (found < 0) {
            return -1;
        }
        if (found) {
            lua_rawgeti(L, -1, 2);
            lp_push_ref_or_jump(L, S, view, obj);
            lp_lua_runs();
            int status = lua_pcall(L, 1, 1, 0);
            lp_lua_ran();
            if (status != LUA_OK) {
                lp_error_from_lua(S, L, status, NULL);
                return -1;
            }
            lua_replace(L, top + 1);
            lua_settop(L, top + 1);
            return 1;
        }
        lua_pop(L, 1);
    }
    lua_settop(L, top);
    return 0;
}
