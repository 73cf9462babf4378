/* SPDX-License-Identifier: MIT */
#include "object/py_access.h"

static int
by_items(PyObject *obj, enum lp_protocol protocol)
{
    return protocol == LP_ITEMS ||
           (protocol == LP_BY_VIEW &&
            (PyMapping_Check(obj) || PySequence_Check(obj)));
}

int
lp_access_is_item(PyObject *obj, enum lp_protocol protocol,
                  struct lp_view *view)
{
    return view->getter == NULL && by_items(obj, protocol);
}

/* The key that an object is asked for: names of attributes are str even where
 * strings are bytes, and the filter may refuse or replace any key. */
static PyObject *
allowed_key(PyObject *obj, PyObject *key, int items, int is_setting,
            struct lp_view *view)
{
    PyObject *name;
    if (!items && PyBytes_Check(key)) {
        name = PyUnicode_FromEncodedObject(key, "utf-8", "surrogateescape");
    }
    else {
        Py_INCREF(key);
        name = key;
    }
    if (name == NULL || view->filter == NULL) {
        return name;
    }
    PyObject *filter = view->filter;
    Py_INCREF(filter);
    PyObject *allowed = PyObject_CallFunctionObjArgs(
        filter, obj, name, is_setting ? Py_True : Py_False, NULL);
    Py_DECREF(filter);
    Py_DECREF(name);
    return allowed;
}

PyObject *
lp_access_get(PyObject *obj, PyObject *key, enum lp_protocol protocol,
              struct lp_view *view)
{
    int items = by_items(obj, protocol);
    PyObject *name = allowed_key(obj, key, items && view->getter == NULL, 0,
                                 view);
    PyObject *result = NULL, *getter = view->getter;
    if (name == NULL) {
        return NULL;
    }
    if (getter != NULL) {
        Py_INCREF(getter);
        result = PyObject_CallFunctionObjArgs(getter, obj, name, NULL);
        Py_DECREF(getter);
    }
    else {
        result = items ? PyObject_GetItem(obj, name)
                       : PyObject_GetAttr(obj, name);
    }
    Py_DECREF(name);
    return result;
}

int
lp_access_set(PyObject *obj, PyObject *key, PyObject *value,
              enum lp_protocol protocol, struct lp_view *view)
{
    int items = by_items(obj, protocol), done;
    PyObject *name = allowed_key(obj, key, items && view->setter == NULL, 1,
                                 view);
    PyObject *setter = view->setter;
    if (name == NULL) {
        return -1;
    }
    if (setter != NULL) {
        Py_INCREF(setter);
        PyObject *result =
            PyObject_CallFunctionObjArgs(setter, obj, name, value, NULL);
        Py_DECREF(setter);
        done = result != NULL ? 0 : -1;
        Py_XDECREF(result);
    }
    else {
        done = items ? PyObject_SetItem(obj, name, value)
                     : PyObject_SetAttr(obj, name, value);
    }
    Py_DECREF(name);
    return done;
}
