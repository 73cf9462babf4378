/* SPDX-License-Identifier: MIT */
#include "tensor/memory.h"

struct memory {
    PyObject_HEAD
    void *data;
    size_t bytes;
    int readonly;
    lp_memory_release release;
    void *ctx;
};

static PyTypeObject *memory_type;

PyObject *
lp_memory_new(void *data, size_t bytes, int readonly,
              lp_memory_release release, void *ctx)
{
    struct memory *self = PyObject_New(struct memory, memory_type);
    if (self != NULL) {
        self->data = data;
        self->bytes = bytes;
        self->readonly = readonly;
        self->release = release;
        self->ctx = ctx;
    }
    return (PyObject *)self;
}

static void
memory_dealloc(PyObject *obj)
{
    struct memory *self = (struct memory *)obj;
    if (self->release != NULL) { /* Python code can make an empty one */
        self->release(self->ctx);
    }
    PyObject_Free(obj);
    Py_DECREF(memory_type); /* of PyObject_New, since 3.8 */
}

static int
memory_getbuffer(PyObject *obj, Py_buffer *view, int flags)
{
    struct memory *self = (struct memory *)obj;
    return PyBuffer_FillInfo(view, obj, self->data, (Py_ssize_t)self->bytes,
                             self->readonly, flags);
}

int
lp_memory_init_python(PyObject *module)
{
    static char doc[] = "Memory of a tensor, kept for the arrays on it.";
    PyType_Slot slots[] = {
        {Py_tp_doc,       doc             },
        {Py_tp_dealloc,   memory_dealloc  },
        {Py_bf_getbuffer, memory_getbuffer},
        {0,               NULL            },
    };
    PyType_Spec spec = {"pyhelper._core.TensorMemory", sizeof(struct memory),
                        0, Py_TPFLAGS_DEFAULT, slots};
    PyObject *type = PyType_FromSpec(&spec);
    if (type == NULL) {
        return -1;
    }
    memory_type = (PyTypeObject *)type;
    Py_INCREF(type);
    return PyModule_AddObject(module, "TensorMemory", type);
}
