/* SPDX-License-Identifier: MIT */
/* Filling the lists and dicts that the walk has made. */
#include <math.h>
#include <string.h>

#include "convert/names.h"
#include "convert/registered.h"
#include "convert/table_walk.h"
#include "cross/signal.h"

/* The value on top of the stack, a field of item `i` under w->key. */
static PyObject *
convert_field(struct lp_table_walk *w, lua_State *L, struct lp_state *S,
              size_t i)
{
    if (lua_type(L, -1) != LUA_TTABLE) {
        return lp_to_python(S, L, -1, w->view);
    }
    if (w->view->has_converters) {
        PyObject *value = NULL;
        int done = lp_registered_to_python(S, L, -1, w->view, &value);
        if (done != 0) {
            return done > 0 ? value : NULL;
        }
    }
    intptr_t known = lp_table_find(w, L, -1);
    if (known == -1) {
        known = (intptr_t)w->n;
        if (lp_table_add(w, L, lua_gettop(L), i, w->key, LP_TABLE_BY_KEYS) <
            0) {
            return NULL;
        }
        if (lua_isnil(L, LP_TABLE_QUEUE)) {
            lua_newtable(L);
            lua_replace(L, LP_TABLE_QUEUE);
        }
        lua_pushvalue(L, -1);
        lua_rawseti(L, LP_TABLE_QUEUE, (int)known);
    }
    Py_INCREF(w->items[known].obj);
    return w->items[known].obj;
}

/* The 1-based position a key stands for in a list, or 0. */
static size_t
list_position(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TNUMBER) {
        return 0;
    }
    lua_Number n = lua_tonumber(L, index);
    if (n >= 1 && n < 1e15) {
        size_t i = (size_t)n; /* floor() would be a call */
        return (lua_Number)i == n ? i : 0;
    }
    return 0;
}

#define LIST_RULE                                                            \
    "a table that has [1] becomes a list and may have no other keys and no " \
    "holes (set the field n for a length with holes, or use py.dict)"

static int
bad_list_key(struct lp_table_walk *w, lua_State *L, struct lp_state *S,
             size_t i)
{
    Py_XDECREF(w->key);
    w->key = lp_to_python(S, L, -2, S->view);
    if (w->key == NULL) {
        return -1;
    }
    if (PyBool_Check(w->key)) { /* as Lua writes it */
        PyObject *text =
            PyUnicode_FromString(w->key == Py_True ? "true" : "false");
        Py_DECREF(w->key);
        w->key = text;
        if (text == NULL) {
            return -1;
        }
    }
    PyErr_Format(PyExc_ValueError, "a list with the key %R: " LIST_RULE,
                 w->key);
    return lp_table_fail(w, i, w->items[i].key == NULL ? NULL : w->key);
}

/* Pass over what cannot be converted; 0: it is KeyboardInterrupt or kin. */
static int
skip(void)
{
    int may = PyErr_ExceptionMatches(PyExc_Exception);
    if (may) {
        PyErr_Clear();
    }
    return may;
}

static int
fill_list(struct lp_table_walk *w, lua_State *L, struct lp_state *S, size_t i)
{
    size_t found = 0, length = w->items[i].length;
    int lenient = w->items[i].lenient;
    PyObject *list = w->items[i].obj;
    lua_pushnil(L);
    while (lua_next(L, LP_TABLE_CURRENT) != 0) {
        size_t at = list_position(L, -2);
        if (at == 0 || at > length) {
            if (w->items[i].has_n && lua_type(L, -2) == LUA_TSTRING &&
                strcmp(lua_tostring(L, -2), "n") == 0) {
                lua_pop(L, 1);
                continue;
            }
            if (lenient) {
                lua_pop(L, 1);
                continue;
            }
            return bad_list_key(w, L, S, i);
        }
        PyObject *value;
        if (lua_type(L, -1) == LUA_TTABLE) {
            Py_XDECREF(w->key);
            w->key = PyLong_FromSize_t(at);
            if (w->key == NULL) {
                return -1;
            }
        }
        value = convert_field(w, L, S, i);
        if (value == NULL) {
            if (lenient && skip()) {
                Py_INCREF(Py_None);
                value = Py_None;
            } else {
                Py_XDECREF(w->key);
                PyObject *exc = lp_take_raised();
                w->key = PyLong_FromSize_t(at);
                lp_set_raised(exc);
                return w->key != NULL ? lp_table_fail(w, i, w->key) : -1;
            }
        }
        PyList_SetItem(list, (Py_ssize_t)at - 1, value);
        lua_pop(L, 1);
        if (lp_poll(S, found++) < 0) {
            return -1;
        }
    }
    if (found == length || w->items[i].has_n || lenient) {
        return 0;
    }
    for (size_t at = 1; at <= length; at++) {
        if (!lp_has_index(L, LP_TABLE_CURRENT, (int)at)) {
            PyErr_Format(PyExc_ValueError,
                         "a list with a hole at %zu: " LIST_RULE, at);
            return lp_table_fail(w, w->items[i].parent, w->items[i].key);
        }
    }
    return 0;
}

static PyObject *
convert_key(struct lp_table_walk *w, lua_State *L, struct lp_state *S,
            int is_locals)
{
    switch (lua_type(L, -2)) {
        case LUA_TSTRING: /* locals are the same few names each time */
            return is_locals ? lp_name(S, L, -2) : lp_to_str(L, -2);
        case LUA_TNUMBER: {
            lua_Number n = lua_tonumber(L, -2);
            if (n >= -LP_MAX_EXACT && n <= LP_MAX_EXACT &&
                n == floor(n)) {
                return PyLong_FromLongLong((long long)n);
            }
            return lp_to_python(S, L, -2, S->view);
        }
        case LUA_TTABLE:
            PyErr_SetString(PyExc_TypeError,
                            "a table is unhashable as a key of a Python dict");
            return NULL;
        default:
            return lp_to_python(S, L, -2, w->view);
    }
}

static int
set_field(struct lp_state *S, PyObject *dict, PyObject *key, PyObject *value)
{
    if (PyUnicode_CheckExact(key) || PyLong_CheckExact(key) ||
        PyFloat_CheckExact(key)) {
        return PyDict_SetItem(dict, key, value);
    }
    lp_python_runs(S); /* __hash__ and __eq__ may be Python code */
    int result = PyDict_SetItem(dict, key, value);
    lp_python_ran(S);
    return result;
}

static int
fill_dict(struct lp_table_walk *w, lua_State *L, struct lp_state *S, size_t i)
{
    PyObject *dict = w->items[i].obj;
    int lenient = w->items[i].lenient;
    int is_locals = i == 0 && w->as == LP_TABLE_AS_LOCALS;
    size_t step = 0;
    lua_pushnil(L);
    while (lua_next(L, LP_TABLE_CURRENT) != 0) {
        if (is_locals && lua_type(L, -2) != LUA_TSTRING) {
            lua_pop(L, 1);
            continue;
        }
        Py_XDECREF(w->key);
        w->key = convert_key(w, L, S, is_locals);
        if (w->key != NULL) {
            w->value = convert_field(w, L, S, i);
        }
        if (w->key == NULL || w->value == NULL ||
            set_field(S, dict, w->key, w->value) < 0) {
            if (!lenient || !skip()) {
                return w->key != NULL ? lp_table_fail(w, i, w->key)
                                      : lp_table_fail(w, w->items[i].parent,
                                                      w->items[i].key);
            }
        }
        Py_CLEAR(w->value);
        lua_pop(L, 1);
        if (lp_poll(S, step++) < 0) {
            return -1;
        }
    }
    return 0;
}

int
lp_table_fill(struct lp_table_walk *w, lua_State *L, struct lp_state *S,
              size_t i)
{
    return PyList_Check(w->items[i].obj) ? fill_list(w, L, S, i)
                                         : fill_dict(w, L, S, i);
}
