/* SPDX-License-Identifier: MIT */
#include "base/gil.h"

#include <pthread.h>

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
    if (lp_python_alive) {
        PyEval_RestoreThread(tstate);
        PyGILState_Release(PyGILState_UNLOCKED);
    }
}

static void
make_attached_key(void)
{
    pthread_key_create(&attached_key, detach);
}

void
lp_attach_slow(struct lp_thread *t)
{
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

void
lp_lock_slow(struct lp_state *S)
{
    struct lp_waiter w = {.granted = 0};
    pthread_mutex_init(&w.mutex, NULL);
    pthread_cond_init(&w.cond, NULL);
    if (S->last_waiter != NULL) {
        S->last_waiter->next = &w;
    }
    else {
        S->first_waiter = &w;
    }
    S->last_waiter = &w;

    PyThreadState *tstate = PyEval_SaveThread();
    pthread_mutex_lock(&w.mutex);
    while (!w.granted) {
        pthread_cond_wait(&w.cond, &w.mutex);
    }
    pthread_mutex_unlock(&w.mutex);
    PyEval_RestoreThread(tstate);

    pthread_cond_destroy(&w.cond);
    pthread_mutex_destroy(&w.mutex);
}

static void
hand_over(struct lp_state *S)
{
    struct lp_waiter *w = S->first_waiter;
    if (w == NULL) {
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
    PyObject **dead = S->dead;
    size_t n = S->n_dead;
    S->dead = NULL;
    S->n_dead = S->cap_dead = 0;
    hand_over(S);
    lp_release_all(dead, n);
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
