/* SPDX-License-Identifier: MIT */
/* A view's memory, and telling in two instructions whether an address is that
 * of a view. */
#ifndef LP_VIEW_H
#define LP_VIEW_H

#include "base/lua_api.h"
#include "base/py_api.h"

#include <stdint.h>

struct lp_state;

/* Conversion rules of one view (`py.new`); see convert/options.c.  References
 * begin with its address, by which they are known (handle/py_handle.h). */
struct lp_view {
    struct lp_state *state;
    struct lp_view *next;  /* views live as long as their state */
    unsigned id;           /* 0, 1, ... in the order they were made */
    unsigned numbers_float : 1; /* numbers='float' */
    unsigned strings_bytes : 1; /* strings='bytes' */
    unsigned unknown_error : 1; /* unknown='error' */
    unsigned by_value : 1;      /* results of calls are converted (lupa) */
    unsigned python_first : 1; /* pyhelper's: containers by reference */
    unsigned has_converters : 1; /* py.register was used on this view */
    /* pyhelper.LuaRuntime's options; the objects are owned, or NULL. */
    unsigned unpack_tuples : 1; /* tuples that calls return are results */
    unsigned zero_based : 1;    /* lutorpy: t[0] in Python is t[1] in Lua */
    unsigned self_methods : 1;  /* lutorpy: t._name is t:name */
    unsigned tensors : 1;       /* arrays become tensors in Lua */
    char encoding[32];          /* of strings; "": UTF-8 with escapes */
    PyObject *filter;           /* attribute_filter */
    PyObject *getter, *setter;  /* attribute_handlers */
    PyObject *overflow;         /* overflow_handler */
    int converters; /* registry reference: table of this view's converters */
    int funcs;      /* registry reference: its module table, or LUA_NOREF */
};

/* The first views of a process lie here, side by side. */
enum { LP_NEAR_VIEWS = 64 };
extern struct lp_view lp_near_views[LP_NEAR_VIEWS];

/* [-] Memory for a view, all zeros, or NULL. */
struct lp_view *lp_view_alloc(void);
void lp_view_free(struct lp_view *view);

/* [Lua lock; -0, +0, -] Is `address` that of a view of L's state that lies
 * elsewhere?  Needs two free stack slots. */
int lp_is_far_view(lua_State *L, uintptr_t address);

/* The same for any view.  Nothing else has such an address: no program can
 * come by one but from a reference. */
static inline int
lp_is_view(lua_State *L, uintptr_t address)
{
    return LP_LIKELY(address - (uintptr_t)lp_near_views <
                     sizeof lp_near_views)
               ? (address & 1) == 0
               : lp_is_far_view(L, address);
}

#endif
