/* SPDX-License-Identifier: MIT */
/* Fields, calls, printing.  Operators are in object/py_operators.c. */
#include "object/py_object.h"

#include <string.h>

#include "convert/call.h"
#include "convert/names.h"
#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "object/door.h"
#include "object/py_access.h"
#include "object/py_operators.h"

/* ---- fields ---- */

/* The name is no attribute: is it an item?  If it is none either, a dict says
 * so with KeyError; of other objects (a DataFrame, a list) the missing
 * attribute is the better message. */
static PyObject *
get_item_or_attribute_error(PyObject *obj, PyObject *name)
{
    if (PyMapping_Check(obj)) {
        PyObject *item = PyObject_GetItem(obj, name);
        if (item != NULL || PyDict_Check(obj)) {
            return item;
        }
        PyErr_Clear();
    }
    return PyObject_GetAttr(obj, name); /* fails again, with its message */
}

PyObject *
lp_get_field(PyObject *obj, PyObject *name)
{
    PyObject *value;
    int found = lp_py.optional_attr(obj, name, &value);
    if (LP_LIKELY(found > 0)) {
        return value;
    }
    return found < 0 ? NULL : get_item_or_attribute_error(obj, name);
}

int
lp_set_field(PyObject *obj, PyObject *name, PyObject *value)
{
    PyObject *old;
    int has = lp_py.optional_attr(obj, name, &old);
    if (has < 0) {
        return -1;
    }
    if (has) {
        Py_DECREF(old);
        return PyObject_SetAttr(obj, name, value);
    }
    int settable =
        PyDict_Check(obj) ||
        PyObject_HasAttrString((PyObject *)Py_TYPE(obj), "__setitem__");
    return settable ? PyObject_SetItem(obj, name, value)
                    : PyObject_SetAttr(obj, name, value);
}

#if LP_LUA51
/* Where the frame at `level` lies on LuaJIT's stack: i_ci is its offset in
 * the low 16 bits.  No frame begins at the largest one. */
static uint16_t
frame_offset(lua_State *L, int level)
{
    lua_Debug ar;
    return (uint16_t)(lua_getstack(L, level, &ar) ? ar.i_ci : -1);
}
#endif

/* Are strings UTF-8, so that names can come from the cache of names? */
static int
is_plain(struct lp_view *view)
{
    return !view->python_first ||
           (view->encoding[0] == '\0' && !view->strings_bytes);
}

/* Every metamethod's upvalues: the state and the metatable itself. */
#define METATABLE lua_upvalueindex(2)

/* [-0, +0, -] What the fields of the reference at 1 mean. */
static enum lp_protocol
protocol_of_self(lua_State *L)
{
    struct lp_member *m = lp_to_member(L, 1);
    return m != NULL ? (enum lp_protocol)m->protocol : LP_BY_VIEW;
}

/* [GIL, lock] A method remembers what it was got from, to tell obj:method()
 * from obj.method(); other values must not keep their owner alive.  `owner`
 * changes places with the one before: in pyhelper's views the method may be
 * known from another object. */
static void
remember_owner(lua_State *L, struct lp_state *S, struct lp_member *method,
               PyObject **owner)
{
    PyObject *before = method->owner;
    method->owner = *owner;
    *owner = before;
#if LP_LUA51
    if (S->luajit) {
        method->frame = frame_offset(L, 1);
        method->below = frame_offset(L, 2);
    }
#endif
    (void)L;
    (void)S;
}

LP_NOINLINE static int
index_body(lua_State *L)
{
    struct lp_handle *h = lp_check_ref_or_jump(L, 1);
    struct lp_view *view = h->view;
    struct lp_state *S = view->state;
    int is_string = lua_type(L, 2) == LUA_TSTRING;
    int by_name = is_string && is_plain(view), out = 0;
    struct lp_handle *got = NULL;
    if (LP_UNLIKELY(lua_gettop(L) != 2)) {
        lua_settop(L, 2);
    }
    if (!view->by_value) {
        got = lp_new_handle_or_jump(L, S, view,
                                    is_string ? sizeof(struct lp_member)
                                              : sizeof(struct lp_handle),
                                    METATABLE);
        out = 3;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_handle_object(h), *result = NULL;
    PyObject *key = obj == NULL          ? NULL
                    : by_name            ? lp_name(S, L, 2)
                    : view->python_first ? lp_to_python(S, L, 2, view)
                                         : lp_key_to_python(S, L, 2, view);
    if (LP_LIKELY(key != NULL)) {
        lp_cross_unlock(&x);
        result = view->python_first ? lp_access_get(obj, key,
                                                    protocol_of_self(L), view)
                 : by_name          ? lp_get_field(obj, key)
                                    : PyObject_GetItem(obj, key);
        Py_DECREF(key);
        lp_cross_lock(&x);
    }
    int is_method = result != NULL && is_string && PyCallable_Check(result);
    int n = got != NULL ? lp_fill_result(&x, result, got)
                        : lp_push_result(&x, result, view, LP_AS_REF, 0);
    if (is_method && n > 0) {
        struct lp_member *method = lp_to_member(L, -1);
        if (method != NULL && method->h.obj == result) {
            if (view->python_first &&
                lp_access_is_item(obj, protocol_of_self(L), view)) {
                /* A function kept in a mapping is no method of it: it is
                 * passed what it is called on, as a field of a table is. */
                lp_give_up(S, obj);
                obj = NULL;
            }
            remember_owner(L, S, method, &obj);
        }
    }
    if (obj != NULL) {
        lp_give_up(S, obj);
    }
    return lp_door_shut(&x, n, out);
}

LP_NOINLINE static int
newindex_body(lua_State *L)
{
    struct lp_handle *h = lp_check_ref_or_jump(L, 1);
    struct lp_view *view = h->view;
    struct lp_state *S = view->state;
    int by_name = lua_type(L, 2) == LUA_TSTRING && is_plain(view);
    lua_settop(L, 3);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    int done = -1;
    PyObject *obj = lp_handle_object(h);
    PyObject *key = obj == NULL          ? NULL
                    : by_name            ? lp_name(S, L, 2)
                    : view->python_first ? lp_to_python(S, L, 2, view)
                                         : lp_key_to_python(S, L, 2, view);
    PyObject *value = key != NULL ? lp_to_python(S, L, 3, h->view) : NULL;
    lp_cross_unlock(&x);
    if (value != NULL) {
        done = view->python_first
                   ? lp_access_set(obj, key, value,
                                   protocol_of_self(L), view)
               : by_name ? lp_set_field(obj, key, value)
                         : PyObject_SetItem(obj, key, value);
    }
    Py_XDECREF(key);
    Py_XDECREF(value);
    Py_XDECREF(obj);
    lp_cross_lock(&x);
    return lp_door_shut(&x, done, 0);
}

/* ---- calls ---- */

/* Is this call written obj:method(...)?  Asked only when argument 1 is the
 * object that the method was got from. */
static int
is_colon_call(lua_State *L, struct lp_state *S, struct lp_member *method)
{
    lua_Debug ar;
    if (!lua_getstack(L, 0, &ar) || !lua_getinfo(L, "n", &ar)) {
        return 0;
    }
    if (strcmp(ar.namewhat, "method") == 0) {
        return 1;
    }
#if LP_LUA51
    /* In a tail call LuaJIT has put our frame in the place of the caller's
     * (below it, where that has variable arguments), and how it was written
     * is lost: it counts as a colon call.  A call by pcall or from a variable
     * has a frame of its own. */
    if (S->luajit) {
        if ((ar.i_ci & 0xffff) <= method->frame &&
            frame_offset(L, 1) == method->below) {
            return 1;
        }
        /* In a function with more than 256 constants the name of a method
         * may lie in a register, where LuaJIT does not find it: the call has
         * no name.  One by C (pcall) has none either. */
        return ar.name == NULL && lua_getstack(L, 1, &ar) &&
               lua_getinfo(L, "S", &ar) && ar.what[0] != 'C';
    }
#endif
    (void)S;
    (void)method;
    return 0;
}

/* [GIL, lock; +n] The items of a tuple as so many results; it is released. */
static int
push_tuple(struct lp_cross *x, LP_STEALS PyObject *tuple, struct lp_view *view)
{
    PyObject *list = PySequence_List(tuple);
    int n = -1;
    if (list != NULL) {
        n = lp_push_items(x->frame.S, x->frame.L, list, view);
        lp_give_up(x->frame.S, list);
    }
    lp_give_up(x->frame.S, tuple);
    return n;
}

/* [GIL, lock] An object that cannot be called, in Lua's `for x in object`. */
static void
explain_loop(lua_State *L, PyObject *callable)
{
    lua_Debug ar;
    if (PyCallable_Check(callable) || !lua_getstack(L, 0, &ar) ||
        !lua_getinfo(L, "n", &ar) || ar.name == NULL ||
        strstr(ar.name, "for ") == NULL || /* not alike in all Luas */
        !PyErr_ExceptionMatches(PyExc_TypeError)) {
        return;
    }
    PyObject *exc = lp_take_raised();
    PyErr_Format(PyExc_TypeError, "%S (loop with: for x in py.iter(object))",
                 exc);
    Py_DECREF(exc);
}

LP_NOINLINE static int
call_body(lua_State *L)
{
    size_t size;
    struct lp_handle *h = lp_check_sized_ref_or_jump(L, 1, &size), *got = NULL;
    struct lp_view *view = h->view;
    struct lp_state *S = view->state;
    int first = 2, nargs = lua_gettop(L) - 1, out = 0;
    struct lp_member *m =
        size == sizeof *m ? (struct lp_member *)h : NULL;
    if (m != NULL && m->owner != NULL && nargs > 0) {
        struct lp_handle *receiver = lp_to_ref(L, 2);
        if (receiver != NULL && receiver->obj == m->owner &&
            is_colon_call(L, S, m)) {
            first++;
            nargs--;
        }
    }
    if (!view->by_value) {
        got = lp_new_handle_or_jump(L, S, view, sizeof *got, METATABLE);
        out = first + nargs;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *callable = lp_handle_object(h);
    if (LP_UNLIKELY(callable == NULL)) {
        return lp_door_shut(&x, -1, out);
    }
    PyObject *result = lp_call_from_stack(&x, callable, first, nargs, view);
    if (LP_UNLIKELY(result == NULL)) {
        explain_loop(L, callable);
    }
    int n = got != NULL && !view->unpack_tuples
                ? lp_fill_result(&x, result, got)
            : view->unpack_tuples && result != NULL && PyTuple_Check(result)
                ? push_tuple(&x, result, view)
                : lp_push_result(&x, result, view, LP_AS_REF, out);
    lp_give_up(S, callable);
    return lp_door_shut(&x, n, out);
}

/* ---- printing, length ---- */

LP_NOINLINE static int
tostring_body(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct lp_handle *h = lp_to_ref(L, 1);
    if (h != NULL && h->obj == NULL) {
        lua_pushliteral(L, "<closed reference>");
        return 1;
    }
    h = lp_check_ref_or_jump(L, 1);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_handle_object(h), *text = NULL;
    if (obj != NULL) {
        lp_cross_unlock(&x);
        text = PyObject_Str(obj);
        Py_DECREF(obj);
        lp_cross_lock(&x);
    }
    int done = -1;
    if (text != NULL) { /* a string even in views where strings are bytes */
        done = lp_push_value(S, L, text, h->view, LP_AS_KEY);
        Py_DECREF(text);
    }
    return lp_door_shut(&x, done < 0 ? -1 : 1, 0);
}

LP_NOINLINE static int
len_body(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    struct lp_handle *h = lp_check_ref_or_jump(L, 1);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_handle_object(h);
    Py_ssize_t size = -1;
    if (obj != NULL) {
        lp_cross_unlock(&x);
        size = PyObject_Size(obj);
        Py_DECREF(obj);
        lp_cross_lock(&x);
    }
    if (size >= 0) {
        lua_pushinteger(L, (lua_Integer)size);
    }
    return lp_door_shut(&x, size >= 0 ? 1 : -1, 0);
}

/* See lp_door_close. */
#define FUNCTION(name)                                                        \
    static int ref_##name(lua_State *L)                                       \
    {                                                                         \
        return lp_return_or_jump(L, name##_body(L));                          \
    }
FUNCTION(index)
FUNCTION(newindex)
FUNCTION(call)
FUNCTION(tostring)
FUNCTION(len)

static const luaL_Reg metamethods[] = {
    {"__index",    ref_index   },
    {"__newindex", ref_newindex},
    {"__call",     ref_call    },
    {"__tostring", ref_tostring},
    {"__len",      ref_len     },
    {"__pairs",    lp_ref_pairs},
    {NULL,         NULL        },
};

void
lp_py_object_init_or_jump(struct lp_state *S, lua_State *L)
{
    enum { MANY = 32 }; /* fields: room for all of them at once */
    lua_createtable(L, 0, MANY);
    for (const luaL_Reg *m = metamethods; m->name != NULL; m++) {
        lua_pushlightuserdata(L, S);
        lua_pushvalue(L, -2);
        lua_pushcclosure(L, m->func, 2);
        lua_setfield(L, -2, m->name);
    }
    lp_py_operators_set_or_jump(S, L);
    lp_handle_set_gc_or_jump(L, 0);
    lua_pushliteral(L, "py.reference");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable"); /* getmetatable(ref) tells nothing */
    lp_set_slot_or_jump(S, L, LP_SLOT_REF_MT);
}
