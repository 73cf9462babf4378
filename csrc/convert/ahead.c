/* SPDX-License-Identifier: MIT */
#include "convert/ahead.h"

#include <string.h>

#include "base/py_layout.h"
#include "convert/to_lua.h"

/* Kinds above the largest size of a text. */
enum { NUMBER = 64, INTEGER, BOOLEAN };

enum { MOST = sizeof((struct lp_iteration *)0)->ready / sizeof(struct lp_ready) };

/* Is what was seen when the items were fetched still so? */
static int
undisturbed(const struct lp_iteration *loop)
{
    return loop->epoch == loop->h.view->state->epoch;
}

/* No lock is needed to look whether the newest thread is the same: one that
 * comes a moment later might as well have come after this step. */
static int
is_newest(const struct lp_iteration *loop)
{
    return lp_py.thread_head(loop->interpreter) == loop->newest;
}

static void
set_amount(struct lp_iteration *loop)
{
    if (!undisturbed(loop)) {
        loop->amount = 1;
    }
    else if (loop->amount < MOST) {
        loop->amount *= 2;
    }
    loop->at = loop->n = 0;
}

int
lp_ahead_pop_or_jump(lua_State *L, struct lp_iteration *loop)
{
    if (loop->at == loop->n || !undisturbed(loop) || loop->h.obj == NULL ||
        !lp_python_alive || !is_newest(loop)) {
        set_amount(loop);
        return 0;
    }
    const struct lp_ready *item = &loop->ready[loop->at];
    switch (item->kind) {
    case NUMBER:
        lua_pushnumber(L, item->as.number);
        break;
    case INTEGER:
        lua_pushinteger(L, (lua_Integer)item->as.integer);
        break;
    case BOOLEAN:
        lua_pushboolean(L, item->as.integer != 0);
        break;
    default:
        lua_pushlstring(L, item->as.text, item->kind);
    }
    loop->at++;
    /* Without the GIL: there is nobody else who could use it. */
    ((struct lp_iterator_layout *)loop->h.obj)->index++;
    return 1;
}

/* [GIL] Note the only thread that Python knows; 0 if there are others. */
static int
is_alone(struct lp_iteration *loop)
{
    if (lp_py.thread_head == NULL || lp_py.thread_next == NULL) {
        return 0;
    }
    loop->interpreter = PyInterpreterState_Get();
    loop->newest = PyThreadState_Get();
    return lp_py.thread_head(loop->interpreter) == loop->newest &&
           lp_py.thread_next(loop->newest) == NULL;
}

/* [GIL] Convert one item, as lp_push_value would: 1, or 0 for what is no
 * number, boolean or short text. */
static int
take(struct lp_ready *to, PyObject *item, struct lp_view *view)
{
    PyTypeObject *type = Py_TYPE(item);
    Py_ssize_t size;
    const char *text;
    if (type == &PyFloat_Type) {
        to->as.number = lp_float_value(item);
        to->kind = NUMBER;
        return 1;
    }
    if (type == &PyLong_Type) {
        int overflow;
        long long i = PyLong_AsLongLongAndOverflow(item, &overflow);
#if LP_LUA53_UP
        to->as.integer = i;
        to->kind = INTEGER;
        return !overflow;
#else
        to->as.number = (double)i;
        to->kind = NUMBER;
        return !overflow && i <= LP_MAX_EXACT && i >= -LP_MAX_EXACT;
#endif
    }
    if (type == &PyBool_Type) {
        to->as.integer = item == Py_True;
        to->kind = BOOLEAN;
        return 1;
    }
    text = lp_plain_text(item, view, &size);
    if (text == NULL || size > (Py_ssize_t)sizeof to->as.text) {
        return 0;
    }
    memcpy(to->as.text, text, (size_t)size);
    to->kind = (uint8_t)size;
    return 1;
}

void
lp_ahead_fetch(struct lp_iteration *loop)
{
    PyObject *iterator = loop->h.obj;
    if (loop->amount == 1 || iterator == NULL || !lp_layout_known()) {
        loop->epoch = loop->h.view->state->epoch;
        return;
    }
    int is_list = Py_TYPE(iterator) == &PyListIter_Type;
    if (!is_list && Py_TYPE(iterator) != &PyTupleIter_Type) {
        return;
    }
    const struct lp_iterator_layout *it = (void *)iterator;
    if (it->sequence == NULL || !is_alone(loop)) {
        return;
    }
    PyObject *const *items = lp_items(it->sequence, is_list);
    Py_ssize_t left = Py_SIZE(it->sequence) - it->index;
    while (loop->n < loop->amount - 1 && loop->n < left &&
           take(&loop->ready[loop->n], items[it->index + loop->n],
                loop->h.view)) {
        loop->n++;
    }
    loop->epoch = loop->h.view->state->epoch;
}
