/* SPDX-License-Identifier: MIT */
/* Sums, products, traces, and all and any of small tensors: the operations in
 * the order and the types of Torch7, so that the last digits are the same. */
#include "numpy_tensor/rows.h"

union all {
    uint64_t integer; /* of integers, which wrap */
    double number;
};

#define LP_FOLD(function, type, ctype, wide, narrow, first, operator)         \
    static void function##_all_##type(union all *all, const char *p,          \
                                      int64_t n, ptrdiff_t step)              \
    {                                                                         \
        wide result = *(const wide *)all;                                     \
        for (int64_t i = 0; i < n; i++) {                                     \
            result = result operator(wide) * (const ctype *)(p + i * step);   \
        }                                                                     \
        *(wide *)all = result;                                                \
    }                                                                         \
    static void function##_row_##type(const struct lp_row *row,               \
                                      const void *is_mean)                    \
    {                                                                         \
        ctype result;                                                         \
        if (row->step == (ptrdiff_t)sizeof(ctype)) {                          \
            wide all = first;                                                 \
            for (int64_t i = 0; i < row->n; i++) {                            \
                all = all operator(wide) * ((const ctype *)row->from + i);    \
            }                                                                 \
            result = (ctype)all;                                              \
        }                                                                     \
        else {                                                                \
            narrow all = first;                                               \
            for (int64_t i = 0; i < row->n; i++) {                            \
                all = all operator(narrow) *                                  \
                      (const ctype *)(row->from + i * row->step);             \
            }                                                                 \
            result = (ctype)all;                                              \
        }                                                                     \
        *(ctype *)row->to =                                                   \
            is_mean ? (ctype)((narrow)result / (narrow)row->n) : result;      \
    }

/* Torch7 adds up and multiplies in the type `wide`, but where the elements of
 * a row do not lie one after another in `narrow`. */
#define LP_FOLDS(type, ctype, wide, narrow)                                   \
    LP_FOLD(sum, type, ctype, wide, narrow, 0, +)                             \
    LP_FOLD(prod, type, ctype, wide, narrow, 1, *)

LP_FOLDS(Byte, uint8_t, uint64_t, uint64_t)
LP_FOLDS(Char, int8_t, uint64_t, uint64_t)
LP_FOLDS(Short, int16_t, uint64_t, uint64_t)
LP_FOLDS(Int, int32_t, uint64_t, uint64_t)
LP_FOLDS(Long, int64_t, uint64_t, uint64_t)
LP_FOLDS(Float, float, double, float)
LP_FOLDS(Double, double, double, double)

typedef void fold_function(union all *all, const char *p, int64_t n,
                           ptrdiff_t step);

/* sum(t [, dim]) and the like */
struct fold {
    int first;
    fold_function *all[LP_N_DTYPES];
    lp_row_function *rows[LP_N_DTYPES];
};
static const struct fold
    of_sum = {0, LP_OF_TYPES(sum_all), LP_OF_TYPES(sum_row)},
    of_prod = {1, LP_OF_TYPES(prod_all), LP_OF_TYPES(prod_row)};
static const char of_mean;

static union all
begin_with(const struct lp_tensor *t, int value)
{
    union all all;
    if (lp_dtypes[t->dtype].integral) {
        all.integer = (uint64_t)value;
    }
    else {
        all.number = value;
    }
    return all;
}

static int
push_all(lua_State *L, const struct lp_tensor *t, const union all *all)
{
    lp_push_element(L, lp_dtypes[t->dtype].integral ? LP_Long : LP_Double,
                    (const char *)all);
    return 1;
}

struct work {
    fold_function *f;
    union all *all;
};

static void
fold_row(const void *context, char *const *data, ptrdiff_t n,
         const ptrdiff_t *steps)
{
    const struct work *work = context;
    work->f(work->all, data[0], n, steps[0]);
}

/* sum(t), sum([result,] t, dim), prod and mean */
static int
fold(lua_State *L)
{
    const void *what = lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    const int is_mean = what == &of_mean;
    const struct fold *of = is_mean ? &of_sum : what;
    int given, dim = 0;
    const struct lp_tensor *t = lp_small_tensor_after(L, 1, &given);
    int others = t != NULL ? lua_gettop(L) - given - 1 : 0;
    if (t == NULL || others > 1 || (given && others == 0) ||
        (is_mean && lp_dtypes[t->dtype].integral) ||
        (others == 1 && (dim = lp_read_dimension(L, given + 2, t)) < 0)) {
        return lp_call_rest_or_jump(L);
    }
    if (others == 1) {
        return lp_run_rows_or_jump(L, given, t, dim, 1, 1, of->rows[t->dtype],
                                   is_mean ? what : NULL);
    }
    struct lp_walk walk;
    union all all = begin_with(t, of->first);
    struct work work = {of->all[t->dtype], &all};
    lp_walk_begin(&walk, t);
    lp_walk_run_in_order(&walk, fold_row, &work);
    if (is_mean) {
        all.number /= (double)lp_count_elements(t);
    }
    return push_all(L, t, &all);
}

/* trace(t) */
static int
trace(lua_State *L)
{
    const struct lp_tensor *t = lp_small_tensor(L, 1);
    if (t == NULL || t->nd != 2 || lua_gettop(L) != 1) {
        return lp_call_rest_or_jump(L);
    }
    union all all = begin_with(t, 0);
    int64_t step = t->size[2] + t->size[3]; /* both strides */
    of_sum.all[t->dtype](
        &all, lp_tensor_data(t),
        t->size[0] < t->size[1] ? t->size[0] : t->size[1],
        (ptrdiff_t)step * (ptrdiff_t)lp_dtypes[t->dtype].size);
    return push_all(L, t, &all);
}

/* ---- all and any ---- */

/* Is there an element that is, or is not, 0? */
struct found {
    int zero, other;
};

static void
look_at_row(const void *context, char *const *data, ptrdiff_t n,
            const ptrdiff_t *steps)
{
    struct found *found = *(struct found *const *)context;
    for (ptrdiff_t i = 0; i < n; i++) {
        int is_zero = data[0][i * steps[0]] == 0;
        found->zero |= is_zero;
        found->other |= !is_zero;
    }
}

/* all(t), and any */
static int
logical(lua_State *L)
{
    const struct lp_tensor *t = lp_small_tensor(L, 1);
    if (t == NULL || t->dtype != LP_Byte || lua_gettop(L) != 1) {
        return lp_call_rest_or_jump(L);
    }
    struct found found = {0, 0}, *context = &found;
    struct lp_walk walk;
    lp_walk_begin(&walk, t);
    lp_walk_run(&walk, look_at_row, &context);
    int is_all = lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW)) != NULL;
    lua_pushboolean(L, is_all ? !found.zero : found.other);
    return 1;
}

static const char is_all;

const struct lp_operation lp_folds[] = {
    {"all",   logical, &is_all },
    {"any",   logical, NULL    },
    {"mean",  fold,    &of_mean},
    {"prod",  fold,    &of_prod},
    {"sum",   fold,    &of_sum },
    {"trace", trace,   NULL    },
    {NULL,    NULL,    NULL    },
};
