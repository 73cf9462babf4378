/* SPDX-License-Identifier: MIT */
/* What pyhelper.LuaRuntime asks of its Lua state: code and tables. */
#ifndef LP_RUNTIME_VALUES_H
#define LP_RUNTIME_VALUES_H

#include "cross/protect.h"

struct lp_runtime {
    PyObject_HEAD
    struct lp_state *S;   /* held; NULL while it is made */
    struct lp_view *view; /* pyhelper's rules with this runtime's options */
    PyObject *anchor;     /* owned; NULL for the host's state */
};

struct lp_work {
    struct lp_runtime *self;
    PyObject *a, *b;  /* borrowed: arguments */
    const char *text, *name, *mode;
    Py_ssize_t size;
    PyObject *result; /* owned */
    PyObject *array;  /* owned: that of a tensor while it is made */
    long long number;
};

/* [GIL, no lock] Run a body in one visit; 0, or -1 with a Python error. */
int lp_runtime_visit(struct lp_work *w, lp_body body);

/* Methods of pyhelper._core.LuaState. */

/* load(bytes, name, mode or None) -> function */
PyObject *lp_runtime_load(PyObject *self, PyObject *args);
/* globals() -> table */
PyObject *lp_runtime_globals(PyObject *self, PyObject *unused);
/* table(list of items, list of pairs) -> table */
PyObject *lp_runtime_table(PyObject *self, PyObject *args);
/* deep_table(container) -> table; shared containers stay shared */
PyObject *lp_runtime_deep_table(PyObject *self, PyObject *container);
/* tensor(array, share) -> a tensor on the array's memory; `share` refuses
 * what could only be copied */
PyObject *lp_runtime_tensor(PyObject *self, PyObject *args);

#endif
