/* SPDX-License-Identifier: MIT */
#include "base/state.h"

#include <stdlib.h>
#include <string.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "base/gil.h"
#include "base/trace.h"

int lp_python_alive = 0;

/* Registry key of a state's pointer; its address is what counts. */
static const char state_key = 's';

static struct lp_state *all_states; /* guarded by the GIL */

struct lp_state *
lp_states(void)
{
    return all_states;
}

/* __gc of the registry's sentinel: Lua is closing. */
static int
state_closed(lua_State *L)
{
    struct lp_state **box = lua_touserdata(L, 1);
    struct lp_state *S = *box;
    if (S == NULL) {
        return 0;
    }
    *box = NULL;
    lp_lua_closing(S);
    return 0;
}

static int
do_nothing(lua_State *L)
{
    (void)L;
    return 0;
}

/* The main thread of L's state, anchored in the registry.  5.1 has no entry
 * for it there; where L is a coroutine it is what py.loader has noted, else L
 * itself stands in. */
static lua_State *
main_thread(lua_State *L)
{
#if LP_LUA51
    if (!lua_pushthread(L)) {
        lua_getfield(L, LUA_REGISTRYINDEX, "py.main_thread");
        lua_remove(L, lua_isthread(L, -1) ? -2 : -1);
    }
#else
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
#endif
    lua_State *main = lua_tothread(L, -1);
    luaL_ref(L, LUA_REGISTRYINDEX);
    return main;
}

struct lp_state *
lp_state_of(lua_State *L)
{
    lp_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
    struct lp_state **box = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return box != NULL ? *box : NULL;
}

/* As luaL_ref would choose them with no reference to use again, but without
 * its search for the length of the registry each time.  The first of them is
 * luaL_ref's own, which prepares its list. */
static void
take_slots_or_jump(lua_State *L, int *slots)
{
    lua_pushboolean(L, 0);
    slots[0] = luaL_ref(L, LUA_REGISTRYINDEX);
    int length = (int)lua_rawlen(L, LUA_REGISTRYINDEX);
    for (int i = 1; i < LP_SLOT_COUNT; i++) {
        slots[i] = length + i;
        lua_pushboolean(L, 0);
        lua_rawseti(L, LUA_REGISTRYINDEX, slots[i]);
    }
}

struct lp_state *
lp_state_open_or_jump(lua_State *L)
{
    struct lp_state *S = lp_state_of(L);
    if (S != NULL) {
        return S;
    }
    luaL_checkstack(L, 8, "lua-py");
    struct lp_state **box = lp_new_userdata(L, sizeof *box);
    *box = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, state_closed);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &state_key);

    lua_State *main = main_thread(L);
    int slots[LP_SLOT_COUNT];
    take_slots_or_jump(L, slots);
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, slots[LP_SLOT_REFS]);
    lua_pushcfunction(L, do_nothing);
    lua_rawseti(L, LUA_REGISTRYINDEX, slots[LP_SLOT_NOTHING]);
    lua_State *aux = lua_newthread(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, slots[LP_SLOT_AUX]);
    lua_pushliteral(L, "stack overflow (Lua and Python have called each "
                       "other too deep)");
    lua_rawseti(L, LUA_REGISTRYINDEX, slots[LP_SLOT_OVERFLOW]);
    lua_pushliteral(L, "not enough memory");
    lua_rawseti(L, LUA_REGISTRYINDEX, slots[LP_SLOT_NOMEM]);

    /* Last, when nothing jumps any more: nobody must find half a state. */
    S = calloc(1, sizeof *S);
    if (S == NULL) {
        luaL_error(L, "not enough memory");
    }
    S->main = main;
    S->aux = aux;
    memcpy(S->slots, slots, sizeof slots);
    S->holders = 1;
    S->locked = 1; /* by the caller, who runs Lua */
    S->main_busy = 1;
    S->host_thread = pthread_self();
    *box = S;
    return S;
}

void
lp_set_slot_or_jump(struct lp_state *S, lua_State *L, enum lp_slot slot)
{
    lua_rawseti(L, LUA_REGISTRYINDEX, S->slots[slot]);
}

void
lp_state_announce(struct lp_state *S)
{
    for (struct lp_state *other = all_states; other != NULL;
         other = other->next) {
        if (other == S) {
            return;
        }
    }
    S->next = all_states;
    all_states = S;
}

void
lp_state_hold(struct lp_state *S)
{
    S->holders++;
}

static void
free_caches(struct lp_state *S)
{
    if (S->names != NULL) {
        S->free_names(S->names);
    }
    free(S->unrefs);
    free(S->free_refs);
    S->names = NULL;
    S->unrefs = S->free_refs = NULL;
    S->n_unrefs = S->cap_unrefs = 0;
    S->n_free_refs = S->cap_free_refs = 0;
}

void
lp_state_set_closed(struct lp_state *S)
{
    S->main = NULL;
    free_caches(S); /* they come back if a finalizer needs them */
}

void
lp_state_release(struct lp_state *S)
{
    S->holders--;
    if (S->holders == 1 && S->python_host && S->main != NULL && !S->closing) {
        lp_state_close(S); /* only Lua itself is left */
        return;
    }
    if (S->holders > 0) {
        return;
    }
    for (struct lp_state **p = &all_states; *p != NULL; p = &(*p)->next) {
        if (*p == S) {
            *p = S->next;
            break;
        }
    }
    while (S->views != NULL) {
        struct lp_view *view = S->views;
        S->views = view->next;
        Py_XDECREF(view->filter);
        Py_XDECREF(view->getter);
        Py_XDECREF(view->setter);
        Py_XDECREF(view->overflow);
        lp_view_free(view);
    }
    free_caches(S);
    lp_trace_free(S->trace);
    free(S->handles.slots);
    free(S->dead);
    lp_spare_free(&S->spare);
    free(S);
}

/* Make room for one more element; 0, or -1 when out of memory. */
static int
reserve(void **array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) {
        return 0;
    }
    size_t bigger = *cap == 0 ? 64 : *cap * 2;
    void *p = realloc(*array, bigger * size);
    if (p == NULL) {
        return -1;
    }
    *array = p;
    *cap = bigger;
    return 0;
}

void
lp_queue_decref(struct lp_state *S, PyObject *obj)
{
    /* Out of memory: leaking the object is the only safe answer here. */
    if (reserve((void **)&S->dead, S->n_dead, &S->cap_dead,
                sizeof *S->dead) == 0) {
        S->dead[S->n_dead++] = obj;
    }
}

void
lp_release_each(PyObject **dead, size_t n)
{
    PyObject *type = NULL, *value, *traceback;
    int raised = PyErr_Occurred() != NULL;
    if (raised) {
        PyErr_Fetch(&type, &value, &traceback);
    }
    for (size_t i = 0; i < n; i++) {
        Py_DECREF(dead[i]);
    }
    if (raised) {
        PyErr_Restore(type, value, traceback);
    }
}

void
lp_release_all(PyObject **dead, size_t n)
{
    lp_release_each(dead, n);
    free(dead);
}

void
lp_queue_unref(struct lp_state *S, int ref)
{
    if (S->main != NULL &&
        reserve((void **)&S->unrefs, S->n_unrefs, &S->cap_unrefs,
                sizeof *S->unrefs) == 0) {
        S->unrefs[S->n_unrefs++] = ref;
    }
}

void
lp_drain_unrefs(struct lp_state *S, lua_State *L)
{
    lp_push_slot(S, L, LP_SLOT_REFS);
    while (S->n_unrefs > 0) {
        int ref = S->unrefs[--S->n_unrefs];
        /* `false`, not nil: the array part keeps its shape, and storing to
         * an existing key allocates nothing. */
        lua_pushboolean(L, 0);
        lua_rawseti(L, -2, ref);
        if (reserve((void **)&S->free_refs, S->n_free_refs, &S->cap_free_refs,
                    sizeof *S->free_refs) == 0) {
            S->free_refs[S->n_free_refs++] = ref;
        }
    }
    lua_pop(L, 1);
}

#if defined(__GLIBC__)
/* Arrays that Lua has dropped are freed many at a time.  glibc would return
 * their memory to the kernel, and get it back for the next ones page by page,
 * which takes as long as NumPy's work on them.  So a process that makes many
 * keeps what its next ones need, unless somebody has chosen otherwise. */
static void
keep_freed_memory(void)
{
    enum { LARGEST_KEPT = 32 << 20, KEPT = 4 * LP_FOREIGN_STEP };
    static const char *const choices[] = {
        "MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_",
        "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES", NULL};
    static int done;
    if (__atomic_exchange_n(&done, 1, __ATOMIC_RELAXED)) {
        return;
    }
    for (int i = 0; choices[i] != NULL; i++) {
        if (getenv(choices[i]) != NULL) {
            return;
        }
    }
    mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT);
    mallopt(M_TRIM_THRESHOLD, KEPT);
}
#else
static void
keep_freed_memory(void)
{
}
#endif

void
lp_relieve_slow_or_jump(struct lp_state *S, lua_State *L)
{
    enum { KILOBYTE = 1024, MAX_STEP = 1 << 20 };
    if (!S->python_host) { /* there the program decides */
        keep_freed_memory();
    }
    size_t step = S->foreign / KILOBYTE;
    S->foreign = 0;
    lua_gc(L, LUA_GCSTEP, step < MAX_STEP ? (int)step : MAX_STEP);
}

int
lp_ref_or_jump(struct lp_state *S, lua_State *L)
{
    if (S->n_unrefs > 0) {
        lp_drain_unrefs(S, L);
    }
    int ref = S->n_free_refs > 0 ? S->free_refs[S->n_free_refs - 1]
                                 : S->top_ref + 1;
    lp_push_slot(S, L, LP_SLOT_REFS);
    lua_insert(L, -2);
    lua_rawseti(L, -2, ref); /* may jump: nothing has been taken yet */
    lua_pop(L, 1);
    if (S->n_free_refs > 0) {
        S->n_free_refs--;
    }
    else {
        S->top_ref = ref;
    }
    return ref;
}

void
lp_push_ref(struct lp_state *S, lua_State *L, int ref)
{
    lp_push_slot(S, L, LP_SLOT_REFS);
    lua_rawgeti(L, -1, ref);
    lua_remove(L, -2);
}
