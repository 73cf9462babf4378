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

/* What lies on the stack, counted from where the access begins; the key is
 * on top.  Taking out what is not needed would cost more than leaving it. */
enum { REFS = 1, TABLE };

/* [GIL, lock; -0, +n, -] Push the table and the key; 0: does not fit. */
static int
push_table_and_key(struct lp_lua_object *self, lua_State *L, int top,
                   PyObject *key)
{
    struct lp_state *S = self->view->state;
    lp_push_slot(S, L, LP_SLOT_REFS);
    lua_rawgeti(L, top + REFS, self->ref);
    if (lua_getmetatable(L, top + TABLE)) {
        return 0;
    }
    if (Py_TYPE(key) == &PyUnicode_Type) {
        return self->view->encoding[0] == '\0' &&
               lp_push_known_name(S, L, key);
    }
    int overflow;
    long long i = PyLong_AsLongLongAndOverflow(key, &overflow);
    if (overflow || i >= INT_MAX || i <= INT_MIN) {
        return 0;
    }
    lua_pushinteger(L, (lua_Integer)i + self->view->zero_based);
    return 1;
}

int
lp_plain_get(struct lp_lua_object *self, PyObject *key, PyObject **result)
{
    struct lp_visit v;
    if (!may_fit(self, key)) {
        return 0;
    }
    if (lp_visit_begin(&v, self->view->state) < 0) {
        return -1;
    }
    lua_State *L = v.frame.L;
    int done = 0, top = lua_gettop(L);
    if (push_table_and_key(self, L, top, key)) {
        lua_rawget(L, top + TABLE);
        *result = lp_lua_item(self->view->state, L, lua_gettop(L), self->view);
        done = *result != NULL ? 1 : -1;
    }
    lua_settop(L, top);
    lp_visit_end(&v);
    return done;
}

/* Is there a field for the key on top?  A new one would need memory. */
static int
is_there(lua_State *L, int table)
{
    lua_pushvalue(L, -1);
    lua_rawget(L, table);
    int there = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return there;
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
    int done = 0, top = lua_gettop(L);
    if (push_table_and_key(self, L, top, key) && is_there(L, top + TABLE)) {
        if (item == NULL) {
            lua_pushnil(L);
            done = 1;
        }
        else {
            done = lp_push_scalar(L, self->view->state, item, 0);
        }
        if (done) {
            lua_rawset(L, top + TABLE);
        }
    }
    lua_settop(L, top);
    lp_visit_end(&v);
    return done;
}
