/* SPDX-License-Identifier: MIT */
/* Functions of `py` that call one Python function with their arguments: a
 * row each.  What Python has no function for is in pyhelper/_functions.py. */
#include "convert/call.h"
#include "convert/to_python.h"
#include "handle/lua_handle.h"
#include "module/module.h"
#include "object/door.h"

/* How the first argument crosses; SECOND_KEY is about the second one,
 * a name or index; NEEDED: it must be there, because dir() without one looks
 * for the caller's frame. */
enum forced { PLAIN, AS_STR, AS_BYTES, AS_LIST, AS_DICT, SECOND_KEY, NEEDED };

static const struct row {
    const char *name;   /* in Lua */
    const char *module; /* in Python */
    const char *attr;
    enum lp_result how;
    enum forced forced;
} rows[] = {
    /* forced types */
    {"int",        "builtins",           "int",        LP_AS_REF,   PLAIN   },
    {"long",       "builtins",           "int",        LP_AS_REF,   PLAIN   },
    {"float",      "builtins",           "float",      LP_AS_REF,   PLAIN   },
    {"bool",       "pyhelper._functions", "bool_",     LP_AS_REF,   PLAIN   },
    {"str",        "builtins",           "str",        LP_AS_REF,   AS_STR  },
    {"unicode",    "builtins",           "str",        LP_AS_REF,   AS_STR  },
    {"bytes",      "builtins",           "bytes",      LP_AS_REF,   AS_BYTES},
    {"list",       "builtins",           "list",       LP_AS_REF,   AS_LIST },
    {"tuple",      "builtins",           "tuple",      LP_AS_REF,   AS_LIST },
    {"dict",       "builtins",           "dict",       LP_AS_REF,   AS_DICT },
    {"set",        "builtins",           "set",        LP_AS_REF,   PLAIN   },
    {"slice",      "builtins",           "slice",      LP_AS_REF,   PLAIN   },
    /* attributes and items */
    {"getattr",    "builtins",           "getattr",    LP_AS_REF,   SECOND_KEY},
    {"setattr",    "builtins",           "setattr",    LP_AS_VALUE, SECOND_KEY},
    {"delattr",    "builtins",           "delattr",    LP_AS_VALUE, SECOND_KEY},
    {"hasattr",    "builtins",           "hasattr",    LP_AS_VALUE, SECOND_KEY},
    {"getitem",    "_operator",          "getitem",    LP_AS_REF,   SECOND_KEY},
    {"setitem",    "_operator",          "setitem",    LP_AS_VALUE, SECOND_KEY},
    {"delitem",    "_operator",          "delitem",    LP_AS_VALUE, SECOND_KEY},
    {"contains",   "_operator",          "contains",   LP_AS_VALUE, PLAIN   },
    /* questions */
    {"len",        "builtins",           "len",        LP_AS_VALUE, PLAIN   },
    {"isinstance", "builtins",           "isinstance", LP_AS_VALUE, PLAIN   },
    {"callable",   "builtins",           "callable",   LP_AS_VALUE, PLAIN   },
    {"is",         "_operator",          "is_",        LP_AS_VALUE, PLAIN   },
    {"truth",      "_operator",          "truth",      LP_AS_VALUE, PLAIN   },
    {"type",       "builtins",           "type",       LP_AS_REF,   PLAIN   },
    {"id",         "builtins",           "id",         LP_AS_VALUE, PLAIN   },
    {"dir",        "builtins",           "dir",        LP_AS_VALUE, NEEDED  },
    {"repr",       "builtins",           "repr",       LP_AS_VALUE, PLAIN   },
    {"help",       "pyhelper._functions", "help",      LP_AS_VALUE, PLAIN   },
    {"is_error",   "pyhelper._functions", "is_error",  LP_AS_VALUE, PLAIN   },
    /* comparisons */
    {"eq",         "_operator",          "eq",         LP_AS_REF,   PLAIN   },
    {"ne",         "_operator",          "ne",         LP_AS_REF,   PLAIN   },
    {"lt",         "_operator",          "lt",         LP_AS_REF,   PLAIN   },
    {"le",         "_operator",          "le",         LP_AS_REF,   PLAIN   },
    {"gt",         "_operator",          "gt",         LP_AS_REF,   PLAIN   },
    {"ge",         "_operator",          "ge",         LP_AS_REF,   PLAIN   },
    /* helpers of the functions that are written in Lua */
    {"_class",     "pyhelper._functions", "make_class", LP_AS_REF,  PLAIN   },
    {"_func",      "pyhelper._functions", "make_func", LP_AS_REF,   PLAIN   },
    {"_enter",     "pyhelper._functions", "enter",    LP_AS_REF,   PLAIN   },
    {"_info",      "pyhelper._functions", "info",      LP_AS_VALUE, PLAIN   },
    {"_repl",      "pyhelper._functions", "repl",      LP_AS_VALUE, PLAIN   },
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

/* The Python functions, found at first use; owned by the process. */
static PyObject *callables[N_ROWS];

/* [GIL, no lock] */
static PyObject *
find_callable(int row)
{
    if (callables[row] == NULL) {
        callables[row] = lp_import_attr(rows[row].module, rows[row].attr);
    }
    return callables[row];
}

/* [GIL, lock; -0, +0, -] Replace the argument that has to cross in a certain
 * form by a reference, which the slot `out` is for.  0 or -1. */
static int
force_argument(struct lp_cross *x, struct lp_view *view, enum forced forced,
               int out)
{
    lua_State *L = x->frame.L;
    PyObject *value;
    int index = forced == SECOND_KEY ? 2 : 1;
    int type = lua_type(L, index);
    if (forced == NEEDED) {
        if (out > 1) {
            return 0;
        }
        PyErr_SetString(PyExc_TypeError, "py.dir: argument #1 is missing");
        return -1;
    }
    if (type == LUA_TSTRING && forced == AS_BYTES) {
        size_t n;
        const char *s = lua_tolstring(L, index, &n);
        value = PyBytes_FromStringAndSize(s, (Py_ssize_t)n);
    }
    else if (type == LUA_TSTRING && forced == AS_STR) {
        value = lp_to_str(L, index);
    }
    else if ((type == LUA_TSTRING || type == LUA_TNUMBER) &&
             forced == SECOND_KEY) {
        value = lp_key_to_python(x->frame.S, L, index, view);
    }
    else if (type == LUA_TTABLE && (forced == AS_LIST || forced == AS_DICT) &&
             !lp_is_call_marker(x->frame.S, L, index)) {
        value = lp_to_python_as(x->frame.S, L, index, view,
                                forced == AS_LIST ? LP_TABLE_AS_LIST
                                                  : LP_TABLE_AS_DICT);
    }
    else {
        return 0;
    }
    if (value == NULL) {
        return -1;
    }
    struct lp_handle *h = lua_touserdata(L, out);
    h->obj = value;
    x->frame.S->n_refs++;
    lua_pushvalue(L, out);
    lua_replace(L, index);
    return 0;
}

/* [GIL] A TypeError about the arguments, raised by the Python function itself
 * (it has no traceback), gets our function's name. */
static void
name_function(int row)
{
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) {
        return;
    }
    PyObject *exc = lp_take_raised();
    PyObject *traceback = PyException_GetTraceback(exc);
    if (traceback == NULL && (PyObject *)Py_TYPE(exc) == PyExc_TypeError) {
        PyErr_Format(PyExc_TypeError, "py.%s: %S", rows[row].name, exc);
        Py_DECREF(exc);
        return;
    }
    Py_XDECREF(traceback);
    lp_set_raised(exc);
}

static int
call_row(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_view *view = LP_VIEW(L);
    int row = (int)lua_tointeger(L, lua_upvalueindex(3));
    int nargs = lua_gettop(L), out = 0, forced = 0;
    enum lp_result how = rows[row].how;
    if (how == LP_AS_REF) {
        lp_new_ref_or_jump(L, S, view);
        out = lua_gettop(L);
    }
    if (rows[row].forced != PLAIN) {
        lp_new_ref_or_jump(L, S, view);
        forced = lua_gettop(L);
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    lp_cross_unlock(&x);
    PyObject *callable = find_callable(row), *result = NULL;
    lp_cross_lock(&x);
    if (callable != NULL &&
        (forced == 0 ||
         force_argument(&x, view, rows[row].forced, forced) == 0)) {
        result = lp_call_from_stack(&x, callable, 1, nargs, view);
        if (result == NULL) {
            name_function(row);
        }
    }
    int n = lp_push_result(&x, result, view, how, out);
    return lp_door_close(&x, n, out);
}

/* ref(value): any Lua value as a reference */
static int
py_ref(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_view *view = LP_VIEW(L);
    lua_settop(L, 1);
    if (lp_to_ref(L, 1) != NULL) {
        lp_check_ref_or_jump(L, 1);
        return 1;
    }
    lp_new_ref_or_jump(L, S, view);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    int n = lp_push_result(&x, lp_to_python(S, L, 1, view), view, LP_AS_REF,
                           2);
    return lp_door_close(&x, n, 2);
}

/* proxy(table): a reference to the live table instead of a copy */
static int
py_proxy(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_view *view = LP_VIEW(L);
    if (!lua_istable(L, 1)) {
        return luaL_error(L, "py.proxy: bad argument #1 (table expected, "
                             "got %s)",
                          luaL_typename(L, 1));
    }
    lua_settop(L, 1);
    lp_new_ref_or_jump(L, S, view);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    int n = lp_push_result(&x, lp_wrap_lua(S, L, 1, view), view, LP_AS_REF,
                           2);
    return lp_door_close(&x, n, 2);
}

void
lp_module_function(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    static const luaL_Reg functions[] = {{"ref",   py_ref  },
                                         {"proxy", py_proxy},
                                         {NULL,    NULL    }};
    lp_set_functions_or_jump(L, S, view, functions);
    for (int i = 0; i < N_ROWS; i++) {
        lua_pushlightuserdata(L, S);
        lua_pushlightuserdata(L, view);
        lua_pushinteger(L, i);
        lua_pushcclosure(L, call_row, 3);
        lua_setfield(L, -2, rows[i].name);
    }
}
