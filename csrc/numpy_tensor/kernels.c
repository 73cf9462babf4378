/* SPDX-License-Identifier: MIT */
/* Inner loops in the form of NumPy's, where NumPy's have other results than
 * Torch7's C: what a nan compares to, halves away from zero. */
#include <math.h>
#include <string.h>

#include "numpy_tensor/loops.h"

/* clang-format off */
#define LP_LOOP(type, expression)                                             \
    {                                                                         \
        (void)data;                                                           \
        for (Py_ssize_t i = 0; i < *n; i++) {                                 \
            const type a = *(const type *)(args[0] + i * steps[0]);           \
            const type b = *(const type *)(args[1] + i * steps[1]);           \
            *(type *)(args[2] + i * steps[2]) = (type)(expression);           \
        }                                                                     \
    }
#define LP_LOOP_OF_ONE(type, expression)                                      \
    {                                                                         \
        (void)data;                                                           \
        for (Py_ssize_t i = 0; i < *n; i++) {                                 \
            const type a = *(const type *)(args[0] + i * steps[0]);           \
            *(type *)(args[1] + i * steps[1]) = (type)(expression);           \
        }                                                                     \
    }
#define LP_HEAD(name, type)                                                   \
    static void name##_##type(char **args, const Py_ssize_t *n,               \
                              const Py_ssize_t *steps, void *data)
#define LP_ROW(type, ctype, number, integral)                                 \
    LP_HEAD(greatest, type) LP_LOOP(ctype, a > b ? a : b)                     \
    LP_HEAD(least, type) LP_LOOP(ctype, a < b ? a : b)                        \
    LP_HEAD(order, type) LP_LOOP(ctype, (a > b) - (a < b))
LP_DTYPES(LP_ROW)
#undef LP_ROW
LP_HEAD(round, Float) LP_LOOP_OF_ONE(float, roundf(a))
LP_HEAD(round, Double) LP_LOOP_OF_ONE(double, round(a))
LP_HEAD(copy, uint8_t) LP_LOOP_OF_ONE(uint8_t, a)
LP_HEAD(copy, uint16_t) LP_LOOP_OF_ONE(uint16_t, a)
LP_HEAD(copy, uint32_t) LP_LOOP_OF_ONE(uint32_t, a)
LP_HEAD(copy, uint64_t) LP_LOOP_OF_ONE(uint64_t, a)
/* clang-format on */

/* Bytes, for a copy from one run of memory to another. */
static void
copy(char **args, const Py_ssize_t *n, const Py_ssize_t *steps, void *data)
{
    const size_t item = *(const size_t *)data;
    if (steps[0] == (Py_ssize_t)item && steps[1] == (Py_ssize_t)item) {
        memcpy(args[1], args[0], (size_t)*n * item);
        return;
    }
    switch (item) {
    case 1:
        copy_uint8_t(args, n, steps, NULL);
        break;
    case 2:
        copy_uint16_t(args, n, steps, NULL);
        break;
    case 4:
        copy_uint32_t(args, n, steps, NULL);
        break;
    default:
        copy_uint64_t(args, n, steps, NULL);
    }
}

void
lp_kernels_add(void)
{
#define LP_ROW(type, ctype, number, integral)                                 \
    lp_loops[LP_LOOP_greatest][LP_##type].run = greatest_##type;              \
    lp_loops[LP_LOOP_least][LP_##type].run = least_##type;                    \
    lp_loops[LP_LOOP_order][LP_##type].run = order_##type;
    LP_DTYPES(LP_ROW)
#undef LP_ROW
    /* As integers, halves would compare wrongly. */
    lp_loops[LP_LOOP_greatest][LP_Half].run = NULL;
    lp_loops[LP_LOOP_least][LP_Half].run = NULL;
    lp_loops[LP_LOOP_order][LP_Half].run = NULL;
    lp_loops[LP_LOOP_round][LP_Float].run = round_Float;
    lp_loops[LP_LOOP_round][LP_Double].run = round_Double;
    for (int d = 0; d < LP_N_DTYPES; d++) {
        lp_loops[LP_LOOP_copy][d].run = copy;
        lp_loops[LP_LOOP_copy][d].data = (void *)&lp_dtypes[d].size;
    }
}
