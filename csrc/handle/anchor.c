/* SPDX-License-Identifier: MIT */
#include "handle/anchor.h"

#include "handle/py_handle.h"

struct anchor {
    PyObject_HEAD
    struct lp_state *S; /* held */
};

/* Only while nobody is inside may another thread look at the Lua state; at
 * any other time what it holds counts as held from outside. */
static int
is_idle(struct lp_state *S)
{
    return S->main != NULL && !S->closing && S->n_visits == 0;
}

static int
visit_references(struct lp_state *S, visitproc visit, void *arg)
{
    lua_State *L = S->main;
    int top = lua_gettop(L), result = 0;
    lp_push_slot(S, L, LP_SLOT_WRAPPERS);
    if (lua_istable(L, -1)) {
        lua_pushnil(L);
        while (result == 0 && lua_next(L, top + 1) != 0) {
            struct lp_handle *h = lp_to_ref(L, -1);
            struct lp_member *m = lp_to_member(L, -1);
            if (h != NULL && h->obj != NULL) {
                result = visit(h->obj, arg);
                if (result == 0 && m != NULL && m->owner != NULL) {
                    result = visit(m->owner, arg);
                }
            }
            lua_pop(L, 1);
        }
    }
    lua_settop(L, top);
    return result;
}

/* What error objects hold, and what Lua has dropped but nobody released yet:
 * the traceback of an exception leads to the variables of functions. */
static int
visit_exceptions(struct lp_state *S, visitproc visit, void *arg)
{
    for (struct lp_raised *r = S->raised; r != NULL; r = r->next) {
        Py_VISIT(r->exc);
    }
    for (size_t i = 0; i < S->n_dead; i++) {
        Py_VISIT(S->dead[i]);
    }
    return 0;
}

static int
anchor_traverse(PyObject *obj, visitproc visit, void *arg)
{
    struct lp_state *S = ((struct anchor *)obj)->S;
    Py_VISIT(Py_TYPE(obj));
    if (S == NULL || !is_idle(S)) {
        return 0;
    }
    for (struct lp_view *view = S->views; view != NULL; view = view->next) {
        Py_VISIT(view->filter);
        Py_VISIT(view->getter);
        Py_VISIT(view->setter);
        Py_VISIT(view->overflow);
    }
    int result = visit_exceptions(S, visit, arg);
    return result != 0 ? result : visit_references(S, visit, arg);
}

static int
anchor_clear(PyObject *obj)
{
    struct lp_state *S = ((struct anchor *)obj)->S;
    if (S != NULL && is_idle(S)) {
        lp_state_close(S);
    }
    return 0;
}

static void
anchor_dealloc(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    struct lp_state *S = ((struct anchor *)obj)->S;
    PyObject_GC_UnTrack(obj);
    if (S != NULL) {
        S->anchor = NULL;
        lp_state_release(S);
    }
    PyObject_GC_Del(obj);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {
    {Py_tp_traverse, anchor_traverse},
    {Py_tp_clear, anchor_clear},
    {Py_tp_dealloc, anchor_dealloc},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pyhelper._core.Anchor",
    .basicsize = sizeof(struct anchor),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

PyObject *
lp_anchor_new(struct lp_state *S)
{
    static PyTypeObject *anchor_type;
    if (anchor_type == NULL) {
        anchor_type = (PyTypeObject *)PyType_FromSpec(&spec);
        if (anchor_type == NULL) {
            return NULL;
        }
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(anchor_type, Py_tp_alloc);
    struct anchor *self = (struct anchor *)alloc(anchor_type, 0);
    if (self != NULL) {
        lp_state_hold(S);
        self->S = S;
        S->anchor = (PyObject *)self;
    }
    return (PyObject *)self;
}
