/* SPDX-License-Identifier: MIT */
#include "handle/py_handle.h"

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
    *h = (struct lp_handle){&lp_ref_magic, NULL, view, NULL, 0};
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

struct lp_handle *
lp_push_ref_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view,
                    PyObject *obj)
{
    struct lp_handle *h = lp_new_ref_or_jump(L, S, view);
    Py_INCREF(obj);
    h->obj = obj;
    S->n_refs++;
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
    if (lp_to_ref(L, 1) != NULL || lp_to_error(L, 1) != NULL) {
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
