/* SPDX-License-Identifier: MIT */
/* NumPy's inner loops, called without the ufuncs around them.
 *
 * A call of a ufunc spends its time on Python objects, types and warnings;
 * tensors of one type that are known to fit need none of that.  A loop works
 * on memory alone, so neither the GIL nor an ndarray is needed, and errors of
 * floating point are nobody's concern, as in Torch7. */
#ifndef LP_NUMPY_LOOPS_H
#define LP_NUMPY_LOOPS_H

#include "base/gil.h"
#include "tensor/ndarray.h"

/* Where in C's arithmetic Torch7 has no counterpart in NumPy, the loop is one
 * of kernels.c; the others have the name of their ufunc.  name, number of
 * arrays with the result */
#define LP_UFUNCS(X)                                                          \
    X(absolute, 2)                                                            \
    X(add, 3)                                                                 \
    X(arccos, 2)                                                              \
    X(arcsin, 2)                                                              \
    X(arctan, 2)                                                              \
    X(arctan2, 3)                                                             \
    X(bitwise_and, 3)                                                         \
    X(bitwise_or, 3)                                                          \
    X(bitwise_xor, 3)                                                         \
    X(ceil, 2)                                                                \
    X(cos, 2)                                                                 \
    X(cosh, 2)                                                                \
    X(divide, 3)                                                              \
    X(equal, 3)                                                               \
    X(exp, 2)                                                                 \
    X(floor, 2)                                                               \
    X(greater, 3)                                                             \
    X(greater_equal, 3)                                                       \
    X(less, 3)                                                                \
    X(less_equal, 3)                                                          \
    X(log, 2)                                                                 \
    X(log1p, 2)                                                               \
    X(matmul, 3)                                                              \
    X(multiply, 3)                                                            \
    X(negative, 2)                                                            \
    X(not_equal, 3)                                                           \
    X(power, 3)                                                               \
    X(sin, 2)                                                                 \
    X(sinh, 2)                                                                \
    X(sqrt, 2)                                                                \
    X(subtract, 3)                                                            \
    X(tan, 2)                                                                 \
    X(tanh, 2)                                                                \
    X(trunc, 2)

#define LP_KERNELS(X)                                                         \
    X(copy)                                                                   \
    X(greatest)                                                               \
    X(least)                                                                  \
    X(modulo)                                                                 \
    X(order)                                                                  \
    X(quotient)                                                               \
    X(raised)                                                                 \
    X(remnant)                                                                \
    X(round)                                                                  \
    X(shifted_left)                                                           \
    X(shifted_right)                                                          \
    X(truth)

enum lp_loop_name {
#define LP_ROW(name, n) LP_LOOP_##name,
    LP_UFUNCS(LP_ROW)
#undef LP_ROW
#define LP_ROW(name) LP_LOOP_##name,
    LP_KERNELS(LP_ROW)
#undef LP_ROW
    LP_N_LOOPS,
    LP_NO_LOOP = -1
};

/* Arrays, how many elements, the way from one element to the next in bytes. */
typedef void lp_loop_function(char **args, const Py_ssize_t *n,
                              const Py_ssize_t *steps, void *data);

struct lp_loop {
    lp_loop_function *run; /* NULL: there is none for this type */
    void *data;
};

/* By loop and type; filled by lp_loops_need_or_jump. */
extern struct lp_loop lp_loops[LP_N_LOOPS][LP_N_DTYPES];
extern int lp_loops_known;

/* [lock, no GIL; -0, +0, e] Find the loops, before the first is used. */
void lp_loops_find_or_jump(struct lp_state *S, lua_State *L);
static inline void
lp_loops_need_or_jump(struct lp_state *S, lua_State *L)
{
    if (LP_UNLIKELY(!__atomic_load_n(&lp_loops_known, __ATOMIC_ACQUIRE))) {
        lp_loops_find_or_jump(S, L);
    }
}

static inline void
lp_run_loop(const struct lp_loop *loop, char *const *args, ptrdiff_t n,
            const ptrdiff_t *steps)
{
    char *own[3] = {args[0], args[1], args[2]}; /* loops may change them */
    loop->run(own, &n, steps, loop->data);
}

/* kernels.c: the loops of LP_KERNELS. */
void lp_kernels_add(void);

#endif
