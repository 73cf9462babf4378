/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/operation.h"

#include <string.h>

int
lp_call_rest_or_jump(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(LP_OPERATION_REST));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

int
lp_default_dtype(lua_State *L, enum lp_dtype *dtype)
{
    int is_storage;
    if (!lua_istable(L, lua_upvalueindex(LP_OPERATION_METHOD))) {
        return 0;
    }
    lua_rawgeti(L, lua_upvalueindex(LP_OPERATION_METHOD), 1);
    *dtype = lp_dtype_of_name(lua_tostring(L, -1), &is_storage);
    lua_pop(L, 1);
    return 1;
}

int
lp_number_to_element(lua_State *L, int index, enum lp_dtype dtype,
                     void *element)
{
    const lua_Number limit = 9223372036854775808.0; /* 2^63 */
    lua_Number number = lua_tonumber(L, index);
    if (lp_dtypes[dtype].integral && !(number >= -limit && number < limit)) {
        return 0;
    }
    lp_set_element_or_jump(L, dtype, element, index); /* it is a number */
    return 1;
}

void
lp_constant(enum lp_dtype dtype, int value, void *element)
{
    switch (dtype) {
#define LP_ROW(name, ctype, num, integral)                                    \
    case LP_##name: {                                                         \
        ctype own = dtype == LP_Half                                          \
                        ? (ctype)lp_double_to_half((double)value)             \
                        : (ctype)value;                                       \
        memcpy(element, &own, sizeof own);                                    \
        return;                                                               \
    }
        LP_DTYPES(LP_ROW)
#undef LP_ROW
    default:
        return;
    }
}

static struct lp_tensor *
new_or_jump(struct lp_state *S, lua_State *L, enum lp_dtype dtype, int nd,
            const int64_t *size, int zeroed)
{
    /* The sizes may lie in a tensor that the collector is about to take. */
    int64_t sizes[LP_MAX_DIMS], count = 1;
    for (int d = 0; d < nd; d++) {
        sizes[d] = size[d];
        if (__builtin_mul_overflow(count, size[d], &count)) {
            count = PTRDIFF_MAX; /* what expanded ones make together */
        }
    }
    struct lp_tensor *t = lp_new_tensor_or_jump(S, L, dtype);
    struct lp_storage *storage = lp_storage_make(S, dtype, (ptrdiff_t)count);
    if (storage == NULL) {
        luaL_error(L, "not enough memory");
    }
    t->storage = storage; /* takes over the holder */
    lp_storage_resize_or_jump(L, storage, (ptrdiff_t)count, zeroed);
    lp_tensor_set_nd_or_jump(L, t, nd);
    lp_set_contiguous(t, nd, sizes);
    return t;
}

struct lp_tensor *
lp_new_sized_or_jump(struct lp_state *S, lua_State *L, enum lp_dtype dtype,
                     int nd, const int64_t *size)
{
    return new_or_jump(S, L, dtype, nd, size, 0);
}

struct lp_tensor *
lp_new_zeroed_or_jump(struct lp_state *S, lua_State *L, enum lp_dtype dtype,
                      int nd, const int64_t *size)
{
    return new_or_jump(S, L, dtype, nd, size, 1);
}

static const struct lp_operation *
find(const char *name)
{
    static const struct lp_operation *const tables[] = {
#define LP_ROW(name) lp_##name,
        LP_OPERATION_TABLES(LP_ROW)
#undef LP_ROW
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        for (const struct lp_operation *o = tables[i]; o->name; o++) {
            if (strcmp(o->name, name) == 0) {
                return o;
            }
        }
    }
    return lp_constructor_of(name);
}

/* operation(name, method, f): f with its usual calls done in C */
int
lp_library_operation(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    luaL_checktype(L, 3, LUA_TFUNCTION);
    lua_settop(L, 3);
    const struct lp_operation *o = find(name);
    const void *row =
        o != NULL && o->row != NULL ? o->row : lp_elementwise_row(name);
    if (o == NULL && row == NULL) {
        return 1; /* the function itself */
    }
    lua_CFunction function = o != NULL ? o->function : lp_elementwise;
    lua_pushlightuserdata(L, (void *)row);
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, function, 4);
    return 1;
}
