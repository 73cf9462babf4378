/* SPDX-License-Identifier: MIT */
/* Errors of conversion say where the value is: "locals.a[1].b: ...". */
#include "convert/table.h"
#include "convert/table_walk.h"

/* ".a[1]" for a field of item `i`; NULL with a Python error. */
static PyObject *
key_path(struct lp_table_walk *w, size_t i, PyObject *key)
{
    PyObject *path = PyUnicode_FromString("");
    enum { MAX_STEPS = 8 }; /* the innermost keys tell enough */
    int steps = 0;
    while (path != NULL && key != NULL) {
        PyObject *longer;
        if (steps++ == MAX_STEPS) {
            longer = PyUnicode_FromFormat("...%U", path);
            Py_DECREF(path);
            return longer;
        }
        longer = PyUnicode_Check(key)
                     ? PyUnicode_FromFormat(".%U%U", key, path)
                     : PyUnicode_FromFormat("[%R]%U", key, path);
        Py_DECREF(path);
        path = longer;
        key = w->items[i].key;
        i = w->items[i].parent;
    }
    return path;
}

/* Put `place` in front of the message of an error, keeping its type where that
 * can be made from one string; both are released. */
static void
set_placed(LP_STEALS PyObject *exc, LP_STEALS PyObject *place)
{
    PyObject *type = PyErr_GivenExceptionMatches(exc, PyExc_ValueError)
                         ? PyExc_ValueError
                         : PyExc_TypeError;
    if (place == NULL) {
        PyErr_Clear();
        lp_set_raised(exc);
        return;
    }
    PyErr_Format(type, "%U: %S", place, exc);
    Py_DECREF(place);
    Py_DECREF(exc);
}

/* KeyboardInterrupt and kin stay what they are. */
static int
may_be_placed(PyObject *exc)
{
    return PyErr_GivenExceptionMatches(exc, PyExc_Exception) &&
           !PyErr_GivenExceptionMatches(exc, PyExc_MemoryError);
}

static const char *
root_name(enum lp_table_as as)
{
    return as == LP_TABLE_AS_LOCALS   ? "locals"
           : as == LP_TABLE_AS_ARGS   ? "py.args"
           : as == LP_TABLE_AS_KWARGS ? "py.kwargs"
                                      : "table";
}

int
lp_table_fail(struct lp_table_walk *w, size_t i, PyObject *key)
{
    PyObject *exc = lp_take_raised();
    if (!may_be_placed(exc)) {
        lp_set_raised(exc);
        return -1;
    }
    lp_python_runs(w->view->state); /* repr of keys, str of the error */
    PyObject *path = key_path(w, i, key), *place = NULL;
    if (path != NULL) {
        place = PyUnicode_FromFormat("%s%U", root_name(w->as), path);
        Py_DECREF(path);
    }
    set_placed(exc, place);
    lp_python_ran(w->view->state);
    return -1;
}

void
lp_fail_in_argument(struct lp_state *S, int position)
{
    PyObject *exc = lp_take_raised(), *traceback = NULL;
    if (!may_be_placed(exc) ||
        (traceback = PyException_GetTraceback(exc)) != NULL) {
        /* Python code raised it, a converter: its traceback says where. */
        Py_XDECREF(traceback);
        lp_set_raised(exc);
        return;
    }
    lp_python_runs(S);
    set_placed(exc, PyUnicode_FromFormat("argument #%d", position));
    lp_python_ran(S);
}

int
lp_table_recover(struct lp_table_walk *w, size_t i)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception)) {
        return -1; /* KeyboardInterrupt and kin */
    }
    for (; i != 0; i = w->items[i].parent) {
        struct lp_table_item *parent = &w->items[w->items[i].parent];
        if (!parent->lenient) {
            continue;
        }
        PyErr_Clear();
        if (PyDict_Check(parent->obj)) {
            PyDict_DelItem(parent->obj, w->items[i].key);
        } else {
            Py_INCREF(Py_None);
            PyList_SetItem(parent->obj, PyLong_AsSsize_t(w->items[i].key) - 1,
                           Py_None);
        }
        PyErr_Clear(); /* taken out before */
        return 0;
    }
    return -1;
}
