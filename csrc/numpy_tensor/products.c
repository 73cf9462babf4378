/* SPDX-License-Identifier: MIT */
/* Products of matrices and vectors, by the loop of NumPy's matmul, which
 * calls the BLAS that NumPy brings. */
#include "numpy_tensor/operation.h"

/* ---- factors ---- */

/* A matrix, in bytes. */
struct factor {
    char *data;
    ptrdiff_t rows, columns, row_step, column_step;
};

static ptrdiff_t
item_of(const struct lp_tensor *t)
{
    return (ptrdiff_t)lp_dtypes[t->dtype].size;
}

static struct factor
matrix_of(const struct lp_tensor *t)
{
    const int64_t *stride = lp_tensor_strides(t);
    return (struct factor){lp_tensor_data(t), (ptrdiff_t)t->size[0],
                           (ptrdiff_t)t->size[1],
                           (ptrdiff_t)stride[0] * item_of(t),
                           (ptrdiff_t)stride[1] * item_of(t)};
}

/* Of a vector, or of all elements of what is contiguous. */
static struct factor
column_of(const struct lp_tensor *t)
{
    ptrdiff_t item = item_of(t);
    ptrdiff_t step = t->nd == 1 ? (ptrdiff_t)t->size[1] * item : item;
    return (struct factor){lp_tensor_data(t), (ptrdiff_t)lp_count_elements(t),
                           1, step, item};
}

static struct factor
row_of(const struct lp_tensor *t)
{
    struct factor f = column_of(t);
    return (struct factor){f.data, 1, f.rows, f.rows * f.row_step,
                           f.row_step};
}

static void
multiply(const struct lp_loop *matmul, const struct factor *a,
         const struct factor *b, const struct factor *out)
{
    char *args[3] = {a->data, b->data, out->data};
    const ptrdiff_t n[4] = {1, a->rows, a->columns, b->columns};
    const ptrdiff_t steps[9] = {
        0, 0, 0, a->row_step, a->column_step, b->row_step,
        b->column_step, out->row_step, out->column_step};
    matmul->run(args, n, steps, matmul->data);
}

/* Which dimensions the two factors and their product have. */
struct shape {
    int a, b, out;
};
static const struct shape mm = {2, 2, 2}, mv = {2, 1, 1}, ger = {1, 1, 2};

/* The factors, and the sizes of their product; 0 if they do not fit. */
static int
factors_of(const struct shape *shape, const struct lp_tensor *ta,
           const struct lp_tensor *tb, struct factor *a, struct factor *b,
           int64_t *size)
{
    if (ta == NULL || tb == NULL || ta->dtype != tb->dtype ||
        ta->nd != shape->a || tb->nd != shape->b) {
        return 0;
    }
    *a = ta->nd == 2 ? matrix_of(ta) : column_of(ta);
    *b = tb->nd == 2 ? matrix_of(tb) : ta->nd == 2 ? column_of(tb)
                                                   : row_of(tb);
    size[0] = a->rows;
    size[1] = b->columns;
    return a->columns == b->rows;
}

static int
has_sizes(const struct lp_tensor *t, const struct shape *shape,
          const int64_t *size)
{
    return t->nd == shape->out && t->size[0] == size[0] &&
           (t->nd == 1 || t->size[1] == size[1]);
}

/* The loop for a tensor; NULL: there is none.  Called before anything else is
 * read: other threads may run while it looks for the loops. */
static const struct lp_loop *
loop_or_jump(lua_State *L, const struct lp_tensor *t)
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
push_product_or_jump(lua_State *L, const struct shape *shape,
                     const struct lp_tensor *ta, const struct lp_tensor *tb)
{
    struct factor a, b, out;
    int64_t size[2];
    const struct lp_loop *matmul = loop_or_jump(L, ta);
    if (matmul == NULL || !factors_of(shape, ta, tb, &a, &b, size)) {
        return 0;
    }
    const struct lp_tensor *result = lp_new_sized_or_jump(
        ta->S, L, ta->dtype, shape->out, size);
    if (!factors_of(shape, ta, tb, &a, &b, size) ||
        !has_sizes(result, shape, size)) {
        return lp_changed_or_jump(L);
    }
    out = shape->out == 2 ? matrix_of(result) : column_of(result);
    multiply(matmul, &a, &b, &out);
    return 1;
}

static int
multiply_into_or_jump(lua_State *L, const struct shape *shape,
                      const struct lp_tensor *result,
                      const struct lp_tensor *ta, const struct lp_tensor *tb)
{
    struct factor a, b, out;
    int64_t size[2];
    const struct lp_loop *matmul = loop_or_jump(L, ta);
    if (matmul == NULL || result == NULL || !factors_of(shape, ta, tb, &a, &b, size) ||
        result->dtype != ta->dtype || !has_sizes(result, shape, size) ||
        !lp_is_contiguous(result) || lp_share_memory(result, ta) ||
        lp_share_memory(result, tb)) {
        return 0;
    }
    out = shape->out == 2 ? matrix_of(result) : column_of(result);
    multiply(matmul, &a, &b, &out);
    return 1;
}

/* r:mm(a, b), torch.mm(r, a, b), torch.mm(a, b) and their kin */
static int
product(lua_State *L)
{
    const struct shape *shape =
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
    const struct lp_loop *matmul = loop_or_jump(L, a);
    if (matmul == NULL || b == NULL || a->nd == 0 || b->nd == 0 ||
        a->dtype != b->dtype ||
        lp_count_elements(a) != lp_count_elements(b) ||
        (a->nd != 1 && !lp_is_contiguous(a)) ||
        (b->nd != 1 && !lp_is_contiguous(b))) {
        return 0;
    }
    uint64_t result = 0;
    ptrdiff_t item = item_of(a);
    struct factor row = row_of(a), column = column_of(b);
    struct factor out = {(char *)&result, 1, 1, item, item};
    multiply(matmul, &row, &column, &out);
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
    int done = a->nd == 1 && b->nd == 1 ? push_dot_or_jump(L, a, b)
                          : push_product_or_jump(L, b->nd == 2 ? &mm : &mv,
                                                 a, b);
    return done ? 1 : lp_call_rest_or_jump(L);
}

/* ---- result = beta * t + alpha * a * b ---- */

struct sum {
    struct lp_tensor *result, *t, *a, *b;
    int beta, alpha; /* indexes of the arguments, or 0 for 1 */
};

/* The forms of t:addmm, where each number is optional. */
static int
read_sum(lua_State *L, struct sum *s)
{
    struct lp_tensor *tensors[4];
    int n_tensors = 0, numbers[2] = {0, 0}, n_numbers = 0;
    int nargs = lua_gettop(L);
    if (nargs < 3 || nargs > 6 || !lp_is_method(L)) {
        return 0;
    }
    for (int i = 1; i <= nargs; i++) {
        if (lua_type(L, i) == LUA_TNUMBER) {
            if (n_numbers == 2 || i == 1 || i > nargs - 2) {
                return 0;
            }
            numbers[n_numbers++] = i;
        }
        else {
            struct lp_tensor *t = lp_to_tensor(L, i);
            if (t == NULL || t->nd == 0 || n_tensors == 4) {
                return 0;
            }
            tensors[n_tensors++] = t;
        }
    }
    if (n_tensors < 3) {
        return 0;
    }
    s->result = tensors[0];
    s->t = tensors[n_tensors - 3];
    s->a = tensors[n_tensors - 2];
    s->b = tensors[n_tensors - 1];
    s->beta = n_numbers == 2 ? numbers[0] : 0;
    s->alpha = n_numbers > 0 ? numbers[n_numbers - 1] : 0;
    /* With two numbers and another tensor: r:addmm(beta, t, alpha, a, b). */
    if (n_tensors == 4 && n_numbers == 2) {
        return numbers[0] == 2 && numbers[1] == 4;
    }
    /* With one, the tensor comes first: r:addmm(t, alpha, a, b). */
    return n_tensors == 3 || n_numbers == 0 || numbers[0] == 3;
}

enum { LP_SMALL_PRODUCT = 1024 };

struct add {
    const struct lp_loop *multiply, *add, *copy;
    char *beta, *alpha; /* NULL: 1 */
    int only;           /* beta is 0: t does not count, not even its nan */
    ptrdiff_t item;
};

/* data: the result, t, and the product, which is overwritten */
static void
add_row(const void *context, char *const *data, ptrdiff_t n,
        const ptrdiff_t *steps)
{
    const struct add *w = context;
    uint64_t scaled[LP_SMALL_PRODUCT];
    char *t = data[1];
    ptrdiff_t t_step = steps[1];
    if (w->alpha != NULL) {
        lp_run_loop(w->multiply, (char *[3]){data[2], w->alpha, data[2]}, n,
                    (ptrdiff_t[3]){steps[2], 0, steps[2]});
    }
    if (w->only) {
        lp_run_loop(w->copy, (char *[3]){data[2], data[0], NULL}, n,
                    (ptrdiff_t[3]){steps[2], steps[0], 0});
        return;
    }
    if (w->beta != NULL) {
        lp_run_loop(w->multiply, (char *[3]){t, w->beta, (char *)scaled}, n,
                    (ptrdiff_t[3]){t_step, 0, w->item});
        t = (char *)scaled;
        t_step = w->item;
    }
    lp_run_loop(w->add, (char *[3]){t, data[2], data[0]}, n,
                (ptrdiff_t[3]){t_step, steps[2], steps[0]});
}

static int
sum_of_product(lua_State *L)
{
    const struct shape *shape =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    uint64_t space[LP_SMALL_PRODUCT], beta, alpha;
    struct sum s;
    struct factor a, b;
    int64_t size[2];
    const struct lp_loop *matmul;
    if (!read_sum(L, &s) || (matmul = loop_or_jump(L, s.a)) == NULL ||
        !factors_of(shape, s.a, s.b, &a, &b, size) ||
        size[0] > LP_SMALL_PRODUCT / size[1] || s.t->dtype != s.a->dtype ||
        s.result->dtype != s.a->dtype || !has_sizes(s.t, shape, size) ||
        !has_sizes(s.result, shape, size) ||
        (s.beta && !lp_number_to_element(L, s.beta, s.a->dtype, &beta)) ||
        (s.alpha && !lp_number_to_element(L, s.alpha, s.a->dtype, &alpha))) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_storage storage = {.data = (char *)space};
    struct lp_tensor sum = {.storage = &storage,
                            .dtype = s.a->dtype,
                            .nd = shape->out,
                            .size = sum.few};
    sum.size[0] = size[0];
    sum.size[sum.nd - 1] = size[sum.nd - 1];
    sum.size[2 * sum.nd - 1] = 1;
    sum.size[sum.nd] = sum.nd == 2 ? size[1] : 1;
    struct lp_walk walk;
    if (!lp_walk_begin(&walk, s.result) ||
        !lp_walk_add(&walk, s.t, s.result)) {
        return lp_call_rest_or_jump(L);
    }
    lp_walk_add(&walk, &sum, s.result);
    struct factor out = sum.nd == 2 ? matrix_of(&sum) : column_of(&sum);
    multiply(matmul, &a, &b, &out);
    struct add add = {&lp_loops[LP_LOOP_multiply][s.a->dtype],
                      &lp_loops[LP_LOOP_add][s.a->dtype],
                      &lp_loops[LP_LOOP_copy][s.a->dtype],
                      s.beta ? (char *)&beta : NULL,
                      s.alpha ? (char *)&alpha : NULL,
                      s.beta && lua_tonumber(L, s.beta) == 0,
                      item_of(s.a)};
    lp_walk_run(&walk, add_row, &add);
    lua_settop(L, 1);
    return 1;
}

const struct lp_operation lp_products[] = {
    {"__mul__", operator_mul,   NULL}, /* see operation.c */
    {"addmm",   sum_of_product, &mm },
    {"addmv",   sum_of_product, &mv },
    {"addr",    sum_of_product, &ger},
    {"dot",     dot,            NULL},
    {"ger",     product,        &ger},
    {"mm",      product,        &mm },
    {"mv",      product,        &mv },
    {NULL,      NULL,           NULL},
};
