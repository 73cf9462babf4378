/* SPDX-License-Identifier: MIT */
/* The eight element types that both sides know. */
#ifndef LP_DTYPE_H
#define LP_DTYPE_H

#include <stddef.h>
#include <stdint.h>

/* Torch7's name, C type, NumPy's type number, does it hold integers? */
#define LP_DTYPES(X)                                                          \
    X(Byte, uint8_t, 2, 1)                                                    \
    X(Char, int8_t, 1, 1)                                                     \
    X(Short, int16_t, 3, 1)                                                   \
    X(Int, int32_t, 5, 1)                                                     \
    X(Long, int64_t, 7, 1)                                                    \
    X(Float, float, 11, 0)                                                    \
    X(Double, double, 12, 0)                                                  \
    X(Half, uint16_t, 23, 0)

enum lp_dtype {
#define LP_ROW(name, ctype, number, integral) LP_##name,
    LP_DTYPES(LP_ROW)
#undef LP_ROW
    LP_N_DTYPES,
    LP_NO_DTYPE = -1
};

struct lp_dtype_row {
    const char *name;         /* "Double" */
    const char *tensor_name;  /* "torch.DoubleTensor" */
    const char *storage_name; /* "torch.DoubleStorage" */
    size_t size;              /* of one element, in bytes */
    int type_num;             /* NumPy's */
    int integral;
};
extern const struct lp_dtype_row lp_dtypes[LP_N_DTYPES];

/* The type of NumPy's `type_num`, or LP_NO_DTYPE.  bool is Byte. */
enum lp_dtype lp_dtype_of_numpy(int type_num);
/* The type whose tensor or storage has this name ("torch.DoubleTensor"), or
 * LP_NO_DTYPE; `*is_storage` says which of both it was. */
enum lp_dtype lp_dtype_of_name(const char *name, int *is_storage);

/* float16 <-> double, rounding to even as NumPy does. */
double lp_half_to_double(uint16_t half);
uint16_t lp_double_to_half(double value);

#endif
