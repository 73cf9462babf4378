/* SPDX-License-Identifier: MIT */
#ifndef LP_LUA_RUNTIME_H
#define LP_LUA_RUNTIME_H

#include "object/runtime_open.h"

/* [GIL] Register pyhelper._core.LuaState.  0 or -1. */
int lp_lua_runtime_init_python(PyObject *module,
                               const struct lp_runtime_parts *parts);

#endif
