/* SPDX-License-Identifier: MIT */
/* Norms, distances and deviations of small tensors of real numbers: the
 * operations in the order and the types of Torch7, so that the last digits are
 * the same. */
#include <math.h>

#include "numpy_tensor/rows.h"

/* pow for each element takes longer than NumPy's ways around it. */
enum { SMALL_POWER = 256 };

struct norm {
    double p;
    double sum; /* so far */
    int is_float;
    int biased, is_std; /* of a deviation */
    double mean;
};

#define LP_AT(ctype, data, i) (*(const ctype *)((data) + (i) * (step)))

/* absolute, power, root: C's functions for the type */
#define LP_NORMS_OF(type, ctype, absolute, power, root)                       \
    static void add_##type(struct norm *norm, const char *p, int64_t n,       \
                           ptrdiff_t step, int by_power)                      \
    {                                                                         \
        double sum = norm->sum;                                               \
        ctype exponent = (ctype)norm->p;                                      \
        if (exponent == 0) {                                                  \
            for (int64_t i = 0; i < n; i++) {                                 \
                sum += LP_AT(ctype, p, i) != 0;                               \
            }                                                                 \
        }                                                                     \
        else if (by_power) {                                                  \
            for (int64_t i = 0; i < n; i++) {                                 \
                ctype value = absolute(LP_AT(ctype, p, i));                   \
                sum += (double)power(value, exponent);                        \
            }                                                                 \
        }                                                                     \
        else if (exponent == 1) {                                             \
            for (int64_t i = 0; i < n; i++) {                                 \
                sum += (double)absolute(LP_AT(ctype, p, i));                  \
            }                                                                 \
        }                                                                     \
        else {                                                                \
            for (int64_t i = 0; i < n; i++) {                                 \
                double value = (double)LP_AT(ctype, p, i);                    \
                sum += value * value;                                         \
            }                                                                 \
        }                                                                     \
        norm->sum = sum;                                                      \
    }                                                                         \
    static double rooted_##type(double sum, double p)                         \
    {                                                                         \
        return (double)power((ctype)sum, (ctype)(1.0 / (ctype)p));            \
    }                                                                         \
    static void norm_##type(const struct lp_row *row, const void *context)    \
    {                                                                         \
        struct norm norm = *(const struct norm *)context;                     \
        add_##type(&norm, row->from, row->n, row->step, 1);                   \
        *(ctype *)row->to = (ctype)((ctype)norm.p == 0                        \
                                        ? norm.sum                            \
                                        : rooted_##type(norm.sum, norm.p));   \
    }                                                                         \
    static void spread_##type(const struct lp_row *row, const void *context)  \
    {                                                                         \
        const struct norm *norm = context;                                    \
        ptrdiff_t step = row->step;                                           \
        double sum = 0, squares = 0;                                          \
        int64_t n = row->n, m = n - !norm->biased;                            \
        for (int64_t i = 0; i < n; i++) {                                     \
            ctype value = LP_AT(ctype, row->from, i);                         \
            ctype square = value * value;                                     \
            sum += (double)value;                                             \
            squares += (double)square;                                        \
        }                                                                     \
        sum /= (double)n;                                                     \
        squares /= (double)m;                                                 \
        squares -= norm->biased                                               \
                       ? sum * sum                                            \
                       : (double)((ctype)n / (ctype)m) * sum * sum;           \
        squares = squares < 0 ? 0 : squares;                                  \
        *(ctype *)row->to =                                                   \
            norm->is_std ? root((ctype)squares) : (ctype)squares;             \
    }                                                                         \
    static void apart_##type(const void *context, char *const *data,          \
                             ptrdiff_t n, const ptrdiff_t *steps)             \
    {                                                                         \
        struct norm *norm = *(struct norm *const *)context;                   \
        ctype sum = (ctype)norm->sum;                                         \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            ctype a = *(const ctype *)(data[0] + i * steps[0]);               \
            ctype b = *(const ctype *)(data[1] + i * steps[1]);               \
            sum += power(absolute(a - b), (ctype)norm->p);                    \
        }                                                                     \
        norm->sum = (double)sum;                                              \
    }

#define LP_SQUARES_OF(type, ctype)                                            \
    static void sum_##type(const void *context, char *const *data,            \
                           ptrdiff_t n, const ptrdiff_t *steps)               \
    {                                                                         \
        struct norm *norm = *(struct norm *const *)context;                   \
        double sum = norm->sum;                                               \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            sum += (double)*(const ctype *)(data[0] + i * steps[0]);          \
        }                                                                     \
        norm->sum = sum;                                                      \
    }                                                                         \
    static void squares_##type(const void *context, char *const *data,        \
                               ptrdiff_t n, const ptrdiff_t *steps)           \
    {                                                                         \
        struct norm *norm = *(struct norm *const *)context;                   \
        double sum = norm->sum, mean = norm->mean;                            \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            double value =                                                    \
                (double)*(const ctype *)(data[0] + i * steps[0]) - mean;      \
            sum += value * value;                                             \
        }                                                                     \
        norm->sum = sum;                                                      \
    }

LP_SQUARES_OF(Float, float)
LP_SQUARES_OF(Double, double)
LP_NORMS_OF(Float, float, fabsf, powf, sqrtf)
LP_NORMS_OF(Double, double, fabs, pow, sqrt)

/* ---- the arguments ---- */

/* The tensor, and whether a result is before it; NULL if it is not for us. */
static struct lp_tensor *
small_real(lua_State *L, int *given)
{
    struct lp_tensor *t = lp_small_tensor_after(L, 1, given);
    return t != NULL && (t->dtype == LP_Float || t->dtype == LP_Double) ? t
                                                                        : NULL;
}

/* The exponent at `index`, by default 2; 0 if it is none. */
static int
read_exponent(lua_State *L, int index, const struct lp_tensor *t, double *p)
{
    *p = 2;
    if (lua_gettop(L) >= index) {
        if (lua_type(L, index) != LUA_TNUMBER) {
            return 0;
        }
        *p = lua_tonumber(L, index);
    }
    *p = t->dtype == LP_Float ? (double)(float)*p : *p;
    return 1;
}

static double
rooted(const struct lp_tensor *t, double sum, double p)
{
    return t->dtype == LP_Float ? rooted_Float(sum, p) : rooted_Double(sum, p);
}

static int
needs_power(double p)
{
    return !(p == 0 || p == 1 || p == 2);
}

static void
add_row(const void *context, char *const *data, ptrdiff_t n,
        const ptrdiff_t *steps)
{
    struct norm *norm = *(struct norm *const *)context;
    if (norm->is_float) {
        add_Float(norm, data[0], n, steps[0], needs_power(norm->p));
    }
    else {
        add_Double(norm, data[0], n, steps[0], needs_power(norm->p));
    }
}

/* norm(t [, p]), norm([result,] t, p, dim) */
static int
norm(lua_State *L)
{
    struct norm norm = {0}, *context = &norm;
    struct lp_walk walk;
    int given;
    const struct lp_tensor *t = small_real(L, &given);
    int nargs = t != NULL ? lua_gettop(L) - given : 0;
    if (t == NULL || nargs > 3 || (given && nargs < 3) ||
        !read_exponent(L, given + 2, t, &norm.p) ||
        ((nargs == 3 || needs_power(norm.p)) &&
         lp_count_elements(t) > SMALL_POWER)) {
        return lp_call_rest_or_jump(L);
    }
    if (nargs == 3) {
        int dim = lp_read_dimension(L, given + 3, t);
        if (dim < 0) {
            return lp_call_rest_or_jump(L);
        }
        return lp_run_rows_or_jump(
            L, given, t, dim, 1, 1,
            t->dtype == LP_Float ? norm_Float : norm_Double, &norm);
    }
    norm.is_float = t->dtype == LP_Float;
    lp_walk_begin(&walk, t);
    lp_walk_run_in_order(&walk, add_row, &context);
    if (norm.p == 2) {
        norm.sum = sqrt(norm.sum);
    }
    else if (needs_power(norm.p)) {
        norm.sum = rooted(t, norm.sum, norm.p);
    }
    lua_pushnumber(L, norm.sum);
    return 1;
}

/* dist(t, u [, p]) */
static int
dist(lua_State *L)
{
    struct norm norm = {0}, *context = &norm;
    struct lp_walk walk;
    const struct lp_tensor *t = lp_small_tensor(L, 1);
    const struct lp_tensor *other = lp_to_tensor(L, 2);
    if (t == NULL || other == NULL || lp_dtypes[t->dtype].integral ||
        other->dtype != t->dtype ||
        other->nd == 0 || lua_gettop(L) > 3 ||
        !read_exponent(L, 3, t, &norm.p) ||
        lp_count_elements(t) > SMALL_POWER || !lp_walk_begin(&walk, t) ||
        !lp_walk_add(&walk, other, t)) {
        return lp_call_rest_or_jump(L);
    }
    lp_walk_run_in_order(
        &walk, t->dtype == LP_Float ? apart_Float : apart_Double, &context);
    lua_pushnumber(L, rooted(t, norm.sum, norm.p));
    return 1;
}

static double
spread_of_all(const struct lp_tensor *t, struct norm *norm)
{
    struct lp_walk walk;
    double n = (double)lp_count_elements(t);
    int is_float = t->dtype == LP_Float;
    lp_walk_begin(&walk, t);
    lp_walk_run_in_order(&walk, is_float ? sum_Float : sum_Double, &norm);
    norm->mean = norm->sum / n;
    norm->sum = 0;
    lp_walk_begin(&walk, t);
    lp_walk_run_in_order(&walk, is_float ? squares_Float : squares_Double,
                         &norm);
    double result = norm->sum / (n - !norm->biased);
    return norm->is_std ? sqrt(result) : result;
}

/* std(t [, biased]), std([result,] t, dim [, biased]), and var */
static int
spread(lua_State *L)
{
    int given = 0, dim = -1, nargs = lua_gettop(L);
    const struct lp_tensor *t = small_real(L, &given);
    int has_biased = nargs >= 2 && lua_type(L, nargs) == LUA_TBOOLEAN;
    int numbers = nargs - given - 1 - has_biased;
    if (t == NULL || numbers > 1 || (given && numbers == 0) ||
        (numbers == 1 && (dim = lp_read_dimension(L, given + 2, t)) < 0)) {
        return lp_call_rest_or_jump(L);
    }
    struct norm norm = {
        .biased = has_biased && lua_toboolean(L, nargs),
        .is_std = lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW)) !=
                  NULL,
    };
    if (dim < 0) {
        lua_pushnumber(L, spread_of_all(t, &norm));
        return 1;
    }
    return lp_run_rows_or_jump(
        L, given, t, dim, 1, 1,
        t->dtype == LP_Float ? spread_Float : spread_Double, &norm);
}

static const char is_std;

const struct lp_operation lp_norms[] = {
    {"dist", dist,   NULL   },
    {"norm", norm,   NULL   },
    {"std",  spread, &is_std},
    {"var",  spread, NULL   },
    {NULL,   NULL,   NULL   },
};
