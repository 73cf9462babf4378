/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/rows.h"

#include <string.h>

struct lp_tensor *
lp_small_tensor(lua_State *L, int index)
{
    struct lp_tensor *t = lp_to_tensor(L, index);
    return t != NULL && t->nd > 0 && t->nd <= LP_INLINE_DIMS &&
                   t->dtype != LP_Half && lp_count_elements(t) <= LP_SMALL
               ? t
               : NULL;
}

struct lp_tensor *
lp_small_tensor_after(lua_State *L, int n, int *given)
{
    int before = 0, nargs = lua_gettop(L);
    while (before < nargs && lp_to_tensor(L, before + 1) != NULL) {
        before++;
    }
    before--; /* the tensor itself */
    *given = 0;
    if (before != 0 && before != n) {
        return NULL;
    }
    *given = before;
    return lp_small_tensor(L, before + 1);
}

int
lp_read_dimension(lua_State *L, int index, const struct lp_tensor *t)
{
    lua_Number number = lua_tonumber(L, index);
    if (lua_type(L, index) != LUA_TNUMBER || !(number >= 1) ||
        number >= t->nd + 1) {
        return -1;
    }
    return (int)number - 1;
}

int
lp_read_integer(lua_State *L, int index, int64_t absent, int64_t *value)
{
    *value = absent;
    if (lua_gettop(L) < index) {
        return 1;
    }
    lua_Number number = lua_tonumber(L, index);
    if (lua_type(L, index) != LUA_TNUMBER ||
        !(number > -2147483648.0 && number < 2147483648.0)) {
        return 0;
    }
    *value = (int64_t)number;
    return 1;
}

/* What is left of a tensor when one dimension gets size 1. */
static void
slice_of(const struct lp_tensor *t, int dim, struct lp_tensor *slice)
{
    lp_sketch(t, slice);
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

struct work {
    lp_row_function *run;
    const void *context;
    struct lp_row row; /* without its pointers */
    int positions;
};

static void
run_rows(const void *context, char *const *data, ptrdiff_t n,
         const ptrdiff_t *steps)
{
    const struct work *work = context;
    struct lp_row row = work->row;
    for (ptrdiff_t i = 0; i < n; i++) {
        row.to = data[0] + i * steps[0];
        row.from = data[1] + i * steps[1];
        if (work->positions) {
            row.positions = data[2] + i * steps[2];
        }
        work->run(&row, work->context);
    }
}

static ptrdiff_t
step_of(const struct lp_tensor *t, int dim)
{
    return (ptrdiff_t)lp_tensor_strides(t)[dim] *
           (ptrdiff_t)lp_dtypes[t->dtype].size;
}

/* Are the first two arguments, or one, results of these sizes, in memory of
 * their own? */
static int
fit(lua_State *L, const struct lp_tensor *t, const struct lp_tensor *sizes,
    int positions)
{
    const struct lp_tensor *result = lp_to_tensor(L, 1);
    int does = result->dtype == t->dtype && lp_same_sizes(result, sizes) &&
               !lp_share_memory(result, t);
    if (does && positions) {
        const struct lp_tensor *at = lp_to_tensor(L, 2);
        does = at->dtype == LP_Long && lp_same_sizes(at, sizes) &&
               !lp_share_memory(at, t) && !lp_share_memory(at, result);
    }
    return does;
}

int
lp_run_rows_or_jump(lua_State *L, int given, const struct lp_tensor *t,
                    int dim, int64_t size, int n_results, lp_row_function *f,
                    const void *context)
{
    struct lp_tensor from, to, to_positions;
    struct lp_walk walk;
    const struct lp_tensor *result, *at = NULL;
    int positions = n_results > 1;
    int64_t n = t->size[dim];
    slice_of(t, dim, &from);
    from.size[dim] = size;
    if (given) {
        if (!fit(L, t, &from, positions)) {
            return lp_call_rest_or_jump(L);
        }
        result = lp_to_tensor(L, 1);
        at = lp_to_tensor(L, 2);
        from.size[dim] = 1;
    }
    else {
        result = lp_new_sized_or_jump(t->S, L, t->dtype, from.nd, from.size);
        if (positions) {
            at = lp_new_sized_or_jump(t->S, L, LP_Long, from.nd, from.size);
        }
        from.size[dim] = 1;
        slice_again_or_jump(L, t, dim, &from);
        if (t->size[dim] != n || t->dtype != result->dtype) {
            lp_changed_or_jump(L);
        }
    }
    slice_of(result, dim, &to);
    struct work work = {
        .run = f,
        .context = context,
        .row = {.n = n,
                .step = step_of(t, dim),
                .to_step = step_of(result, dim)},
        .positions = positions,
    };
    lp_walk_begin(&walk, &to);
    lp_walk_add(&walk, &from, &to);
    if (positions) {
        slice_of(at, dim, &to_positions);
        work.row.positions_step = step_of(at, dim);
        lp_walk_add(&walk, &to_positions, &to);
    }
    lp_walk_run(&walk, run_rows, &work);
    if (given) {
        lua_settop(L, n_results);
    }
    return n_results;
}
