/* SPDX-License-Identifier: MIT */
/* New tensors by rules: evenly spaced numbers. */
#include <math.h>

#include "numpy_tensor/rows.h"

/* Are the arguments after the first `given`, 2 or 3, nothing but numbers? */
static int
are_numbers(lua_State *L, int given)
{
    int n = lua_gettop(L), all = n >= given + 2 && n <= given + 3;
    for (int i = given + 1; all && i <= n; i++) {
        all = lua_type(L, i) == LUA_TNUMBER;
    }
    return all;
}

/* ---- range ---- */

#define LP_STORE(type, ctype)                                                 \
    case LP_##type:                                                           \
        *(ctype *)p = (ctype)value;                                           \
        return;

static void
store_integer(enum lp_dtype dtype, uint64_t value, char *p)
{
    switch (dtype) {
        LP_STORE(Byte, uint8_t)
        LP_STORE(Char, int8_t)
        LP_STORE(Short, int16_t)
        LP_STORE(Int, int32_t)
        LP_STORE(Long, int64_t)
    default:
        return;
    }
}

/* How many there are from first to last; 0 if it is not for us. */
static int64_t
count_integers(int64_t first, int64_t last, int64_t step)
{
    if (step == 0 || (step > 0 ? last < first : last > first)) {
        return 0;
    }
    int64_t n = (last - first) / step + 1;
    return n <= LP_SMALL ? n : 0;
}

static int64_t
count_reals(double first, double last, double step)
{
    if (!(step > 0 && last >= first) && !(step < 0 && last <= first)) {
        return 0;
    }
    double n = (last - first) / step + 1;
    return n <= LP_SMALL ? (int64_t)n : 0; /* not if it is no number */
}

static int
integer_range(lua_State *L, enum lp_dtype dtype)
{
    int64_t first, last, step;
    int64_t n = lp_read_integer(L, 1, 0, &first) &&
                        lp_read_integer(L, 2, 0, &last) &&
                        lp_read_integer(L, 3, 1, &step)
                    ? count_integers(first, last, step)
                    : 0;
    if (n == 0) {
        return lp_call_rest_or_jump(L);
    }
    char *data = lp_tensor_data(
        lp_new_sized_or_jump(lp_operation_state(L), L, dtype, 1, &n));
    for (int64_t i = 0; i < n; i++) {
        store_integer(dtype, (uint64_t)(first + i * step),
                      data + i * (int64_t)lp_dtypes[dtype].size);
    }
    return 1;
}

/* torch.range(first, last [, step]) */
static int
range(lua_State *L)
{
    enum lp_dtype dtype;
    if (!are_numbers(L, 0) || !lp_default_dtype(L, &dtype) ||
        dtype == LP_Half) {
        return lp_call_rest_or_jump(L);
    }
    if (lp_dtypes[dtype].integral) {
        return integer_range(L, dtype);
    }
    double first = lua_tonumber(L, 1), last = lua_tonumber(L, 2);
    double step = lua_gettop(L) == 3 ? lua_tonumber(L, 3) : 1;
    int64_t n = count_reals(first, last, step);
    if (n == 0) {
        return lp_call_rest_or_jump(L);
    }
    char *data = lp_tensor_data(
        lp_new_sized_or_jump(lp_operation_state(L), L, dtype, 1, &n));
    for (int64_t i = 0; i < n; i++) {
        double value = first + (double)i * step;
        if (dtype == LP_Float) {
            ((float *)data)[i] = (float)value;
        }
        else {
            ((double *)data)[i] = value;
        }
    }
    return 1;
}

/* ---- linspace, logspace ---- */

/* pow for each element takes longer than NumPy's way. */
enum { SMALL_POWER = 1024 };

/* In Torch7's order and type, for the last digits. */
#define LP_SPACE(type, ctype, power)                                          \
    static void space_##type(char *data, int64_t n, double from, double to,   \
                             int is_log)                                      \
    {                                                                         \
        ctype first = (ctype)from, last = (ctype)to;                          \
        for (int64_t i = 0; i < n; i++) {                                     \
            ctype way = (ctype)i * (last - first);                            \
            ctype part = way / (ctype)(n - 1);                                \
            ctype value = first + part;                                       \
            ((ctype *)data)[i] = is_log ? power(10, value) : value;           \
        }                                                                     \
    }
LP_SPACE(Float, float, powf)
LP_SPACE(Double, double, pow)

/* The same in a tensor with as many elements, which keeps its sizes. */
static int
space_in(const struct lp_tensor *t, int64_t n, double first, double last)
{
    double room[SMALL_POWER];
    struct lp_storage storage = {.data = (char *)room, .dtype = t->dtype};
    struct lp_tensor values;
    storage.size = (ptrdiff_t)n;
    lp_sketch_storage(&storage, &values);
    (t->dtype == LP_Float ? space_Float : space_Double)(storage.data, n,
                                                        first, last, 1);
    return lp_copy(t, &values);
}

/* linspace(first, last [, n]), logspace([result,] first, last [, n]) */
static int
space(lua_State *L)
{
    enum lp_dtype dtype;
    int64_t n;
    int is_log = lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW)) != NULL;
    const struct lp_tensor *t = is_log ? lp_to_tensor(L, 1) : NULL;
    int given = t != NULL;
    if (given) {
        dtype = t->dtype;
    }
    if (!are_numbers(L, given) || !lp_read_integer(L, given + 3, 100, &n) ||
        n < 2 || n > (is_log ? SMALL_POWER : LP_SMALL) ||
        (!given && !lp_default_dtype(L, &dtype)) ||
        (dtype != LP_Float && dtype != LP_Double)) {
        return lp_call_rest_or_jump(L);
    }
    double first = lua_tonumber(L, given + 1);
    double last = lua_tonumber(L, given + 2);
    if (given) {
        lp_loops_need_or_jump(t->S, L);
        if (lp_count_elements(t) != n || !space_in(t, n, first, last)) {
            return lp_call_rest_or_jump(L);
        }
        lua_settop(L, 1);
        return 1;
    }
    char *data = lp_tensor_data(
        lp_new_sized_or_jump(lp_operation_state(L), L, dtype, 1, &n));
    (dtype == LP_Float ? space_Float : space_Double)(data, n, first, last,
                                                     is_log);
    return 1;
}

static const char is_log;

const struct lp_operation lp_ramps[] = {
    {"linspace", space, NULL   },
    {"logspace", space, &is_log},
    {"range",    range, NULL   },
    {NULL,       NULL,  NULL   },
};
