/* SPDX-License-Identifier: MIT */
/* Products of matrices and vectors, by the loop of NumPy's matmul, which
 * calls the BLAS that NumPy brings. */
#ifndef LP_PRODUCTS_H
#define LP_PRODUCTS_H

#include "numpy_tensor/operation.h"

/* Matrices, as many as there are batches, with the way from one element to
 * the next in bytes. */
struct lp_factor {
    char *data;
    ptrdiff_t batches, rows, columns, batch_step, row_step, column_step;
};

/* Which dimensions the two factors and their product have; `summed`: batches
 * are added up. */
struct lp_product_shape {
    int a, b, out, summed;
};
extern const struct lp_product_shape lp_mm, lp_mv, lp_ger, lp_bmm,
    lp_summed_bmm;

/* [-] A tensor of two or three dimensions. */
struct lp_factor lp_matrix_of(const struct lp_tensor *t);
/* [-] A vector, or all elements of what is contiguous. */
struct lp_factor lp_column_of(const struct lp_tensor *t);
/* [-] Where the product goes. */
struct lp_factor lp_product_in(const struct lp_tensor *t);

/* [-] The factors, and the sizes of their product (up to three); 0 if they do
 * not fit. */
int lp_factors_of(const struct lp_product_shape *shape,
                  const struct lp_tensor *ta, const struct lp_tensor *tb,
                  struct lp_factor *a, struct lp_factor *b, int64_t *size);

/* [lock, no GIL; -0, +0, e] The loop for a tensor; NULL: there is none.
 * Called before anything else is read: other threads may run while it looks
 * for the loops. */
const struct lp_loop *lp_matmul_or_jump(lua_State *L,
                                        const struct lp_tensor *t);
/* [-] out = a * b */
void lp_multiply(const struct lp_loop *matmul, const struct lp_factor *a,
                 const struct lp_factor *b, const struct lp_factor *out);

#endif
