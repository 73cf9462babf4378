/* SPDX-License-Identifier: MIT */
/* Running sums and products, in the type that Torch7 adds up in. */
#include "numpy_tensor/rows.h"

#define LP_SCAN(function, type, ctype, wide, first, operator)                 \
    static void function##_##type(const struct lp_row *row,                   \
                                  const void *context)                        \
    {                                                                         \
        wide all = first;                                                     \
        (void)context;                                                        \
        for (int64_t i = 0; i < row->n; i++) {                                \
            all = all operator(wide) *                                        \
                  (const ctype *)(row->from + i * row->step);                 \
            *(ctype *)(row->to + i * row->to_step) = (ctype)all;              \
        }                                                                     \
    }

#define LP_SCANS(type, ctype, wide)                                           \
    LP_SCAN(cumsum, type, ctype, wide, 0, +)                                  \
    LP_SCAN(cumprod, type, ctype, wide, 1, *)

LP_SCANS(Byte, uint8_t, uint64_t)
LP_SCANS(Char, int8_t, uint64_t)
LP_SCANS(Short, int16_t, uint64_t)
LP_SCANS(Int, int32_t, uint64_t)
LP_SCANS(Long, int64_t, uint64_t) /* wraps */
LP_SCANS(Float, float, double)
LP_SCANS(Double, double, double)

static lp_row_function *const sums[LP_N_DTYPES] = LP_OF_TYPES(cumsum);
static lp_row_function *const products[LP_N_DTYPES] = LP_OF_TYPES(cumprod);

/* cumsum([result,] t [, dim]), and cumprod */
static int
scan(lua_State *L)
{
    lp_row_function *const *functions =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int given, dim = 0;
    const struct lp_tensor *t = lp_small_tensor_after(L, 1, &given);
    int others = t != NULL ? lua_gettop(L) - given - 1 : 0;
    if (t == NULL || others > 1 ||
        (others == 1 && (dim = lp_read_dimension(L, given + 2, t)) < 0)) {
        return lp_call_rest_or_jump(L);
    }
    return lp_run_rows_or_jump(L, given, t, dim, t->size[dim], 1,
                               functions[t->dtype], NULL);
}

const struct lp_operation lp_scans[] = {
    {"cumprod", scan, products},
    {"cumsum",  scan, sums    },
    {NULL,      NULL, NULL    },
};
