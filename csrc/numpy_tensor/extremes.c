/* SPDX-License-Identifier: MIT */
/* Extremes of small tensors, in one go through the elements. */
#include <string.h>

#include "numpy_tensor/rows.h"

/* Position of the first extreme; a nan is one. */
typedef int64_t extreme_function(const char *p, int64_t n, ptrdiff_t step);

#define LP_AT(ctype, i) (*(const ctype *)(p + (i)*step))

#define LP_EXTREME(function, type, ctype, is_no_better)                       \
    static int64_t function##_##type(const char *p, int64_t n,                \
                                     ptrdiff_t step)                          \
    {                                                                         \
        int64_t found = 0;                                                    \
        ctype best = LP_AT(ctype, 0);                                         \
        for (int64_t i = 1; i < n && best == best; i++) {                     \
            ctype value = LP_AT(ctype, i);                                    \
            if (!(value is_no_better best)) {                                 \
                best = value;                                                 \
                found = i;                                                    \
            }                                                                 \
        }                                                                     \
        return found;                                                         \
    }

#define LP_EXTREMES(type, ctype, wide)                                        \
    LP_EXTREME(greatest, type, ctype, <=)                                     \
    LP_EXTREME(least, type, ctype, >=)

LP_EACH_TYPE(LP_EXTREMES)

static extreme_function *const greatest[LP_N_DTYPES] = LP_OF_TYPES(greatest);
static extreme_function *const least[LP_N_DTYPES] = LP_OF_TYPES(least);

struct of {
    extreme_function *extreme;
    size_t item;
};

static void
extreme_of_row(const struct lp_row *row, const void *context)
{
    const struct of *of = context;
    int64_t found = of->extreme(row->from, row->n, row->step);
    memcpy(row->to, row->from + found * row->step, of->item);
    *(int64_t *)row->positions = found + 1;
}

/* max(t), max([result, positions,] t, dim), and min */
static int
extreme(lua_State *L)
{
    extreme_function *const *functions =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int given, dim = 0;
    const struct lp_tensor *t = lp_small_tensor_after(L, 2, &given);
    int others = t != NULL ? lua_gettop(L) - given - 1 : 0;
    if (t == NULL || others > 1 || (given && others == 0) ||
        (others == 1 && (dim = lp_read_dimension(L, given + 2, t)) < 0) ||
        (others == 0 && t->nd > 1 && !lp_is_contiguous(t))) {
        return lp_call_rest_or_jump(L);
    }
    struct of of = {functions[t->dtype], lp_dtypes[t->dtype].size};
    if (others == 1) {
        return lp_run_rows_or_jump(L, given, t, dim, 1, 2, extreme_of_row,
                                   &of);
    }
    const char *p = lp_tensor_data(t);
    ptrdiff_t step = (ptrdiff_t)of.item;
    if (t->nd == 1) {
        step *= (ptrdiff_t)lp_tensor_strides(t)[0];
    }
    int64_t at = of.extreme(p, lp_count_elements(t), step);
    lp_push_element(L, t->dtype, p + at * step);
    return 1;
}

const struct lp_operation lp_extremes[] = {
    {"max", extreme, greatest},
    {"min", extreme, least   },
    {NULL,  NULL,    NULL    },
};
