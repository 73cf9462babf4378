/* SPDX-License-Identifier: MIT */
/* One object to Lua: which kind it is decides. */
#include "convert/lua_walk.h"
#include "convert/registered.h"
#include "handle/lua_handle.h"
#include "handle/protocol.h"
#include "handle/py_handle.h"
#include "tensor/provider.h"

static int
push_unknown(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
             PyObject *obj)
{
    if (w->view->unknown_error) {
        PyObject *type =
            PyObject_GetAttrString((PyObject *)Py_TYPE(obj), "__name__");
        if (type != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "no conversion to Lua for Python type '%U' "
                         "(py.reval gives a reference)",
                         type);
            Py_DECREF(type);
        }
        return -1;
    }
    enum lp_protocol protocol;
    PyObject *inner = lp_protocol_of(obj, &protocol);
    if (protocol == LP_BY_VIEW) {
        lp_push_ref_or_jump(L, S, w->view, obj);
    }
    else { /* never the userdata that stands for the object itself */
        struct lp_member *m = lp_new_member_or_jump(L, S, w->view);
        Py_INCREF(inner);
        m->h.obj = inner;
        m->protocol = protocol;
        S->n_refs++;
        if (w->view->python_first) { /* under an address that no object has */
            lp_remember_ref_or_jump(L, S, m);
        }
    }
    return 0;
}

/* [GIL] The error of a str that no Lua string can be names the ways out. */
static void
explain_surrogate(void)
{
    PyObject *exc = lp_take_raised();
    PyObject *reason = PyUnicode_FromString(
        "a surrogate that stands for no byte, which Lua strings cannot have: "
        "py.reval gives a reference, x.encode('utf-8', 'surrogatepass') "
        "bytes");
    if (reason == NULL || PyObject_SetAttrString(exc, "reason", reason) < 0) {
        PyErr_Clear();
    }
    Py_XDECREF(reason);
    lp_set_raised(exc);
}

/* [+1] str: UTF-8, with escaped bytes as they were. */
static int
push_str(struct lp_lua_walk *w, lua_State *L, PyObject *obj)
{
    Py_ssize_t n;
    const char *s =
        w->view->encoding[0] == '\0' ? PyUnicode_AsUTF8AndSize(obj, &n) : NULL;
    if (s != NULL) {
        lua_pushlstring(L, s, (size_t)n);
        return 0;
    }
    PyErr_Clear();
    lp_walk_keep(
        &w->temp,
        w->view->encoding[0] == '\0'
            ? PyUnicode_AsEncodedString(obj, "utf-8", "surrogateescape")
            : PyUnicode_AsEncodedString(obj, w->view->encoding, "strict"));
    char *bytes;
    if (w->temp == NULL) {
        if (w->view->encoding[0] == '\0' &&
            PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
            explain_surrogate();
        }
        return -1;
    }
    if (PyBytes_AsStringAndSize(w->temp, &bytes, &n) < 0) {
        return -1;
    }
    lua_pushlstring(L, bytes, (size_t)n);
    return 0;
}

/* [+0|1] bytes and kin: 1 pushed, 0 something else, -1 error. */
static int
push_bytes(struct lp_lua_walk *w, lua_State *L, PyObject *obj)
{
    char *s;
    Py_ssize_t n;
    /* Finalizers of Lua that run before it copies may change a bytearray. */
    if (PyMemoryView_Check(obj) || PyByteArray_Check(obj)) {
        PyObject *bytes = PyBytes_FromObject(obj);
        if (bytes == NULL) {
            return -1;
        }
        lp_walk_keep(&w->temp, bytes);
        obj = bytes;
    }
    if (!PyBytes_Check(obj)) {
        return 0;
    }
    if (PyBytes_AsStringAndSize(obj, &s, &n) < 0) {
        return -1;
    }
    lua_pushlstring(L, s, (size_t)n);
    return 1;
}

/* [+1] Convert what Python code gave instead of an object, which the walk keeps
 * from now on.  That may be another object of the same kind, without end. */
static int
push_instead(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
             LP_STEALS PyObject *obj, int flags)
{
    enum { MOST = 32 };
    lp_walk_keep(&w->temp, obj);
    if (w->instead == MOST) {
        PyErr_Format(PyExc_RecursionError,
                     "what Python code gives instead of a %R is another one "
                     "that needs such a conversion, without end",
                     Py_TYPE(obj));
        return -1;
    }
    w->instead++;
    int done = lp_push_object(w, S, L, obj, flags);
    w->instead--;
    return done;
}

/* [+1] pyhelper: an int that no Lua number is, by the overflow handler. */
static int
push_overflow(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
              PyObject *obj, int flags)
{
    PyObject *handler = w->view->overflow;
    if (handler == NULL) {
        PyErr_SetString(PyExc_OverflowError,
                        "this int does not fit into a Lua number (an "
                        "overflow_handler can convert it)");
        return -1;
    }
    /* A handler written in Lua gets it as a reference, not by a handler. */
    PyObject *arg = lp_protocol_new(obj, LP_ATTRIBUTES), *value = NULL;
    Py_INCREF(handler);
    if (arg != NULL) {
        lp_python_runs(S);
        value = PyObject_CallFunctionObjArgs(
            handler, lp_is_lua_object(handler) ? arg : obj, NULL);
        lp_python_ran(S);
        Py_DECREF(arg);
    }
    Py_DECREF(handler);
    if (value == NULL) {
        return -1;
    }
    if (PyLong_Check(value)) { /* as it is: the handler had its say */
        lp_walk_keep(&w->temp, value);
        return lp_push_int(L, value) ? 0 : push_unknown(w, S, L, value);
    }
    return push_instead(w, S, L, value, flags);
}

/* [+0|1] Arrays, NumPy scalars: 1 pushed, 0 something else, -1 error. */
static int
push_array(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
           PyObject *obj, int flags)
{
    PyObject *plain = NULL;
    switch (lp_array_kind(S, obj)) {
        case LP_NOT_ARRAY:
            return 0;
        case LP_ARRAY:
            if (w->view->python_first && !w->view->tensors) {
                return 0; /* a reference: these views convert no containers */
            }
            return lp_tensor_push(S, L, obj, 0, flags & LP_NESTED, &w->temp);
        case LP_BOOLEAN:
            lua_pushboolean(L, PyObject_IsTrue(obj));
            return 1;
        case LP_INTEGER:
            plain = PyNumber_Index(obj);
            break;
        case LP_FLOAT:
            plain = PyNumber_Float(obj);
            break;
        case LP_SCALAR:
            lp_python_runs(S);
            plain = PyObject_CallMethod(obj, "item", NULL);
            lp_python_ran(S);
            break;
        case LP_TABLE:
            if (w->view->python_first) {
                return 0;
            }
            plain = PyObject_CallMethod(obj, "tolist", NULL);
            break;
        default:
            return -1;
    }
    if (plain == NULL) {
        return -1;
    }
    return push_instead(w, S, L, plain, flags) < 0 ? -1 : 1;
}

int
lp_push_object(struct lp_lua_walk *w, struct lp_state *S, lua_State *L,
               PyObject *obj, int flags)
{
    if (lp_push_scalar(L, S, obj, flags)) {
        return 0;
    }
    if (PyUnicode_Check(obj)) {
        /* Where strings are bytes, text stays what it is in Python. */
        return w->view->python_first && w->view->strings_bytes &&
                       !(flags & LP_AS_KEY)
                   ? push_unknown(w, S, L, obj)
                   : push_str(w, L, obj);
    }
    if (w->view->has_converters) {
        int done = lp_registered_to_lua(S, L, obj, w->view);
        if (done != 0) {
            return done < 0 ? -1 : 0;
        }
    }
    int must_materialise;
    int kind = lp_container_kind(obj, &must_materialise);
    if (kind >= 0 && !(flags & LP_SHALLOW)) {
        return lp_push_container(w, S, L, obj, kind, must_materialise);
    }
    if (lp_is_lua_object(obj) &&
        (w->view->python_first || ((struct lp_lua_object *)obj)->view->state == S)) {
        return lp_push_lua(S, L, obj);
    }
    int done = push_bytes(w, L, obj);
    if (done != 0) {
        return done < 0 ? -1 : 0;
    }
    if (PyLong_Check(obj)) { /* a subclass, or too large */
        return lp_push_int(L, obj)     ? 0
               : w->view->python_first ? push_overflow(w, S, L, obj, flags)
                                       : push_unknown(w, S, L, obj);
    }
    if (PyFloat_Check(obj)) {
        lua_pushnumber(L, PyFloat_AsDouble(obj));
        return 0;
    }
    done = push_array(w, S, L, obj, flags);
    if (done != 0) {
        return done < 0 ? -1 : 0;
    }
    return push_unknown(w, S, L, obj);
}
