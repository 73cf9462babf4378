/* SPDX-License-Identifier: MIT */
/* Scalars, plain text, and the ways in; see lua_walk.h for the rest. */
#include "convert/to_lua.h"

#include "base/py_layout.h"
#include "convert/lua_walk.h"
#include "cross/error.h"
#include "cross/protect.h"

/* ---- scalars ---- */

int
lp_push_int(lua_State *L, PyObject *obj)
{
    int overflow;
    long long i = PyLong_AsLongLongAndOverflow(obj, &overflow);
    if (overflow) {
        return 0;
    }
#if LP_LUA53_UP
    lua_pushinteger(L, i);
#else
    if (i > LP_MAX_EXACT || i < -LP_MAX_EXACT) {
        return 0;
    }
    lua_pushnumber(L, (lua_Number)i);
#endif
    return 1;
}

int
lp_push_scalar(lua_State *L, struct lp_state *S, PyObject *obj, int flags)
{
    PyTypeObject *type = Py_TYPE(obj);
    if (type == &PyFloat_Type) {
        lua_pushnumber(L, lp_float_value(obj));
        return 1;
    }
    if (type == &PyLong_Type) {
        return lp_push_int(L, obj);
    }
    if (obj == Py_None) {
        if (flags & LP_KEEP_NONE) {
            lp_push_slot(S, L, LP_SLOT_NONE);
        }
        else {
            lua_pushnil(L);
        }
        return 1;
    }
    if (type == &PyBool_Type) {
        lua_pushboolean(L, obj == Py_True);
        return 1;
    }
    return 0;
}

/* ---- whole values ---- */

/* Text alone needs no walk: one string, pushed in a protected call as short
 * as can be. */
struct text {
    const char *utf8;
    size_t size;
};

static int
push_text_body(lua_State *L)
{
    struct text *text = lua_touserdata(L, 1);
    lua_pushlstring(L, text->utf8, text->size);
    return 1;
}

static int
push_text(struct lp_state *S, lua_State *L, const char *utf8, Py_ssize_t size)
{
    struct text text = {utf8, (size_t)size};
    lp_push_slot(S, L, LP_SLOT_TEXT);
    lua_pushlightuserdata(L, &text);
    int status = lua_pcall(L, 1, 1, 0);
    if (LP_UNLIKELY(status != LUA_OK)) {
        lp_error_from_lua(S, L, status, NULL);
        return -1;
    }
    return 0;
}

const char *
lp_plain_text(PyObject *obj, struct lp_view *view, Py_ssize_t *size)
{
    if (Py_TYPE(obj) != &PyUnicode_Type || view->encoding[0] != '\0' ||
        (view->python_first && view->strings_bytes)) {
        return NULL;
    }
    const char *utf8 = PyUnicode_AsUTF8AndSize(obj, size);
    if (utf8 == NULL) {
        PyErr_Clear();
    }
    return utf8;
}

int
lp_push_no_scalar(struct lp_state *S, lua_State *L, PyObject *obj,
                  struct lp_view *view, int flags)
{
    Py_ssize_t size;
    const char *utf8 = lp_plain_text(obj, view, &size);
    if (utf8 != NULL) {
        return push_text(S, L, utf8, size);
    }
    if (view->python_first && !(flags & LP_DEEP)) {
        flags |= LP_SHALLOW;
    }
    struct lp_lua_walk w = {.view = view, .root = obj, .flags = flags};
    int result = lp_protect(S, L, lp_walk_body, &w, 0, 1);
    lp_walk_free(&w);
    return result;
}

int
lp_push_value(struct lp_state *S, lua_State *L, PyObject *obj,
              struct lp_view *view, int flags)
{
    return lp_push_scalar(L, S, obj, flags)
               ? 0
               : lp_push_no_scalar(S, L, obj, view, flags);
}

struct items {
    struct lp_view *view;
    PyObject *list; /* borrowed from the caller */
};

static int
items_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct items *items = ctx;
    int n = (int)PyList_Size(items->list);
    lua_settop(L, 0);
    luaL_checkstack(L, n + 16, "lua-py: too many items");
    for (int i = 0; i < n; i++) {
        PyObject *item = PyList_GetItem(items->list, i);
        if (item == NULL || lp_push_value(S, L, item, items->view, 0) < 0) {
            return -1;
        }
    }
    return n;
}

int
lp_push_items(struct lp_state *S, lua_State *L, PyObject *list,
              struct lp_view *view)
{
    struct items items = {view, list};
    int top = lua_gettop(L);
    if (lp_protect(S, L, items_body, &items, 0, LUA_MULTRET) < 0) {
        return -1;
    }
    return lua_gettop(L) - top;
}

void
lp_to_lua_init_or_jump(struct lp_state *S, lua_State *L)
{
    lua_pushcfunction(L, push_text_body);
    lp_set_slot_or_jump(S, L, LP_SLOT_TEXT);
}
