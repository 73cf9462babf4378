/* SPDX-License-Identifier: MIT */
/* Deep copies of tables; a helper of to_python.c only. */
#ifndef LP_TABLE_H
#define LP_TABLE_H

#include "convert/to_python.h"

/* [GIL, lock; -0, +0, -] A list or dict for the table at `index`, deep,
 * keeping shared tables shared and cycles cycles, at any depth. */
LP_OWNED PyObject *lp_table_to_python(struct lp_state *S, lua_State *L,
                                      int index, struct lp_view *view,
                                      enum lp_table_as as);

#endif
