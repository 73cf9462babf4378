/* SPDX-License-Identifier: MIT */
/* The ends: lua_close, exit, fork.
 *
 * Python is finished (atexit functions run, buffers are flushed) by whoever
 * comes first: the lua_close of the last state, or C's atexit when a program
 * ends without it (os.exit, an error in a host that only exits).  Only a
 * Python that py.loader started is finished here. */
#include <pthread.h>
#include <stdlib.h>

#include "base/gil.h"

static int python_is_ours;
static pthread_t python_thread; /* the one that may finish Python */
static int n_open;              /* Lua states that have not been closed */

static void
finish_python(void)
{
    struct lp_thread *t = &lp_this_thread;
    if (!lp_python_alive || !python_is_ours || !Py_IsInitialized() ||
        !pthread_equal(pthread_self(), python_thread)) {
        return;
    }
    if (!t->gil) {
        if (t->tstate != NULL) {
            PyEval_RestoreThread(t->tstate);
        }
        else {
            lp_attach_slow(t);
        }
        t->gil = 1;
    }
    /* atexit functions, finalizers and threads that are still to be joined
     * may call Lua functions: let them in, on the main Lua thread. */
    enum { MAX_STATES = 16 };
    struct lp_frame frames[MAX_STATES];
    int n = 0;
    for (struct lp_state *S = lp_states(); S != NULL && n < MAX_STATES;
         S = S->next) {
        if (S->main != NULL && t->frame == NULL && !S->python_host &&
            pthread_equal(S->host_thread, python_thread)) {
            frames[n++] = (struct lp_frame){S, S->main, NULL, 1};
        }
    }
    for (int i = 0; i < n; i++) {
        frames[i].outer = t->frame;
        t->frame = &frames[i];
        lp_unlock(frames[i].S);
    }
    Py_FinalizeEx();
    lp_python_alive = 0;
    t->gil = 0;
    t->tstate = NULL;
    t->frame = NULL;
}

void
lp_lua_closing(struct lp_state *S)
{
    n_open--;
    if (n_open <= 0) {
        finish_python();
    }
    if (!lp_python_alive) {
        /* Nothing may touch Python objects any more, so nothing can release
         * the state's other holders: it stays as it is. */
        S->main = NULL;
        return;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, S->main);
    S->main = NULL; /* visits that wait for the lock see this */
    lp_cross_unlock(&x);
    lp_cross_end(&x);
    /* Finalizers of other userdata may still run after this one and look at
     * the state: whoever called lua_close lets go of it afterwards, and where
     * that is a Lua host (at the end of its process) nobody does. */
}

static void
after_fork_in_child(void)
{
    /* Threads that waited for a lock or held it do not exist here, except
     * the one that forked. */
    struct lp_frame *mine = lp_this_thread.frame;
    for (struct lp_state *S = lp_states(); S != NULL; S = S->next) {
        S->first_waiter = S->last_waiter = NULL;
        S->locked = 0;
        for (struct lp_frame *f = mine; f != NULL; f = f->outer) {
            if (f->S == S) {
                S->locked = !f->unlocked;
                break;
            }
        }
    }
    python_thread = pthread_self();
}

void
lp_python_is_ours(int ours)
{
    python_is_ours = ours;
}

void
lp_python_started(void)
{
    n_open++;
    if (lp_python_alive) {
        return;
    }
    lp_python_alive = 1;
    python_thread = pthread_self();
    atexit(finish_python);
    pthread_atfork(NULL, NULL, after_fork_in_child);
}
