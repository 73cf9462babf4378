/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/products.h"

/* ---- factors ---- */

static ptrdiff_t
item_of(const struct lp_tensor *t)
{
    return (ptrdiff_t)lp_dtypes[t->dtype].size;
}

struct lp_factor
lp_matrix_of(const struct lp_tensor *t)
{
    const int64_t *stride = lp_tensor_strides(t), *size = t->size;
    ptrdiff_t item = item_of(t);
    struct lp_factor f = {.data = lp_tensor_data(t), .batches = 1};
    if (t->nd == 3) {
        f.batches = (ptrdiff_t)*size++;
        f.batch_step = (ptrdiff_t)*stride++ * item;
    }
    f.rows = (ptrdiff_t)size[0];
    f.columns = (ptrdiff_t)size[1];
    f.row_step = (ptrdiff_t)stride[0] * item;
    f.column_step = (ptrdiff_t)stride[1] * item;
    return f;
}

struct lp_factor
lp_column_of(const struct lp_tensor *t)
{
    ptrdiff_t item = item_of(t);
    ptrdiff_t step = t->nd == 1 ? (ptrdiff_t)t->size[1] * item : item;
    return (struct lp_factor){.data = lp_tensor_data(t),
                              .batches = 1,
                              .rows = (ptrdiff_t)lp_count_elements(t),
                              .columns = 1,
                              .row_step = step,
                              .column_step = item};
}

static struct lp_factor
row_of(const struct lp_tensor *t)
{
    struct lp_factor f = lp_column_of(t);
    return (struct lp_factor){.data = f.data,
                              .batches = 1,
                              .rows = 1,
                              .columns = f.rows,
                              .row_step = f.rows * f.row_step,
                              .column_step = f.row_step};
}

void
lp_multiply(const struct lp_loop *matmul, const struct lp_factor *a,
            const struct lp_factor *b, const struct lp_factor *out)
{
    char *args[3] = {a->data, b->data, out->data};
    const ptrdiff_t n[4] = {a->batches, a->rows, a->columns, b->columns};
    const ptrdiff_t steps[9] = {
        a->batch_step, b->batch_step,  out->batch_step,
        a->row_step,   a->column_step, b->row_step,
        b->column_step, out->row_step, out->column_step};
    matmul->run(args, n, steps, matmul->data);
}

const struct lp_product_shape lp_mm = {2, 2, 2, 0}, lp_mv = {2, 1, 1, 0},
                              lp_ger = {1, 1, 2, 0}, lp_bmm = {3, 3, 3, 0},
                              lp_summed_bmm = {3, 3, 2, 1};

int
lp_factors_of(const struct lp_product_shape *shape, const struct lp_tensor *ta,
              const struct lp_tensor *tb, struct lp_factor *a,
              struct lp_factor *b, int64_t *size)
{
    if (ta == NULL || tb == NULL || ta->dtype != tb->dtype ||
        ta->nd != shape->a || tb->nd != shape->b) {
        return 0;
    }
    *a = ta->nd >= 2 ? lp_matrix_of(ta) : lp_column_of(ta);
    *b = tb->nd >= 2 ? lp_matrix_of(tb) : ta->nd == 2 ? lp_column_of(tb)
                                                      : row_of(tb);
    if (shape->out == 3) {
        *size++ = a->batches;
    }
    size[0] = a->rows;
    size[1] = b->columns;
    return a->columns == b->rows && a->batches == b->batches;
}

struct lp_factor
lp_product_in(const struct lp_tensor *t)
{
    return t->nd >= 2 ? lp_matrix_of(t) : lp_column_of(t);
}

const struct lp_loop *
lp_matmul_or_jump(lua_State *L, const struct lp_tensor *t)
{
    if (t == NULL || t->nd == 0) {
        return NULL;
    }
    lp_loops_need_or_jump(t->S, L);
    const struct lp_loop *loop = &lp_loops[LP_LOOP_matmul][t->dtype];
    return loop->run != NULL ? loop : NULL;
}

/* ---- result = a * b ---- */

/* [-0, +1, em] Push the product as a new tensor; 0 and nothing if it is not
 * for us. */
static int
push_product_or_jump(lua_State *L, const struct lp_product_shape *shape,
                     const struct lp_tensor *ta, const struct lp_tensor *tb)
{
    struct lp_factor a, b, out;
    int64_t size[3];
    const struct lp_loop *matmul = lp_matmul_or_jump(L, ta);
    if (matmul == NULL || !lp_factors_of(shape, ta, tb, &a, &b, size)) {
        return 0;
    }
    const struct lp_tensor *result = lp_new_sized_or_jump(
        ta->S, L, ta->dtype, shape->out, size);
    if (!lp_factors_of(shape, ta, tb, &a, &b, size) ||
        !lp_has_sizes(result, shape->out, size)) {
        return lp_changed_or_jump(L);
    }
    out = lp_product_in(result);
    lp_multiply(matmul, &a, &b, &out);
    return 1;
}

static int
multiply_into_or_jump(lua_State *L, const struct lp_product_shape *shape,
                      const struct lp_tensor *result,
                      const struct lp_tensor *ta, const struct lp_tensor *tb)
{
    struct lp_factor a, b, out;
    int64_t size[3];
    const struct lp_loop *matmul = lp_matmul_or_jump(L, ta);
    if (matmul == NULL || result == NULL ||
        !lp_factors_of(shape, ta, tb, &a, &b, size) ||
        result->dtype != ta->dtype ||
        !lp_has_sizes(result, shape->out, size) ||
        !lp_is_contiguous(result) || lp_share_memory(result, ta) ||
        lp_share_memory(result, tb)) {
        return 0;
    }
    out = lp_product_in(result);
    lp_multiply(matmul, &a, &b, &out);
    return 1;
}

/* r:mm(a, b), torch.mm(r, a, b), torch.mm(a, b) and their kin */
static int
product(lua_State *L)
{
    const struct lp_product_shape *shape =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int nargs = lua_gettop(L);
    if (nargs == 2 && !lp_is_method(L) &&
        push_product_or_jump(L, shape, lp_to_tensor(L, 1),
                             lp_to_tensor(L, 2))) {
        return 1;
    }
    if (nargs == 3 &&
        multiply_into_or_jump(L, shape, lp_to_tensor(L, 1),
                              lp_to_tensor(L, 2), lp_to_tensor(L, 3))) {
        lua_settop(L, 1);
        return 1;
    }
    return lp_call_rest_or_jump(L);
}

/* [-0, +1, e] The sum of products; 0 and nothing if it is not for us. */
static int
push_dot_or_jump(lua_State *L, const struct lp_tensor *a,
                 const struct lp_tensor *b)
{
    const struct lp_loop *matmul = lp_matmul_or_jump(L, a);
    if (matmul == NULL || b == NULL || a->nd == 0 || b->nd == 0 ||
        a->dtype != b->dtype ||
        lp_count_elements(a) != lp_count_elements(b) ||
        (a->nd != 1 && !lp_is_contiguous(a)) ||
        (b->nd != 1 && !lp_is_contiguous(b))) {
        return 0;
    }
    uint64_t result = 0;
    ptrdiff_t item = item_of(a);
    struct lp_factor row = row_of(a), column = lp_column_of(b);
    struct lp_factor out = {.data = (char *)&result,
                            .batches = 1,
                            .rows = 1,
                            .columns = 1,
                            .row_step = item,
                            .column_step = item};
    lp_multiply(matmul, &row, &column, &out);
    lp_push_element(L, a->dtype, (char *)&result);
    return 1;
}

static int
dot(lua_State *L)
{
    if (lua_gettop(L) == 2 &&
        push_dot_or_jump(L, lp_to_tensor(L, 1), lp_to_tensor(L, 2))) {
        return 1;
    }
    return lp_call_rest_or_jump(L);
}

/* a * b */
static int
operator_mul(lua_State *L)
{
    const struct lp_tensor *a = lp_to_tensor(L, 1), *b = lp_to_tensor(L, 2);
    if (a == NULL || b == NULL) {
        return lp_elementwise(L);
    }
    int done = a->nd == 1 && b->nd == 1
                   ? push_dot_or_jump(L, a, b)
                   : push_product_or_jump(L, b->nd == 2 ? &lp_mm : &lp_mv, a,
                                          b);
    return done ? 1 : lp_call_rest_or_jump(L);
}

const struct lp_operation lp_products[] = {
    {"__mul__", operator_mul, NULL   }, /* see operation.c */
    {"bmm",     product,      &lp_bmm},
    {"dot",     dot,          NULL   },
    {"ger",     product,      &lp_ger},
    {"mm",      product,      &lp_mm },
    {"mv",      product,      &lp_mv },
    {NULL,      NULL,         NULL   },
};
