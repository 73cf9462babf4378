/* SPDX-License-Identifier: MIT */
#include "convert/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory_limit.h"
#include "convert/to_python.h"

/* Direct-mapped by the address of the Lua string, which is the same each
 * time a piece of code runs; the content is compared, because the address
 * may be another string's by now. */
enum { N_NAMES = 256 };

struct lp_names {
    struct {
        PyObject *name;   /* owned, interned */
        const char *utf8; /* its own UTF-8 form */
        size_t size;
    } entry[N_NAMES];
    /* By the address of the str, which is owned: their Lua strings stand in
     * the table LP_SLOT_NAMES, one place further. */
    PyObject *known[N_NAMES];
};

/* [GIL] */
static void
free_names(struct lp_names *names)
{
    for (int i = 0; i < N_NAMES; i++) {
        Py_XDECREF(names->entry[i].name);
        Py_XDECREF(names->known[i]);
    }
    free(names);
}

static struct lp_names *
make_names(struct lp_state *S)
{
    if (S->names == NULL) {
        S->names = calloc(1, sizeof *S->names);
        S->free_names = free_names;
    }
    return S->names;
}

static size_t
slot_of(const void *address)
{
    return ((uintptr_t)address >> 4 ^ (uintptr_t)address >> 12) % N_NAMES;
}

PyObject *
lp_name(struct lp_state *S, lua_State *L, int index)
{
    size_t size;
    const char *s = lua_tolstring(L, index, &size);
    if (make_names(S) == NULL) {
        return PyErr_NoMemory();
    }
    size_t i = slot_of(s);
    PyObject *name = S->names->entry[i].name;
    if (name != NULL && S->names->entry[i].size == size &&
        memcmp(S->names->entry[i].utf8, s, size) == 0) {
        Py_INCREF(name);
        return name;
    }
    PyObject *made = lp_to_str(L, index);
    if (made == NULL) {
        return NULL;
    }
    PyUnicode_InternInPlace(&made);
    Py_ssize_t n;
    const char *utf8 = PyUnicode_AsUTF8AndSize(made, &n);
    if (utf8 == NULL) { /* escaped bytes: usable, not cached */
        PyErr_Clear();
        return made;
    }
    Py_INCREF(made);
    S->names->entry[i].name = made;
    S->names->entry[i].utf8 = utf8;
    S->names->entry[i].size = (size_t)n;
    Py_XDECREF(name); /* a str: runs no code */
    return made;
}

int
lp_push_known_name(struct lp_state *S, lua_State *L, PyObject *name)
{
    size_t i = slot_of(name);
    if (S->names == NULL || S->names->known[i] != name) {
        return 0;
    }
    lp_push_slot(S, L, LP_SLOT_NAMES);
    lua_rawgeti(L, -1, (int)i + 1);
    return 1;
}

void
lp_remember_name_or_jump(struct lp_state *S, lua_State *L, PyObject *name)
{
    enum {
        MAX_SIZE = 64, /* longer ones are data, not names */
        TABLE_SIZE = N_NAMES * 16 + 1024 /* about, in any Lua */
    };
    if (lua_rawlen(L, -1) > MAX_SIZE) {
        return;
    }
    size_t i = slot_of(name);
    lp_push_slot(S, L, LP_SLOT_NAMES);
    if (!lua_istable(L, -1)) {
        if (!lp_memory_is_free(S->memory, TABLE_SIZE)) {
            lua_pop(L, 1);
            return; /* who makes room by deleting fields needs none */
        }
        /* All of them at once, so that no later name needs memory. */
        lua_createtable(L, N_NAMES, 0);
        lua_replace(L, -2);
        lp_push_slot(S, L, LP_SLOT_NAMES);
        if (lua_istable(L, -1)) { /* made by a finalizer meanwhile */
            lua_replace(L, -2);
        }
        else {
            lua_pop(L, 1);
            lua_pushvalue(L, -1);
            lp_set_slot_or_jump(S, L, LP_SLOT_NAMES);
        }
    }
    if (make_names(S) != NULL) {
        Py_CLEAR(S->names->known[i]); /* a str: runs no code */
        lua_pushvalue(L, -2);
        lua_rawseti(L, -2, (int)i + 1);
        Py_INCREF(name);
        S->names->known[i] = name;
    }
    lua_pop(L, 1);
}
