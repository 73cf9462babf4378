/* SPDX-License-Identifier: MIT */
#include "convert/call.h"

#include "convert/to_python.h"
#include "cross/protect.h"
#include "handle/py_handle.h"

/* py.args and py.kwargs are tables that only stand for themselves in a list
 * of arguments; py.kwargs{k=v} makes a table whose metatable is the one of
 * py.kwargs and whose [1] is {k=v}. */
static int
kwargs_call(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TTABLE && lua_type(L, 2) != LUA_TUSERDATA) {
        return luaL_error(L,
                          "py.kwargs: bad argument #1 (table or reference "
                          "expected, got %s)",
                          luaL_typename(L, 2));
    }
    lua_settop(L, 2);
    lua_createtable(L, 1, 0);
    lua_insert(L, 2);
    lua_rawseti(L, 2, 1);
    lua_getmetatable(L, 1);
    lua_setmetatable(L, 2);
    return 1;
}

static int
args_call(lua_State *L)
{
    return luaL_error(L, "py.args is not called but followed by the arguments: "
                         "f(py.args, {1, 2})");
}

static int
marker_tostring(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

static const void *
make_marker(struct lp_state *S, lua_State *L, enum lp_slot slot,
            const char *name, lua_CFunction call)
{
    lua_newtable(L);
    const void *address = lua_topointer(L, -1);
    lua_newtable(L);
    lua_pushstring(L, name);
    lua_pushcclosure(L, marker_tostring, 1);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, call);
    lua_setfield(L, -2, "__call");
    if (slot == LP_SLOT_KWARGS) {
        S->kwargs_mt = lua_topointer(L, -1);
    }
    lua_setmetatable(L, -2);
    lp_set_slot_or_jump(S, L, slot);
    return address;
}

void
lp_call_init_or_jump(struct lp_state *S, lua_State *L)
{
    S->args_marker = make_marker(S, L, LP_SLOT_ARGS, "py.args", args_call);
    S->kwargs_marker =
        make_marker(S, L, LP_SLOT_KWARGS, "py.kwargs", kwargs_call);
}

/* What a table argument is. */
enum marker { PLAIN, ARGS, KWARGS, PACKED_KWARGS };

static enum marker
marker_at(struct lp_state *S, lua_State *L, int index)
{
    const void *address = lua_topointer(L, index);
    if (address == S->args_marker) {
        return ARGS;
    }
    if (address == S->kwargs_marker) {
        return KWARGS;
    }
    if (lua_getmetatable(L, index)) {
        const void *mt = lua_topointer(L, -1);
        lua_pop(L, 1);
        if (mt == S->kwargs_mt) {
            return PACKED_KWARGS;
        }
    }
    return PLAIN;
}

int
lp_is_call_marker(struct lp_state *S, lua_State *L, int index)
{
    return marker_at(S, L, index) != PLAIN;
}

/* ---- calls with py.args or py.kwargs ---- */

static int
extend_args(struct lp_state *S, lua_State *L, int index, PyObject *list,
            struct lp_view *view)
{
    int type = lua_type(L, index);
    if (type != LUA_TTABLE && type != LUA_TUSERDATA) {
        PyErr_Format(PyExc_TypeError,
                     "py.args must be followed by a table or a reference, "
                     "not a %s",
                     luaL_typename(L, index));
        return -1;
    }
    PyObject *items = lp_to_python_as(S, L, index, view, LP_TABLE_AS_ARGS);
    if (items == NULL) {
        return -1;
    }
    lp_python_runs(S);
    PyObject *sequence = PySequence_List(items);
    Py_DECREF(items);
    lp_python_ran(S);
    if (sequence == NULL) {
        return -1;
    }
    Py_ssize_t n = PyList_Size(list);
    int done = PyList_SetSlice(list, n, n, sequence);
    Py_DECREF(sequence);
    return done;
}

/* `key` may be of a subclass of str, whose __hash__ is Python code. */
static int
add_keyword(PyObject *kwargs, PyObject *key, PyObject *value)
{
    if (!PyUnicode_Check(key)) {
        PyErr_Format(PyExc_TypeError,
                     "py.kwargs: keywords must be strings, not %R", key);
        return -1;
    }
    if (PyDict_GetItem(kwargs, key) != NULL) {
        PyErr_Format(PyExc_TypeError,
                     "py.kwargs: keyword argument %R is given twice", key);
        return -1;
    }
    return PyDict_SetItem(kwargs, key, value);
}

static int
merge_kwargs(struct lp_state *S, lua_State *L, int index, PyObject *kwargs,
             struct lp_view *view)
{
    int type = lua_type(L, index);
    if (type != LUA_TTABLE && type != LUA_TUSERDATA) {
        PyErr_Format(PyExc_TypeError,
                     "py.kwargs must be followed by a table or a reference, "
                     "not a %s",
                     luaL_typename(L, index));
        return -1;
    }
    PyObject *more = lp_to_python_as(S, L, index, view, LP_TABLE_AS_KWARGS);
    if (more == NULL) {
        return -1;
    }
    int done = 0;
    PyObject *key, *value, *copy = NULL;
    Py_ssize_t pos = 0;
    if (!PyDict_Check(more)) {
        copy = PyDict_New();
        lp_python_runs(S);
        done = copy != NULL ? PyDict_Update(copy, more) : -1;
        lp_python_ran(S);
    }
    PyObject *from = copy != NULL ? copy : more;
    while (done == 0 && PyDict_Next(from, &pos, &key, &value)) {
        Py_INCREF(key); /* a __hash__ may take both out of the dict */
        Py_INCREF(value);
        done = add_keyword(kwargs, key, value);
        Py_DECREF(key);
        Py_DECREF(value);
    }
    Py_XDECREF(copy);
    Py_DECREF(more);
    return done;
}

/* python.args{...} of a Python host: its items and fields one by one, tables
 * among them by reference. */
static int
append_each(struct lp_state *S, lua_State *L, int index, PyObject *list,
            struct lp_view *view)
{
    int n = (int)lua_rawlen(L, index);
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, index, i);
        PyObject *value = lp_to_python(S, L, -1, view);
        lua_pop(L, 1);
        int done = value != NULL ? PyList_Append(list, value) : -1;
        Py_XDECREF(value);
        if (done < 0) {
            return -1;
        }
    }
    return 0;
}

struct merging {
    struct lp_view *view;
    PyObject *kwargs;       /* borrowed */
    PyObject *name, *value; /* owned */
};

static int
merge_body(lua_State *L, struct lp_state *S, void *ctx)
{
    enum { TABLE = 2 };
    struct merging *m = ctx;
    lua_pushnil(L);
    while (lua_next(L, TABLE) != 0) { /* finalizers may change it */
        m->name = lp_to_str(L, -2);
        m->value = m->name != NULL ? lp_to_python(S, L, -1, m->view) : NULL;
        if (m->value == NULL) {
            return -1;
        }
        if (PyDict_GetItem(m->kwargs, m->name) != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "got multiple values for keyword argument %R",
                         m->name);
            return -1;
        }
        if (PyDict_SetItem(m->kwargs, m->name, m->value) < 0) {
            return -1;
        }
        Py_CLEAR(m->name);
        Py_CLEAR(m->value);
        lua_pop(L, 1);
    }
    return 0;
}

static int
merge_each(struct lp_state *S, lua_State *L, int index, PyObject *kwargs,
           struct lp_view *view)
{
    struct merging m = {.view = view, .kwargs = kwargs};
    lua_pushvalue(L, index);
    int done = lp_protect(S, L, merge_body, &m, 1, 0);
    Py_XDECREF(m.name);
    Py_XDECREF(m.value);
    return done;
}

/* `n` of the arguments have been converted already. */
static PyObject *
call_with_markers(struct lp_cross *x, PyObject *callable, int first,
                  int nargs, struct lp_view *view, PyObject *const *converted,
                  int n)
{
    struct lp_state *S = x->frame.S;
    lua_State *L = x->frame.L;
    PyObject *result = NULL, *tuple = NULL, *kwargs = PyDict_New();
    PyObject *list = PyList_New(0);
    if (kwargs == NULL || list == NULL) {
        goto done;
    }
    for (int i = 0; i < n; i++) {
        if (PyList_Append(list, converted[i]) < 0) {
            goto done;
        }
    }
    for (int i = first + n; i < first + nargs; i++) {
        enum marker marker =
            lua_type(L, i) == LUA_TTABLE ? marker_at(S, L, i) : PLAIN;
        int done;
        if (marker == ARGS || marker == KWARGS) {
            if (i + 1 == first + nargs) {
                PyErr_Format(PyExc_TypeError,
                             "%s must be followed by a table or reference",
                             marker == ARGS ? "py.args" : "py.kwargs");
                goto done;
            }
            i++;
            done = marker == ARGS ? extend_args(S, L, i, list, view)
                                  : merge_kwargs(S, L, i, kwargs, view);
        }
        else if (marker == PACKED_KWARGS) {
            lua_rawgeti(L, i, 2);
            done = lua_isnil(L, -1)
                       ? 0
                       : append_each(S, L, lua_gettop(L), list, view);
            lua_rawgeti(L, i, 1);
            if (done == 0) {
                done = view->python_first
                           ? merge_each(S, L, lua_gettop(L), kwargs, view)
                           : merge_kwargs(S, L, lua_gettop(L), kwargs, view);
            }
            lua_pop(L, 2);
        }
        else if (PyDict_Size(kwargs) > 0) {
            PyErr_SetString(PyExc_TypeError,
                            "an argument after py.kwargs has no name");
            goto done;
        }
        else {
            PyObject *value = lp_to_python(S, L, i, view);
            if (value == NULL) {
                lp_fail_in_argument(S, i - first + 1);
                goto done;
            }
            done = PyList_Append(list, value);
            Py_DECREF(value);
        }
        if (done < 0) {
            goto done;
        }
    }
    tuple = PyList_AsTuple(list);
    if (tuple != NULL) {
        lp_cross_unlock(x);
        result = PyObject_Call(callable, tuple, kwargs);
        lp_cross_lock(x);
    }
done:
    Py_XDECREF(tuple);
    Py_XDECREF(list);
    Py_XDECREF(kwargs);
    return result;
}

/* ---- the usual call ---- */

PyObject *
lp_call_from_stack(struct lp_cross *x, PyObject *callable, int first,
                   int nargs, struct lp_view *view)
{
    enum { ON_C_STACK = 8 };
    struct lp_state *S = x->frame.S;
    lua_State *L = x->frame.L;
    /* args[-1] is free for the callee (PY_VECTORCALL_ARGUMENTS_OFFSET). */
    PyObject *small[ON_C_STACK + 1];
    PyObject **args = small + 1;
    PyObject *result = NULL;
    int n = 0;
    if (LP_UNLIKELY(nargs > ON_C_STACK)) {
        args = PyMem_Malloc(((size_t)nargs + 1) * sizeof *args);
        if (args == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        args++;
    }
    while (n < nargs) {
        int type = lua_type(L, first + n);
        if (type == LUA_TTABLE && marker_at(S, L, first + n) != PLAIN) {
            result = call_with_markers(x, callable, first, nargs, view, args,
                                       n);
            goto done;
        }
        args[n] = type == LUA_TNUMBER
                      ? lp_number_to_python(L, first + n, view)
                      : lp_to_python(S, L, first + n, view);
        if (args[n] == NULL) {
            lp_fail_in_argument(S, n + 1);
            goto done;
        }
        n++;
    }
    lp_cross_unlock(x);
    result = lp_py.vectorcall(callable, args,
                              (size_t)nargs | PY_VECTORCALL_ARGUMENTS_OFFSET,
                              NULL);
    while (n > 0) { /* releases may run Python code: before the lock */
        n--;
        Py_DECREF(args[n]);
    }
    lp_cross_lock(x);
done:
    while (n > 0) {
        n--;
        Py_DECREF(args[n]);
    }
    if (args != small + 1) {
        PyMem_Free(args - 1);
    }
    return result;
}
