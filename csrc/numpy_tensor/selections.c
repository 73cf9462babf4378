/* SPDX-License-Identifier: MIT */
/* Elements by masks. */
#include <string.h>

#include "numpy_tensor/operation.h"

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

const struct lp_operation lp_selections[] = {
    {"maskedCopy",   masked_copy,   NULL},
    {"maskedFill",   masked_fill,   NULL},
    {"maskedSelect", masked_select, NULL},
    {NULL,           NULL,          NULL},
};
