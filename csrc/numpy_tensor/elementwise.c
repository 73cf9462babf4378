/* SPDX-License-Identifier: MIT */
/* Elementwise mathematics: a table of what is computed by which loops. */
#include <string.h>

#include "numpy_tensor/operation.h"

enum operand { /* of a step */
    NONE,
    R,    /* the result */
    A,    /* the tensors of the call, in order */
    B,
    C,
    N,    /* its numbers, in order */
    M,
    T,    /* what one step leaves to the next */
    ZERO, /* constants */
    ONE,
    MINUS_ONE,
    N_OPERANDS
};

enum { /* the types that Torch7 has the function for */
    REAL = 1 << LP_Float | 1 << LP_Double | 1 << LP_Half,
    SIGNED = 1 << LP_Int | 1 << LP_Long,
    ANY = (1 << LP_N_DTYPES) - 1
};

enum rule { /* where the result goes */
    GIVEN,    /* first argument, self of a method, or else a new tensor */
    IN_PLACE, /* always the first argument */
    NEW,      /* always a new tensor */
    TRUTH     /* always a new ByteTensor */
};

enum { MAX_STEPS = 4, MAX_ARGUMENTS = 6 };

struct row {
    const char *name, *form; /* t: tensor, n: number */
    int types;
    enum rule rule;
    struct {
        int loop;
        enum operand first, second, result;
    } step[MAX_STEPS];
};

#define LP_STEP(loop, first, second, result)                                  \
    {                                                                         \
        LP_LOOP_##loop, first, second, result                                 \
    }
#define LP_UNARY(name, loop)                                                  \
    {                                                                         \
        name, "t", REAL, GIVEN,                                               \
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

/* Forms of one name stand together.  Integers are divided elsewhere: NumPy
 * rounds down, and Torch7 refuses 0. */
static const struct row rows[] = {
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
    LP_BINARY("abs", "t", REAL | SIGNED, GIVEN, absolute, A, NONE),
    LP_BINARY("sign", "t", ANY, GIVEN, order, A, ZERO),
    LP_BINARY("cinv", "t", REAL, GIVEN, divide, ONE, A),
    {"frac", "t", REAL, GIVEN,
     {LP_STEP(trunc, A, NONE, T), LP_STEP(subtract, A, T, R)}},
    {"rsqrt", "t", REAL, GIVEN,
     {LP_STEP(sqrt, A, NONE, T), LP_STEP(divide, ONE, T, R)}},
    {"sigmoid", "t", REAL, GIVEN,
     {LP_STEP(negative, A, NONE, T), LP_STEP(exp, T, NONE, T),
      LP_STEP(add, T, ONE, T), LP_STEP(divide, ONE, T, R)}},

    LP_BINARY("add", "tn", ANY, GIVEN, add, A, N),
    LP_BINARY("add", "tt", ANY, GIVEN, add, A, B),
    {"add", "tnt", ANY, GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(add, A, T, R)}},
    LP_BINARY("csub", "tn", ANY, GIVEN, subtract, A, N),
    LP_BINARY("csub", "tt", ANY, GIVEN, subtract, A, B),
    {"csub", "tnt", ANY, GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(subtract, A, T, R)}},
    LP_BINARY("mul", "tn", ANY, GIVEN, multiply, A, N),
    LP_BINARY("cmul", "tt", ANY, GIVEN, multiply, A, B),
    LP_BINARY("div", "tn", REAL, GIVEN, divide, A, N),
    LP_BINARY("cdiv", "tt", REAL, GIVEN, divide, A, B),
    LP_BINARY("pow", "tn", REAL, GIVEN, power, A, N),
    LP_BINARY("pow", "nt", REAL, GIVEN, power, N, A),
    LP_BINARY("cpow", "tt", REAL, GIVEN, power, A, B),
    LP_BINARY("atan2", "tt", REAL, GIVEN, arctan2, A, B),
    LP_BINARY("bitand", "tn", ANY, GIVEN, bitwise_and, A, N),
    LP_BINARY("bitor", "tn", ANY, GIVEN, bitwise_or, A, N),
    LP_BINARY("bitxor", "tn", ANY, GIVEN, bitwise_xor, A, N),
    LP_BINARY("cbitand", "tt", ANY, GIVEN, bitwise_and, A, B),
    LP_BINARY("cbitor", "tt", ANY, GIVEN, bitwise_or, A, B),
    LP_BINARY("cbitxor", "tt", ANY, GIVEN, bitwise_xor, A, B),
    LP_BINARY("cmax", "tn", ANY, GIVEN, greatest, A, N),
    LP_BINARY("cmax", "tt", ANY, GIVEN, greatest, A, B),
    LP_BINARY("cmin", "tn", ANY, GIVEN, least, A, N),
    LP_BINARY("cmin", "tt", ANY, GIVEN, least, A, B),
    {"clamp", "tnn", ANY, GIVEN,
     {LP_STEP(greatest, N, A, T), LP_STEP(least, M, T, R)}},
    {"addcmul", "tntt", ANY, GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(multiply, T, C, T),
      LP_STEP(add, A, T, R)}},
    {"addcmul", "ttt", ANY, GIVEN,
     {LP_STEP(multiply, B, C, T), LP_STEP(add, A, T, R)}},
    {"addcdiv", "tntt", REAL, GIVEN,
     {LP_STEP(multiply, B, N, T), LP_STEP(divide, T, C, T),
      LP_STEP(add, A, T, R)}},
    {"addcdiv", "ttt", REAL, GIVEN,
     {LP_STEP(divide, B, C, T), LP_STEP(add, A, T, R)}},
    {"lerp", "ttn", REAL, GIVEN,
     {LP_STEP(subtract, B, A, T), LP_STEP(multiply, T, N, T),
      LP_STEP(add, A, T, R)}},

    LP_BINARY("eq", "tn", ANY, TRUTH, equal, A, N),
    LP_BINARY("eq", "tt", ANY, TRUTH, equal, A, B),
    LP_BINARY("ge", "tn", ANY, TRUTH, greater_equal, A, N),
    LP_BINARY("ge", "tt", ANY, TRUTH, greater_equal, A, B),
    LP_BINARY("gt", "tn", ANY, TRUTH, greater, A, N),
    LP_BINARY("gt", "tt", ANY, TRUTH, greater, A, B),
    LP_BINARY("le", "tn", ANY, TRUTH, less_equal, A, N),
    LP_BINARY("le", "tt", ANY, TRUTH, less_equal, A, B),
    LP_BINARY("lt", "tn", ANY, TRUTH, less, A, N),
    LP_BINARY("lt", "tt", ANY, TRUTH, less, A, B),
    LP_BINARY("ne", "tn", ANY, TRUTH, not_equal, A, N),
    LP_BINARY("ne", "tt", ANY, TRUTH, not_equal, A, B),

    LP_BINARY("clone", "t", ANY, NEW, copy, A, NONE),
    LP_BINARY("copy", "tt", ANY, IN_PLACE, copy, B, NONE),
    LP_BINARY("fill", "tn", ANY, IN_PLACE, copy, N, NONE),
    LP_BINARY("zero", "t", ANY, IN_PLACE, copy, ZERO, NONE),

    LP_BINARY("__add__", "tn", ANY, NEW, add, A, N),
    LP_BINARY("__add__", "nt", ANY, NEW, add, A, N),
    LP_BINARY("__add__", "tt", ANY, NEW, add, A, B),
    LP_BINARY("__sub__", "tn", ANY, NEW, subtract, A, N),
    LP_BINARY("__sub__", "nt", ANY, NEW, subtract, N, A),
    LP_BINARY("__sub__", "tt", ANY, NEW, subtract, A, B),
    LP_BINARY("__mul__", "tn", ANY, NEW, multiply, A, N),
    LP_BINARY("__mul__", "nt", ANY, NEW, multiply, A, N),
    LP_BINARY("__div__", "tn", REAL, NEW, divide, A, N),
    /* Lua gives a metamethod of one operand that twice. */
    LP_BINARY("__unm__", "tt", ANY, NEW, multiply, A, MINUS_ONE),
    LP_BINARY("__unm__", "t", ANY, NEW, multiply, A, MINUS_ONE),
    {NULL, NULL, 0, GIVEN, {{0, NONE, NONE, NONE}}},
};

const void *
lp_elementwise_row(const char *name)
{
    for (const struct row *row = rows; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* ---- computing ---- */

struct work {
    const struct row *row;
    const struct lp_loop *loop[MAX_STEPS];
    int n_steps;
    size_t item;
    int8_t array[N_OPERANDS]; /* R, A, B and C: which of the walk */
    uint64_t number[N_OPERANDS]; /* N, M and constants, as elements */
};

/* Operands between steps lie on the C stack, in cache. */
enum { CHUNK = 512 };

static void
compute(const void *context, char *const *data, ptrdiff_t n,
        const ptrdiff_t *steps)
{
    const struct work *w = context;
    uint64_t between[CHUNK];
    ptrdiff_t most = w->n_steps > 1 ? CHUNK : n;
    for (ptrdiff_t done = 0; done < n; done += most) {
        ptrdiff_t now = n - done < most ? n - done : most;
        for (int i = 0; i < w->n_steps; i++) {
            const enum operand operands[3] = {w->row->step[i].first,
                                              w->row->step[i].second,
                                              w->row->step[i].result};
            char *args[3] = {NULL, NULL, NULL};
            ptrdiff_t arg_steps[3] = {0, 0, 0};
            int k = 0;
            for (int j = 0; j < 3; j++) {
                enum operand operand = operands[j];
                if (operand == NONE) {
                    continue;
                }
                if (operand <= C) {
                    int which = w->array[operand];
                    arg_steps[k] = steps[which];
                    args[k] = data[which] + done * steps[which];
                }
                else if (operand == T) {
                    arg_steps[k] = (ptrdiff_t)w->item;
                    args[k] = (char *)between;
                }
                else {
                    args[k] = (char *)&w->number[operand];
                }
                k++;
            }
            lp_run_loop(w->loop[i], args, now, arg_steps);
        }
    }
}

/* ---- a call ---- */

/* The row whose form the arguments have, and from which on (1 or 2). */
static const struct row *
find_form(const struct row *row, const char *given, int *first)
{
    const char *name = row->name;
    for (; row->name != NULL && strcmp(row->name, name) == 0; row++) {
        if (strcmp(given, row->form) == 0) {
            *first = 1;
            return row;
        }
        if (row->rule == GIVEN && given[0] == 't' &&
            strcmp(given + 1, row->form) == 0) {
            *first = 2;
            return row;
        }
    }
    return NULL;
}

/* The loops of a row; 0 if one is missing. */
static int
find_loops(struct work *w, const struct row *row, enum lp_dtype dtype)
{
    w->row = row;
    w->item = lp_dtypes[dtype].size;
    w->n_steps = 0;
    while (w->n_steps < MAX_STEPS &&
           row->step[w->n_steps].result != NONE) {
        int i = w->n_steps++;
        w->loop[i] = &lp_loops[row->step[i].loop][dtype];
        if (w->loop[i]->run == NULL) {
            return 0;
        }
    }
    return (row->types >> dtype & 1) != 0;
}

/* [-0, +0, m] clamp: the limits, as elements, are in order; Torch7's formula
 * has other results if they are not. */
static int
are_in_order(lua_State *L, const struct work *w, enum lp_dtype dtype)
{
    if (w->row->step[1].first != M) {
        return 1;
    }
    lp_push_element(L, dtype, (const char *)&w->number[N]);
    lp_push_element(L, dtype, (const char *)&w->number[M]);
    int are = lua_tonumber(L, -2) <= lua_tonumber(L, -1);
    lua_pop(L, 2);
    return are;
}

/* Describe the arguments: "tnt", or NULL if there is something else. */
static const char *
describe(lua_State *L, char *given, struct lp_tensor **tensors)
{
    int nargs = lua_gettop(L);
    if (nargs == 0 || nargs > MAX_ARGUMENTS) {
        return NULL;
    }
    for (int i = 0; i < nargs; i++) {
        tensors[i] = NULL;
        given[i] = 'n';
        if (lua_type(L, i + 1) != LUA_TNUMBER) {
            tensors[i] = lp_to_tensor(L, i + 1);
            if (tensors[i] == NULL || tensors[i]->nd == 0) {
                return NULL;
            }
            given[i] = 't';
        }
    }
    given[nargs] = '\0';
    return given;
}

int
lp_elementwise(lua_State *L)
{
    char given[MAX_ARGUMENTS + 1];
    struct lp_tensor *tensors[MAX_ARGUMENTS], *of[3];
    int first, n_tensors = 0, nargs = lua_gettop(L);
    const struct row *row =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    if (describe(L, given, tensors) == NULL ||
        (row = find_form(row, given, &first)) == NULL) {
        return lp_call_rest_or_jump(L);
    }
    enum operand number = N;
    struct work work;
    struct lp_walk walk;
    enum lp_dtype dtype = LP_NO_DTYPE;
    for (int i = first - 1; i < nargs; i++) {
        if (tensors[i] != NULL) {
            dtype = dtype == LP_NO_DTYPE ? tensors[i]->dtype : dtype;
            of[n_tensors++] = tensors[i];
        }
    }
    struct lp_state *S = of[0]->S;
    lp_loops_need_or_jump(S, L);
    int takes = find_loops(&work, row, dtype);
    for (int i = first - 1; takes && i < nargs; i++) {
        if (tensors[i] == NULL) {
            takes = lp_number_to_element(L, i + 1, dtype,
                                         &work.number[number++]);
        }
        else {
            takes = tensors[i]->dtype == dtype;
        }
    }
    takes = takes && are_in_order(L, &work, dtype);
    struct lp_tensor *result = NULL;
    if (first == 2 || row->rule == IN_PLACE ||
        (row->rule == GIVEN && lp_is_method(L))) {
        result = tensors[0];
        takes = takes && result != NULL && result->dtype == dtype &&
                lp_same_sizes(result, of[0]);
    }
    if (!takes) {
        return lp_call_rest_or_jump(L);
    }
    if (result == NULL) {
        result = lp_new_sized_or_jump(
            S, L, row->rule == TRUTH ? LP_Byte : dtype, of[0]->nd,
            of[0]->size);
    }
    lp_constant(dtype, 0, &work.number[ZERO]);
    lp_constant(dtype, 1, &work.number[ONE]);
    lp_constant(dtype, -1, &work.number[MINUS_ONE]);
    int fits = lp_walk_begin(&walk, result);
    work.array[R] = 0;
    for (int i = 0; fits && i < n_tensors; i++) {
        work.array[A + i] = (int8_t)(i + 1);
        fits = lp_walk_add(&walk, of[i], result);
    }
    if (!fits) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    lp_walk_run(&walk, compute, &work);
    if (result == tensors[0]) {
        lua_settop(L, 1);
    }
    return 1;
}
