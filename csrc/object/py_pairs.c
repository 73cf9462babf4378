/* SPDX-License-Identifier: MIT */
/* pairs(ref), from Lua 5.2 on: converted keys and reference values. */
#include "convert/iterator.h"
#include "convert/to_lua.h"
#include "object/door.h"
#include "object/py_access.h"
#include "object/py_object.h"

/* [GIL, no lock] An iterator over pairs: the items of a mapping, or of
 * anything else that iterates its positions from 0, as in ref[0]. */
static PyObject *
iterate_pairs(PyObject *obj)
{
    if (PyDict_Check(obj) || PyObject_HasAttrString(obj, "items")) {
        PyObject *items = PyObject_CallMethod(obj, "items", NULL);
        PyObject *iterator = items != NULL ? PyObject_GetIter(items) : NULL;
        Py_XDECREF(items);
        return iterator;
    }
    return PyObject_CallFunctionObjArgs((PyObject *)&PyEnum_Type, obj, NULL);
}

/* Does a filter, or a handler, decide what Lua sees of objects? */
static int
is_guarded(struct lp_view *view)
{
    return view->python_first &&
           (view->filter != NULL || view->getter != NULL);
}

/* [GIL, lock; given up meanwhile] The second half of a pair: what `guarded`
 * gives for the first, if that is no NULL. */
static PyObject *
value_of_pair(struct lp_cross *x, PyObject *pair, PyObject *key,
              struct lp_handle *guarded)
{
    if (guarded == NULL) {
        return PySequence_GetItem(pair, 1);
    }
    PyObject *obj = lp_handle_object(guarded), *value = NULL;
    if (obj != NULL) {
        lp_cross_unlock(x);
        value = lp_access_get(obj, key, LP_ITEMS, guarded->view);
        Py_DECREF(obj);
        lp_cross_lock(x);
    }
    return value;
}

/* [GIL, lock; +2] Push the two halves of a pair; 2, or -1 with an error. */
static int
push_pair(struct lp_cross *x, PyObject *pair, struct lp_view *view, int out,
          struct lp_handle *guarded)
{
    struct lp_state *S = x->frame.S;
    lua_State *L = x->frame.L;
    PyObject *key = PySequence_GetItem(pair, 0);
    PyObject *value =
        key != NULL ? value_of_pair(x, pair, key, guarded) : NULL;
    int n = -1;
    if (value != NULL) {
        n = lp_push_value(S, L, key, view, LP_KEEP_NONE | LP_SHALLOW);
    }
    if (key != NULL) {
        lp_give_up(S, key);
    }
    if (n < 0) {
        if (value != NULL) {
            lp_give_up(S, value);
        }
        return -1;
    }
    return lp_push_result(x, value, view, LP_AS_REF, out) < 0 ? -1 : 2;
}

/* Upvalues: state, reference to the iterator, reference to what it iterates
 * if that is guarded. */
static int
pairs_next(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct lp_handle *it = lua_touserdata(L, lua_upvalueindex(2));
    struct lp_handle *guarded = lp_to_ref(L, lua_upvalueindex(3));
    struct lp_view *view = it->view;
    lua_settop(L, 0);
    lp_new_ref_or_jump(L, S, view);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *pair = lp_iterator_next(&x, it, NULL, "pairs");
    int n = -1;
    if (pair != NULL) {
        n = push_pair(&x, pair, view, 1, guarded);
        lp_give_up(S, pair);
    }
    else if (!PyErr_Occurred()) {
        lua_pushnil(L);
        n = 1;
    }
    return lp_door_close(&x, n, 1);
}

int
lp_ref_pairs(lua_State *L)
{
    struct lp_handle *h = lp_check_ref_or_jump(L, 1);
    struct lp_state *S = h->view->state;
    lua_settop(L, 1);
    lua_pushlightuserdata(L, S);
    enum { ITERATOR = 3 }; /* or the error */
    struct lp_handle *it = lp_new_ref_or_jump(L, S, h->view);
    if (h->view->python_first) {
        lp_remember_ref_or_jump(L, S, it);
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    if (lp_iterator_open(&x, it, lp_handle_object(h), iterate_pairs) < 0) {
        return lp_door_close(&x, -1, ITERATOR);
    }
    lp_cross_end(&x);
    if (is_guarded(h->view)) {
        lua_pushvalue(L, 1);
    }
    else {
        lua_pushnil(L);
    }
    lua_pushcclosure(L, pairs_next, 3);
    return 1;
}
