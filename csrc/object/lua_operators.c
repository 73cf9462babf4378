/* SPDX-License-Identifier: MIT */
#include "object/lua_operators.h"

#include "convert/to_lua.h"
#include "convert/to_python.h"
#include "cross/protect.h"
#include "cross/visit.h"
#include "handle/lua_handle.h"
#include "handle/py_handle.h"

struct operation {
    struct lp_view *view; /* of the first Lua object */
    const char *event;
    PyObject *operands[2]; /* borrowed; the second is NULL for unary ones */
    int truth;             /* a comparison: only the result's truth counts */
    int negated;
    PyObject *result; /* owned; NULL if there is no metamethod */
};

enum { LEFT = 2, RIGHT, METAMETHOD }; /* stack of the body */

/* [GIL] NumPy's arrays and what is built on them compute with everything that
 * is like an array, tensors and lists of Lua among them. */
static int
computes_with_arrays(PyObject *obj)
{
    return PyObject_HasAttrString((PyObject *)Py_TYPE(obj), "__array_ufunc__");
}

/* [GIL, lock, inside lp_protect; +2] 1; 0 if the other operand is to compute;
 * -1 with a Python error.  A unary metamethod gets its operand twice. */
static int
push_operands(lua_State *L, struct lp_state *S, struct operation *op)
{
    for (int i = 0; i < 2; i++) {
        PyObject *operand = op->operands[i];
        if (operand == NULL) {
            lua_pushvalue(L, LEFT);
            continue;
        }
        if (lp_push_value(S, L, operand, op->view, 0) < 0) {
            return -1;
        }
        if (!lp_is_lua_object(operand) && lp_to_ref(L, -1) != NULL &&
            computes_with_arrays(operand)) {
            return 0;
        }
    }
    return 1;
}

/* [-0, +0|1, m] Push the metamethod.  Only Lua objects are asked: those of
 * other operands (references, strings of 5.4) would ask Python, or coerce. */
static int
push_metamethod(lua_State *L, const struct operation *op)
{
    for (int i = 0; i < 2; i++) {
        if (op->operands[i] != NULL && lp_is_lua_object(op->operands[i]) &&
            luaL_getmetafield(L, LEFT + i, op->event)) {
            return 1;
        }
    }
    return 0;
}

static int
operation_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct operation *op = ctx;
    luaL_checkstack(L, 12, "lua-py: operator");
    int pushed = push_operands(L, S, op);
    if (pushed <= 0) {
        return pushed;
    }
    if (!push_metamethod(L, op)) {
        return 0;
    }
    lua_pushvalue(L, LEFT);
    lua_pushvalue(L, RIGHT);
    lp_lua_runs();
    lua_call(L, 2, 1);
    lp_lua_ran();
    op->result = op->truth
                     ? PyBool_FromLong(lua_toboolean(L, -1) != op->negated)
                     : lp_to_python(S, L, -1, op->view);
    return op->result != NULL ? 0 : -1;
}

/* [GIL] Run it; 0, or -1 with a Python error. */
static int
operate(struct operation *op)
{
    PyObject *first = op->operands[0];
    struct lp_lua_object *self =
        (struct lp_lua_object *)(lp_is_lua_object(first) ? first
                                                         : op->operands[1]);
    struct lp_visit v;
    if (lp_visit_begin(&v, self->view->state) < 0) {
        return -1;
    }
    op->view = self->view;
    int done = lp_protect_code(self->view->state, v.frame.L, operation_body, op, 0, 0);
    lp_visit_end(&v);
    if (done < 0) {
        Py_CLEAR(op->result);
    }
    return done;
}

static PyObject *
result_or_not_implemented(struct operation *op)
{
    if (operate(op) < 0) {
        return NULL;
    }
    if (op->result == NULL) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return op->result;
}

static PyObject *
calculate(PyObject *a, PyObject *b, const char *event)
{
    struct operation op = {
        .event = event, .operands = {a, b}
    };
    return result_or_not_implemented(&op);
}

/* Python does not ask the operand of a unary operator again. */
static PyObject *
calculate_unary(PyObject *a, const char *event, const char *sign)
{
    struct operation op = {
        .event = event, .operands = {a, NULL}
    };
    if (operate(&op) < 0) {
        return NULL;
    }
    if (op.result == NULL) {
        PyErr_Format(PyExc_TypeError,
                     "bad operand for unary %s: %R has no metamethod %s", sign,
                     a, event);
    }
    return op.result;
}

#define DEFINE_BINARY(name, event)                    \
    PyObject *lp_lua_##name(PyObject *a, PyObject *b) \
    {                                                 \
        return calculate(a, b, event);                \
    }
LP_BINARY_OPERATORS(DEFINE_BINARY)

PyObject *
lp_lua_negative(PyObject *a)
{
    return calculate_unary(a, "__unm", "-");
}

PyObject *
lp_lua_invert(PyObject *a)
{
    return calculate_unary(a, "__bnot", "~");
}

PyObject *
lp_lua_power(PyObject *a, PyObject *b, PyObject *modulus)
{
    if (modulus != Py_None) { /* pow(a, b, m) */
        Py_RETURN_NOTIMPLEMENTED;
    }
    return calculate(a, b, "__pow");
}

/* a > b is b < a, as in Lua.  Before 5.4, a <= b is `not (b < a)` where there
 * is no __le. */
static PyObject *
order(PyObject *a, PyObject *b, int op)
{
    int swapped = op == Py_GT || op == Py_GE;
    PyObject *left = swapped ? b : a, *right = swapped ? a : b;
    int strict = op == Py_LT || op == Py_GT;
    struct operation o = {
        .event = strict ? "__lt" : "__le",
        .operands = {left, right},
        .truth = 1
    };
    if (operate(&o) < 0) {
        return NULL;
    }
    if (o.result == NULL && !strict && LUA_VERSION_NUM < 504) {
        o = (struct operation){
            .event = "__lt",
            .operands = {right, left},
            .truth = 1,
            .negated = 1
        };
        return result_or_not_implemented(&o);
    }
    if (o.result == NULL) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return o.result;
}

PyObject *
lp_lua_array_priority(PyObject *obj, void *closure)
{
    struct lp_lua_object *self = (struct lp_lua_object *)obj;
    struct lp_visit v;
    (void)closure;
    if (lp_visit_begin(&v, self->view->state) < 0) {
        return NULL;
    }
    lp_push_ref(self->view->state, v.frame.L, self->ref);
    int has_metatable = lua_getmetatable(v.frame.L, -1);
    lua_pop(v.frame.L, 1 + has_metatable);
    lp_visit_end(&v);
    if (!has_metatable) {
        PyErr_SetString(PyExc_AttributeError, "__array_priority__");
        return NULL;
    }
    return PyFloat_FromDouble(0.0); /* an array's; a scalar has -1000000 */
}

int
lp_lua_operators_init_python(PyObject *module)
{
    (void)module;
    lp_lua_order = order;
    return 0;
}
