/* SPDX-License-Identifier: MIT */
#include "tensor/ndarray.h"

PyTypeObject *lp_ndarray_type;

/* Indexes into NumPy's table of C functions: part of its ABI. */
enum {
    NPY_ARRAY_TYPE = 2,
    NPY_DESCR_FROM_TYPE = 45,
    NPY_RESIZE = 80,
    NPY_NEW = 93,
    NPY_ZEROS = 183,
    NPY_SET_BASE_OBJECT = 282
};

struct dims { /* PyArray_Dims */
    Py_ssize_t *ptr;
    int len;
};

static PyObject *(*descr_from_type)(int);
static PyObject *(*array_new)(PyTypeObject *, int, const Py_ssize_t *, int,
                              const Py_ssize_t *, void *, int, int,
                              PyObject *);
/* Steals the descr. */
static PyObject *(*array_zeros)(int, const Py_ssize_t *, PyObject *, int);
static PyObject *(*array_resize)(PyObject *, const struct dims *, int, int);
/* Steals the base, also when it fails. */
static int (*set_base)(PyObject *, PyObject *);

PyObject *
lp_array_policy(const char *function, PyObject *obj)
{
    PyObject *policy = PyImport_ImportModule("pyhelper._arrays");
    if (policy == NULL) {
        return NULL;
    }
    PyObject *result = obj != NULL
                           ? PyObject_CallMethod(policy, function, "O", obj)
                           : PyObject_CallMethod(policy, function, NULL);
    Py_DECREF(policy);
    if (result == NULL) {
        PyObject *exc = lp_take_raised();
        PyException_SetTraceback(exc, Py_None);
        lp_set_raised(exc);
    }
    return result;
}

int
lp_numpy_import(void)
{
    if (lp_ndarray_type != NULL) {
        return 0;
    }
    PyObject *capsule = lp_array_policy("c_api", NULL);
    void **api = capsule != NULL ? PyCapsule_GetPointer(capsule, NULL) : NULL;
    Py_XDECREF(capsule); /* NumPy's module keeps it */
    if (api == NULL) {
        return -1;
    }
    *(void **)&descr_from_type = api[NPY_DESCR_FROM_TYPE];
    *(void **)&array_new = api[NPY_NEW];
    *(void **)&array_zeros = api[NPY_ZEROS];
    *(void **)&array_resize = api[NPY_RESIZE];
    *(void **)&set_base = api[NPY_SET_BASE_OBJECT];
    lp_ndarray_type = api[NPY_ARRAY_TYPE];
    return 0;
}

static int
is_foreign_endian(char byteorder)
{
    const uint16_t one = 1;
    return byteorder == (*(const char *)&one == 1 ? '>' : '<');
}

enum lp_fit
lp_ndarray_look(const struct lp_ndarray *array, struct lp_layout *layout)
{
    enum lp_dtype dtype = lp_dtype_of_numpy(array->descr->type_num);
    if (dtype == LP_NO_DTYPE) {
        return LP_NO_FIT;
    }
    Py_ssize_t item = (Py_ssize_t)lp_dtypes[dtype].size;
    layout->dtype = dtype;
    layout->data = array->data;
    layout->nd = array->nd;
    layout->extent = 1;
    for (int d = 0; d < array->nd; d++) {
        if (array->dimensions[d] == 0) {
            layout->nd = 0; /* Torch7 has no other empty tensor */
            layout->extent = 0;
            return LP_FITS;
        }
    }
    if ((array->flags & LP_ARRAY_WRITEABLE) == 0 ||
        (array->flags & LP_ARRAY_ALIGNED) == 0 ||
        is_foreign_endian(array->descr->byteorder)) {
        return LP_COPY_FITS;
    }
    int64_t next = 1; /* stride of this dimension if contiguous */
    for (int d = array->nd - 1; d >= 0; d--) {
        Py_ssize_t size = array->dimensions[d], stride = array->strides[d];
        layout->size[d] = size;
        if (size == 1) {
            layout->stride[d] = next; /* never used: any value is right */
            continue;
        }
        if (stride < 0 || stride % item != 0) {
            return LP_COPY_FITS;
        }
        layout->stride[d] = stride / item;
        layout->extent += (size - 1) * layout->stride[d];
        next = layout->stride[d] * size;
    }
    return LP_FITS;
}

PyObject *
lp_ndarray_of(int type_num, int nd, const Py_ssize_t *shape,
              const Py_ssize_t *strides, void *data, int flags,
              PyObject *owner)
{
    PyObject *array = array_new(lp_ndarray_type, nd, shape, type_num, strides,
                                data, 0, flags | LP_ARRAY_ALIGNED, NULL);
    if (array == NULL) {
        return NULL;
    }
    Py_INCREF(owner);
    if (set_base(array, owner) < 0) {
        Py_DECREF(array);
        return NULL;
    }
    return array;
}

PyObject *
lp_ndarray_wrap(const struct lp_layout *layout, PyObject *owner)
{
    Py_ssize_t shape[LP_MAX_DIMS], strides[LP_MAX_DIMS];
    Py_ssize_t item = (Py_ssize_t)lp_dtypes[layout->dtype].size;
    if (layout->nd == 0) {
        return lp_ndarray_new(layout->dtype, 0, 0);
    }
    if (layout->nd > LP_MAX_DIMS) {
        PyErr_Format(PyExc_ValueError,
                     "a tensor of %d dimensions has no ndarray (at most %d)",
                     layout->nd, LP_MAX_DIMS);
        return NULL;
    }
    for (int d = 0; d < layout->nd; d++) {
        shape[d] = layout->size[d];
        strides[d] = layout->stride[d] * item;
    }
    return lp_ndarray_of(lp_dtypes[layout->dtype].type_num, layout->nd, shape,
                         strides, layout->data, LP_ARRAY_WRITEABLE, owner);
}

PyObject *
lp_ndarray_new(enum lp_dtype dtype, ptrdiff_t size, int zeroed)
{
    Py_ssize_t shape = size;
    int type_num = lp_dtypes[dtype].type_num;
    if (zeroed) {
        PyObject *descr = descr_from_type(type_num);
        return descr != NULL ? array_zeros(1, &shape, descr, 0) : NULL;
    }
    return array_new(lp_ndarray_type, 1, &shape, type_num, NULL, NULL, 0, 0,
                     NULL);
}

int
lp_ndarray_grow(PyObject *array, ptrdiff_t size)
{
    Py_ssize_t shape = size;
    const struct dims dims = {&shape, 1};
    if (Py_TYPE(array) != lp_ndarray_type || Py_REFCNT(array) != 1) {
        return 0; /* whoever else has it may look at its memory */
    }
    PyObject *none = array_resize(array, &dims, 0, 0);
    Py_XDECREF(none);
    PyErr_Clear(); /* a weak reference, or no memory */
    return none != NULL;
}

size_t
lp_ndarray_bytes_alone(PyObject *obj)
{
    /* Whoever asks may hold a reference besides the one that is meant. */
    for (int others = 2;; others = 1) {
        if (obj == NULL || Py_TYPE(obj) != lp_ndarray_type ||
            Py_REFCNT(obj) > others) {
            return 0;
        }
        const struct lp_ndarray *array = (const struct lp_ndarray *)obj;
        if (array->flags & LP_ARRAY_OWNDATA) {
            /* It is contiguous in some order: the longest stride spans it. */
            size_t bytes = 0;
            for (int d = 0; d < array->nd; d++) {
                size_t span = (size_t)array->dimensions[d] *
                              (size_t)array->strides[d];
                bytes = span > bytes ? span : bytes;
            }
            return bytes;
        }
        obj = array->base; /* a view goes together with what it views */
    }
}
