/* SPDX-License-Identifier: MIT */
/* Eigenvalues, singular values, and orthogonal matrices, as in systems.c. */
#include <string.h>

#include "numpy_tensor/linear.h"

enum { WORK, MATRIX, REAL, IMAGINARY, TAU = REAL }; /* spaces */

/* ---- symeig(a, vectors, uplo): values, and vectors or what is left of a -- */

static int
plan_symeig(struct lp_linear *c)
{
    int n = lp_rows(c->argument[0]);
    lp_linear_vector(c, 0, n, c->dtype);
    lp_linear_columns(c, 1, n, n, 0);
    lp_linear_work(c, 3 * n - 1);
    return lp_is_square(c->argument[0]);
}

static int
compute_symeig(struct lp_linear *c)
{
    int n = c->result[0].rows, info;
    lp_linear_copy(c, 0, c->result[1].data, n);
    c->lapack->syev(&c->option[0], &c->option[1], &n, c->result[1].data, &n,
                    c->result[0].data, c->space[WORK].data, &c->work, &info);
    return info;
}

/* ---- eig(a, vectors): values in rows of two parts, and vectors if any ---- */

static int
plan_eig(struct lp_linear *c)
{
    int n = lp_rows(c->argument[0]);
    lp_linear_rows(c, 0, n, 2);
    if (c->option[0] == 'V') {
        lp_linear_columns(c, 1, n, n, -1);
    }
    lp_linear_work(c, 4 * n);
    lp_linear_reals(c, MATRIX, n, n);
    lp_linear_reals(c, REAL, n, 1);
    lp_linear_reals(c, IMAGINARY, n, 1);
    return lp_is_square(c->argument[0]);
}

static int
compute_eig(struct lp_linear *c)
{
    int n = c->result[0].rows, one = 1, info;
    char no = 'N', *values = c->result[0].data, *right = c->result[1].data;
    char *work = c->space[WORK].data, *real = c->space[REAL].data;
    char *imaginary = c->space[IMAGINARY].data;
    lp_linear_copy(c, 0, c->space[MATRIX].data, n);
    c->lapack->geev(&no, &c->option[0], &n, c->space[MATRIX].data, &n, real,
                    imaginary, work, &one, right != NULL ? right : work,
                    right != NULL ? &n : &one, work, &c->work, &info);
    ptrdiff_t item = (ptrdiff_t)c->item;
    struct lp_steps every = {item, 0}, second = {2 * item, 0};
    lp_linear_move(c, values, second, real, every, n, 1);
    lp_linear_move(c, values + item, second, imaginary, every, n, 1);
    return info;
}

/* ---- svd(a, form): left vectors, values, right vectors ---- */

static int
plan_svd(struct lp_linear *c)
{
    if (c->argument[0]->nd != 2) {
        return 0;
    }
    int m = lp_rows(c->argument[0]), n = lp_columns(c->argument[0]);
    int least = lp_min(m, n), all = c->option[0] == 'A';
    lp_linear_columns(c, 0, m, all ? m : least, -1);
    lp_linear_vector(c, 1, least, c->dtype);
    /* By rows: LAPACK's is the transposed one. */
    lp_linear_rows(c, 2, n, all ? n : least);
    lp_linear_work(c, lp_max(3 * least + lp_max(m, n), 5 * least));
    lp_linear_reals(c, MATRIX, m, n);
    return 1;
}

static int
compute_svd(struct lp_linear *c)
{
    int m = c->result[0].rows, n = c->result[2].rows, info;
    char form = c->option[0];
    lp_linear_copy(c, 0, c->space[MATRIX].data, m);
    c->lapack->gesvd(&form, &form, &m, &n, c->space[MATRIX].data, &m,
                     c->result[1].data, c->result[0].data, &m,
                     c->result[2].data, &c->result[2].step,
                     c->space[WORK].data, &c->work, &info);
    return info;
}

/* ---- orthogonal matrices ---- */

/* geqrf(a): factors, and tau */
static int
plan_geqrf(struct lp_linear *c)
{
    if (c->argument[0]->nd != 2) {
        return 0;
    }
    int m = lp_rows(c->argument[0]), n = lp_columns(c->argument[0]);
    lp_linear_columns(c, 0, m, n, 0);
    lp_linear_vector(c, 1, lp_min(m, n), c->dtype);
    lp_linear_work(c, 3 * n);
    return 1;
}

static int
compute_geqrf(struct lp_linear *c)
{
    int m = c->result[0].rows, n = c->result[0].columns, info;
    lp_linear_copy(c, 0, c->result[0].data, m);
    c->lapack->geqrf(&m, &n, c->result[0].data, &m, c->result[1].data,
                     c->space[WORK].data, &c->work, &info);
    return info;
}

/* qr(a) */
static int
plan_qr(struct lp_linear *c)
{
    if (c->argument[0]->nd != 2) {
        return 0;
    }
    int m = lp_rows(c->argument[0]), n = lp_columns(c->argument[0]);
    int k = lp_min(m, n);
    lp_linear_columns(c, 0, m, k, -1);
    lp_linear_rows(c, 1, k, n);
    lp_linear_work(c, 3 * n);
    lp_linear_reals(c, TAU, k, 1);
    if (n > k) { /* else the factors become the first result */
        lp_linear_reals(c, MATRIX, m, n);
    }
    return 1;
}

static int
compute_qr(struct lp_linear *c)
{
    int m = c->result[0].rows, k = c->result[0].columns;
    int n = c->result[1].columns, info;
    char *q = c->result[0].data, *r = c->result[1].data;
    char *factors = n > k ? c->space[MATRIX].data : q;
    void *tau = c->space[TAU].data, *work = c->space[WORK].data;
    ptrdiff_t item = (ptrdiff_t)c->item;
    lp_linear_copy(c, 0, factors, m);
    c->lapack->geqrf(&m, &n, factors, &m, tau, work, &c->work, &info);
    if (info != 0) {
        return info;
    }
    if (n > k) {
        memcpy(q, factors, (size_t)m * (size_t)k * c->item);
    }
    lp_linear_move(c, r, (struct lp_steps){n * item, item}, factors,
                   (struct lp_steps){item, m * item}, k, n);
    for (int i = 1; i < k; i++) {
        memset(r + i * n * item, 0, (size_t)i * c->item);
    }
    int space = 3 * k;
    c->lapack->orgqr(&m, &k, &k, q, &m, tau, work, &space, &info);
    return info;
}

/* orgqr(factors, tau): only as many columns as tau has become orthogonal */
static int
plan_orgqr(struct lp_linear *c)
{
    const struct lp_tensor *a = c->argument[0], *tau = c->argument[1];
    if (a->nd != 2 || tau->nd != 1 ||
        lp_rows(tau) > lp_min(lp_rows(a), lp_columns(a))) {
        return 0;
    }
    lp_linear_columns(c, 0, lp_rows(a), lp_columns(a), 0);
    lp_linear_work(c, 3 * lp_rows(tau));
    lp_linear_reals(c, TAU, lp_rows(tau), 1);
    return 1;
}

static int
compute_orgqr(struct lp_linear *c)
{
    int m = c->result[0].rows, k = lp_rows(c->argument[1]), info;
    lp_linear_copy(c, 0, c->result[0].data, m);
    lp_linear_copy(c, 1, c->space[TAU].data, k);
    c->lapack->orgqr(&m, &k, &k, c->result[0].data, &m, c->space[TAU].data,
                     c->space[WORK].data, &c->work, &info);
    return info;
}

/* ormqr(factors, tau, other, side, trans): the product */

/* [-] Call LAPACK; with `*space` of -1 it only says, in the first element of
 * `work`, how much of that it wants. */
static int
call_ormqr(struct lp_linear *c, void *factors, int step, void *work,
           int *space)
{
    int m = c->result[0].rows, n = c->result[0].columns;
    int k = lp_rows(c->argument[1]), info;
    c->lapack->ormqr(&c->option[0], &c->option[1], &m, &n, &k, factors, &step,
                     c->space[TAU].data, c->result[0].data, &m, work, space,
                     &info);
    return info;
}

static int
plan_ormqr(struct lp_linear *c)
{
    const struct lp_tensor *a = c->argument[0], *tau = c->argument[1];
    const struct lp_tensor *other = c->argument[2];
    int rows = lp_rows(a), ask = -1;
    if (a->nd != 2 || tau->nd != 1 || other->nd != 2 ||
        rows != (c->option[0] == 'L' ? lp_rows(other) : lp_columns(other)) ||
        lp_rows(tau) > lp_min(rows, lp_columns(a))) {
        return 0;
    }
    lp_linear_columns(c, 0, lp_rows(other), lp_columns(other), 2);
    lp_linear_reals(c, TAU, lp_rows(tau), 1);
    lp_linear_input(c, MATRIX, 0);
    union {
        float single;
        double real;
    } wants = {.real = 0};
    if (c->lapack == NULL) {
        return 1;
    }
    if (call_ormqr(c, NULL, rows, &wants, &ask) != 0) {
        return 0;
    }
    double n = c->dtype == LP_Float ? (double)wants.single : wants.real;
    if (!(n >= 1 && n <= INT32_MAX)) {
        return 0;
    }
    lp_linear_work(c, (int)n);
    return 1;
}

static int
compute_ormqr(struct lp_linear *c)
{
    int step;
    void *factors = lp_linear_input_at(c, MATRIX, 0, &step);
    lp_linear_copy(c, 1, c->space[TAU].data, lp_rows(c->argument[1]));
    lp_linear_copy(c, 2, c->result[0].data, c->result[0].rows);
    return call_ormqr(c, factors, step, c->space[WORK].data, &c->work);
}

static const struct lp_linear_row
    symeig = {2, 1, "NVNULU", 0, plan_symeig, compute_symeig},
    eig = {2, 1, "NVN", 0, plan_eig, compute_eig},
    svd = {3, 1, "ASS", 0, plan_svd, compute_svd},
    geqrf = {2, 1, "", 0, plan_geqrf, compute_geqrf},
    qr = {2, 1, "", 0, plan_qr, compute_qr},
    orgqr = {1, 2, "", 0, plan_orgqr, compute_orgqr},
    ormqr = {1, 3, "LRLNTN", 0, plan_ormqr, compute_ormqr};

const struct lp_operation lp_spectra[] = {
    {"eig",    lp_linear, &eig   },
    {"geqrf",  lp_linear, &geqrf },
    {"orgqr",  lp_linear, &orgqr },
    {"ormqr",  lp_linear, &ormqr },
    {"qr",     lp_linear, &qr    },
    {"svd",    lp_linear, &svd   },
    {"symeig", lp_linear, &symeig},
    {NULL,     NULL,      NULL   },
};
