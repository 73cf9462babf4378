/* SPDX-License-Identifier: MIT */
#include "cross/visit.h"

#include <pthread.h>

#include "cross/protect.h"
#include "cross/signal.h"

struct new_thread {
    lua_State *thread;
    int ref;
};

static int
new_thread_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct new_thread *made = ctx;
    made->thread = lua_newthread(L);
    luaL_checkstack(made->thread, LUA_MINSTACK, "lua-py");
    made->ref = lp_ref_or_jump(S, L);
    return 0;
}

/* [GIL, lock] An idle Lua thread for an OS thread that comes from Python
 * while the main thread is in use. */
static int
take_pool_thread(struct lp_visit *v, struct lp_state *S)
{
    if (S->n_pool > 0) {
        struct lp_pool_thread *idle = &S->pool[--S->n_pool];
        v->frame.L = idle->L;
        v->pool_ref = idle->ref;
        return 0;
    }
    struct new_thread made;
    /* `aux` is never inside a call here: it only makes threads. */
    if (lp_protect(S, S->aux, new_thread_body, &made, 0, 0) < 0) {
        return -1;
    }
    v->frame.L = made.thread;
    v->pool_ref = made.ref;
    return 0;
}

/* [GIL, lock; f: this thread's innermost frame in S, or NULL] */
static int
enter(struct lp_visit *v, struct lp_state *S, struct lp_frame *f)
{
    struct lp_thread *t = &lp_this_thread;
    if (LP_UNLIKELY(!t->stays)) {
        lp_stay_at_end(t);
    }
    v->frame = (struct lp_frame){S, NULL, t->frame, 0};
    v->old_gil = t->gil;
    v->old_tstate = t->tstate;
    t->frame = &v->frame;
    t->gil = 1;
    t->depth++;
    S->n_visits++;
    S->epoch++;
    S->current = NULL; /* whatever runs now, the crossings outside check */
    if (f != NULL) {
        v->source = LP_VISIT_NESTED;
        v->frame.L = f->L;
    }
    else if (!S->main_busy) {
        v->source = LP_VISIT_MAIN;
        v->frame.L = S->main;
        S->main_busy = 1;
    }
    else {
        v->source = LP_VISIT_POOL;
        v->frame.L = S->aux; /* for the protected call that makes one */
        if (take_pool_thread(v, S) < 0) {
            v->source = LP_VISIT_NESTED;
            return -1;
        }
    }
    if (S->n_unrefs > 0) {
        lp_drain_unrefs(S, v->frame.L);
    }
    return 0;
}

static struct lp_frame *
innermost(struct lp_state *S)
{
    struct lp_frame *f = lp_this_thread.frame;
    while (f != NULL && f->S != S) {
        f = f->outer;
    }
    return f;
}

/* [f: this thread's innermost frame in S, or NULL] While lua_close runs, only
 * the finalizers that it calls may enter: whoever else was inside when it has
 * ended would come back to memory that is gone. */
static int
is_closed(const struct lp_state *S, const struct lp_frame *f)
{
    return S->main == NULL || (S->closing && f == NULL);
}

static int
refuse_closed(void)
{
    PyErr_SetString(PyExc_RuntimeError,
                    "the Lua state of this object was closed");
    return -1;
}

int
lp_visit_begin(struct lp_visit *v, struct lp_state *S)
{
    struct lp_frame *f = innermost(S);
    if (LP_UNLIKELY(is_closed(S, f))) {
        return refuse_closed(); /* nobody will give the lock up any more */
    }
    if (lp_this_thread.depth >= LP_MAX_DEPTH) {
        PyErr_Format(PyExc_RecursionError,
                     "Lua and Python have called each other %d levels deep",
                     LP_MAX_DEPTH);
        return -1;
    }
    v->locked_here = f == NULL || f->unlocked;
    if (v->locked_here) {
        if (LP_UNLIKELY(lp_python_ending && S->locked)) {
            PyErr_SetString(PyExc_RuntimeError,
                            "another thread runs this Lua state, and will "
                            "not leave it while Python ends");
            return -1;
        }
        if (LP_UNLIKELY(S->locked && lp_is_python_thread())) {
            while (!lp_lock_until_signal(S)) {
                if (lp_check_signals() < 0) {
                    return -1;
                }
            }
        }
        else {
            lp_lock(S);
        }
    }
    if (LP_UNLIKELY(is_closed(S, f))) { /* closed while this waited */
        if (v->locked_here) {
            lp_unlock(S);
        }
        return refuse_closed();
    }
    if (enter(v, S, f) < 0) {
        lp_visit_end(v);
        return -1;
    }
    return 0;
}

void
lp_visit_end(struct lp_visit *v)
{
    struct lp_thread *t = &lp_this_thread;
    struct lp_state *S = v->frame.S;
    if (v->source == LP_VISIT_MAIN) {
        S->main_busy = 0;
    }
    else if (v->source == LP_VISIT_POOL) {
        lua_settop(v->frame.L, 0);
        if (S->n_pool < LP_POOL_SIZE) {
            S->pool[S->n_pool++] =
                (struct lp_pool_thread){v->frame.L, v->pool_ref};
        }
        else {
            lp_queue_unref(S, v->pool_ref);
        }
    }
    t->frame = v->frame.outer;
    t->depth--;
    S->n_visits--;
    t->gil = v->old_gil;
    t->tstate = v->old_tstate;
    if (v->locked_here) {
        /* The error of a failed visit must outlive queued releases. */
        lp_unlock(S);
    }
}

/* keep_lua(): the last atexit function.  From here on other threads do not
 * get the GIL back, so those that use a Lua state would keep it from the
 * finalizers that are still to come: this thread takes all states and keeps
 * them.  A thread that stays inside longer than PATIENCE goes without. */
static PyObject *
keep_lua(PyObject *self, PyObject *unused)
{
    enum { MAX_STATES = 16 };
    static struct lp_visit visits[MAX_STATES];
    const double PATIENCE = 1.0;
    int n = 0;
    (void)self;
    (void)unused;
    if (lp_python_ending) { /* a second call would take its frames again */
        Py_RETURN_NONE;
    }
    struct lp_state *next;
    for (struct lp_state *S = lp_states(); S != NULL; S = next) {
        struct lp_frame *f = innermost(S);
        /* Another OS thread's Lua may be in a wait that has no end. */
        int ours = pthread_equal(S->host_thread, pthread_self());
        lp_state_hold(S);
        if (n < MAX_STATES && !is_closed(S, f) && (f == NULL || f->unlocked) &&
            lp_lock_within(S, ours ? PATIENCE : 0.0)) {
            visits[n].locked_here = 0; /* for good */
            if (enter(&visits[n++], S, f) < 0) {
                PyErr_Clear();
            }
        }
        next = S->next;
        /* Held for good: the visits point to it. */
    }
    lp_python_ending = 1;
    /* Python clears the modules that still live at its end.  References from
     * Lua may keep the names in __main__ alive, so keep the module as well:
     * files that were left open there are flushed. */
    Py_XINCREF(PyImport_AddModule("__main__"));
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"keep_lua", keep_lua, METH_NOARGS, NULL},
    {NULL,       NULL,     0,           NULL},
};

int
lp_visit_init_python(PyObject *module)
{
    return PyModule_AddFunctions(module, methods);
}
