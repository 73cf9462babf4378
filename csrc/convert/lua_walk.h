/* SPDX-License-Identifier: MIT */
/* The walk through nested containers; for the three files of to_lua.h only.
 *
 * It is breadth first, like that of tables in the other direction: a table is
 * made when its container is first met, and filled in its turn.  All of it
 * runs in one protected call; what it owns hangs on struct lp_lua_walk. */
#ifndef LP_LUA_WALK_H
#define LP_LUA_WALK_H

#include "base/gil.h"
#include "base/ptrmap.h"
#include "convert/to_lua.h"

enum lp_container_kind { LP_SEQUENCE, LP_MAPPING, LP_SET };

struct lp_lua_item {
    PyObject *source;      /* owned: keeps the memo's address valid */
    PyObject *filled_from; /* owned: list, tuple, dict or list of a set */
    enum lp_container_kind kind;
};

struct lp_lua_walk {
    struct lp_view *view;
    PyObject *root; /* borrowed from the caller */
    int flags;
    struct lp_lua_item *items;
    size_t n, cap;
    struct lp_ptrmap memo; /* address of a container -> index of its item */
    PyObject *key, *value; /* owned: the element being converted */
    PyObject *temp;        /* owned: an intermediate form of it */
    int instead; /* how often it has been replaced by such a form */
};

enum { /* the Lua stack of lp_walk_body */
    LP_WALK_QUEUE = 2, /* table: item index + 1 -> table; nil until the first */
    LP_WALK_TABLE = 3  /* the one being filled */
};

/* Replace what a field of the walk owns. */
static inline void
lp_walk_keep(PyObject **field, LP_STEALS PyObject *obj)
{
    PyObject *old = *field;
    *field = obj;
    Py_XDECREF(old);
}

/* ---- to_lua.c ---- */

/* [GIL, lock; -0, +0|1, -] 1 pushed, 0 not exactly a Lua number. */
int lp_push_int(lua_State *L, PyObject *obj);

/* ---- object_to_lua.c; all [GIL, lock, inside lp_protect] ---- */

/* [-0, +1, em] Convert one object; 0, or -1 with a Python error. */
int lp_push_object(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
                   PyObject *obj, int flags);

/* ---- container_to_lua.c ---- */

/* Does `obj` become a table?  -1 no; else an enum lp_container_kind. */
int lp_container_kind(PyObject *obj, int *must_materialise);
/* [-0, +1, em] Push the table of a container, made and queued if it is new;
 * 0, or -1 with a Python error. */
int lp_push_container(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
                      PyObject *obj, enum lp_container_kind kind,
                      int must_materialise);
/* An lp_body: the whole walk. */
int lp_walk_body(lua_State *L, struct lp_state *S, void *ctx);
void lp_walk_free(struct lp_lua_walk *w);

#endif
