/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/formulas.h"

enum { /* the types that Torch7 has the function for */
    REAL = 1 << LP_Float | 1 << LP_Double | 1 << LP_Half,
    SIGNED = 1 << LP_Int | 1 << LP_Long,
    ANY = (1 << LP_N_DTYPES) - 1
};

#define LP_STEP(loop, first, second, result)                                  \
    {                                                                         \
        LP_LOOP_##loop, LP_##first, LP_##second, LP_##result                  \
    }
#define LP_UNARY(name, loop)                                                  \
    {                                                                         \
        name, "t", REAL, LP_GIVEN,                                            \
        {                                                                     \
            LP_STEP(loop, A, NONE, R)                                         \
        }                                                                     \
    }
#define LP_BINARY(name, form, types, rule, loop, first, second)               \
    {                                                                         \
        name, form, types, rule,                                              \
        {                                                                     \
            LP_STEP(loop, first, second, R)                                   \
        }                                                                     \
    }

/* A comparison: its result has bytes, or is given. */
#define LP_COMPARISON(name, loop)                                             \
    LP_BINARY(name, "tn", ANY, LP_TRUTH, loop, A, N),                         \
        LP_BINARY(name, "tt", ANY, LP_TRUTH, loop, A, B),                     \
        {name,                                                                \
         "tn",                                                                \
         ANY,                                                                 \
         LP_GIVEN,                                                            \
         {LP_STEP(loop, A, N, T), LP_STEP(truth, T, NONE, R)}},               \
    {                                                                         \
        name, "tt", ANY, LP_GIVEN,                                            \
        {                                                                     \
            LP_STEP(loop, A, B, T), LP_STEP(truth, T, NONE, R)                \
        }                                                                     \
    }

const struct lp_formula lp_formulas[] = {
    LP_UNARY("acos", arccos),
    LP_UNARY("asin", arcsin),
    LP_UNARY("atan", arctan),
    LP_UNARY("ceil", ceil),
    LP_UNARY("cos", cos),
    LP_UNARY("cosh", cosh),
    LP_UNARY("exp", exp),
    LP_UNARY("floor", floor),
    LP_UNARY("log", log),
    LP_UNARY("log1p", log1p),
    LP_UNARY("neg", negative),
    LP_UNARY("round", round),
    LP_UNARY("sin", sin),
    LP_UNARY("sinh", sinh),
    LP_UNARY("sqrt", sqrt),
    LP_UNARY("tan", tan),
    LP_UNARY("tanh", tanh),
    LP_UNARY("trunc", trunc),
    LP_BINARY("abs", "t", REAL | SIGNED, LP_GIVEN, absolute, A, NONE),
    LP_BINARY("sign", "t", ANY, LP_GIVEN, order, A, ZERO),
    LP_BINARY("cinv", "t", REAL, LP_GIVEN, divide, ONE, A),
    {"frac", "t", REAL, LP_GIVEN,
     {LP_STEP(trunc, A, NONE, T), LP_STEP(subtract, A, T, R)}},
    {"rsqrt", "t", REAL, LP_GIVEN,
     {LP_STEP(sqrt, A, NONE, T), LP_STEP(divide, ONE, T, R)}},
    {"sigmoid", "t", REAL, LP_GIVEN,
     {LP_STEP(negative, A, NONE, T), LP_STEP(exp, T, NONE, T),
      LP_STEP(add, T, ONE, T), LP_STEP(divide, ONE, T, R)}},

    LP_BINARY("add", "tn", ANY, LP_GIVEN, add, A, N),
    LP_BINARY("add", "tt", ANY, LP_GIVEN, add, A, B),
    {"add", "tnt", ANY, LP_GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(add, A, T, R)}},
    LP_BINARY("csub", "tn", ANY, LP_GIVEN, subtract, A, N),
    LP_BINARY("csub", "tt", ANY, LP_GIVEN, subtract, A, B),
    {"csub", "tnt", ANY, LP_GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(subtract, A, T, R)}},
    LP_BINARY("mul", "tn", ANY, LP_GIVEN, multiply, A, N),
    LP_BINARY("cmul", "tt", ANY, LP_GIVEN, multiply, A, B),
    LP_BINARY("div", "tn", ANY, LP_GIVEN, quotient, A, N),
    LP_BINARY("cdiv", "tt", ANY, LP_GIVEN, quotient, A, B),
    LP_BINARY("fmod", "tn", ANY, LP_GIVEN, remnant, A, N),
    LP_BINARY("mod", "tn", ANY, LP_GIVEN, remnant, A, N),
    LP_BINARY("cfmod", "tt", ANY, LP_GIVEN, remnant, A, B),
    LP_BINARY("cmod", "tt", ANY, LP_GIVEN, remnant, A, B),
    LP_BINARY("remainder", "tn", ANY, LP_GIVEN, modulo, A, N),
    LP_BINARY("cremainder", "tt", ANY, LP_GIVEN, modulo, A, B),
    LP_BINARY("pow", "tn", REAL, LP_GIVEN, power, A, N),
    LP_BINARY("pow", "nt", REAL, LP_GIVEN, power, N, A),
    LP_BINARY("cpow", "tt", ANY, LP_GIVEN, raised, A, B),
    LP_BINARY("atan2", "tt", REAL, LP_GIVEN, arctan2, A, B),
    LP_BINARY("lshift", "tn", ANY, LP_GIVEN, shifted_left, A, N),
    LP_BINARY("rshift", "tn", ANY, LP_GIVEN, shifted_right, A, N),
    LP_BINARY("clshift", "tt", ANY, LP_GIVEN, shifted_left, A, B),
    LP_BINARY("crshift", "tt", ANY, LP_GIVEN, shifted_right, A, B),
    LP_BINARY("bitand", "tn", ANY, LP_GIVEN, bitwise_and, A, N),
    LP_BINARY("bitor", "tn", ANY, LP_GIVEN, bitwise_or, A, N),
    LP_BINARY("bitxor", "tn", ANY, LP_GIVEN, bitwise_xor, A, N),
    LP_BINARY("cbitand", "tt", ANY, LP_GIVEN, bitwise_and, A, B),
    LP_BINARY("cbitor", "tt", ANY, LP_GIVEN, bitwise_or, A, B),
    LP_BINARY("cbitxor", "tt", ANY, LP_GIVEN, bitwise_xor, A, B),
    LP_BINARY("cmax", "tn", ANY, LP_GIVEN, greatest, A, N),
    LP_BINARY("cmax", "tt", ANY, LP_GIVEN, greatest, A, B),
    LP_BINARY("cmin", "tn", ANY, LP_GIVEN, least, A, N),
    LP_BINARY("cmin", "tt", ANY, LP_GIVEN, least, A, B),
    {"clamp", "tnn", ANY, LP_GIVEN,
     {LP_STEP(greatest, N, A, T), LP_STEP(least, M, T, R)}},
    {"addcmul", "tntt", ANY, LP_GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(multiply, T, C, T),
      LP_STEP(add, A, T, R)}},
    {"addcmul", "ttt", ANY, LP_GIVEN,
     {LP_STEP(multiply, B, C, T), LP_STEP(add, A, T, R)}},
    {"addcdiv", "tntt", ANY, LP_GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(quotient, T, C, T),
      LP_STEP(add, A, T, R)}},
    {"addcdiv", "ttt", ANY, LP_GIVEN,
     {LP_STEP(quotient, B, C, T), LP_STEP(add, A, T, R)}},
    {"lerp", "ttn", REAL, LP_GIVEN,
     {LP_STEP(subtract, B, A, T), LP_STEP(multiply, T, N, T),
      LP_STEP(add, A, T, R)}},

    LP_COMPARISON("eq", equal),
    LP_COMPARISON("ge", greater_equal),
    LP_COMPARISON("gt", greater),
    LP_COMPARISON("le", less_equal),
    LP_COMPARISON("lt", less),
    LP_COMPARISON("ne", not_equal),

    LP_BINARY("clone", "t", ANY, LP_NEW, copy, A, NONE),
    LP_BINARY("copy", "tt", ANY, LP_IN_PLACE, copy, B, NONE),
    LP_BINARY("fill", "tn", ANY, LP_IN_PLACE, copy, N, NONE),
    LP_BINARY("zero", "t", ANY, LP_IN_PLACE, copy, ZERO, NONE),

    LP_BINARY("__add__", "tn", ANY, LP_NEW, add, A, N),
    LP_BINARY("__add__", "nt", ANY, LP_NEW, add, A, N),
    LP_BINARY("__add__", "tt", ANY, LP_NEW, add, A, B),
    LP_BINARY("__sub__", "tn", ANY, LP_NEW, subtract, A, N),
    LP_BINARY("__sub__", "nt", ANY, LP_NEW, subtract, N, A),
    LP_BINARY("__sub__", "tt", ANY, LP_NEW, subtract, A, B),
    LP_BINARY("__mul__", "tn", ANY, LP_NEW, multiply, A, N),
    LP_BINARY("__mul__", "nt", ANY, LP_NEW, multiply, A, N),
    LP_BINARY("__div__", "tn", ANY, LP_NEW, quotient, A, N),
    LP_BINARY("__mod__", "tn", ANY, LP_NEW, modulo, A, N),
    /* Lua gives a metamethod of one operand that twice. */
    LP_BINARY("__unm__", "tt", ANY, LP_NEW, multiply, A, MINUS_ONE),
    LP_BINARY("__unm__", "t", ANY, LP_NEW, multiply, A, MINUS_ONE),
    {NULL, NULL, 0, LP_GIVEN, {{0, LP_NONE, LP_NONE, LP_NONE}}},
};
