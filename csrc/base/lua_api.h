/* SPDX-License-Identifier: MIT */
/* The only file that includes lua.h.  What differs between Lua 5.1 (and
 * LuaJIT), 5.2, 5.3 and 5.4 is made equal here, under 5.4's names; the build
 * for 5.1 uses nothing that PUC Lua 5.1 does not export. */
#ifndef LP_LUA_API_H
#define LP_LUA_API_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define LP_LUA51 (LUA_VERSION_NUM == 501)
#define LP_LUA53_UP (LUA_VERSION_NUM >= 503)

/* lua_type of LuaJIT's cdata; 5.1's lua.h does not name it. */
#define LP_TCDATA 10

#if LP_LUA51
#define lua_rawlen(L, i)    lua_objlen(L, i)
#define LUA_OK              0
#define lp_abs(L, i)                                                          \
    ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)
#else
#define lp_abs(L, i) lua_absindex(L, i)
#endif

#if LUA_VERSION_NUM == 504
#define lp_new_userdata(L, size) lua_newuserdatauv(L, size, 0)
#define lp_resume(L, from, nargs, nres) lua_resume(L, from, nargs, nres)
#elif LP_LUA51
#define lp_new_userdata(L, size) lua_newuserdata(L, size)
#define lp_resume(L, from, nargs, nres)                                       \
    (*(nres) = -1, lua_resume(L, nargs))
#else
#define lp_new_userdata(L, size) lua_newuserdata(L, size)
#define lp_resume(L, from, nargs, nres)                                       \
    (*(nres) = -1, lua_resume(L, from, nargs))
#endif

/* 2^53: all integers up to here are exact as doubles, which Lua's numbers are
 * before 5.3. */
#define LP_MAX_EXACT 9007199254740992LL

/* rawgetp/rawsetp of 5.2 for every version. */
static inline void
lp_rawgetp(lua_State *L, int index, const void *p)
{
    index = lp_abs(L, index);
    lua_pushlightuserdata(L, (void *)p);
    lua_rawget(L, index);
}

static inline void
lp_rawsetp_or_jump(lua_State *L, int index, const void *p)
{
    index = lp_abs(L, index);
    lua_pushlightuserdata(L, (void *)p);
    lua_insert(L, -2);
    lua_rawset(L, index);
}

#endif
