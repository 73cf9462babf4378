/* SPDX-License-Identifier: MIT */
#include "tensor/dlpack.h"

#include "tensor/memory.h"
#include "tensor/ndarray.h"

/* The two structures of the protocol (DLPack 0.x and 1.x). */
struct dl_tensor {
    void *data;
    int32_t device_type, device_id;
    int32_t ndim;
    uint8_t code, bits;
    uint16_t lanes;
    int64_t *shape;
    int64_t *strides; /* in elements; NULL if contiguous */
    uint64_t byte_offset;
};

struct dl_managed {
    struct dl_tensor tensor;
    void *manager;
    void (*deleter)(struct dl_managed *);
};

struct dl_versioned {
    uint32_t major, minor;
    void *manager;
    void (*deleter)(struct dl_versioned *);
    uint64_t flags;
    struct dl_tensor tensor;
};
enum { DL_READ_ONLY = 1, DL_MAJOR = 1 };

/* NumPy's number for an element type, or -1. */
static int
numpy_type(const struct dl_tensor *t)
{
    enum { INT = 0, UINT = 1, FLOAT = 2, COMPLEX = 5, BOOL = 6 };
    static const struct {
        uint8_t code, bits;
        int type_num;
    } rows[] = {
        {BOOL,    8,   0 }, {INT,  8,  1 }, {UINT,  8,  2 },
        {INT,     16,  3 }, {UINT, 16, 4 }, {INT,   32, 5 },
        {UINT,    32,  6 }, {INT,  64, 7 }, {UINT,  64, 8 },
        {FLOAT,   32,  11}, {FLOAT, 64, 12}, {FLOAT, 16, 23},
        {COMPLEX, 64,  14}, {COMPLEX, 128, 15},
    };
    for (size_t i = 0; t->lanes == 1 && i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == t->code && rows[i].bits == t->bits) {
            return rows[i].type_num;
        }
    }
    return -1;
}

/* An ndarray on the described memory, kept by `owner`. */
static PyObject *
wrap(const struct dl_tensor *t, int readonly, PyObject *owner)
{
    Py_ssize_t shape[LP_MAX_DIMS], strides[LP_MAX_DIMS];
    int type_num = numpy_type(t);
    if (type_num < 0) {
        PyErr_Format(PyExc_TypeError,
                     "no tensor has elements of DLPack type %d with %d bits "
                     "(bfloat16 is 4, 16): convert it first, as by .float()",
                     t->code, t->bits);
        return NULL;
    }
    if (t->ndim > LP_MAX_DIMS) {
        PyErr_Format(PyExc_ValueError, "too many dimensions: %d", t->ndim);
        return NULL;
    }
    int64_t next = 1;
    for (int d = t->ndim - 1; d >= 0; d--) {
        shape[d] = t->shape[d];
        strides[d] = (t->strides != NULL ? t->strides[d] : next) *
                     (t->bits / 8);
        next *= t->shape[d];
    }
    return lp_ndarray_of(type_num, t->ndim, shape, strides,
                         (char *)t->data + t->byte_offset,
                         readonly ? 0 : LP_ARRAY_WRITEABLE, owner);
}

static void
release_managed(void *ctx)
{
    struct dl_managed *m = ctx;
    if (m->deleter != NULL) {
        m->deleter(m);
    }
}

static void
release_versioned(void *ctx)
{
    struct dl_versioned *m = ctx;
    if (m->deleter != NULL) {
        m->deleter(m);
    }
}

/* The memory as an object.  Taking a capsule means renaming it. */
static PyObject *
take(PyObject *capsule, const struct dl_tensor *t, int readonly,
     const char *used, lp_memory_release release, void *ctx)
{
    /* The extent is of interest to nobody: NumPy only asks for a buffer to
     * see whether it may be written. */
    PyObject *memory = lp_memory_new(t->data, 0, readonly, release, ctx);
    if (memory != NULL) {
        PyCapsule_SetName(capsule, used);
    }
    return memory;
}

/* The two calls of the protocol, and messages, are in pyhelper/_arrays.py. */
PyObject *
lp_from_dlpack(PyObject *obj)
{
    PyObject *capsule = lp_array_policy("dlpack", obj);
    PyObject *memory = NULL, *array = NULL;
    if (capsule == NULL) {
        return NULL;
    }
    if (PyCapsule_IsValid(capsule, "dltensor")) {
        struct dl_managed *m = PyCapsule_GetPointer(capsule, "dltensor");
        memory = take(capsule, &m->tensor, 0, "used_dltensor",
                      release_managed, m);
        array = memory != NULL ? wrap(&m->tensor, 0, memory) : NULL;
    }
    else if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
        struct dl_versioned *m =
            PyCapsule_GetPointer(capsule, "dltensor_versioned");
        if (m->major > DL_MAJOR) {
            PyErr_Format(PyExc_ValueError, "DLPack %u is not known here",
                         (unsigned)m->major);
        }
        else {
            int readonly = (m->flags & DL_READ_ONLY) != 0;
            memory = take(capsule, &m->tensor, readonly,
                          "used_dltensor_versioned", release_versioned, m);
            array = memory != NULL ? wrap(&m->tensor, readonly, memory)
                                   : NULL;
        }
    }
    else {
        PyErr_SetString(PyExc_TypeError,
                        "__dlpack__ returned no capsule of DLPack");
    }
    Py_XDECREF(memory);
    Py_DECREF(capsule);
    return array;
}
