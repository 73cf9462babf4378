/* SPDX-License-Identifier: MIT */
#include "cross/error.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory_limit.h"
#include "base/trace.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "handle/lua_handle.h"

PyObject *lp_LuaError, *lp_LuaSyntaxError, *lp_LuaMemoryError;
static PyObject *lua_stack_class; /* LuaStack of pyhelper/_exceptions.py */

static const char trace_capsule[] = "pyhelper._core.trace";

/* ---- Lua -> Python ---- */

static void
free_trace_capsule(PyObject *capsule)
{
    lp_trace_free(PyCapsule_GetPointer(capsule, trace_capsule));
}

/* Lua's message for a yield that would leave Python frames behind speaks of
 * C, in words that differ: "attempt to yield across a C-call boundary". */
static int
is_about_yield(lua_State *L, int index)
{
    static const char yield[] = "attempt to yield across ";
    const char *s = lua_type(L, index) == LUA_TSTRING
                        ? lua_tostring(L, index)
                        : NULL;
    return s != NULL && strstr(s, yield) != NULL;
}

/* The message handler of our calls: remembers where the error arose. */
static int
capture_handler(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    lp_trace_free(S->trace);
    S->trace = lp_trace_capture(L, 1);
    lua_settop(L, 1);
    if (is_about_yield(L, 1)) {
        lua_pushliteral(L, " (Lua code that Python called cannot yield to a "
                           "coroutine outside of that call)");
        lua_concat(L, 2);
    }
    return 1;
}

/* A Lua error value for `.value`: scalars as themselves, the rest by
 * reference. */
static PyObject *
error_value(struct lp_state *S, lua_State *L)
{
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        Py_RETURN_NONE;
    case LUA_TBOOLEAN:
        return PyBool_FromLong(lua_toboolean(L, -1));
    case LUA_TNUMBER: {
        lua_Number n = lua_tonumber(L, -1);
#if LP_LUA53_UP
        if (lua_isinteger(L, -1)) {
            return PyLong_FromLongLong(lua_tointeger(L, -1));
        }
#else
        if (n >= -LP_MAX_EXACT && n <= LP_MAX_EXACT &&
            n == (lua_Number)(long long)n) {
            return PyLong_FromLongLong((long long)n);
        }
#endif
        return PyFloat_FromDouble(n);
    }
    case LUA_TSTRING: {
        size_t n;
        const char *s = lua_tolstring(L, -1, &n);
        return PyUnicode_DecodeUTF8(s, (Py_ssize_t)n, "surrogateescape");
    }
    default: {
        struct lp_handle *h = lp_to_ref(L, -1);
        if (h != NULL && h->obj != NULL) {
            Py_INCREF(h->obj);
            return h->obj;
        }
        return lp_wrap_lua(S, L, -1, S->view);
    }
    }
}

static int
tostring_body(lua_State *L, struct lp_state *S, void *ctx)
{
    PyObject **text = ctx;
    size_t n;
    (void)S;
    if (luaL_getmetafield(L, 2, "__tostring")) {
        lua_pushvalue(L, 2);
        lp_lua_runs();
        lua_call(L, 1, 1);
        lp_lua_ran();
        const char *s = lua_tolstring(L, -1, &n);
        if (s != NULL) {
            *text = PyUnicode_DecodeUTF8(s, (Py_ssize_t)n, "replace");
            return *text != NULL ? 0 : -1;
        }
    }
    *text = PyUnicode_FromFormat("(error object is a %s value)",
                                 luaL_typename(L, 2));
    return *text != NULL ? 0 : -1;
}

/* The message for a value that is no string. */
static PyObject *
error_text(struct lp_state *S, lua_State *L, PyObject *value)
{
    if (PyUnicode_Check(value)) {
        Py_INCREF(value);
        return value;
    }
    if (!lua_istable(L, -1) && !lua_isuserdata(L, -1)) {
        return lua_isnil(L, -1)
                   ? PyUnicode_FromString("(error object is a nil value)")
                   : PyObject_Str(value);
    }
    PyObject *text = NULL;
    lua_pushvalue(L, -1);
    if (lp_try(S, L, tostring_body, &text, 1) < 0) {
        return PyUnicode_FromFormat("(error object is a %s value)",
                                    luaL_typename(L, -1));
    }
    return text;
}

static PyObject *value_name, *trace_name; /* attributes of LuaError */
static PyObject *stack_name, *dict_name;  /* of every exception */

static int
raise_lua_error(struct lp_state *S, lua_State *L, PyObject *type,
                struct lp_trace *trace)
{
    PyObject *capsule = NULL, *value = NULL, *text = NULL, *exc = NULL;
    int result = -1;
    if (trace != NULL) {
        capsule = PyCapsule_New(trace, trace_capsule, free_trace_capsule);
        if (capsule == NULL) {
            lp_trace_free(trace);
            goto done;
        }
    }
    value = error_value(S, L);
    if (value == NULL) {
        goto done;
    }
    text = error_text(S, L, value);
    if (text == NULL) {
        goto done;
    }
    exc = PyObject_CallFunctionObjArgs(type, text, NULL);
    if (exc == NULL || PyObject_SetAttr(exc, value_name, value) < 0 ||
        (capsule != NULL && PyObject_SetAttr(exc, trace_name, capsule) < 0)) {
        goto done;
    }
    PyErr_SetObject(type, exc);
    result = 0;
done:
    Py_XDECREF(capsule);
    Py_XDECREF(value);
    Py_XDECREF(text);
    Py_XDECREF(exc);
    return result;
}

/* Is the value on top what remains of a memory error?  Its text may have been
 * raised anew, by a coroutine's wrapper for one; the buffers of 5.2 and 5.3
 * say more; and where there was no memory for a larger stack, Lua speaks of
 * its overflow. */
static int
tells_of_memory(struct lp_state *S, lua_State *L)
{
    int refused = S->memory != NULL && S->memory->refused;
    if (refused) {
        S->memory->refused = 0;
    }
    const char *s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    return s != NULL &&
           (strcmp(s, "not enough memory") == 0 ||
            (refused &&
             (strstr(s, "not enough memory for buffer allocation") != NULL ||
              strstr(s, "stack overflow (lua-py") != NULL)));
}

static int
collect_body(lua_State *L, struct lp_state *S, void *ctx)
{
    (void)S;
    (void)ctx;
    lp_lua_runs();
    lua_gc(L, LUA_GCCOLLECT, 0);
    lp_lua_ran();
    return 0;
}

/* [GIL, lock] What was refused memory has been given up, and garbage at the
 * limit would keep the next calls from doing anything: Lua up to 5.1 does not
 * collect before it fails, and 5.2 and 5.3, which do, may find the garbage in
 * what remains of a stack. */
static void
make_room(struct lp_state *S, lua_State *L)
{
    if (S->memory != NULL && S->memory->limit != 0) {
        (void)lp_try(S, L, collect_body, NULL, 0);
    }
}

/* [GIL, lock] The exception that the value on top is, or NULL. */
static LP_OWNED PyObject *
exception_on_top(lua_State *L)
{
    struct lp_error *e = lp_to_error(L, -1);
    struct lp_handle *h = e == NULL ? lp_to_ref(L, -1) : NULL;
    PyObject *exc = NULL;
    if (e != NULL && e->raised != NULL) {
        exc = e->raised->exc;
    }
    else if (h != NULL && h->obj != NULL && PyExceptionInstance_Check(h->obj)) {
        exc = h->obj;
    }
    Py_XINCREF(exc);
    return exc;
}

/* [GIL, lock] Steals `trace`: the Lua stack that an exception of Python has
 * passed, as its attribute.  The first time counts: the calls outside are at
 * the end of that stack.  Without memory it is not kept. */
static void
keep_stack(PyObject *exc, struct lp_trace *trace)
{
    PyObject *capsule = NULL, *stack = NULL;
    PyObject *dict = trace != NULL && lua_stack_class != NULL
                         ? PyObject_GenericGetAttr(exc, dict_name)
                         : NULL;
    if (dict != NULL && PyDict_Check(dict) &&
        PyDict_GetItem(dict, stack_name) == NULL &&
        PyDict_GetItem(dict, trace_name) == NULL) { /* no LuaError */
        capsule = PyCapsule_New(trace, trace_capsule, free_trace_capsule);
        trace = capsule != NULL ? NULL : trace;
    }
    if (capsule != NULL) {
        stack = PyObject_CallFunctionObjArgs(lua_stack_class, capsule, NULL);
    }
    if (stack != NULL) {
        (void)PyDict_SetItem(dict, stack_name, stack);
    }
    PyErr_Clear();
    lp_trace_free(trace);
    Py_XDECREF(dict);
    Py_XDECREF(capsule);
    Py_XDECREF(stack);
}

void
lp_error_from_lua(struct lp_state *S, lua_State *L, int status,
                  PyObject *syntax_class)
{
    struct lp_trace *trace = S->trace;
    S->trace = NULL;
    PyObject *exc = exception_on_top(L);
    if (exc != NULL) {
        keep_stack(exc, trace);
        lp_set_raised(exc);
    }
    else if (status == LUA_ERRMEM) {
        lp_trace_free(trace);
        make_room(S, L);
        PyErr_SetString(lp_LuaMemoryError, "not enough memory");
    }
    else {
        PyObject *type = syntax_class != NULL && status == LUA_ERRSYNTAX
                             ? syntax_class
                         : tells_of_memory(S, L) ? lp_LuaMemoryError
                                                 : lp_LuaError;
        if (type == lp_LuaMemoryError) {
            make_room(S, L);
        }
        raise_lua_error(S, L, type, trace);
    }
    lua_pop(L, 1);
}

/* ---- Python -> Lua ---- */

static int
empty_error_body(lua_State *L, struct lp_state *S, void *ctx)
{
    (void)ctx;
    lp_new_ref_or_jump(L, S, S->view);
    return 1;
}

void
lp_cross_fail(struct lp_state *S, lua_State *L, int out)
{
    PyObject *exc = lp_take_raised();
    if (out != 0) {
        lua_pushvalue(L, out);
    }
    else if (lp_protect(S, L, empty_error_body, NULL, 0, 1) < 0) {
        /* Either there is no memory, or PUC Lua's C stack is so full that
         * not even this fits. */
        lp_push_slot(S, L, PyErr_ExceptionMatches(lp_LuaMemoryError)
                               ? LP_SLOT_NOMEM
                               : LP_SLOT_OVERFLOW);
        PyErr_Clear();
        Py_DECREF(exc);
        return;
    }
    if (lp_ref_to_error(lua_touserdata(L, -1), exc, lp_trace_capture(L, 1)) <
        0) {
        lua_pop(L, 1);
        lp_push_slot(S, L, LP_SLOT_NOMEM);
        return;
    }
    lp_push_slot(S, L, LP_SLOT_ERROR_MT);
    lua_setmetatable(L, -2);
}

/* ---- the exception types ---- */

/* set_errors(LuaError, LuaSyntaxError, LuaMemoryError, LuaStack): classes of
 * pyhelper/_exceptions.py. */
static PyObject *
set_errors(PyObject *module, PyObject *args)
{
    PyObject *error, *syntax, *memory, *stack;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOO", &error, &syntax, &memory, &stack)) {
        return NULL;
    }
    Py_INCREF(error);
    Py_INCREF(syntax);
    Py_INCREF(memory);
    Py_INCREF(stack);
    lua_stack_class = stack;
    lp_LuaError = error;
    lp_LuaSyntaxError = syntax;
    lp_LuaMemoryError = memory;
    Py_RETURN_NONE;
}

/* trace_text(LuaError._lua_trace) -> text or None */
static PyObject *
trace_text(PyObject *module, PyObject *capsule)
{
    (void)module;
    struct lp_trace *trace = PyCapsule_GetPointer(capsule, trace_capsule);
    if (trace == NULL) {
        return NULL;
    }
    char *text = lp_trace_text(trace);
    if (text == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *result =
        PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    free(text);
    return result;
}

static PyMethodDef methods[] = {
    {"set_errors", set_errors, METH_VARARGS, NULL},
    {"trace_text", trace_text, METH_O,       NULL},
    {NULL,         NULL,       0,            NULL},
};

int
lp_error_init_python(PyObject *module)
{
    if (lp_LuaError == NULL) { /* until pyhelper comes */
        lp_LuaError = lp_LuaSyntaxError = PyExc_RuntimeError;
        lp_LuaMemoryError = PyExc_MemoryError;
        value_name = PyUnicode_InternFromString("value");
        trace_name = PyUnicode_InternFromString("_lua_trace");
        stack_name = PyUnicode_InternFromString("__lua_stack__");
        dict_name = PyUnicode_InternFromString("__dict__");
    }
    if (value_name == NULL || trace_name == NULL || stack_name == NULL ||
        dict_name == NULL) {
        return -1;
    }
    return PyModule_AddFunctions(module, methods);
}

void
lp_error_init_or_jump(struct lp_state *S, lua_State *L)
{
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, capture_handler, 1);
    lp_set_slot_or_jump(S, L, LP_SLOT_HANDLER);
}
