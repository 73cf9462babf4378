/* SPDX-License-Identifier: MIT */
#ifndef LP_LUA_THREAD_H
#define LP_LUA_THREAD_H

#include "base/state.h"

/* [GIL] Register the Python type of coroutines. */
int lp_lua_thread_init_python(PyObject *module);

/* [GIL, no lock needed] A new coroutine of a Lua function, which starts with
 * the arguments in the tuple. */
LP_OWNED PyObject *lp_lua_thread_start(PyObject *function, PyObject *args);

#endif
