/* SPDX-License-Identifier: MIT */
/* The operators of Lua objects in Python: metamethods of either operand. */
#ifndef LP_LUA_OPERATORS_H
#define LP_LUA_OPERATORS_H

#include "handle/lua_handle.h"

/* X(name of Python's slot, event of Lua) */
#define LP_BINARY_OPERATORS(X) \
    X(add, "__add")            \
    X(subtract, "__sub")       \
    X(multiply, "__mul")       \
    X(true_divide, "__div")    \
    X(remainder, "__mod")      \
    X(floor_divide, "__idiv")  \
    X(and, "__band")           \
    X(or, "__bor")             \
    X(xor, "__bxor")           \
    X(lshift, "__shl")         \
    X(rshift, "__shr")
#define LP_UNARY_OPERATORS(X) \
    X(negative, "__unm")      \
    X(invert, "__bnot")

/* [GIL, no lock needed] One visit to Lua, one protected call; the GIL is free
 * while the metamethod runs.  NotImplemented where there is none. */
#define LP_DECLARE_BINARY(name, event) \
    LP_OWNED PyObject *lp_lua_##name(PyObject *, PyObject *);
#define LP_DECLARE_UNARY(name, event) \
    LP_OWNED PyObject *lp_lua_##name(PyObject *);
LP_BINARY_OPERATORS(LP_DECLARE_BINARY)
LP_UNARY_OPERATORS(LP_DECLARE_UNARY)
LP_OWNED PyObject *
lp_lua_power(PyObject *, PyObject *, PyObject *modulus);

/* The rows of a type that has them. */
#define LP_OPERATOR_ROW(name, event) {Py_nb_##name, lp_lua_##name},
#define LP_LUA_OPERATOR_SLOTS            \
    LP_BINARY_OPERATORS(LP_OPERATOR_ROW) \
    LP_UNARY_OPERATORS(LP_OPERATOR_ROW)  \
    {                                    \
        Py_nb_power, lp_lua_power        \
    }

/* `__array_priority__`: NumPy's scalars, as left operands, leave values that
 * have a metatable to Lua, as numbers do.  NumPy's arrays do not. */
LP_OWNED PyObject *
lp_lua_array_priority(PyObject *, void *closure);
#define LP_LUA_OPERATOR_GETSET                                        \
    {                                                                 \
        "__array_priority__", lp_lua_array_priority, NULL, NULL, NULL \
    }

/* [GIL] The order of Lua objects, < and kin, for their base type.  0. */
int
lp_lua_operators_init_python(PyObject *module);

#endif
