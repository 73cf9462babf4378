/* SPDX-License-Identifier: MIT */
/* Elements by masks, and slices by lists of positions. */
#include <string.h>

#include "numpy_tensor/operation.h"

/* ---- masks ---- */

/* What the masked functions share: elements go from `from` to `to`, or one
 * element everywhere. */
struct masked {
    char *to;
    const char *from;
    size_t item;
    int64_t left; /* elements for which `to` has room */
};

struct count {
    int64_t n;
    int bad; /* there is something else than 0 and 1 */
};

static void
count_row(const void *context, char *const *data, ptrdiff_t n,
          const ptrdiff_t *steps)
{
    struct count *count = *(struct count *const *)context;
    for (ptrdiff_t i = 0; i < n; i++) {
        uint8_t value = *(const uint8_t *)(data[0] + i * steps[0]);
        count->bad |= value > 1;
        count->n += value;
    }
}

/* Number of elements under a mask of t's sizes; -1 if it is not for us. */
static int64_t
count_under(const struct lp_tensor *t, const struct lp_tensor *mask)
{
    struct count count = {0, 0}, *context = &count;
    struct lp_walk walk;
    if (t == NULL || mask == NULL || mask->dtype != LP_Byte ||
        !lp_same_sizes(t, mask) || lp_share_memory(t, mask) ||
        !lp_walk_begin(&walk, mask)) {
        return -1;
    }
    lp_walk_run(&walk, count_row, &context);
    return count.bad ? -1 : count.n;
}

/* data: tensor, mask */
static void
select_row(const void *context, char *const *data, ptrdiff_t n,
           const ptrdiff_t *steps)
{
    struct masked *w = *(struct masked *const *)context;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (data[1][i * steps[1]] && w->left-- > 0) {
            memcpy(w->to, data[0] + i * steps[0], w->item);
            w->to += w->item;
        }
    }
}

static void
fill_row(const void *context, char *const *data, ptrdiff_t n,
         const ptrdiff_t *steps)
{
    const struct masked *w = *(struct masked *const *)context;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (data[1][i * steps[1]]) {
            memcpy(data[0] + i * steps[0], w->from, w->item);
        }
    }
}

static void
copy_row(const void *context, char *const *data, ptrdiff_t n,
         const ptrdiff_t *steps)
{
    struct masked *w = *(struct masked *const *)context;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (data[1][i * steps[1]]) {
            memcpy(data[0] + i * steps[0], w->from, w->item);
            w->from += w->item;
        }
    }
}

/* Through `t` where `mask` is 1; 0 if that is not for us. */
static int
walk_masked(const struct lp_tensor *t, const struct lp_tensor *mask,
            lp_walk_function *f, struct masked *w)
{
    struct lp_walk walk;
    w->item = lp_dtypes[t->dtype].size;
    if (!lp_walk_begin(&walk, t) || !lp_walk_add(&walk, mask, t)) {
        return 0;
    }
    lp_walk_run_in_order(&walk, f, &w);
    return 1;
}

/* t:maskedSelect(mask) */
static int
masked_select(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *mask = lp_to_tensor(L, 2);
    int64_t n = lua_gettop(L) == 2 ? count_under(t, mask) : -1;
    struct lp_walk walk;
    if (n <= 0 || !lp_walk_begin(&walk, t)) {
        return lp_call_rest_or_jump(L);
    }
    const struct lp_tensor *result =
        lp_new_sized_or_jump(t->S, L, t->dtype, 1, &n);
    struct masked w = {.to = lp_tensor_data(result), .left = n};
    if (!walk_masked(t, mask, select_row, &w) || w.left != 0) {
        return lp_changed_or_jump(L);
    }
    return 1;
}

/* t:maskedFill(mask, number) */
static int
masked_fill(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    uint64_t element;
    struct masked w = {.from = (const char *)&element};
    if (lua_gettop(L) != 3 || lua_type(L, 3) != LUA_TNUMBER ||
        count_under(t, lp_to_tensor(L, 2)) < 0 ||
        !lp_number_to_element(L, 3, t->dtype, &element) ||
        !walk_masked(t, lp_to_tensor(L, 2), fill_row, &w)) {
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, 1);
    return 1;
}

/* t:maskedCopy(mask, source) */
static int
masked_copy(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *mask = lp_to_tensor(L, 2);
    const struct lp_tensor *source = lp_to_tensor(L, 3);
    int64_t n = lua_gettop(L) == 3 ? count_under(t, mask) : -1;
    if (n < 0 || source == NULL || source->nd == 0 ||
        source->dtype != t->dtype || lp_count_elements(source) < n ||
        !lp_is_contiguous(source) || lp_share_memory(source, t)) {
        return lp_call_rest_or_jump(L);
    }
    struct masked w = {.from = lp_tensor_data(source)};
    if (!walk_masked(t, mask, copy_row, &w)) {
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, 1);
    return 1;
}

/* ---- lists of positions ---- */

void
lp_copy_row(const void *loop, char *const *data, ptrdiff_t n,
            const ptrdiff_t *steps)
{
    const struct lp_loop *copy = loop;
    lp_run_loop(copy, (char *[3]){data[1], data[0], NULL}, n,
                (ptrdiff_t[3]){steps[1], steps[0], 0});
}

/* Are there slices of `t` at these positions? */
static int
are_positions(const struct lp_tensor *list, const struct lp_tensor *t, int dim)
{
    const char *positions = lp_tensor_data(list);
    ptrdiff_t step = (ptrdiff_t)list->size[1] * (ptrdiff_t)sizeof(int64_t);
    for (int64_t i = 0; i < list->size[0]; i++) {
        int64_t at = *(const int64_t *)(positions + i * step);
        if (at < 1 || at > t->size[dim]) {
            return 0;
        }
    }
    return 1;
}

/* `t` as it is when it has `n` slices. */
static void
with_slices(const struct lp_tensor *t, int dim, int64_t n,
            struct lp_tensor *changed)
{
    *changed = *t;
    changed->size = changed->few;
    memcpy(changed->few, t->size, 2 * (size_t)t->nd * sizeof *t->size);
    changed->size[dim] = n;
}

/* t:index(dim, list) */
static int
index_by_list(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *list = lp_to_tensor(L, 3);
    lua_Number number = lua_tonumber(L, 2);
    if (t != NULL && t->nd > 0) { /* first: other threads may run then */
        lp_loops_need_or_jump(t->S, L);
    }
    if (lua_gettop(L) != 3 || t == NULL || list == NULL || list->nd != 1 ||
        list->dtype != LP_Long || lua_type(L, 2) != LUA_TNUMBER ||
        !(number >= 1 && number < t->nd + 1) || t->nd > LP_INLINE_DIMS) {
        return lp_call_rest_or_jump(L);
    }
    int dim = (int)number - 1;
    if (!are_positions(list, t, dim)) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_tensor from, to;
    with_slices(t, dim, list->size[0], &from);
    struct lp_tensor *result = lp_new_sized_or_jump(
        t->S, L, t->dtype, t->nd, from.size);
    if (t->nd != result->nd || list->nd != 1 || !are_positions(list, t, dim)) {
        return lp_changed_or_jump(L);
    }
    with_slices(t, dim, list->size[0], &from);
    if (!lp_same_sizes(&from, result)) {
        return lp_changed_or_jump(L);
    }
    with_slices(result, dim, 1, &to);
    from.size[dim] = 1;
    const char *positions = lp_tensor_data(list);
    ptrdiff_t step = (ptrdiff_t)list->size[1] * (ptrdiff_t)sizeof(int64_t);
    for (int64_t i = 0; i < list->size[0]; i++) {
        struct lp_walk walk;
        int64_t at = *(const int64_t *)(positions + i * step) - 1;
        from.offset =
            t->offset + (ptrdiff_t)(at * lp_tensor_strides(t)[dim]);
        to.offset = (ptrdiff_t)(i * lp_tensor_strides(result)[dim]);
        lp_walk_begin(&walk, &to);
        lp_walk_add(&walk, &from, &to);
        lp_walk_run(&walk, lp_copy_row, &lp_loops[LP_LOOP_copy][t->dtype]);
    }
    return 1;
}

const struct lp_operation lp_selections[] = {
    {"index",        index_by_list, NULL},
    {"maskedCopy",   masked_copy,   NULL},
    {"maskedFill",   masked_fill,   NULL},
    {"maskedSelect", masked_select, NULL},
    {NULL,           NULL,          NULL},
};
