/* SPDX-License-Identifier: MIT */
/* Iteration over a Lua table from Python.
 *
 * A step that goes to Lua costs a visit and a protected call, since `next`
 * raises an error when the table has changed.  But as long as nobody takes
 * the state's lock (S->epoch tells) no table of it can change: so a step
 * fetches some items ahead, more of them the longer a loop leaves Lua alone.
 * What is ready when the lock has been taken is thrown away, and the loop
 * goes on after the key that it was given last. */
#include "object/table_iter.h"

#include <math.h>
#include <string.h>

#include "convert/to_python.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "object/lua_value.h"

/* The place of an iteration is a Lua table of its own: {function, table, key,
 * keys of the items that are ready...}.  `function` is false for Lua's plain
 * `next`, which needs no call; else what __pairs gave.  Keys of ready items
 * that are numbers lie in `keys`, which costs less. */
enum { FUNCTION = 1, TABLE = 2, KEY = 3 };

enum { MOST = 32 }; /* items of one visit */

struct table_iter {
    PyObject_HEAD
    struct lp_lua_object *table; /* owned; NULL once it has ended */
    int cursor;                  /* anchor in LP_SLOT_REFS */
    uint8_t what;                /* enum lp_iter_what */
    uint8_t amount;              /* items that the next visit fetches */
    uint8_t at, n;               /* ready: the items from `at` to `n` */
    size_t epoch;                /* of the state when they were fetched */
    PyObject *ready[MOST];       /* owned */
    lua_Number keys[MOST];       /* a NaN, which is no key: see the table */
};

static PyTypeObject *iter_type;

/* [2: table] -> the cursor, anchored */
static int
begin_body(lua_State *L, struct lp_state *S, void *ctx)
{
    int *cursor = ctx;
    enum { VALUE = 2, CURSOR = 3 };
    lua_settop(L, VALUE);
    lua_createtable(L, KEY, 0);
#if !LP_LUA51
    if (luaL_getmetafield(L, VALUE, "__pairs")) {
        lua_pushvalue(L, VALUE);
        lp_lua_runs();
        lua_call(L, 1, 3);
        lp_lua_ran();
        lua_rawseti(L, CURSOR, KEY);
        lua_rawseti(L, CURSOR, TABLE);
        lua_rawseti(L, CURSOR, FUNCTION);
        *cursor = lp_ref_or_jump(S, L);
        return 0;
    }
#endif
    lua_pushboolean(L, 0);
    lua_rawseti(L, CURSOR, FUNCTION);
    lua_pushvalue(L, VALUE);
    lua_rawseti(L, CURSOR, TABLE);
    *cursor = lp_ref_or_jump(S, L);
    return 0;
}

PyObject *
lp_table_iter_new(PyObject *obj, enum lp_iter_what what)
{
    struct lp_lua_object *table = (struct lp_lua_object *)obj;
    struct lp_state *S = table->view->state;
    struct lp_visit v;
    int cursor;
    if (lp_visit_begin(&v, S) < 0) {
        return NULL;
    }
    lp_push_ref(S, v.frame.L, table->ref);
    int done = lp_protect_code(S, v.frame.L, begin_body, &cursor, 1, 0);
    lp_visit_end(&v);
    if (done < 0) {
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(iter_type, Py_tp_alloc);
    struct table_iter *it = (struct table_iter *)alloc(iter_type, 0);
    if (it == NULL) {
        lp_queue_unref(S, cursor);
        return NULL;
    }
    Py_INCREF(obj);
    it->table = table;
    it->cursor = cursor;
    it->what = (uint8_t)what;
    it->amount = 1;
    it->at = it->n = 0;
    it->epoch = 0;
    return (PyObject *)it;
}

/* ---- items ---- */

static PyObject *
key_at(struct lp_state *S, lua_State *L, int index, struct lp_view *view)
{
    PyObject *key = lp_lua_item(S, L, index, view);
    if (!view->zero_based || key == NULL || Py_TYPE(key) != &PyLong_Type) {
        return key;
    }
    long long i = PyLong_AsLongLong(key);
    Py_DECREF(key);
    return PyLong_FromLongLong((long long)((unsigned long long)i - 1));
}

/* One visit.  Code that runs in it may end the iterator, by a step of its own:
 * what is needed of that is here. */
struct step {
    struct table_iter *it;
    struct lp_view *view;
    PyObject *item; /* owned; NULL: the end */
    PyObject *ready[MOST]; /* owned: those after it */
    int n_ready;
};

/* The item for the key and value on top of the stack. */
static PyObject *
item_on_top(struct lp_state *S, lua_State *L, const struct step *step)
{
    struct lp_view *view = step->view;
    uint8_t what = step->it->what;
    int value_at = lua_gettop(L);
    if (what == LP_VALUES) {
        return lp_lua_item(S, L, value_at, view);
    }
    PyObject *key = key_at(S, L, value_at - 1, view);
    if (what == LP_KEYS || key == NULL) {
        return key;
    }
    PyObject *value = lp_lua_item(S, L, value_at, view);
    PyObject *item = value != NULL ? PyTuple_Pack(2, key, value) : NULL;
    Py_DECREF(key);
    Py_XDECREF(value);
    return item;
}

/* [GIL, lock, inside lp_protect; -0, +0] A key or value that is met ahead of
 * its turn, if converting it runs no Python code: nobody sees when that is
 * done.  NULL without an error if it does, or if it fails; it is met again
 * when its turn has come. */
static PyObject *
quiet_value(struct lp_state *S, lua_State *L, int index, struct lp_view *view)
{
    PyObject *value = NULL;
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        value = lp_number_to_python(L, index, view);
        break;
    case LUA_TBOOLEAN:
        value = lp_to_python(S, L, index, view);
        break;
    case LUA_TSTRING:
        if (view->encoding[0] == '\0') {
            value = lp_to_python(S, L, index, view);
        }
        break;
    case LUA_TTABLE:
        if (!view->has_converters) {
            value = lp_wrap_lua(S, L, index, view);
        }
        break;
    default:
        return NULL;
    }
    if (value == NULL) {
        PyErr_Clear();
    }
    return value;
}

/* The same for the item of a key and the value above it. */
static PyObject *
quiet_item(struct lp_state *S, lua_State *L, int key_index,
           const struct step *step)
{
    struct lp_view *view = step->view;
    uint8_t what = step->it->what;
    if (what != LP_ITEMS) {
        return quiet_value(S, L, key_index + (what == LP_VALUES), view);
    }
    PyObject *key = quiet_value(S, L, key_index, view), *item = NULL;
    PyObject *value =
        key != NULL ? quiet_value(S, L, key_index + 1, view) : NULL;
    if (value != NULL && (item = PyTuple_Pack(2, key, value)) == NULL) {
        PyErr_Clear();
    }
    Py_XDECREF(key);
    Py_XDECREF(value);
    return item;
}

/* ---- steps ---- */

enum { CURSOR = 2 }; /* stack of the bodies */

/* [-0, +0, m] Keep the key of the ready item `i`, counted from 1. */
static void
keep_key_or_jump(lua_State *L, struct table_iter *it, int i, int key_index)
{
#if LP_LUA53_UP
    if (lua_isinteger(L, key_index)) {
        lua_Integer key = lua_tointeger(L, key_index);
        it->keys[i] = (lua_Number)key;
        if (key < LP_MAX_EXACT && key > -LP_MAX_EXACT) {
            return;
        }
    }
#else
    if (lua_type(L, key_index) == LUA_TNUMBER) {
        it->keys[i] = lua_tonumber(L, key_index);
        return;
    }
#endif
    it->keys[i] = NAN;
    lua_pushvalue(L, key_index);
    lua_rawseti(L, CURSOR, KEY + i);
}

/* [-0, +1, -] Push the key that the item of number `at` came with. */
static void
push_key(lua_State *L, struct table_iter *it, int at)
{
    lua_Number key = at > 0 ? it->keys[at] : NAN;
    if (isnan(key)) {
        lua_rawgeti(L, CURSOR, KEY + at);
        return;
    }
#if LP_LUA53_UP
    lua_pushinteger(L, (lua_Integer)key);
#else
    lua_pushnumber(L, key);
#endif
}

/* [+0] Call what __pairs gave; one item. */
static int
call_body(lua_State *L, struct lp_state *S, struct step *step)
{
    lua_rawgeti(L, CURSOR, FUNCTION);
    lua_rawgeti(L, CURSOR, TABLE);
    lua_rawgeti(L, CURSOR, KEY);
    lp_lua_runs();
    lua_call(L, 2, 2);
    lp_lua_ran();
    if (lua_isnil(L, -2)) {
        return 0;
    }
    lua_pushvalue(L, -2);
    lua_rawseti(L, CURSOR, KEY);
    step->item = item_on_top(S, L, step);
    return step->item != NULL ? 0 : -1;
}

static int
next_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct step *step = ctx;
    struct table_iter *it = step->it;
    enum { FUNCTION_AT = CURSOR + 1, TABLE_AT, KEY_AT, VALUE_AT };
    lua_rawgeti(L, CURSOR, FUNCTION);
    if (lua_toboolean(L, FUNCTION_AT)) {
        lua_pop(L, 1);
        return call_body(L, S, step);
    }
    lua_rawgeti(L, CURSOR, TABLE);
    push_key(L, it, it->at);
    lua_pushvalue(L, KEY_AT);
    lua_rawseti(L, CURSOR, KEY);
    it->at = it->n = 0;
    if (!lua_next(L, TABLE_AT)) {
        return 0;
    }
    lua_pushvalue(L, KEY_AT);
    lua_rawseti(L, CURSOR, KEY);
    int amount = it->amount;
    step->item = item_on_top(S, L, step);
    if (step->item == NULL) {
        return -1;
    }
    lua_settop(L, KEY_AT);
    while (step->n_ready < amount - 1 && lua_next(L, TABLE_AT)) {
        PyObject *item = quiet_item(S, L, KEY_AT, step);
        if (item == NULL) {
            break;
        }
        step->ready[step->n_ready++] = item;
        lua_pop(L, 1);
        keep_key_or_jump(L, it, step->n_ready, KEY_AT);
    }
    return 0;
}

static void
drop(PyObject **items, int n)
{
    for (int i = 0; i < n; i++) {
        Py_DECREF(items[i]);
    }
}

/* Take what is ready out of the iterator, into `items`: their number.  To drop
 * them may run callbacks of weak references, which may use the iterator. */
static int
take_ready(struct table_iter *it, PyObject **items)
{
    int n = it->n - it->at;
    memcpy(items, it->ready + it->at, (size_t)n * sizeof *items);
    it->n = it->at;
    return n;
}

static void
end_iter(struct table_iter *it)
{
    struct lp_lua_object *table = it->table;
    PyObject *items[MOST];
    it->table = NULL;
    if (table != NULL) {
        lp_queue_unref(table->view->state, it->cursor);
        drop(items, take_ready(it, items));
        Py_DECREF(table);
    }
}

/* One visit: an item, or NULL at the end or with a Python error. */
static PyObject *
enter(struct table_iter *it, struct lp_state *S)
{
    struct step step = {.it = it};
    PyObject *stale[MOST]; /* fetched before Lua ran, perhaps by another */
    struct lp_visit v;
    if (lp_visit_begin(&v, S) < 0) {
        return NULL;
    }
    if (it->table == NULL) { /* another thread ended it meanwhile */
        lp_visit_end(&v);
        return NULL;
    }
    if (!v.locked_here) { /* Lua may go on without taking the lock again */
        it->amount = 1;
    }
    step.view = it->table->view;
    size_t epoch = S->epoch;
    int n_stale = take_ready(it, stale);
    lp_push_ref(S, v.frame.L, it->cursor);
    int done = lp_protect_code(S, v.frame.L, next_body, &step, 1, 0);
    int undisturbed = S->epoch == epoch && it->table != NULL;
    if (undisturbed && done == 0) {
        memcpy(it->ready, step.ready, (size_t)step.n_ready * sizeof *it->ready);
        it->n = (uint8_t)step.n_ready;
        it->epoch = epoch;
    }
    lp_visit_end(&v);
    drop(stale, n_stale);
    if (!undisturbed || done < 0) {
        drop(step.ready, step.n_ready);
    }
    if (done < 0 && step.item != NULL) {
        PyErr_Clear(); /* no memory for what lies ahead */
    }
    if (done == 0 && step.item == NULL) {
        end_iter(it);
    }
    return step.item;
}

static PyObject *
iter_next(PyObject *self)
{
    struct table_iter *it = (struct table_iter *)self;
    struct lp_lua_object *table = it->table;
    if (table == NULL) {
        return NULL;
    }
    int undisturbed = it->epoch == table->view->state->epoch &&
                      !table->view->zero_based; /* quiet_item knows it not */
    if (undisturbed && it->at < it->n) {
        return it->ready[it->at++];
    }
    if (!undisturbed) {
        it->amount = 1;
    }
    else if (it->amount < MOST) {
        it->amount *= 2;
    }
    Py_INCREF(table);
    PyObject *item = enter(it, table->view->state);
    Py_DECREF(table);
    return item;
}

static PyObject *
iter_self(PyObject *self)
{
    Py_INCREF(self);
    return self;
}

/* What is ready may lead back to the loop's variables: through a table whose
 * state lives as long as they do. */
static int
iter_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct table_iter *it = (struct table_iter *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(it->table);
    for (int i = it->at; i < it->n; i++) {
        Py_VISIT(it->ready[i]);
    }
    return 0;
}

static int
iter_clear(PyObject *self)
{
    end_iter((struct table_iter *)self);
    return 0;
}

static void
iter_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject *exc_type, *value, *traceback;
    PyObject_GC_UnTrack(self);
    PyErr_Fetch(&exc_type, &value, &traceback);
    end_iter((struct table_iter *)self);
    PyErr_Restore(exc_type, value, traceback);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyType_Slot iter_slots[] = {
    {Py_tp_iter, iter_self},
    {Py_tp_iternext, iter_next},
    {Py_tp_dealloc, iter_dealloc},
    {Py_tp_traverse, iter_traverse},
    {Py_tp_clear, iter_clear},
    {0, NULL},
};

static PyType_Spec iter_spec = {
    .name = "pyhelper.LuaTableIterator",
    .basicsize = sizeof(struct table_iter),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = iter_slots,
};

int
lp_table_iter_init_python(void)
{
    if (iter_type == NULL) {
        iter_type = (PyTypeObject *)PyType_FromSpec(&iter_spec);
    }
    return iter_type != NULL ? 0 : -1;
}
