/* SPDX-License-Identifier: MIT */
/* A Python function of ours that enters Lua; see base/gil.h for the locks. */
#ifndef LP_VISIT_H
#define LP_VISIT_H

#include "base/gil.h"

struct lp_visit {
    struct lp_frame frame;
    PyThreadState *old_tstate;
    int old_gil;
    int locked_here;
    enum { LP_VISIT_NESTED, LP_VISIT_MAIN, LP_VISIT_POOL } source;
    int pool_ref;
};

/* [GIL, no lock needed] Start of every Python function that enters Lua.
 * Takes the state's lock, chooses this OS thread's Lua thread: the one that
 * is already inside, the main thread if it is idle, else one of a pool.
 * Returns 0, or -1 with a Python error (state closed, too deep, no memory).
 * At least 10 stack slots are free on v->frame.L.  The GIL stays held. */
int lp_visit_begin(struct lp_visit *v, struct lp_state *S);
void lp_visit_end(struct lp_visit *v);

/* [GIL, lock] Lua code runs now: the GIL is free until lp_lua_ran. */
static inline void
lp_lua_runs(void)
{
    struct lp_thread *t = &lp_this_thread;
    t->gil = 0;
    t->tstate = PyEval_SaveThread();
    if (LP_UNLIKELY(lp_attention)) {
        lp_attend_soon(t->frame->L);
    }
}

static inline void
lp_lua_ran(void)
{
    struct lp_thread *t = &lp_this_thread;
    PyEval_RestoreThread(t->tstate);
    t->gil = 1;
}

/* [GIL] Functions of pyhelper._core.  0 or -1. */
int lp_visit_init_python(PyObject *module);

#endif
