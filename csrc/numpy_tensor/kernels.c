/* SPDX-License-Identifier: MIT */
/* Inner loops in the form of NumPy's, where NumPy's have other results than
 * Torch7's C: what a nan compares to, halves away from zero, integers divided
 * towards zero. */
#include <math.h>
#include <string.h>

#include "numpy_tensor/cast.h"
#include "numpy_tensor/loops.h"

/* Unsigned types have no such values, which compilers would remark on. */
static inline int
is_negative(int64_t value)
{
    return value < 0;
}

/* pow of integers, by products where those are exact. */
static inline double
power_of(double a, double b)
{
    const double limit = 9007199254740992.0; /* 2^53 */
    double result = 1, factor = a;
    if (!(b >= 0 && b < 64)) {
        return pow(a, b);
    }
    for (unsigned n = (unsigned)b; n != 0; n >>= 1) {
        if (n & 1) {
            result *= factor;
        }
        factor *= factor;
    }
    return fabs(result) < limit ? result : pow(a, b);
}

#define LP_INTEGERS(X)                                                        \
    X(Byte, uint8_t)                                                          \
    X(Char, int8_t)                                                           \
    X(Short, int16_t)                                                         \
    X(Int, int32_t)                                                           \
    X(Long, int64_t)

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
/* From bytes one after another. */
#define LP_LOOP_OF_BYTES(type)                                                \
    {                                                                         \
        const char *truth = args[0];                                          \
        (void)data;                                                           \
        if (steps[1] == (Py_ssize_t)sizeof(type)) {                           \
            type *restrict result = (type *)args[1];                          \
            for (Py_ssize_t i = 0; i < *n; i++) {                             \
                result[i] = (type)truth[i];                                   \
            }                                                                 \
            return;                                                           \
        }                                                                     \
        for (Py_ssize_t i = 0; i < *n; i++) {                                 \
            *(type *)(args[1] + i * steps[1]) = (type)truth[i];               \
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
/* No integer is divided by 0 (see elementwise.c), but Python may write one
 * meanwhile; nor is the least by -1, which the machine refuses. */
#define LP_IS_MINUS_ONE(b) (is_negative((int64_t)(b)) && (b) + 1 == 0)
#define LP_BITS(ctype, value)                                                 \
    (sizeof(ctype) == sizeof(uint64_t)                                        \
         ? (uint64_t)(value)                                                  \
         : (uint64_t)(value) & ((UINT64_C(1) << 8 * (sizeof(ctype) & 7)) - 1))
#define LP_SHIFTS(ctype, b) ((uint64_t)(b) < 8 * sizeof(ctype))
#define LP_ROW(type, ctype)                                                   \
    LP_HEAD(quotient, type)                                                   \
    LP_LOOP(ctype, b == 0                 ? 0                                 \
                   : LP_IS_MINUS_ONE(b) ? 0 - (uint64_t)a                     \
                                          : (uint64_t)(a / b))                \
    LP_HEAD(remnant, type)                                                    \
    LP_LOOP(ctype, b == 0 || LP_IS_MINUS_ONE(b) ? 0 : a % b)                  \
    LP_HEAD(modulo, type)                                                     \
    LP_LOOP(ctype, b == 0 || LP_IS_MINUS_ONE(b) ? 0                           \
                   : a % b != 0 && is_negative(a % b) != is_negative(b)       \
                       ? a % b + b                                            \
                       : a % b)                                               \
    LP_HEAD(raised, type)                                                     \
    LP_LOOP(ctype, LP_CAST(ctype, double, power_of((double)a, (double)b)))    \
    LP_HEAD(shifted_left, type)                                               \
    LP_LOOP(ctype, LP_SHIFTS(ctype, b) ? (uint64_t)a << b : 0)                \
    LP_HEAD(shifted_right, type)                                              \
    LP_LOOP(ctype, LP_SHIFTS(ctype, b) ? LP_BITS(ctype, a) >> b : 0)          \
    LP_HEAD(truth, type) LP_LOOP_OF_BYTES(ctype)
LP_INTEGERS(LP_ROW)
#undef LP_ROW
/* Floats of Torch7 become doubles on the way to floor. */
#define LP_ROW(type, ctype, power)                                            \
    LP_HEAD(remnant, type) LP_LOOP(ctype, fmod(a, b))                         \
    LP_HEAD(modulo, type)                                                     \
    LP_LOOP(ctype, b == 0 ? NAN : a - (double)b * floor((double)(a / b)))     \
    LP_HEAD(shifted_left, type) LP_LOOP(ctype, a * power(2, b))               \
    LP_HEAD(shifted_right, type) LP_LOOP(ctype, a / power(2, b))              \
    LP_HEAD(truth, type) LP_LOOP_OF_BYTES(ctype)
LP_ROW(Float, float, powf)
LP_ROW(Double, double, pow)
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
#define LP_ADD(name, type)                                                    \
    lp_loops[LP_LOOP_##name][LP_##type].run = name##_##type;
#define LP_ADD_ALL(type)                                                      \
    LP_ADD(modulo, type)                                                      \
    LP_ADD(remnant, type)                                                     \
    LP_ADD(shifted_left, type)                                                \
    LP_ADD(shifted_right, type)                                               \
    LP_ADD(truth, type)
#define LP_ROW(type, ctype)                                                   \
    LP_ADD_ALL(type)                                                          \
    LP_ADD(quotient, type)                                                    \
    LP_ADD(raised, type)
    LP_INTEGERS(LP_ROW)
#undef LP_ROW
    LP_ADD_ALL(Float)
    LP_ADD_ALL(Double)
    LP_ADD(round, Float)
    LP_ADD(round, Double)
    for (int d = LP_Float; d <= LP_Half; d++) {
        lp_loops[LP_LOOP_quotient][d] = lp_loops[LP_LOOP_divide][d];
        lp_loops[LP_LOOP_raised][d] = lp_loops[LP_LOOP_power][d];
    }
    for (int d = 0; d < LP_N_DTYPES; d++) {
        lp_loops[LP_LOOP_copy][d].run = copy;
        lp_loops[LP_LOOP_copy][d].data = (void *)&lp_dtypes[d].size;
    }
}
