/* SPDX-License-Identifier: MIT */
/* The elements of small rows in order, and what comes of it: those of equal
 * value stay in order, and nan is greater than all numbers. */
#include <string.h>

#include "numpy_tensor/rows.h"

/* Order of the positions of a row. */
typedef void sort_function(const struct lp_row *row, int descending,
                           int64_t *order);
/* Where in that order the last one of the first longest run of equal values
 * is. */
typedef int64_t longest_function(const struct lp_row *row,
                                 const int64_t *order);

#define LP_AT(ctype, i) (*(const ctype *)(row->from + (i) * row->step))
#define LP_BEFORE(a, b) ((a) < (b) || ((b) != (b) && (a) == (a)))

#define LP_ORDER_OF(type, ctype, wide)                                        \
    static void sort_##type(const struct lp_row *row, int descending,         \
                            int64_t *order)                                   \
    {                                                                         \
        for (int64_t i = 0; i < row->n; i++) {                                \
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
    static int64_t longest_##type(const struct lp_row *row,                   \
                                  const int64_t *order)                       \
    {                                                                         \
        int64_t found = 0, run = 0, most = 0;                                 \
        for (int64_t i = 0; i < row->n; i++) {                                \
            run++;                                                            \
            if (i + 1 < row->n &&                                             \
                LP_AT(ctype, order[i]) == LP_AT(ctype, order[i + 1])) {       \
                continue;                                                     \
            }                                                                 \
            if (run > most) {                                                 \
                most = run;                                                   \
                found = i;                                                    \
            }                                                                 \
            run = 0;                                                          \
        }                                                                     \
        return found;                                                         \
    }

LP_EACH_TYPE(LP_ORDER_OF)

static sort_function *const sorts[LP_N_DTYPES] = LP_OF_TYPES(sort);
static longest_function *const longest[LP_N_DTYPES] = LP_OF_TYPES(longest);

/* What of the order is wanted. */
struct wanted {
    enum lp_dtype dtype;
    int descending, mode;
    int64_t first, n;
};

static void
order_row(const struct lp_row *row, const void *context)
{
    const struct wanted *wanted = context;
    int64_t order[LP_SMALL_ROW];
    size_t item = lp_dtypes[wanted->dtype].size;
    sorts[wanted->dtype](row, wanted->descending, order);
    int64_t first = wanted->mode ? longest[wanted->dtype](row, order)
                                 : wanted->first;
    for (int64_t k = 0; k < wanted->n; k++) {
        int64_t at = order[first + k];
        memcpy(row->to + k * row->to_step, row->from + at * row->step, item);
        *(int64_t *)(row->positions + k * row->positions_step) = at + 1;
    }
}

/* NumPy is the faster one for many rows that are not very small. */
enum { FEW = 1024, SHORT_ROW = 32 };

/* The tensor, how many results are before it, and the dimension as argument
 * `index` after those or else the last; NULL if it is not for us. */
static struct lp_tensor *
read_arguments(lua_State *L, int index, int *given, int *dim)
{
    struct lp_tensor *t = lp_small_tensor_after(L, 2, given);
    if (t == NULL) {
        return NULL;
    }
    index += *given;
    *dim = lua_gettop(L) >= index ? lp_read_dimension(L, index, t) : t->nd - 1;
    int64_t most = lp_count_elements(t) > FEW ? SHORT_ROW : LP_SMALL_ROW;
    return *dim >= 0 && t->size[*dim] <= most ? t : NULL;
}

static int
give(lua_State *L, int given, const struct lp_tensor *t, int dim,
     struct wanted wanted)
{
    wanted.dtype = t->dtype;
    return lp_run_rows_or_jump(L, given, t, dim, wanted.n, 2, order_row,
                               &wanted);
}

/* 1 if the arguments from `first` to the top are booleans. */
static int
are_booleans(lua_State *L, int first)
{
    int all = 1;
    for (int i = first; all && i <= lua_gettop(L); i++) {
        all = lua_type(L, i) == LUA_TBOOLEAN;
    }
    return all;
}

/* sort([result, positions,] t [, dim [, descending]]) */
static int
sort(lua_State *L)
{
    int given, dim;
    const struct lp_tensor *t = read_arguments(L, 2, &given, &dim);
    if (t == NULL || lua_gettop(L) > given + 3 ||
        !are_booleans(L, given + 3)) {
        return lp_call_rest_or_jump(L);
    }
    return give(L, given, t, dim,
                (struct wanted){.descending = lua_toboolean(L, given + 3),
                                .n = t->size[dim]});
}

/* The number from 1 to the size of the dimension at `index`; or 0. */
static int64_t
read_rank(lua_State *L, int index, int64_t size)
{
    lua_Number number = lua_tonumber(L, index);
    if (lua_type(L, index) != LUA_TNUMBER || !(number >= 1) ||
        number >= (lua_Number)size + 1) {
        return 0;
    }
    return (int64_t)number;
}

/* topk([result, positions,] t, k [, dim [, largest [, sorted]]]) */
static int
topk(lua_State *L)
{
    int given, dim;
    const struct lp_tensor *t = read_arguments(L, 3, &given, &dim);
    int64_t k = t != NULL ? read_rank(L, given + 2, t->size[dim]) : 0;
    if (k == 0 || lua_gettop(L) > given + 5 ||
        !are_booleans(L, given + 4)) {
        return lp_call_rest_or_jump(L);
    }
    return give(
        L, given, t, dim,
        (struct wanted){.descending = lua_toboolean(L, given + 4), .n = k});
}

/* kthvalue([result, positions,] t, k [, dim]) */
static int
kthvalue(lua_State *L)
{
    int given, dim;
    const struct lp_tensor *t = read_arguments(L, 3, &given, &dim);
    int64_t k = t != NULL ? read_rank(L, given + 2, t->size[dim]) : 0;
    if (k == 0 || lua_gettop(L) > given + 3) {
        return lp_call_rest_or_jump(L);
    }
    return give(L, given, t, dim, (struct wanted){.first = k - 1, .n = 1});
}

/* median([result, positions,] t [, dim]) */
static int
median(lua_State *L)
{
    int given, dim;
    const struct lp_tensor *t = read_arguments(L, 2, &given, &dim);
    if (t == NULL || lua_gettop(L) > given + 2) {
        return lp_call_rest_or_jump(L);
    }
    return give(L, given, t, dim,
                (struct wanted){.first = (t->size[dim] - 1) / 2, .n = 1});
}

/* ---- mode ---- */

#define LP_NAN(type, ctype)                                                   \
    static void look_for_nan_##type(const void *context, char *const *data,   \
                                    ptrdiff_t n, const ptrdiff_t *steps)      \
    {                                                                         \
        int *found = *(int *const *)context;                                  \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            ctype value = *(const ctype *)(data[0] + i * steps[0]);           \
            *found |= value != value;                                         \
        }                                                                     \
    }
LP_NAN(Float, float)
LP_NAN(Double, double)

static int
has_nan(const struct lp_tensor *t)
{
    struct lp_walk walk;
    int found = 0, *context = &found;
    if (!lp_dtypes[t->dtype].integral) {
        lp_walk_begin(&walk, t);
        lp_walk_run(&walk,
                    t->dtype == LP_Float ? look_for_nan_Float
                                         : look_for_nan_Double,
                    &context);
    }
    return found;
}

/* mode([result, positions,] t [, dim]): of the most frequent values the
 * least. */
static int
mode(lua_State *L)
{
    int given, dim;
    const struct lp_tensor *t = read_arguments(L, 2, &given, &dim);
    if (t == NULL || lua_gettop(L) > given + 2 || has_nan(t)) {
        return lp_call_rest_or_jump(L);
    }
    return give(L, given, t, dim, (struct wanted){.mode = 1, .n = 1});
}

const struct lp_operation lp_order[] = {
    {"kthvalue", kthvalue, NULL},
    {"median",   median,   NULL},
    {"mode",     mode,     NULL},
    {"sort",     sort,     NULL},
    {"topk",     topk,     NULL},
    {NULL,       NULL,     NULL},
};
