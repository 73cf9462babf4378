/* SPDX-License-Identifier: MIT */
/* Matrices from their diagonals, diagonals of matrices, and triangles. */
#include <string.h>

#include "numpy_tensor/rows.h"

/* torch.eye(rows [, columns]) */
static int
eye(lua_State *L)
{
    enum lp_dtype dtype;
    int64_t rows, columns;
    if (lua_gettop(L) < 1 || lua_gettop(L) > 2 ||
        !lp_read_integer(L, 1, 0, &rows) ||
        !lp_read_integer(L, 2, 0, &columns) || rows < 1 ||
        !lp_default_dtype(L, &dtype)) {
        return lp_call_rest_or_jump(L);
    }
    columns = columns < 1 ? rows : columns;
    if (rows > LP_SMALL / columns) {
        return lp_call_rest_or_jump(L);
    }
    char *data = lp_tensor_data(
        lp_new_zeroed_or_jump(lp_operation_state(L), L, dtype, 2,
                              (int64_t[2]){rows, columns}));
    uint64_t one;
    size_t item = lp_dtypes[dtype].size;
    lp_constant(dtype, 1, &one);
    for (int64_t i = 0; i < rows && i < columns; i++) {
        memcpy(data + i * (columns + 1) * (int64_t)item, &one, item);
    }
    return 1;
}

static void
copy_items(char *to, ptrdiff_t to_step, const char *from, ptrdiff_t step,
           int64_t n, size_t item)
{
    for (int64_t i = 0; i < n; i++) {
        memcpy(to + i * to_step, from + i * step, item);
    }
}

/* diag(t [, k]): of a vector the matrix, of a matrix the vector. */
static int
diag(lua_State *L)
{
    int64_t k;
    const struct lp_tensor *t = lp_small_tensor(L, 1);
    if (t == NULL || t->nd > 2 || lua_gettop(L) > 2 ||
        !lp_read_integer(L, 2, 0, &k)) {
        return lp_call_rest_or_jump(L);
    }
    int nd = t->nd;
    int64_t size[2] = {t->size[0], nd == 2 ? t->size[1] : 0};
    int64_t below = k < 0 ? -k : 0, right = k > 0 ? k : 0, n = size[0];
    ptrdiff_t item = (ptrdiff_t)lp_dtypes[t->dtype].size;
    if (nd == 2) {
        n = size[0] - below < size[1] - right ? size[0] - below
                                              : size[1] - right;
    }
    int64_t all = n + below + right; /* rows of the matrix of a vector */
    if (n < 1 || (nd == 1 && all > LP_SMALL / all)) {
        return lp_call_rest_or_jump(L);
    }
    char *to = lp_tensor_data(
        nd == 2 ? lp_new_sized_or_jump(t->S, L, t->dtype, 1, &n)
                : lp_new_zeroed_or_jump(t->S, L, t->dtype, 2,
                                        (int64_t[2]){all, all}));
    if (t->nd != nd || t->size[0] != size[0] ||
        (nd == 2 && t->size[1] != size[1])) {
        return lp_changed_or_jump(L);
    }
    const int64_t *stride = lp_tensor_strides(t);
    const char *from = lp_tensor_data(t);
    if (nd == 1) {
        copy_items(to + (below * all + right) * item, (all + 1) * item, from,
                   stride[0] * item, n, (size_t)item);
    }
    else {
        copy_items(to, item,
                   from + (below * stride[0] + right * stride[1]) * item,
                   (stride[0] + stride[1]) * item, n, (size_t)item);
    }
    return 1;
}

/* tril(t [, k]), and triu: the rest is 0. */
static int
triangle(lua_State *L)
{
    int64_t k;
    const struct lp_tensor *t = lp_small_tensor(L, 1);
    if (t == NULL || t->nd != 2 || lua_gettop(L) > 2 ||
        !lp_read_integer(L, 2, 0, &k)) {
        return lp_call_rest_or_jump(L);
    }
    int is_upper =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW)) != NULL;
    const struct lp_tensor *result =
        lp_new_zeroed_or_jump(t->S, L, t->dtype, 2, t->size);
    if (!lp_same_sizes(t, result)) {
        return lp_changed_or_jump(L);
    }
    int64_t columns = t->size[1];
    const int64_t *stride = lp_tensor_strides(t);
    ptrdiff_t item = (ptrdiff_t)lp_dtypes[t->dtype].size;
    for (int64_t row = 0; row < t->size[0]; row++) {
        int64_t edge = row + k + !is_upper; /* of what is on the left */
        edge = edge < 0 ? 0 : edge > columns ? columns : edge;
        int64_t first = is_upper ? edge : 0;
        int64_t n = is_upper ? columns - edge : edge;
        copy_items(lp_tensor_data(result) + (row * columns + first) * item,
                   item,
                   lp_tensor_data(t) +
                       (row * stride[0] + first * stride[1]) * item,
                   stride[1] * item, n, (size_t)item);
    }
    return 1;
}

static const char is_upper;

const struct lp_operation lp_diagonals[] = {
    {"diag", diag,     NULL     },
    {"eye",  eye,      NULL     },
    {"tril", triangle, NULL     },
    {"triu", triangle, &is_upper},
    {NULL,   NULL,     NULL     },
};
