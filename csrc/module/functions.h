/* SPDX-License-Identifier: MIT */
#ifndef LP_FUNCTIONS_H
#define LP_FUNCTIONS_H

#include "base/state.h"

/* [-0, +1, em] Push the table of a view's functions and constants. */
void lp_push_functions_or_jump(lua_State *L, struct lp_state *S,
                               struct lp_view *view);

#endif
