/* SPDX-License-Identifier: MIT */
#include "base/gil.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/dynlib.h"

_Thread_local struct lp_thread lp_this_thread
    __attribute__((tls_model("initial-exec")));

struct lp_waiter {
    struct lp_waiter *next;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int granted;
};

/* An OS thread that Python did not know before keeps its thread state until
 * it ends: making one costs more than a crossing. */
static pthread_key_t attached_key;
static pthread_once_t attached_once = PTHREAD_ONCE_INIT;

static void
detach(void *tstate)
{
    if (lp_python_alive && !lp_python_ending) {
        /* Not PyGILState_Release: this thread's pointer to the state, which
         * that looks up, may have been cleared before this is called. */
        PyEval_RestoreThread(tstate);
        PyThreadState_Clear(tstate);
        lp_py.delete_current_thread();
    }
}

static void
make_attached_key(void)
{
    pthread_key_create(&attached_key, detach);
}

static void
stay_for_ever(void *unused)
{
    (void)unused;
    while (lp_python_ending && lp_this_thread.depth > 0) {
        pause();
    }
}

#if defined(__GLIBC__)
static pthread_key_t buffer_key; /* frees it at the thread's end */
static pthread_once_t buffer_once = PTHREAD_ONCE_INIT;

static void
make_buffer_key(void)
{
    pthread_key_create(&buffer_key, free);
}

/* What pthread_cleanup_push was made of before it became a scope: a list of
 * functions that pthread_exit calls.  It compares their buffers' addresses
 * with those of the frames that it leaves, and what is not on the stack (nor
 * above it, where thread-local variables lie) counts as left at once. */
void
lp_stay_at_end(struct lp_thread *t)
{
    t->stays = 1;
    void (*push)(struct _pthread_cleanup_buffer *, void (*)(void *), void *);
    *(void **)&push = lp_dynlib_symbol("_pthread_cleanup_push");
    struct _pthread_cleanup_buffer *buffer = malloc(sizeof *buffer);
    if (push == NULL || buffer == NULL) {
        free(buffer);
        return;
    }
    pthread_once(&buffer_once, make_buffer_key);
    pthread_setspecific(buffer_key, buffer);
    push(buffer, stay_for_ever, NULL);
}
#else
void
lp_stay_at_end(struct lp_thread *t)
{
    t->stays = 1; /* musl's pthread_exit unwinds nothing */
    (void)stay_for_ever;
}
#endif

void
lp_attach_slow(struct lp_thread *t)
{
    if (!t->stays) {
        lp_stay_at_end(t);
    }
    PyThreadState *known = PyGILState_GetThisThreadState();
    if (known != NULL) {
        PyEval_RestoreThread(known);
        t->tstate = known;
        return;
    }
    PyGILState_Ensure();
    t->tstate = PyThreadState_Get();
    pthread_once(&attached_once, make_attached_key);
    pthread_setspecific(attached_key, t->tstate);
}

static void
wait_in_queue(struct lp_state *S, struct lp_waiter *w)
{
    w->next = NULL;
    w->granted = 0;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->cond, NULL);
    if (S->last_waiter != NULL) {
        S->last_waiter->next = w;
    }
    else {
        S->first_waiter = w;
    }
    S->last_waiter = w;
}

static void
leave_queue(struct lp_state *S, struct lp_waiter *w)
{
    struct lp_waiter *before = NULL;
    for (struct lp_waiter *i = S->first_waiter; i != w; i = i->next) {
        before = i;
    }
    if (before != NULL) {
        before->next = w->next;
    }
    else {
        S->first_waiter = w->next;
    }
    if (S->last_waiter == w) {
        S->last_waiter = before;
    }
}

static void
end_waiting(struct lp_waiter *w)
{
    pthread_cond_destroy(&w->cond);
    pthread_mutex_destroy(&w->mutex);
}

void
lp_lock_slow(struct lp_state *S)
{
    struct lp_waiter w;
    wait_in_queue(S, &w);
    lp_this_thread.waits = 1;
    PyThreadState *tstate = PyEval_SaveThread();
    pthread_mutex_lock(&w.mutex);
    while (!w.granted) {
        pthread_cond_wait(&w.cond, &w.mutex);
    }
    pthread_mutex_unlock(&w.mutex);
    PyEval_RestoreThread(tstate);
    lp_this_thread.waits = 0;
    end_waiting(&w);
}

/* [no GIL] Wait for some time; is the lock ours now? */
static int
granted_within(struct lp_waiter *w, double seconds)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    double at = (double)end.tv_nsec / 1e9 + seconds;
    end.tv_sec += (time_t)at;
    end.tv_nsec = (long)((at - (double)(time_t)at) * 1e9);

    pthread_mutex_lock(&w->mutex);
    int timed_out = 0;
    while (!w->granted && !timed_out) {
        timed_out =
            pthread_cond_timedwait(&w->cond, &w->mutex, &end) == ETIMEDOUT;
    }
    int granted = w->granted;
    pthread_mutex_unlock(&w->mutex);
    return granted;
}

/* One period of `seconds`, or, if those are negative, many short ones until
 * there is a signal. */
static int
lock_patiently(struct lp_state *S, double seconds)
{
    const double PERIOD = 0.02;
    if (!S->locked) {
        S->locked = 1;
        S->epoch++;
        return 1;
    }
    struct lp_waiter w;
    wait_in_queue(S, &w);
    PyThreadState *tstate = PyEval_SaveThread();
    if (seconds >= 0) {
        granted_within(&w, seconds);
    }
    else {
        while (!granted_within(&w, PERIOD) &&
               !(lp_attention & LP_SIGNAL_PENDING)) {
        }
    }
    PyEval_RestoreThread(tstate);
    if (!w.granted) { /* granting needs the GIL: it is final now */
        leave_queue(S, &w);
    }
    end_waiting(&w);
    S->epoch++;
    return w.granted;
}

int
lp_lock_within(struct lp_state *S, double seconds)
{
    return lock_patiently(S, seconds);
}

int
lp_lock_until_signal(struct lp_state *S)
{
    return lock_patiently(S, -1.0);
}

static void
hand_over(struct lp_state *S)
{
    struct lp_waiter *w = S->first_waiter;
    if (w == NULL || lp_python_ending) { /* nobody else gets the GIL then */
        S->locked = 0;
        return;
    }
    S->first_waiter = w->next;
    if (S->first_waiter == NULL) {
        S->last_waiter = NULL;
    }
    /* Signal inside the mutex: `w` lives on the waiter's stack and is gone
     * as soon as the waiter has seen `granted`. */
    pthread_mutex_lock(&w->mutex);
    w->granted = 1;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->mutex);
}

void
lp_unlock_slow(struct lp_state *S)
{
    /* The queue is guarded by the lock: take it before giving that up, run
     * the releases (arbitrary Python code) afterwards. */
    enum { FEW = 64 };
    PyObject *few[FEW], **dead = NULL;
    size_t n = S->n_dead;
    if (n > FEW) {
        dead = S->dead;
        S->dead = NULL;
        S->cap_dead = 0;
    }
    else if (n > 0) { /* the usual case keeps the queue's memory */
        memcpy(few, S->dead, n * sizeof *few);
    }
    S->n_dead = 0;
    hand_over(S);
    lp_release_each(dead != NULL ? dead : few, n);
    free(dead);
}

void
lp_unlock_all(void)
{
    for (struct lp_state *S = lp_states(); S != NULL; S = S->next) {
        struct lp_frame *f = lp_this_thread.frame;
        while (f != NULL && f->S != S) {
            f = f->outer;
        }
        if (f != NULL && !f->unlocked) {
            f->unlocked = 1;
            lp_unlock(S);
        }
        /* A Lua host that is in no crossing: it called os.exit or lua_close
         * itself. */
        else if (f == NULL && !S->python_host && S->main != NULL &&
                 pthread_equal(S->host_thread, pthread_self())) {
            lp_unlock(S);
        }
    }
}

void
lp_make_current(struct lp_state *S, lua_State *L)
{
    S->current = L;
    if (S->luajit) {
        lp_push_slot(S, L, LP_SLOT_NOTHING);
        lua_pcall(L, 0, 0, 0);
    }
}

int
lp_python_gone_or_jump(lua_State *L)
{
    return luaL_error(L, "Python has ended in this process");
}

int
lp_too_deep_or_jump(lua_State *L)
{
    return luaL_error(L,
                      "recursion limit: Lua and Python have called each "
                      "other %d levels deep",
                      LP_MAX_DEPTH);
}
