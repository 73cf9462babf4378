/* SPDX-License-Identifier: MIT */
#include "object/plain_table.h"

#include <limits.h>

#include "convert/names.h"
#include "convert/to_lua.h"
#include "cross/visit.h"
#include "object/lua_value.h"

static int
may_fit(struct lp_lua_object *self, PyObject *key)
{
    return (PyTypeObject *)Py_TYPE(self) == lp_lua_types[LUA_TTABLE] &&
           (Py_TYPE(key) == &PyUnicode_Type || Py_TYPE(key) == &PyLong_Type);
}

/* What lies on the stack, counted from where the access begins.  Taking out
 * what is not needed would cost more than leaving it. */
enum { REFS = 1, TABLE };

/* [GIL, lock; -0, +2, -] Push the table; 0: it has a metatable. */
static int
push_table(struct lp_lua_object *self, lua_State *L, int top)
{
    lp_push_slot(self->view->state, L, LP_SLOT_REFS);
    lua_rawgeti(L, top + REFS, self->ref);
    return !lua_getmetatable(L, top + TABLE);
}

/* [GIL, lock; -0, +1, -] Push a str; 0: Lua's string for it is not known. */
static int
push_name(struct lp_lua_object *self, lua_State *L, PyObject *key)
{
    return self->view->encoding[0] == '\0' &&
           lp_push_known_name(self->view->state, L, key);
}

/* An int as an index; 0: does not fit. */
static int
index_of(struct lp_lua_object *self, PyObject *key, int *index)
{
    int overflow;
    long long i = PyLong_AsLongLongAndOverflow(key, &overflow);
    if (overflow || i >= INT_MAX || i <= INT_MIN) {
        return 0;
    }
    *index = (int)i + (int)self->view->zero_based;
    return 1;
}

/* [-0, +n, -] Push the field; 0: does not fit. */
static int
push_field(struct lp_lua_object *self, lua_State *L, int top, PyObject *key)
{
    int index;
    if (!push_table(self, L, top)) {
        return 0;
    }
    if (Py_TYPE(key) == &PyUnicode_Type) {
        if (!push_name(self, L, key)) {
            return 0;
        }
        lua_rawget(L, top + TABLE);
        return 1;
    }
    if (!index_of(self, key, &index)) {
        return 0;
    }
    lua_rawgeti(L, top + TABLE, index);
    return 1;
}

int
lp_plain_get(struct lp_lua_object *self, PyObject *key, PyObject **result)
{
    struct lp_visit v;
    struct lp_state *S = self->view->state;
    if (!may_fit(self, key)) {
        return 0;
    }
    if (lp_visit_begin(&v, S) < 0) {
        return -1;
    }
    lua_State *L = v.frame.L;
    int done = 0, top = lua_gettop(L);
    if (push_field(self, L, top, key)) {
        *result = lp_lua_item(S, L, lua_gettop(L), self->view);
        done = *result != NULL ? 1 : -1;
    }
    lua_settop(L, top);
    lp_visit_end(&v);
    return done;
}

/* [-0, +1, -] Push the new value of a field; 0: does not fit. */
static int
push_new(struct lp_lua_object *self, lua_State *L, PyObject *item)
{
    if (item == NULL) {
        lua_pushnil(L);
        return 1;
    }
    return lp_push_scalar(L, self->view->state, item, 0);
}

/* [-0, +n, -] Write to a field that is there: a new one would need memory. */
static int
set_field(struct lp_lua_object *self, lua_State *L, int top, PyObject *key,
          PyObject *item)
{
    int index;
    if (!push_table(self, L, top)) {
        return 0;
    }
    if (Py_TYPE(key) == &PyLong_Type) {
        if (!index_of(self, key, &index)) {
            return 0;
        }
        lua_rawgeti(L, top + TABLE, index);
        if (lua_isnil(L, -1) || !push_new(self, L, item)) {
            return 0;
        }
        lua_rawseti(L, top + TABLE, index);
        return 1;
    }
    if (!push_name(self, L, key)) {
        return 0;
    }
    int name = lua_gettop(L);
    lua_pushvalue(L, name);
    lua_rawget(L, top + TABLE);
    if (lua_isnil(L, -1)) {
        return 0;
    }
    lua_pushvalue(L, name);
    if (!push_new(self, L, item)) {
        return 0;
    }
    lua_rawset(L, top + TABLE);
    return 1;
}

int
lp_plain_set(struct lp_lua_object *self, PyObject *key, PyObject *item)
{
    struct lp_visit v;
    if (!may_fit(self, key)) {
        return 0;
    }
    if (lp_visit_begin(&v, self->view->state) < 0) {
        return -1;
    }
    lua_State *L = v.frame.L;
    int top = lua_gettop(L);
    int done = set_field(self, L, top, key, item);
    lua_settop(L, top);
    lp_visit_end(&v);
    return done;
}
