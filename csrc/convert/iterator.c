/* SPDX-License-Identifier: MIT */
#include "convert/iterator.h"

struct lp_handle *
lp_check_iterator_or_jump(lua_State *L, const char *name,
                          struct lp_iteration **ahead)
{
    size_t size;
    struct lp_handle *it = lp_sized_handle_at(L, 1, 0, &size);
    if (it == NULL) {
        luaL_error(L,
                   "%s: this is the function of a for loop (for x in "
                   "%s(object) do ... end) and takes its iterator, not %s",
                   name, name, luaL_typename(L, 1));
    }
    *ahead = size == sizeof **ahead ? (struct lp_iteration *)it : NULL;
    return it;
}

int
lp_iterator_open(struct lp_cross *x, struct lp_handle *it, PyObject *obj,
                 PyObject *(*make)(PyObject *))
{
    if (obj == NULL) {
        return -1;
    }
    lp_cross_unlock(x);
    PyObject *iterator = make(obj);
    Py_DECREF(obj);
    lp_cross_lock(x);
    if (iterator == NULL) {
        return -1;
    }
    it->obj = iterator;
    x->frame.S->n_refs++;
    return 0;
}

PyObject *
lp_iterator_next(struct lp_cross *x, struct lp_handle *it,
                 struct lp_iteration *ahead, const char *name)
{
    PyObject *iterator = lp_handle_object(it), *item = NULL;
    if (iterator != NULL && !PyIter_Check(iterator)) {
        PyErr_Format(PyExc_TypeError,
                     "%s: this reference is not the iterator of a for loop",
                     name);
        lp_give_up(x->frame.S, iterator);
        iterator = NULL;
    }
    if (iterator != NULL) {
        lp_cross_unlock(x);
        item = PyIter_Next(iterator);
        Py_DECREF(iterator);
        lp_cross_lock(x);
    }
    if (item != NULL && ahead != NULL) {
        lp_ahead_fetch(ahead);
    }
    return item;
}
