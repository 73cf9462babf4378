/* SPDX-License-Identifier: MIT */
/* Elements, by number: t[i] is an element of a vector or a slice of anything
 * else.  Other keys are Torch7's API: methods `__index__`, `__newindex__`. */
#include <math.h>
#include <string.h>

#include "numpy_tensor/cast.h"
#include "numpy_tensor/operation.h"

void
lp_push_element(lua_State *L, enum lp_dtype dtype, const char *p)
{
    lua_Number number;
    switch (dtype) {
/* Through 5.3 on, integers are integers. */
#if LP_LUA53_UP
#define LP_PUSH_INTEGRAL(value) lua_pushinteger(L, (lua_Integer)(value))
#else
#define LP_PUSH_INTEGRAL(value) lua_pushnumber(L, (lua_Number)(value))
#endif
#define LP_ROW(name, ctype, num, integral)                                    \
    case LP_##name: {                                                         \
        ctype value;                                                          \
        memcpy(&value, p, sizeof value);                                      \
        if (integral) {                                                       \
            LP_PUSH_INTEGRAL(value);                                          \
            return;                                                           \
        }                                                                     \
        number = dtype == LP_Half ? lp_half_to_double((uint16_t)value)        \
                                  : (lua_Number)value;                        \
        lua_pushnumber(L, number);                                            \
        return;                                                               \
    }
        LP_DTYPES(LP_ROW)
#undef LP_ROW
#undef LP_PUSH_INTEGRAL
    default:
        lua_pushnil(L);
    }
}

/* A Lua number as an element of an integral type of `size` bytes, still to be
 * cut down to that. */
static int64_t
to_integer(lua_State *L, int index, size_t size)
{
#if LP_LUA53_UP
    if (lua_isinteger(L, index)) {
        return lua_tointeger(L, index);
    }
#endif
    lua_Number number = lua_tonumber(L, index);
    return size < sizeof(int64_t) ? lp_double_to_int(number)
                                  : lp_double_to_long(number);
}

static int
number_expected_or_jump(lua_State *L, int index)
{
    return luaL_error(L, "bad argument #%d to '?' (number expected, got %s)",
                      index, luaL_typename(L, index));
}

void
lp_set_element_or_jump(lua_State *L, enum lp_dtype dtype, char *p, int index)
{
    if (!lua_isnumber(L, index)) {
        number_expected_or_jump(L, index);
    }
    switch (dtype) {
#define LP_ROW(name, ctype, num, integral)                                    \
    case LP_##name: {                                                         \
        ctype value;                                                          \
        if (integral) {                                                       \
            value = (ctype)to_integer(L, index, sizeof value);                \
        }                                                                     \
        else if (dtype == LP_Half) {                                          \
            value = (ctype)lp_double_to_half(lua_tonumber(L, index));         \
        }                                                                     \
        else {                                                                \
            value = (ctype)lua_tonumber(L, index);                            \
        }                                                                     \
        memcpy(p, &value, sizeof value);                                      \
        return;                                                               \
    }
        LP_DTYPES(LP_ROW)
#undef LP_ROW
    default:
        return;
    }
}

/* [-0, +0, e] Complain of an argument.  A metamethod's name and place say
 * nothing to a script; Torch7 shows neither. */
static int
bad_argument_or_jump(lua_State *L, int argument, const char *text)
{
    lua_pushfstring(L, "bad argument #%d to '?' (%s)", argument, text);
    return lua_error(L);
}

/* [-0, +0, e] The index at 2 as a position from 0; counts from the end if it
 * is negative. */
static int64_t
position_or_jump(lua_State *L, int64_t size)
{
    int64_t i = to_integer(L, 2, sizeof i);
    i = i < 0 ? size + i : i - 1;
    if (i < 0 || i >= size) {
        bad_argument_or_jump(L, 2, "out of range");
    }
    return i;
}

/* [-0, +1, e] The method of the table at upvalue 1 that does what numbers do
 * not; arguments 1 and 2 (and 3) are passed on. */
static int
call_method_or_jump(lua_State *L, const char *name, int nresults)
{
    int nargs = lua_gettop(L);
    lua_getfield(L, lua_upvalueindex(1), name);
    if (lua_isnil(L, -1)) {
        return luaL_error(L, "a tensor cannot be indexed by a %s",
                          luaL_typename(L, 2));
    }
    lua_insert(L, 1);
    lua_call(L, nargs, nresults);
    return nresults;
}

/* [-0, +0, -] The key at 2 becomes a number if it is text that is one, as for
 * the functions of Lua that take numbers. */
static int
text_to_number(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING || !lua_isnumber(L, 2)) {
        return 0;
    }
    lua_pushnumber(L, lua_tonumber(L, 2));
    lua_replace(L, 2);
    return 1;
}

/* [-0, +1, e] What a type has by the key at 2: a method, mostly. Returns 0 and
 * leaves the number where it has nothing and the key is one. */
static int
push_method_or_jump(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    lua_gettable(L, lua_upvalueindex(1));
    if (!lua_isnil(L, -1) || !text_to_number(L)) {
        return 1;
    }
    lua_settop(L, 2);
    return 0;
}

int
lp_tensor_index(lua_State *L)
{
    if (LP_LIKELY(lua_type(L, 2) == LUA_TNUMBER)) {
        const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
        if (t->nd == 1) {
            int64_t i = position_or_jump(L, t->size[0]);
            lp_push_element(L, t->dtype,
                            lp_tensor_data(t) +
                                i * t->size[1] *
                                    (ptrdiff_t)lp_dtypes[t->dtype].size);
            return 1;
        }
        if (t->nd == 0) {
            return bad_argument_or_jump(L, 1, "empty tensor");
        }
        lp_push_select_or_jump(L, 1, 0, position_or_jump(L, t->size[0]));
        return 1;
    }
    if (lua_type(L, 2) == LUA_TSTRING) {
        return push_method_or_jump(L) ? 1 : lp_tensor_index(L);
    }
    lua_settop(L, 2);
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    struct lp_tensor picked;
    switch (lp_pick(L, 2, t, &picked)) {
    case LP_PICKED_ELEMENT:
        lp_push_element(L, t->dtype, lp_tensor_data(&picked));
        return 1;
    case LP_PICKED_VIEW:
        lp_push_picked_or_jump(L, 1, &picked);
        return 1;
    default:
        return call_method_or_jump(L, "__index__", 1);
    }
}

/* [-0, +0, -] The slice that the number at 2 picks of a tensor of more than
 * one dimension, in `picked`, which must not be moved; 0 if there is none. */
static int
pick_slice(lua_State *L, const struct lp_tensor *t, struct lp_tensor *picked)
{
    if (t->nd < 2 || t->nd > LP_INLINE_DIMS) {
        return 0;
    }
    int64_t i = to_integer(L, 2, sizeof i);
    i = i < 1 ? t->size[0] + i : i - 1;
    if (i < 0 || i >= t->size[0]) {
        return 0;
    }
    const int64_t *stride = lp_tensor_strides(t);
    int nd = t->nd - 1;
    *picked = *t;
    picked->nd = nd;
    picked->size = picked->few;
    memcpy(picked->few, t->size + 1, (size_t)nd * sizeof *t->size);
    memcpy(picked->few + nd, stride + 1, (size_t)nd * sizeof *stride);
    picked->offset += (ptrdiff_t)(i * stride[0]);
    return 1;
}

int
lp_tensor_newindex(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    if (LP_LIKELY(t->nd == 1 && lua_type(L, 2) == LUA_TNUMBER &&
                  lua_type(L, 3) == LUA_TNUMBER)) {
        int64_t i = position_or_jump(L, t->size[0]);
        lp_set_element_or_jump(
            L, t->dtype,
            lp_tensor_data(t) +
                i * t->size[1] * (ptrdiff_t)lp_dtypes[t->dtype].size,
            3);
        return 0;
    }
    lua_settop(L, 3);
    if (lua_type(L, 2) == LUA_TSTRING) {
        return text_to_number(L)
                   ? lp_tensor_newindex(L)
                   : luaL_error(L, "the class %s cannot be indexed",
                                lp_dtypes[t->dtype].tensor_name);
    }
    const struct lp_tensor *source = lp_to_tensor(L, 3);
    if (source != NULL) { /* first: other threads may run then */
        lp_loops_need_or_jump(t->S, L);
    }
    struct lp_tensor picked;
    if ((source == NULL && lua_type(L, 3) != LUA_TNUMBER) ||
        !(lua_type(L, 2) == LUA_TNUMBER
              ? pick_slice(L, t, &picked)
              : lp_pick(L, 2, t, &picked) != LP_NOT_PICKED)) {
        return call_method_or_jump(L, "__newindex__", 0);
    }
    if (source == NULL) {
        uint64_t element;
        lp_set_element_or_jump(L, t->dtype, (char *)&element, 3);
        if (picked.nd > 0) {
            lp_fill(&picked, &element);
        }
        else {
            memcpy(lp_tensor_data(&picked), &element,
                   lp_dtypes[t->dtype].size);
        }
        return 0;
    }
    return picked.nd > 0 && source->nd > 0 && lp_copy(&picked, source)
               ? 0
               : call_method_or_jump(L, "__newindex__", 0);
}

int
lp_storage_index(lua_State *L)
{
    const struct lp_storage *storage = lp_check_storage_or_jump(L, 1);
    if (lua_type(L, 2) == LUA_TNUMBER) {
        int64_t i = to_integer(L, 2, sizeof i);
        if (i < 1 || i > storage->size) {
            return bad_argument_or_jump(L, 2, "out of bounds");
        }
        i--;
        size_t item = lp_dtypes[storage->dtype].size;
        lp_push_element(L, storage->dtype,
                        storage->data + i * (ptrdiff_t)item);
        return 1;
    }
    return push_method_or_jump(L) ? 1 : lp_storage_index(L);
}

int
lp_storage_newindex(lua_State *L)
{
    const struct lp_storage *storage = lp_check_storage_or_jump(L, 1);
    if (!lua_isnumber(L, 2)) {
        return luaL_error(L, "the class %s cannot be indexed",
                          lp_dtypes[storage->dtype].storage_name);
    }
    lua_settop(L, 3);
    if (!lua_isnumber(L, 3)) { /* comes before the position, as in Torch7 */
        return number_expected_or_jump(L, 3);
    }
    int64_t i = to_integer(L, 2, sizeof i);
    if (i < 1 || i > storage->size) {
        return bad_argument_or_jump(L, 2, "out of bounds");
    }
    i--;
    size_t item = lp_dtypes[storage->dtype].size;
    lp_set_element_or_jump(L, storage->dtype,
                           storage->data + i * (ptrdiff_t)item, 3);
    return 0;
}
