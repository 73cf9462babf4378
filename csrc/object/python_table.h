/* SPDX-License-Identifier: MIT */
/* The table `python` that Lua code finds in a Python host, with the meaning
 * that lupa's users know. */
#ifndef LP_PYTHON_TABLE_H
#define LP_PYTHON_TABLE_H

#include "base/state.h"

/* Borrowed; NULL: kept from Lua. */
struct lp_python_objects {
    PyObject *eval, *exec, *builtins;
};

/* [GIL, lock, protected; -0, +1, em] Push the table. */
void lp_python_table_push_or_jump(lua_State *L, struct lp_state *S,
                                  struct lp_view *view,
                                  const struct lp_python_objects *objects);

#endif
