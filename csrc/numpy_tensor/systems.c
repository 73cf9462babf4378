/* SPDX-License-Identifier: MIT */
/* Systems of equations, inverses, and factors of positive matrices, as
 * pyhelper/_torch_linalg.py has LAPACK do them: with as much space for the
 * work as there, on which the last digits depend. */
#include <string.h>

#include "numpy_tensor/linear.h"

enum { WORK, PIVOTS, MATRIX }; /* spaces */

/* [-] Argument 1 is square, and argument 0 has as many rows. */
static int
is_system(const struct lp_linear *c)
{
    return lp_is_square(c->argument[1]) &&
           lp_rows(c->argument[0]) == lp_rows(c->argument[1]);
}

/* [-] A plan for results that have the sizes of arguments 0 .. n - 1. */
static void
plan_copies(struct lp_linear *c, int n)
{
    for (int i = 0; i < n; i++) {
        lp_linear_columns(c, i, lp_rows(c->argument[i]),
                          lp_columns(c->argument[i]), i);
    }
}

/* [-] Both arguments where their results are going to be. */
static void
copy_system(struct lp_linear *c)
{
    for (int i = 0; i < 2; i++) {
        lp_linear_copy(c, i, c->result[i].data, c->result[i].rows);
    }
}

/* ---- gesv(b, a): x and the factors of a ---- */

static int
plan_gesv(struct lp_linear *c)
{
    plan_copies(c, 2);
    lp_linear_pivots(c, PIVOTS, lp_rows(c->argument[1]));
    return is_system(c);
}

static int
compute_gesv(struct lp_linear *c)
{
    int n = c->result[0].rows, nrhs = c->result[0].columns, info;
    copy_system(c);
    c->lapack->gesv(&n, &nrhs, c->result[1].data, &n, c->space[PIVOTS].data,
                    c->result[0].data, &n, &info);
    return info;
}

/* ---- trtrs(b, a, uplo, trans, diag): x, and a copy of a ---- */

static int
plan_trtrs(struct lp_linear *c)
{
    plan_copies(c, 2);
    return is_system(c);
}

static int
compute_trtrs(struct lp_linear *c)
{
    int n = c->result[0].rows, nrhs = c->result[0].columns, info;
    copy_system(c);
    c->lapack->trtrs(&c->option[0], &c->option[1], &c->option[2], &n, &nrhs,
                     c->result[1].data, &n, c->result[0].data, &n, &info);
    return info;
}

/* ---- gels(b, a): x, in columns of the longer side, and factors of a ---- */

static int
plan_gels(struct lp_linear *c)
{
    const struct lp_tensor *b = c->argument[0], *a = c->argument[1];
    if (a->nd != 2 || lp_rows(a) != lp_rows(b)) {
        return 0;
    }
    int m = lp_rows(a), n = lp_columns(a), nrhs = lp_columns(b);
    lp_linear_columns(c, 0, n, nrhs, 0);
    c->result[0].step = lp_max(m, n);
    lp_linear_columns(c, 1, m, n, 1);
    lp_linear_work(c, lp_min(m, n) + lp_max(lp_min(m, n), nrhs));
    return 1;
}

static int
compute_gels(struct lp_linear *c)
{
    char trans = 'N', *x = c->result[0].data;
    int m = c->result[1].rows, n = c->result[1].columns;
    int nrhs = c->result[0].columns, step = c->result[0].step, info;
    for (int k = 0; n > m && k < nrhs; k++) {
        memset(x + ((size_t)k * (size_t)step + (size_t)m) * c->item, 0,
               (size_t)(step - m) * c->item);
    }
    lp_linear_copy(c, 0, x, step);
    lp_linear_copy(c, 1, c->result[1].data, m);
    c->lapack->gels(&trans, &m, &n, &nrhs, c->result[1].data, &m, x, &step,
                    c->space[WORK].data, &c->work, &info);
    return info;
}

/* ---- inverse(a) ---- */

static int
plan_inverse(struct lp_linear *c)
{
    int n = lp_rows(c->argument[0]);
    plan_copies(c, 1);
    lp_linear_pivots(c, PIVOTS, n);
    lp_linear_work(c, 3 * n);
    return lp_is_square(c->argument[0]);
}

static int
compute_inverse(struct lp_linear *c)
{
    int n = c->result[0].rows, info;
    void *a = c->result[0].data, *pivots = c->space[PIVOTS].data;
    lp_linear_copy(c, 0, a, n);
    c->lapack->getrf(&n, &n, a, &n, pivots, &info);
    if (info == 0) {
        c->lapack->getri(&n, a, &n, pivots, c->space[WORK].data, &c->work,
                         &info);
    }
    return info;
}

/* ---- positive matrices ---- */

static int
plan_square(struct lp_linear *c)
{
    plan_copies(c, 1);
    return lp_is_square(c->argument[0]);
}

/* potrf(a, uplo) */
static int
compute_potrf(struct lp_linear *c)
{
    int n = c->result[0].rows, info;
    lp_linear_copy(c, 0, c->result[0].data, n);
    c->lapack->potrf(&c->option[0], &n, c->result[0].data, &n, &info);
    lp_linear_clear(c, c->option[0], c->result[0].data, n, n);
    return info;
}

/* potri(factor, uplo) */
static int
compute_potri(struct lp_linear *c)
{
    int n = c->result[0].rows, info;
    char *data = c->result[0].data;
    ptrdiff_t item = (ptrdiff_t)c->item, step = n * item;
    lp_linear_copy(c, 0, data, n);
    c->lapack->potri(&c->option[0], &n, data, &n, &info);
    struct lp_steps along = {item, step}, across = {step, item};
    for (int k = 0; info == 0 && k < n - 1; k++) {
        /* What is right of element k of the diagonal, and what is below. */
        char *right = data + k * (item + step) + step;
        char *below = data + k * (item + step) + item;
        if (c->option[0] == 'U') {
            lp_linear_move(c, below, along, right, across, n - 1 - k, 1);
        }
        else {
            lp_linear_move(c, right, across, below, along, n - 1 - k, 1);
        }
    }
    return info;
}

/* potrs(b, factor, uplo) */
static int
plan_potrs(struct lp_linear *c)
{
    plan_copies(c, 1);
    lp_linear_input(c, MATRIX, 1);
    return is_system(c);
}

static int
compute_potrs(struct lp_linear *c)
{
    int n = c->result[0].rows, nrhs = c->result[0].columns, step, info;
    void *factor = lp_linear_input_at(c, MATRIX, 1, &step);
    lp_linear_copy(c, 0, c->result[0].data, n);
    c->lapack->potrs(&c->option[0], &n, &nrhs, factor, &step,
                     c->result[0].data, &n, &info);
    return info;
}

/* pstrf(a, uplo, tolerance): the factor, and which rows were taken */
static int
plan_pstrf(struct lp_linear *c)
{
    int n = lp_rows(c->argument[0]);
    lp_linear_work(c, 2 * n);
    lp_linear_vector(c, 1, n, LP_Int);
    return plan_square(c);
}

static int
compute_pstrf(struct lp_linear *c)
{
    int n = c->result[0].rows, rank, info;
    double tolerance = c->number;
    float rounded = (float)c->number;
    lp_linear_copy(c, 0, c->result[0].data, n);
    c->lapack->pstrf(&c->option[0], &n, c->result[0].data, &n,
                     c->result[1].data, &rank,
                     c->dtype == LP_Float ? (void *)&rounded : &tolerance,
                     c->space[WORK].data, &info);
    lp_linear_clear(c, c->option[0], c->result[0].data, n, n);
    return info;
}

static const struct lp_linear_row
    gesv = {2, 2, "", 0, plan_gesv, compute_gesv},
    gels = {2, 2, "", 0, plan_gels, compute_gels},
    trtrs = {2, 2, "ULUNTNNUN", 0, plan_trtrs, compute_trtrs},
    inverse = {1, 1, "", 0, plan_inverse, compute_inverse},
    potrf = {1, 1, "ULU", 0, plan_square, compute_potrf},
    potri = {1, 1, "ULU", 0, plan_square, compute_potri},
    potrs = {1, 2, "ULU", 0, plan_potrs, compute_potrs},
    pstrf = {2, 1, "ULU", 1, plan_pstrf, compute_pstrf};

const struct lp_operation lp_systems[] = {
    {"gels",    lp_linear, &gels   },
    {"gesv",    lp_linear, &gesv   },
    {"inverse", lp_linear, &inverse},
    {"potrf",   lp_linear, &potrf  },
    {"potri",   lp_linear, &potri  },
    {"potrs",   lp_linear, &potrs  },
    {"pstrf",   lp_linear, &pstrf  },
    {"trtrs",   lp_linear, &trtrs  },
    {NULL,      NULL,      NULL    },
};
