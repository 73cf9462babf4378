/* SPDX-License-Identifier: MIT */
/* Which elements are not 0, and whether two tensors are equal. */
#include <string.h>

#include "numpy_tensor/rows.h"

/* ---- nonzero ---- */

struct search {
    int64_t n; /* found */
    char *to;  /* where their positions go, one after another */
    const char *end;
    int nd;
    int64_t *at; /* of the row, but for the last dimension */
};

#define LP_SEARCH_IN(type, ctype, wide)                                       \
    static void count_##type(const void *context, char *const *data,          \
                             ptrdiff_t n, const ptrdiff_t *steps)             \
    {                                                                         \
        struct search *s = *(struct search *const *)context;                  \
        int64_t found = 0;                                                    \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            found += *(const ctype *)(data[0] + i * steps[0]) != 0;           \
        }                                                                     \
        s->n += found;                                                        \
    }                                                                         \
    static void list_##type(struct search *s, const char *p, int64_t n,       \
                            ptrdiff_t step)                                   \
    {                                                                         \
        const size_t bytes = (size_t)s->nd * sizeof *s->at;                   \
        for (int64_t i = 0; i < n; i++) {                                     \
            if (*(const ctype *)(p + i * step) != 0 && s->to < s->end) {      \
                s->at[s->nd - 1] = i + 1;                                     \
                memcpy(s->to, s->at, bytes);                                  \
                s->to += bytes;                                               \
            }                                                                 \
        }                                                                     \
    }                                                                         \
    static void compare_##type(const void *context, char *const *data,        \
                               ptrdiff_t n, const ptrdiff_t *steps)           \
    {                                                                         \
        int *differ = *(int *const *)context;                                 \
        for (ptrdiff_t i = 0; i < n && !*differ; i++) {                       \
            *differ = *(const ctype *)(data[0] + i * steps[0]) !=             \
                      *(const ctype *)(data[1] + i * steps[1]);               \
        }                                                                     \
    }

LP_EACH_TYPE(LP_SEARCH_IN)

typedef void list_function(struct search *s, const char *p, int64_t n,
                           ptrdiff_t step);
static const struct {
    lp_walk_function *count, *compare;
    list_function *list;
} functions[LP_N_DTYPES] = {
#define LP_ROW(type, ctype, wide)                                             \
    [LP_##type] = {count_##type, compare_##type, list_##type},
    LP_EACH_TYPE(LP_ROW)
#undef LP_ROW
};

/* How many elements are not 0; -1 if it is not for us. */
static int64_t
count(const struct lp_tensor *t)
{
    struct search search = {.n = 0}, *context = &search;
    struct lp_walk walk;
    lp_walk_function *f = functions[t->dtype].count;
    if (f == NULL || !lp_walk_begin(&walk, t)) {
        return -1;
    }
    lp_walk_run(&walk, f, &context);
    return search.n;
}

/* Their positions, in order, in a contiguous tensor with a row for each; 0 if
 * there are more or less. */
static int
list(const struct lp_tensor *t, const struct lp_tensor *result)
{
    int64_t at[LP_WALK_DIMS];
    const int64_t *stride = lp_tensor_strides(t);
    ptrdiff_t item = (ptrdiff_t)lp_dtypes[t->dtype].size;
    const char *p = lp_tensor_data(t);
    int last = t->nd - 1;
    struct search s = {.to = lp_tensor_data(result), .nd = t->nd, .at = at};
    s.end = s.to + lp_count_elements(result) * (int64_t)sizeof *at;
    for (int d = 0; d < t->nd; d++) {
        at[d] = 1;
    }
    for (;;) {
        functions[t->dtype].list(&s, p, t->size[last],
                                 (ptrdiff_t)stride[last] * item);
        int d = last - 1;
        for (; d >= 0; d--) {
            p += (ptrdiff_t)stride[d] * item;
            if (++at[d] <= t->size[d]) {
                break;
            }
            p -= (ptrdiff_t)(stride[d] * t->size[d]) * item;
            at[d] = 1;
        }
        if (d < 0) {
            return s.to == s.end;
        }
    }
}

/* nonzero([result,] t) */
static int
nonzero(lua_State *L)
{
    int nargs = lua_gettop(L);
    struct lp_tensor *t = nargs > 0 ? lp_to_tensor(L, nargs) : NULL;
    struct lp_tensor *result = nargs == 2 ? lp_to_tensor(L, 1) : NULL;
    int64_t n = t != NULL && nargs <= 2 ? count(t) : 0;
    int64_t size[2] = {n, t != NULL ? t->nd : 0};
    if (n <= 0 || (nargs == 2 &&
                   (result == NULL || result->dtype != LP_Long ||
                    !lp_has_sizes(result, 2, size) ||
                    !lp_is_contiguous(result) ||
                    lp_share_memory(result, t)))) {
        return lp_call_rest_or_jump(L);
    }
    if (nargs == 2) {
        lua_settop(L, 1);
    }
    else {
        result = lp_new_sized_or_jump(t->S, L, LP_Long, 2, size);
    }
    /* Python may write meanwhile, and so may a finalizer. */
    if (t->nd != size[1] || !list(t, result)) {
        return lp_changed_or_jump(L);
    }
    return 1;
}

/* ---- equal ---- */

/* equal(a, b) */
static int
equal(lua_State *L)
{
    const struct lp_tensor *a = lp_to_tensor(L, 1), *b = lp_to_tensor(L, 2);
    struct lp_walk walk;
    int differ = 0, *context = &differ;
    if (lua_gettop(L) != 2 || a == NULL || b == NULL || a->nd == 0 ||
        b->nd == 0 || a->dtype != b->dtype ||
        functions[a->dtype].compare == NULL) {
        return lp_call_rest_or_jump(L);
    }
    differ = !lp_same_sizes(a, b);
    if (!differ) {
        if (!lp_walk_begin(&walk, a) || !lp_walk_add(&walk, b, a)) {
            return lp_call_rest_or_jump(L);
        }
        lp_walk_run(&walk, functions[a->dtype].compare, &context);
    }
    lua_pushboolean(L, !differ);
    return 1;
}

const struct lp_operation lp_searches[] = {
    {"equal",   equal,   NULL},
    {"nonzero", nonzero, NULL},
    {NULL,      NULL,    NULL},
};
