/* SPDX-License-Identifier: MIT */
#include "cross/protect.h"

#include "cross/error.h"
#include "cross/visit.h"

struct protected_call {
    struct lp_state *S;
    lp_body body;
    void *ctx;
    int failed;
};

static int
trampoline(lua_State *L)
{
    struct protected_call *call = lua_touserdata(L, 1);
    int n = call->body(L, call->S, call->ctx);
    if (n < 0) {
        call->failed = 1;
        return 0;
    }
    return n;
}

/* [-nargs, +nresults or an error value] The status of lua_pcall. */
static int
call_body(struct protected_call *call, lua_State *L, int nargs, int nresults,
          int handler)
{
    lp_push_slot(call->S, L, LP_SLOT_PROTECT);
    lua_pushlightuserdata(L, call);
    if (nargs > 0) {
        lua_insert(L, -2 - nargs); /* ctx, args, function */
        lua_insert(L, -2 - nargs); /* function, ctx, args */
    }
    int status = lua_pcall(L, 1 + nargs, nresults, handler);
    if (LP_UNLIKELY(!lp_this_thread.gil)) {
        lp_lua_ran(); /* the error arose in Lua code that the body ran */
    }
    return status;
}

static int
run(struct lp_state *S, lua_State *L, lp_body body, void *ctx, int nargs,
    int nresults, int traced)
{
    struct protected_call call = {S, body, ctx, 0};
    int handler = 0;
    if (traced) {
        lp_push_slot(S, L, LP_SLOT_HANDLER);
        lua_insert(L, -1 - nargs); /* handler, args */
        handler = lua_gettop(L) - nargs;
    }
    int status = call_body(&call, L, nargs, nresults, handler);
    if (LP_UNLIKELY(status != LUA_OK)) {
        lp_error_from_lua(S, L, status, NULL);
    }
    else if (LP_UNLIKELY(call.failed)) {
        lua_pop(L, nresults > 0 ? nresults : 0); /* MULTRET: none came */
    }
    if (traced) {
        lua_remove(L, handler);
    }
    return status != LUA_OK || call.failed ? -1 : 0;
}

int
lp_protect(struct lp_state *S, lua_State *L, lp_body body, void *ctx,
           int nargs, int nresults)
{
    return run(S, L, body, ctx, nargs, nresults, 0);
}

int
lp_protect_code(struct lp_state *S, lua_State *L, lp_body body, void *ctx,
                int nargs, int nresults)
{
    return run(S, L, body, ctx, nargs, nresults, 1);
}

int
lp_try(struct lp_state *S, lua_State *L, lp_body body, void *ctx, int nargs)
{
    struct protected_call call = {S, body, ctx, 0};
    if (call_body(&call, L, nargs, 0, 0) != LUA_OK) {
        lua_pop(L, 1);
        return -1;
    }
    if (call.failed) {
        PyErr_Clear();
        return -1;
    }
    return 0;
}

void
lp_protect_init_or_jump(struct lp_state *S, lua_State *L)
{
    lua_pushcfunction(L, trampoline);
    lp_set_slot_or_jump(S, L, LP_SLOT_PROTECT);
}
