/* SPDX-License-Identifier: MIT */
/* Lua coroutines as Python iterators with send, throw and close.
 *
 * Lua has no function that raises an error inside a suspended coroutine.  A
 * debug hook does: it fires when the coroutine goes on, PUC Lua's already
 * when `yield` returns, so that even pcall(coroutine.yield) catches the
 * error.  LuaJIT's hooks come one step later, therefore its coroutine.yield
 * is replaced, when Python first drives one, by a Lua function that raises
 * what it is told to. */
#include "object/lua_thread.h"

#include "base/trace.h"
#include "convert/to_lua.h"
#include "cross/error.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "handle/lua_handle.h"
#include "object/lua_function.h"
#include "object/lua_value.h"

enum status { FRESH, SUSPENDED, RUNNING, DEAD };

struct step {
    struct lp_lua_object *self;
    PyObject *value;     /* borrowed: to send, or the exception to throw */
    int close;           /* end it: for lack of lua_closethread */
    enum status status;  /* afterwards */
    PyObject *result;    /* owned: what it yielded or returned */
    int n_results;
};

enum { THREAD = 2 }; /* stack of the bodies */

/* Keys in the registry: the error that a hook shall raise, and LuaJIT's own
 * coroutine.yield.  The first is the sign for the replaced yield, too. */
static const char throw_key = 't', yield_key = 'y';
/* Key of the function that binds arguments to a function. */
static const char bind_key = 'b';

static enum status
status_of(lua_State *L, lua_State *co)
{
    lua_Debug ar;
    if (co == L) {
        return RUNNING;
    }
    switch (lua_status(co)) {
    case LUA_YIELD:
        return SUSPENDED;
    case LUA_OK:
        return lua_getstack(co, 0, &ar) ? RUNNING
               : lua_gettop(co) == 0    ? DEAD
                                        : FRESH;
    default:
        return DEAD;
    }
}

static int
refuse_running(void)
{
    PyErr_SetString(PyExc_ValueError, "this coroutine is already executing");
    return -1;
}

/* ---- going on ---- */

#if LUA_VERSION_NUM < 504
/* Clear the stack of a coroutine that died of an error: it keeps the error
 * and the locals of its frames, and an exception among them holds frames
 * that hold this coroutine, a cycle that no collector sees.  Uses the one
 * slot that the error value has just left. */
static void
forget_variables(lua_State *co, lua_Debug *ar, int first, int step)
{
    for (int n = first; lua_getlocal(co, ar, n) != NULL; n += step) {
        lua_pop(co, 1);
        lua_pushnil(co);
        lua_setlocal(co, ar, n);
    }
}

static void
forget_frames(lua_State *co)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(co, level, &ar); level++) {
        forget_variables(co, &ar, 1, 1);
        forget_variables(co, &ar, -1, -1); /* `...`; 5.1 knows none */
    }
}
#endif

/* [Lua lock, GIL, inside lp_protect] Resume with the `nargs` values on top of
 * `co`; 0 or -1 with a Python error. */
static int
resume(struct step *step, struct lp_state *S, lua_State *L, lua_State *co,
       int nargs)
{
    int n;
    lp_lua_runs();
    int status = lp_resume(co, L, nargs, &n);
    S->current = NULL; /* for LuaJIT it is still `co` */
    lp_lua_ran();
    if (status != LUA_OK && status != LUA_YIELD) {
        step->status = DEAD;
        lp_trace_free(S->trace);
        S->trace = lp_trace_capture(co, 0);
        lua_xmove(co, L, 1);
#if LUA_VERSION_NUM >= 504
        lua_resetthread(co); /* closes variables, as coroutine.wrap does */
        lua_settop(co, 0);
#else
        forget_frames(co);
#endif
        lp_error_from_lua(S, L, status, NULL);
        return -1;
    }
    if (n < 0) {
        n = lua_gettop(co);
    }
    luaL_checkstack(L, n + 12, "lua-py: too many results");
    int first = lua_gettop(L) + 1;
    lua_xmove(co, L, n);
    step->status = status == LUA_YIELD ? SUSPENDED : DEAD;
    step->n_results = n;
    step->result = lp_lua_results(L, S, first, step->self->view);
    return step->result != NULL ? 0 : -1;
}

/* LuaJIT's coroutine.yield becomes one that can be told to raise, when Python
 * first drives a coroutine and not before: a program that only yields in Lua
 * keeps its own. */
static const char luajit_yield[] =
    "local yield, error, sign = coroutine.yield, error, ...\n"
    "local function check(...)\n"
    "  if (...) == sign then\n"
    "    local _, e = ...\n"
    "    error(e, 0)\n"
    "  end\n"
    "  return ...\n"
    "end\n"
    "function coroutine.yield(...)\n"
    "  return check(yield(...))\n"
    "end\n"
    "return coroutine.yield\n";

/* [-0, +0, em] Run a chunk with an argument; keep what it returns. */
static void
run_chunk_or_jump(lua_State *L, const char *chunk, size_t size,
                  const char *name, const void *arg, const void *key)
{
    if (luaL_loadbuffer(L, chunk, size, name) != LUA_OK) {
        lua_error(L);
    }
    lua_pushlightuserdata(L, (void *)arg);
    lua_call(L, 1, 1);
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, key);
}

static void
replace_yield_or_jump(struct lp_state *S, lua_State *L)
{
    if (!S->luajit || S->yield_replaced) {
        return;
    }
    S->yield_replaced = 1;
    run_chunk_or_jump(L, luajit_yield, sizeof luajit_yield - 1,
                      "=coroutine.yield", &throw_key, &yield_key);
}

static int
send_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct step *step = ctx;
    lua_State *co = lua_tothread(L, THREAD);
    replace_yield_or_jump(S, L);
    step->status = status_of(L, co);
    switch (step->status) {
    case RUNNING:
        return refuse_running();
    case DEAD:
        return 0;
    case FRESH:
        if (step->value != Py_None) {
            PyErr_SetString(PyExc_TypeError, "can't send non-None value to a "
                                             "just-started coroutine");
            return -1;
        }
        return resume(step, S, L, co, lua_gettop(co) - 1);
    default:
        break;
    }
    if (lp_push_value(S, L, step->value, step->self->view, 0) < 0) {
        return -1;
    }
    lua_xmove(L, co, 1);
    return resume(step, S, L, co, 1);
}

/* ---- raising inside ---- */

static void
throw_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    lua_sethook(L, NULL, 0, 0);
    lp_rawgetp(L, LUA_REGISTRYINDEX, &throw_key);
    lua_error(L);
}

/* Is LuaJIT's coroutine suspended in the replaced coroutine.yield? */
static int
in_our_yield(struct lp_state *S, lua_State *L, lua_State *co)
{
    lua_Debug ar;
    if (!S->luajit || !lua_getstack(co, 1, &ar) ||
        !lua_getinfo(co, "f", &ar)) {
        return 0;
    }
    lua_xmove(co, L, 1);
    lp_rawgetp(L, LUA_REGISTRYINDEX, &yield_key);
    int ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return ours;
}

/* Resume so that the error on top of L is raised at the yield. */
static int
resume_with_error(struct step *step, struct lp_state *S, lua_State *L,
                  lua_State *co)
{
    if (in_our_yield(S, L, co)) {
        lua_pushlightuserdata(L, (void *)&throw_key);
        lua_insert(L, -2);
        lua_xmove(L, co, 2);
        return resume(step, S, L, co, 2);
    }
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &throw_key);
    lua_Hook hook = lua_gethook(co);
    int mask = lua_gethookmask(co), count = lua_gethookcount(co);
    lua_sethook(co, throw_hook, LUA_MASKRET | LUA_MASKCOUNT, 1);
    int done = resume(step, S, L, co, 0);
    lua_sethook(co, hook, mask, count);
    lua_pushnil(L);
    lp_rawsetp_or_jump(L, LUA_REGISTRYINDEX, &throw_key);
    return done;
}

static int
throw_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct step *step = ctx;
    lua_State *co = lua_tothread(L, THREAD);
    step->status = status_of(L, co);
    if (step->status == RUNNING) {
        return refuse_running();
    }
    if (step->status == FRESH) {
        lua_settop(co, 0);
        step->status = DEAD;
    }
    if (step->close && step->status == DEAD) {
        return 0;
    }
    Py_INCREF(step->value);
    lp_set_raised(step->value);
    if (step->status == DEAD) {
        return -1;
    }
    lp_cross_fail(S, L, 0);
    return resume_with_error(step, S, L, co);
}

#if LUA_VERSION_NUM >= 504
static int
close_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct step *step = ctx;
    lua_State *co = lua_tothread(L, THREAD);
    step->status = status_of(L, co);
    if (step->status == RUNNING) {
        return refuse_running();
    }
    lp_lua_runs();
    int status = lua_resetthread(co);
    lp_lua_ran();
    if (status != LUA_OK && step->status == SUSPENDED) {
        lua_xmove(co, L, 1);
        lua_settop(co, 0);
        lp_error_from_lua(S, L, status, NULL);
        return -1;
    }
    lua_settop(co, 0);
    step->status = DEAD;
    return 0;
}
#endif

/* ---- new coroutines ---- */

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
        if (status_of(L, co) != FRESH) {
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
        lp_rawgetp(L, LUA_REGISTRYINDEX, &bind_key);
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
    if (lp_visit_begin(&v, self->S) < 0) {
        return NULL;
    }
    lp_push_ref(self->S, v.frame.L, self->ref);
    lp_protect(self->S, v.frame.L, start_body, &start, 1, 0);
    lp_visit_end(&v);
    return start.result;
}

/* ---- the Python type ---- */

/* [GIL, no lock] Run a body on the coroutine; 0 or -1. */
static int
visit(struct step *step, lp_body body)
{
    struct lp_state *S = step->self->S;
    struct lp_visit v;
    if (lp_visit_begin(&v, S) < 0) {
        return -1;
    }
    Py_INCREF(step->self);
    lp_push_ref(S, v.frame.L, step->self->ref);
    int done = lp_protect(S, v.frame.L, body, step, 1, 0);
    lp_visit_end(&v);
    Py_DECREF(step->self);
    return done;
}

/* What the coroutine gave: an item, or the end.  In Lua's view of things a
 * coroutine may return values after the last yield; pyhelper, like lupa,
 * gives them as one more item, `py` as the value of StopIteration, which is
 * what a Python generator does with its return value. */
static PyObject *
item_or_stop(struct step *step)
{
    PyObject *result = step->result;
    if (step->status == SUSPENDED ||
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
    struct step step = {.self = (struct lp_lua_object *)self, .value = value};
    return visit(&step, send_body) < 0 ? NULL : item_or_stop(&step);
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
    if (traceback != NULL && traceback != Py_None &&
        PyException_SetTraceback(exc, traceback) < 0) {
        Py_DECREF(exc);
        return NULL;
    }
    struct step step = {.self = (struct lp_lua_object *)self, .value = exc};
    int done = visit(&step, throw_body);
    Py_DECREF(exc);
    return done < 0 ? NULL : item_or_stop(&step);
}

static PyObject *
thread_close(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct step step = {.self = (struct lp_lua_object *)self, .close = 1};
#if LUA_VERSION_NUM >= 504
    if (visit(&step, close_body) < 0) {
        return NULL;
    }
#else
    step.value = PyObject_CallFunctionObjArgs(PyExc_GeneratorExit, NULL);
    if (step.value == NULL) {
        return NULL;
    }
    int done = visit(&step, throw_body);
    Py_DECREF(step.value);
    Py_XDECREF(step.result);
    if (done < 0 && !PyErr_ExceptionMatches(PyExc_GeneratorExit)) {
        return NULL;
    }
    PyErr_Clear();
    if (step.status == SUSPENDED) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the coroutine caught GeneratorExit and went on");
        return NULL;
    }
#endif
    Py_RETURN_NONE;
}

static int
status_body(lua_State *L, struct lp_state *S, void *ctx)
{
    (void)S;
    ((struct step *)ctx)->status = status_of(L, lua_tothread(L, THREAD));
    return 0;
}

static PyObject *
thread_status(PyObject *self, void *closure)
{
    static const char *const names[] = {"suspended", "suspended", "running",
                                        "dead"};
    struct step step = {.self = (struct lp_lua_object *)self};
    (void)closure;
    return visit(&step, status_body) < 0
               ? NULL
               : PyUnicode_FromString(names[step.status]);
}

static int
thread_bool(PyObject *self)
{
    struct step step = {.self = (struct lp_lua_object *)self};
    return visit(&step, status_body) < 0 ? -1 : step.status != DEAD;
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

/* ---- a new state ---- */

static const char bind[] =
    "local select, unpack = select, table.unpack or unpack\n"
    "return function(f, ...)\n"
    "  local n, args = select('#', ...), {...}\n"
    "  return function() return f(unpack(args, 1, n)) end\n"
    "end\n";

void
lp_lua_thread_init_or_jump(lua_State *L)
{
    run_chunk_or_jump(L, bind, sizeof bind - 1, "=bind", NULL, &bind_key);
}
