/* SPDX-License-Identifier: MIT */
/* The functions of torch that take positions. */
#include "numpy_tensor/moves.h"
#include "numpy_tensor/operation.h"

/* [-0, +0, e] The dimension at `index`, from 0, of a tensor that we take; -1
 * if there is something else. */
static int
dimension_or_jump(lua_State *L, int index, const struct lp_tensor *t)
{
    if (t == NULL) {
        return -1;
    }
    lp_loops_need_or_jump(t->S, L); /* first: other threads may run then */
    lua_Number number = lua_tonumber(L, index);
    return lua_type(L, index) == LUA_TNUMBER && t->nd <= LP_INLINE_DIMS &&
                   number >= 1 && number < t->nd + 1
               ? (int)number - 1
               : -1;
}

/* t:index(dim, list) */
static int
index_by_list(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *list = lp_to_tensor(L, 3);
    int dim = dimension_or_jump(L, 2, t);
    if (lua_gettop(L) != 3 || dim < 0 || list == NULL || list->nd != 1 ||
        !lp_can_get(list, t, dim)) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_tensor sizes;
    lp_with_size(t, dim, list->size[0], &sizes);
    const struct lp_tensor *result = lp_new_sized_or_jump(
        t->S, L, t->dtype, t->nd, sizes.size);
    if (list->nd != 1 || t->nd != result->nd ||
        result->size[dim] != list->size[0] ||
        !lp_move(LP_GET, list, t, dim, result, NULL)) {
        return lp_changed_or_jump(L);
    }
    return 1;
}

/* t:indexFill(dim, list, number) */
static int
index_fill(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *list = lp_to_tensor(L, 3);
    int dim = dimension_or_jump(L, 2, t);
    uint64_t element;
    if (lua_gettop(L) != 4 || dim < 0 || list == NULL || list->nd != 1 ||
        lua_type(L, 4) != LUA_TNUMBER ||
        !lp_number_to_element(L, 4, t->dtype, &element) ||
        !lp_move(LP_PUT, list, t, dim, NULL, &element)) {
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, 1);
    return 1;
}

/* [-0, +0 or 1, em] What is read before anything of `t` is written: `source`,
 * or if it has memory in common with `t` a copy, which is pushed. */
static const struct lp_tensor *
apart_or_jump(lua_State *L, const struct lp_tensor *source,
              const struct lp_tensor *t)
{
    lp_loops_need_or_jump(t->S, L); /* first: other threads may run then */
    if (source->nd > LP_INLINE_DIMS || !lp_share_memory(source, t)) {
        return source; /* or nothing for us */
    }
    const struct lp_tensor *copy = lp_new_sized_or_jump(
        t->S, L, source->dtype, source->nd, source->size);
    if (!lp_copy(copy, source)) {
        lp_changed_or_jump(L);
    }
    return copy;
}

/* t:indexCopy(dim, list, source), t:indexAdd(dim, list, source) */
static int
index_by_slices(lua_State *L)
{
    const enum lp_way *way =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *list = lp_to_tensor(L, 3);
    const struct lp_tensor *source = lp_to_tensor(L, 4);
    if (lua_gettop(L) != 4 || t == NULL || source == NULL) {
        return lp_call_rest_or_jump(L);
    }
    source = apart_or_jump(L, source, t);
    int dim = dimension_or_jump(L, 2, t);
    if (dim < 0 || list == NULL || list->nd != 1 || source->nd != t->nd ||
        source->size[dim] != list->size[0] ||
        !lp_move(*way, list, t, dim, source, NULL)) {
        lua_settop(L, 4);
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, 1);
    return 1;
}

/* gather([result,] t, dim, list) */
static int
gather(lua_State *L)
{
    int first = lua_gettop(L) - 2;
    if (first != 1 && first != 2) {
        return lp_call_rest_or_jump(L);
    }
    const struct lp_tensor *result = first == 2 ? lp_to_tensor(L, 1) : NULL;
    const struct lp_tensor *t = lp_to_tensor(L, first);
    const struct lp_tensor *list = lp_to_tensor(L, first + 2);
    int dim = dimension_or_jump(L, first + 1, t);
    if (dim < 0 || list == NULL || list->nd != t->nd ||
        (first == 2 && result == NULL)) {
        return lp_call_rest_or_jump(L);
    }
    if (result != NULL) {
        if (result->nd != t->nd ||
            !lp_move(LP_GET, list, t, dim, result, NULL)) {
            return lp_call_rest_or_jump(L);
        }
        lua_settop(L, 1);
        return 1;
    }
    if (!lp_can_get(list, t, dim)) {
        return lp_call_rest_or_jump(L);
    }
    result = lp_new_sized_or_jump(t->S, L, t->dtype, list->nd, list->size);
    if (t->nd != result->nd || !lp_same_sizes(result, list) ||
        !lp_move(LP_GET, list, t, dim, result, NULL)) {
        return lp_changed_or_jump(L);
    }
    return 1;
}

/* scatter(t, dim, list, source or number) */
static int
scatter(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_tensor *list = lp_to_tensor(L, 3);
    const struct lp_tensor *source = lp_to_tensor(L, 4);
    int dim = dimension_or_jump(L, 2, t);
    uint64_t element;
    int takes = lua_gettop(L) == 4 && dim >= 0 && list != NULL &&
                list->nd == t->nd;
    if (takes && source == NULL) {
        takes = lua_type(L, 4) == LUA_TNUMBER &&
                lp_number_to_element(L, 4, t->dtype, &element);
    }
    if (!takes || !lp_move(LP_PUT, list, t, dim, source, &element)) {
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, 1);
    return 1;
}

static const enum lp_way put = LP_PUT, add = LP_ADD;

const struct lp_operation lp_positions[] = {
    {"gather",    gather,          NULL},
    {"index",     index_by_list,   NULL},
    {"indexAdd",  index_by_slices, &add},
    {"indexCopy", index_by_slices, &put},
    {"indexFill", index_fill,      NULL},
    {"scatter",   scatter,         NULL},
    {NULL,        NULL,            NULL},
};
