/* SPDX-License-Identifier: MIT */
/* The ends: lua_close, exit, fork.
 *
 * Python is finished (atexit functions run, buffers are flushed) by whoever
 * comes first: the lua_close of the last state, or C's atexit when a program
 * ends without it (os.exit, an error in a host that only exits).  Only a
 * Python that py.loader started is finished here. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/gil.h"
#include "base/memory_limit.h"

int lp_python_ending;

static int python_is_ours;
static pthread_t python_thread; /* the one that may finish Python */
static int python_thread_known; /* by lp_set_python_thread */
static int n_open; /* Lua states of the host, in any OS thread; atomic */

static void
enter_python(struct lp_thread *t)
{
    if (t->gil) {
        return;
    }
    if (t->tstate != NULL) {
        PyEval_RestoreThread(t->tstate);
    }
    else {
        lp_attach_slow(t);
    }
    t->gil = 1;
}

/* os.exit in another thread than Python's: the rest of Python cannot be taken
 * down under the threads that use it, but the functions that programs rely on
 * run.  The GIL stays here until the process has ended. */
static void
run_atexit_functions(void)
{
    PyObject *module = PyImport_ImportModule("atexit");
    PyObject *result =
        module != NULL ? PyObject_CallMethod(module, "_run_exitfuncs", NULL)
                       : NULL;
    if (result == NULL) {
        PyErr_Print();
    }
    Py_XDECREF(result);
    Py_XDECREF(module);
}

static void
finish_python(void)
{
    struct lp_thread *t = &lp_this_thread;
    if (!lp_python_alive || lp_python_ending || !python_is_ours ||
        !Py_IsInitialized()) {
        return;
    }
    enter_python(t);
    /* Threads that are still to be joined, atexit functions and finalizers
     * may call Lua functions: let them in. */
    lp_unlock_all();
    if (!lp_is_python_thread()) {
        run_atexit_functions();
        return;
    }
    Py_FinalizeEx();
    lp_python_alive = 0;
    *t = (struct lp_thread){0};
}

/* ---- lua_close ---- */

static const char kept_key = 'k'; /* registry: list of kept userdata */
static int any_kept; /* somebody's list is not empty; atomic */
/* The state whose Lua this thread closes, once what that kept may go. */
static _Thread_local struct lp_state *closing
    __attribute__((tls_model("initial-exec")));

struct lp_state *
lp_closing_state(void)
{
    return closing;
}

/* [-0, +0, e] Call the finalizers of what was kept. */
static void
finalize_kept(lua_State *L)
{
    __atomic_store_n(&any_kept, 0, __ATOMIC_RELAXED);
    lp_rawgetp(L, LUA_REGISTRYINDEX, &kept_key);
    if (lua_istable(L, -1)) {
        lua_pushnil(L);
        lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &kept_key);
        int n = (int)lua_rawlen(L, -1);
        for (int i = 1; i <= n; i++) {
            lua_rawgeti(L, -1, i);
            luaL_getmetafield(L, -1, "__gc");
            lua_insert(L, -2);
            lua_call(L, 1, 0);
        }
    }
    lua_pop(L, 1);
}

/* Is this finalizer called by a collection in the course of the program?
 * lua_close calls them on an empty stack, which a collection does only in
 * hosts that use the API outside of any function.  LuaJIT has a Lua thread
 * for finalizers since 2025; there the main thread's stack tells. */
static int
program_runs(lua_State *L)
{
    lua_Debug ar;
    if (lua_getstack(L, 1, &ar)) {
        return 1;
    }
    struct lp_state *S = lp_state_of(L);
    return S != NULL && S->luajit && S->main != NULL && S->main != L &&
           lua_getstack(S->main, 0, &ar);
}

int
lp_keep_until_closed(lua_State *L)
{
    /* Hosts as above get their objects back at the next collection. */
    if (closing != NULL || program_runs(L)) {
        if (__atomic_load_n(&any_kept, __ATOMIC_RELAXED) &&
            closing == NULL) {
            finalize_kept(L);
        }
        return 0;
    }
    lp_rawgetp(L, LUA_REGISTRYINDEX, &kept_key);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &kept_key);
    }
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, (int)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
    __atomic_store_n(&any_kept, 1, __ATOMIC_RELAXED);
    return 1;
}

void
lp_lua_closing(struct lp_state *S)
{
    /* pyhelper.LuaRuntime's come and go. */
    if (!S->python_host &&
        __atomic_sub_fetch(&n_open, 1, __ATOMIC_ACQ_REL) <= 0) {
        finish_python();
    }
    closing = S;
    finalize_kept(S->main);
    closing = NULL;
    if (!lp_python_alive) {
        /* Nothing may touch Python objects any more, so nothing can release
         * the state's other holders: it stays as it is. */
        S->main = NULL;
        return;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, S->main);
    lp_state_set_closed(S); /* visits that wait for the lock see it */
    lp_cross_unlock(&x);
    lp_cross_lock(&x); /* after all of them; new ones do not wait for it */
    lp_cross_end(&x);
    /* Finalizers of other userdata may still run after this one, and use
     * Python: this thread keeps the lock, and the state stays.  Whoever called
     * lua_close lets go of it afterwards; where that is a Lua host nobody
     * does. */
}

void
lp_state_close(struct lp_state *S)
{
    struct lp_thread *t = &lp_this_thread;
    PyThreadState *old_tstate = t->tstate;
    int old_gil = t->gil;
    lua_State *L = S->main;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    S->closing = 1;
    struct lp_frame frame = {S, L, t->frame, 0};
    t->frame = &frame;
    t->gil = 1;
    t->depth++;
    lp_lock(S);
    if (S->memory != NULL) {
        /* LuaJIT frees its memory as a whole if it sees its own function. */
        lua_setallocf(L, S->memory->next, S->memory->next_data);
    }
    lua_close(L); /* lp_lua_closing turns away those that wait for the lock */
    t->depth--;
    t->gil = old_gil;
    t->tstate = old_tstate;
    t->frame = frame.outer;
    PyObject **dead = S->dead;
    size_t n = S->n_dead;
    S->dead = NULL;
    S->n_dead = S->cap_dead = 0;
    lp_release_all(dead, n); /* may release objects of this state */
    free(S->memory);
    S->memory = NULL;
    lp_state_release(S); /* Lua's own hold */
    PyErr_Restore(type, value, traceback);
}

/* Threads that waited for a lock or held it do not exist here, except the one
 * that forked. */
static void
after_fork_in_child(void)
{
    for (struct lp_state *S = lp_states(); S != NULL; S = S->next) {
        struct lp_frame *f = lp_this_thread.frame;
        while (f != NULL && f->S != S) {
            f = f->outer;
        }
        S->first_waiter = S->last_waiter = NULL;
        if (f != NULL) {
            S->locked = !f->unlocked;
        }
        else {
            /* Lua itself forked, in no crossing, or has not been inside. */
            S->locked = !S->python_host &&
                        pthread_equal(S->host_thread, pthread_self());
            S->main_busy = !S->python_host;
        }
    }
    python_thread = pthread_self();
}

int
lp_is_python_thread(void)
{
    return pthread_equal(pthread_self(), python_thread);
}

void
lp_signal_python_thread(int number)
{
    pthread_kill(python_thread, number);
}

void
lp_set_python_thread(unsigned long thread)
{
    python_thread = (pthread_t)thread;
    python_thread_known = 1;
}

void
lp_python_is_ours(int ours)
{
    python_is_ours = ours;
}

void
lp_host_opened(void)
{
    __atomic_add_fetch(&n_open, 1, __ATOMIC_ACQ_REL);
}

void
lp_python_started(void)
{
    if (lp_python_alive) {
        return;
    }
    lp_python_alive = 1;
    if (!python_thread_known) {
        python_thread = pthread_self();
    }
    atexit(finish_python);
    pthread_atfork(NULL, NULL, after_fork_in_child);
}
