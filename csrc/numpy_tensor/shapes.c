/* SPDX-License-Identifier: MIT */
/* New tensors from sizes, and tensors on the storage of another one. */
#include <string.h>

#include "numpy_tensor/operation.h"

/* [-0, +0, -] Numbers from `first` to the top, or those in a LongStorage
 * there; how many, or 0 if there is something else. */
static int
read_list(lua_State *L, int first, int64_t *size)
{
    int n = lua_gettop(L) - first + 1;
    const struct lp_storage *list = n == 1 ? lp_to_storage(L, first) : NULL;
    if (list != NULL) {
        if (list->dtype != LP_Long || list->size == 0 ||
            list->size > LP_MAX_SIZES) {
            return 0;
        }
        memcpy(size, list->data, (size_t)list->size * sizeof *size);
        return (int)list->size;
    }
    if (n > LP_MAX_SIZES) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        lua_Number number = lua_tonumber(L, first + i);
        if (lua_type(L, first + i) != LUA_TNUMBER ||
            number != (lua_Number)(int32_t)number) {
            return 0;
        }
        size[i] = (int64_t)number;
    }
    return n;
}

int
lp_read_sizes(lua_State *L, int first, int64_t *size, int64_t *product)
{
    const int64_t limit = INT64_MAX / 16;
    int n = read_list(L, first, size), missing = -1;
    int64_t wanted = *product, count = 1;
    for (int i = 0; i < n; i++) {
        if (size[i] == -1 && missing < 0 && wanted > 0) {
            missing = i;
            continue;
        }
        if (size[i] < 1 || count > limit / size[i]) {
            return 0;
        }
        count *= size[i];
    }
    if (missing >= 0) {
        if (wanted % count != 0) {
            return 0;
        }
        size[missing] = wanted / count;
        count = wanted;
    }
    *product = count;
    return n;
}

/* Elements of a table that are read here: beyond, it is no matter how. */
enum { MOST_IN_TABLE = 1 << 20 };

/* [-0, +0, -] Is the value on top a table that is no object? */
static int
is_plain_table(lua_State *L)
{
    if (!lua_istable(L, -1)) {
        return 0;
    }
    if (lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        return 0;
    }
    return 1;
}

/* [-0, +0, -] Sizes of the nested tables on top, as the first of each says;
 * their number, or 0 if there is something else. */
static int
table_sizes(lua_State *L, int64_t *size)
{
    int nd = 0, top = lua_gettop(L);
    int64_t count = 1;
    while (nd < LP_MAX_SIZES && is_plain_table(L)) {
        size[nd] = (int64_t)lua_rawlen(L, -1);
        if (size[nd] < 1 || size[nd] > MOST_IN_TABLE / count) {
            nd = 0;
            break;
        }
        count *= size[nd++];
        lua_rawgeti(L, -1, 1);
    }
    int are_numbers = lua_type(L, -1) == LUA_TNUMBER;
    lua_settop(L, top);
    return are_numbers ? nd : 0;
}

/* [-0, +0, -] Read the table on top into the elements from `*to` on, which
 * moves on; 0 if it has not those sizes, or something else than numbers. */
static int
read_table(lua_State *L, const int64_t *size, int nd, enum lp_dtype dtype,
           char **to)
{
    if (!is_plain_table(L) || (int64_t)lua_rawlen(L, -1) != *size) {
        return 0;
    }
    for (int64_t i = 1; i <= *size; i++) {
        lua_rawgeti(L, -1, (int)i);
        int reads;
        if (nd > 1) {
            reads = read_table(L, size + 1, nd - 1, dtype, to);
        }
        else if ((reads = lua_type(L, -1) == LUA_TNUMBER)) {
            lp_set_element_or_jump(L, dtype, *to, -1);
            *to += lp_dtypes[dtype].size;
        }
        lua_pop(L, 1);
        if (!reads) {
            return 0;
        }
    }
    return 1;
}

/* torch.DoubleTensor{{1, 2}, {3, 4}} */
static int
construct_of_table(lua_State *L, enum lp_dtype dtype)
{
    int64_t size[LP_MAX_SIZES];
    int nd = lua_checkstack(L, LP_MAX_SIZES + 8) ? table_sizes(L, size) : 0;
    if (nd == 0) {
        return lp_call_rest_or_jump(L);
    }
    char *to = lp_tensor_data(lp_new_sized_or_jump(lp_operation_state(L), L,
                                                   dtype, nd, size));
    lua_pushvalue(L, 1);
    int reads = read_table(L, size, nd, dtype, &to);
    lua_settop(L, reads ? 2 : 1);
    return reads ? 1 : lp_call_rest_or_jump(L);
}

/* torch.DoubleTensor(s) */
static int
construct_on_storage(lua_State *L, struct lp_storage *s)
{
    int64_t n = s->size;
    if (n == 0) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_tensor *t = lp_new_tensor_or_jump(s->S, L, s->dtype);
    if (s->size < n) {
        return lp_changed_or_jump(L);
    }
    lp_tensor_set_storage(t, s);
    lp_tensor_set_nd_or_jump(L, t, 1);
    lp_set_contiguous(t, 1, &n);
    return 1;
}

/* torch.DoubleTensor(2, 3), torch.DoubleTensor(sizes or t) */
static int
construct(lua_State *L)
{
    const struct lp_dtype_row *type =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    const enum lp_dtype dtype = (enum lp_dtype)(type - lp_dtypes);
    int64_t size[LP_MAX_SIZES], count = 0;
    int nargs = lua_gettop(L);
    const struct lp_tensor *t = nargs == 1 ? lp_to_tensor(L, 1) : NULL;
    struct lp_storage *s = nargs == 1 ? lp_to_storage(L, 1) : NULL;
    if (nargs == 0) {
        lp_new_tensor_or_jump(lp_operation_state(L), L, dtype);
        return 1;
    }
    if (nargs == 1 && lua_istable(L, 1)) {
        return construct_of_table(L, dtype);
    }
    if (t != NULL && t->nd > 0 && t->dtype == dtype) {
        lp_push_alike_or_jump(L, 1);
        return 1;
    }
    if (s != NULL && s->dtype == dtype) { /* the elements, also if Long */
        return construct_on_storage(L, s);
    }
    int nd = lp_read_sizes(L, 1, size, &count);
    if (nd == 0) {
        return lp_call_rest_or_jump(L);
    }
    lp_new_sized_or_jump(lp_operation_state(L), L, dtype, nd, size);
    return 1;
}

/* torch.DoubleStorage([n]) */
static int
construct_storage(lua_State *L)
{
    const struct lp_dtype_row *type =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int64_t n = 0;
    int nargs = lua_gettop(L);
    if (nargs > 1 || (nargs == 1 && (lua_type(L, 1) != LUA_TNUMBER ||
                                     lp_read_sizes(L, 1, &n, &(int64_t){0}) !=
                                         1))) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_storage *storage = lp_push_storage_or_jump(
        lp_operation_state(L), L, (enum lp_dtype)(type - lp_dtypes), NULL,
        (ptrdiff_t)n);
    if (n > 0) {
        lp_storage_resize_or_jump(L, storage, (ptrdiff_t)n, 0);
    }
    return 1;
}

const struct lp_operation *
lp_constructor_of(const char *name)
{
    static const struct lp_operation constructors[] = {
#define LP_ROW(type, ctype, number, integral)                                 \
    {"torch." #type "Tensor", construct, &lp_dtypes[LP_##type]},              \
        {"torch." #type "Storage", construct_storage, &lp_dtypes[LP_##type]},
        LP_DTYPES(LP_ROW)
#undef LP_ROW
    };
    for (size_t d = 0; d < sizeof constructors / sizeof *constructors; d++) {
        if (strcmp(constructors[d].name, name) == 0) {
            return &constructors[d];
        }
    }
    return NULL;
}

/* torch.zeros(2, 3), torch.ones(2, 3) */
static int
filled(lua_State *L)
{
    const int *value = lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int64_t size[LP_MAX_SIZES], count = 0;
    enum lp_dtype dtype;
    int nd = lp_read_sizes(L, 1, size, &count);
    if (nd == 0 || !lp_default_dtype(L, &dtype)) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_state *S = lp_operation_state(L);
    if (*value == 0) {
        lp_new_zeroed_or_jump(S, L, dtype, nd, size);
        return 1;
    }
    uint64_t element;
    lp_constant(dtype, *value, &element);
    lp_fill(lp_new_sized_or_jump(S, L, dtype, nd, size), &element);
    return 1;
}

/* t:view(2, -1) */
static int
view(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    int64_t size[LP_MAX_SIZES], count;
    if (t == NULL || t->nd == 0 || !lp_is_contiguous(t)) {
        return lp_call_rest_or_jump(L);
    }
    int64_t wanted = count = lp_count_elements(t);
    int nd = lp_read_sizes(L, 2, size, &count);
    if (nd == 0 || count != wanted) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_tensor *result = lp_new_view_or_jump(L, 1, nd);
    if (t->nd == 0 || lp_count_elements(t) != count || !lp_is_contiguous(t)) {
        lp_changed_or_jump(L);
    }
    lp_set_contiguous(result, nd, size);
    return 1;
}

/* t:reshape(2, 3): a copy */
static int
reshape(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    int64_t size[LP_MAX_SIZES], count = 0;
    int nd = lp_read_sizes(L, 2, size, &count);
    if (t == NULL || nd == 0 || count != lp_count_elements(t)) {
        return lp_call_rest_or_jump(L);
    }
    lp_loops_need_or_jump(t->S, L);
    if (t->nd > LP_INLINE_DIMS ||
        lp_loops[LP_LOOP_copy][t->dtype].run == NULL) {
        return lp_call_rest_or_jump(L);
    }
    const struct lp_tensor *result =
        lp_new_sized_or_jump(t->S, L, t->dtype, nd, size);
    if (t->nd == 0 || t->nd > LP_INLINE_DIMS ||
        lp_count_elements(t) != count) {
        lp_changed_or_jump(L);
    }
    struct lp_tensor same = *result; /* the result with the sizes of `t` */
    same.size = same.few;
    lp_set_contiguous(&same, t->nd, t->size);
    lp_copy(&same, t);
    return 1;
}

/* t:t() */
static int
transposed(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    if (t == NULL || t->nd != 2 || lua_gettop(L) != 1) {
        return lp_call_rest_or_jump(L);
    }
    struct lp_tensor *result = lp_new_view_or_jump(L, 1, 2);
    if (t->nd != 2) {
        lp_changed_or_jump(L);
    }
    for (int d = 0; d < 2; d++) {
        result->size[d] = t->size[1 - d];
        result->size[2 + d] = t->size[3 - d];
    }
    return 1;
}

static const int zero = 0, one = 1;

const struct lp_operation lp_views[] = {
    {"ones",    filled,     &one },
    {"reshape", reshape,    NULL },
    {"t",       transposed, NULL },
    {"view",    view,       NULL },
    {"zeros",   filled,     &zero},
    {NULL,      NULL,       NULL },
};
