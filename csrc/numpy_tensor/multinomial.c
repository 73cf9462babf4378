/* SPDX-License-Identifier: MIT */
/* Samples of columns by weight, with Torch7's arithmetic. */
#include <stdlib.h>

#include "numpy_tensor/draw.h"
#include "numpy_tensor/rows.h"

/* A matrix of weights: more dimensions than two are not looked at. */
struct weights {
    const char *data;
    ptrdiff_t row_step, step; /* in bytes */
    int64_t rows, columns;
    int is_float;
};

static int
weights_of(const struct lp_tensor *t, struct weights *w)
{
    if (t == NULL || t->nd == 0 ||
        (t->dtype != LP_Float && t->dtype != LP_Double)) {
        return 0;
    }
    const int64_t *stride = lp_tensor_strides(t);
    const ptrdiff_t item = (ptrdiff_t)lp_dtypes[t->dtype].size;
    *w = (struct weights){
        .data = lp_tensor_data(t),
        .row_step = t->nd > 1 ? (ptrdiff_t)stride[0] * item : 0,
        .step = (ptrdiff_t)stride[t->nd > 1] * item,
        .rows = t->nd > 1 ? t->size[0] : 1,
        .columns = t->size[t->nd > 1],
        .is_float = t->dtype == LP_Float,
    };
    return 1;
}

/* Add up a row, into `sums` unless that is NULL; returns the whole sum. */
static double
cumulate(const struct weights *w, int64_t row, double *sums)
{
    const char *p = w->data + (ptrdiff_t)row * w->row_step;
    double sum = 0;
    for (int64_t i = 0; i < w->columns; i++, p += w->step) {
        sum += w->is_float ? (double)*(const float *)p : *(const double *)p;
        if (sums != NULL) {
            sums[i] = sum;
        }
    }
    return sum;
}

/* The first column up to which the sum is not less than `value`. */
static int64_t
find(const double *sums, int64_t n, double value)
{
    int64_t low = 0, high = n;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sums[middle] < value) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

/* No more of column `at`. */
static void
take_out(double *sums, int64_t n, int64_t at)
{
    double weight = sums[at] - (at > 0 ? sums[at - 1] : 0);
    double rest = 1.0 - weight;
    for (int64_t i = 0; i < n; i++) {
        double sum = i >= at ? sums[i] - weight : sums[i];
        sums[i] = sum / rest;
    }
}

static void
sample(const struct weights *w, const struct lp_tensor *result, int64_t n,
       int replace, struct lp_draw *draw, double *sums)
{
    const int64_t *stride = lp_tensor_strides(result);
    int64_t row_step = result->nd > 1 ? stride[0] : 0;
    int64_t step = stride[result->nd - 1];
    int64_t *to = (int64_t *)lp_tensor_data(result);
    for (int64_t row = 0; row < w->rows; row++) {
        double all = cumulate(w, row, sums);
        for (int64_t i = 0; i < w->columns; i++) {
            sums[i] /= all;
        }
        for (int64_t i = 0; i < n; i++) {
            double value;
            lp_distribute(draw, &value, 1);
            sums[w->columns - 1] = 1; /* which `value` is less than */
            int64_t at = find(sums, w->columns, value);
            to[row * row_step + i * step] = at + 1;
            if (!replace) {
                take_out(sums, w->columns, at);
            }
        }
    }
}

static int
fits(const struct lp_tensor *result, const struct lp_tensor *t,
     const struct weights *w, int64_t n)
{
    return result->dtype == LP_Long && result->nd == (t->nd == 1 ? 1 : 2) &&
           result->size[result->nd - 1] == n &&
           (result->nd == 1 || result->size[0] == w->rows) &&
           !lp_share_memory(result, t);
}

struct call {
    int has_result, generator; /* index, or 0 */
    const struct lp_tensor *t;
    int64_t n;
    int replace;
};

/* [generator,] weights, n [, replace]; for the method the result comes first,
 * for the function there is none */
static int
read_call(lua_State *L, struct call *call, struct weights *w)
{
    int nargs = lua_gettop(L), index = 1;
    const struct lp_tensor *first = lp_to_tensor(L, 1);
    *call = (struct call){0};
    if (lp_is_method(L)) {
        call->has_result = index++;
        if (first == NULL) {
            return 0;
        }
    }
    if (lua_istable(L, index)) {
        call->generator = index++;
    }
    call->t = lp_to_tensor(L, index);
    call->replace = lua_toboolean(L, index + 2);
    if (!weights_of(call->t, w) || nargs < index + 1 ||
        nargs > index + 2 || !lp_read_integer(L, index + 1, 0, &call->n) ||
        (nargs == index + 2 && lua_type(L, nargs) != LUA_TBOOLEAN) ||
        call->n <= 0 || call->n > LP_DRAW_PART / w->rows ||
        (!call->replace && call->n > w->columns)) {
        return 0;
    }
    for (int64_t row = 0; row < w->rows; row++) {
        if (!(cumulate(w, row, NULL) > 0)) {
            return 0;
        }
    }
    return !call->has_result || fits(first, call->t, w, call->n);
}

/* [..., +1..4, e] 0 with nothing drawn. */
static int
sample_or_jump(lua_State *L, const struct call *call, struct weights *w)
{
    const struct lp_stream *from = lp_push_stream_or_jump(
        lp_operation_state(L), L, call->generator);
    if (from == NULL) {
        return 0;
    }
    const int64_t rows = w->rows, columns = w->columns;
    const int64_t size[2] = {rows, call->n};
    const int is_row = call->t->nd == 1;
    const struct lp_tensor *result =
        call->has_result ? lp_to_tensor(L, call->has_result)
                         : lp_new_sized_or_jump(from->S, L, LP_Long,
                                                2 - is_row, size + is_row);
    struct lp_draw draw = {.kind = LP_UNIFORM, .a = 0, .b = 1};
    enum lp_drawn drawn = lp_draw_or_jump(L, &draw, from, rows * call->n);
    if (drawn != LP_DRAWN) {
        return 0;
    }
    double few[LP_SMALL_ROW], *sums = few, *many = NULL;
    if (columns > LP_SMALL_ROW) {
        sums = many = malloc((size_t)columns * sizeof *many);
    }
    /* Other threads may have run. */
    int same = weights_of(call->t, w) && w->rows == rows &&
               w->columns == columns && fits(result, call->t, w, call->n);
    if (same && sums != NULL) {
        sample(w, result, call->n, call->replace, &draw, sums);
    }
    free(many);
    free(draw.many);
    if (sums == NULL) {
        luaL_error(L, "not enough memory");
    }
    if (!same) {
        lp_changed_or_jump(L);
    }
    lua_pushvalue(L, call->has_result ? call->has_result : -1);
    return 1;
}

/* torch.multinomial([generator,] weights, n [, replace]),
 * weights.multinomial(result, [generator,] weights, n [, replace]) */
static int
multinomial(lua_State *L)
{
    struct call call;
    struct weights w;
    int nargs = lua_gettop(L);
    if (read_call(L, &call, &w) && sample_or_jump(L, &call, &w)) {
        return 1;
    }
    lua_settop(L, nargs);
    return lp_call_rest_or_jump(L);
}

const struct lp_operation lp_multinomials[] = {
    {"multinomial", multinomial, NULL},
    {NULL,          NULL,        NULL},
};
