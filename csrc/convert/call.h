/* SPDX-License-Identifier: MIT */
/* Calling Python with arguments from the Lua stack. */
#ifndef LP_CALL_H
#define LP_CALL_H

#include "base/gil.h"

/* [GIL, lock; -0, +0, -] Call `callable` with the values first .. first +
 * nargs - 1, py.args and py.kwargs among them expanded; the state's lock is
 * free while Python runs.  NULL with a Python error. */
LP_OWNED PyObject *lp_call_from_stack(struct lp_cross *x, PyObject *callable,
                                      int first, int nargs,
                                      struct lp_view *view);

/* [lock; -0, +0, -] Is the table at `index` py.args, py.kwargs, or what
 * py.kwargs{...} gives? */
int lp_is_call_marker(struct lp_state *S, lua_State *L, int index);

/* [-0, +0, m] Make py.args and py.kwargs for a new state. */
void lp_call_init_or_jump(struct lp_state *S, lua_State *L);

#endif
