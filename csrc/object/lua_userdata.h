/* SPDX-License-Identifier: MIT */
#ifndef LP_LUA_USERDATA_H
#define LP_LUA_USERDATA_H

#include "base/py_api.h"

/* [GIL] Register the Python types of userdata and of LuaJIT's cdata. */
int lp_lua_userdata_init_python(PyObject *module);

#endif
