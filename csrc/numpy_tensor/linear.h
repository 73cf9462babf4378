/* SPDX-License-Identifier: MIT */
/* Calls of linear algebra: LAPACK on copies of matrices, column by column. */
#ifndef LP_LINEAR_H
#define LP_LINEAR_H

#include "numpy_tensor/lapack.h"
#include "numpy_tensor/operation.h"

enum { LP_LINEAR_MOST = 3, LP_LINEAR_SPACES = 5 };

/* What a result is to be, and where it is computed: in a new tensor, or apart
 * from the one that is given, which changes only if all goes well. */
struct lp_linear_result {
    enum lp_dtype dtype;
    int nd; /* 0: there is none */
    int rows, columns;
    int step;     /* from one column to the next, or from row to row */
    int by_rows;  /* it lies row by row, or as it did */
    int argument; /* whose overwritten copy it is, from 0, or -1: if both are
                     the same tensor, that stays laid out as it was */
    void *data;
};

struct lp_linear {
    const struct lp_lapack *lapack;
    enum lp_dtype dtype;
    size_t item;
    struct lp_tensor *argument[LP_LINEAR_MOST];
    struct lp_tensor *given[LP_LINEAR_MOST]; /* results, or NULL */
    char option[LP_LINEAR_MOST];
    double number; /* -1 if none is given */

    struct lp_linear_result result[LP_LINEAR_MOST];
    struct {
        size_t bytes;
        void *data;
    } space[LP_LINEAR_SPACES]; /* for the work; 0 bytes: not needed */
    int work;                  /* reals of space 0 */
};

/* The row of a function of torch. */
struct lp_linear_row {
    int n_results, n_arguments;
    const char *options; /* for each the two letters and the default */
    int takes_number;    /* after those */
    /* [-] Say what results and spaces there are to be; 0 if the arguments are
     * not for us.  `lapack` may not be known yet. */
    int (*plan)(struct lp_linear *c);
    /* [lock] Compute; not 0 if LAPACK cannot.  Neither argument changes. */
    int (*compute)(struct lp_linear *c);
};

/* [lock, no GIL] The operation.  Computes with the lock held and without the
 * GIL, however long that takes, as products do. */
int lp_linear(lua_State *L);

/* ---- for plans ---- */

static inline int
lp_rows(const struct lp_tensor *t)
{
    return (int)t->size[0];
}

static inline int
lp_columns(const struct lp_tensor *t)
{
    return t->nd == 2 ? (int)t->size[1] : 1;
}

static inline int
lp_is_square(const struct lp_tensor *t)
{
    return t->nd == 2 && t->size[0] == t->size[1];
}

static inline int
lp_min(int a, int b)
{
    return a < b ? a : b;
}

static inline int
lp_max(int a, int b)
{
    return a > b ? a : b;
}

/* [-] Result `i` is a matrix that lies column by column, the overwritten copy
 * of an argument or not (-1). */
void lp_linear_columns(struct lp_linear *c, int i, int rows, int columns,
                       int argument);
/* [-] It is one that lies row by row. */
void lp_linear_rows(struct lp_linear *c, int i, int rows, int columns);
/* [-] It is a vector. */
void lp_linear_vector(struct lp_linear *c, int i, int n, enum lp_dtype dtype);
/* [-] Space 0 is for `n` reals, and that many are said to be there. */
void lp_linear_work(struct lp_linear *c, int n);
/* [-] Space `i` is for that many reals, or for pivots. */
void lp_linear_reals(struct lp_linear *c, int i, int rows, int columns);
void lp_linear_pivots(struct lp_linear *c, int i, int n);
/* [-] Space `i` is for argument `argument` as LAPACK wants it, if it does not
 * lie so already. */
void lp_linear_input(struct lp_linear *c, int i, int argument);

/* ---- for computing ---- */

/* [-] Copy an argument column by column, each `step` elements after the one
 * before. */
void lp_linear_copy(const struct lp_linear *c, int argument, void *to,
                    int step);
/* [-] What lp_linear_input has made room for, and its step. */
void *lp_linear_input_at(struct lp_linear *c, int i, int argument, int *step);
/* [-] Put 0 on one side of the diagonal of a matrix of `step` rows, and so
 * leave the triangle `uplo`. */
void lp_linear_clear(const struct lp_linear *c, char uplo, void *matrix,
                     int columns, int step);
/* [-] Copy between memory with any steps in bytes, from row to row and from
 * column to column. */
struct lp_steps {
    ptrdiff_t row, column;
};
void lp_linear_move(const struct lp_linear *c, void *to,
                    struct lp_steps to_steps, const void *from,
                    struct lp_steps from_steps, int rows, int columns);

#endif
