/* SPDX-License-Identifier: MIT */
/* t[{…}]: a table of positions and ranges. */
#include <string.h>

#include "numpy_tensor/tensor.h"

/* [-0, +0, -] The position, from 0, that the number at `index` means in a
 * dimension: from the end if it is not positive.  -1 if there is none. */
static int64_t
position(lua_State *L, int index, int64_t size)
{
    lua_Number number = lua_tonumber(L, index);
    if (!(number >= -9e15 && number <= 9e15)) {
        return -1;
    }
    int64_t i = (int64_t)number;
    i = i < 1 ? size + i : i - 1;
    return i >= 0 && i < size ? i : -1;
}

/* [-0, +0, -] The range that the table on top means; 0 if there is none, or
 * text in it, which may be a number. */
static int
range(lua_State *L, int64_t size, int64_t *from, int64_t *to)
{
    *from = 0;
    *to = size - 1;
    lua_rawgeti(L, -1, 1);
    if (lua_type(L, -1) == LUA_TNUMBER) {
        *from = *to = position(L, -1, size);
    }
    lua_rawgeti(L, -2, 2);
    if (lua_type(L, -1) == LUA_TNUMBER) {
        *to = position(L, -1, size);
    }
    int text =
        lua_type(L, -1) == LUA_TSTRING || lua_type(L, -2) == LUA_TSTRING;
    lua_pop(L, 2);
    return !text && *from >= 0 && *to >= *from;
}

enum lp_picked
lp_pick(lua_State *L, int index, const struct lp_tensor *t,
        struct lp_tensor *picked)
{
    if (t->nd == 0 || t->nd > LP_INLINE_DIMS || !lua_istable(L, index) ||
        lua_rawlen(L, index) > (size_t)t->nd) {
        return LP_NOT_PICKED;
    }
    if (lua_getmetatable(L, index)) { /* an object */
        lua_pop(L, 1);
        return LP_NOT_PICKED;
    }
    const int64_t *stride = lp_tensor_strides(t);
    int64_t strides[LP_INLINE_DIMS];
    int whole = 0; /* from the first other value on, dimensions are whole */
    *picked = *t;
    picked->size = picked->few;
    picked->nd = 0;
    for (int d = 0; d < t->nd; d++) {
        int64_t from = 0, to = t->size[d] - 1;
        lua_rawgeti(L, index, d + 1);
        int type = whole ? LUA_TNIL : lua_type(L, -1);
        int fits = 1;
        if (type == LUA_TNUMBER) {
            from = position(L, -1, t->size[d]);
            fits = from >= 0;
        }
        else if (type == LUA_TTABLE) {
            fits = range(L, t->size[d], &from, &to);
        }
        else {
            fits = type != LUA_TSTRING;
            whole = 1;
        }
        lua_pop(L, 1);
        if (!fits) {
            return LP_NOT_PICKED;
        }
        picked->offset += (ptrdiff_t)(from * stride[d]);
        if (type != LUA_TNUMBER) {
            picked->size[picked->nd] = to - from + 1;
            strides[picked->nd++] = stride[d];
        }
    }
    for (int d = 0; d < picked->nd; d++) {
        lp_tensor_strides(picked)[d] = strides[d];
    }
    return picked->nd > 0 ? LP_PICKED_VIEW : LP_PICKED_ELEMENT;
}

void
lp_push_picked_or_jump(lua_State *L, int index, const struct lp_tensor *picked)
{
    const struct lp_tensor *from = lp_tensor_at(L, index);
    int nd = from->nd;
    ptrdiff_t offset = from->offset;
    int64_t before[2 * LP_INLINE_DIMS];
    memcpy(before, from->size, 2 * (size_t)nd * sizeof *before);
    struct lp_tensor *t = lp_new_view_or_jump(L, index, picked->nd);
    if (from->nd != nd || from->storage != picked->storage ||
        from->offset != offset ||
        memcmp(before, from->size, 2 * (size_t)nd * sizeof *before) != 0) {
        lp_changed_or_jump(L);
    }
    for (int d = 0; d < 2 * picked->nd; d++) {
        t->size[d] = picked->size[d];
    }
    t->offset = picked->offset;
}
