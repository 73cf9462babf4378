/* SPDX-License-Identifier: MIT */
/* Userdata and LuaJIT's cdata: opaque in Python but for what their
 * metatables give: fields, items, length, calls, text. */
#include "object/lua_userdata.h"

#include "cross/protect.h"
#include "cross/visit.h"
#include "object/lua_function.h"
#include "object/lua_operators.h"
#include "object/lua_value.h"
#include "tensor/provider.h"

static char userdata_doc[] = "A Lua userdata, by reference.";
static char cdata_doc[] = "A cdata of LuaJIT, by reference.";

#define METHODS(X)                                                            \
    X(asNumpyArray)                                                           \
    X(__array__)                                                              \
    X(__reduce_ex__)
METHODS(LP_METHOD_IN_PYTHON)

static PyMethodDef methods[] = {
    METHODS(LP_METHOD_ROW)
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef userdata_getset[] = {
    LP_LUA_OPERATOR_GETSET,
    {NULL, NULL, NULL, NULL, NULL},
};

static int
userdata_bool(PyObject *self)
{
    (void)self;
    return 1; /* as in Lua, whatever its length */
}

#define SLOTS(doc)                                                            \
    {                                                                         \
        {Py_tp_doc, doc}, {Py_tp_call, PyVectorcall_Call},                    \
            {Py_tp_getattro, lp_lua_getattro},                                \
            {Py_tp_setattro, lp_lua_setattro}, {Py_tp_str, lp_lua_str},       \
            {Py_tp_methods, methods}, {Py_mp_length, lp_lua_length},          \
            {Py_mp_subscript, lp_lua_get},                                    \
            {Py_mp_ass_subscript, lp_lua_set}, {Py_nb_bool, userdata_bool},   \
            {Py_tp_getset, userdata_getset}, LP_LUA_OPERATOR_SLOTS,           \
        {                                                                     \
            0, NULL                                                           \
        }                                                                     \
    }

static PyType_Slot userdata_slots[] = SLOTS(userdata_doc);
static PyType_Slot cdata_slots[] = SLOTS(cdata_doc);

static PyType_Spec userdata_spec = {
    .name = "pyhelper.LuaUserdata",
    .basicsize = sizeof(struct lp_lua_object),
    .flags = Py_TPFLAGS_DEFAULT | LP_TPFLAGS_VECTORCALL,
    .slots = userdata_slots,
};

static PyType_Spec cdata_spec = {
    .name = "pyhelper.LuaCData",
    .basicsize = sizeof(struct lp_lua_object),
    .flags = Py_TPFLAGS_DEFAULT | LP_TPFLAGS_VECTORCALL,
    .slots = cdata_slots,
};

/* [2: value] */
static int
array_body(lua_State *L, struct lp_state *S, void *ctx)
{
    return lp_tensor_to_python(S, L, 2, (PyObject **)ctx) < 0 ? -1 : 0;
}

/* tensor_array(Lua object) -> ndarray on the tensor's memory, or None */
static PyObject *
tensor_array(PyObject *module, PyObject *obj)
{
    (void)module;
    if (!lp_is_lua_object(obj)) {
        PyErr_SetString(PyExc_TypeError, "a Lua object is expected");
        return NULL;
    }
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    struct lp_visit v;
    if (lp_visit_begin(&v, self->view->state) < 0) {
        return NULL;
    }
    PyObject *array = NULL;
    lp_push_ref(self->view->state, v.frame.L, self->ref);
    int done = lp_protect(self->view->state, v.frame.L, array_body, &array, 1, 0);
    lp_visit_end(&v);
    if (done < 0) {
        Py_XDECREF(array);
        return NULL;
    }
    if (array == NULL) {
        Py_RETURN_NONE;
    }
    return array;
}

static PyMethodDef functions[] = {
    {"tensor_array", tensor_array, METH_O, NULL},
    {NULL,           NULL,         0,      NULL},
};

int
lp_lua_userdata_init_python(PyObject *module)
{
    if (PyModule_AddFunctions(module, functions) < 0) {
        return -1;
    }
    return lp_lua_register_type(module, LUA_TUSERDATA, &userdata_spec,
                                lp_lua_call) < 0 ||
                   lp_lua_register_type(module, LP_TCDATA, &cdata_spec,
                                        lp_lua_call) < 0
               ? -1
               : 0;
}
