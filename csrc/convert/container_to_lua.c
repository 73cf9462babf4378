/* SPDX-License-Identifier: MIT */
/* Lists, tuples, dicts, sets and other iterables as tables. */
#include <stdlib.h>

#include "base/py_layout.h"
#include "convert/lua_walk.h"
#include "cross/signal.h"

PyAPI_DATA(PyTypeObject) PyGen_Type;

void
lp_walk_free(struct lp_lua_walk *w)
{
    for (size_t i = 0; i < w->n; i++) {
        Py_DECREF(w->items[i].source);
        Py_DECREF(w->items[i].filled_from);
    }
    free(w->items);
    Py_XDECREF(w->key);
    Py_XDECREF(w->value);
    Py_XDECREF(w->temp);
    lp_ptrmap_free(&w->memo);
}

/* An iterable as a list.  Its iterator may be Python code. */
static PyObject *
materialise(struct lp_state *S, PyObject *obj)
{
    lp_python_runs(S);
    PyObject *list = PySequence_List(obj);
    lp_python_ran(S);
    return list;
}

int
lp_container_kind(PyObject *obj, int *must_materialise)
{
    PyTypeObject *type = Py_TYPE(obj);
    *must_materialise = 0;
    if (PyList_Check(obj) || PyTuple_Check(obj)) {
        return LP_SEQUENCE;
    }
    if (PyDict_Check(obj)) {
        return LP_MAPPING;
    }
    *must_materialise = 1;
    if (PyAnySet_Check(obj)) {
        return LP_SET;
    }
    if (type == &PyRange_Type || type == &PyMap_Type || type == &PyZip_Type ||
        type == &PyFilter_Type || PyType_IsSubtype(type, &PyDictKeys_Type) ||
        PyType_IsSubtype(type, &PyDictValues_Type) ||
        PyType_IsSubtype(type, &PyDictItems_Type) || type == &PyGen_Type) {
        return LP_SEQUENCE;
    }
    return -1;
}

int
lp_push_container(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
                  PyObject *obj, enum lp_container_kind kind,
                  int must_materialise)
{
    intptr_t known = lp_ptrmap_get(&w->memo, obj);
    if (known != -1) {
        lua_rawgeti(L, LP_WALK_QUEUE, (int)known + 1);
        return 0;
    }
    PyObject *from;
    if (must_materialise) {
        from = materialise(S, obj);
        if (from == NULL) {
            return -1;
        }
    }
    else {
        Py_INCREF(obj);
        from = obj;
    }
    if (w->n == w->cap) {
        size_t cap = w->cap == 0 ? 8 : w->cap * 2;
        struct lp_lua_item *items = realloc(w->items, cap * sizeof *items);
        if (items == NULL) {
            Py_DECREF(from);
            PyErr_NoMemory();
            return -1;
        }
        w->items = items;
        w->cap = cap;
    }
    if (lp_ptrmap_set(&w->memo, obj, (intptr_t)w->n) < 0) {
        Py_DECREF(from);
        PyErr_NoMemory();
        return -1;
    }
    Py_INCREF(obj);
    w->items[w->n++] = (struct lp_lua_item){obj, from, kind};
    if (lua_isnil(L, LP_WALK_QUEUE)) {
        lua_newtable(L);
        lua_replace(L, LP_WALK_QUEUE);
    }
    /* Not PyObject_Size: a class of its own may have another __len__. */
    Py_ssize_t size =
        kind == LP_MAPPING ? PyDict_Size(from) : Py_SIZE(from);
    int hint = size > 0 && size < (1 << 26) ? (int)size : 0;
    lua_createtable(L, kind == LP_SEQUENCE ? hint : 0,
                    kind == LP_SEQUENCE ? 0 : hint);
    lua_pushvalue(L, -1);
    lua_rawseti(L, LP_WALK_QUEUE, (int)w->n);
    return 0;
}

/* [GIL; borrowed] An item of a list or tuple. */
static inline PyObject *
item_at(PyObject *seq, int is_list, Py_ssize_t i)
{
    PyObject *const *items = lp_items(seq, is_list);
    return LP_LIKELY(items != NULL) ? items[i]
           : is_list                ? PyList_GetItem(seq, i)
                                    : PyTuple_GetItem(seq, i);
}

static int
fill_sequence(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
              PyObject *seq)
{
    int flags = (w->flags & LP_KEEP_NONE) | LP_NESTED;
    int is_list = PyList_Check(seq);
    /* Python code may run meanwhile and change a list. */
    for (Py_ssize_t i = 0; i < Py_SIZE(seq); i++) {
        PyObject *element = item_at(seq, is_list, i);
        if (!lp_push_scalar(L, S, element, flags)) {
            Py_INCREF(element);
            lp_walk_keep(&w->value, element);
            if (lp_push_object(w, S, L, element, flags) < 0) {
                return -1;
            }
        }
        lua_rawseti(L, LP_WALK_TABLE, (int)(i + 1));
        if (lp_poll(S, (size_t)i) < 0) {
            return -1;
        }
    }
    return 0;
}

/* [+1] A dict's key or a set's element as a table key. */
static int
push_key(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
         PyObject *key)
{
    if (key == Py_None) {
        lp_push_slot(S, L, LP_SLOT_NONE); /* nil cannot be a key */
        return 0;
    }
    if (PyFloat_Check(key)) {
        double d = PyFloat_AsDouble(key);
        if (d != d) {
            PyErr_SetString(PyExc_ValueError,
                            "the key nan has no place in a Lua table");
            return -1;
        }
    }
    /* Containers as keys would be new tables that nobody can look up. */
    return lp_push_object(w, S, L, key, LP_SHALLOW | LP_NESTED);
}

static int
fill_mapping(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
             PyObject *dict)
{
    int flags = (w->flags & LP_KEEP_NONE) | LP_NESTED;
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (value == Py_None && !(flags & LP_KEEP_NONE)) {
            continue;
        }
        Py_INCREF(key);
        Py_INCREF(value);
        lp_walk_keep(&w->key, key);
        lp_walk_keep(&w->value, value);
        if (push_key(w, S, L, key) < 0 ||
            lp_push_object(w, S, L, value, flags) < 0) {
            return -1;
        }
        lua_rawset(L, LP_WALK_TABLE);
        if (lp_poll(S, (size_t)pos) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
fill_set(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
         PyObject *list)
{
    for (Py_ssize_t i = 0; i < Py_SIZE(list); i++) {
        if (push_key(w, S, L, item_at(list, 1, i)) < 0) {
            return -1;
        }
        lua_pushboolean(L, 1);
        lua_rawset(L, LP_WALK_TABLE);
        if (lp_poll(S, (size_t)i) < 0) {
            return -1;
        }
    }
    return 0;
}

int
lp_walk_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_lua_walk *w = ctx;
    /* Python code that runs meanwhile may call Lua on top of this. */
    luaL_checkstack(L, 32, "lua-py: converting a container");
    lua_settop(L, LP_WALK_TABLE); /* both nil */
    if (lp_push_object(w, S, L, w->root, w->flags) < 0) {
        return -1;
    }
    int result = lua_gettop(L);
    for (size_t i = 0; i < w->n; i++) {
        lua_rawgeti(L, LP_WALK_QUEUE, (int)i + 1);
        lua_replace(L, LP_WALK_TABLE);
        PyObject *from = w->items[i].filled_from;
        int done =
            w->items[i].kind == LP_SEQUENCE  ? fill_sequence(w, S, L, from)
            : w->items[i].kind == LP_MAPPING ? fill_mapping(w, S, L, from)
                                             : fill_set(w, S, L, from);
        if (done < 0 || lp_poll(S, i) < 0) {
            return -1;
        }
        lua_settop(L, result);
    }
    return 1;
}
