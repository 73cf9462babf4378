/* SPDX-License-Identifier: MIT */
/* A Lua value in Python: identity only (make, test, push, release).  What
 * the kinds do is in object/lua_*.c, which set their Python types here. */
#ifndef LP_LUA_HANDLE_H
#define LP_LUA_HANDLE_H

#include "base/state.h"

/* Small, as programs hold many. */
struct lp_lua_object {
    PyObject_HEAD
    lp_vectorcall_fn vectorcall;
    struct lp_view *view;  /* the conversion rules it remembers; its state is
                              held */
    const void *address;   /* identity: lua_topointer of the value */
    PyObject *weakrefs;
    PyObject *dict;        /* owned or NULL: attributes */
    int ref;               /* anchor in LP_SLOT_REFS */
    int flags;             /* LP_LUA_* */
};

enum {
    LP_LUA_CACHED = 1, /* known to S->handles */
    LP_LUA_KWARGS = 2, /* py.func{kwargs=true}: keywords as a last table */
    LP_LUA_METHOD = 4, /* py.class: the first argument is a reference */
    LP_LUA_ANCHORED = 8, /* owns a reference to S->anchor: handle/anchor.h */
};

/* Python types by lua_type (LUA_TNIL .. LP_TCDATA); LUA_TNIL is the base. */
extern PyTypeObject *lp_lua_types[LP_TCDATA + 1];
extern lp_vectorcall_fn lp_lua_vectorcall[LP_TCDATA + 1];

/* [GIL] `<`, `<=`, `>`, `>=` of two operands of which one is ours: a result,
 * NotImplemented, or NULL with a Python error.  Set by object/lua_operators. */
extern PyObject *(*lp_lua_order)(PyObject *a, PyObject *b, int op);

/* [GIL] Is it one of ours? */
int lp_is_lua_object(PyObject *obj);

/* [GIL, lock; -0, +0, -] The Python object that stands for the table,
 * function, userdata, thread or cdata at `index`: always the same one while
 * it is alive.  NULL with a Python error. */
LP_OWNED PyObject *lp_wrap_lua(struct lp_state *S, lua_State *L, int index,
                               struct lp_view *view);

/* The same, but always a new object, which the cache does not know. */
LP_OWNED PyObject *lp_wrap_lua_anew(struct lp_state *S, lua_State *L,
                                    int index, struct lp_view *view);

/* [GIL, lock; -0, +1, -] Push the value an object stands for; -1 with a
 * Python error (nothing pushed) if it belongs to another state. */
int lp_push_lua(struct lp_state *S, lua_State *L, PyObject *obj);

/* [GIL] Make the base type; register a kind's type.  0 or -1. */
int lp_lua_handle_init_python(PyObject *module);
int lp_lua_register_type(PyObject *module, int kind, PyType_Spec *spec,
                         lp_vectorcall_fn vectorcall);

#endif
