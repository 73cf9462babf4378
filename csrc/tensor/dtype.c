/* SPDX-License-Identifier: MIT */
#include "tensor/dtype.h"

#include <string.h>

const struct lp_dtype_row lp_dtypes[LP_N_DTYPES] = {
#define LP_ROW(name, ctype, number, integral)                                 \
    {#name,  "torch." #name "Tensor", "torch." #name "Storage",               \
     sizeof(ctype), number, integral},
    LP_DTYPES(LP_ROW)
#undef LP_ROW
};

enum lp_dtype
lp_dtype_of_numpy(int type_num)
{
    enum { NPY_BOOL = 0, NPY_LONGLONG = 9 }; /* longlong: as wide as long */
    if (type_num == NPY_BOOL) {
        return LP_Byte;
    }
    if (type_num == NPY_LONGLONG) {
        return LP_Long;
    }
    for (int i = 0; i < LP_N_DTYPES; i++) {
        if (lp_dtypes[i].type_num == type_num) {
            return (enum lp_dtype)i;
        }
    }
    return LP_NO_DTYPE;
}

enum lp_dtype
lp_dtype_of_name(const char *name, int *is_storage)
{
    static const size_t common = sizeof "torch." - 1;
    *is_storage = 0;
    if (strncmp(name, "torch.", common) != 0) {
        return LP_NO_DTYPE;
    }
    for (int i = 0; i < LP_N_DTYPES; i++) {
        if (name[common] != lp_dtypes[i].tensor_name[common]) {
            continue; /* most go here: torch.zeros asks each time */
        }
        if (strcmp(name, lp_dtypes[i].tensor_name) == 0) {
            return (enum lp_dtype)i;
        }
        *is_storage = strcmp(name, lp_dtypes[i].storage_name) == 0;
        if (*is_storage) {
            return (enum lp_dtype)i;
        }
    }
    return LP_NO_DTYPE;
}

/* A half has 1 sign, 5 exponent (bias 15) and 10 fraction bits. */

double
lp_half_to_double(uint16_t half)
{
    uint64_t sign = (uint64_t)(half >> 15) << 63, bits;
    uint64_t exponent = (half >> 10) & 0x1f, fraction = half & 0x3ff;
    double value;
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24 */
        value = (double)fraction * (1.0 / 16777216.0);
        memcpy(&bits, &value, sizeof bits);
    }
    else {
        exponent = exponent == 0x1f ? 0x7ff : exponent - 15 + 1023;
        bits = exponent << 52 | fraction << 42;
    }
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t
lp_double_to_half(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 63 << 15);
    int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    uint64_t fraction = bits & 0xfffffffffffffULL;
    if (exponent == 1024) { /* infinity, or nan that stays one */
        return sign | 0x7c00 | (uint16_t)(fraction != 0 ? 0x200 : 0);
    }
    if (exponent < -25) {
        return sign; /* below half of the smallest subnormal */
    }
    if (exponent > 15) {
        return sign | 0x7c00;
    }
    /* Drop bits of 1.fraction, rounding to even; a carry runs into the
     * exponent and gives the next power of two, or infinity. */
    uint64_t significand = fraction | 1ULL << 52;
    int drop = exponent < -14 ? 42 + (-14 - exponent) : 42;
    uint64_t kept = significand >> drop;
    uint64_t rest = significand & ((1ULL << drop) - 1);
    uint64_t middle = 1ULL << (drop - 1);
    kept += rest > middle || (rest == middle && (kept & 1));
    if (exponent < -14) {
        return sign | (uint16_t)kept;
    }
    return sign | (uint16_t)(((uint64_t)(exponent + 14) << 10) + kept);
}
