/* SPDX-License-Identifier: MIT */
#include "convert/to_python.h"
#include "module/module.h"
#include "object/door.h"

/* [GIL, no lock] One name of `from module import name`: an attribute, or a
 * submodule that is not imported yet. */
static PyObject *
from_import(PyObject *module, PyObject *module_name, PyObject *name)
{
    PyObject *value;
    int found = lp_py.optional_attr(module, name, &value);
    if (found != 0) {
        return found > 0 ? value : NULL;
    }
    PyObject *full = PyUnicode_FromFormat("%U.%U", module_name, name);
    value = full != NULL ? PyImport_Import(full) : NULL;
    Py_XDECREF(full);
    if (value != NULL) { /* PyImport_Import gives the leaf */
        return value;
    }
    if (!PyErr_ExceptionMatches(PyExc_ModuleNotFoundError)) {
        return NULL;
    }
    PyErr_Clear();
    PyErr_Format(PyExc_ImportError, "cannot import name %R from %R", name,
                 module_name);
    return NULL;
}

/* [GIL, lock; +n] Push the attributes named by the `n` strings from `names`
 * on; n, or -1. */
static int
push_names(struct lp_cross *x, PyObject *module, PyObject *module_name,
           int names, int outs, int n, struct lp_view *view)
{
    lua_State *L = x->frame.L;
    for (int i = 0; i < n; i++) {
        PyObject *name = lp_to_str(L, names + i), *value = NULL;
        if (name != NULL) {
            lp_cross_unlock(x);
            value = from_import(module, module_name, name);
            Py_DECREF(name);
            lp_cross_lock(x);
        }
        if (lp_push_result(x, value, view, LP_AS_REF, outs + i) < 0) {
            return -1;
        }
    }
    return n;
}

/* import(name) -> module; import(name, {'a', 'b'}) -> a, b */
static int
py_import(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_view *view = LP_VIEW(L);
    if (lua_type(L, 1) != LUA_TSTRING) {
        return luaL_error(L, "py.import: bad argument #1 (name of a module "
                             "as a string expected, got %s)",
                          luaL_typename(L, 1));
    }
    lua_settop(L, 2);
    int n_names = 0;
    if (!lua_isnil(L, 2)) {
        if (!lua_istable(L, 2)) {
            return luaL_error(L, "py.import: bad argument #2 (list of names "
                                 "expected, got %s)",
                              luaL_typename(L, 2));
        }
        n_names = (int)lua_rawlen(L, 2);
        luaL_checkstack(L, 3 * n_names + 8, "py.import: too many names");
        /* Copied: the import may run code that changes the table. */
        for (int i = 1; i <= n_names; i++) {
            lua_rawgeti(L, 2, i);
            if (lua_type(L, -1) != LUA_TSTRING) {
                return luaL_error(L, "py.import: name %d must be a string, "
                                     "not a %s",
                                  i, luaL_typename(L, -1));
            }
        }
    }
    int outs = lua_gettop(L) + 1;
    for (int i = 0; i < (n_names > 0 ? n_names : 1); i++) {
        lp_new_ref_or_jump(L, S, view);
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *module = NULL, *name = lp_to_str(L, 1);
    int n = -1;
    if (name != NULL) {
        lp_cross_unlock(&x);
        module = PyImport_Import(name);
        lp_cross_lock(&x);
    }
    if (module != NULL && lua_isnil(L, 2)) {
        n = lp_push_result(&x, module, view, LP_AS_REF, outs);
    }
    else if (module != NULL) {
        n = push_names(&x, module, name, 3, outs, n_names, view);
        lp_give_up(S, module);
    }
    Py_XDECREF(name);
    /* An error needs an empty reference; any of them may be filled. */
    return lp_door_close(&x, n, n_names > 0 ? 0 : outs);
}

static const luaL_Reg functions[] = {
    {"import", py_import},
    {NULL,     NULL     },
};

void
lp_module_import(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
}
