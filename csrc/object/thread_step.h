/* SPDX-License-Identifier: MIT */
/* One step of a Lua coroutine that Python drives. */
#ifndef LP_THREAD_STEP_H
#define LP_THREAD_STEP_H

#include "handle/lua_handle.h"

enum lp_thread_status {
    LP_THREAD_FRESH,
    LP_THREAD_SUSPENDED,
    LP_THREAD_RUNNING,
    LP_THREAD_DEAD
};

struct lp_step {
    struct lp_lua_object *self;
    PyObject *value; /* borrowed: to send, or the exception to throw */
    int close;       /* end it: for lack of lua_closethread */
    enum lp_thread_status status; /* afterwards */
    PyObject *result; /* owned: what it yielded or returned, or NULL */
    int n_results;
};

/* [Lua lock; -0, +0, -] What `co` is doing, seen from L. */
enum lp_thread_status lp_thread_status(lua_State *L, lua_State *co);

/* All: [GIL, no lock needed] one visit to Lua; 0, or -1 with a Python error,
 * also where the coroutine ends by one. */
int lp_thread_send(struct lp_step *step);
int lp_thread_throw(struct lp_step *step);
#if LUA_VERSION_NUM >= 504
int lp_thread_close(struct lp_step *step);
#endif
/* Only the status. */
int lp_thread_ask(struct lp_step *step);

#endif
