/* SPDX-License-Identifier: MIT */
/* The operators of references: one row each. */
#include "object/py_operators.h"

#include "convert/to_python.h"
#include "object/door.h"

static PyObject *
power(PyObject *a, PyObject *b)
{
    return PyNumber_Power(a, b, Py_None);
}

/* Lua's `..` joins, which Python writes `+`; a string and something else
 * join as texts, as numbers and strings do in Lua. */
static PyObject *
concat(PyObject *a, PyObject *b)
{
    PyObject *sum = PyNumber_Add(a, b);
    if (sum != NULL || PyUnicode_Check(a) == PyUnicode_Check(b) ||
        !PyErr_ExceptionMatches(PyExc_TypeError)) {
        return sum;
    }
    PyErr_Clear();
    PyObject *left = PyObject_Str(a);
    PyObject *right = left != NULL ? PyObject_Str(b) : NULL;
    PyObject *text = right != NULL ? PyUnicode_Concat(left, right) : NULL;
    Py_XDECREF(left);
    Py_XDECREF(right);
    return text;
}

/* The metamethods' upvalues: the state and the metatable itself. */
#define METATABLE lua_upvalueindex(2)

/* The operands of a binary operation; NULL: no reference. */
struct operands {
    struct lp_handle *left, *right;
    struct lp_view *view; /* that of the first reference */
};

static struct operands
find_operands(lua_State *L)
{
    struct operands o = {lp_to_ref(L, 1), lp_to_ref(L, 2), NULL};
    if (LP_LIKELY(o.left != NULL)) {
        o.view = o.left->view;
    }
    else if (o.right != NULL) {
        o.view = o.right->view;
    }
    else { /* called by hand */
        struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
        o.view = S->view;
    }
    if (LP_UNLIKELY(lua_gettop(L) != 2)) {
        lua_settop(L, 2);
    }
    return o;
}

static inline PyObject *
convert_operand(struct lp_cross *x, struct operands *o, int index,
                struct lp_handle *h)
{
    if (h != NULL && h->obj != NULL && !o->view->has_converters) {
        Py_INCREF(h->obj);
        return h->obj;
    }
    return lp_to_python(x->frame.S, x->frame.L, index, o->view);
}

/* [GIL, lock] Convert both operands; 0 or -1 with a Python error. */
static inline int
convert_operands(struct lp_cross *x, struct operands *o, PyObject **a,
                 PyObject **b)
{
    *a = convert_operand(x, o, 1, o->left);
    if (*a == NULL) {
        return -1;
    }
    *b = convert_operand(x, o, 2, o->right);
    if (*b == NULL) {
        Py_CLEAR(*a);
        return -1;
    }
    return 0;
}

LP_NOINLINE static int
binary(lua_State *L, PyObject *(*function)(PyObject *, PyObject *))
{
    struct operands o = find_operands(L);
    struct lp_state *S = o.view->state;
    struct lp_handle *got = NULL;
    int out = 0;
    if (!o.view->by_value) {
        got = lp_new_handle_or_jump(L, S, o.view, sizeof *got, METATABLE);
        out = 3;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *a, *b, *result = NULL;
    if (convert_operands(&x, &o, &a, &b) == 0) {
        lp_cross_unlock(&x);
        result = function(a, b);
        Py_DECREF(a);
        Py_DECREF(b);
        lp_cross_lock(&x);
    }
    int n = got != NULL ? lp_fill_result(&x, result, got)
                        : lp_push_result(&x, result, o.view, LP_AS_REF, 0);
    return lp_door_shut(&x, n, out);
}

LP_NOINLINE static int
unary(lua_State *L, PyObject *(*function)(PyObject *))
{
    struct lp_handle *h = lp_check_ref_or_jump(L, 1), *got = NULL;
    struct lp_view *view = h->view;
    struct lp_state *S = view->state;
    int out = 0;
    lua_settop(L, 1);
    if (!view->by_value) {
        got = lp_new_handle_or_jump(L, S, view, sizeof *got, METATABLE);
        out = 2;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_handle_object(h), *result = NULL;
    if (obj != NULL) {
        lp_cross_unlock(&x);
        result = function(obj);
        Py_DECREF(obj);
        lp_cross_lock(&x);
    }
    int n = got != NULL ? lp_fill_result(&x, result, got)
                        : lp_push_result(&x, result, view, LP_AS_REF, 0);
    return lp_door_shut(&x, n, out);
}

/* Lua makes a boolean of the result of ==, < and <=, so Python's truth value
 * of it is asked here: two arrays are an error that names py.eq and kin. */
LP_NOINLINE static int
compare(lua_State *L, int op)
{
    struct operands o = find_operands(L);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, o.view->state, L);
    PyObject *a, *b;
    int truth = -1;
    if (convert_operands(&x, &o, &a, &b) == 0) {
        lp_cross_unlock(&x);
        PyObject *result = PyObject_RichCompare(a, b, op);
        if (result != NULL) {
            truth = result == Py_True    ? 1
                    : result == Py_False ? 0
                                         : PyObject_IsTrue(result);
            Py_DECREF(result);
        }
        Py_DECREF(a);
        Py_DECREF(b);
        lp_cross_lock(&x);
    }
    if (truth >= 0) {
        lua_pushboolean(L, truth);
    }
    return lp_door_shut(&x, truth >= 0 ? 1 : -1, 0);
}

/* A lua_CFunction (see lp_door_close) and a row for each:
 * X(metamethod, kind, what it does). */
#define OPERATORS(X)                                                          \
    X(add, binary, PyNumber_Add)                                              \
    X(sub, binary, PyNumber_Subtract)                                         \
    X(mul, binary, PyNumber_Multiply)                                         \
    X(div, binary, PyNumber_TrueDivide)                                       \
    X(mod, binary, PyNumber_Remainder)                                        \
    X(pow, binary, power)                                                     \
    X(idiv, binary, PyNumber_FloorDivide)                                     \
    X(band, binary, PyNumber_And)                                             \
    X(bor, binary, PyNumber_Or)                                               \
    X(bxor, binary, PyNumber_Xor)                                             \
    X(shl, binary, PyNumber_Lshift)                                           \
    X(shr, binary, PyNumber_Rshift)                                           \
    X(concat, binary, concat)                                                 \
    X(unm, unary, PyNumber_Negative)                                          \
    X(bnot, unary, PyNumber_Invert)                                           \
    X(eq, compare, Py_EQ)                                                     \
    X(lt, compare, Py_LT)                                                     \
    X(le, compare, Py_LE)

#define FUNCTION(name, kind, what)                                            \
    static int ref_##name(lua_State *L)                                       \
    {                                                                         \
        return lp_return_or_jump(L, kind(L, what));                           \
    }
OPERATORS(FUNCTION)

#define ROW(name, kind, what) {"__" #name, ref_##name},
static const luaL_Reg metamethods[] = {OPERATORS(ROW){NULL, NULL}};

void
lp_py_operators_set_or_jump(struct lp_state *S, lua_State *L)
{
    for (const luaL_Reg *m = metamethods; m->name != NULL; m++) {
        lua_pushlightuserdata(L, S);
        lua_pushvalue(L, -2);
        lua_pushcclosure(L, m->func, 2);
        lua_setfield(L, -2, m->name);
    }
}
