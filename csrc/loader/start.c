/* SPDX-License-Identifier: MIT */
/* py.loader's functions start and started. */
#if !defined(_GNU_SOURCE)
#    define _GNU_SOURCE /* RTLD_DEFAULT */
#endif

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "loader/embed.h"
#include "loader/functions.h"
#include "loader/libpython.h"

/* Several Lua states in several threads may ask for Python at once. */
static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
static int started_here = 0;

/* [-0, +1, m] A string field of the table at `index`, or NULL. The value
 * stays on the stack, so the string stays valid. */
static const char *
string_field(lua_State *L, int index, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, index);
    return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
}

/* [-0, +2, m] Reads the field argv into a block that the stack keeps. */
static void
read_argv(lua_State *L, int index, struct lp_start_options *options)
{
    int argc = 0;
    int i;

    lua_pushstring(L, "argv");
    lua_rawget(L, index);
    if (lua_istable(L, -1))
        for (;; argc++) {
            lua_rawgeti(L, -1, argc + 1);
            i = lua_type(L, -1) == LUA_TSTRING;
            lua_pop(L, 1);
            if (!i)
                break;
        }
    options->argc = argc;
    options->argv = lua_newuserdata(L, sizeof(char *) * ((size_t)argc + 1));
    for (i = 0; i < argc; i++) {
        lua_rawgeti(L, -2, i + 1);
        options->argv[i] = lua_tostring(L, -1); /* the table keeps it */
        lua_pop(L, 1);
    }
    options->argv[argc] = NULL;
}

/* start{library=, program=, home=, version="3.11", utf8=, argv=, path0=}
 * → "started" | "already" | nil, message */
int
lp_loader_start(lua_State *L)
{
    struct lp_start_options options;
    char message[1024] = "";
    const char *outcome = NULL;

    memset(&options, 0, sizeof options);
    lua_settop(L, 1);
    if (!lua_istable(L, 1))
        return lp_push_failure(L, "py.loader.start needs a table");
    options.library = string_field(L, 1, "library");
    options.program = string_field(L, 1, "program");
    options.home = string_field(L, 1, "home");
    options.version = string_field(L, 1, "version");
    options.path0 = string_field(L, 1, "path0");
    read_argv(L, 1, &options);
    lua_pushstring(L, "utf8");
    lua_rawget(L, 1);
    options.utf8 = lua_isnil(L, -1) ? -1 : lua_toboolean(L, -1);

    pthread_mutex_lock(&start_mutex);
    if (lp_python_is_running()) {
        if (lp_check_version(RTLD_DEFAULT, NULL, message, sizeof message))
            outcome = "already";
    } else if (started_here)
        snprintf(message, sizeof message,
                 "Python was shut down in this "
                 "process and cannot start again");
    else if (options.library == NULL || options.program == NULL)
        snprintf(message, sizeof message,
                 "py.loader.start needs the fields "
                 "'library' and 'program'");
    else if (lp_start_python(&options, message, sizeof message)) {
        started_here = 1;
        outcome = "started";
    }
    pthread_mutex_unlock(&start_mutex);

    if (outcome == NULL)
        return lp_push_failure(L, message);
    lua_pushstring(L, outcome);
    return 1;
}

/* started() → "embedded": started by this module; "host": it was there
 * before; nil: no Python runs in this process */
int
lp_loader_started(lua_State *L)
{
    const char *how = NULL;

    /* Not while another thread is just starting it. */
    pthread_mutex_lock(&start_mutex);
    if (lp_python_is_running())
        how = started_here ? "embedded" : "host";
    pthread_mutex_unlock(&start_mutex);
    if (how == NULL)
        lua_pushnil(L);
    else
        lua_pushstring(L, how);
    return 1;
}
