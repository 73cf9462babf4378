/* SPDX-License-Identifier: MIT */
/* The walk through nested tables; for the three files of table.h only.
 *
 * It is breadth first with a queue instead of recursion, so depth costs no C
 * stack: every container is made when its table is first met (a list or a
 * dict, told by its keys), remembered by the table's address, and filled when
 * its turn comes.  The tables that wait are held by a Lua table; the whole
 * walk runs in one protected call. */
#ifndef LP_TABLE_WALK_H
#define LP_TABLE_WALK_H

#include "base/ptrmap.h"
#include "base/gil.h"
#include "convert/to_python.h"

/* A container. */
struct lp_table_item {
    PyObject *obj; /* owned: list or dict */
    size_t parent; /* index of the item it was met in */
    PyObject *key; /* owned: under which key; NULL for the root */
    size_t length; /* of a list */
    char lenient;  /* has a metatable: skip what cannot be converted */
    char has_n;    /* a list whose length is given by the field `n` */
};

struct lp_table_walk {
    struct lp_view *view;
    struct lp_table_item *items;
    size_t n, cap;
    struct lp_table_item
        first;             /* where `items` begins: most tables are flat */
    const void *root;      /* address of the first table */
    struct lp_ptrmap memo; /* address of the others -> index of its item */
    PyObject *key, *value; /* owned: the field being converted */
    enum lp_table_as as;
};

/* The Lua stack during the walk. */
enum lp_table_stack {
    LP_TABLE_ROOT = 2,
    LP_TABLE_QUEUE =
        3, /* table: item index -> table, once there is a second */
    LP_TABLE_CURRENT = 4 /* the one being filled */
};

static inline int
lp_has_index(lua_State *L, int index, int i)
{
    lua_rawgeti(L, index, i);
    int there = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return there;
}

/* ---- table_to_python.c ---- */

/* [GIL, lock; -0, +0, -] The index of the item for the table at `index`, or
 * -1 if it was not met before. */
intptr_t
lp_table_find(struct lp_table_walk *w, lua_State *L, int index);
/* [GIL, lock; -0, +0, -] Make the container for the table at `index` and
 * remember it; it is the last item then.  0, or -1 with a Python error. */
int
lp_table_add(struct lp_table_walk *w, lua_State *L, int index, size_t parent,
             PyObject *key, enum lp_table_as as);

/* ---- table_fields.c ---- */

/* [GIL, lock, inside lp_protect; -0, +?, em] Fill item `i` from its table at
 * LP_TABLE_CURRENT.  0, or -1 with a Python error. */
int
lp_table_fill(struct lp_table_walk *w, lua_State *L, struct lp_state *S,
              size_t i);

/* ---- table_place.c: where is the value that could not be converted? ---- */

/* [GIL, lock] Put the place in front of the current error's message: the
 * field `key` of item `i`, or the root if it is NULL.  Returns -1. */
int
lp_table_fail(struct lp_table_walk *w, size_t i, PyObject *key);
/* [GIL, lock] An item that could not be filled: if it lies in an object with
 * a metatable (anywhere above), it is taken out of that and the walk goes on:
 * 0.  Else -1. */
int
lp_table_recover(struct lp_table_walk *w, size_t i);

#endif
