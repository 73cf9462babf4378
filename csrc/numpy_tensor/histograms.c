/* SPDX-License-Identifier: MIT */
/* Histograms of all elements, or of each row of a matrix. */
#include "numpy_tensor/rows.h"

enum { MOST_BINS = 1 << 24 }; /* whose numbers floats have */

struct histogram {
    double low, high;
    int64_t bins;
    char *counts;
    int any; /* elements seen, for `low` and `high` */
};

/* As in Torch7, in the type of the elements: what is no number is in no bin,
 * and if the least or the greatest is none nothing is. */
#define LP_HISTOGRAM_OF(type, ctype)                                          \
    static void span_##type(const void *context, char *const *data,           \
                            ptrdiff_t n, const ptrdiff_t *steps)              \
    {                                                                         \
        struct histogram *h = *(struct histogram *const *)context;            \
        double low = h->low, high = h->high;                                  \
        if (!h->any) {                                                        \
            low = high = (double)*(const ctype *)data[0];                     \
            h->any = 1;                                                       \
        }                                                                     \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            double value = (double)*(const ctype *)(data[0] + i * steps[0]);  \
            low = value >= low || low != low ? low : value;                   \
            high = value <= high || high != high ? high : value;              \
        }                                                                     \
        h->low = low;                                                         \
        h->high = high;                                                       \
    }                                                                         \
    static void count_##type(const void *context, char *const *data,          \
                             ptrdiff_t n, const ptrdiff_t *steps)             \
    {                                                                         \
        const struct histogram *h = context;                                  \
        const ctype low = (ctype)h->low, high = (ctype)h->high;               \
        const ctype bins = (ctype)h->bins;                                    \
        ctype *counts = (ctype *)h->counts;                                   \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            ctype value = *(const ctype *)(data[0] + i * steps[0]);           \
            if (value >= low && value <= high) {                              \
                ctype at = (value - low) / (high - low) * bins;               \
                int64_t bin = at >= 0 ? (int64_t)at : 0; /* 0: no number */   \
                counts[bin < h->bins ? bin : h->bins - 1] += 1;               \
            }                                                                 \
        }                                                                     \
    }

LP_HISTOGRAM_OF(Float, float)
LP_HISTOGRAM_OF(Double, double)

static int
is_real(const struct lp_tensor *t)
{
    return t != NULL && (t->dtype == LP_Float || t->dtype == LP_Double) &&
           t->nd > 0 && t->nd <= LP_WALK_DIMS;
}

/* The bounds that are given, or those of the elements. */
static void
find_span(struct histogram *h, const struct lp_tensor *t)
{
    if (t->dtype == LP_Float) {
        h->low = (double)(float)h->low;
        h->high = (double)(float)h->high;
    }
    if (h->low == h->high) {
        struct lp_walk walk;
        lp_walk_begin(&walk, t);
        lp_walk_run(&walk, t->dtype == LP_Float ? span_Float : span_Double,
                    &h);
    }
    if (h->low == h->high) {
        h->low -= 1;
        h->high += 1;
    }
}

static void
count(struct histogram *h, const struct lp_tensor *t,
      const struct lp_tensor *result)
{
    lp_walk_function *f = t->dtype == LP_Float ? count_Float : count_Double;
    ptrdiff_t item = (ptrdiff_t)lp_dtypes[t->dtype].size;
    h->counts = lp_tensor_data(result);
    if (result->nd == 1) {
        struct lp_walk walk;
        lp_walk_begin(&walk, t);
        lp_walk_run(&walk, f, h);
        return;
    }
    const ptrdiff_t step = (ptrdiff_t)lp_tensor_strides(t)[1] * item;
    for (int64_t i = 0; i < t->size[0]; i++) {
        char *row = lp_tensor_data(t) +
                    (ptrdiff_t)(i * lp_tensor_strides(t)[0]) * item;
        f(h, &row, (ptrdiff_t)t->size[1], &step);
        h->counts += (ptrdiff_t)h->bins * item;
    }
}

/* Of the elements, and the result for them: 0 if it is not for us. */
static int
fits(const struct lp_tensor *result, const struct lp_tensor *t, int nd,
     const int64_t *size)
{
    return is_real(t) && (nd == 1 || (t->nd == 2 && t->size[0] == size[0])) &&
           result->dtype == t->dtype && lp_has_sizes(result, nd, size) &&
           lp_is_contiguous(result) && !lp_share_memory(result, t);
}

/* histc([result,] t [, bins [, low [, high]]]), and bhistc for each row of a
 * matrix */
static int
histogram(lua_State *L)
{
    int by_row = lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW)) != NULL;
    int nargs = lua_gettop(L), first = lp_to_tensor(L, 2) != NULL ? 2 : 1;
    const struct lp_tensor *t = lp_to_tensor(L, first), *result = NULL;
    struct histogram h = {0};
    int takes = is_real(t) && (!by_row || t->nd == 2) && nargs <= first + 3 &&
                lp_read_integer(L, first + 1, 100, &h.bins) && h.bins > 0 &&
                h.bins <= MOST_BINS;
    for (int i = first + 2; takes && i <= nargs; i++) {
        takes = lua_type(L, i) == LUA_TNUMBER;
    }
    if (!takes) {
        return lp_call_rest_or_jump(L);
    }
    h.low = lua_tonumber(L, first + 2); /* 0 where there is none */
    h.high = lua_tonumber(L, first + 3);
    const int64_t sizes[2] = {by_row ? t->size[0] : h.bins, h.bins};
    const int nd = 1 + by_row;
    if (first == 2) {
        const uint64_t zero = 0;
        result = lp_to_tensor(L, 1);
        if (result == NULL || !fits(result, t, nd, sizes)) {
            return lp_call_rest_or_jump(L);
        }
        lp_fill(result, &zero);
        lua_settop(L, 1);
    }
    else {
        result = lp_new_zeroed_or_jump(t->S, L, t->dtype, nd, sizes);
        if (!fits(result, t, nd, sizes)) {
            return lp_changed_or_jump(L);
        }
    }
    find_span(&h, t);
    count(&h, t, result);
    return 1;
}

static const char by_row;

const struct lp_operation lp_histograms[] = {
    {"bhistc", histogram, &by_row},
    {"histc",  histogram, NULL   },
    {NULL,     NULL,      NULL   },
};
