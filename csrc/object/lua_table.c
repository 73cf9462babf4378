/* SPDX-License-Identifier: MIT */
/* Lua tables as mutable mappings, by reference.  What no other method needs
 * to be fast for is written in Python (pyhelper/_table.py). */
#include "object/lua_table.h"

#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "object/lua_function.h"
#include "object/lua_operators.h"
#include "object/lua_value.h"
#include "object/table_iter.h"
#include "tensor/provider.h"

static PyObject *
table_iter(PyObject *self)
{
    return lp_table_iter_new(self, LP_KEYS);
}

/* table_iter(table, what): for the views of pyhelper/_table.py; `what` is 0
 * for keys, 1 for values, 2 for pairs. */
static PyObject *
iterate(PyObject *module, PyObject *args)
{
    PyObject *table;
    int what;
    (void)module;
    if (!PyArg_ParseTuple(args, "O!i", lp_lua_types[LUA_TTABLE], &table,
                          &what)) {
        return NULL;
    }
    return lp_table_iter_new(table, (enum lp_iter_what)what);
}

static int
count_body(lua_State *L, struct lp_state *S, void *ctx)
{
    Py_ssize_t *n = ctx;
    (void)S;
    if (!LP_LUA51 && luaL_getmetafield(L, 2, "__pairs")) {
        *n = -1;
        return 0;
    }
    lua_pushnil(L);
    while (lua_next(L, 2) != 0) {
        (*n)++;
        lua_pop(L, 1);
    }
    return 0;
}

/* table_count(table) -> number of its keys, or None where __pairs decides */
static PyObject *
count(PyObject *module, PyObject *obj)
{
    (void)module;
    if (Py_TYPE(obj) != lp_lua_types[LUA_TTABLE]) {
        PyErr_SetString(PyExc_TypeError, "a LuaTable is expected");
        return NULL;
    }
    struct lp_lua_object *table = (struct lp_lua_object *)obj;
    struct lp_visit v;
    if (lp_visit_begin(&v, table->view->state) < 0) {
        return NULL;
    }
    Py_ssize_t n = 0;
    lp_push_ref(table->view->state, v.frame.L, table->ref);
    int done = lp_protect(table->view->state, v.frame.L, count_body, &n, 1, 0);
    lp_visit_end(&v);
    if (done < 0) {
        return NULL;
    }
    if (n < 0) {
        Py_RETURN_NONE;
    }
    return PyLong_FromSsize_t(n);
}

static PyMethodDef module_functions[] = {
    {"table_iter",  iterate, METH_VARARGS, NULL},
    {"table_count", count,   METH_O,       NULL},
    {NULL,          NULL,    0,            NULL},
};

/* ---- methods ---- */

/* Each is the function of the same name in pyhelper/_table.py. */
#define METHODS(X)                                                            \
    X(keys)                                                                   \
    X(values)                                                                 \
    X(items)                                                                  \
    X(get)                                                                    \
    X(pop)                                                                    \
    X(popitem)                                                                \
    X(setdefault)                                                             \
    X(update)                                                                 \
    X(clear)                                                                  \
    X(copy)                                                                   \
    X(asNumpyArray)                                                           \
    X(__array__)                                                              \
    X(__copy__)                                                               \
    X(__deepcopy__)                                                           \
    X(__reduce_ex__)                                                          \
    X(__dir__)
METHODS(LP_METHOD_IN_PYTHON)

static PyMethodDef table_methods[] = {
    METHODS(LP_METHOD_ROW)
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef table_getset[] = {
    LP_LUA_OPERATOR_GETSET,
    {NULL, NULL, NULL, NULL, NULL},
};

static int
table_bool(PyObject *self)
{
    (void)self;
    return 1; /* as in Lua; len() counts only the part from 1 on */
}

static char doc[] =
    "A Lua table, by reference: a mutable mapping whose fields are attributes "
    "as well.  A key that is not there has the value None.";

static PyType_Slot table_slots[] = {
    {Py_tp_doc, doc},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_getattro, lp_lua_getattro},
    {Py_tp_setattro, lp_lua_setattro},
    {Py_tp_str, lp_lua_str},
    {Py_tp_iter, table_iter},
    {Py_tp_methods, table_methods},
    {Py_tp_getset, table_getset},
    {Py_mp_length, lp_lua_length},
    {Py_mp_subscript, lp_lua_get},
    {Py_mp_ass_subscript, lp_lua_set},
    {Py_sq_contains, lp_lua_contains},
    {Py_nb_bool, table_bool},
    LP_LUA_OPERATOR_SLOTS,
    {0, NULL},
};

static PyType_Spec table_spec = {
    .name = "pyhelper.LuaTable",
    .basicsize = sizeof(struct lp_lua_object),
    .flags = Py_TPFLAGS_DEFAULT | LP_TPFLAGS_VECTORCALL,
    .slots = table_slots,
};

/* isinstance(table, MutableMapping) holds from the first table on. */
static int
register_mapping(void)
{
    /* collections.abc without its package: Python has it since its start. */
    PyObject *abc = PyImport_ImportModule("_collections_abc");
    PyObject *mapping =
        abc != NULL ? PyObject_GetAttrString(abc, "MutableMapping") : NULL;
    PyObject *done =
        mapping != NULL ? PyObject_CallMethod(mapping, "register", "O",
                                              lp_lua_types[LUA_TTABLE])
                        : NULL;
    Py_XDECREF(abc);
    Py_XDECREF(mapping);
    Py_XDECREF(done);
    return done != NULL ? 0 : -1;
}

int
lp_lua_table_init_python(PyObject *module)
{
    if (lp_table_iter_init_python() < 0 ||
        PyModule_AddFunctions(module, module_functions) < 0 ||
        lp_lua_register_type(module, LUA_TTABLE, &table_spec, lp_lua_call) <
            0) {
        return -1;
    }
    return register_mapping();
}
