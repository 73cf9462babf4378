/* SPDX-License-Identifier: MIT */
/* py.iter and py.unpack. */
#include <string.h>

#include "convert/iterator.h"
#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "module/module.h"
#include "object/door.h"

/* One step of `for item in py.iter(...)`: (iterator, control) -> item.  None
 * comes as py.None: nil ends the loop.  The same function serves all loops,
 * with the iterator as their state: LuaJIT's traces hold the functions that
 * they call, and would keep each loop's. */
static int
step(lua_State *L, int convert)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_iteration *ahead;
    struct lp_handle *it = lp_check_iterator_or_jump(L, "py.iter", &ahead);
    struct lp_view *view = it->view;
    enum { OUT = 2 }; /* the item, or the error */
    lua_settop(L, 1);
    if (!convert) {
        ahead = NULL;
        lp_new_ref_or_jump(L, S, view);
    }
    else if (ahead != NULL && lp_ahead_pop_or_jump(L, ahead)) {
        return 1;
    }
    int out = convert ? 0 : OUT;
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *item = lp_iterator_next(&x, it, ahead, "py.iter");
    if (item == NULL && !PyErr_Occurred()) {
        lua_pushnil(L);
        return lp_door_close(&x, 1, out);
    }
    int n = lp_push_result(&x, item, view,
                           convert ? LP_AS_VALUE_NONE : LP_AS_REF, out);
    return lp_door_close(&x, n, out);
}

/* [GIL, no lock] The error of a function that went through an object names
 * our function, unless Python code has raised it. */
static void
name_function(const char *name)
{
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) {
        return;
    }
    PyObject *exc = lp_take_raised();
    PyObject *traceback = PyException_GetTraceback(exc);
    if (traceback == NULL && (PyObject *)Py_TYPE(exc) == PyExc_TypeError) {
        PyErr_Format(PyExc_TypeError, "%s: %S", name, exc);
        Py_DECREF(exc);
        return;
    }
    Py_XDECREF(traceback);
    lp_set_raised(exc);
}

static PyObject *
get_iterator(PyObject *obj)
{
    PyObject *iterator = PyObject_GetIter(obj);
    if (iterator == NULL) {
        name_function("py.iter");
    }
    return iterator;
}

static int
step_ref(lua_State *L)
{
    return step(L, 0);
}

static int
step_eval(lua_State *L)
{
    return step(L, 1);
}

/* iter(object [, 'eval']) -> step function, iterator; upvalues 3 and 4 are
 * the two step functions. */
static int
py_iter(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_handle *h = lp_to_ref(L, 1);
    struct lp_view *view = h != NULL ? h->view : LP_VIEW(L);
    const char *mode = lua_isnoneornil(L, 2) ? "ref" : lua_tostring(L, 2);
    if (mode == NULL) {
        return luaL_error(L, "py.iter: bad argument #2 ('eval' or nothing "
                             "expected, got %s)",
                          luaL_typename(L, 2));
    }
    int convert = strcmp(mode, "eval") == 0;
    if (!convert && strcmp(mode, "ref") != 0) {
        return luaL_error(L, "py.iter: bad argument #2 ('eval' or nothing "
                             "expected, got '%s')",
                          mode);
    }
    if (lua_isnone(L, 1)) {
        return luaL_error(L, "py.iter: bad argument #1 (value expected)");
    }
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(convert ? 4 : 3));
    enum { ITERATOR = 3 }; /* or the error */
    lp_new_iterator_or_jump(L, S, view, 1);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    int opened = lp_iterator_open(&x, lua_touserdata(L, ITERATOR),
                                  lp_to_python(S, L, 1, view), get_iterator);
    return lp_door_close(&x, opened < 0 ? -1 : 2, ITERATOR);
}

enum { MAX_RESULTS = 7000 }; /* LuaJIT and 5.1 allow 8000 slots */

/* [GIL] A ValueError with the number of items, where they have one. */
static void
set_too_many(PyObject *obj)
{
    Py_ssize_t size = PyObject_Size(obj);
    if (size < 0) { /* an iterator */
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "py.unpack: more than %d items",
                     MAX_RESULTS);
        return;
    }
    PyErr_Format(PyExc_ValueError,
                 "py.unpack: too many items (%zd, the limit is %d)", size,
                 MAX_RESULTS);
}

/* [GIL] The items in a list, if they are not too many: some iterators go on
 * without end. */
static PyObject *
list_items(PyObject *obj)
{
    if (PyList_Check(obj) || PyTuple_Check(obj)) {
        return PySequence_List(obj);
    }
    PyObject *iterator = PyObject_GetIter(obj), *item;
    if (iterator == NULL) {
        name_function("py.unpack");
        return NULL;
    }
    PyObject *list = PyList_New(0);
    while (list != NULL && PyList_Size(list) <= MAX_RESULTS &&
           (item = PyIter_Next(iterator)) != NULL) {
        if (PyList_Append(list, item) < 0) {
            Py_CLEAR(list);
        }
        Py_DECREF(item);
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred()) {
        Py_CLEAR(list);
    }
    return list;
}

/* unpack(object) -> its items, converted; None is nil, the count is exact */
static int
py_unpack(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    struct lp_handle *h = lp_to_ref(L, 1);
    struct lp_view *view = h != NULL ? h->view : LP_VIEW(L);
    if (lua_isnone(L, 1)) {
        return luaL_error(L, "py.unpack: bad argument #1 (value expected)");
    }
    lua_settop(L, 1);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_to_python(S, L, 1, view), *list = NULL;
    int n = -1;
    if (obj != NULL) {
        lp_cross_unlock(&x);
        list = list_items(obj);
        if (list != NULL && PyList_Size(list) > MAX_RESULTS) {
            Py_CLEAR(list);
            set_too_many(obj);
        }
        Py_DECREF(obj);
        lp_cross_lock(&x);
    }
    if (list != NULL) {
        n = lp_push_items(S, L, list, view);
        lp_give_up(S, list);
    }
    return lp_door_close(&x, n, 0);
}

static const luaL_Reg functions[] = {
    {"unpack", py_unpack},
    {NULL,     NULL     },
};

void
lp_module_iterate(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
    lua_pushlightuserdata(L, S);
    lua_pushlightuserdata(L, view);
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, step_ref, 1);
    lua_pushlightuserdata(L, S);
    lua_pushcclosure(L, step_eval, 1);
    lua_pushcclosure(L, py_iter, 4);
    lua_setfield(L, -2, "iter");
}
