/* SPDX-License-Identifier: MIT */
/* Run-time look-up of the CPython functions that differ between versions. */
#include "base/py_api.h"

#include "base/dynlib.h"

struct lp_py_api lp_py;

/* 3.9 and 3.10 export PyObject_VectorcallDict but not PyObject_Vectorcall. */
static PyObject *(*vectorcall_dict)(PyObject *, PyObject *const *, size_t,
                                    PyObject *);

static PyObject *
vectorcall_by_dict(PyObject *callable, PyObject *const *args, size_t nargsf,
                   PyObject *kwnames)
{
    if (kwnames == NULL) {
        return vectorcall_dict(callable, args, nargsf, NULL);
    }
    PyObject *kwargs = PyDict_New();
    if (kwargs == NULL) {
        return NULL;
    }
    Py_ssize_t nargs = LP_VECTORCALL_NARGS(nargsf);
    Py_ssize_t nkw = PyTuple_Size(kwnames);
    for (Py_ssize_t i = 0; i < nkw; i++) {
        if (PyDict_SetItem(kwargs, PyTuple_GetItem(kwnames, i),
                           args[nargs + i]) < 0) {
            Py_DECREF(kwargs);
            return NULL;
        }
    }
    PyObject *result = vectorcall_dict(callable, args, nargsf, kwargs);
    Py_DECREF(kwargs);
    return result;
}

static int
optional_attr_by_get(PyObject *obj, PyObject *name, PyObject **result)
{
    *result = PyObject_GetAttr(obj, name);
    if (*result != NULL) {
        return 1;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return -1;
    }
    PyErr_Clear();
    return 0;
}

#define LOOK_UP(field, name) (*(void **)&(field) = lp_dynlib_symbol(name))

void
lp_py_resolve(void)
{
    LOOK_UP(lp_py.vectorcall, "PyObject_Vectorcall");
    if (lp_py.vectorcall == NULL) {
        LOOK_UP(vectorcall_dict, "PyObject_VectorcallDict");
        lp_py.vectorcall = vectorcall_by_dict;
    }
    LOOK_UP(lp_py.vectorcall_method, "PyObject_VectorcallMethod");
    LOOK_UP(lp_py.optional_attr, "PyObject_GetOptionalAttr");
    if (lp_py.optional_attr == NULL) {
        LOOK_UP(lp_py.optional_attr, "_PyObject_LookupAttr");
    }
    if (lp_py.optional_attr == NULL) {
        lp_py.optional_attr = optional_attr_by_get;
    }
    LOOK_UP(lp_py.delete_current_thread, "PyThreadState_DeleteCurrent");
    LOOK_UP(lp_py.thread_head, "PyInterpreterState_ThreadHead");
    LOOK_UP(lp_py.thread_next, "PyThreadState_Next");
    LOOK_UP(lp_py.get_raised, "PyErr_GetRaisedException");
    LOOK_UP(lp_py.set_raised, "PyErr_SetRaisedException");
}

PyObject *
lp_take_raised(void)
{
    if (lp_py.get_raised != NULL) {
        PyObject *exc = lp_py.get_raised();
        if (exc != NULL) {
            return exc;
        }
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL) {
        PyErr_SetString(PyExc_SystemError, "error without an exception");
        PyErr_Fetch(&type, &value, &traceback);
    }
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *old = PyException_GetTraceback(value);
    if (old != traceback) { /* NULL too: so import removes its own frames */
        PyException_SetTraceback(value,
                                 traceback != NULL ? traceback : Py_None);
    }
    Py_XDECREF(old);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
}

void
lp_set_raised(PyObject *exc)
{
    if (lp_py.set_raised != NULL) {
        lp_py.set_raised(exc);
        return;
    }
    PyObject *type = (PyObject *)Py_TYPE(exc);
    Py_INCREF(type);
    PyErr_Restore(type, exc, PyException_GetTraceback(exc));
}
