/* SPDX-License-Identifier: MIT */
#include "handle/py_handle.h"

#include "base/gil.h"
#include "base/trace.h"

const char lp_ref_magic = 'r', lp_error_magic = 'e';

struct lp_handle *
lp_check_ref_or_jump(lua_State *L, int index)
{
    struct lp_handle *h = lp_to_ref(L, index);
    if (h == NULL) {
        luaL_error(L, "bad argument #%d (reference to a Python object "
                      "expected, got %s)",
                   index, luaL_typename(L, index));
    }
    if (h->obj == NULL) {
        luaL_error(L, "this reference was closed (py.close or py.scope)");
    }
    return h;
}

struct lp_handle *
lp_new_ref_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_relieve_or_jump(S, L);
    struct lp_handle *h = lp_new_userdata(L, sizeof *h);
    *h = (struct lp_handle){.magic = &lp_ref_magic, .view = view};
    lp_push_slot(S, L, LP_SLOT_REF_MT);
    lua_setmetatable(L, -2);
    if (LP_UNLIKELY(S->in_scope)) {
        lp_push_slot(S, L, LP_SLOT_SCOPE);
        lua_pushvalue(L, -2);
        lua_pushboolean(L, 1);
        lua_rawset(L, -3);
        lua_pop(L, 1);
    }
    return h;
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

/* [-0, +0, m] Remember the reference on top. */
static void
remember_or_jump(lua_State *L, struct lp_state *S, PyObject *obj)
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
    lua_pushlightuserdata(L, obj);
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
    struct lp_handle *h = lp_new_ref_or_jump(L, S, view);
    Py_INCREF(obj);
    h->obj = obj;
    S->n_refs++;
    if (view->python_first) {
        remember_or_jump(L, S, obj);
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
lp_handle_close(struct lp_state *S, struct lp_handle *h)
{
    if (h->obj != NULL) {
        PyObject *obj = h->obj;
        h->obj = NULL;
        S->n_refs -= h->magic == &lp_ref_magic;
        if (lp_python_alive) {
            lp_queue_decref(S, obj);
        }
    }
    if (h->aux != NULL) {
        if (h->magic == &lp_error_magic) {
            lp_trace_free(h->aux);
        }
        else if (lp_python_alive) {
            lp_queue_decref(S, h->aux);
        }
        h->aux = NULL;
    }
}

/* Finalizers only queue: taking the GIL here could deadlock. */
static int
handle_gc(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct lp_handle *h = lua_touserdata(L, 1);
    if (h != NULL && lua_rawlen(L, 1) == sizeof *h &&
        (h->magic == &lp_ref_magic || h->magic == &lp_error_magic) &&
        !lp_keep_until_closed(L)) {
        lp_handle_close(S, h);
    }
    return 0;
}

void
lp_handle_set_gc_or_jump(struct lp_state *S, lua_State *L)
{
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, handle_gc, 1);
    lua_setfield(L, -2, "__gc");
}
