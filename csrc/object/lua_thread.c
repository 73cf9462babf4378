/* SPDX-License-Identifier: MIT */
/* Lua coroutines as Python iterators with send, throw and close. */
#include "object/lua_thread.h"

#include "convert/to_lua.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "object/lua_value.h"
#include "object/thread_step.h"

/* ---- new coroutines ---- */

static const char bind[] =
    "local select, unpack = select, table.unpack or unpack\n"
    "return function(f, ...)\n"
    "  local n, args = select('#', ...), {...}\n"
    "  return function() return f(unpack(args, 1, n)) end\n"
    "end\n";

/* Its key in the registry. */
static const char bind_key = 'b';

/* [-0, +1, em] Push the function that binds arguments to a function. */
static void
push_bind_or_jump(lua_State *L)
{
    lp_rawgetp(L, LUA_REGISTRYINDEX, &bind_key);
    if (lua_isfunction(L, -1)) {
        return;
    }
    lua_pop(L, 1);
    if (luaL_loadbuffer(L, bind, sizeof bind - 1, "=bind") != LUA_OK) {
        lua_error(L);
    }
    lua_call(L, 0, 1);
    lua_pushvalue(L, -1);
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &bind_key);
}

struct start {
    PyObject *args;   /* borrowed: tuple */
    struct lp_view *view;
    PyObject *result; /* owned */
};

/* [2: function, or a coroutine that has not started] */
static int
start_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct start *start = ctx;
    int n = (int)PyTuple_Size(start->args);
    luaL_checkstack(L, n + 16, "lua-py: too many arguments");
    if (lua_isthread(L, 2)) {
        lua_State *co = lua_tothread(L, 2);
        if (lp_thread_status(L, co) != LP_THREAD_FRESH) {
            PyErr_SetString(PyExc_TypeError,
                            "only a coroutine that has not started can be "
                            "called: it makes another one of its function");
            return -1;
        }
        lua_pushvalue(co, 1);
        lua_xmove(co, L, 1);
        lua_replace(L, 2);
    }
    for (int i = 0; i < n; i++) {
        if (lp_push_value(S, L, PyTuple_GetItem(start->args, i), start->view,
                          0) < 0) {
            return -1;
        }
    }
    if (n > 0) { /* Lua may resume it first, with arguments of its own */
        push_bind_or_jump(L);
        lua_insert(L, 2);
        lua_call(L, n + 1, 1);
    }
    lua_State *made = lua_newthread(L);
    lua_insert(L, 2);
    lua_xmove(L, made, 1);
    start->result = lp_wrap_lua(S, L, 2, start->view);
    return start->result != NULL ? 0 : -1;
}

PyObject *
lp_lua_thread_start(PyObject *obj, PyObject *args)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    struct start start = {.args = args, .view = self->view};
    struct lp_visit v;
    if (lp_visit_begin(&v, self->view->state) < 0) {
        return NULL;
    }
    lp_push_ref(self->view->state, v.frame.L, self->ref);
    lp_protect(self->view->state, v.frame.L, start_body, &start, 1, 0);
    lp_visit_end(&v);
    return start.result;
}

/* ---- the Python type ---- */

/* What the coroutine gave: an item, or the end.  In Lua's view of things a
 * coroutine may return values after the last yield; pyhelper, like lupa,
 * gives them as one more item, `py` as the value of StopIteration, which is
 * what a Python generator does with its return value. */
static PyObject *
item_or_stop(struct lp_step *step)
{
    PyObject *result = step->result;
    if (step->status == LP_THREAD_SUSPENDED ||
        (step->self->view->python_first && step->n_results > 0)) {
        return result;
    }
    if (result == NULL || result == Py_None) {
        PyErr_SetNone(PyExc_StopIteration);
    }
    else {
        /* Made here: PyErr_SetObject would spread a tuple. */
        PyObject *stop =
            PyObject_CallFunctionObjArgs(PyExc_StopIteration, result, NULL);
        if (stop != NULL) {
            PyErr_SetObject(PyExc_StopIteration, stop);
            Py_DECREF(stop);
        }
    }
    Py_XDECREF(result);
    return NULL;
}

static PyObject *
thread_send(PyObject *self, PyObject *value)
{
    struct lp_step step = {.self = (struct lp_lua_object *)self, .value = value};
    return lp_thread_send(&step) < 0 ? NULL : item_or_stop(&step);
}

static PyObject *
thread_next(PyObject *self)
{
    return thread_send(self, Py_None);
}

static PyObject *
thread_iter(PyObject *self)
{
    Py_INCREF(self);
    return self;
}

/* throw(exception) or throw(type [, value [, traceback]]) */
static PyObject *
thread_throw(PyObject *self, PyObject *args)
{
    PyObject *type, *value = NULL, *traceback = NULL, *exc;
    if (!PyArg_ParseTuple(args, "O|OO", &type, &value, &traceback)) {
        return NULL;
    }
    if (PyExceptionInstance_Check(type)) {
        Py_INCREF(type);
        exc = type;
    }
    else if (!PyExceptionClass_Check(type)) {
        PyErr_SetString(PyExc_TypeError,
                        "throw() takes an exception or its class");
        return NULL;
    }
    else if (value != NULL && PyExceptionInstance_Check(value)) {
        Py_INCREF(value);
        exc = value;
    }
    else {
        exc = PyObject_CallFunctionObjArgs(
            type, value == Py_None ? NULL : value, NULL);
    }
    if (exc == NULL) {
        return NULL;
    }
    if (!PyExceptionInstance_Check(exc)) { /* what its __new__ returned */
        PyErr_Format(PyExc_TypeError,
                     "throw(): calling %R gave no exception but %R", type,
                     exc);
        Py_DECREF(exc);
        return NULL;
    }
    if (traceback != NULL && traceback != Py_None &&
        PyException_SetTraceback(exc, traceback) < 0) {
        Py_DECREF(exc);
        return NULL;
    }
    struct lp_step step = {.self = (struct lp_lua_object *)self, .value = exc};
    int done = lp_thread_throw(&step);
    Py_DECREF(exc);
    return done < 0 ? NULL : item_or_stop(&step);
}

static PyObject *
thread_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct lp_step step = {.self = (struct lp_lua_object *)self, .close = 1};
#if LUA_VERSION_NUM >= 504
    if (lp_thread_close(&step) < 0) {
        return NULL;
    }
#else
    step.value = PyObject_CallFunctionObjArgs(PyExc_GeneratorExit, NULL);
    if (step.value == NULL) {
        return NULL;
    }
    int done = lp_thread_throw(&step);
    Py_DECREF(step.value);
    Py_XDECREF(step.result);
    if (done < 0 && !PyErr_ExceptionMatches(PyExc_GeneratorExit)) {
        return NULL;
    }
    PyErr_Clear();
    if (step.status == LP_THREAD_SUSPENDED) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the coroutine caught GeneratorExit and went on");
        return NULL;
    }
#endif
    Py_RETURN_NONE;
}

static PyObject *
thread_status(PyObject *self, void *closure)
{
    static const char *const names[] = {"suspended", "suspended", "running",
                                        "dead"};
    struct lp_step step = {.self = (struct lp_lua_object *)self};
    (void)closure;
    return lp_thread_ask(&step) < 0
               ? NULL
               : PyUnicode_FromString(names[step.status]);
}

static int
thread_bool(PyObject *self)
{
    struct lp_step step = {.self = (struct lp_lua_object *)self};
    return lp_thread_ask(&step) < 0 ? -1 : step.status != LP_THREAD_DEAD;
}

static PyObject *
thread_call(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError,
                        "a Lua coroutine takes no keyword arguments");
        return NULL;
    }
    return lp_lua_thread_start(self, args);
}

static int
thread_setattro(PyObject *self, PyObject *name, PyObject *value)
{
    (void)self;
    (void)value;
    PyErr_Format(PyExc_AttributeError,
                 "a Lua coroutine has no attributes to set (%R)", name);
    return -1;
}

#define METHODS(X) X(__reduce_ex__)
METHODS(LP_METHOD_IN_PYTHON)

static PyMethodDef methods[] = {
    {"send", thread_send, METH_O,
     "Let the coroutine go on; its yield returns the value."},
    {"throw", thread_throw, METH_VARARGS,
     "Raise an exception at the coroutine's yield."},
    {"close", thread_close, METH_NOARGS, "End the coroutine."},
    METHODS(LP_METHOD_ROW)
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef getset[] = {
    {"status", thread_status, NULL, "'suspended', 'running' or 'dead'.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static char doc[] =
    "A Lua coroutine: an iterator over what it yields.  Calling one that has "
    "not started makes another one of its function, with these arguments.";

static PyType_Slot thread_slots[] = {
    {Py_tp_doc, doc},
    {Py_tp_call, thread_call},
    {Py_tp_setattro, thread_setattro},
    {Py_tp_iter, thread_iter},
    {Py_tp_iternext, thread_next},
    {Py_tp_methods, methods},
    {Py_tp_getset, getset},
    {Py_nb_bool, thread_bool},
    {0, NULL},
};

static PyType_Spec thread_spec = {
    .name = "pyhelper.LuaThread",
    .basicsize = sizeof(struct lp_lua_object),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = thread_slots,
};

int
lp_lua_thread_init_python(PyObject *module)
{
    return lp_lua_register_type(module, LUA_TTHREAD, &thread_spec, NULL);
}
