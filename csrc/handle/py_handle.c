/* SPDX-License-Identifier: MIT */
#include "handle/py_handle.h"

#include <stdlib.h>

#include "base/gil.h"
#include "base/trace.h"

void
lp_bad_ref_or_jump(lua_State *L, int index)
{
    if (lp_to_ref(L, index) != NULL) {
        luaL_error(L, "this reference was closed (py.close or py.scope)");
    }
    luaL_error(L, "bad argument #%d (reference to a Python object expected, "
                  "got %s)",
               index, luaL_typename(L, index));
}

int
lp_push_scope(lua_State *L, struct lp_state *S)
{
    if (!S->in_scope || S->scope_thread != &lp_this_thread) {
        return 0;
    }
    lp_push_slot(S, L, LP_SLOT_SCOPE);
    lua_rawgeti(L, -1, LP_SCOPE_COROUTINE);
    lua_State *scope_L = lua_tothread(L, -1);
    if (scope_L == NULL || lua_status(scope_L) == LUA_YIELD) {
        lua_pop(L, 2);
        return 0;
    }
    lua_pop(L, 1);
    return 1;
}

void
lp_note_in_scope_or_jump(lua_State *L, struct lp_state *S)
{
    if (lp_push_scope(L, S)) {
        lua_pushvalue(L, -2);
        lua_pushboolean(L, 1);
        lua_rawset(L, -3);
        lua_pop(L, 1);
    }
}

struct lp_handle *
lp_new_ref_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    return lp_new_handle_or_jump(L, S, view, sizeof(struct lp_handle), 0);
}

struct lp_member *
lp_new_member_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    return (struct lp_member *)lp_new_handle_or_jump(
        L, S, view, sizeof(struct lp_member), 0);
}

struct lp_handle *
lp_new_iterator_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view,
                        int index)
{
    struct lp_handle *h = lp_to_ref(L, index);
    /* Without the GIL: no list or tuple becomes an instance of another class,
     * and what comes to be one does not matter. */
    if (h == NULL || h->obj == NULL ||
        !(PyList_Check(h->obj) || PyTuple_Check(h->obj))) {
        return lp_new_ref_or_jump(L, S, view);
    }
    struct lp_iteration *loop = (struct lp_iteration *)lp_new_handle_or_jump(
        L, S, view, sizeof *loop, 0);
    loop->epoch = 0;
    loop->amount = 1;
    loop->at = loop->n = 0;
    return &loop->h;
}

/* ---- pyhelper: the same object is the same userdata ---- */

/* [-0, +0|1, m] Push the living reference to `obj`; NULL if there is none. */
static struct lp_handle *
push_known(lua_State *L, struct lp_state *S, struct lp_view *view,
           PyObject *obj)
{
    lp_push_slot(S, L, LP_SLOT_WRAPPERS);
    if (lua_istable(L, -1)) {
        lua_pushlightuserdata(L, obj);
        lua_rawget(L, -2);
        lua_remove(L, -2);
        struct lp_handle *h = lp_to_ref(L, -1);
        if (h != NULL && h->obj == obj && h->view == view) {
            return h;
        }
    }
    lua_pop(L, 1);
    return NULL;
}

void
lp_remember_ref_or_jump(lua_State *L, struct lp_state *S, const void *key)
{
    lp_push_slot(S, L, LP_SLOT_WRAPPERS);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_createtable(L, 0, 1);
        lua_pushliteral(L, "v");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lp_set_slot_or_jump(S, L, LP_SLOT_WRAPPERS);
    }
    lua_pushlightuserdata(L, (void *)key);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

struct lp_handle *
lp_push_ref_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view,
                    PyObject *obj)
{
    if (view->python_first) {
        struct lp_handle *known = push_known(L, S, view, obj);
        if (known != NULL) {
            return known;
        }
    }
    /* A callable may turn out to be a method (object/py_object.c). */
    struct lp_handle *h = PyCallable_Check(obj)
                              ? &lp_new_member_or_jump(L, S, view)->h
                              : lp_new_ref_or_jump(L, S, view);
    Py_INCREF(obj);
    h->obj = obj;
    S->n_refs++;
    if (view->python_first) {
        lp_remember_ref_or_jump(L, S, obj);
    }
    return h;
}

PyObject *
lp_handle_object(const struct lp_handle *h)
{
    if (h->obj == NULL) {
        PyErr_SetString(PyExc_ValueError, "this reference was closed "
                                          "(py.close or py.scope)");
        return NULL;
    }
    Py_INCREF(h->obj);
    return h->obj;
}

void
lp_release_field(struct lp_state *S, PyObject **field)
{
    PyObject *obj = *field;
    *field = NULL;
    if (obj != NULL && lp_python_alive) {
        lp_queue_decref(S, obj);
    }
}

static void
close_ref(struct lp_state *S, struct lp_handle *h, size_t size)
{
    S->n_refs -= h->obj != NULL;
    lp_release_field(S, &h->obj);
    if (size == sizeof(struct lp_member)) {
        lp_release_field(S, &((struct lp_member *)h)->owner);
    }
}

void
lp_ref_close(struct lp_state *S, lua_State *L, int index)
{
    size_t size;
    struct lp_handle *h = lp_sized_handle_at(L, index, 0, &size);
    if (h != NULL) {
        close_ref(S, h, size);
    }
}

/* ---- error objects ---- */

int
lp_ref_to_error(struct lp_handle *h, PyObject *exc, struct lp_trace *trace)
{
    struct lp_error *e = (struct lp_error *)h;
    struct lp_raised *raised = malloc(sizeof *raised);
    if (raised == NULL) {
        lp_trace_free(trace);
        Py_DECREF(exc);
        return -1;
    }
    struct lp_state *S = h->view->state;
    *raised = (struct lp_raised){exc, trace, S->raised, &S->raised};
    if (raised->next != NULL) {
        raised->next->link = &raised->next;
    }
    S->raised = raised;
    *e = (struct lp_error){(uintptr_t)h->view + LP_ERROR_MARK, raised};
    return 0;
}

PyObject *
lp_error_object(const struct lp_error *e)
{
    if (e->raised == NULL) {
        PyErr_SetString(PyExc_ValueError, "this error was finalized");
        return NULL;
    }
    Py_INCREF(e->raised->exc);
    return e->raised->exc;
}

static void
close_error(struct lp_error *e)
{
    struct lp_raised *raised = e->raised;
    e->raised = NULL;
    if (raised != NULL) {
        lp_release_field(lp_error_view(e)->state, &raised->exc);
        lp_trace_free(raised->trace);
        *raised->link = raised->next;
        if (raised->next != NULL) {
            raised->next->link = raised->link;
        }
        free(raised);
    }
}

/* ---- the end ---- */

/* Finalizers only queue: taking the GIL here could deadlock. */
static int
ref_gc(lua_State *L)
{
    size_t size;
    struct lp_handle *h = lp_sized_handle_at(L, 1, 0, &size);
    if (h != NULL && !lp_keep_until_closed(L)) {
        close_ref(h->view->state, h, size);
    }
    return 0;
}

static int
error_gc(lua_State *L)
{
    struct lp_error *e = lp_to_error(L, 1);
    if (e != NULL && !lp_keep_until_closed(L)) {
        close_error(e);
    }
    return 0;
}

void
lp_handle_set_gc_or_jump(lua_State *L, int is_error)
{
    lua_pushcfunction(L, is_error ? error_gc : ref_gc);
    lua_setfield(L, -2, "__gc");
}
