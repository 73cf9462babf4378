/* SPDX-License-Identifier: MIT */
/* The converters that users register (py.register); helpers of to_python.c
 * and to_lua.c only.  A view's converters are a Lua table: metatable -> Lua
 * function for one direction; for the other, `types` is a list of pairs
 * {reference to a class or its name, Lua function}, the last one asked first. */
#ifndef LP_REGISTERED_H
#define LP_REGISTERED_H

#include "base/state.h"

/* [GIL, lock; -0, +0, -] Ask py.register's converters of this view for a
 * value with a metatable.  1 converted, 0 none, -1 Python error. */
int lp_registered_to_python(struct lp_state *S, lua_State *L, int index,
                            struct lp_view *view, PyObject **result);

/* [GIL, lock, inside lp_protect; -0, +0|1, e] The other direction, by the
 * object's type and its bases.  1 pushed, 0 none, -1 Python error. */
int lp_registered_to_lua(struct lp_state *S, lua_State *L, PyObject *obj,
                         struct lp_view *view);

#endif
