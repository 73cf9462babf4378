/* SPDX-License-Identifier: MIT */
/* Python objects to Lua values: contract section 4, second table. */
#ifndef LP_TO_LUA_H
#define LP_TO_LUA_H

#include "base/state.h"

enum {
    LP_KEEP_NONE = 1,  /* None becomes py.None, at any depth (eval_none) */
    LP_SHALLOW = 2,    /* containers become references (results by value) */
    LP_DEEP = 8,       /* containers become tables in any view */
    LP_AS_KEY = 16,    /* a str is a string even where strings are bytes */
    LP_NESTED = 4,     /* inside a container: internal */
};

/* [GIL, lock; -0, +0|1, -] Push None, bool, float or an exact int; 1 pushed,
 * 0 it is something else (nothing pushed).  Cannot fail. */
int lp_push_scalar(lua_State *L, struct lp_state *S, PyObject *obj,
                   int flags);

/* [GIL, lock; -0, +1, -] Convert and push by the view's rules; -1 with a
 * Python error and nothing pushed.  Needs six free stack slots. */
int lp_push_value(struct lp_state *S, lua_State *L, PyObject *obj,
                  struct lp_view *view, int flags);

/* The same for what lp_push_scalar has returned 0 for. */
int lp_push_no_scalar(struct lp_state *S, lua_State *L, PyObject *obj,
                      struct lp_view *view, int flags);

/* [GIL] The UTF-8 form of a str that becomes a string as it is; else NULL, no
 * error. */
const char *lp_plain_text(LP_BORROWED PyObject *obj, struct lp_view *view,
                          Py_ssize_t *size);

/* [-0, +0, m] Make the C function behind text for a new state. */
void lp_to_lua_init_or_jump(struct lp_state *S, lua_State *L);

/* [GIL, lock; -0, +n, -] Convert and push the items of a list; their number,
 * or -1 with a Python error and nothing pushed. */
int lp_push_items(struct lp_state *S, lua_State *L, PyObject *list,
                  struct lp_view *view);

#endif
