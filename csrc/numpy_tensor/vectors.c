/* SPDX-License-Identifier: MIT */
/* Vector products, and distances between the rows of two matrices: the
 * operations in the order and the types of Torch7. */
#include "numpy_tensor/rows.h"

/* ---- cross ---- */

struct across {
    ptrdiff_t step[3]; /* from component to component: result, a, b */
};

/* data: the first component of the result, of a and of b */
#define LP_CROSS_OF(type, ctype, wide)                                        \
    static void cross_##type(const void *context, char *const *data,          \
                             ptrdiff_t n, const ptrdiff_t *steps)             \
    {                                                                         \
        const struct across *across = context;                                \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            wide a[3], b[3];                                                  \
            for (int k = 0; k < 3; k++) {                                     \
                a[k] = (wide) * (const ctype *)(data[1] + i * steps[1] +      \
                                                k * across->step[1]);         \
                b[k] = (wide) * (const ctype *)(data[2] + i * steps[2] +      \
                                                k * across->step[2]);         \
            }                                                                 \
            for (int k = 0; k < 3; k++) {                                     \
                int next = (k + 1) % 3, last = (k + 2) % 3;                   \
                *(ctype *)(data[0] + i * steps[0] + k * across->step[0]) =    \
                    (ctype)(a[next] * b[last] - a[last] * b[next]);           \
            }                                                                 \
        }                                                                     \
    }

LP_EACH_TYPE(LP_CROSS_OF)

static lp_walk_function *const crosses[LP_N_DTYPES] = LP_OF_TYPES(cross);

static int
is_known(const struct lp_tensor *t)
{
    return t != NULL && t->nd > 0 && t->nd <= LP_INLINE_DIMS &&
           t->dtype != LP_Half;
}

/* The dimension with three elements that is meant; -1: not for us. */
static int
read_components(lua_State *L, int index, const struct lp_tensor *t)
{
    int dim = 0;
    if (lua_gettop(L) >= index) {
        dim = lp_read_dimension(L, index, t);
        return dim >= 0 && t->size[dim] == 3 ? dim : -1;
    }
    while (dim < t->nd && t->size[dim] != 3) {
        dim++;
    }
    return dim < t->nd ? dim : -1;
}

/* The vectors, by their first components; 0: not for us. */
static int
add_vectors(struct lp_walk *walk, struct across *across, int k,
            const struct lp_tensor *t, int dim, struct lp_tensor *firsts,
            const struct lp_tensor *result)
{
    across->step[k] = (ptrdiff_t)lp_tensor_strides(t)[dim] *
                      (ptrdiff_t)lp_dtypes[t->dtype].size;
    lp_sketch(t, firsts);
    firsts->size[dim] = 1;
    return k == 0 ? lp_walk_begin(walk, firsts)
                  : lp_walk_add(walk, firsts, result);
}

static int
cross_into(const struct lp_tensor *result, const struct lp_tensor *a,
           const struct lp_tensor *b, int dim)
{
    struct lp_walk walk;
    struct across across;
    struct lp_tensor firsts[3];
    if (!is_known(result) || !is_known(a) || !is_known(b) ||
        result->dtype != a->dtype || a->dtype != b->dtype ||
        !lp_same_sizes(result, a) || !lp_same_sizes(a, b) || dim >= a->nd ||
        a->size[dim] != 3 || lp_share_memory(result, a) ||
        lp_share_memory(result, b) ||
        !add_vectors(&walk, &across, 0, result, dim, &firsts[0], NULL) ||
        !add_vectors(&walk, &across, 1, a, dim, &firsts[1], &firsts[0]) ||
        !add_vectors(&walk, &across, 2, b, dim, &firsts[2], &firsts[0])) {
        return 0;
    }
    lp_walk_run(&walk, crosses[a->dtype], &across);
    return 1;
}

/* cross([result,] a, b [, dim]) */
static int
cross(lua_State *L)
{
    int nargs = lua_gettop(L);
    const struct lp_tensor *third = lp_to_tensor(L, 3);
    int first = third != NULL ? 2 : 1, dim;
    const struct lp_tensor *a = lp_to_tensor(L, first);
    const struct lp_tensor *b = lp_to_tensor(L, first + 1);
    if (!is_known(a) || !is_known(b) || a->dtype != b->dtype ||
        !lp_same_sizes(a, b) || nargs > first + 2 ||
        (dim = read_components(L, first + 2, a)) < 0) {
        return lp_call_rest_or_jump(L);
    }
    if (first == 2) {
        const struct lp_tensor *result = lp_to_tensor(L, 1);
        if (result == NULL || !cross_into(result, a, b, dim)) {
            return lp_call_rest_or_jump(L);
        }
        lua_settop(L, 1);
        return 1;
    }
    if (!cross_into(
            lp_new_sized_or_jump(a->S, L, a->dtype, a->nd, a->size), a, b,
            dim)) {
        lp_changed_or_jump(L);
    }
    return 1;
}

/* ---- match ---- */

/* Rows, in elements. */
struct rows {
    const char *data;
    int64_t n, size;
    ptrdiff_t step, inner;
};

static int
rows_of(const struct lp_tensor *t, struct rows *rows)
{
    if (t == NULL || t->nd == 0 || t->dtype == LP_Half) {
        return 0;
    }
    rows->n = t->size[0];
    rows->size = lp_count_elements(t) / t->size[0];
    rows->step = (ptrdiff_t)rows->size;
    rows->inner = 1;
    if (t->nd == 2) {
        rows->step = (ptrdiff_t)lp_tensor_strides(t)[0];
        rows->inner = (ptrdiff_t)lp_tensor_strides(t)[1];
    }
    rows->data = lp_tensor_data(t);
    return t->nd == 2 || lp_is_contiguous(t);
}

enum { TOGETHER = 4 }; /* sums that do not wait for one another */

typedef void match_function(const struct rows *a, const struct rows *b,
                            char *out, const void *gain);

#define LP_MATCH_OF(type, ctype, wide)                                        \
    static inline __attribute__((always_inline)) void apart_##type(           \
        const ctype *a, const ctype *b, const struct rows *rows_a,            \
        const struct rows *rows_b, ctype *out, wide gain, const int count)    \
    {                                                                         \
        ctype sums[TOGETHER] = {0};                                           \
        for (int64_t k = 0; k < rows_a->size; k++) {                          \
            for (int j = 0; j < count; j++) {                                 \
                ctype term = (ctype)((wide)*a - (wide)b[j * rows_b->step]);   \
                ctype square = (ctype)((wide)term * (wide)term);              \
                sums[j] = (ctype)((wide)sums[j] + (wide)square);              \
            }                                                                 \
            a += rows_a->inner;                                               \
            b += rows_b->inner;                                               \
        }                                                                     \
        for (int j = 0; j < count; j++) {                                     \
            out[j] = (ctype)(gain * (wide)sums[j]);                           \
        }                                                                     \
    }                                                                         \
    static void match_##type(const struct rows *a, const struct rows *b,      \
                             char *out, const void *gain)                     \
    {                                                                         \
        const wide factor = (wide) * (const ctype *)gain;                     \
        ctype *to = (ctype *)out;                                             \
        for (int64_t i = 0; i < a->n; i++) {                                  \
            const ctype *row = (const ctype *)a->data + i * a->step;          \
            const ctype *other = (const ctype *)b->data;                      \
            int64_t j = 0;                                                    \
            for (; j + TOGETHER <= b->n; j += TOGETHER) {                     \
                apart_##type(row, other + j * b->step, a, b, to + j, factor,  \
                             TOGETHER);                                       \
            }                                                                 \
            for (; j < b->n; j++) {                                           \
                apart_##type(row, other + j * b->step, a, b, to + j, factor,  \
                             1);                                              \
            }                                                                 \
            to += b->n;                                                       \
        }                                                                     \
    }

LP_EACH_TYPE(LP_MATCH_OF)

static match_function *const matches[LP_N_DTYPES] = LP_OF_TYPES(match);

static int
match_into(const struct lp_tensor *result, const struct lp_tensor *a,
           const struct lp_tensor *b, const void *gain)
{
    struct rows rows_a, rows_b;
    if (!rows_of(a, &rows_a) || !rows_of(b, &rows_b) ||
        a->dtype != b->dtype || rows_a.size != rows_b.size ||
        result->dtype != a->dtype || result->nd != 2 ||
        result->size[0] != rows_a.n || result->size[1] != rows_b.n ||
        !lp_is_contiguous(result) || lp_share_memory(result, a) ||
        lp_share_memory(result, b)) {
        return 0;
    }
    matches[a->dtype](&rows_a, &rows_b, lp_tensor_data(result), gain);
    return 1;
}

/* torch.match([result,] a, b [, gain]), result:match(a, b [, gain]) */
static int
match(lua_State *L)
{
    int nargs = lua_gettop(L);
    int has_gain = nargs > 0 && lua_type(L, nargs) == LUA_TNUMBER;
    int first = nargs - has_gain - 1;
    const struct lp_tensor *a = NULL, *b = NULL;
    struct rows rows_a, rows_b;
    uint64_t gain = 0;
    if (first == 1 + lp_is_method(L) || first == 2) {
        a = lp_to_tensor(L, first);
        b = lp_to_tensor(L, first + 1);
    }
    if (!rows_of(a, &rows_a) || !rows_of(b, &rows_b) ||
        a->dtype != b->dtype || rows_a.size != rows_b.size ||
        (has_gain && !lp_number_to_element(L, nargs, a->dtype, &gain))) {
        return lp_call_rest_or_jump(L);
    }
    if (!has_gain) {
        lp_constant(a->dtype, 1, &gain);
    }
    if (first == 2) {
        const struct lp_tensor *result = lp_to_tensor(L, 1);
        if (result == NULL || !match_into(result, a, b, &gain)) {
            return lp_call_rest_or_jump(L);
        }
        lua_settop(L, 1);
        return 1;
    }
    const int64_t size[2] = {rows_a.n, rows_b.n};
    if (!match_into(lp_new_sized_or_jump(a->S, L, a->dtype, 2, size), a, b,
                    &gain)) {
        lp_changed_or_jump(L);
    }
    return 1;
}

const struct lp_operation lp_vectors[] = {
    {"cross", cross, NULL},
    {"match", match, NULL},
    {NULL,    NULL,  NULL},
};
