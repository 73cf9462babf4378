/* SPDX-License-Identifier: MIT */
/* Loops of Lua over a list or tuple, with its items converted ahead.
 *
 * A step that goes to Python costs the GIL's return and release.  But as long
 * as no Python code runs, a list cannot change: so a step takes some items at
 * once, more of them the longer a loop leaves Python alone.  Python code runs
 * when Lua calls it, which S->epoch tells, or in another thread: so nothing is
 * taken ahead where Python knows more than one, and what is ready is thrown
 * away when a new one has appeared. */
#ifndef LP_AHEAD_H
#define LP_AHEAD_H

#include "base/gil.h"
#include "handle/py_handle.h"

/* [Lua lock, no GIL; -0, +0|1, m] Push the next item if it is ready: 1.  If 0,
 * the step has to go to Python, and lp_ahead_fetch knows how many items it may
 * take. */
int lp_ahead_pop_or_jump(lua_State *L, struct lp_iteration *loop);

/* [GIL, lock] Python's iterator has made its step: convert items that follow.
 * Runs no Python code, sets no error. */
void lp_ahead_fetch(struct lp_iteration *loop);

#endif
