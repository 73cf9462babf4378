/* SPDX-License-Identifier: MIT */
/* result = beta * t + alpha * a * b */
#include <string.h>

#include "numpy_tensor/products.h"

/* The forms of addmm and its kin: what each argument is.  r is the result, t
 * what is added, a and b the factors, * is r and t at once; + and x are beta
 * and alpha, by default 1. */
static const char *const method_forms[] = {
    "*ab", "*xab", "rtab", "rtxab", "*+xab", "r+txab", NULL};
static const char *const function_forms[] = {
    "tab",  "rtab",   "+tab",  "txab",
    "+txab", "r+tab", "rtxab", "r+txab", NULL};

struct sum {
    struct lp_tensor *result, *t, *a, *b; /* result may be NULL: a new one */
    int beta, alpha; /* indexes of the arguments, or 0 for 1 */
};

static int
is_number_in(char letter)
{
    return letter == '+' || letter == 'x';
}

/* Do the arguments have a form? */
static int
has_form(lua_State *L, const char *form)
{
    int nargs = lua_gettop(L);
    if (nargs != (int)strlen(form)) {
        return 0;
    }
    for (int i = 0; i < nargs; i++) {
        int is_number = lua_type(L, i + 1) == LUA_TNUMBER;
        const struct lp_tensor *t =
            is_number ? NULL : lp_to_tensor(L, i + 1);
        if (is_number != is_number_in(form[i]) ||
            (!is_number && (t == NULL || t->nd == 0))) {
            return 0;
        }
    }
    return 1;
}

static int
read_sum(lua_State *L, struct sum *s)
{
    const char *const *form =
        lp_is_method(L) ? method_forms : function_forms;
    while (*form != NULL && !has_form(L, *form)) {
        form++;
    }
    *s = (struct sum){NULL, NULL, NULL, NULL, 0, 0};
    for (int i = 1; *form != NULL && (*form)[i - 1] != '\0'; i++) {
        struct lp_tensor *t = lp_to_tensor(L, i);
        switch ((*form)[i - 1]) {
        case '*':
            s->result = s->t = t;
            break;
        case 'r':
            s->result = t;
            break;
        case 't':
            s->t = t;
            break;
        case 'a':
            s->a = t;
            break;
        case 'b':
            s->b = t;
            break;
        case '+':
            s->beta = i;
            break;
        default:
            s->alpha = i;
        }
    }
    return *form != NULL;
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

/* The result, t, and the product, which lies in `space`. */
static int
begin_walk(struct lp_walk *walk, const struct lp_tensor *result,
           const struct lp_tensor *t, const struct lp_tensor *product)
{
    return lp_walk_begin(walk, result) && lp_walk_add(walk, t, result) &&
           lp_walk_add(walk, product, result);
}

static int
sum_of_product(lua_State *L)
{
    const struct lp_product_shape *shape =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    uint64_t space[LP_SMALL_PRODUCT], beta, alpha;
    int nargs = lua_gettop(L);
    struct sum s;
    struct lp_factor a, b;
    int64_t size[3];
    const struct lp_loop *matmul;
    if (!read_sum(L, &s) || (matmul = lp_matmul_or_jump(L, s.a)) == NULL ||
        !lp_factors_of(shape, s.a, s.b, &a, &b, size) ||
        s.t->dtype != s.a->dtype || !lp_has_sizes(s.t, shape->out, size) ||
        lp_count_elements(s.t) > LP_SMALL_PRODUCT ||
        (s.beta && !lp_number_to_element(L, s.beta, s.a->dtype, &beta)) ||
        (s.alpha && !lp_number_to_element(L, s.alpha, s.a->dtype, &alpha))) {
        return lp_call_rest_or_jump(L);
    }
    int is_new = s.result == NULL;
    if (is_new) {
        s.result = lp_new_sized_or_jump(s.a->S, L, s.a->dtype, shape->out,
                                        size);
        if (!lp_factors_of(shape, s.a, s.b, &a, &b, size) ||
            !lp_has_sizes(s.t, shape->out, size)) {
            return lp_changed_or_jump(L);
        }
    }
    struct lp_storage storage = {.data = (char *)space};
    struct lp_tensor product = {.storage = &storage,
                                .dtype = s.a->dtype,
                                .size = product.few};
    lp_set_contiguous(&product, shape->out, size);
    struct lp_factor out = lp_product_in(&product);
    struct lp_walk walk;
    if (s.result->dtype != s.a->dtype ||
        !lp_has_sizes(s.result, shape->out, size) ||
        !begin_walk(&walk, s.result, s.t, &product) ||
        (shape->summed && (lp_share_memory(s.result, s.a) ||
                           lp_share_memory(s.result, s.b)))) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    struct add add = {&lp_loops[LP_LOOP_multiply][s.a->dtype],
                      &lp_loops[LP_LOOP_add][s.a->dtype],
                      &lp_loops[LP_LOOP_copy][s.a->dtype],
                      s.beta ? (char *)&beta : NULL,
                      s.alpha ? (char *)&alpha : NULL,
                      s.beta && lua_tonumber(L, s.beta) == 0,
                      (ptrdiff_t)lp_dtypes[s.a->dtype].size};
    ptrdiff_t more = shape->summed ? a.batches - 1 : 0;
    if (shape->summed) {
        a.batches = b.batches = 1;
    }
    lp_multiply(matmul, &a, &b, &out);
    lp_walk_run(&walk, add_row, &add);
    add.beta = NULL;
    add.only = 0;
    for (; more > 0; more--) { /* as Torch7 does, one after another */
        a.data += a.batch_step;
        b.data += b.batch_step;
        lp_multiply(matmul, &a, &b, &out);
        begin_walk(&walk, s.result, s.result, &product);
        lp_walk_run(&walk, add_row, &add);
    }
    lua_settop(L, is_new ? nargs + 1 : 1);
    return 1;
}

const struct lp_operation lp_product_sums[] = {
    {"addbmm",  sum_of_product, &lp_summed_bmm},
    {"addmm",   sum_of_product, &lp_mm        },
    {"addmv",   sum_of_product, &lp_mv        },
    {"addr",    sum_of_product, &lp_ger       },
    {"baddbmm", sum_of_product, &lp_bmm       },
    {NULL,      NULL,           NULL          },
};
