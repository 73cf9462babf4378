/* SPDX-License-Identifier: MIT */
#include "base/py_layout.h"

#include <stdlib.h>

int lp_layout;

/* 3.9 to 3.13; what comes later may put things elsewhere. */
static int
is_known_version(void)
{
    char *end;
    const char *version = Py_GetVersion();
    return strtol(version, &end, 10) == 3 && *end == '.' &&
           strtol(end + 1, NULL, 10) <= 13;
}

/* Builds for debugging have larger objects. */
static int
has_size(PyTypeObject *type, const char *attribute, size_t size)
{
    PyObject *found = PyObject_GetAttrString((PyObject *)type, attribute);
    int same = found != NULL && PyLong_AsSize_t(found) == size;
    Py_XDECREF(found);
    return same;
}

static int
sizes_are_known(void)
{
    return has_size(&PyFloat_Type, "__basicsize__",
                    sizeof(struct lp_float_layout)) &&
           /* and the room that is allocated */
           has_size(&PyList_Type, "__basicsize__",
                    sizeof(struct lp_list_layout) + sizeof(Py_ssize_t)) &&
           has_size(&PyTuple_Type, "__basicsize__",
                    sizeof(struct lp_tuple_layout)) &&
           has_size(&PyTuple_Type, "__itemsize__", sizeof(PyObject *)) &&
           has_size(&PyListIter_Type, "__basicsize__",
                    sizeof(struct lp_iterator_layout)) &&
           has_size(&PyTupleIter_Type, "__basicsize__",
                    sizeof(struct lp_iterator_layout));
}

static int
values_are_there(void)
{
    const double number = -1234.5e67;
    PyObject *value = PyFloat_FromDouble(number);
    PyObject *list = PyList_New(0), *tuple = PyTuple_New(2);
    int same = 0;
    if (value != NULL && list != NULL && tuple != NULL &&
        PyList_Append(list, Py_None) == 0 && PyList_Append(list, value) == 0) {
        Py_INCREF(Py_None);
        Py_INCREF(value);
        PyTuple_SetItem(tuple, 0, Py_None);
        PyTuple_SetItem(tuple, 1, value);
        PyObject **items = ((struct lp_list_layout *)list)->items;
        struct lp_tuple_layout *t = (struct lp_tuple_layout *)tuple;
        same = ((struct lp_float_layout *)value)->value == number &&
               Py_SIZE(list) == 2 && items[0] == Py_None &&
               items[1] == value && Py_SIZE(tuple) == 2 &&
               t->items[0] == Py_None && t->items[1] == value;
    }
    Py_XDECREF(value);
    Py_XDECREF(list);
    Py_XDECREF(tuple);
    return same;
}

/* The iterator of a sequence of two, after its first step. */
static int
position_is_there(PyObject *sequence)
{
    PyObject *iterator = sequence != NULL ? PyObject_GetIter(sequence) : NULL;
    PyObject *first = iterator != NULL ? PyIter_Next(iterator) : NULL;
    struct lp_iterator_layout *it = (struct lp_iterator_layout *)iterator;
    int there = first != NULL && it->index == 1 && it->sequence == sequence;
    Py_XDECREF(first);
    Py_XDECREF(iterator);
    Py_XDECREF(sequence);
    return there;
}

int
lp_look_at_layout(void)
{
    lp_layout = is_known_version() && sizes_are_known() &&
                        values_are_there() &&
                        position_is_there(Py_BuildValue("[ii]", 1, 2)) &&
                        position_is_there(Py_BuildValue("(ii)", 1, 2))
                    ? 1
                    : -1;
    PyErr_Clear();
    return lp_layout;
}
