/* SPDX-License-Identifier: MIT */
/* Small tensors as rows along one dimension.  For large ones NumPy is faster,
 * and what its functions cost each time does not matter. */
#ifndef LP_ROWS_H
#define LP_ROWS_H

#include "numpy_tensor/operation.h"

enum { LP_SMALL = 32768, LP_SMALL_ROW = 64 };

/* [-] The tensor at `index` if it has elements, but few, and of a type that C
 * knows; else NULL. */
struct lp_tensor *lp_small_tensor(lua_State *L, int index);
/* [-] The same for the tensor of a call that has results before it, `*given`
 * of them: none or all `n`.  NULL if it is another number. */
struct lp_tensor *lp_small_tensor_after(lua_State *L, int n, int *given);
/* [-] The dimension that the number at `index` names, from 0; -1 if there is
 * no such. */
int lp_read_dimension(lua_State *L, int index, const struct lp_tensor *t);

/* [-] The integer part of the number at `index`, or `absent` where there is no
 * argument; 0 if it is another value or a great number. */
int lp_read_integer(lua_State *L, int index, int64_t absent, int64_t *value);

/* X(type, C type, a type in which C's integers wrap) for the types that C
 * knows: all but halves, which are left to NumPy. */
#define LP_EACH_TYPE(X)                                                       \
    X(Byte, uint8_t, uint32_t)                                                \
    X(Char, int8_t, uint32_t)                                                 \
    X(Short, int16_t, uint32_t)                                               \
    X(Int, int32_t, uint32_t)                                                 \
    X(Long, int64_t, uint64_t)                                                \
    X(Float, float, float)                                                    \
    X(Double, double, double)
/* function_Byte and so on, by type. */
#define LP_OF_TYPES(function)                                                 \
    {                                                                         \
        [LP_Byte] = function##_Byte, [LP_Char] = function##_Char,             \
        [LP_Short] = function##_Short, [LP_Int] = function##_Int,             \
        [LP_Long] = function##_Long, [LP_Float] = function##_Float,           \
        [LP_Double] = function##_Double                                       \
    }

/* One row, and where its results go; steps are in bytes. */
struct lp_row {
    const char *from;
    int64_t n;
    ptrdiff_t step;
    char *to;
    ptrdiff_t to_step;
    char *positions; /* longs, or NULL */
    ptrdiff_t positions_step;
};
typedef void lp_row_function(const struct lp_row *row, const void *context);

/* [lock, no GIL; -0, +1 or +2, em] Call `f` for each row.  Its results are a
 * tensor like `t`, whose dimension `dim` has `size` elements, and one for
 * positions if `n` is 2: the first `given` arguments, if those fit, or new
 * ones.  Returns how many results the function of Lua has. */
int lp_run_rows_or_jump(lua_State *L, int given, const struct lp_tensor *t,
                        int dim, int64_t size, int n, lp_row_function *f,
                        const void *context);

#endif
