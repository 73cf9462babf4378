/* SPDX-License-Identifier: MIT */
#ifndef LP_LUA_OUTPUT_H
#define LP_LUA_OUTPUT_H

#include "base/state.h"

/* [-0, +0, em] In a Python host: let `print` and the library `io` of a new
 * Lua state write to sys.stdout and sys.stderr. */
void lp_lua_output_init_or_jump(struct lp_state *S, lua_State *L);

#endif
