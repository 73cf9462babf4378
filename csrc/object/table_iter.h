/* SPDX-License-Identifier: MIT */
#ifndef LP_TABLE_ITER_H
#define LP_TABLE_ITER_H

#include "base/py_api.h"

enum lp_iter_what { LP_KEYS, LP_VALUES, LP_ITEMS };

/* [GIL, no lock needed] An iterator over a LuaTable; may run Lua code, the
 * table's `__pairs`. */
LP_OWNED PyObject *lp_table_iter_new(PyObject *table, enum lp_iter_what what);

/* [GIL] Make its Python type.  0 or -1. */
int lp_table_iter_init_python(void);

#endif
