/* SPDX-License-Identifier: MIT */
/* Slices of small tensors whose norm has a limit, computed in the type of the
 * elements as in Torch7, so that the last digits are the same. */
#include <math.h>

#include "numpy_tensor/rows.h"

struct slice {
    double p, norm, factor;
};

/* add: of each element to the norm, in the order of positions; scale: data is
 * result, tensor */
#define LP_RENORM_OF(type, ctype, absolute, power)                            \
    static void add_##type(const void *context, char *const *data,            \
                           ptrdiff_t n, const ptrdiff_t *steps)               \
    {                                                                         \
        struct slice *slice = *(struct slice *const *)context;                \
        const ctype p = (ctype)slice->p;                                      \
        ctype norm = (ctype)slice->norm;                                      \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            ctype value = *(const ctype *)(data[0] + i * steps[0]);           \
            double wide = (double)value;                                      \
            norm = p == 1   ? (ctype)((double)norm + fabs(wide))              \
                   : p == 2 ? (ctype)((double)norm + wide * wide)             \
                            : norm + power(absolute(value), p);               \
        }                                                                     \
        slice->norm = (double)norm;                                           \
    }                                                                         \
    static void scale_##type(const void *context, char *const *data,          \
                             ptrdiff_t n, const ptrdiff_t *steps)             \
    {                                                                         \
        const ctype factor =                                                  \
            (ctype)(*(struct slice *const *)context)->factor;                 \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            *(ctype *)(data[0] + i * steps[0]) =                              \
                *(const ctype *)(data[1] + i * steps[1]) * factor;            \
        }                                                                     \
    }                                                                         \
    static double rooted_##type(double norm, double p)                        \
    {                                                                         \
        return (double)(ctype)pow(norm, (double)(1 / (ctype)p));              \
    }

LP_RENORM_OF(Float, float, fabsf, powf)
LP_RENORM_OF(Double, double, fabs, pow)

/* One slice of the result, from one of the tensor. */
static void
renorm_slice(const struct lp_tensor *result, const struct lp_tensor *t,
             double p, double limit)
{
    const int is_float = t->dtype == LP_Float;
    struct slice slice = {.p = p}, *context = &slice;
    struct lp_walk walk;
    lp_walk_begin(&walk, t);
    lp_walk_run_in_order(&walk, is_float ? add_Float : add_Double, &context);
    double norm = is_float ? rooted_Float(slice.norm, p)
                           : rooted_Double(slice.norm, p);
    if (norm > limit) {
        slice.factor = limit / (norm + 1e-7);
        lp_walk_begin(&walk, result);
        lp_walk_add(&walk, t, result);
        lp_walk_run(&walk, is_float ? scale_Float : scale_Double, &context);
    }
    else if (lp_tensor_data(result) != lp_tensor_data(t)) {
        lp_copy(result, t);
    }
}

/* renorm([result,] t, p, dim, limit) */
static int
renorm(lua_State *L)
{
    int given;
    struct lp_tensor *t = lp_small_tensor_after(L, 1, &given);
    struct lp_tensor from, to;
    struct lp_walk walk;
    int dim = t != NULL ? lp_read_dimension(L, given + 3, t) : -1;
    double p = lua_tonumber(L, given + 2), limit = lua_tonumber(L, given + 4);
    if (dim < 0 || lua_gettop(L) != given + 4 || t->nd < 2 ||
        lp_dtypes[t->dtype].integral ||
        lua_type(L, given + 2) != LUA_TNUMBER || !(p > 0) ||
        lua_type(L, given + 4) != LUA_TNUMBER) {
        return lp_call_rest_or_jump(L);
    }
    lp_loops_need_or_jump(t->S, L);
    const struct lp_tensor *result =
        given || lp_is_method(L)
            ? lp_to_tensor(L, 1)
            : lp_new_sized_or_jump(t->S, L, t->dtype, t->nd, t->size);
    /* The loops may have been found, and a tensor made, meanwhile. */
    if (t->nd < 2 || t->nd > LP_INLINE_DIMS || dim >= t->nd ||
        result->dtype != t->dtype || !lp_same_sizes(result, t) ||
        !lp_walk_begin(&walk, result) || !lp_walk_add(&walk, t, result)) {
        lua_settop(L, given + 4);
        return lp_call_rest_or_jump(L);
    }
    if (t->dtype == LP_Float) {
        p = (double)(float)p;
        limit = (double)(float)limit;
    }
    lp_sketch(t, &from);
    lp_sketch(result, &to);
    from.size[dim] = to.size[dim] = 1;
    for (int64_t i = 0; i < t->size[dim]; i++) {
        renorm_slice(&to, &from, p, limit);
        from.offset += (ptrdiff_t)lp_tensor_strides(t)[dim];
        to.offset += (ptrdiff_t)lp_tensor_strides(result)[dim];
    }
    if (given || lp_is_method(L)) {
        lua_settop(L, 1);
    }
    return 1;
}

const struct lp_operation lp_renorms[] = {
    {"renorm", renorm, NULL},
    {NULL,     NULL,   NULL},
};
