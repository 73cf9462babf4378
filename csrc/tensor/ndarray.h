/* SPDX-License-Identifier: MIT */
/* NumPy's arrays without NumPy's headers: the table of its C API is taken
 * from a capsule at run time, the fields of an array by their offsets, which
 * are the same from NumPy 1.7 to 2.x. */
#ifndef LP_NDARRAY_H
#define LP_NDARRAY_H

#include "base/py_api.h"
#include "tensor/dtype.h"

enum { LP_MAX_DIMS = 64 }; /* NumPy 2; NumPy 1 allows 32 */

enum { /* flags of an array */
    LP_ARRAY_OWNDATA = 0x0004,
    LP_ARRAY_ALIGNED = 0x0100,
    LP_ARRAY_WRITEABLE = 0x0400
};

struct lp_ndarray {
    PyObject_HEAD
    char *data;
    int nd;
    Py_ssize_t *dimensions;
    Py_ssize_t *strides; /* in bytes */
    PyObject *base;
    struct lp_descr *descr;
    int flags;
};

struct lp_descr {
    PyObject_HEAD
    PyTypeObject *typeobj;
    char kind, type, byteorder, flags;
    int type_num;
};

/* What a tensor needs to know of memory; strides in elements. */
struct lp_layout {
    enum lp_dtype dtype;
    char *data;
    ptrdiff_t extent; /* elements from the first to the last one touched */
    int nd;           /* 0: empty */
    int64_t size[LP_MAX_DIMS], stride[LP_MAX_DIMS];
};

enum lp_fit {
    LP_FITS,       /* a tensor can have this memory */
    LP_COPY_FITS,  /* a tensor can have a copy of it */
    LP_NO_FIT      /* tensors have no such element type */
};

/* NULL until the first tensor, when NumPy is imported. */
extern PyTypeObject *lp_ndarray_type;

/* [GIL, no lock] Import NumPy and find its functions; 0, or -1 with an
 * ImportError that says how to get NumPy. */
int lp_numpy_import(void);

/* [GIL, no lock] Call a function of pyhelper/_arrays.py, where what needs
 * words or Python code is decided; `obj` may be NULL.  Its errors come without
 * a traceback: its frames are of no interest. */
LP_OWNED PyObject *lp_array_policy(const char *function, PyObject *obj);

/* [GIL] Look at an array (exactly an ndarray).  The layout is filled only if
 * it fits.  Runs no Python code. */
enum lp_fit lp_ndarray_look(const struct lp_ndarray *array,
                            struct lp_layout *layout);

/* [GIL] An array on the memory of `layout`; `owner` keeps that alive and, if
 * it is no array, must offer a writable buffer.  Runs no Python code. */
LP_OWNED PyObject *lp_ndarray_wrap(const struct lp_layout *layout,
                                   PyObject *owner);
/* [GIL] A new array of one dimension. */
LP_OWNED PyObject *lp_ndarray_new(enum lp_dtype dtype, ptrdiff_t size,
                                  int zeroed);
/* [GIL] Give a vector that nobody else has `size` elements, in place where
 * realloc can; those that are added are 0.  0 if it stays as it is.  Runs no
 * Python code. */
int lp_ndarray_grow(PyObject *array, ptrdiff_t size);
/* [GIL] An array of NumPy's type number on memory; strides in bytes, or NULL
 * if contiguous.  `owner` as above. */
LP_OWNED PyObject *lp_ndarray_of(int type_num, int nd, const Py_ssize_t *shape,
                                 const Py_ssize_t *strides, void *data,
                                 int flags, PyObject *owner);

/* [GIL] Bytes that go when `obj` goes: of an array of which this is the only
 * reference, else 0. */
size_t lp_ndarray_bytes_alone(PyObject *obj);

#endif
