/* SPDX-License-Identifier: MIT */
/* Nothing here may hand a Python object to Lua that Lua does not have yet:
 * debug.getupvalue shows the upvalues of these functions even to code that
 * register_eval=False shall keep out. */
#include "object/python_table.h"

#include <limits.h>

#include "convert/iterator.h"
#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "object/door.h"

/* Positions that a table gets room for in advance: a lone high one is an error,
 * not a reason to take much memory. */
enum { FEW_ITEMS = 256 };

#define STATE(L) ((struct lp_state *)lua_touserdata(L, lua_upvalueindex(1)))
#define VIEW(L)  ((struct lp_view *)lua_touserdata(L, lua_upvalueindex(2)))

/* ---- protocols ---- */

/* [1: value] -> a reference to it with a protocol of its own */
static int
with_protocol(lua_State *L, enum lp_protocol protocol)
{
    struct lp_state *S = STATE(L);
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    struct lp_member *out = lp_new_member_or_jump(L, S, VIEW(L));
    lp_remember_ref_or_jump(L, S, out);
    out->protocol = protocol;
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    out->h.obj = lp_to_python(S, L, 1, VIEW(L));
    if (out->h.obj == NULL) {
        return lp_door_close(&x, -1, 2);
    }
    S->n_refs++;
    return lp_door_close(&x, 1, 2);
}

static int
as_attrgetter(lua_State *L)
{
    return with_protocol(L, LP_ATTRIBUTES);
}

static int
as_itemgetter(lua_State *L)
{
    return with_protocol(L, LP_ITEMS);
}

static int
forward(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* as_function(callable) -> a Lua function that calls it */
static int
as_function(lua_State *L)
{
    lp_check_ref_or_jump(L, 1);
    lua_settop(L, 1);
    lua_pushcclosure(L, forward, 1);
    return 1;
}

/* ---- iteration ---- */

enum mode { ITEMS, UNPACKED, NUMBERED };

/* [GIL, lock; +n] Push one item; None becomes python.none where nil would end
 * the loop, that is as the first value. */
static int
push_item(struct lp_cross *x, LP_STEALS PyObject *item, struct lp_view *view,
          enum mode mode)
{
    struct lp_state *S = x->frame.S;
    lua_State *L = x->frame.L;
    int n = -1;
    if ((mode == UNPACKED || view->unpack_tuples) && PyTuple_Check(item)) {
        PyObject *list = PySequence_List(item);
        if (list != NULL) {
            int first = lua_gettop(L) + 1;
            n = lp_push_items(S, L, list, view);
            if (n > 0 && mode != NUMBERED && lua_isnil(L, first)) {
                lp_push_slot(S, L, LP_SLOT_NONE);
                lua_replace(L, first);
            }
            lp_queue_decref(S, list);
        }
    }
    else if (lp_push_value(S, L, item, view,
                           mode == NUMBERED ? 0 : LP_KEEP_NONE) == 0) {
        n = 1;
    }
    lp_queue_decref(S, item);
    return n;
}

/* [1: iterator, 2: number of the item before] -> the next item.  The same
 * function serves all loops of a kind: LuaJIT's traces hold the functions that
 * they call. */
static int
next_item(lua_State *L, enum mode mode)
{
    struct lp_iteration *ahead;
    struct lp_handle *it = lp_check_iterator_or_jump(L, "python.iter", &ahead);
    struct lp_view *view = it->view;
    struct lp_state *S = view->state;
    lua_Integer number = mode == NUMBERED ? luaL_checkinteger(L, 2) + 1 : 0;
    lua_settop(L, 1);
    if (it->obj == NULL) {
        lua_pushnil(L);
        return 1;
    }
    int n = 0;
    if (mode == NUMBERED) {
        ahead = NULL;
        lua_pushinteger(L, number);
        n = 1;
    }
    else if (ahead != NULL && lp_ahead_pop_or_jump(L, ahead)) {
        return 1;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *item = lp_iterator_next(&x, it, ahead, "python.iter");
    if (item == NULL && !PyErr_Occurred()) {
        lua_pushnil(L);
        return lp_door_close(&x, 1, 0);
    }
    int more = item != NULL ? push_item(&x, item, view, mode) : -1;
    return lp_door_close(&x, more < 0 ? -1 : n + more, 0);
}

#define NEXT(name, mode)                                                      \
    static int name(lua_State *L)                                             \
    {                                                                         \
        return next_item(L, mode);                                            \
    }
NEXT(next_of_iter, ITEMS)
NEXT(next_of_iterex, UNPACKED)
NEXT(next_of_enumerate, NUMBERED)

/* [1: object] -> next function, iterator; upvalue 3: the function */
static int
python_iter(lua_State *L)
{
    struct lp_state *S = STATE(L);
    struct lp_view *view = VIEW(L);
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(3));
    struct lp_handle *it = lp_new_iterator_or_jump(L, S, view, 1);
    lp_remember_ref_or_jump(L, S, it);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    int opened = lp_iterator_open(&x, it, lp_to_python(S, L, 1, view),
                                  PyObject_GetIter);
    return lp_door_close(&x, opened < 0 ? -1 : 2, 0);
}

/* [1: object, 2: first number] -> next function, iterator, number before */
static int
python_enumerate(lua_State *L)
{
    lua_Integer start = luaL_optinteger(L, 2, 0);
    int n = python_iter(L);
    lua_pushinteger(L, start - 1);
    return n + 1;
}

/* [table on top; -0, +0, m] */
static void
set_iterators_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    static const struct {
        const char *name;
        lua_CFunction function, next;
    } rows[] = {
        {"iter",      python_iter,      next_of_iter     },
        {"iterex",    python_iter,      next_of_iterex   },
        {"enumerate", python_enumerate, next_of_enumerate},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lua_pushlightuserdata(L, S);
        lua_pushlightuserdata(L, view);
        lua_pushcfunction(L, rows[i].next);
        lua_pushcclosure(L, rows[i].function, 3);
        lua_setfield(L, -2, rows[i].name);
    }
}

/* ---- the rest ---- */

/* set_overflow_handler(nil, a Lua function or a Python callable) */
static int
set_overflow_handler(lua_State *L)
{
    struct lp_state *S = STATE(L);
    struct lp_view *view = VIEW(L);
    lua_settop(L, 1);
    if (!lua_isnil(L, 1) && !lua_isfunction(L, 1) &&
        lp_to_ref(L, 1) == NULL) {
        return luaL_error(L, "set_overflow_handler: a function or nil "
                             "expected, got %s",
                          luaL_typename(L, 1));
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *handler = lp_to_python(S, L, 1, view);
    if (handler != NULL && handler != Py_None && !PyCallable_Check(handler)) {
        PyErr_SetString(PyExc_ValueError, "an overflow handler must be "
                                          "callable");
        lp_queue_decref(S, handler);
        handler = NULL;
    }
    if (handler == NULL) {
        return lp_door_close(&x, -1, 0);
    }
    PyObject *old = view->overflow;
    view->overflow = handler != Py_None ? handler : NULL;
    if (handler == Py_None) {
        Py_DECREF(handler);
    }
    if (old != NULL) {
        lp_queue_decref(S, old);
    }
    return lp_door_close(&x, 0, 0);
}

/* [1: table] Check the keys: the highest position, and the names into the
 * table at index 2. */
static int
take_names_or_jump(lua_State *L)
{
    lua_Number highest = 0;
    lua_pushnil(L);
    while (lua_next(L, 1) != 0) {
        lua_Number i = lua_tonumber(L, -2);
        int type = lua_type(L, -2);
        if (type == LUA_TNUMBER && i >= 1 && i <= INT_MAX &&
            i == (lua_Number)(int)i) {
            highest = i > highest ? i : highest;
            lua_pop(L, 1);
        }
        else if (type == LUA_TSTRING) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, 2);
        }
        else {
            lua_pushvalue(L, -2);
            luaL_error(L, "python.args: a key is no name and no position: %s",
                       type == LUA_TNUMBER ? lua_tostring(L, -1)
                                           : luaL_typename(L, -1));
        }
    }
    return (int)highest;
}

/* python.args{1, 2, name = 3} in a call stands for (1, 2, name=3): a table
 * {names, list} with the metatable of py.kwargs. */
static int
python_args(lua_State *L)
{
    enum { TABLE = 1, NAMES, LIST, PACKED };
    if (!lua_istable(L, TABLE)) {
        return luaL_error(L,
                          "bad argument #1 to 'args' (table expected, got %s)",
                          luaL_typename(L, TABLE));
    }
    lua_settop(L, TABLE);
    lua_newtable(L);
    int count = take_names_or_jump(L);
    lua_createtable(L, count < FEW_ITEMS ? count : 0, 0);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, TABLE, i);
        if (lua_isnil(L, -1)) {
            return luaL_error(L, "python.args: argument %d is missing", i);
        }
        lua_rawseti(L, LIST, i);
    }
    lua_createtable(L, 2, 0);
    lua_pushvalue(L, NAMES);
    lua_rawseti(L, PACKED, 1);
    lua_pushvalue(L, LIST);
    lua_rawseti(L, PACKED, 2);
    lp_push_slot(STATE(L), L, LP_SLOT_KWARGS);
    lua_getmetatable(L, -1);
    lua_setmetatable(L, PACKED);
    lua_settop(L, PACKED);
    return 1;
}

static const luaL_Reg functions[] = {
    {"args",                 python_args         },
    {"as_attrgetter",        as_attrgetter       },
    {"as_itemgetter",        as_itemgetter       },
    {"as_function",          as_function         },
    {"set_overflow_handler", set_overflow_handler},
    {NULL,                   NULL                },
};

/* [table on top; -0, +0, m] */
static void
set_object_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view,
                   const char *name, PyObject *obj)
{
    if (obj != NULL) {
        lp_push_ref_or_jump(L, S, view, obj);
        lua_setfield(L, -2, name);
    }
}

void
lp_python_table_push_or_jump(lua_State *L, struct lp_state *S,
                             struct lp_view *view,
                             const struct lp_python_objects *objects)
{
    enum { N_FUNCTIONS = sizeof functions / sizeof *functions, N_OTHERS = 7 };
    lua_createtable(L, 0, N_FUNCTIONS + N_OTHERS);
    for (const luaL_Reg *f = functions; f->name != NULL; f++) {
        lua_pushlightuserdata(L, S);
        lua_pushlightuserdata(L, view);
        lua_pushcclosure(L, f->func, 2);
        lua_setfield(L, -2, f->name);
    }
    set_iterators_or_jump(L, S, view);
    lp_push_slot(S, L, LP_SLOT_NONE);
    lua_setfield(L, -2, "none");
    set_object_or_jump(L, S, view, "eval", objects->eval);
    set_object_or_jump(L, S, view, "exec", objects->exec);
    set_object_or_jump(L, S, view, "builtins", objects->builtins);
}
