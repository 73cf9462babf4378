/* SPDX-License-Identifier: MIT
 *
 * py.loader: opens the libpython that py.interpreter chose and starts it.
 *
 * The functions of this module raise no Lua error (except when Lua is out of
 * memory). They return nil and a message instead.
 */
#if !defined(_GNU_SOURCE)
#    define _GNU_SOURCE /* dladdr, RTLD_NODELETE */
#endif

#include <dlfcn.h>

#include "loader/functions.h"

__attribute__((visibility("default"))) int
luaopen_py_loader(lua_State *L);

int
lp_push_failure(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

static const luaL_Reg functions[] = {
    {"getcwd",                lp_loader_getcwd               },
    {"is_executable",         lp_loader_is_executable        },
    {"kind",                  lp_loader_kind                 },
    {"listdir",               lp_loader_listdir              },
    {"realpath",              lp_loader_realpath             },
    {"start",                 lp_loader_start                },
    {"started",               lp_loader_started              },
    {"system_library_folder", lp_loader_system_library_folder},
    {NULL,                    NULL                        },
};

/* Lua unmaps C modules in lua_close, while Python lives until the process
 * ends: this file must stay. */
static void
pin_this_library(void)
{
    Dl_info info;

    if (dladdr((void *)functions, &info) != 0 && info.dli_fname != NULL)
        dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

LUALIB_API int
luaopen_py_loader(lua_State *L)
{
    const luaL_Reg *entry;

    pin_this_library();
#if LUA_VERSION_NUM == 501
    if (lua_pushthread(L)) { /* 5.1 does not tell of it later, base/state.c */
        lua_setfield(L, LUA_REGISTRYINDEX, "py.main_thread");
    } else {
        lua_pop(L, 1);
    }
#endif
    lua_newtable(L);
    for (entry = functions; entry->name != NULL; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    return 1;
}
