/* SPDX-License-Identifier: MIT */
/* Functions of the table `python` that Lua code finds in a Python host, with
 * the meaning that lupa's users know; lua/py/runtime.lua makes the table. */
#ifndef LP_PYTHON_TABLE_H
#define LP_PYTHON_TABLE_H

#include "base/state.h"

/* [-0, +0, em] Add them to the table on top of the stack. */
void lp_python_table_add_or_jump(lua_State *L, struct lp_state *S,
                                 struct lp_view *view);

#endif
