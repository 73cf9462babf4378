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
#include "tensor/provider.h"

/* ---- iteration ---- */

/* The state of an iteration is a Lua table of its own: {function, table,
 * key}.  `function` is false for Lua's plain `next`, which needs no call;
 * else what __pairs gave. */
enum { FUNCTION = 1, TABLE = 2, KEY = 3 };

enum what { KEYS, VALUES, ITEMS };

struct table_iter {
    PyObject_HEAD
    struct lp_lua_object *table; /* owned; NULL once it has ended */
    int cursor;                  /* anchor in LP_SLOT_REFS */
    enum what what;
};

static PyTypeObject *iter_type;

/* [2: table] -> the cursor, anchored */
static int
begin_body(lua_State *L, struct lp_state *S, void *ctx)
{
    int *cursor = ctx;
    enum { VALUE = 2, CURSOR = 3 };
    lua_settop(L, VALUE);
    lua_createtable(L, 3, 0);
#if !LP_LUA51
    if (luaL_getmetafield(L, VALUE, "__pairs")) {
        lua_pushvalue(L, VALUE);
        lp_lua_runs();
        lua_call(L, 1, 3);
        lp_lua_ran();
        lua_rawseti(L, CURSOR, KEY);
        lua_rawseti(L, CURSOR, TABLE);
        lua_rawseti(L, CURSOR, FUNCTION);
        *cursor = lp_ref_or_jump(S, L);
        return 0;
    }
#endif
    lua_pushboolean(L, 0);
    lua_rawseti(L, CURSOR, FUNCTION);
    lua_pushvalue(L, VALUE);
    lua_rawseti(L, CURSOR, TABLE);
    *cursor = lp_ref_or_jump(S, L);
    return 0;
}

static PyObject *
new_iter(PyObject *obj, enum what what)
{
    struct lp_lua_object *table = (struct lp_lua_object *)obj;
    struct lp_state *S = table->S;
    struct lp_visit v;
    int cursor;
    if (lp_visit_begin(&v, S) < 0) {
        return NULL;
    }
    lp_push_ref(S, v.frame.L, table->ref);
    int done = lp_protect_code(S, v.frame.L, begin_body, &cursor, 1, 0);
    lp_visit_end(&v);
    if (done < 0) {
        return NULL;
    }
    struct table_iter *it = PyObject_New(struct table_iter, iter_type);
    if (it == NULL) {
        lp_queue_unref(S, cursor);
        return NULL;
    }
    Py_INCREF(obj);
    it->table = table;
    it->cursor = cursor;
    it->what = what;
    return (PyObject *)it;
}

struct step {
    struct table_iter *it;
    PyObject *key, *value; /* owned */
    int ended;
};

static PyObject *
item_key(struct lp_state *S, lua_State *L, int index, struct lp_view *view)
{
    PyObject *key = lp_lua_item(S, L, index, view);
    if (!view->zero_based || key == NULL || Py_TYPE(key) != &PyLong_Type) {
        return key;
    }
    long long i = PyLong_AsLongLong(key);
    Py_DECREF(key);
    return PyLong_FromLongLong(i - 1);
}

static int
next_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct step *step = ctx;
    struct lp_view *view = step->it->table->view;
    enum { CURSOR = 2 };
    lua_rawgeti(L, CURSOR, FUNCTION);
    lua_rawgeti(L, CURSOR, TABLE);
    lua_rawgeti(L, CURSOR, KEY);
    if (lua_toboolean(L, -3)) {
        lp_lua_runs();
        lua_call(L, 2, 2);
        lp_lua_ran();
        step->ended = lua_isnil(L, -2);
    }
    else {
        step->ended = !lua_next(L, -2);
    }
    if (step->ended) {
        return 0;
    }
    lua_pushvalue(L, -2);
    lua_rawseti(L, CURSOR, KEY);
    if (step->it->what != VALUES) {
        step->key = item_key(S, L, lua_gettop(L) - 1, view);
        if (step->key == NULL) {
            return -1;
        }
    }
    if (step->it->what != KEYS) {
        step->value = lp_lua_item(S, L, lua_gettop(L), view);
        if (step->value == NULL) {
            return -1;
        }
    }
    return 0;
}

static void
end_iter(struct table_iter *it)
{
    struct lp_lua_object *table = it->table;
    it->table = NULL;
    if (table != NULL) {
        lp_queue_unref(table->S, it->cursor);
        Py_DECREF(table);
    }
}

static PyObject *
iter_next(PyObject *self)
{
    struct step step = {.it = (struct table_iter *)self};
    struct lp_lua_object *table = step.it->table;
    if (table == NULL) {
        return NULL;
    }
    Py_INCREF(table);
    struct lp_visit v;
    if (lp_visit_begin(&v, table->S) < 0) {
        Py_DECREF(table);
        return NULL;
    }
    if (step.it->table == NULL) { /* another thread ended it meanwhile */
        lp_visit_end(&v);
        Py_DECREF(table);
        return NULL;
    }
    lp_push_ref(table->S, v.frame.L, step.it->cursor);
    int done = lp_protect_code(table->S, v.frame.L, next_body, &step, 1, 0);
    lp_visit_end(&v);
    PyObject *result = NULL;
    if (done < 0) {
        Py_CLEAR(step.key);
        Py_CLEAR(step.value);
    }
    else if (step.ended) {
        end_iter(step.it);
    }
    else if (step.it->what == ITEMS) {
        result = PyTuple_Pack(2, step.key, step.value);
        Py_DECREF(step.key);
        Py_DECREF(step.value);
    }
    else {
        result = step.it->what == KEYS ? step.key : step.value;
    }
    Py_DECREF(table);
    return result;
}

static PyObject *
iter_self(PyObject *self)
{
    Py_INCREF(self);
    return self;
}

static void
iter_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject *exc_type, *value, *traceback;
    PyErr_Fetch(&exc_type, &value, &traceback);
    end_iter((struct table_iter *)self);
    PyErr_Restore(exc_type, value, traceback);
    PyObject_Free(self);
    Py_DECREF(type);
}

static PyType_Slot iter_slots[] = {
    {Py_tp_iter, iter_self},
    {Py_tp_iternext, iter_next},
    {Py_tp_dealloc, iter_dealloc},
    {0, NULL},
};

static PyType_Spec iter_spec = {
    .name = "pyhelper.LuaTableIterator",
    .basicsize = sizeof(struct table_iter),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = iter_slots,
};

static PyObject *
table_iter(PyObject *self)
{
    return new_iter(self, KEYS);
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
    return new_iter(table, (enum what)what);
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
    if (lp_visit_begin(&v, table->S) < 0) {
        return NULL;
    }
    Py_ssize_t n = 0;
    lp_push_ref(table->S, v.frame.L, table->ref);
    int done = lp_protect(table->S, v.frame.L, count_body, &n, 1, 0);
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

int
lp_lua_table_init_python(PyObject *module)
{
    if (iter_type == NULL) {
        iter_type = (PyTypeObject *)PyType_FromSpec(&iter_spec);
    }
    if (iter_type == NULL ||
        PyModule_AddFunctions(module, module_functions) < 0) {
        return -1;
    }
    return lp_lua_register_type(module, LUA_TTABLE, &table_spec, lp_lua_call);
}
