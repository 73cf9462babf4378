/* SPDX-License-Identifier: MIT */
/* What the bridge keeps for each Lua state (a `lua_State` and all its
 * coroutines), and the queues of releases that may not run where they arise.
 *
 * A state is held by its Lua (until lua_close) and by every Python object
 * that stands for a value of it; it is freed when both are gone. */
#ifndef LP_STATE_H
#define LP_STATE_H

#include "base/lua_api.h"
#include "base/py_api.h"
#include "base/spare.h"
#include "base/view.h"

#include <pthread.h>

struct lp_state;
struct lp_trace;
struct lp_names;

/* Values of the state that C pushes often.  Each has a registry reference, so
 * that pushing one is a single rawgeti and cannot fail. */
enum lp_slot {
    LP_SLOT_REF_MT = 1, /* metatable of references to Python objects */
    LP_SLOT_ERROR_MT,   /* metatable of error objects */
    LP_SLOT_PROTECT,    /* C function behind lp_protect */
    LP_SLOT_NOTHING,    /* C function that does nothing */
    LP_SLOT_TEXT,       /* C function behind the conversion of text */
    LP_SLOT_CALL,       /* C function behind calls of Lua functions */
    LP_SLOT_HANDLER,    /* message handler: captures the Lua stack */
    LP_SLOT_NONE,       /* py.None */
    LP_SLOT_NOMEM,      /* the string "not enough memory" */
    LP_SLOT_OVERFLOW,   /* the string "stack overflow ..." */
    LP_SLOT_CODE,       /* cache of compiled code, see module/run.c */
    LP_SLOT_REFS,       /* Lua values that Python objects hold */
    LP_SLOT_AUX,        /* anchors S->aux */
    LP_SLOT_ARGS,       /* py.args */
    LP_SLOT_KWARGS,     /* py.kwargs */
    LP_SLOT_NAMES,      /* strings that names.c knows by their str */
    LP_SLOT_WRAPPERS,   /* weak: address of a Python object -> reference */
    LP_SLOT_SCOPE,      /* set of references while py.scope runs, life.c */
    LP_SLOT_TENSOR1,    /* for the tensor providers */
    LP_SLOT_TENSOR2,
    LP_SLOT_TENSOR3,
    LP_SLOT_TENSOR4,
    LP_SLOT_COUNT
};

struct lp_waiter; /* a thread that waits for the state's lock */

/* An idle Lua thread, kept for the next OS thread that needs one. */
struct lp_pool_thread {
    lua_State *L;
    int ref;
};
enum { LP_POOL_SIZE = 16 };

/* See handle/handle_cache.h. */
struct lp_handle_cache {
    struct lp_lua_object **slots; /* NULL: free; all of it while empty */
    size_t mask;                  /* number of slots - 1 */
    size_t used;
};

struct lp_state {
    lua_State *main;   /* main thread of the Lua state; NULL once closed */
    int slots[LP_SLOT_COUNT]; /* registry references */
    size_t holders;    /* Lua itself and its Python objects; by the GIL */
    struct lp_state *next; /* all live states, for fork and exit */
    unsigned python_host : 1; /* made by pyhelper.LuaRuntime */
    unsigned closing : 1;     /* lp_state_close is at work */
    unsigned no_python : 1;   /* require 'py' is refused */
    unsigned in_scope : 1;    /* py.scope runs: new references are noted */
    unsigned luajit : 1;      /* LuaJIT, not PUC Lua 5.1 */
    unsigned yield_replaced : 1; /* see object/thread_step.c */
    unsigned has_parts : 1;      /* all that python_bridge.c makes is there */
    pthread_t host_thread;    /* OS thread whose Lua opened the bridge */

    /* The lock, see base/gil.h.  Guarded by the GIL. */
    int locked;
    size_t epoch; /* another one whenever a thread has come from one runtime
                     to the other: what was seen there may have changed */
    struct lp_waiter *first_waiter, *last_waiter;
    int main_busy; /* somebody is inside on the main Lua thread */
    lua_State *current; /* the Lua thread that LuaJIT takes for running, or
                           NULL: not known (lp_make_current) */
    lua_State *aux; /* a Lua thread on which pool threads are made */
    struct lp_pool_thread pool[LP_POOL_SIZE];
    int n_pool;

    /* References dropped by Lua's collector; guarded by the state's lock,
     * released by the next crossing that holds the GIL. */
    PyObject **dead;
    size_t n_dead, cap_dead;

    /* Lua values dropped by Python's collector, as indexes into the table
     * LP_SLOT_REFS; guarded by the GIL, cleared by the next Lua call. */
    int *unrefs;
    size_t n_unrefs, cap_unrefs;
    int *free_refs; /* indexes to use again */
    size_t n_free_refs, cap_free_refs;
    int top_ref; /* highest index given out */

    struct lp_trace *trace; /* where the error that is being raised arose */
    const void *scope_thread; /* the OS thread that runs py.scope */

    struct lp_handle_cache handles; /* Lua values -> live LuaObjects */
    size_t n_refs;            /* live references in Lua, for py.live */
    size_t n_handles;         /* live Lua objects in Python, for py.live */

    struct lp_view *views; /* all of them; the last is the default view */
    struct lp_view *view;  /* the default view */
    struct lp_view *py_view; /* that of require 'py' in a Python host */
    PyObject *anchor; /* borrowed or NULL: see handle/anchor.h */
    struct lp_raised *raised; /* list: what living error objects hold */
    struct lp_memory *memory; /* the limit of max_memory, or NULL */
    size_t n_visits;          /* visits that are open; by the GIL */
    size_t n_code;          /* entries of LP_SLOT_CODE */
    struct lp_names *names; /* cache of interned names, convert/names.c */
    void (*free_names)(struct lp_names *);
    /* Addresses by which call.c knows its markers. */
    const void *args_marker, *kwargs_marker, *kwargs_mt;

    /* Bytes of arrays that new references and tensors keep alive, which
     * Lua's collector cannot see; see lp_relieve_or_jump. */
    size_t foreign;
    struct lp_spare spare; /* for tensors; guarded by the state's lock */
    size_t n_made; /* Lua 5.3: references and tensors so far */

    /* For the tensor providers, see tensor/provider.h. */
    const void *provider;
    void *provider_data;
};

/* [-0, +0, m] The state of L, made if this is the first call; jumps only on
 * memory errors.  No GIL needed. */
struct lp_state *lp_state_open_or_jump(lua_State *L);
/* [-0, +0, -] The state of L or NULL. */
struct lp_state *lp_state_of(lua_State *L);
/* [-] The state whose references this thread finalizes because its Lua ends
 * (lp_state_of does not find it any more), or NULL. */
struct lp_state *lp_closing_state(void);

/* [-0, +1, -] Push a value of enum lp_slot. */
static inline void
lp_push_slot(struct lp_state *S, lua_State *L, enum lp_slot slot)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, S->slots[slot]);
}
/* [-1, +0, m] Pop a value into a slot. */
void lp_set_slot_or_jump(struct lp_state *S, lua_State *L, enum lp_slot slot);

/* [GIL] Let fork and exit know of a new state. */
void lp_state_announce(struct lp_state *S);

/* [GIL, lock] lua_close has begun: visits are refused from now on. */
void lp_state_set_closed(struct lp_state *S);

/* [GIL] Holding a state from Python. */
void lp_state_hold(struct lp_state *S);
void lp_state_release(struct lp_state *S);
/* [GIL, no visit or crossing of it is open] lua_close a state that Python
 * made, which happens by itself when its last Python object has gone. */
void lp_state_close(struct lp_state *S);

/* [lock, GIL or not; -0, +0, em] Before a new reference or tensor: when those
 * made since the last time hold much foreign memory, drive the collector as
 * far as that much memory of Lua's own would have. */
enum { LP_FOREIGN_STEP = 16 << 20 };
void lp_relieve_slow_or_jump(struct lp_state *S, lua_State *L);
static inline void
lp_relieve_or_jump(struct lp_state *S, lua_State *L)
{
#if LUA_VERSION_NUM == 503
    /* 5.3's collector falls behind when most objects have finalizers, by
     * some 60 bytes for each, without end; an extra step now and then is
     * enough for it to keep up. */
    enum { LP_OBJECTS_PER_STEP = 1024 };
    if (LP_UNLIKELY(++S->n_made % LP_OBJECTS_PER_STEP == 0)) {
        lua_gc(L, LUA_GCSTEP, 0);
    }
#endif
    if (LP_UNLIKELY(S->foreign >= LP_FOREIGN_STEP)) {
        lp_relieve_slow_or_jump(S, L);
    }
}
/* [lock] So much of it has gone without the collector's being driven. */
static inline void
lp_discount(struct lp_state *S, size_t bytes)
{
    S->foreign -= bytes < S->foreign ? bytes : S->foreign;
}

/* Is Python up?  False before it starts and from the moment it ends: then
 * nothing may call into it and releases are skipped. */
extern int lp_python_alive;

/* [Lua lock, no GIL needed] Called by __gc: queue a reference's release. */
void lp_queue_decref(struct lp_state *S, LP_STEALS PyObject *obj);
/* [GIL, lock] Give a reference up: at once unless it is the last one, whose
 * end may run Python code; that waits until the lock is free. */
static inline void
lp_give_up(struct lp_state *S, LP_STEALS PyObject *obj)
{
    if (LP_LIKELY(Py_REFCNT(obj) > 1)) {
        Py_DECREF(obj);
    }
    else {
        lp_queue_decref(S, obj);
    }
}
/* [GIL, no Lua lock] Release `n` objects (and free the array), keeping the
 * current Python error.  Runs arbitrary Python code. */
void lp_release_each(PyObject **dead, size_t n);
void lp_release_all(PyObject **dead, size_t n);

/* [GIL] Called by tp_dealloc: queue the release of a Lua value. */
void lp_queue_unref(struct lp_state *S, int ref);
/* [Lua lock and GIL; -0, +0, -] Release what is queued. */
void lp_drain_unrefs(struct lp_state *S, lua_State *L);

/* [Lua lock and GIL; -1, +0, m] Anchor the value on top in LP_SLOT_REFS. */
int lp_ref_or_jump(struct lp_state *S, lua_State *L);
/* [Lua lock; -0, +1, -] Push an anchored value. */
void lp_push_ref(struct lp_state *S, lua_State *L, int ref);

#endif
