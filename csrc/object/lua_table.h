/* SPDX-License-Identifier: MIT */
#ifndef LP_LUA_TABLE_H
#define LP_LUA_TABLE_H

#include "base/py_api.h"

/* [GIL] Register the Python types of Lua tables and their iterators. */
int lp_lua_table_init_python(PyObject *module);

#endif
