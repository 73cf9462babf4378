/* SPDX-License-Identifier: MIT */
/* lp_array_kind: what an object is to the array protocols, by its type; the
 * answers are remembered, because a failing look-up costs 400 ns. */
#include "base/gil.h"
#include "tensor/provider.h"

/* What a type says; an array's kind depends on its elements as well. */
enum type_kind { UNKNOWN, NO_ARRAY, NDARRAY, SCALAR, DLPACK, BUFFER };

/* Direct-mapped by address.  A weak reference tells whether the type that was
 * asked about is still the one at the address; owning it would keep classes
 * alive, and all that hangs on them. */
enum { N_TYPES = 512 };
static struct {
    PyTypeObject *type; /* its address only */
    PyObject *alive;    /* owned: weak reference to it */
    enum type_kind kind;
    enum lp_array_kind scalar; /* of SCALAR */
} seen[N_TYPES];

static size_t
slot_of(PyTypeObject *type)
{
    uintptr_t p = (uintptr_t)type;
    return (p >> 4 ^ p >> 13) % N_TYPES;
}

/* [GIL] Is the answer for this type in the table? */
static int
is_known(PyTypeObject *type, size_t slot)
{
    return seen[slot].type == type &&
           PyWeakref_GetObject(seen[slot].alive) == (PyObject *)type;
}

/* [GIL, no lock] Ask pyhelper._arrays, which answers with a number: the
 * type_kind, and for scalars 16 times the lp_array_kind on top. */
static int
classify(PyObject *obj)
{
    PyObject *policy = PyImport_ImportModule("pyhelper._arrays");
    PyObject *answer =
        policy != NULL
            ? PyObject_CallMethod(policy, "classify", "Oi", Py_TYPE(obj),
                                  PyObject_CheckBuffer(obj))
            : NULL;
    Py_XDECREF(policy);
    long code = answer != NULL ? PyLong_AsLong(answer) : -1;
    Py_XDECREF(answer);
    return (int)code;
}

/* [GIL, lock] Fill the slot of a type that is not in it; 0 or -1. */
static int
learn(struct lp_state *S, PyObject *obj, size_t slot)
{
    lp_python_runs(S);
    int code = classify(obj);
    lp_python_ran(S);
    if (code < 0) {
        return -1;
    }
    PyObject *alive = PyWeakref_NewRef((PyObject *)Py_TYPE(obj), NULL);
    if (alive == NULL) {
        return -1;
    }
    PyObject *old = seen[slot].alive;
    seen[slot].alive = alive;
    seen[slot].type = Py_TYPE(obj);
    seen[slot].kind = (enum type_kind)(code % 16);
    seen[slot].scalar = (enum lp_array_kind)(code / 16);
    if (old != NULL) {
        lp_queue_decref(S, old);
    }
    return 0;
}

void
lp_count_unknown(struct lp_state *S, PyObject *obj)
{
    /* Arrays can only come from NumPy, and our own look at it waits for the
     * first of them.  A type that was there before NumPy is none of its own;
     * the addresses are only compared. */
    static PyObject *numpy;
    static const PyTypeObject *innocent[N_TYPES];
    if (numpy == NULL && (numpy = PyUnicode_InternFromString("numpy")) == NULL) {
        PyErr_Clear();
        return;
    }
    size_t slot = slot_of(Py_TYPE(obj));
    if (innocent[slot] == Py_TYPE(obj) || is_known(Py_TYPE(obj), slot)) {
        return;
    }
    if (PyDict_GetItem(PyImport_GetModuleDict(), numpy) == NULL) {
        innocent[slot] = Py_TYPE(obj);
        return;
    }
    if (learn(S, obj, slot) < 0) {
        PyErr_Clear();
    }
    else if (seen[slot].kind == NDARRAY && lp_need_numpy(S) == 0) {
        S->foreign += lp_ndarray_bytes_alone(obj);
    }
    PyErr_Clear();
}

/* [GIL] The kind of an ndarray: by its elements, and a number if 0-d. */
static enum lp_array_kind
kind_of_ndarray(const struct lp_ndarray *array)
{
    switch (array->descr->kind) {
    case 'O':
    case 'S':
    case 'U':
    case 'T':
        return LP_TABLE;
    default:
        break;
    }
    if (array->nd > 0) {
        return LP_ARRAY;
    }
    switch (array->descr->kind) {
    case 'b':
        return LP_BOOLEAN;
    case 'i':
    case 'u':
        return LP_INTEGER;
    case 'f':
        return LP_FLOAT;
    default: /* complex, datetime64, structured: a reference */
        return LP_NOT_ARRAY;
    }
}

/* [GIL, no lock] A foreign array without dimensions is a number. */
static int
kind_of_foreign(PyObject *obj)
{
    PyObject *ndim = PyObject_GetAttrString(obj, "ndim");
    if (ndim == NULL) {
        PyErr_Clear();
        return LP_ARRAY;
    }
    long n = PyLong_Check(ndim) ? PyLong_AsLong(ndim) : 1;
    Py_DECREF(ndim);
    return n == 0 ? LP_SCALAR : LP_ARRAY;
}

int
lp_array_kind(struct lp_state *S, PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (type == lp_ndarray_type) { /* not NULL, so NumPy is there */
        return kind_of_ndarray((const struct lp_ndarray *)obj);
    }
    size_t slot = slot_of(type);
    if (LP_UNLIKELY(!is_known(type, slot)) && learn(S, obj, slot) < 0) {
        return -1;
    }
    int kind = LP_NOT_ARRAY;
    switch (seen[slot].kind) {
    case NDARRAY:
        return kind_of_ndarray((const struct lp_ndarray *)obj);
    case SCALAR:
        return seen[slot].scalar;
    case DLPACK:
        lp_python_runs(S);
        kind = kind_of_foreign(obj);
        lp_python_ran(S);
        return kind;
    case BUFFER:
        return LP_ARRAY;
    default:
        return LP_NOT_ARRAY;
    }
}
