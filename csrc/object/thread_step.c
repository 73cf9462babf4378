/* SPDX-License-Identifier: MIT */
/* Going on with a Lua coroutine, and raising an error inside one.
 *
 * Lua has no function that raises an error inside a suspended coroutine.  A
 * debug hook does: it fires when the coroutine goes on, PUC Lua's already
 * when `yield` returns, so that even pcall(coroutine.yield) catches the
 * error.  LuaJIT's hooks come one step later, therefore its coroutine.yield
 * is replaced, when Python first drives one, by a Lua function that raises
 * what it is told to. */
#include "object/thread_step.h"

#include "base/trace.h"
#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "cross/error.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "object/lua_function.h"

enum { THREAD = 2 }; /* stack of the bodies */

/* Keys in the registry: the error that a hook shall raise, and LuaJIT's own
 * coroutine.yield.  The first is the sign for the replaced yield, too. */
static const char throw_key = 't', yield_key = 'y';

enum lp_thread_status
lp_thread_status(lua_State *L, lua_State *co)
{
    lua_Debug ar;
    if (co == L) {
        return LP_THREAD_RUNNING;
    }
    switch (lua_status(co)) {
    case LUA_YIELD:
        return LP_THREAD_SUSPENDED;
    case LUA_OK:
        return lua_getstack(co, 0, &ar) ? LP_THREAD_RUNNING
               : lua_gettop(co) == 0    ? LP_THREAD_DEAD
                                        : LP_THREAD_FRESH;
    default:
        return LP_THREAD_DEAD;
    }
}

static int
refuse_running(void)
{
    PyErr_SetString(PyExc_ValueError, "this coroutine is already executing");
    return -1;
}

/* ---- going on ---- */

/* What goes to lua_resume on the coroutine's stack, and what that leaves. */
struct outcome {
    struct lp_step *step;
    lua_State *co;
    int nargs;
    int status;
    int n; /* results */
};

/* [Lua lock, GIL; the innermost frame is that of the visit] lua_resume is a
 * protected call itself. */
static void
resume(struct outcome *o, struct lp_state *S, lua_State *L)
{
    struct lp_frame *frame = lp_this_thread.frame;
    frame->L = o->co; /* where a signal finds the code that it shall stop */
    lp_lua_runs();
    o->status = lp_resume(o->co, L, o->nargs, &o->n);
    S->current = NULL; /* for LuaJIT it is still `co` */
    lp_lua_ran();
    frame->L = L;
    if (o->n < 0) {
        o->n = lua_gettop(o->co);
    }
}

#if LUA_VERSION_NUM < 504
/* Clear the stack of a coroutine that died of an error: it keeps the error
 * and the locals of its frames, and an exception among them holds frames
 * that hold this coroutine, a cycle that no collector sees.  Uses the one
 * slot that the error value has just left. */
static void
forget_variables(lua_State *co, lua_Debug *ar, int first, int step)
{
    for (int n = first; lua_getlocal(co, ar, n) != NULL; n += step) {
        lua_pop(co, 1);
        lua_pushnil(co);
        lua_setlocal(co, ar, n);
    }
}

static void
forget_frames(lua_State *co)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(co, level, &ar); level++) {
        forget_variables(co, &ar, 1, 1);
        forget_variables(co, &ar, -1, -1); /* `...`; 5.1 knows none */
    }
}
#endif

/* [inside lp_protect] The error that ended it becomes a Python error. */
static int
take_error(struct outcome *o, struct lp_state *S, lua_State *L)
{
    o->step->status = LP_THREAD_DEAD;
    lp_trace_free(S->trace);
    S->trace = lp_trace_capture(o->co, 0);
    lua_xmove(o->co, L, 1);
#if LUA_VERSION_NUM >= 504
    lua_resetthread(o->co); /* closes variables, as coroutine.wrap does */
    lua_settop(o->co, 0);
#else
    forget_frames(o->co);
#endif
    lp_error_from_lua(S, L, o->status, NULL);
    return -1;
}

/* [inside lp_protect] 0, or -1 with a Python error. */
static int
take_outcome(struct outcome *o, struct lp_state *S, lua_State *L)
{
    struct lp_step *step = o->step;
    if (o->status != LUA_OK && o->status != LUA_YIELD) {
        return take_error(o, S, L);
    }
    luaL_checkstack(L, o->n + 12, "lua-py: too many results");
    int first = lua_gettop(L) + 1;
    lua_xmove(o->co, L, o->n);
    step->status =
        o->status == LUA_YIELD ? LP_THREAD_SUSPENDED : LP_THREAD_DEAD;
    step->n_results = o->n;
    step->result = lp_lua_results(L, S, first, step->self->view);
    return step->result != NULL ? 0 : -1;
}

static int
resume_and_take(struct outcome *o, struct lp_state *S, lua_State *L)
{
    resume(o, S, L);
    return take_outcome(o, S, L);
}

static int
outcome_body(lua_State *L, struct lp_state *S, void *ctx)
{
    return take_outcome(ctx, S, L);
}

/* The usual outcome, one value, needs no protection: what is done here
 * raises nothing.  Returns 0 if it is another one. */
static int
take_one_value(struct outcome *o, struct lp_state *S, lua_State *L)
{
    struct lp_step *step = o->step;
    if (o->status != LUA_YIELD || o->n != 1) {
        return 0;
    }
    lua_State *at = o->co;
    int type = lua_type(at, -1);
    if (type > LUA_TSTRING || type == LUA_TLIGHTUSERDATA ||
        step->self->view->has_converters ||
        step->self->view->encoding[0] != '\0') {
        /* to be anchored, looked up, decoded by Python code: not there */
        lua_xmove(o->co, L, 1);
        at = L;
    }
    step->status = LP_THREAD_SUSPENDED;
    step->n_results = 1;
    step->result = lp_to_python(S, at, lua_gettop(at), step->self->view);
    lua_pop(at, 1);
    return 1;
}

/* LuaJIT's coroutine.yield becomes one that can be told to raise, when Python
 * first drives a coroutine and not before: a program that only yields in Lua
 * keeps its own. */
static const char luajit_yield[] =
    "local yield, error, sign = coroutine.yield, error, ...\n"
    "local function check(...)\n"
    "  if (...) == sign then\n"
    "    local _, e = ...\n"
    "    error(e, 0)\n"
    "  end\n"
    "  return ...\n"
    "end\n"
    "function coroutine.yield(...)\n"
    "  return check(yield(...))\n"
    "end\n"
    "return coroutine.yield\n";

/* [-0, +0, em] */
static void
replace_yield_or_jump(struct lp_state *S, lua_State *L)
{
    S->yield_replaced = 1;
    if (luaL_loadbuffer(L, luajit_yield, sizeof luajit_yield - 1,
                        "=coroutine.yield") != LUA_OK) {
        lua_error(L);
    }
    lua_pushlightuserdata(L, (void *)&throw_key);
    lua_call(L, 1, 1);
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &yield_key);
}

/* ---- sending ---- */

static int
replace_body(lua_State *L, struct lp_state *S, void *ctx)
{
    (void)ctx;
    replace_yield_or_jump(S, L);
    return 0;
}

static int
push_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_step *step = ctx;
    lua_State *co = lua_tothread(L, THREAD);
    if (lp_push_value(S, L, step->value, step->self->view, 0) < 0) {
        return -1;
    }
    /* Python code that ran for the conversion may have driven it, too. */
    if (lp_thread_status(L, co) != LP_THREAD_SUSPENDED) {
        return refuse_running();
    }
    lua_xmove(L, co, 1);
    return 0;
}

/* [-0, +0] Push the value on the coroutine's stack; 0 or -1. */
static int
push_value(struct lp_step *step, struct lp_state *S, lua_State *L,
           lua_State *co)
{
    if (lp_push_scalar(co, S, step->value, 0)) {
        return 0;
    }
    lp_push_ref(S, L, step->self->ref);
    return lp_protect(S, L, push_body, step, 1, 0);
}

static int
resume_body(lua_State *L, struct lp_state *S, void *ctx)
{
    return resume_and_take(ctx, S, L);
}

/* [GIL, lock; -0, +0] */
static int
send(struct lp_step *step, struct lp_state *S, lua_State *L)
{
    /* lua_topointer of a thread: the object keeps that in the registry. */
    struct outcome o = {.step = step, .co = (lua_State *)step->self->address};
    if (LP_UNLIKELY(S->luajit && !S->yield_replaced) &&
        lp_protect(S, L, replace_body, NULL, 0, 0) < 0) {
        return -1;
    }
    step->status = lp_thread_status(L, o.co);
    switch (step->status) {
    case LP_THREAD_RUNNING:
        return refuse_running();
    case LP_THREAD_DEAD:
        return 0;
    case LP_THREAD_FRESH:
        if (step->value != Py_None) {
            PyErr_SetString(PyExc_TypeError, "can't send non-None value to a "
                                             "just-started coroutine");
            return -1;
        }
        o.nargs = lua_gettop(o.co) - 1;
        break;
    default:
        if (push_value(step, S, L, o.co) < 0) {
            return -1;
        }
        o.nargs = 1;
    }
    if (LP_UNLIKELY(S->memory != NULL)) {
        /* Lua 5.4 makes a string to say that coroutines are nested too deep. */
        return lp_protect(S, L, resume_body, &o, 0, 0);
    }
    resume(&o, S, L);
    if (take_one_value(&o, S, L)) {
        return step->result != NULL ? 0 : -1;
    }
    return lp_protect(S, L, outcome_body, &o, 0, 0);
}

/* ---- raising inside ---- */

static void
throw_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    lp_rawgetp(L, LUA_REGISTRYINDEX, &throw_key);
    lua_error(L);
}

/* Is LuaJIT's coroutine suspended in the replaced coroutine.yield? */
static int
in_our_yield(struct lp_state *S, lua_State *L, lua_State *co)
{
    lua_Debug ar;
    if (!S->luajit || !lua_getstack(co, 1, &ar) ||
        !lua_getinfo(co, "f", &ar)) {
        return 0;
    }
    lua_xmove(co, L, 1);
    lp_rawgetp(L, LUA_REGISTRYINDEX, &yield_key);
    int ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return ours;
}

/* Resume so that the error on top of L is raised at the yield. */
static int
resume_with_error(struct lp_step *step, struct lp_state *S, lua_State *L,
                  lua_State *co)
{
    struct outcome o = {.step = step, .co = co};
    if (in_our_yield(S, L, co)) {
        lua_pushlightuserdata(L, (void *)&throw_key);
        lua_insert(L, -2);
        lua_xmove(L, co, 2);
        o.nargs = 2;
        return resume_and_take(&o, S, L);
    }
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &throw_key);
    lua_Hook hook = lua_gethook(co);
    int mask = lua_gethookmask(co), count = lua_gethookcount(co);
    lua_sethook(co, throw_hook, LUA_MASKRET | LUA_MASKCOUNT, 1);
    int done = resume_and_take(&o, S, L);
    lua_sethook(co, hook, mask, count);
    lua_pushnil(L);
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &throw_key);
    return done;
}

static int
throw_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_step *step = ctx;
    lua_State *co = lua_tothread(L, THREAD);
    step->status = lp_thread_status(L, co);
    if (step->status == LP_THREAD_RUNNING) {
        return refuse_running();
    }
    if (step->status == LP_THREAD_FRESH) {
        lua_settop(co, 0);
        step->status = LP_THREAD_DEAD;
    }
    if (step->close && step->status == LP_THREAD_DEAD) {
        return 0;
    }
    Py_INCREF(step->value);
    lp_set_raised(step->value);
    if (step->status == LP_THREAD_DEAD) {
        return -1;
    }
    lp_cross_fail(S, L, 0);
    return resume_with_error(step, S, L, co);
}

#if LUA_VERSION_NUM >= 504
static int
close_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct lp_step *step = ctx;
    lua_State *co = lua_tothread(L, THREAD);
    step->status = lp_thread_status(L, co);
    if (step->status == LP_THREAD_RUNNING) {
        return refuse_running();
    }
    lp_lua_runs();
    int status = lua_resetthread(co);
    lp_lua_ran();
    if (status != LUA_OK && step->status == LP_THREAD_SUSPENDED) {
        lua_xmove(co, L, 1);
        lua_settop(co, 0);
        lp_error_from_lua(S, L, status, NULL);
        return -1;
    }
    lua_settop(co, 0);
    step->status = LP_THREAD_DEAD;
    return 0;
}
#endif

static int
status_body(lua_State *L, struct lp_state *S, void *ctx)
{
    (void)S;
    ((struct lp_step *)ctx)->status =
        lp_thread_status(L, lua_tothread(L, THREAD));
    return 0;
}

/* ---- visits ---- */

/* [GIL, no lock] One visit: without a body, the coroutine goes on. */
static int
visit(struct lp_step *step, lp_body body)
{
    struct lp_state *S = step->self->view->state;
    struct lp_visit v;
    if (lp_visit_begin(&v, S) < 0) {
        return -1;
    }
    lua_State *L = v.frame.L;
    Py_INCREF(step->self);
    int done;
    if (body == NULL) {
        done = send(step, S, L);
    }
    else {
        lp_push_ref(S, L, step->self->ref);
        done = lp_protect(S, L, body, step, 1, 0);
    }
    lp_visit_end(&v);
    Py_DECREF(step->self);
    return done;
}

int
lp_thread_send(struct lp_step *step)
{
    return visit(step, NULL);
}

int
lp_thread_throw(struct lp_step *step)
{
    return visit(step, throw_body);
}

#if LUA_VERSION_NUM >= 504
int
lp_thread_close(struct lp_step *step)
{
    return visit(step, close_body);
}
#endif

int
lp_thread_ask(struct lp_step *step)
{
    return visit(step, status_body);
}
