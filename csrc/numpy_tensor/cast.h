/* SPDX-License-Identifier: MIT */
/* An element of one type as one of another. */
#ifndef LP_CAST_H
#define LP_CAST_H

#include <stdint.h>

/* Torch7 leaves reals that do not fit to C, and C to the machine: on x86-64
 * they become the least integer, of 32 bits for all types but Long, and are
 * cut down from there. */
static inline int32_t
lp_double_to_int(double value)
{
    return value > -2147483649.0 && value < 2147483648.0 ? (int32_t)value
                                                         : INT32_MIN;
}

static inline int64_t
lp_double_to_long(double value)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    return value >= -limit && value < limit ? (int64_t)value : INT64_MIN;
}

#define LP_IS_REAL(ctype) ((ctype)0.5 > 0)
#define LP_CAST(ctype, cfrom, value)                                          \
    (LP_IS_REAL(ctype) || !LP_IS_REAL(cfrom) ? (ctype)(value)                 \
     : sizeof(ctype) < sizeof(int64_t)                                        \
         ? (ctype)lp_double_to_int((double)(value))                           \
         : (ctype)lp_double_to_long((double)(value)))

#endif
