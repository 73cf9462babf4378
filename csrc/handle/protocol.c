/* SPDX-License-Identifier: MIT */
#include "handle/protocol.h"

struct protocol_object {
    PyObject_HEAD
    PyObject *obj; /* owned */
    enum lp_protocol protocol;
};

static PyTypeObject *protocol_type;

PyObject *
lp_protocol_of(PyObject *obj, enum lp_protocol *protocol)
{
    *protocol = LP_BY_VIEW;
    if (Py_TYPE(obj) != protocol_type) {
        return obj;
    }
    struct protocol_object *self = (struct protocol_object *)obj;
    *protocol = self->protocol;
    return self->obj;
}

PyObject *
lp_protocol_new(PyObject *obj, enum lp_protocol protocol)
{
    enum lp_protocol inner;
    obj = lp_protocol_of(obj, &inner);
    allocfunc alloc = (allocfunc)PyType_GetSlot(protocol_type, Py_tp_alloc);
    struct protocol_object *self =
        (struct protocol_object *)alloc(protocol_type, 0);
    if (self != NULL) {
        Py_INCREF(obj);
        self->obj = obj;
        self->protocol = protocol;
    }
    return (PyObject *)self;
}

/* Protocol(obj, number) */
static PyObject *
new_from_python(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *obj;
    int protocol;
    (void)type;
    (void)kwargs;
    if (!PyArg_ParseTuple(args, "Oi", &obj, &protocol)) {
        return NULL;
    }
    return lp_protocol_new(obj, (enum lp_protocol)protocol);
}

static int
protocol_traverse(PyObject *obj, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(obj));
    Py_VISIT(((struct protocol_object *)obj)->obj);
    return 0;
}

static int
protocol_clear(PyObject *obj)
{
    Py_CLEAR(((struct protocol_object *)obj)->obj);
    return 0;
}

static void
protocol_dealloc(PyObject *obj)
{
    PyTypeObject *type = Py_TYPE(obj);
    PyObject_GC_UnTrack(obj);
    Py_CLEAR(((struct protocol_object *)obj)->obj);
    freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
    free_object(obj);
    Py_DECREF(type);
}

static PyType_Slot slots[] = {
    {Py_tp_new, new_from_python},
    {Py_tp_dealloc, protocol_dealloc},
    {Py_tp_traverse, protocol_traverse},
    {Py_tp_clear, protocol_clear},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "pyhelper._core.Protocol",
    .basicsize = sizeof(struct protocol_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int
lp_protocol_init_python(PyObject *module)
{
    if (protocol_type == NULL) {
        protocol_type = (PyTypeObject *)PyType_FromSpec(&spec);
    }
    return protocol_type == NULL
               ? -1
               : PyObject_SetAttrString(module, "Protocol",
                                        (PyObject *)protocol_type);
}
