/* SPDX-License-Identifier: MIT */
#ifndef LP_LUA_FUNCTION_H
#define LP_LUA_FUNCTION_H

#include "handle/lua_handle.h"

/* [GIL, no lock needed] Call the Lua value that `self` stands for; the
 * vectorcall of functions and of callable tables and userdata. */
PyObject *lp_lua_call(PyObject *self, PyObject *const *args, size_t nargsf,
                      PyObject *kwnames);

/* [GIL, lock, inside lp_protect; -0, +0, e] The values from `first` to the top
 * as one Python object: none is None, several are a tuple. */
PyObject *lp_lua_results(lua_State *L, struct lp_state *S, int first,
                         struct lp_view *view);

/* [GIL] Register the Python type.  0 or -1. */
int lp_lua_function_init_python(PyObject *module);
/* [-0, +0, m] The C function behind calls, for a new state. */
void lp_lua_function_init_or_jump(struct lp_state *S, lua_State *L);

#endif
