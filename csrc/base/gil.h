/* SPDX-License-Identifier: MIT */
/* Entering and leaving the two runtimes.
 *
 * Two locks: the GIL, and one lock per Lua state.  Running Lua code means
 * holding the state's lock and not the GIL; running Python code means holding
 * the GIL and not the state's lock.  Converting needs both.  The rules:
 *
 *   - a thread that holds a state's lock may wait for the GIL;
 *   - nobody waits for a state's lock with the GIL held: lp_lock lets go of
 *     the GIL while it waits;
 *   - a state's lock is only ever taken and given up with the GIL held, so it
 *     needs no atomic operation: the GIL guards `S->locked` and the queue of
 *     waiters.  Giving it up with waiters hands it to the first of them, so
 *     that a host that calls Python in a loop starves nobody.
 *
 * A crossing (`lp_cross`) is a Lua function of ours that enters Python; a
 * visit (`lp_visit`) is a Python function of ours that enters Lua.  Both put
 * a frame on this thread's list, from which nested visits learn which Lua
 * thread to use and whether the lock is already held. */
#ifndef LP_GIL_H
#define LP_GIL_H

#include "base/state.h"

struct lp_frame {
    struct lp_state *S;
    lua_State *L;
    struct lp_frame *outer;
    int unlocked; /* the state's lock is given up below this frame */
};

/* One per OS thread. */
struct lp_thread {
    PyThreadState *tstate; /* to enter Python with; NULL before the first */
    struct lp_frame *frame; /* innermost, or NULL */
    int gil;   /* does Lua code that runs now on this thread hold the GIL? */
    int depth; /* crossings and visits that are open */
    int stays; /* lp_stay_at_end was called */
    volatile int waits; /* in lp_lock_slow; for a signal handler */
};

/* initial-exec: one mov instead of a call; 40 bytes of the static TLS that
 * glibc and musl keep in reserve for dlopen. */
extern _Thread_local struct lp_thread lp_this_thread
    __attribute__((tls_model("initial-exec")));

/* Each level takes C stack of both runtimes; PUC Lua allows 200 nested C
 * calls, of which a level needs two. */
#ifndef LP_MAX_DEPTH
#define LP_MAX_DEPTH 180
#endif

struct lp_cross {
    struct lp_frame frame;
    int had_gil;
};

/* [no GIL] Give this OS thread a Python thread state and take the GIL. */
void lp_attach_slow(struct lp_thread *t);

/* [GIL] Take the state's lock; lets go of the GIL if it has to wait. */
void lp_lock_slow(struct lp_state *S);
static inline void
lp_lock(struct lp_state *S)
{
    if (LP_UNLIKELY(S->locked)) {
        lp_lock_slow(S);
    }
    S->locked = 1;
    S->epoch++;
}

/* [GIL] The same with an end to the patience: 1, or 0 without the lock. */
int lp_lock_within(struct lp_state *S, double seconds);
/* [GIL] The same until a signal waits for Python: 1, or 0 without the lock. */
int lp_lock_until_signal(struct lp_state *S);

/* [GIL, lock] Give it up: Python code may run.  Runs queued releases. */
void lp_unlock_slow(struct lp_state *S);
static inline void
lp_unlock(struct lp_state *S)
{
    if (LP_UNLIKELY(S->first_waiter != NULL || S->n_dead != 0)) {
        lp_unlock_slow(S);
    }
    else {
        S->locked = 0;
    }
}

/* [Lua lock] Raise the Lua error of a process whose Python has ended. */
int lp_python_gone_or_jump(lua_State *L);
/* [Lua lock] Raise the Lua error of endless recursion. */
int lp_too_deep_or_jump(lua_State *L);

/* Not 0: a signal came, or the host is a prompt (cross/signal.c). */
extern volatile int lp_attention;
enum { LP_SIGNAL_PENDING = 1 }; /* Python has not looked at it yet */
/* [GIL, lock] A crossing begins: let Python run its signal handlers, and
 * raise their exception in Lua after lp_cross_end. */
void lp_attend_or_jump(struct lp_cross *x);
/* [lock] Lua code runs next on L: let it be stopped soon. */
void lp_attend_soon(lua_State *L);

/* [-0, +0, e] Start of every lua_CFunction that needs Python.  Afterwards
 * both locks are held and nothing may jump until lp_cross_end.  Jumps if
 * Python is gone, the nesting is too deep or a signal handler of Python
 * raises.  The caller owns nothing yet. */
static inline void
lp_cross_begin_or_jump(struct lp_cross *x, struct lp_state *S, lua_State *L)
{
    struct lp_thread *t = &lp_this_thread;
    if (LP_UNLIKELY(!lp_python_alive)) {
        lp_python_gone_or_jump(L);
    }
    if (LP_UNLIKELY(t->depth >= LP_MAX_DEPTH)) {
        lp_too_deep_or_jump(L);
    }
    t->depth++;
    x->had_gil = t->gil;
    if (!t->gil) {
        if (LP_LIKELY(t->tstate != NULL)) {
            PyEval_RestoreThread(t->tstate);
        }
        else {
            lp_attach_slow(t);
        }
        t->gil = 1;
    }
    x->frame = (struct lp_frame){S, L, t->frame, 0};
    t->frame = &x->frame;
    S->epoch++;
#if LP_LUA51
    S->current = L;
#endif
    if (LP_UNLIKELY(lp_attention)) {
        lp_attend_or_jump(x);
    }
}

/* [GIL, lock] Let Python code run: the lock is free until cross_lock. */
static inline void
lp_cross_unlock(struct lp_cross *x)
{
    x->frame.unlocked = 1;
    lp_unlock(x->frame.S);
}

static inline void
lp_cross_lock(struct lp_cross *x)
{
    lp_lock(x->frame.S);
    x->frame.unlocked = 0;
}

/* Crossings that let no Python code run would never release anything. */
enum { LP_MANY_DEAD = 256 };

/* LuaJIT notes which Lua thread runs, in a field that compiled code trusts.
 * It sets the field where it calls and where a C function returns, but not
 * where an error is caught: nothing but the throwing thread can run in
 * between, it thinks.  With us, others run while Python does.  [GIL, lock]
 * Make L the current one again. */
void lp_make_current(struct lp_state *S, lua_State *L);

static inline void
lp_cross_end(struct lp_cross *x)
{
    struct lp_thread *t = &lp_this_thread;
#if LP_LUA51
    if (LP_UNLIKELY(x->frame.S->current != x->frame.L)) {
        lp_make_current(x->frame.S, x->frame.L);
    }
#endif
    if (LP_UNLIKELY(x->frame.S->n_dead >= LP_MANY_DEAD)) {
        lp_cross_unlock(x);
        lp_cross_lock(x);
    }
    t->frame = x->frame.outer;
    t->depth--;
    t->gil = x->had_gil;
    if (!x->had_gil) {
        t->tstate = PyEval_SaveThread();
    }
    if (LP_UNLIKELY(lp_attention)) {
        lp_attend_soon(x->frame.L);
    }
}

/* [GIL, lock] Around Python code that a converter has to run in the middle
 * of a crossing or visit.  S may be locked by this thread's innermost frame
 * only. */
static inline void
lp_python_runs(struct lp_state *S)
{
    lp_this_thread.frame->unlocked = 1;
    lp_unlock(S);
}

static inline void
lp_python_ran(struct lp_state *S)
{
    lp_lock(S);
    lp_this_thread.frame->unlocked = 0;
}

/* Python up to 3.13 ends threads that want the GIL while it ends by
 * pthread_exit, which unwinds their stack; LuaJIT takes that for a Lua error
 * and works on a state that another thread uses by then.  A thread that has
 * called this stops for ever instead, if it is in a crossing or visit. */
void lp_stay_at_end(struct lp_thread *t);

/* [GIL] All states that are alive. */
struct lp_state *lp_states(void);
/* [GIL] Take this thread's locks away from it, where the process ends and
 * Python code still has to run. */
void lp_unlock_all(void);

/* The atexit functions have run and other threads enter Python no more:
 * nobody may wait for them. */
extern int lp_python_ending;

/* ---- beginning and end (base/lifetime.c) ---- */

/* Called for each new state: hooks for exit and fork, Python is alive. */
void lp_python_started(void);
/* Called for each state that the host opened: Python ends with the last. */
void lp_host_opened(void);
/* Was this process's Python started by py.loader, and so ends with us? */
void lp_python_is_ours(int ours);
/* [Lua lock, no GIL] The state's lua_close has begun. */
void lp_lua_closing(struct lp_state *S);

/* [Lua lock; -0, +0, m] First act of a __gc: true if lua_close may have begun.
 * That runs the finalizers of objects that are still in use, newest first,
 * and the end of Python (atexit functions, threads to be joined) comes last;
 * it may call Lua functions that use those objects.  The userdata at index 1
 * is kept as it is, and its __gc is called again afterwards. */
int lp_keep_until_closed(lua_State *L);

/* Python's main thread: the one that runs signal handlers and may
 * finish Python.  Async-signal safe. */
int lp_is_python_thread(void);
void lp_signal_python_thread(int number);
/* `thread`: as Python's threading names it. */
void lp_set_python_thread(unsigned long thread);

#endif
