/* SPDX-License-Identifier: MIT */
/* Tables to lists and dicts.
 *
 * The walk is breadth first with a queue instead of recursion, so depth costs
 * no C stack: every container is made when its table is first met (a list or
 * a dict, told by its keys), remembered by the table's address, and filled
 * when its turn comes.  The tables that wait are held by a Lua table; the
 * whole walk runs in one protected call. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/gil.h"
#include "convert/names.h"
#include "convert/registered.h"
#include "convert/table.h"
#include "convert/to_python.h"
#include "cross/protect.h"

struct item {
    PyObject *obj;    /* owned: list or dict */
    size_t parent;    /* index of the item it was met in */
    PyObject *key;    /* owned: under which key; NULL for the root */
    size_t length;    /* of a list */
    char lenient;     /* has a metatable: skip what cannot be converted */
    char has_n;       /* a list whose length is given by the field `n` */
};

struct walk {
    struct lp_view *view;
    struct item *items;
    size_t n, cap;
    struct item first;     /* where `items` begins: most tables are flat */
    const void *root;      /* address of the first table */
    struct lp_ptrmap memo; /* address of the others -> index of its item */
    PyObject *key, *value; /* owned: the field being converted */
    enum lp_table_as as;
};

enum { /* stack of walk_body */
    ROOT = 2,
    QUEUE = 3, /* table: item index -> table, once there is a second one */
    TABLE = 4  /* the one being filled */
};

static void
walk_free(struct walk *w)
{
    for (size_t i = 0; i < w->n; i++) {
        Py_DECREF(w->items[i].obj);
        Py_XDECREF(w->items[i].key);
    }
    if (w->items != &w->first) {
        free(w->items);
    }
    Py_XDECREF(w->key);
    Py_XDECREF(w->value);
    lp_ptrmap_free(&w->memo);
}

/* ---- error messages: where is the value? ---- */

/* "t.a[1]" for a field of item `i`; NULL with a Python error. */
static PyObject *
key_path(struct walk *w, size_t i, PyObject *key)
{
    PyObject *path = PyUnicode_FromString("");
    enum { MAX_STEPS = 8 }; /* the innermost keys tell enough */
    int steps = 0;
    while (path != NULL && key != NULL) {
        PyObject *longer;
        if (steps++ == MAX_STEPS) {
            longer = PyUnicode_FromFormat("...%U", path);
            Py_DECREF(path);
            return longer;
        }
        longer = PyUnicode_Check(key)
                     ? PyUnicode_FromFormat(".%U%U", key, path)
                     : PyUnicode_FromFormat("[%R]%U", key, path);
        Py_DECREF(path);
        path = longer;
        key = w->items[i].key;
        i = w->items[i].parent;
    }
    return path;
}

/* Put the place in front of the current error's message, keeping its type
 * where that can be made from one string. */
static int
fail_at(struct walk *w, size_t i, PyObject *key)
{
    PyObject *exc = lp_take_raised();
    if (!PyErr_GivenExceptionMatches(exc, PyExc_Exception) ||
        PyErr_GivenExceptionMatches(exc, PyExc_MemoryError)) {
        lp_set_raised(exc); /* KeyboardInterrupt and kin stay what they are */
        return -1;
    }
    lp_python_runs(w->view->state); /* repr of keys, str of the error */
    PyObject *path = key_path(w, i, key);
    if (path == NULL) {
        PyErr_Clear();
        lp_set_raised(exc);
    }
    else {
        PyObject *type =
            PyErr_GivenExceptionMatches(exc, PyExc_ValueError)
                ? PyExc_ValueError
                : PyExc_TypeError;
        PyErr_Format(type, "table%U: %S", path, exc);
        Py_DECREF(path);
        Py_DECREF(exc);
    }
    lp_python_ran(w->view->state);
    return -1;
}

/* An item that could not be filled: if it lies in an object with a metatable
 * (anywhere above), it is taken out of that and the walk goes on. */
static int
recover(struct walk *w, size_t i)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        return -1; /* KeyboardInterrupt and kin */
    }
    for (; i != 0; i = w->items[i].parent) {
        struct item *parent = &w->items[w->items[i].parent];
        if (!parent->lenient) {
            continue;
        }
        PyErr_Clear();
        if (PyDict_Check(parent->obj)) {
            PyDict_DelItem(parent->obj, w->items[i].key);
        }
        else {
            Py_INCREF(Py_None);
            PyList_SetItem(parent->obj,
                           PyLong_AsSsize_t(w->items[i].key) - 1, Py_None);
        }
        PyErr_Clear(); /* taken out before */
        return 0;
    }
    return -1;
}

/* ---- list or dict? ---- */

static int
has_index(lua_State *L, int index, int i)
{
    lua_rawgeti(L, index, i);
    int there = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return there;
}

/* [-0, +0, -] Length given by an integer field `n` (table.pack), or -1. */
static long long
field_n(lua_State *L, int index)
{
    lua_pushliteral(L, "n");
    lua_rawget(L, index);
    long long n = -1;
    if (lua_type(L, -1) == LUA_TNUMBER) {
        lua_Number value = lua_tonumber(L, -1);
        if (value >= 0 && value < 1e9 && value == floor(value)) {
            n = (long long)value;
        }
    }
    lua_pop(L, 1);
    return n;
}

/* Make room for one more item; 0, or -1 with a Python error. */
static int
reserve_item(struct walk *w)
{
    if (w->n < w->cap) {
        return 0;
    }
    if (w->cap == 0) {
        w->items = &w->first;
        w->cap = 1;
        return 0;
    }
    size_t cap = w->cap * 2 + 6;
    int moves = w->items == &w->first;
    struct item *items =
        realloc(moves ? NULL : w->items, cap * sizeof *items);
    if (items == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (moves) {
        items[0] = w->first;
    }
    w->items = items;
    w->cap = cap;
    return 0;
}

/* The index of the item for a table that was met before, or -1. */
static intptr_t
find_item(struct walk *w, const void *address)
{
    return address == w->root ? 0 : lp_ptrmap_get(&w->memo, address);
}

static int
remember_item(struct walk *w, const void *address, size_t i)
{
    if (i == 0) {
        w->root = address;
        return 0;
    }
    return lp_ptrmap_set(&w->memo, address, (intptr_t)i);
}

/* Make the container for the table at `index` and remember it. */
static int
add_item(struct walk *w, lua_State *L, int index, size_t parent,
         PyObject *key, enum lp_table_as as)
{
    if (reserve_item(w) < 0) {
        return -1;
    }
    struct item *item = &w->items[w->n];
    *item = (struct item){.parent = parent};
    if (lua_getmetatable(L, index)) {
        item->lenient = 1;
        lua_pop(L, 1);
    }
    if (as == LP_TABLE_AS_LIST ||
        (as == LP_TABLE_BY_KEYS && has_index(L, index, 1) &&
         !has_index(L, index, 0) && !has_index(L, index, -1))) {
        long long n = field_n(L, index);
        item->has_n = n >= 0;
        item->length =
            item->has_n ? (size_t)n : (size_t)lua_rawlen(L, index);
        /* PyList_New fills with NULL, which no one else may see: the list
         * could be reached through a cycle while other code runs. */
        item->obj = PyList_New((Py_ssize_t)item->length);
        for (size_t i = 0; item->obj != NULL && i < item->length; i++) {
            Py_INCREF(Py_None);
            PyList_SetItem(item->obj, (Py_ssize_t)i, Py_None);
        }
    }
    else {
        item->obj = PyDict_New();
    }
    if (item->obj == NULL) {
        return -1;
    }
    Py_XINCREF(key);
    item->key = key;
    if (remember_item(w, lua_topointer(L, index), w->n) < 0) {
        Py_CLEAR(item->obj);
        Py_CLEAR(item->key);
        PyErr_NoMemory();
        return -1;
    }
    w->n++;
    return 0;
}

/* ---- filling ---- */

/* The value on top of the stack, a field of item `i` under w->key. */
static PyObject *
convert_field(struct walk *w, lua_State *L, struct lp_state *S, size_t i)
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
    intptr_t known = find_item(w, lua_topointer(L, -1));
    if (known == -1) {
        known = (intptr_t)w->n;
        if (add_item(w, L, lua_gettop(L), i, w->key, LP_TABLE_BY_KEYS) < 0) {
            return NULL;
        }
        if (lua_isnil(L, QUEUE)) {
            lua_newtable(L);
            lua_replace(L, QUEUE);
        }
        lua_pushvalue(L, -1);
        lua_rawseti(L, QUEUE, (int)known);
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

#define LIST_RULE                                                             \
    "a table that has [1] becomes a list and may have no other keys and no "  \
    "holes (set the field n for a length with holes, or use py.dict)"

static int
bad_list_key(struct walk *w, lua_State *L, struct lp_state *S, size_t i)
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
    PyErr_Format(PyExc_ValueError,
                 "a list with the key %R: " LIST_RULE, w->key);
    return fail_at(w, i, w->items[i].key == NULL ? NULL : w->key);
}

static int
fill_list(struct walk *w, lua_State *L, struct lp_state *S, size_t i)
{
    size_t found = 0, length = w->items[i].length;
    int lenient = w->items[i].lenient;
    PyObject *list = w->items[i].obj;
    lua_pushnil(L);
    while (lua_next(L, TABLE) != 0) {
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
            if (lenient) {
                PyErr_Clear();
                Py_INCREF(Py_None);
                value = Py_None;
            }
            else {
                Py_XDECREF(w->key);
                PyObject *exc = lp_take_raised();
                w->key = PyLong_FromSize_t(at);
                lp_set_raised(exc);
                return w->key != NULL ? fail_at(w, i, w->key) : -1;
            }
        }
        PyList_SetItem(list, (Py_ssize_t)at - 1, value);
        found++;
        lua_pop(L, 1);
    }
    if (found == length || w->items[i].has_n || lenient) {
        return 0;
    }
    for (size_t at = 1; at <= length; at++) {
        if (!has_index(L, TABLE, (int)at)) {
            PyErr_Format(PyExc_ValueError,
                         "a list with a hole at %zu: " LIST_RULE, at);
            return fail_at(w, w->items[i].parent, w->items[i].key);
        }
    }
    return 0;
}

static PyObject *
convert_key(struct walk *w, lua_State *L, struct lp_state *S, int is_locals)
{
    switch (lua_type(L, -2)) {
    case LUA_TSTRING: /* locals are the same few names each time */
        return is_locals ? lp_name(S, L, -2) : lp_to_str(L, -2);
    case LUA_TNUMBER: {
        lua_Number n = lua_tonumber(L, -2);
        if (n >= -9007199254740992.0 && n <= 9007199254740992.0 &&
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
fill_dict(struct walk *w, lua_State *L, struct lp_state *S, size_t i)
{
    PyObject *dict = w->items[i].obj;
    int lenient = w->items[i].lenient;
    int is_locals = i == 0 && w->as == LP_TABLE_AS_LOCALS;
    lua_pushnil(L);
    while (lua_next(L, TABLE) != 0) {
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
            if (!lenient) {
                return w->key != NULL ? fail_at(w, i, w->key)
                                      : fail_at(w, w->items[i].parent,
                                                w->items[i].key);
            }
            PyErr_Clear();
        }
        Py_CLEAR(w->value);
        lua_pop(L, 1);
    }
    return 0;
}

static int
walk_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct walk *w = ctx;
    /* Python code that runs meanwhile may call Lua on top of this. */
    luaL_checkstack(L, 32, "lua-py: converting a table");
    lua_settop(L, ROOT);
    lua_pushnil(L);
    lua_pushvalue(L, ROOT);
    if (add_item(w, L, ROOT, 0, NULL, w->as) < 0) {
        return -1;
    }
    for (size_t i = 0; i < w->n; i++) {
        if (i > 0) {
            lua_rawgeti(L, QUEUE, (int)i);
            lua_replace(L, TABLE);
        }
        int done = PyList_Check(w->items[i].obj) ? fill_list(w, L, S, i)
                                                 : fill_dict(w, L, S, i);
        if (done < 0 && recover(w, i) < 0) {
            return -1;
        }
        lua_settop(L, TABLE);
    }
    return 0;
}

PyObject *
lp_table_to_python(struct lp_state *S, lua_State *L, int index,
                   struct lp_view *view, enum lp_table_as as)
{
    struct walk w = {.view = view, .as = as};
    PyObject *result = NULL;
    lua_pushvalue(L, index);
    if (lp_protect(S, L, walk_body, &w, 1, 0) == 0) {
        result = w.items[0].obj;
        Py_INCREF(result);
    }
    walk_free(&w);
    return result;
}
