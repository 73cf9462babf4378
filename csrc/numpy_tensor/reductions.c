/* SPDX-License-Identifier: MIT */
/* Sums, extremes and order of small tensors, in one go through the elements
 * as Torch7 does it.  For large ones NumPy is faster, and what its functions
 * cost each time does not matter. */
#include <string.h>

#include "numpy_tensor/operation.h"

enum { SMALL = 32768, SMALL_ROW = 64 };

/* ---- for each type ---- */

struct kernels {
    /* `n` elements from `p` on, in the type that Torch7 sums up in. */
    void (*sum)(const char *p, int64_t n, ptrdiff_t step, void *sum);
    /* Position of the first extreme; a nan is one. */
    int64_t (*greatest)(const char *p, int64_t n, ptrdiff_t step);
    int64_t (*least)(const char *p, int64_t n, ptrdiff_t step);
    /* Order of positions: those of equal elements stay in order. */
    void (*sort)(const char *p, int64_t n, ptrdiff_t step, int descending,
                 int64_t *order);
    void (*store)(const void *sum, double divisor, void *p);
};

#define LP_AT(ctype, i) (*(const ctype *)(p + (i)*step))

/* nan is greater than all numbers. */
#define LP_BEFORE(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))

#define LP_EXTREME(function, type, ctype, is_no_better)                       \
    static int64_t function##_##type(const char *p, int64_t n,                \
                                     ptrdiff_t step)                          \
    {                                                                         \
        int64_t found = 0;                                                    \
        ctype best = LP_AT(ctype, 0);                                         \
        for (int64_t i = 1; i < n && best == best; i++) {                     \
            ctype value = LP_AT(ctype, i);                                    \
            if (!(value is_no_better best)) {                                 \
                best = value;                                                 \
                found = i;                                                    \
            }                                                                 \
        }                                                                     \
        return found;                                                         \
    }

#define LP_KERNELS_OF(type, ctype, wide)                                      \
    static void sum_##type(const char *p, int64_t n, ptrdiff_t step,          \
                           void *sum)                                         \
    {                                                                         \
        wide all = *(wide *)sum;                                              \
        for (int64_t i = 0; i < n; i++) {                                     \
            all += (wide)LP_AT(ctype, i);                                     \
        }                                                                     \
        *(wide *)sum = all;                                                   \
    }                                                                         \
    LP_EXTREME(greatest, type, ctype, <=)                                     \
    LP_EXTREME(least, type, ctype, >=)                                        \
    static void sort_##type(const char *p, int64_t n, ptrdiff_t step,         \
                            int descending, int64_t *order)                   \
    {                                                                         \
        for (int64_t i = 0; i < n; i++) {                                     \
            ctype value = LP_AT(ctype, i);                                    \
            int64_t k = i;                                                    \
            for (; k > 0; k--) {                                              \
                ctype other = LP_AT(ctype, order[k - 1]);                     \
                if (!(descending ? LP_BEFORE(other, value)                    \
                                 : LP_BEFORE(value, other))) {                \
                    break;                                                    \
                }                                                             \
                order[k] = order[k - 1];                                      \
            }                                                                 \
            order[k] = i;                                                     \
        }                                                                     \
    }                                                                         \
    static void store_##type(const void *sum, double divisor, void *p)        \
    {                                                                         \
        *(ctype *)p = (ctype)(*(const wide *)sum / (wide)divisor);            \
    }

LP_KERNELS_OF(Byte, uint8_t, uint64_t)
LP_KERNELS_OF(Char, int8_t, uint64_t)
LP_KERNELS_OF(Short, int16_t, uint64_t)
LP_KERNELS_OF(Int, int32_t, uint64_t)
LP_KERNELS_OF(Long, int64_t, uint64_t) /* wraps */
LP_KERNELS_OF(Float, float, double)
LP_KERNELS_OF(Double, double, double)

#define LP_ENTRY(type)                                                        \
    [LP_##type] = {sum_##type, greatest_##type, least_##type, sort_##type,    \
                   store_##type}
static const struct kernels kernels[LP_N_DTYPES] = {
    LP_ENTRY(Byte), LP_ENTRY(Char),  LP_ENTRY(Short), LP_ENTRY(Int),
    LP_ENTRY(Long), LP_ENTRY(Float), LP_ENTRY(Double),
};

/* ---- the arguments ---- */

/* A small tensor as the only one, and from 0 the dimension that the second
 * argument names, or `no_dim` without one; NULL if it is not for us. */
static struct lp_tensor *
read_arguments(lua_State *L, int max_nargs, int *dim)
{
    struct lp_tensor *t = lp_to_tensor(L, 1);
    int nargs = lua_gettop(L);
    if (t == NULL || t->nd == 0 || t->nd > LP_INLINE_DIMS ||
        t->dtype == LP_Half || nargs > max_nargs ||
        lp_count_elements(t) > SMALL) {
        return NULL;
    }
    *dim = -1;
    if (nargs >= 2) {
        lua_Number number = lua_tonumber(L, 2);
        if (lua_type(L, 2) != LUA_TNUMBER || !(number >= 1) ||
            number >= t->nd + 1) {
            return NULL;
        }
        *dim = (int)number - 1;
    }
    return t;
}

/* What is left of a tensor when one dimension gets size 1. */
static void
slice_of(const struct lp_tensor *t, int dim, struct lp_tensor *slice)
{
    *slice = *t;
    slice->size = slice->few;
    memcpy(slice->few, t->size, 2 * (size_t)t->nd * sizeof *t->size);
    slice->size[dim] = 1;
}

/* The same once more, after the results were made. */
static void
slice_again_or_jump(lua_State *L, const struct lp_tensor *t, int dim,
                    struct lp_tensor *slice)
{
    struct lp_tensor before = *slice;
    before.size = before.few;
    if (t->nd != before.nd) {
        lp_changed_or_jump(L);
    }
    slice_of(t, dim, slice);
    if (!lp_same_sizes(slice, &before)) {
        lp_changed_or_jump(L);
    }
}

/* The dimension that is gone through for each element of a slice. */
struct along {
    const struct kernels *kernels;
    int64_t n;
    ptrdiff_t step;
    double divisor; /* of a mean, or 1 */
    int64_t (*extreme)(const char *, int64_t, ptrdiff_t);
    int descending;
    size_t item;
    ptrdiff_t result_step, position_step; /* of sort */
};

static struct along
along_of(const struct lp_tensor *t, int dim)
{
    return (struct along){
        .kernels = &kernels[t->dtype],
        .n = t->size[dim],
        .step = (ptrdiff_t)lp_tensor_strides(t)[dim] *
                (ptrdiff_t)lp_dtypes[t->dtype].size,
        .item = lp_dtypes[t->dtype].size,
        .divisor = 1,
    };
}

/* ---- sums ---- */

union sum {
    uint64_t integer; /* of integers; both begin as 0 */
    double number;
};

static void
sum_of_row(const void *sum, char *const *data, ptrdiff_t n,
           const ptrdiff_t *steps)
{
    const struct along *along = sum;
    along->kernels->sum(data[0], n, steps[0], data[1]);
}

/* data: results, first elements */
static void
sums_of_rows(const void *context, char *const *data, ptrdiff_t n,
             const ptrdiff_t *steps)
{
    const struct along *along = context;
    for (ptrdiff_t i = 0; i < n; i++) {
        union sum sum = {0};
        along->kernels->sum(data[1] + i * steps[1], along->n, along->step,
                            &sum);
        along->kernels->store(&sum, along->divisor, data[0] + i * steps[0]);
    }
}

static int
is_real(const struct lp_tensor *t)
{
    return t->dtype == LP_Float || t->dtype == LP_Double;
}

/* sum(t [, dim]), and mean */
static int
sum_or_mean(lua_State *L, int is_mean)
{
    int dim;
    struct lp_walk walk;
    const struct lp_tensor *t = read_arguments(L, 2, &dim);
    if (t == NULL || (is_mean && !is_real(t))) {
        return lp_call_rest_or_jump(L);
    }
    if (dim < 0) {
        if (!lp_walk_begin(&walk, t)) {
            return lp_call_rest_or_jump(L);
        }
        union sum sum = {0};
        struct along along = along_of(t, 0);
        lp_walk_add_one(&walk, &sum);
        lp_walk_run(&walk, sum_of_row, &along);
        if (is_mean) {
            lua_pushnumber(L, sum.number / (double)lp_count_elements(t));
            return 1;
        }
        lp_push_element(L, is_real(t) ? LP_Double : LP_Long, (char *)&sum);
        return 1;
    }
    struct lp_tensor slice;
    slice_of(t, dim, &slice);
    const struct lp_tensor *result = lp_new_sized_or_jump(
        t->S, L, t->dtype, slice.nd, slice.size);
    slice_again_or_jump(L, t, dim, &slice);
    struct along along = along_of(t, dim);
    along.divisor = is_mean ? (double)along.n : 1;
    lp_walk_begin(&walk, result);
    lp_walk_add(&walk, &slice, result);
    lp_walk_run(&walk, sums_of_rows, &along);
    return 1;
}

static int
sum(lua_State *L)
{
    return sum_or_mean(L, 0);
}

static int
mean(lua_State *L)
{
    return sum_or_mean(L, 1);
}

/* ---- extremes ---- */

/* data: results, positions, first elements */
static void
extremes_of_rows(const void *context, char *const *data, ptrdiff_t n,
                 const ptrdiff_t *steps)
{
    const struct along *along = context;
    for (ptrdiff_t i = 0; i < n; i++) {
        const char *p = data[2] + i * steps[2];
        int64_t found = along->extreme(p, along->n, along->step);
        memcpy(data[0] + i * steps[0], p + found * along->step, along->item);
        *(int64_t *)(data[1] + i * steps[1]) = found + 1;
    }
}

/* max(t [, dim]), and min */
static int
extreme(lua_State *L, int is_max)
{
    int dim;
    const struct lp_tensor *t = read_arguments(L, 2, &dim);
    if (t == NULL || (dim < 0 && t->nd > 1 && !lp_is_contiguous(t))) {
        return lp_call_rest_or_jump(L);
    }
    const struct kernels *of = &kernels[t->dtype];
    struct along along = along_of(t, dim < 0 ? t->nd - 1 : dim);
    along.extreme = is_max ? of->greatest : of->least;
    if (dim < 0) { /* makes nothing */
        const char *p = lp_tensor_data(t);
        ptrdiff_t step = t->nd == 1 ? along.step : (ptrdiff_t)along.item;
        int64_t at = along.extreme(p, lp_count_elements(t), step);
        lp_push_element(L, t->dtype, p + at * step);
        return 1;
    }
    struct lp_walk walk;
    struct lp_tensor slice;
    slice_of(t, dim, &slice);
    const struct lp_tensor *values = lp_new_sized_or_jump(
        t->S, L, t->dtype, slice.nd, slice.size);
    const struct lp_tensor *positions = lp_new_sized_or_jump(
        t->S, L, LP_Long, slice.nd, slice.size);
    slice_again_or_jump(L, t, dim, &slice);
    along.n = t->size[dim];
    along.step = along_of(t, dim).step;
    lp_walk_begin(&walk, values);
    lp_walk_add(&walk, positions, values);
    lp_walk_add(&walk, &slice, values);
    lp_walk_run(&walk, extremes_of_rows, &along);
    return 2;
}

static int
max(lua_State *L)
{
    return extreme(L, 1);
}

static int
min(lua_State *L)
{
    return extreme(L, 0);
}

/* ---- order ---- */

/* data: results, positions, first elements */
static void
order_of_rows(const void *context, char *const *data, ptrdiff_t n,
              const ptrdiff_t *steps)
{
    const struct along *along = context;
    int64_t order[SMALL_ROW];
    for (ptrdiff_t i = 0; i < n; i++) {
        const char *p = data[2] + i * steps[2];
        char *values = data[0] + i * steps[0];
        char *positions = data[1] + i * steps[1];
        along->kernels->sort(p, along->n, along->step, along->descending,
                             order);
        for (int64_t k = 0; k < along->n; k++) {
            memcpy(values + k * along->result_step,
                   p + order[k] * along->step, along->item);
            *(int64_t *)(positions + k * along->position_step) =
                order[k] + 1;
        }
    }
}

/* sort(t [, dim [, descending]]) */
static int
sort(lua_State *L)
{
    int dim;
    if (lua_gettop(L) == 3 && lua_type(L, 3) != LUA_TBOOLEAN) {
        return lp_call_rest_or_jump(L);
    }
    const struct lp_tensor *t = read_arguments(L, 3, &dim);
    if (t == NULL || t->size[dim < 0 ? t->nd - 1 : dim] > SMALL_ROW) {
        return lp_call_rest_or_jump(L);
    }
    dim = dim < 0 ? t->nd - 1 : dim;
    int descending = lua_toboolean(L, 3);
    struct lp_walk walk;
    struct lp_tensor slice, of_values, of_positions;
    const struct lp_tensor *values = lp_new_sized_or_jump(
        t->S, L, t->dtype, t->nd, t->size);
    const struct lp_tensor *positions = lp_new_sized_or_jump(
        t->S, L, LP_Long, t->nd, t->size);
    if (!lp_same_sizes(t, values)) {
        return lp_changed_or_jump(L);
    }
    slice_of(t, dim, &slice);
    slice_of(values, dim, &of_values);
    slice_of(positions, dim, &of_positions);
    struct along along = along_of(t, dim);
    along.descending = descending;
    along.result_step = along_of(values, dim).step;
    along.position_step = along_of(positions, dim).step;
    lp_walk_begin(&walk, &of_values);
    lp_walk_add(&walk, &of_positions, &of_values);
    lp_walk_add(&walk, &slice, &of_values);
    lp_walk_run(&walk, order_of_rows, &along);
    return 2;
}

const struct lp_operation lp_reductions[] = {
    {"max",  max,  NULL},
    {"mean", mean, NULL},
    {"min",  min,  NULL},
    {"sort", sort, NULL},
    {"sum",  sum,  NULL},
    {NULL,   NULL, NULL},
};
