/* SPDX-License-Identifier: MIT */
/* Elements of one type as those of another.  Halves are left to NumPy. */
#include "numpy_tensor/cast.h"
#include "numpy_tensor/operation.h"

/* X(from, its C type, to, its C type) for each pair of types */
#define LP_TO_EACH(X, from, cfrom)                                            \
    X(from, cfrom, Byte, uint8_t)                                             \
    X(from, cfrom, Char, int8_t)                                              \
    X(from, cfrom, Short, int16_t)                                            \
    X(from, cfrom, Int, int32_t)                                              \
    X(from, cfrom, Long, int64_t)                                             \
    X(from, cfrom, Float, float)                                              \
    X(from, cfrom, Double, double)
#define LP_EACH_PAIR(X)                                                       \
    LP_TO_EACH(X, Byte, uint8_t)                                              \
    LP_TO_EACH(X, Char, int8_t)                                               \
    LP_TO_EACH(X, Short, int16_t)                                             \
    LP_TO_EACH(X, Int, int32_t)                                               \
    LP_TO_EACH(X, Long, int64_t)                                              \
    LP_TO_EACH(X, Float, float)                                               \
    LP_TO_EACH(X, Double, double)

/* data: the result, what is copied; those never share memory.  For elements
 * that lie one after another the compiler finds faster code. */
#define LP_ROW(from, cfrom, to, cto)                                          \
    static void from##_to_##to(const void *context, char *const *data,        \
                               ptrdiff_t n, const ptrdiff_t *steps)           \
    {                                                                         \
        (void)context;                                                        \
        if (steps[0] == (ptrdiff_t)sizeof(cto) &&                             \
            steps[1] == (ptrdiff_t)sizeof(cfrom)) {                           \
            cto *restrict result = (cto *)data[0];                            \
            const cfrom *restrict source = (const cfrom *)data[1];            \
            for (ptrdiff_t i = 0; i < n; i++) {                               \
                result[i] = LP_CAST(cto, cfrom, source[i]);                   \
            }                                                                 \
            return;                                                           \
        }                                                                     \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            const cfrom value = *(const cfrom *)(data[1] + i * steps[1]);     \
            *(cto *)(data[0] + i * steps[0]) = LP_CAST(cto, cfrom, value);    \
        }                                                                     \
    }
LP_EACH_PAIR(LP_ROW)
#undef LP_ROW

static lp_walk_function *const casts[LP_N_DTYPES][LP_N_DTYPES] = {
#define LP_ROW(from, cfrom, to, cto) [LP_##from][LP_##to] = from##_to_##to,
    LP_EACH_PAIR(LP_ROW)
#undef LP_ROW
};

static void
copy_row(const void *loop, char *const *data, ptrdiff_t n,
         const ptrdiff_t *steps)
{
    const struct lp_loop *copy = loop;
    lp_run_loop(copy, (char *[3]){data[1], data[0], NULL}, n,
                (ptrdiff_t[3]){steps[1], steps[0], 0});
}

int
lp_copy(const struct lp_tensor *result, const struct lp_tensor *source)
{
    struct lp_walk walk;
    const struct lp_loop *loop = &lp_loops[LP_LOOP_copy][result->dtype];
    lp_walk_function *f = source->dtype != result->dtype
                              ? casts[source->dtype][result->dtype]
                          : loop->run != NULL ? copy_row
                                              : NULL;
    if (f == NULL || !lp_walk_begin(&walk, result) ||
        !lp_walk_add(&walk, source, result)) {
        return 0;
    }
    lp_walk_run(&walk, f, loop);
    return 1;
}

/* t:copy(source) */
static int
copy(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *source = lp_to_tensor(L, 2);
    if (t == NULL || source == NULL || t->dtype == source->dtype ||
        lua_gettop(L) != 2) {
        return lp_elementwise(L);
    }
    if (!lp_copy(t, source)) {
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, 1);
    return 1;
}

/* s:copy(source) of storages */
static int
copy_storage(lua_State *L)
{
    struct lp_storage *s = lp_to_storage(L, 1), *from = lp_to_storage(L, 2);
    struct lp_tensor all, all_from;
    if (s == NULL || from == NULL || lua_gettop(L) != 2) {
        return lp_call_rest_or_jump(L);
    }
    lp_loops_need_or_jump(s->S, L);
    if (s->size == 0 || s->size != from->size) {
        return lp_call_rest_or_jump(L);
    }
    lp_sketch_storage(s, &all);
    lp_sketch_storage(from, &all_from);
    if (s != from && !lp_copy(&all, &all_from)) {
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, 1);
    return 1;
}

/* The tensor `t`, argument 1, in another type: itself if it has that type. */
static int
in_type(lua_State *L, const struct lp_tensor *t, enum lp_dtype dtype)
{
    int nargs = lua_gettop(L);
    if (t->dtype == dtype) {
        lua_settop(L, 1);
        return 1;
    }
    if (t->nd == 0 || casts[t->dtype][dtype] == NULL) {
        return lp_call_rest_or_jump(L);
    }
    if (!lp_copy(lp_new_sized_or_jump(t->S, L, dtype, t->nd, t->size), t)) {
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    return 1;
}

/* t:float() and its kin */
static int
to_type(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_dtype_row *type =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    if (t == NULL || lua_gettop(L) != 1) {
        return lp_call_rest_or_jump(L);
    }
    return in_type(L, t, (enum lp_dtype)(type - lp_dtypes));
}

/* t:type(), t:type('torch.FloatTensor') */
static int
name_or_type(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    int is_storage = 0, nargs = lua_gettop(L);
    if (t != NULL && nargs == 1) {
        lua_pushstring(L, lp_dtypes[t->dtype].tensor_name);
        return 1;
    }
    if (t == NULL || nargs != 2 || lua_type(L, 2) != LUA_TSTRING) {
        return lp_call_rest_or_jump(L);
    }
    enum lp_dtype dtype = lp_dtype_of_name(lua_tostring(L, 2), &is_storage);
    if (dtype == LP_NO_DTYPE || is_storage) {
        return lp_call_rest_or_jump(L);
    }
    return in_type(L, t, dtype);
}

/* t:typeAs(other) */
static int
type_as(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *other = lp_to_tensor(L, 2);
    if (t == NULL || other == NULL || lua_gettop(L) != 2) {
        return lp_call_rest_or_jump(L);
    }
    return in_type(L, t, other->dtype);
}

const struct lp_operation lp_casts[] = {
    {"byte",        to_type,      &lp_dtypes[LP_Byte]  },
    {"char",        to_type,      &lp_dtypes[LP_Char]  },
    {"copy",        copy,         NULL                 },
    {"copyStorage", copy_storage, NULL                 },
    {"double",      to_type,      &lp_dtypes[LP_Double]},
    {"float",       to_type,      &lp_dtypes[LP_Float] },
    {"int",         to_type,      &lp_dtypes[LP_Int]   },
    {"long",        to_type,      &lp_dtypes[LP_Long]  },
    {"short",       to_type,      &lp_dtypes[LP_Short] },
    {"type",        name_or_type, NULL                 },
    {"typeAs",      type_as,      NULL                 },
    {NULL,          NULL,         NULL                 },
};
