/* SPDX-License-Identifier: MIT */
/* The protected call: everything that can raise a Lua error while Python
 * frames or owned references are around goes through here. */
#ifndef LP_PROTECT_H
#define LP_PROTECT_H

#include "base/state.h"

/* [GIL, lock] What runs inside.  Its arguments lie from index 2 on.  Returns
 * the number of results on top of the stack, or -1 with a Python error set.
 * It may jump by a Lua error; what it owns must hang on `ctx`. */
typedef int (*lp_body)(lua_State *L, struct lp_state *S, void *ctx);

/* [GIL, lock; -nargs, +nresults, -] Run `body` in one lua_pcall with the
 * `nargs` values on top as arguments.  Returns 0 with `nresults` values
 * pushed, or -1 with a Python error set and nothing pushed.  Needs four free
 * stack slots. */
int lp_protect(struct lp_state *S, lua_State *L, lp_body body, void *ctx,
               int nargs, int nresults);

/* The same for a body that runs Lua code (metamethods, chunks): an error
 * keeps the Lua stack for LuaError.traceback.  The body lets go of the GIL
 * around that code by lp_lua_runs and lp_lua_ran; an error that jumps out in
 * between takes it back here.  Needs six free stack slots. */
int lp_protect_code(struct lp_state *S, lua_State *L, lp_body body, void *ctx,
                    int nargs, int nresults);

/* [GIL, lock; -nargs, +0, -] Run `body`, whose failure is no error: returns 0
 * or -1 and leaves no Python error.  For text about an error: converting the
 * error of a `__tostring` would ask for its text again, without end. */
int lp_try(struct lp_state *S, lua_State *L, lp_body body, void *ctx,
           int nargs);

/* [-0, +0, m] Make the C function behind it for a new state. */
void lp_protect_init_or_jump(struct lp_state *S, lua_State *L);

#endif
