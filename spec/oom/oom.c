/* SPDX-License-Identifier: MIT */
/* A Lua module that makes memory run out: spec/oom_spec.lua compiles it.
 *
 *   oom.start(n, rest)  the n-th request for memory from now on fails; with
 *                       `rest`, so do all that follow
 *   oom.stop()          memory is back; returns whether a request failed
 */
#include <lauxlib.h>
#include <lua.h>

static lua_Alloc original;
static void *original_data;
static long left; /* requests until one fails; 0: none fails */
static int rest, failing, failed;

static void *
allocate(void *data, void *block, size_t old_size, size_t size)
{
    (void)data;
    /* Giving back and shrinking must always work. */
    if (size > 0 && (block == NULL || size > old_size)) {
        if (failing || (left > 0 && --left == 0)) {
            failing = rest;
            failed = 1;
            return NULL;
        }
    }
    return original(original_data, block, old_size, size);
}

static int
start(lua_State *L)
{
    left = (long)luaL_checkinteger(L, 1);
    rest = lua_toboolean(L, 2);
    failed = failing = 0;
    original = lua_getallocf(L, &original_data);
    lua_setallocf(L, allocate, NULL);
    return 0;
}

static int
stop(lua_State *L)
{
    lua_setallocf(L, original, original_data);
    left = 0;
    failing = 0;
    lua_pushboolean(L, failed);
    return 1;
}

int luaopen_oom(lua_State *L);
int
luaopen_oom(lua_State *L)
{
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, start);
    lua_setfield(L, -2, "start");
    lua_pushcfunction(L, stop);
    lua_setfield(L, -2, "stop");
    return 1;
}
