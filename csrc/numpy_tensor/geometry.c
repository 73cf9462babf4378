/* SPDX-License-Identifier: MIT */
/* The usual calls of functions that give a tensor other sizes, strides and
 * offsets (lua/py/torch/views.lua has all of them). */
#include <string.h>

#include "numpy_tensor/operation.h"

/* [-0, +0, -] The tensor of argument 1 if a view of it can be planned in one
 * `struct lp_tensor` (see lp_pick), which begins as it is; else NULL. */
static const struct lp_tensor *
plan(lua_State *L, struct lp_tensor *view)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    if (t == NULL || t->nd == 0 || t->nd > LP_INLINE_DIMS) {
        return NULL;
    }
    lp_sketch(t, view);
    return t;
}

/* [-0, +0, -] The number at `index` if it is an integer of 32 bits. */
static int
read_integer(lua_State *L, int index, int64_t *value)
{
    if (lua_type(L, index) != LUA_TNUMBER) {
        return 0;
    }
    lua_Number number = lua_tonumber(L, index);
    if (!(number >= INT32_MIN && number <= INT32_MAX)) {
        return 0;
    }
    *value = (int64_t)number;
    return (lua_Number)*value == number;
}

/* [lock; -0, +1, m] Push what was planned for argument 1. */
static int
push_or_jump(lua_State *L, const struct lp_tensor *view)
{
    lp_push_picked_or_jump(L, 1, view);
    return 1;
}

/* t:sub(first1, last1, first2, last2 ...) */
static int
sub(lua_State *L)
{
    struct lp_tensor view;
    const struct lp_tensor *t = plan(L, &view);
    int nargs = lua_gettop(L);
    if (t == NULL || nargs < 3 || nargs % 2 == 0 || nargs / 2 > t->nd) {
        return lp_call_rest_or_jump(L);
    }
    for (int d = 0; d < nargs / 2; d++) {
        int64_t first, last, size = t->size[d];
        if (!read_integer(L, 2 * d + 2, &first) ||
            !read_integer(L, 2 * d + 3, &last)) {
            return lp_call_rest_or_jump(L);
        }
        first += first <= 0 ? size + 1 : 0;
        last += last <= 0 ? size + 1 : 0;
        if (first < 1 || last < first || last > size) {
            return lp_call_rest_or_jump(L);
        }
        view.size[d] = last - first + 1;
        view.offset += (ptrdiff_t)((first - 1) * lp_tensor_strides(t)[d]);
    }
    return push_or_jump(L, &view);
}

/* Give the view the dimensions of `t` that `order` names. */
static void
order_dimensions(const struct lp_tensor *t, const int *order, int nd,
                 struct lp_tensor *view)
{
    view->nd = nd;
    for (int d = 0; d < nd; d++) {
        view->few[d] = t->size[order[d]];
        view->few[nd + d] = lp_tensor_strides(t)[order[d]];
    }
}

/* t:permute(2, 3, 1) */
static int
permute(lua_State *L)
{
    struct lp_tensor view;
    const struct lp_tensor *t = plan(L, &view);
    int order[LP_INLINE_DIMS], seen = 0, moved = 0;
    if (t == NULL || lua_gettop(L) != t->nd + 1) {
        return lp_call_rest_or_jump(L);
    }
    for (int d = 0; d < t->nd; d++) {
        int64_t from;
        if (!read_integer(L, d + 2, &from) || from < 1 || from > t->nd ||
            seen >> from & 1) {
            return lp_call_rest_or_jump(L);
        }
        seen |= 1 << from;
        order[d] = (int)from - 1;
        moved |= order[d] != d;
    }
    if (!moved) {
        lua_settop(L, 1);
        return 1;
    }
    order_dimensions(t, order, t->nd, &view);
    return push_or_jump(L, &view);
}

/* t:squeeze([dim]) */
static int
squeeze(lua_State *L)
{
    struct lp_tensor view;
    const struct lp_tensor *t = plan(L, &view);
    int64_t dim = 0;
    int order[LP_INLINE_DIMS], nd = 0, nargs = lua_gettop(L);
    if (t == NULL || nargs > 2 ||
        (nargs == 2 && (!read_integer(L, 2, &dim) || dim < 1 ||
                        dim > t->nd || t->nd == 1))) {
        return lp_call_rest_or_jump(L);
    }
    for (int d = 0; d < t->nd; d++) {
        if (t->size[d] != 1 || (dim > 0 && d != (int)dim - 1)) {
            order[nd++] = d;
        }
    }
    if (nd == 0) {
        lp_push_element(L, t->dtype, lp_tensor_data(t));
        return 1;
    }
    order_dimensions(t, order, nd, &view);
    return push_or_jump(L, &view);
}

/* t:unsqueeze(dim) */
static int
unsqueeze(lua_State *L)
{
    struct lp_tensor view;
    const struct lp_tensor *t = plan(L, &view);
    int64_t dim;
    if (t == NULL || t->nd == LP_INLINE_DIMS || lua_gettop(L) != 2 ||
        !read_integer(L, 2, &dim) || dim < 1 || dim > t->nd + 1) {
        return lp_call_rest_or_jump(L);
    }
    const int64_t *stride = lp_tensor_strides(t);
    int at = (int)dim - 1;
    view.nd = t->nd + 1;
    for (int d = 0; d < view.nd; d++) {
        int from = d < at ? d : d - 1;
        int is_new = d == at;
        view.few[d] = is_new ? 1 : t->size[from];
        view.few[view.nd + d] = !is_new     ? stride[from]
                                : at < t->nd ? t->size[at] * stride[at]
                                             : 1;
    }
    return push_or_jump(L, &view);
}

/* Sizes of the tensor or LongStorage at 2, or the numbers from there on; their
 * number, or 0 if it is something else. */
static int
read_wanted(lua_State *L, int64_t *size)
{
    const struct lp_tensor *like = lp_to_tensor(L, 2);
    const struct lp_storage *list = lp_to_storage(L, 2);
    int n = lua_gettop(L) - 1;
    if (like != NULL || list != NULL) {
        ptrdiff_t length = like != NULL ? like->nd : list->size;
        if (n != 1 || length == 0 || length > LP_INLINE_DIMS ||
            (list != NULL && list->dtype != LP_Long)) {
            return 0;
        }
        memcpy(size, like != NULL ? (void *)like->size : (void *)list->data,
               (size_t)length * sizeof *size);
        return (int)length;
    }
    for (int d = 0; d < n; d++) {
        if (d >= LP_INLINE_DIMS || !read_integer(L, d + 2, &size[d])) {
            return 0;
        }
    }
    return n;
}

/* t:expand(3, 4), t:expand(sizes), t:expandAs(other); `as` tells which */
static int
expand_to(lua_State *L, int as)
{
    struct lp_tensor view;
    const struct lp_tensor *t = plan(L, &view);
    int64_t wanted[LP_INLINE_DIMS];
    if (t == NULL || (lp_to_tensor(L, 2) != NULL) != as ||
        read_wanted(L, wanted) != t->nd) {
        return lp_call_rest_or_jump(L);
    }
    for (int d = 0; d < t->nd; d++) {
        if (wanted[d] < 1 || (t->size[d] != 1 && t->size[d] != wanted[d])) {
            return lp_call_rest_or_jump(L);
        }
        if (t->size[d] == 1) {
            view.few[d] = wanted[d];
            view.few[t->nd + d] = 0;
        }
    }
    return push_or_jump(L, &view);
}

static int
expand(lua_State *L)
{
    return expand_to(L, 0);
}

static int
expand_as(lua_State *L)
{
    return expand_to(L, 1);
}

/* t:viewAs(other) */
static int
view_as(lua_State *L)
{
    struct lp_tensor view;
    const struct lp_tensor *t = plan(L, &view);
    const struct lp_tensor *like = lp_to_tensor(L, 2);
    if (t == NULL || like == NULL || lua_gettop(L) != 2 ||
        like->nd > LP_INLINE_DIMS || !lp_is_contiguous(t) ||
        lp_count_elements(like) != lp_count_elements(t)) {
        return lp_call_rest_or_jump(L);
    }
    lp_set_contiguous(&view, like->nd, like->size);
    return push_or_jump(L, &view);
}

/* t:set(other) */
static int
set(lua_State *L)
{
    struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *from = lp_to_tensor(L, 2);
    if (t == NULL || from == NULL || lua_gettop(L) != 2 || from->nd == 0 ||
        from->dtype != t->dtype) {
        return lp_call_rest_or_jump(L);
    }
    if (t != from) {
        lp_tensor_set_nd_or_jump(L, t, from->nd);
        memcpy(t->size, from->size,
               2 * (size_t)from->nd * sizeof *from->size);
        t->offset = from->offset;
        lp_tensor_set_storage(t, from->storage);
    }
    lua_settop(L, 1);
    return 1;
}

/* t:resize(2, 3), t:resize(sizes) within the elements that the storage has */
static int
resize(lua_State *L)
{
    struct lp_tensor *t = lp_to_tensor(L, 1);
    int64_t size[LP_INLINE_DIMS], count = 1;
    int nd = lp_to_tensor(L, 2) == NULL ? read_wanted(L, size) : 0;
    if (t == NULL || t->storage == NULL || nd < 1) {
        return lp_call_rest_or_jump(L);
    }
    int same = nd == t->nd;
    for (int d = 0; d < nd; d++) {
        if (size[d] < 1 || size[d] > INT32_MAX || count > INT32_MAX) {
            return lp_call_rest_or_jump(L);
        }
        count *= size[d];
        same = same && size[d] == t->size[d];
    }
    if (!same) {
        if (count > t->storage->size - t->offset) {
            return lp_call_rest_or_jump(L);
        }
        lp_tensor_set_nd_or_jump(L, t, nd);
        lp_set_contiguous(t, nd, size);
    }
    lua_settop(L, 1);
    return 1;
}

const struct lp_operation lp_geometry[] = {
    {"expand",    expand,    NULL},
    {"expandAs",  expand_as, NULL},
    {"permute",   permute,   NULL},
    {"resize",    resize,    NULL},
    {"set",       set,       NULL},
    {"squeeze",   squeeze,   NULL},
    {"sub",       sub,       NULL},
    {"unsqueeze", unsqueeze, NULL},
    {"viewAs",    view_as,   NULL},
    {NULL,        NULL,      NULL},
};
