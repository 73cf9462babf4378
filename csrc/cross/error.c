/* SPDX-License-Identifier: MIT */
#include "cross/error.h"

#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "cross/protect.h"
#include "handle/lua_handle.h"

PyObject *lp_LuaError, *lp_LuaSyntaxError, *lp_LuaMemoryError;

static const char trace_capsule[] = "pyhelper._core.trace";

/* ---- Lua -> Python ---- */

static void
free_trace_capsule(PyObject *capsule)
{
    lp_trace_free(PyCapsule_GetPointer(capsule, trace_capsule));
}

/* The message handler of our calls: remembers where the error arose. */
static int
capture_handler(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    lp_trace_free(S->trace);
    S->trace = lp_trace_capture(L, 1);
    lua_settop(L, 1);
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
        return n == (lua_Number)(long long)n ? PyLong_FromLongLong((long long)n)
                                             : PyFloat_FromDouble(n);
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
    if (luaL_callmeta(L, 2, "__tostring")) {
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
    if (lp_protect(S, L, tostring_body, &text, 1, 0) < 0) {
        PyErr_Clear();
        return PyUnicode_FromFormat("(error object is a %s value)",
                                    luaL_typename(L, -1));
    }
    return text;
}

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
    if (exc == NULL || PyObject_SetAttrString(exc, "value", value) < 0 ||
        (capsule != NULL &&
         PyObject_SetAttrString(exc, "_lua_trace", capsule) < 0)) {
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

void
lp_error_from_lua(struct lp_state *S, lua_State *L, int status,
                  PyObject *syntax_class)
{
    struct lp_trace *trace = S->trace;
    S->trace = NULL;
    struct lp_handle *h = lp_to_error(L, -1);
    if (h == NULL) {
        h = lp_to_ref(L, -1);
        if (h != NULL && h->obj != NULL && !PyExceptionInstance_Check(h->obj)) {
            h = NULL;
        }
    }
    if (h != NULL && h->obj != NULL) {
        lp_trace_free(trace);
        Py_INCREF(h->obj);
        lp_set_raised(h->obj);
    }
    else if (status == LUA_ERRMEM) {
        lp_trace_free(trace);
        PyErr_SetString(lp_LuaMemoryError, "not enough memory");
    }
    else {
        PyObject *type = syntax_class != NULL && status == LUA_ERRSYNTAX
                             ? syntax_class
                             : lp_LuaError;
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
    struct lp_handle *h = lua_touserdata(L, -1);
    h->magic = &lp_error_magic;
    h->obj = exc;
    h->aux = lp_trace_capture(L, 1);
    lp_push_slot(S, L, LP_SLOT_ERROR_MT);
    lua_setmetatable(L, -2);
}

/* ---- the exception types ---- */

static PyObject *
error_traceback(PyObject *self, void *closure)
{
    (void)closure;
    PyObject *capsule = PyObject_GetAttrString(self, "_lua_trace");
    if (capsule == NULL) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    struct lp_trace *trace = PyCapsule_GetPointer(capsule, trace_capsule);
    char *text = trace != NULL ? lp_trace_text(trace) : NULL;
    Py_DECREF(capsule);
    if (text == NULL) {
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    PyObject *result =
        PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
    free(text);
    return result;
}

static PyGetSetDef error_getset[] = {
    {"traceback", error_traceback, NULL,
     "The Lua stack where the error arose, as text, or None.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static char doc[] = "An error raised by Lua.  `value` is the Lua error value, "
                "`traceback` the Lua stack where it arose.";

static PyType_Slot error_slots[] = {
    {Py_tp_doc, doc},
    {Py_tp_getset, error_getset},
    {0, NULL},
};

static PyType_Spec error_spec = {
    .name = "pyhelper.LuaError",
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = error_slots,
};

int
lp_error_init_python(PyObject *module)
{
    if (lp_LuaError == NULL) {
        PyObject *bases = PyTuple_Pack(1, PyExc_Exception);
        if (bases == NULL) {
            return -1;
        }
        lp_LuaError = PyType_FromSpecWithBases(&error_spec, bases);
        Py_DECREF(bases);
        if (lp_LuaError == NULL ||
            PyObject_SetAttrString(lp_LuaError, "value", Py_None) < 0) {
            return -1;
        }
        lp_LuaSyntaxError = PyErr_NewExceptionWithDoc(
            "pyhelper.LuaSyntaxError", "Lua source that does not compile.",
            lp_LuaError, NULL);
        bases = PyTuple_Pack(2, lp_LuaError, PyExc_MemoryError);
        if (bases == NULL) {
            return -1;
        }
        lp_LuaMemoryError = PyErr_NewExceptionWithDoc(
            "pyhelper.LuaMemoryError",
            "Lua ran out of memory, or past its max_memory.", bases, NULL);
        Py_DECREF(bases);
        if (lp_LuaSyntaxError == NULL || lp_LuaMemoryError == NULL) {
            return -1;
        }
    }
    if (PyObject_SetAttrString(module, "LuaError", lp_LuaError) < 0 ||
        PyObject_SetAttrString(module, "LuaSyntaxError", lp_LuaSyntaxError) <
            0 ||
        PyObject_SetAttrString(module, "LuaMemoryError", lp_LuaMemoryError) <
            0) {
        return -1;
    }
    return 0;
}

void
lp_error_init_or_jump(struct lp_state *S, lua_State *L)
{
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, capture_handler, 1);
    lp_set_slot_or_jump(S, L, LP_SLOT_HANDLER);
}
