/* SPDX-License-Identifier: MIT */
/* The functions of the table `py` that are written in C.  Each one has the
 * upvalues state and view. */
#ifndef LP_MODULE_H
#define LP_MODULE_H

#include "base/state.h"

#define LP_STATE(L) ((struct lp_state *)lua_touserdata(L, lua_upvalueindex(1)))
#define LP_VIEW(L)  ((struct lp_view *)lua_touserdata(L, lua_upvalueindex(2)))

/* [-0, +0, m] Add functions to the table on top of the stack. */
void lp_set_functions_or_jump(lua_State *L, struct lp_state *S,
                              struct lp_view *view, const luaL_Reg *functions);

/* One per file: add the file's functions to the table on top. */
void lp_module_run(lua_State *L, struct lp_state *S, struct lp_view *view);
void lp_module_import(lua_State *L, struct lp_state *S, struct lp_view *view);
void lp_module_function(lua_State *L, struct lp_state *S,
                        struct lp_view *view);
void lp_module_iterate(lua_State *L, struct lp_state *S,
                       struct lp_view *view);
void lp_module_life(lua_State *L, struct lp_state *S, struct lp_view *view);
void lp_module_start(lua_State *L, struct lp_state *S, struct lp_view *view);
void lp_module_tensor(lua_State *L, struct lp_state *S, struct lp_view *view);
void lp_module_view(lua_State *L, struct lp_state *S, struct lp_view *view);

/* [GIL, no lock] `__main__.__dict__`, owned by the process. */
LP_BORROWED PyObject *lp_main_dict(void);
/* [GIL, no lock] An attribute of a Python module. */
LP_OWNED PyObject *lp_import_attr(const char *module, const char *name);

#endif
