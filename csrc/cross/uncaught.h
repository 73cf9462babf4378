/* SPDX-License-Identifier: MIT */
/* Errors that end the program, as the host prints them.
 *
 * From 5.2 on, and in LuaJIT, the interpreter asks an uncaught error object
 * for its text.  That of PUC Lua 5.1 prints "(error object is not a string)",
 * so there an error that nobody will catch is raised as its text. */
#ifndef LP_UNCAUGHT_H
#define LP_UNCAUGHT_H

#include "cross/error.h"

/* [GIL, lock, in a crossing; -1, +1, -] Replace the error object on top by
 * its text if it is about to end the program. */
void lp_show_uncaught(struct lp_state *S, lua_State *L);

/* [lock; -0, +0, m] In a __tostring: is it asked by LuaJIT's own interpreter,
 * which prints an uncaught error and then the Lua stack, and is that the stack
 * that the error has captured? */
int lp_host_shows_stack(struct lp_state *S, lua_State *L,
                        const struct lp_trace *trace);

/* [-0, +0, m] For a new state of PUC Lua 5.1: learn which functions catch
 * errors, and give `error` the same treatment (`assert`: lua/py/init.lua).
 * Does nothing elsewhere. */
void lp_uncaught_init_or_jump(struct lp_state *S, lua_State *L);

#endif
