/* SPDX-License-Identifier: MIT */
/* Lua functions as Python callables. */
#include "object/lua_function.h"

#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "cross/error.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "handle/py_handle.h"
#include "object/lua_operators.h"
#include "object/lua_thread.h"
#include "object/lua_value.h"


struct lua_call {
    struct lp_state *S;
    struct lp_lua_object *self;
    PyObject *const *args;
    Py_ssize_t nargs;
    PyObject *kwargs; /* owned by the caller: dict, or NULL */
    PyObject *result; /* owned */
    int running;      /* Lua runs: the GIL is not held */
    int called;       /* only the results are left to convert */
    int failed;       /* a Python error is set */
};

/* What a call has on the stack, counted from where it begins.  Behind CTX
 * come the function and arguments, or its results. */
enum { REFS = 1, HANDLER, BODY, CTX };

/* Keyword arguments as a dict. */
static PyObject *
keywords(PyObject *const *values, PyObject *kwnames)
{
    PyObject *kwargs = PyDict_New();
    Py_ssize_t n = PyTuple_Size(kwnames);
    for (Py_ssize_t i = 0; kwargs != NULL && i < n; i++) {
        if (PyDict_SetItem(kwargs, PyTuple_GetItem(kwnames, i), values[i]) <
            0) {
            Py_CLEAR(kwargs);
        }
    }
    return kwargs;
}

PyObject *
lp_lua_results(lua_State *L, struct lp_state *S, int first,
               struct lp_view *view)
{
    int n = lua_gettop(L) - first + 1;
    if (n == 0) {
        Py_RETURN_NONE;
    }
    luaL_checkstack(L, 12, "lua-py: results");
    if (n == 1) {
        return lp_to_python(S, L, first, view);
    }
    PyObject *tuple = PyTuple_New(n);
    for (int i = 0; tuple != NULL && i < n; i++) {
        PyObject *value = lp_to_python(S, L, first + i, view);
        if (value == NULL || PyTuple_SetItem(tuple, i, value) < 0) {
            Py_CLEAR(tuple);
        }
    }
    return tuple;
}

/* Everything that can raise a Lua error, in one protected call: arguments,
 * the call, results; or only the results, which then are its arguments. */
static int
call_body(lua_State *L)
{
    struct lua_call *c = lua_touserdata(L, 1);
    struct lp_state *S = c->S;
    struct lp_view *view = c->self->view;
    int nargs = (int)c->nargs;
    if (c->called) {
        c->result = lp_lua_results(L, S, 2, view);
        c->failed = c->result == NULL;
        return 0;
    }
    luaL_checkstack(L, nargs + 16, "lua-py: too many arguments");
    lp_push_ref(S, L, c->self->ref);
    int i = 0;
    if (c->self->flags & LP_LUA_METHOD && nargs > 0) {
        lp_push_ref_or_jump(L, S, view, c->args[i++]);
    }
    for (; i < nargs; i++) {
        if (lp_push_value(S, L, c->args[i], view, 0) < 0) {
            c->failed = 1;
            return 0;
        }
    }
    if (c->kwargs != NULL) {
        nargs++;
        if (lp_push_value(S, L, c->kwargs, view, 0) < 0) {
            c->failed = 1;
            return 0;
        }
    }
    lp_lua_runs();
    c->running = 1;
    lua_call(L, nargs, LUA_MULTRET);
    c->running = 0;
    lp_lua_ran();
    c->result = lp_lua_results(L, S, 2, view);
    c->failed = c->result == NULL;
    return 0;
}

/* [-0, +1+nargs|0, -] Push the function and its arguments if they are few and
 * all of them numbers, booleans or None: pushing those cannot raise, so that
 * the call of the function is the only one to protect. */
static int
push_simple_call(lua_State *L, struct lua_call *c, int base)
{
    enum { FEW = 4 }; /* a visit has 10 free slots */
    if (c->nargs > FEW || c->kwargs != NULL || c->self->flags & LP_LUA_METHOD) {
        return 0;
    }
    lua_rawgeti(L, base + REFS, c->self->ref);
    for (Py_ssize_t i = 0; i < c->nargs; i++) {
        if (!lp_push_scalar(L, c->S, c->args[i], 0)) {
            lua_settop(L, base + CTX);
            return 0;
        }
    }
    return 1;
}

static int
call_simple(lua_State *L, struct lua_call *c, int base)
{
    lp_lua_runs();
    int status = lua_pcall(L, (int)c->nargs, LUA_MULTRET, base + HANDLER);
    lp_lua_ran();
    if (LP_UNLIKELY(status != LUA_OK)) {
        return status;
    }
    int n = lua_gettop(L) - (base + CTX);
    if (n > 1) { /* the stack may be full: all that is needed is there */
        c->called = 1;
        return lua_pcall(L, 1 + n, 0, base + HANDLER);
    }
    if (n == 0) {
        Py_INCREF(Py_None);
        c->result = Py_None;
    }
    else {
        c->result = lp_to_python(c->S, L, base + CTX + 1, c->self->view);
    }
    return LUA_OK;
}

PyObject *
lp_lua_call(PyObject *obj, PyObject *const *args, size_t nargsf,
            PyObject *kwnames)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    struct lua_call c = {.S = self->view->state,
                         .self = self,
                         .args = args,
                         .nargs = LP_VECTORCALL_NARGS(nargsf)};
    if (kwnames != NULL && PyTuple_Size(kwnames) > 0) {
        if (!(self->flags & LP_LUA_KWARGS)) {
            PyErr_SetString(PyExc_TypeError,
                            "this Lua function takes no keyword arguments "
                            "(py.func(f, {kwargs=true}) makes one that does)");
            return NULL;
        }
        c.kwargs = keywords(args + c.nargs, kwnames);
        if (c.kwargs == NULL) {
            return NULL;
        }
    }
    else if (self->flags & LP_LUA_KWARGS) {
        c.kwargs = PyDict_New();
        if (c.kwargs == NULL) {
            return NULL;
        }
    }
    struct lp_visit visit;
    if (lp_visit_begin(&visit, self->view->state) < 0) {
        Py_XDECREF(c.kwargs);
        return NULL;
    }
    Py_INCREF(obj);
    lua_State *L = visit.frame.L;
    int status, base = lua_gettop(L);
    lp_push_slot(c.S, L, LP_SLOT_REFS);
    lp_push_slot(c.S, L, LP_SLOT_HANDLER);
    lp_push_slot(c.S, L, LP_SLOT_CALL);
    lua_pushlightuserdata(L, &c);
    if (push_simple_call(L, &c, base)) {
        status = call_simple(L, &c, base);
    }
    else {
        status = lua_pcall(L, 1, 0, base + HANDLER);
        if (c.running) {
            lp_lua_ran();
        }
    }
    if (LP_UNLIKELY(status != LUA_OK)) {
        lp_error_from_lua(c.S, L, status, NULL);
        Py_CLEAR(c.result);
    }
    lua_settop(L, base);
    lp_visit_end(&visit);
    Py_XDECREF(c.kwargs);
    Py_DECREF(obj);
    return c.result;
}

/* As an attribute of a class a Lua function is a method. */
static PyObject *
function_get(PyObject *self, PyObject *instance, PyObject *owner)
{
    (void)owner;
    if (instance == NULL || instance == Py_None) {
        Py_INCREF(self);
        return self;
    }
    return PyMethod_New(self, instance);
}

static char doc[] = "A Lua function.  Arguments and results are converted by the "
                "rules of the view it came from; several results are a "
                "tuple.";

struct parameters {
    struct lp_lua_object *self;
    PyObject *names; /* owned: list */
    int any_number;
};

/* [-n, +1, e] Call a function of Lua's library `debug`. */
static void
ask_debug_or_jump(lua_State *L, int nargs)
{
    lp_lua_runs();
    lua_call(L, nargs, 1);
    lp_lua_ran();
}

/* The names of the parameters, where this Lua tells them: not PUC Lua 5.1,
 * nor a program without the library `debug`. */
static int
parameters_body(lua_State *L, struct lp_state *S, void *ctx)
{
    enum { FUNCTION = 2, DEBUG, INFO };
    struct parameters *p = ctx;
    lua_settop(L, FUNCTION - 1);
    luaL_checkstack(L, 12, "lua-py: signature");
    lp_push_ref(S, L, p->self->ref);
    lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_getfield(L, -1, LUA_DBLIBNAME);
    lua_remove(L, -2);
    if (!lua_istable(L, DEBUG)) {
        return 0;
    }
    lua_getfield(L, DEBUG, "getinfo");
    lua_pushvalue(L, FUNCTION);
    lua_pushliteral(L, "u");
    ask_debug_or_jump(L, 2);
    lua_getfield(L, INFO, "nparams");
    if (!lua_isnumber(L, -1)) {
        return 0;
    }
    int n = (int)lua_tonumber(L, -1);
    lua_getfield(L, INFO, "isvararg");
    p->any_number = lua_toboolean(L, -1);
    for (int i = 1; i <= n; i++) {
        lua_settop(L, INFO);
        lua_getfield(L, DEBUG, "getlocal");
        lua_pushvalue(L, FUNCTION);
        lua_pushinteger(L, i);
        ask_debug_or_jump(L, 2);
        const char *text = lua_tostring(L, -1);
        PyObject *name = PyUnicode_FromString(text != NULL ? text : "");
        if (name == NULL || PyList_Append(p->names, name) < 0) {
            Py_XDECREF(name);
            return -1;
        }
        Py_DECREF(name);
    }
    return 0;
}

/* What a function of pyhelper._functions makes of the parameters. */
static PyObject *
signature_of_lua(struct lp_lua_object *self, PyObject *module)
{
    struct parameters p = {self, PyList_New(0), 1};
    struct lp_visit visit;
    if (p.names == NULL || lp_visit_begin(&visit, self->view->state) < 0) {
        Py_XDECREF(p.names);
        return NULL;
    }
    int status =
        lp_protect_code(self->view->state, visit.frame.L, parameters_body, &p, 0, 0);
    lp_visit_end(&visit);
    PyObject *result = NULL;
    if (status >= 0) {
        result = PyObject_CallMethod(module, "lua_signature", "Oii", p.names,
                                     p.any_number,
                                     self->flags & LP_LUA_KWARGS);
    }
    Py_DECREF(p.names);
    return result;
}

/* `__signature__`: from the text that py.func was given, or what Lua knows of
 * the parameters.  SciPy and others count them. */
static PyObject *
function_signature(PyObject *obj, void *closure)
{
    (void)closure;
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    PyObject *text = NULL, *result = NULL;
    PyObject *module = PyImport_ImportModule("pyhelper._functions");
    if (module == NULL) {
        return NULL;
    }
    if (self->dict != NULL) {
        text = PyDict_GetItemString(self->dict, "_signature"); /* borrowed */
    }
    result = text != NULL
                 ? PyObject_CallMethod(module, "signature", "O", text)
                 : signature_of_lua(self, module);
    Py_DECREF(module);
    return result;
}

static PyGetSetDef function_getset[] = {
    {"__signature__", function_signature, NULL, NULL, NULL},
    LP_LUA_OPERATOR_GETSET,
    {NULL, NULL, NULL, NULL, NULL},
};

struct shown {
    PyObject *self;
    PyObject *text; /* owned */
};

static int
repr_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct shown *shown = ctx;
    struct lp_lua_object *self = (struct lp_lua_object *)shown->self;
    PyObject *name = NULL;
    lua_Debug ar;
    lp_push_ref(S, L, self->ref);
    lua_getinfo(L, ">S", &ar);
    if (self->dict != NULL) {
        name = PyDict_GetItemString(self->dict, "__name__"); /* borrowed */
    }
    if (ar.what[0] == 'C') {
        shown->text = PyUnicode_FromFormat("<Lua function at %p in C>",
                                           self->address);
    }
    else if (name != NULL) {
        shown->text = PyUnicode_FromFormat("<Lua function %S at %s:%d>", name,
                                           ar.short_src, ar.linedefined);
    }
    else {
        shown->text = PyUnicode_FromFormat("<Lua function at %s:%d>",
                                           ar.short_src, ar.linedefined);
    }
    return shown->text != NULL ? 0 : -1;
}

static PyObject *
function_repr(PyObject *obj)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    struct shown shown = {obj, NULL};
    struct lp_visit visit;
    if (self->view->state->main == NULL) { /* closed: nobody can ask it */
        return PyUnicode_FromFormat("<Lua function at %p>", self->address);
    }
    if (lp_visit_begin(&visit, self->view->state) < 0) {
        return NULL;
    }
    lp_protect(self->view->state, visit.frame.L, repr_body, &shown, 0, 0);
    lp_visit_end(&visit);
    return shown.text;
}

/* copy_function(function, flags): another Python object for the same Lua
 * function, with LP_LUA_KWARGS or LP_LUA_METHOD on top of what it has. */
static PyObject *
copy_function(PyObject *module, PyObject *args)
{
    PyObject *obj;
    int flags;
    (void)module;
    if (!PyArg_ParseTuple(args, "O!i", lp_lua_types[LUA_TFUNCTION], &obj,
                          &flags)) {
        return NULL;
    }
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    struct lp_visit visit;
    if (lp_visit_begin(&visit, self->view->state) < 0) {
        return NULL;
    }
    lua_State *L = visit.frame.L;
    lp_push_ref(self->view->state, L, self->ref);
    PyObject *copy = lp_wrap_lua_anew(self->view->state, L, -1, self->view);
    lua_pop(L, 1);
    lp_visit_end(&visit);
    if (copy != NULL) {
        struct lp_lua_object *made = (struct lp_lua_object *)copy;
        made->flags |= (flags | self->flags) & (LP_LUA_KWARGS | LP_LUA_METHOD);
        if (self->dict != NULL) {
            made->dict = PyDict_Copy(self->dict);
            if (made->dict == NULL) {
                Py_CLEAR(copy);
            }
        }
    }
    return copy;
}

static PyMethodDef methods[] = {
    {"copy_function", copy_function, METH_VARARGS, NULL},
    {NULL,            NULL,          0,            NULL},
};

/* f.coroutine(*args) */
static PyObject *
function_coroutine(PyObject *self, PyObject *args)
{
    return lp_lua_thread_start(self, args);
}

#define METHODS(X)                                                            \
    X(__copy__)                                                               \
    X(__deepcopy__)                                                           \
    X(__reduce_ex__)
METHODS(LP_METHOD_IN_PYTHON)

static PyMethodDef function_methods[] = {
    {"coroutine", function_coroutine, METH_VARARGS,
     "A new coroutine of this function, which starts with these arguments."},
    METHODS(LP_METHOD_ROW)
    {NULL, NULL, 0, NULL},
};

static PyType_Slot function_slots[] = {
    {Py_tp_doc, doc},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_descr_get, function_get},
    {Py_tp_getset, function_getset},
    {Py_tp_methods, function_methods},
    {Py_tp_repr, function_repr},
    LP_LUA_OPERATOR_SLOTS,
    {0, NULL},
};

static PyType_Spec function_spec = {
    .name = "pyhelper.LuaFunction",
    .basicsize = sizeof(struct lp_lua_object),
    .flags = Py_TPFLAGS_DEFAULT | LP_TPFLAGS_VECTORCALL,
    .slots = function_slots,
};

int
lp_lua_function_init_python(PyObject *module)
{
    if (PyModule_AddFunctions(module, methods) < 0) {
        return -1;
    }
    return lp_lua_register_type(module, LUA_TFUNCTION, &function_spec,
                                lp_lua_call);
}

void
lp_lua_function_init_or_jump(struct lp_state *S, lua_State *L)
{
    lua_pushcfunction(L, call_body);
    lp_set_slot_or_jump(S, L, LP_SLOT_CALL);
}
