/* SPDX-License-Identifier: MIT */
#include "tensor/provider.h"

#include "base/gil.h"
#include "tensor/dlpack.h"

enum { MAX_PROVIDERS = 4 };
static const struct lp_tensor_provider *providers[MAX_PROVIDERS];
static int n_providers;

void
lp_provider_register(const struct lp_tensor_provider *provider)
{
    for (int i = 0; i < n_providers; i++) {
        if (providers[i] == provider) {
            return;
        }
    }
    if (n_providers < MAX_PROVIDERS) {
        providers[n_providers++] = provider;
    }
}

const struct lp_tensor_provider *
lp_provider_or_jump(struct lp_state *S, lua_State *L)
{
    for (int i = 0; S->provider == NULL && i < n_providers; i++) {
        if (providers[i]->available_or_jump(S, L)) {
            S->provider = providers[i];
        }
    }
    return S->provider;
}

void
lp_push_tensor_library_or_jump(struct lp_state *S, lua_State *L)
{
    for (int i = 0; i < n_providers; i++) {
        if (providers[i]->push_library_or_jump != NULL) {
            providers[i]->push_library_or_jump(S, L);
            return;
        }
    }
    lua_pushnil(L);
}

int
lp_need_numpy(struct lp_state *S)
{
    if (LP_LIKELY(lp_ndarray_type != NULL)) {
        return 0;
    }
    lp_python_runs(S);
    int done = lp_numpy_import();
    lp_python_ran(S);
    return done;
}

int
lp_tensor_to_python(struct lp_state *S, lua_State *L, int index,
                    PyObject **result)
{
    for (int i = 0; i < n_providers; i++) {
        int done = providers[i]->to_python(S, L, index, result);
        if (done != 0) {
            return done;
        }
    }
    return 0;
}

/* [GIL, no lock] Any object of kind LP_ARRAY as a new reference to an
 * ndarray, on its memory if possible. */
static PyObject *
as_ndarray(PyObject *obj)
{
    static PyObject *dlpack_name;
    if (lp_numpy_import() < 0) {
        return NULL;
    }
    if (Py_TYPE(obj) == lp_ndarray_type) {
        Py_INCREF(obj);
        return obj;
    }
    if (PyObject_IsInstance(obj, (PyObject *)lp_ndarray_type) == 1) {
        return lp_array_policy("plain", obj);
    }
    if (dlpack_name == NULL) {
        dlpack_name = PyUnicode_InternFromString("__dlpack__");
    }
    PyObject *method;
    int found = dlpack_name != NULL
                    ? lp_py.optional_attr(obj, dlpack_name, &method)
                    : -1;
    if (found < 0) {
        return NULL;
    }
    if (found > 0) {
        Py_DECREF(method);
        return lp_from_dlpack(obj);
    }
    return lp_array_policy("from_buffer", obj);
}

/* [GIL, no lock] Prepare an object: the array whose memory the tensor gets
 * and how it lies.  NULL with a Python error, or without one if tensors have
 * no such elements and `nested`. */
static PyObject *
prepare(PyObject *obj, int share, int nested, struct lp_layout *layout)
{
    PyObject *array = as_ndarray(obj);
    if (array == NULL) {
        return NULL;
    }
    enum lp_fit fit = lp_ndarray_look((struct lp_ndarray *)array, layout);
    if (fit == LP_FITS || (fit == LP_NO_FIT && nested)) {
        if (fit == LP_NO_FIT) {
            Py_CLEAR(array);
        }
        return array;
    }
    PyObject *other = lp_array_policy(fit == LP_NO_FIT ? "refuse_type"
                                 : share          ? "refuse_share"
                                                  : "copied",
                                 array);
    Py_DECREF(array);
    if (other != NULL &&
        (Py_TYPE(other) != lp_ndarray_type ||
         lp_ndarray_look((struct lp_ndarray *)other, layout) != LP_FITS)) {
        PyErr_SetString(PyExc_SystemError, "pyhelper._arrays: not an array "
                                           "that a tensor can share");
        Py_CLEAR(other);
    }
    return other;
}

int
lp_tensor_push(struct lp_state *S, lua_State *L, PyObject *obj, int share,
               int nested, PyObject **kept)
{
    struct lp_layout layout;
    S->foreign += lp_ndarray_bytes_alone(obj);
    if (lp_ndarray_type != NULL && Py_TYPE(obj) == lp_ndarray_type &&
        lp_ndarray_look((struct lp_ndarray *)obj, &layout) == LP_FITS) {
        int done = lp_provider_or_jump(S, L)->push(S, L, &layout, obj);
        return done < 0 ? -1 : 1;
    }
    lp_python_runs(S);
    PyObject *array = prepare(obj, share, nested, &layout);
    lp_python_ran(S);
    if (array == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    S->foreign += array != obj ? lp_ndarray_bytes_alone(array) : 0;
    PyObject *before = *kept; /* perhaps `obj` */
    *kept = array;
    Py_XDECREF(before);
    int done = lp_provider_or_jump(S, L)->push(S, L, &layout, array);
    return done < 0 ? -1 : 1;
}
