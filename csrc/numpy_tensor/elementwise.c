/* SPDX-License-Identifier: MIT */
/* Elementwise mathematics by the formulas of formulas.c. */
#include <string.h>

#include "numpy_tensor/formulas.h"
#include "numpy_tensor/operation.h"

enum { MAX_ARGUMENTS = 6 };

const void *
lp_elementwise_row(const char *name)
{
    for (const struct lp_formula *row = lp_formulas; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* ---- computing ---- */

struct work {
    const struct lp_formula *row;
    const struct lp_loop *loop[LP_MAX_STEPS];
    int n_steps;
    size_t item;
    ptrdiff_t between; /* bytes of what one step leaves to the next */
    int8_t array[LP_N_OPERANDS]; /* result, tensors: which of the walk */
    uint64_t number[LP_N_OPERANDS]; /* numbers and constants, as elements */
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
            const enum lp_operand operands[3] = {w->row->step[i].first,
                                                 w->row->step[i].second,
                                                 w->row->step[i].result};
            char *args[3] = {NULL, NULL, NULL};
            ptrdiff_t arg_steps[3] = {0, 0, 0};
            int k = 0;
            for (int j = 0; j < 3; j++) {
                enum lp_operand operand = operands[j];
                if (operand == LP_NONE) {
                    continue;
                }
                if (operand <= LP_C) {
                    int which = w->array[operand];
                    arg_steps[k] = steps[which];
                    args[k] = data[which] + done * steps[which];
                }
                else if (operand == LP_T) {
                    arg_steps[k] = w->between;
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
static const struct lp_formula *
find_form(const struct lp_formula *row, const char *given, int *first)
{
    const char *name = row->name;
    for (; row->name != NULL && strcmp(row->name, name) == 0; row++) {
        if (strcmp(given, row->form) == 0) {
            *first = 1;
            return row;
        }
        if (row->rule == LP_GIVEN && given[0] == 't' &&
            strcmp(given + 1, row->form) == 0) {
            *first = 2;
            return row;
        }
    }
    return NULL;
}

/* Elements from which on NumPy's loops, which kernels.c cannot use for these
 * operations, are worth a call of Python. */
enum { MANY = 8192 };

static int
is_slow_for_many(int loop, enum lp_dtype dtype)
{
    switch (loop) {
    case LP_LOOP_modulo:
    case LP_LOOP_remnant:
    case LP_LOOP_shifted_left:
    case LP_LOOP_shifted_right:
        return 1;
    case LP_LOOP_quotient:
    case LP_LOOP_raised:
        return lp_dtypes[dtype].integral;
    default:
        return 0;
    }
}

/* The loops of a row for operands and a result of these types; 0 if one is
 * missing. */
static int
find_loops(struct work *w, const struct lp_formula *row, enum lp_dtype dtype,
           enum lp_dtype result, int is_many)
{
    w->row = row;
    w->item = lp_dtypes[dtype].size;
    w->between = (ptrdiff_t)w->item;
    w->n_steps = 0;
    while (w->n_steps < LP_MAX_STEPS &&
           row->step[w->n_steps].result != LP_NONE) {
        int i = w->n_steps++;
        int loop = row->step[i].loop;
        w->loop[i] = &lp_loops[loop][loop == LP_LOOP_truth ? result : dtype];
        if (w->loop[i]->run == NULL ||
            (is_many && is_slow_for_many(loop, dtype))) {
            return 0;
        }
        if (loop == LP_LOOP_truth) {
            w->between = 1;
        }
    }
    return (row->types >> dtype & 1) != 0;
}

/* context: the size of an integer, and where it is noted that one is 0 */
struct look {
    size_t item;
    int *found;
};

static void
look_at_row(const void *context, char *const *data, ptrdiff_t n,
            const ptrdiff_t *steps)
{
    static const char zero[sizeof(uint64_t)];
    const struct look *look = context;
    for (ptrdiff_t i = 0; i < n && !*look->found; i++) {
        *look->found =
            memcmp(data[0] + i * steps[0], zero, look->item) == 0;
    }
}

/* Does a row divide by an integer that is 0?  Torch7 has an error for that,
 * and the machine, too. */
static int
divides_by_zero(const struct work *w, enum lp_dtype dtype,
                struct lp_tensor *const *of)
{
    int found = 0;
    if (!lp_dtypes[dtype].integral) {
        return 0;
    }
    struct look look = {w->item, &found};
    for (int i = 0; i < w->n_steps; i++) {
        int loop = w->row->step[i].loop;
        enum lp_operand by = w->row->step[i].second;
        if (loop != LP_LOOP_quotient && loop != LP_LOOP_remnant &&
            loop != LP_LOOP_modulo) {
            continue;
        }
        if (by == LP_N) {
            char *number = (char *)&w->number[LP_N];
            look_at_row(&look, &number, 1, (ptrdiff_t[1]){0});
        }
        else {
            struct lp_walk walk;
            if (!lp_walk_begin(&walk, of[by - LP_A])) {
                return 1; /* nothing for us */
            }
            lp_walk_run(&walk, look_at_row, &look);
        }
    }
    return found;
}

/* [-0, +0, m] clamp: the limits, as elements, are in order; Torch7's formula
 * has other results if they are not. */
static int
are_in_order(lua_State *L, const struct work *w, enum lp_dtype dtype)
{
    if (w->row->step[1].first != LP_M) {
        return 1;
    }
    lp_push_element(L, dtype, (const char *)&w->number[LP_N]);
    lp_push_element(L, dtype, (const char *)&w->number[LP_M]);
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
    const struct lp_formula *row =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    if (describe(L, given, tensors) == NULL ||
        (row = find_form(row, given, &first)) == NULL) {
        return lp_call_rest_or_jump(L);
    }
    enum lp_operand number = LP_N;
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
    int is_given = first == 2 || row->rule == LP_IN_PLACE ||
                   (row->rule == LP_GIVEN && lp_is_method(L));
    struct lp_tensor *result = is_given ? tensors[0] : NULL;
    if (is_given && result == NULL) { /* a number's method */
        return lp_call_rest_or_jump(L);
    }
    int takes = find_loops(&work, row, dtype,
                           is_given ? result->dtype : dtype,
                           lp_count_elements(of[0]) > MANY);
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
    if (takes && is_given) {
        /* torch.gt(mask, a, b); a method is that of the operands' type */
        int is_truth = row->step[work.n_steps - 1].loop == LP_LOOP_truth;
        takes = (result->dtype == dtype ||
                 (is_truth && result->dtype == LP_Byte && !lp_is_method(L))) &&
                lp_same_sizes(result, of[0]);
    }
    if (!takes || divides_by_zero(&work, dtype, of)) {
        return lp_call_rest_or_jump(L);
    }
    if (!is_given) {
        result = lp_new_sized_or_jump(
            S, L, row->rule == LP_TRUTH ? LP_Byte : dtype, of[0]->nd,
            of[0]->size);
    }
    lp_constant(dtype, 0, &work.number[LP_ZERO]);
    lp_constant(dtype, 1, &work.number[LP_ONE]);
    lp_constant(dtype, -1, &work.number[LP_MINUS_ONE]);
    int fits = lp_walk_begin(&walk, result);
    work.array[LP_R] = 0;
    for (int i = 0; fits && i < n_tensors; i++) {
        work.array[LP_A + i] = (int8_t)(i + 1);
        fits = lp_walk_add(&walk, of[i], result);
    }
    if (!fits) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    lp_walk_run(&walk, compute, &work);
    if (is_given) {
        lua_settop(L, 1);
    }
    return 1;
}
