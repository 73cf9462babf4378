/* SPDX-License-Identifier: MIT */
#include "object/lua_value.h"

#include <string.h>

#include "convert/names.h"
#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "object/plain_table.h"

struct access {
    struct lp_lua_object *self;
    PyObject *key, *item; /* borrowed */
    PyObject *result;     /* owned */
    Py_ssize_t size;
    int found;
};

enum { VALUE = 2 }; /* stack of the bodies */

/* [GIL, no lock] Run a body on the Lua value that `a->self` stands for. */
static int
visit(struct access *a, lp_body body)
{
    struct lp_state *S = a->self->view->state;
    struct lp_visit v;
    if (lp_visit_begin(&v, S) < 0) {
        return -1;
    }
    Py_INCREF(a->self); /* Lua code may drop the last other reference */
    lp_push_ref(S, v.frame.L, a->self->ref);
    int done = lp_protect_code(S, v.frame.L, body, a, 1, 0);
    lp_visit_end(&v);
    Py_DECREF(a->self);
    return done;
}

PyObject *
lp_lua_item(struct lp_state *S, lua_State *L, int index, struct lp_view *view)
{
    return lua_type(L, index) == LUA_TTABLE && !view->has_converters
               ? lp_wrap_lua(S, L, index, view)
               : lp_to_python(S, L, index, view);
}

/* ---- fields ---- */

/* [GIL, lock, inside lp_protect; +1] Items are keys as they are: a tuple is
 * no new table that nobody could look up. */
static int
push_key(struct lp_state *S, lua_State *L, struct access *a)
{
    if (a->self->view->zero_based && Py_TYPE(a->key) == &PyLong_Type) {
        long long i = PyLong_AsLongLong(a->key);
        if (i == -1 && PyErr_Occurred()) {
            return -1;
        }
        lua_pushinteger(L, (lua_Integer)((unsigned long long)i + 1));
        return 0;
    }
    int flags = LP_SHALLOW | LP_AS_KEY;
    if (a->self->view->python_first) {
        flags |= LP_KEEP_NONE; /* nil can be no key */
    }
    if (lp_push_value(S, L, a->key, a->self->view, flags) < 0) {
        return -1;
    }
    if (Py_TYPE(a->key) == &PyUnicode_Type &&
        a->self->view->encoding[0] == '\0') {
        lp_remember_name_or_jump(S, L, a->key);
    }
    return 0;
}

/* [-1, +1, e] Replace the key on top by the field. */
static void
get_or_jump(lua_State *L)
{
    if (lua_getmetatable(L, VALUE)) {
        lua_pop(L, 1);
        lp_lua_runs();
        lua_gettable(L, VALUE);
        lp_lua_ran();
    }
    else if (lua_istable(L, VALUE)) {
        lua_rawget(L, VALUE);
    }
    else {
        luaL_error(L, "attempt to index a %s value", luaL_typename(L, VALUE));
    }
}

static int
get_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct access *a = ctx;
    if (push_key(S, L, a) < 0) {
        return -1;
    }
    get_or_jump(L);
    a->result = lp_lua_item(S, L, -1, a->self->view);
    return a->result != NULL ? 0 : -1;
}

PyObject *
lp_lua_get(PyObject *self, PyObject *key)
{
    PyObject *result = NULL;
    int done = lp_plain_get((struct lp_lua_object *)self, key, &result);
    if (done != 0) {
        return result;
    }
    struct access a = {.self = (struct lp_lua_object *)self, .key = key};
    return visit(&a, get_body) < 0 ? NULL : a.result;
}

static int
set_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct access *a = ctx;
    if (push_key(S, L, a) < 0) {
        return -1;
    }
    if (a->item == NULL) {
        lua_pushnil(L);
    }
    else if (lp_push_value(S, L, a->item, a->self->view, 0) < 0) {
        return -1;
    }
    if (lua_getmetatable(L, VALUE)) {
        lua_pop(L, 1);
        lp_lua_runs();
        lua_settable(L, VALUE);
        lp_lua_ran();
    }
    else if (lua_istable(L, VALUE)) {
        lua_rawset(L, VALUE);
    }
    else {
        luaL_error(L, "attempt to index a %s value", luaL_typename(L, VALUE));
    }
    return 0;
}

int
lp_lua_set(PyObject *self, PyObject *key, PyObject *item)
{
    int done = lp_plain_set((struct lp_lua_object *)self, key, item);
    if (done != 0) {
        return done > 0 ? 0 : -1;
    }
    struct access a = {.self = (struct lp_lua_object *)self,
                       .key = key,
                       .item = item};
    return visit(&a, set_body);
}

static int
contains_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct access *a = ctx;
    if (push_key(S, L, a) < 0) {
        return -1;
    }
    get_or_jump(L);
    a->found = !lua_isnil(L, -1);
    return 0;
}

int
lp_lua_contains(PyObject *self, PyObject *key)
{
    struct access a = {.self = (struct lp_lua_object *)self, .key = key};
    return visit(&a, contains_body) < 0 ? -1 : a.found;
}

/* ---- length, text ---- */

static int
length_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct access *a = ctx;
    int meta = luaL_getmetafield(L, VALUE, "__len");
    (void)S;
    if (!meta && !lua_istable(L, VALUE)) {
        PyErr_Format(PyExc_TypeError, "a Lua %s has no len()",
                     luaL_typename(L, VALUE));
        return -1;
    }
    /* In 5.1 `#t` asks no metamethod of a table. */
    if (meta && !(LP_LUA51 && lua_istable(L, VALUE))) {
        lua_pushvalue(L, VALUE);
        lp_lua_runs();
        lua_call(L, 1, 1);
        lp_lua_ran();
        lua_Number n = lua_tonumber(L, -1);
        if (!lua_isnumber(L, -1) || !(n >= 0 && n < LP_MAX_EXACT)) {
            PyErr_SetString(PyExc_ValueError, "__len gave no length");
            return -1;
        }
        a->size = (Py_ssize_t)n;
        return 0;
    }
    a->size = (Py_ssize_t)lua_rawlen(L, VALUE);
    return 0;
}

Py_ssize_t
lp_lua_length(PyObject *self)
{
    struct access a = {.self = (struct lp_lua_object *)self};
    return visit(&a, length_body) < 0 ? -1 : a.size;
}

static int
str_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct access *a = ctx;
    size_t n;
    (void)S;
    if (!luaL_getmetafield(L, VALUE, "__tostring")) {
        return 0;
    }
    lua_pushvalue(L, VALUE);
    lp_lua_runs();
    lua_call(L, 1, 1);
    lp_lua_ran();
    const char *s = lua_tolstring(L, -1, &n);
    if (s == NULL) {
        PyErr_SetString(PyExc_TypeError, "__tostring returned non-string object");
        return -1;
    }
    const char *encoding = a->self->view->encoding;
    a->result = PyUnicode_Decode(
        s, (Py_ssize_t)n, encoding[0] != '\0' ? encoding : "utf-8", "replace");
    return a->result != NULL ? 0 : -1;
}

PyObject *
lp_lua_str(PyObject *self)
{
    struct access a = {.self = (struct lp_lua_object *)self};
    if (visit(&a, str_body) < 0) {
        return NULL;
    }
    return a.result != NULL ? a.result : PyObject_Repr(self);
}

/* ---- attributes ---- */

/* Names of Python's protocols, __so__, are never Lua fields. */
static int
is_protocol_name(PyObject *name)
{
    Py_ssize_t n;
    const char *s = PyUnicode_AsUTF8AndSize(name, &n);
    if (s == NULL) {
        PyErr_Clear();
        return 0;
    }
    return n > 4 && s[0] == '_' && s[1] == '_' && s[n - 1] == '_' &&
           s[n - 2] == '_';
}

/* These win over Lua fields of the same name: without them a table would be
 * no mapping (dict(t) asks for `keys`). */
static int
is_mapping_name(PyObject *name)
{
    return PyUnicode_CompareWithASCIIString(name, "keys") == 0 ||
           PyUnicode_CompareWithASCIIString(name, "values") == 0 ||
           PyUnicode_CompareWithASCIIString(name, "items") == 0;
}

/* lutorpy: obj._name(...) is obj:name(...) in Lua.  A new reference, or NULL
 * without an error if there is no such method. */
static PyObject *
method_by_underscore(PyObject *self, PyObject *name)
{
    if (PyUnicode_ReadChar(name, 0) != '_') {
        return NULL;
    }
    PyObject *bare = PyUnicode_Substring(name, 1, PY_SSIZE_T_MAX);
    PyObject *value = bare != NULL ? lp_lua_get(self, bare) : NULL;
    PyObject *method = NULL;
    Py_XDECREF(bare);
    if (value != NULL && value != Py_None && PyCallable_Check(value)) {
        method = PyMethod_New(value, self);
    }
    Py_XDECREF(value);
    PyErr_Clear();
    return method;
}

PyObject *
lp_lua_getattro(PyObject *self, PyObject *name)
{
    int is_table = Py_TYPE(self) == lp_lua_types[LUA_TTABLE];
    if (is_protocol_name(name) || (is_table && is_mapping_name(name))) {
        return PyObject_GenericGetAttr(self, name);
    }
    PyObject *value = lp_lua_get(self, name);
    if (value != Py_None) {
        return value;
    }
    /* Lua has no such field: a method, or nil after all. */
    PyObject *method = NULL;
    if (((struct lp_lua_object *)self)->view->self_methods) {
        method = method_by_underscore(self, name);
    }
    if (method == NULL) {
        method = PyObject_GenericGetAttr(self, name);
    }
    if (method != NULL) {
        Py_DECREF(value);
        return method;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        Py_DECREF(value);
        return NULL;
    }
    PyErr_Clear();
    return value;
}

int
lp_lua_setattro(PyObject *self, PyObject *name, PyObject *item)
{
    return is_protocol_name(name) ? PyObject_GenericSetAttr(self, name, item)
                                  : lp_lua_set(self, name, item);
}

/* ---- methods that are written in Python ---- */

PyObject *
lp_lua_method_in_python(const char *name, PyObject *self, PyObject *args,
                        PyObject *kwargs)
{
    static PyObject *module; /* owned by the process */
    PyObject *function = NULL, *all = NULL, *result = NULL;
    PyObject *first = PyTuple_Pack(1, self);
    if (module == NULL) {
        module = PyImport_ImportModule("pyhelper._table");
    }
    if (module != NULL && first != NULL) {
        function = PyObject_GetAttrString(module, name);
        all = PySequence_Concat(first, args);
    }
    if (function != NULL && all != NULL) {
        result = PyObject_Call(function, all, kwargs);
    }
    Py_XDECREF(function);
    Py_XDECREF(first);
    Py_XDECREF(all);
    return result;
}
