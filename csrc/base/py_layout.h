/* SPDX-License-Identifier: MIT */
/* The value of a float, the items of a list or tuple and the position of their
 * iterators, read where they lie.
 *
 * The stable ABI has functions for them, and a call for each element is a
 * third of what converting it costs.  Where they lie has been the same in
 * every CPython from 3.9 to 3.13; whether it is so in this one is looked at
 * once (sizes of the types, known values), and if not the functions serve. */
#ifndef LP_PY_LAYOUT_H
#define LP_PY_LAYOUT_H

#include "base/py_api.h"

/* 0: not known yet, 1: as below, -1: otherwise. */
extern int lp_layout;
/* [GIL] Look; sets no error. */
int lp_look_at_layout(void);

static inline int
lp_layout_known(void)
{
    return LP_LIKELY(lp_layout != 0) ? lp_layout > 0 : lp_look_at_layout() > 0;
}

struct lp_float_layout {
    PyObject_HEAD
    double value;
};

struct lp_list_layout {
    PyObject_VAR_HEAD
    PyObject **items;
};

struct lp_tuple_layout {
    PyObject_VAR_HEAD
    PyObject *items[];
};

/* list_iterator and tuple_iterator */
struct lp_iterator_layout {
    PyObject_HEAD
    Py_ssize_t index;   /* of the next item */
    PyObject *sequence; /* NULL: it has come to the end */
};

/* [GIL] Of a float or an instance of a subclass. */
static inline double
lp_float_value(PyObject *obj)
{
    return lp_layout_known() ? ((struct lp_float_layout *)obj)->value
                             : PyFloat_AsDouble(obj);
}

/* [GIL] The items of a list or tuple, valid until other code runs; NULL if
 * only the functions find them. */
static inline PyObject *const *
lp_items(PyObject *obj, int is_list)
{
    return !lp_layout_known() ? NULL
           : is_list          ? ((struct lp_list_layout *)obj)->items
                              : ((struct lp_tuple_layout *)obj)->items;
}

#endif
