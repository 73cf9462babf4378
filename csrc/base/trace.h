/* SPDX-License-Identifier: MIT */
/* The Lua stack, captured cheaply when an error is raised and formatted only
 * when somebody reads it (luaL_traceback costs up to 50 us). */
#ifndef LP_TRACE_H
#define LP_TRACE_H

#include "base/state.h"

struct lp_trace;

/* [-0, +0, -] Capture the stack of L from `level` on; NULL when out of
 * memory.  Release with lp_trace_free; needs no lock. */
struct lp_trace *lp_trace_capture(lua_State *L, int level);
void lp_trace_free(struct lp_trace *trace);

/* [-0, +0, -] Does L's stack, from `level` on, look as it did then? */
int lp_trace_is_of(const struct lp_trace *trace, lua_State *L, int level);

/* The text as luaL_traceback writes it, in malloc'ed memory, or NULL. */
char *lp_trace_text(const struct lp_trace *trace);

#endif
