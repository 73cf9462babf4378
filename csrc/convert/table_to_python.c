/* SPDX-License-Identifier: MIT */
/* Tables to lists and dicts: the walk, see convert/table_walk.h. */
#include <math.h>
#include <stdlib.h>

#include "convert/table.h"
#include "convert/table_walk.h"
#include "cross/protect.h"
#include "cross/signal.h"

static void
walk_free(struct lp_table_walk *w)
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

/* ---- list or dict? ---- */

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
reserve_item(struct lp_table_walk *w)
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
    struct lp_table_item *items =
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

intptr_t
lp_table_find(struct lp_table_walk *w, lua_State *L, int index)
{
    const void *address = lua_topointer(L, index);
    return address == w->root ? 0 : lp_ptrmap_get(&w->memo, address);
}

static int
remember_item(struct lp_table_walk *w, const void *address, size_t i)
{
    if (i == 0) {
        w->root = address;
        return 0;
    }
    return lp_ptrmap_set(&w->memo, address, (intptr_t)i);
}

static int
is_list(lua_State *L, int index, enum lp_table_as as)
{
    switch (as) {
        case LP_TABLE_AS_LIST:
        case LP_TABLE_AS_ARGS:
            return 1;
        case LP_TABLE_BY_KEYS:
            return lp_has_index(L, index, 1) && !lp_has_index(L, index, 0) &&
                   !lp_has_index(L, index, -1);
        default:
            return 0;
    }
}

int
lp_table_add(struct lp_table_walk *w, lua_State *L, int index, size_t parent,
             PyObject *key, enum lp_table_as as)
{
    if (reserve_item(w) < 0) {
        return -1;
    }
    struct lp_table_item *item = &w->items[w->n];
    *item = (struct lp_table_item){.parent = parent};
    if (lua_getmetatable(L, index)) {
        item->lenient = 1;
        lua_pop(L, 1);
    }
    if (is_list(L, index, as)) {
        long long n = field_n(L, index);
        item->has_n = n >= 0;
        item->length = item->has_n ? (size_t)n : (size_t)lua_rawlen(L, index);
        /* PyList_New fills with NULL, which no one else may see: the list
         * could be reached through a cycle while other code runs. */
        item->obj = PyList_New((Py_ssize_t)item->length);
        for (size_t i = 0; item->obj != NULL && i < item->length; i++) {
            Py_INCREF(Py_None);
            PyList_SetItem(item->obj, (Py_ssize_t)i, Py_None);
        }
    } else {
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

static int
walk_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_table_walk *w = ctx;
    /* Python code that runs meanwhile may call Lua on top of this. */
    luaL_checkstack(L, 32, "lua-py: converting a table");
    lua_settop(L, LP_TABLE_ROOT);
    lua_pushnil(L);
    lua_pushvalue(L, LP_TABLE_ROOT);
    if (lp_table_add(w, L, LP_TABLE_ROOT, 0, NULL, w->as) < 0) {
        return -1;
    }
    for (size_t i = 0; i < w->n; i++) {
        if (i > 0) {
            lua_rawgeti(L, LP_TABLE_QUEUE, (int)i);
            lua_replace(L, LP_TABLE_CURRENT);
        }
        int done = lp_table_fill(w, L, S, i);
        if (done < 0 && lp_table_recover(w, i) < 0) {
            return -1;
        }
        if (lp_poll(S, i) < 0) {
            return -1;
        }
        lua_settop(L, LP_TABLE_CURRENT);
    }
    return 0;
}

PyObject *
lp_table_to_python(struct lp_state *S, lua_State *L, int index,
                   struct lp_view *view, enum lp_table_as as)
{
    struct lp_table_walk w = {.view = view, .as = as};
    PyObject *result = NULL;
    lua_pushvalue(L, index);
    if (lp_protect(S, L, walk_body, &w, 1, 0) == 0) {
        result = w.items[0].obj;
        Py_INCREF(result);
    }
    walk_free(&w);
    return result;
}
