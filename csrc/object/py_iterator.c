/* SPDX-License-Identifier: MIT */
#include "object/py_iterator.h"

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
lp_iterator_next(struct lp_cross *x, const struct lp_handle *it)
{
    PyObject *iterator = lp_handle_object(it), *item = NULL;
    if (iterator != NULL) {
        lp_cross_unlock(x);
        item = PyIter_Next(iterator);
        Py_DECREF(iterator);
        lp_cross_lock(x);
    }
    return item;
}
