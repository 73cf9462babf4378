/* SPDX-License-Identifier: MIT */
#include "object/runtime_values.h"

#include <string.h>

#include "convert/to_lua.h"
#include "cross/error.h"
#include "cross/visit.h"
#include "handle/lua_handle.h"
#include "tensor/provider.h"

int
lp_runtime_visit(struct lp_work *w, lp_body body)
{
    struct lp_state *S = w->self->S;
    struct lp_visit v;
    if (lp_visit_begin(&v, S) < 0) {
        return -1;
    }
    Py_INCREF(w->self);
    int done = lp_protect_code(S, v.frame.L, body, w, 0, 0);
    lp_visit_end(&v);
    Py_DECREF(w->self);
    return done;
}

static int
load_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_work *w = ctx;
#if LP_LUA51
    int is_binary = w->size > 0 && w->text[0] == LUA_SIGNATURE[0];
    if (w->mode != NULL && strchr(w->mode, is_binary ? 'b' : 't') == NULL) {
        lua_pushfstring(L, "attempt to load a %s chunk (mode is '%s')",
                        is_binary ? "binary" : "text", w->mode);
        lp_error_from_lua(S, L, LUA_ERRSYNTAX, lp_LuaSyntaxError);
        return -1;
    }
    int status = luaL_loadbuffer(L, w->text, (size_t)w->size, w->name);
#else
    int status =
        luaL_loadbufferx(L, w->text, (size_t)w->size, w->name, w->mode);
#endif
    if (status != LUA_OK) {
        lp_error_from_lua(S, L, status, lp_LuaSyntaxError);
        return -1;
    }
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

PyObject *
lp_runtime_load(PyObject *self, PyObject *args)
{
    struct lp_work w = {.self = (struct lp_runtime *)self};
    if (!PyArg_ParseTuple(args, "y#sz", &w.text, &w.size, &w.name, &w.mode)) {
        return NULL;
    }
    return lp_runtime_visit(&w, load_body) < 0 ? NULL : w.result;
}

static int
globals_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_work *w = ctx;
#if LP_LUA51
    lua_pushvalue(L, LUA_GLOBALSINDEX);
#else
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
#endif
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

PyObject *
lp_runtime_globals(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct lp_work w = {.self = (struct lp_runtime *)self};
    return lp_runtime_visit(&w, globals_body) < 0 ? NULL : w.result;
}

/* [2..] A table with the items of list `a` from 1 on and the pairs of list
 * `b`. */
static int
table_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_work *w = ctx;
    int flags = (int)w->number;
    Py_ssize_t n = PyList_Size(w->a);
    lua_createtable(L, n < (1 << 26) ? (int)n : 0, (int)PyList_Size(w->b));
    int table = lua_gettop(L);
    for (Py_ssize_t i = 0; i < PyList_Size(w->a); i++) {
        if (lp_push_value(S, L, PyList_GetItem(w->a, i), w->self->view,
                          flags) < 0) {
            return -1;
        }
        lua_rawseti(L, table, (int)i + 1);
    }
    for (Py_ssize_t i = 0; i < PyList_Size(w->b); i++) {
        PyObject *pair = PyList_GetItem(w->b, i);
        if (lp_push_value(S, L, PyTuple_GetItem(pair, 0), w->self->view,
                          LP_KEEP_NONE | LP_AS_KEY) < 0 ||
            lp_push_value(S, L, PyTuple_GetItem(pair, 1), w->self->view,
                          flags) < 0) {
            return -1;
        }
        lua_rawset(L, table);
    }
    w->result = lp_wrap_lua(S, L, table, w->self->view);
    return w->result != NULL ? 0 : -1;
}

PyObject *
lp_runtime_table(PyObject *self, PyObject *args)
{
    struct lp_work w = {.self = (struct lp_runtime *)self};
    if (!PyArg_ParseTuple(args, "O!O!", &PyList_Type, &w.a, &PyList_Type,
                          &w.b)) {
        return NULL;
    }
    return lp_runtime_visit(&w, table_body) < 0 ? NULL : w.result;
}

static int
deep_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_work *w = ctx;
    if (lp_push_value(S, L, w->a, w->self->view, LP_DEEP) < 0) {
        return -1;
    }
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

PyObject *
lp_runtime_deep_table(PyObject *self, PyObject *container)
{
    struct lp_work w = {.self = (struct lp_runtime *)self, .a = container};
    return lp_runtime_visit(&w, deep_body) < 0 ? NULL : w.result;
}

static int
tensor_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_work *w = ctx;
    int done = lp_array_kind(S, w->a) == LP_ARRAY
                   ? lp_tensor_push(S, L, w->a, (int)w->number, 0, &w->array)
                   : 0;
    if (done == 0) {
        PyErr_SetString(PyExc_TypeError, "an array is expected");
    }
    if (done <= 0) {
        return -1;
    }
    w->result = lp_wrap_lua(S, L, -1, w->self->view);
    return w->result != NULL ? 0 : -1;
}

PyObject *
lp_runtime_tensor(PyObject *self, PyObject *args)
{
    struct lp_work w = {.self = (struct lp_runtime *)self};
    int share;
    if (!PyArg_ParseTuple(args, "Op", &w.a, &share)) {
        return NULL;
    }
    w.number = share;
    int done = lp_runtime_visit(&w, tensor_body);
    Py_XDECREF(w.array);
    return done < 0 ? NULL : w.result;
}
