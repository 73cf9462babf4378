/* SPDX-License-Identifier: MIT */
/* py.loader: what Lua's io library cannot tell about files. */
#if !defined(_GNU_SOURCE)
#    define _GNU_SOURCE /* dladdr, RTLD_DEFAULT */
#endif

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader/functions.h"

static const char *
path_argument(lua_State *L)
{
    return lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "";
}

/* realpath(path) → path without links | nil, message */
int
lp_loader_realpath(lua_State *L)
{
    char buffer[PATH_MAX];

    if (realpath(path_argument(L), buffer) == NULL)
        return lp_push_failure(L, strerror(errno));
    lua_pushstring(L, buffer);
    return 1;
}

/* kind(path) → "file" | "directory" | "other" | nil. Follows links. */
int
lp_loader_kind(lua_State *L)
{
    struct stat status;

    if (stat(path_argument(L), &status) != 0)
        lua_pushnil(L);
    else
        lua_pushstring(L, S_ISREG(status.st_mode)   ? "file"
                          : S_ISDIR(status.st_mode) ? "directory"
                                                    : "other");
    return 1;
}

/* is_executable(path) → boolean: a file that this user may run */
int
lp_loader_is_executable(lua_State *L)
{
    struct stat status;
    const char *path = path_argument(L);

    lua_pushboolean(L, stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
                           access(path, X_OK) == 0);
    return 1;
}

/* getcwd() → path | nil, message */
int
lp_loader_getcwd(lua_State *L)
{
    char buffer[PATH_MAX];

    if (getcwd(buffer, sizeof buffer) == NULL)
        return lp_push_failure(L, strerror(errno));
    lua_pushstring(L, buffer);
    return 1;
}

/* listdir(path) → names, unsorted | nil, message */
int
lp_loader_listdir(lua_State *L)
{
    DIR *folder;
    struct dirent *entry;
    int count = 0;

    lua_newtable(L);
    folder = opendir(path_argument(L));
    if (folder == NULL)
        return lp_push_failure(L, strerror(errno));
    while ((entry = readdir(folder)) != NULL) {
        lua_pushstring(L, entry->d_name);
        lua_rawseti(L, -2, ++count);
    }
    closedir(folder);
    return 1;
}

/* system_library_folder() → where the C library of this process lies, such as
 * "/usr/lib/x86_64-linux-gnu" | nil. It names the system's library folder for
 * the right architecture without a table of them. */
int
lp_loader_system_library_folder(lua_State *L)
{
    void *symbol = dlsym(RTLD_DEFAULT, "sysconf");
    Dl_info info;
    char buffer[PATH_MAX];
    char *slash = NULL;

    if (symbol != NULL && dladdr(symbol, &info) != 0 &&
        info.dli_fname != NULL && realpath(info.dli_fname, buffer) != NULL)
        slash = strrchr(buffer, '/');
    if (slash == NULL)
        return lp_push_failure(L, "the C library was not found");
    lua_pushlstring(L, buffer, (size_t)(slash - buffer));
    return 1;
}
