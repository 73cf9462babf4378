/* SPDX-License-Identifier: MIT */
/* What tables, userdata and cdata have in common in Python: fields, length,
 * text, and the methods that are written in Python (pyhelper/_table.py). */
#ifndef LP_LUA_VALUE_H
#define LP_LUA_VALUE_H

#include "handle/lua_handle.h"

/* All: [GIL, no lock needed] one visit to Lua, one protected call.  Where
 * the value has a metatable the GIL is free while Lua code runs. */

/* value[key]; nil is None. */
LP_OWNED PyObject *lp_lua_get(PyObject *self, PyObject *key);
/* value[key] = item; NULL stores nil. */
int lp_lua_set(PyObject *self, PyObject *key, PyObject *item);
/* value[key] ~= nil */
int lp_lua_contains(PyObject *self, PyObject *key);
/* #value */
Py_ssize_t lp_lua_length(PyObject *self);
/* tostring(value) by its metamethod, else repr(). */
LP_OWNED PyObject *lp_lua_str(PyObject *self);

/* value.name: Python's own protocols (__names__) first, then Lua fields;
 * what Lua does not have may be a method. */
LP_OWNED PyObject *lp_lua_getattro(PyObject *self, PyObject *name);
int lp_lua_setattro(PyObject *self, PyObject *name, PyObject *item);

/* [GIL, lock; -0, +0, -] An item for Python: tables are never copied. */
LP_OWNED PyObject *lp_lua_item(struct lp_state *S, lua_State *L, int index,
                               struct lp_view *view);

/* [GIL] Call a function of pyhelper/_table.py: f(self, *args, **kwargs). */
LP_OWNED PyObject *lp_lua_method_in_python(const char *name, PyObject *self,
                                           PyObject *args, PyObject *kwargs);

/* A row of PyMethodDef and the C function behind it. */
#define LP_METHOD_IN_PYTHON(name)                                             \
    static PyObject *method_##name(PyObject *self, PyObject *args,            \
                                   PyObject *kwargs)                          \
    {                                                                         \
        return lp_lua_method_in_python(#name, self, args, kwargs);            \
    }
#define LP_METHOD_ROW(name)                                                   \
    {#name, (PyCFunction)(void (*)(void))method_##name,                       \
     METH_VARARGS | METH_KEYWORDS, NULL},

#endif
