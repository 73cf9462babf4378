/* SPDX-License-Identifier: MIT */
/* The functions of py.loader, as Lua calls them. */
#ifndef LP_LOADER_FUNCTIONS_H
#define LP_LOADER_FUNCTIONS_H

#include "base/lua_api.h"

int lp_loader_getcwd(lua_State *L);
int lp_loader_is_executable(lua_State *L);
int lp_loader_kind(lua_State *L);
int lp_loader_listdir(lua_State *L);
int lp_loader_realpath(lua_State *L);
int lp_loader_start(lua_State *L);
int lp_loader_started(lua_State *L);
int lp_loader_system_library_folder(lua_State *L);

/* [-0, +2, m] nil and the message, the results of a function that failed. */
int lp_push_failure(lua_State *L, const char *message);

#endif
