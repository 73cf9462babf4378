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

static const struct {
    const char *name;
    PyObject *(*function)(PyObject *, PyObject *);
} binary[] = {
    {"__add",    PyNumber_Add        },
    {"__sub",    PyNumber_Subtract   },
    {"__mul",    PyNumber_Multiply   },
    {"__div",    PyNumber_TrueDivide },
    {"__mod",    PyNumber_Remainder  },
    {"__pow",    power               },
    {"__idiv",   PyNumber_FloorDivide},
    {"__band",   PyNumber_And        },
    {"__bor",    PyNumber_Or         },
    {"__bxor",   PyNumber_Xor        },
    {"__shl",    PyNumber_Lshift     },
    {"__shr",    PyNumber_Rshift     },
    {"__concat", concat              },
};

static const struct {
    const char *name;
    PyObject *(*function)(PyObject *);
} unary[] = {
    {"__unm",  PyNumber_Negative},
    {"__bnot", PyNumber_Invert  },
};

static const struct {
    const char *name;
    int op;
} comparisons[] = {
    {"__eq", Py_EQ},
    {"__lt", Py_LT},
    {"__le", Py_LE},
};

/* The operands of a binary operation, and the view of its first reference. */
struct operands {
    struct lp_handle *left, *right; /* NULL: no reference */
    struct lp_view *view;
};

static struct operands
find_operands(lua_State *L, struct lp_state *S)
{
    struct operands o = {lp_to_ref(L, 1), lp_to_ref(L, 2), NULL};
    o.view = o.left != NULL    ? o.left->view
             : o.right != NULL ? o.right->view
                               : S->view;
    return o;
}

static PyObject *
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
static int
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

static int
ref_binary(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    int row = (int)lua_tointeger(L, lua_upvalueindex(2));
    struct operands o = find_operands(L, S);
    lua_settop(L, 2);
    int out = 0;
    if (!o.view->by_value) {
        lp_new_ref_or_jump(L, S, o.view);
        out = 3;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *a, *b, *result = NULL;
    if (convert_operands(&x, &o, &a, &b) == 0) {
        lp_cross_unlock(&x);
        result = binary[row].function(a, b);
        Py_DECREF(a);
        Py_DECREF(b);
        lp_cross_lock(&x);
    }
    int n = lp_push_result(&x, result, o.view, LP_AS_REF, out);
    return lp_door_close(&x, n, out);
}

static int
ref_unary(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    int row = (int)lua_tointeger(L, lua_upvalueindex(2));
    struct lp_handle *h = lp_check_ref_or_jump(L, 1);
    struct lp_view *view = h->view;
    lua_settop(L, 1);
    int out = 0;
    if (!view->by_value) {
        lp_new_ref_or_jump(L, S, view);
        out = 2;
    }
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *obj = lp_handle_object(h), *result = NULL;
    if (obj != NULL) {
        lp_cross_unlock(&x);
        result = unary[row].function(obj);
        Py_DECREF(obj);
        lp_cross_lock(&x);
    }
    int n = lp_push_result(&x, result, view, LP_AS_REF, out);
    return lp_door_close(&x, n, out);
}

/* Lua makes a boolean of the result of ==, < and <=, so Python's truth value
 * of it is asked here: two arrays are an error that names py.eq and kin. */
static int
ref_compare(lua_State *L)
{
    struct lp_state *S = lua_touserdata(L, lua_upvalueindex(1));
    int op = (int)lua_tointeger(L, lua_upvalueindex(2));
    struct operands o = find_operands(L, S);
    lua_settop(L, 2);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    PyObject *a, *b;
    int truth = -1;
    if (convert_operands(&x, &o, &a, &b) == 0) {
        lp_cross_unlock(&x);
        PyObject *result = PyObject_RichCompare(a, b, op);
        if (result != NULL) {
            truth = PyObject_IsTrue(result);
            Py_DECREF(result);
        }
        Py_DECREF(a);
        Py_DECREF(b);
        lp_cross_lock(&x);
    }
    if (truth >= 0) {
        lua_pushboolean(L, truth);
    }
    return lp_door_close(&x, truth >= 0 ? 1 : -1, 0);
}

static void
set_operator(struct lp_state *S, lua_State *L, const char *name, int row,
             lua_CFunction function)
{
    lua_pushlightuserdata(L, S);
    lua_pushinteger(L, row);
    lua_pushcclosure(L, function, 2);
    lua_setfield(L, -2, name);
}

#define LENGTH(array) ((int)(sizeof(array) / sizeof(array)[0]))

void
lp_py_operators_set_or_jump(struct lp_state *S, lua_State *L)
{
    for (int i = 0; i < LENGTH(binary); i++) {
        set_operator(S, L, binary[i].name, i, ref_binary);
    }
    for (int i = 0; i < LENGTH(unary); i++) {
        set_operator(S, L, unary[i].name, i, ref_unary);
    }
    for (int i = 0; i < LENGTH(comparisons); i++) {
        set_operator(S, L, comparisons[i].name, comparisons[i].op,
                     ref_compare);
    }
}
