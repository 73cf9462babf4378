/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/loops.h"

#include <string.h>

#include "cross/error.h"

struct lp_loop lp_loops[LP_N_LOOPS][LP_N_DTYPES];
int lp_loops_known;

/* The beginning of NumPy's PyUFuncObject, which is part of its ABI. */
struct ufunc {
    PyObject_HEAD
    int nin, nout, nargs, identity;
    lp_loop_function **functions;
    void **data;
    int ntypes, reserved;
    const char *name;
    const char *types; /* nargs type numbers for each function */
};

/* [GIL] An attribute that is an int; -1 if it is not there. */
static long
attribute(PyObject *obj, const char *name)
{
    PyObject *value = PyObject_GetAttrString(obj, name);
    long n = value != NULL ? PyLong_AsLong(value) : -1;
    Py_XDECREF(value);
    PyErr_Clear();
    return n;
}

/* [GIL] Is the structure as it is known here?  Its fields say what its
 * attributes say. */
static int
is_known(const struct ufunc *ufunc, PyObject *obj, const char *name, int nargs)
{
    return attribute(obj, "nargs") == nargs && ufunc->nargs == nargs &&
           ufunc->nin == nargs - 1 && ufunc->nout == 1 &&
           attribute(obj, "ntypes") == ufunc->ntypes &&
           strcmp(ufunc->name, name) == 0;
}

/* [GIL] The types are those that `ufunc.types` shows. */
static int
are_types(PyObject *obj, const struct ufunc *ufunc)
{
    static const char letters[] = "?bBhHiIlLqQfdgFDGOSUVMme";
    PyObject *types = PyObject_GetAttrString(obj, "types");
    int are = types != NULL && PyList_Check(types) &&
              PyList_Size(types) == ufunc->ntypes;
    for (int i = 0; are && i < ufunc->ntypes; i++) {
        PyObject *text = PyList_GetItem(types, i);
        const char *shown = PyUnicode_AsUTF8AndSize(text, NULL);
        for (int k = 0; shown != NULL && k < ufunc->nargs; k++) {
            int number = ufunc->types[i * ufunc->nargs + k];
            /* "dd->d": the result comes after the arrow. */
            char letter = shown[k < ufunc->nin ? k : k + 2];
            are = are && number >= 0 && number < (int)sizeof letters - 1 &&
                  letters[number] == letter;
        }
        are = are && shown != NULL;
    }
    Py_XDECREF(types);
    PyErr_Clear();
    return are;
}

static int
is_comparison(int loop)
{
    return loop == LP_LOOP_equal || loop == LP_LOOP_not_equal ||
           loop == LP_LOOP_less || loop == LP_LOOP_less_equal ||
           loop == LP_LOOP_greater || loop == LP_LOOP_greater_equal;
}

/* The loop whose arrays are all of one type (and the result bool, where it is
 * a comparison). */
static struct lp_loop
loop_of_type(const struct ufunc *ufunc, int type_num, int comparison)
{
    struct lp_loop found = {NULL, NULL};
    for (int i = 0; i < ufunc->ntypes && found.run == NULL; i++) {
        const char *types = ufunc->types + i * ufunc->nargs;
        int fits = types[ufunc->nin] == (comparison ? 0 : type_num);
        for (int k = 0; k < ufunc->nin; k++) {
            fits = fits && types[k] == type_num;
        }
        if (fits) {
            found.run = ufunc->functions[i];
            found.data = ufunc->data != NULL ? ufunc->data[i] : NULL;
        }
    }
    return found;
}

/* [GIL] One ufunc.  What cannot be had stays empty: then the ufunc itself is
 * called, from Python. */
static void
find(PyObject *numpy, const char *name, int nargs, int loop)
{
    PyObject *obj = PyObject_GetAttrString(numpy, name);
    if (obj != NULL) {
        const struct ufunc *ufunc = (const struct ufunc *)obj;
        if (is_known(ufunc, obj, name, nargs) && are_types(obj, ufunc)) {
            for (int d = 0; d < LP_N_DTYPES; d++) {
                lp_loops[loop][d] = loop_of_type(
                    ufunc, lp_dtypes[d].type_num, is_comparison(loop));
            }
        }
        Py_DECREF(obj); /* NumPy's module keeps it */
    }
    PyErr_Clear();
}

void
lp_loops_find_or_jump(struct lp_state *S, lua_State *L)
{
    static const struct {
        const char *name;
        int nargs;
    } ufuncs[] = {
#define LP_ROW(name, n) {#name, n},
        LP_UFUNCS(LP_ROW)
#undef LP_ROW
    };
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    lp_cross_unlock(&x);
    PyObject *numpy = PyImport_ImportModule("numpy");
    if (numpy != NULL && !lp_loops_known) {
        for (int i = 0; i < (int)(sizeof ufuncs / sizeof *ufuncs); i++) {
            find(numpy, ufuncs[i].name, ufuncs[i].nargs, i);
        }
        lp_kernels_add();
    }
    Py_XDECREF(numpy);
    PyErr_Clear(); /* no loops, then */
    __atomic_store_n(&lp_loops_known, 1, __ATOMIC_RELEASE);
    lp_cross_lock(&x);
    lp_cross_end(&x);
}
