/* SPDX-License-Identifier: MIT */
/* LAPACK's functions, from SciPy, which offers them to other code in C as
 * capsules whose names are the declarations. */
#ifndef LP_LAPACK_H
#define LP_LAPACK_H

#include "base/gil.h"
#include "tensor/dtype.h"

/* name, kinds of the arguments (c: char *, i: int *, r: reals), and what they
 * are, with reals as `void *` so that one type serves float and double */
#define LP_LAPACK(X)                                                          \
    X(geev, "ccirirrriririi", char *left, char *right, int *n, void *a,       \
      int *lda, void *real, void *imaginary, void *vl, int *ldvl, void *vr,   \
      int *ldvr, void *work, int *lwork, int *info)                           \
    X(gels, "ciiiriririi", char *trans, int *m, int *n, int *nrhs, void *a,   \
      int *lda, void *b, int *ldb, void *work, int *lwork, int *info)         \
    X(geqrf, "iirirrii", int *m, int *n, void *a, int *lda, void *tau,        \
      void *work, int *lwork, int *info)                                      \
    X(gesv, "iiriirii", int *n, int *nrhs, void *a, int *lda, int *pivots,    \
      void *b, int *ldb, int *info)                                           \
    X(gesvd, "cciirirriririi", char *left, char *right, int *m, int *n,       \
      void *a, int *lda, void *s, void *u, int *ldu, void *vt, int *ldvt,     \
      void *work, int *lwork, int *info)                                      \
    X(getrf, "iiriii", int *m, int *n, void *a, int *lda, int *pivots,        \
      int *info)                                                              \
    X(getri, "iriirii", int *n, void *a, int *lda, int *pivots, void *work,   \
      int *lwork, int *info)                                                  \
    X(orgqr, "iiirirrii", int *m, int *n, int *k, void *a, int *lda,          \
      void *tau, void *work, int *lwork, int *info)                           \
    X(ormqr, "cciiirirririi", char *side, char *trans, int *m, int *n,        \
      int *k, void *a, int *lda, void *tau, void *c, int *ldc, void *work,    \
      int *lwork, int *info)                                                  \
    X(potrf, "cirii", char *uplo, int *n, void *a, int *lda, int *info)       \
    X(potri, "cirii", char *uplo, int *n, void *a, int *lda, int *info)       \
    X(potrs, "ciiririi", char *uplo, int *n, int *nrhs, void *a, int *lda,    \
      void *b, int *ldb, int *info)                                           \
    X(pstrf, "ciriiirri", char *uplo, int *n, void *a, int *lda, int *pivots, \
      int *rank, void *tolerance, void *work, int *info)                      \
    X(syev, "ccirirrii", char *vectors, char *uplo, int *n, void *a,          \
      int *lda, void *values, void *work, int *lwork, int *info)              \
    X(trtrs, "ccciiririi", char *uplo, char *trans, char *diag, int *n,       \
      int *nrhs, void *a, int *lda, void *b, int *ldb, int *info)

struct lp_lapack {
#define LP_ROW(name, kinds, ...) void (*name)(__VA_ARGS__);
    LP_LAPACK(LP_ROW)
#undef LP_ROW
};

/* Has it been looked for them? */
extern int lp_lapack_known;

/* [lock, no GIL; -0, +0, e] Those for Float or Double; NULL without SciPy, or
 * if it has other ones.  The first call imports SciPy: other threads may run
 * meanwhile and change every tensor. */
const struct lp_lapack *lp_lapack_or_jump(struct lp_state *S, lua_State *L,
                                          enum lp_dtype dtype);

#endif
