/* SPDX-License-Identifier: MIT */
#ifndef LP_PY_OPERATORS_H
#define LP_PY_OPERATORS_H

#include "base/state.h"

/* [-0, +0, m] Add the operators to the metatable on top of the stack. */
void lp_py_operators_set_or_jump(struct lp_state *S, lua_State *L);

#endif
