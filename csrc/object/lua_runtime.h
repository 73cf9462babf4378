/* SPDX-License-Identifier: MIT */
#ifndef LP_LUA_RUNTIME_H
#define LP_LUA_RUNTIME_H

#include "base/state.h"

/* What the door gives: it alone knows all the parts. */
struct lp_runtime_parts {
    /* [GIL, lock; -0, +0, em] Make the parts of a new state. */
    void (*init_state_or_jump)(struct lp_state *S, lua_State *L);
    /* [-0, +1, em] Push the functions of a view. */
    void (*push_functions_or_jump)(lua_State *L, struct lp_state *S,
                                   struct lp_view *view);
};

/* [GIL] Register pyhelper._core.LuaState.  0 or -1. */
int lp_lua_runtime_init_python(PyObject *module,
                               const struct lp_runtime_parts *parts);

#endif
