/* SPDX-License-Identifier: MIT */
/* Functions that give Lua each element: as tables, or to a function.
 *
 * A function of the script may do anything to the tensors, and so may a
 * finalizer that runs while a table is made.  So places are reckoned from sizes
 * and strides as they were, nothing points into a tensor meanwhile, and each
 * access looks at the memory that there is then. */
#include <limits.h>
#include <string.h>

#include "numpy_tensor/operation.h"

/* ---- tables ---- */

struct source {
    int index; /* of the userdata */
    enum lp_dtype dtype;
    int nd;
    ptrdiff_t end; /* elements that the storage has at least */
    int64_t size[LP_MAX_DIMS], stride[LP_MAX_DIMS];
};

/* [-0, +0, e] The storage of the tensor or storage at `index` with memory for
 * `end` elements, or "changed". */
static const struct lp_storage *
memory_or_jump(lua_State *L, int index, ptrdiff_t end)
{
    const struct lp_tensor *t = lp_to_tensor(L, index);
    const struct lp_storage *storage =
        t != NULL ? t->storage : lp_to_storage(L, index);
    if (storage == NULL || storage->data == NULL ||
        (end > storage->capacity && end > storage->size)) {
        lp_changed_or_jump(L);
    }
    return storage;
}

/* [-0, +1, em] Push the table of dimension `d` and those after it, of elements
 * from `at` on. */
static void
push_table_or_jump(lua_State *L, const struct source *from, int d,
                   ptrdiff_t at)
{
    const int64_t size = from->size[d];
    const ptrdiff_t step = (ptrdiff_t)from->stride[d];
#if !LP_LUA53_UP
    if (size > INT_MAX) {
        luaL_error(L, "table overflow");
    }
#endif
    lua_createtable(L, size < INT_MAX ? (int)size : INT_MAX, 0);
    if (d + 1 < from->nd) {
        for (int64_t i = 0; i < size; i++) {
            push_table_or_jump(L, from, d + 1, at + (ptrdiff_t)i * step);
            lua_rawseti(L, -2, (int)(i + 1));
        }
        return;
    }
    /* From here to the end of the row nothing runs. */
    const size_t item = lp_dtypes[from->dtype].size;
    const char *p = memory_or_jump(L, from->index, from->end)->data +
                    at * (ptrdiff_t)item;
    for (int64_t i = 1; i <= size; i++) {
        lp_push_element(L, from->dtype, p);
#if LP_LUA53_UP
        lua_rawseti(L, -2, (lua_Integer)i);
#else
        lua_rawseti(L, -2, (int)i);
#endif
        p += step * (ptrdiff_t)item;
    }
}

int
lp_tensor_totable(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    if (t->nd == 0) {
        lua_createtable(L, 0, 0);
        return 1;
    }
    struct source from = {.index = 1, .dtype = t->dtype, .nd = t->nd};
    from.end = t->offset + 1;
    for (int d = 0; d < t->nd; d++) {
        from.size[d] = t->size[d];
        from.stride[d] = lp_tensor_strides(t)[d];
        from.end += (ptrdiff_t)((from.size[d] - 1) * from.stride[d]);
    }
    ptrdiff_t offset = t->offset;
    luaL_checkstack(L, t->nd + 2, "lua-py: tensor");
    push_table_or_jump(L, &from, 0, offset);
    return 1;
}

int
lp_storage_totable(lua_State *L)
{
    const struct lp_storage *storage = lp_check_storage_or_jump(L, 1);
    if (storage->size == 0) {
        lua_createtable(L, 0, 0);
        return 1;
    }
    struct source from = {.index = 1, .dtype = storage->dtype, .nd = 1};
    from.end = storage->size;
    from.size[0] = storage->size;
    from.stride[0] = 1;
    push_table_or_jump(L, &from, 0, 0);
    return 1;
}

/* ---- functions of elements ---- */

enum { MOST_TENSORS = 3 };

/* The way through the elements of a tensor in the order of positions. */
struct cursor {
    int nd; /* neighbours that lie one after another are joined */
    ptrdiff_t at; /* the element, in the storage */
    ptrdiff_t end;
    int64_t left[LP_MAX_DIMS]; /* after this one */
    int64_t size[LP_MAX_DIMS];
    ptrdiff_t stride[LP_MAX_DIMS];
};

static void
cursor_begin(struct cursor *c, const struct lp_tensor *t)
{
    c->nd = 0;
    c->at = t->offset;
    c->end = t->offset + 1;
    for (int d = 0; d < t->nd; d++) {
        ptrdiff_t stride = (ptrdiff_t)lp_tensor_strides(t)[d];
        c->end += (ptrdiff_t)(t->size[d] - 1) * stride;
        if (t->size[d] == 1) {
            continue;
        }
        if (c->nd > 0 &&
            c->stride[c->nd - 1] == (ptrdiff_t)t->size[d] * stride) {
            c->size[c->nd - 1] *= t->size[d];
        }
        else {
            c->size[c->nd++] = t->size[d];
        }
        c->stride[c->nd - 1] = stride;
    }
    for (int d = 0; d < c->nd; d++) {
        c->left[d] = c->size[d] - 1;
    }
}

static void
cursor_advance(struct cursor *c)
{
    for (int d = c->nd - 1; d >= 0; d--) {
        if (c->left[d] > 0) {
            c->left[d]--;
            c->at += c->stride[d];
            return;
        }
        c->left[d] = c->size[d] - 1;
        c->at -= (ptrdiff_t)c->left[d] * c->stride[d];
    }
}

/* [-0, +0, e] Where the element is now; the view at `index` keeps it. */
static char *
cursor_element_or_jump(lua_State *L, int index, enum lp_dtype dtype,
                       const struct cursor *c)
{
    return memory_or_jump(L, index, c->end)->data +
           c->at * (ptrdiff_t)lp_dtypes[dtype].size;
}

/* [-0, +0, e] Turn what the function gave, on top, into a number; 0 if it is
 * nil. */
static int
is_number_or_jump(lua_State *L)
{
    int type = lua_type(L, -1);
    if (LP_LIKELY(type == LUA_TNUMBER)) {
        return 1;
    }
    if (type == LUA_TNIL) {
        return 0;
    }
    if (!lua_isnumber(L, -1)) {
        luaL_error(L, "given function should return a number or nil");
    }
#if LP_LUA53_UP
    lua_stringtonumber(L, lua_tostring(L, -1)); /* keeps integers */
#else
    lua_pushnumber(L, lua_tonumber(L, -1));
#endif
    lua_remove(L, -2);
    return 1;
}

/* [-0, +0, -] Are arguments 1 .. n tensors of a type with as many elements, and
 * is a function after them? */
static int
are_for_us(lua_State *L, int n)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    if (t == NULL || !lua_isfunction(L, n + 1)) {
        return 0;
    }
    for (int k = 2; k <= n; k++) {
        const struct lp_tensor *other = lp_to_tensor(L, k);
        if (other == NULL || other->dtype != t->dtype ||
            lp_count_elements(other) != lp_count_elements(t)) {
            return 0;
        }
    }
    return 1;
}

/* t:apply(f), t:map(a, f), t:map2(a, b, f); the row is how many tensors */
static int
apply(lua_State *L)
{
    const int n = *(const int *)lua_touserdata(
        L, lua_upvalueindex(LP_OPERATION_ROW));
    if (!are_for_us(L, n)) {
        return lp_call_rest_or_jump(L);
    }
    lua_settop(L, n + 1);
    luaL_checkstack(L, 2 * n + 8, "lua-py: tensor");
    const struct lp_tensor *t = lp_tensor_at(L, 1);
    const enum lp_dtype dtype = t->dtype;
    struct cursor at[MOST_TENSORS];
    const int f = n + 1;
    if (t->nd == 0) {
        lua_settop(L, 1);
        return 1;
    }
    for (int k = 1; k <= n; k++) { /* views: they keep the memory */
        lp_push_alike_or_jump(L, k);
    }
    int64_t count = lp_count_elements(lp_tensor_at(L, f + 1));
    for (int k = 0; k < n; k++) {
        const struct lp_tensor *view = lp_tensor_at(L, f + 1 + k);
        if (view->nd == 0 || lp_count_elements(view) != count) {
            lp_changed_or_jump(L);
        }
        cursor_begin(&at[k], view);
    }
    for (int64_t i = 0; i < count; i++) {
        lua_pushvalue(L, f);
        for (int k = 0; k < n; k++) {
            lp_push_element(
                L, dtype,
                cursor_element_or_jump(L, f + 1 + k, dtype, &at[k]));
        }
        lua_call(L, n, 1);
        if (is_number_or_jump(L)) {
            lp_set_element_or_jump(
                L, dtype, cursor_element_or_jump(L, f + 1, dtype, &at[0]),
                -1);
        }
        lua_pop(L, 1);
        for (int k = 0; k < n; k++) {
            cursor_advance(&at[k]);
        }
    }
    lua_settop(L, 1);
    return 1;
}

static const int one = 1, two = 2, three = 3;

const struct lp_operation lp_elements[] = {
    {"apply", apply, &one  },
    {"map",   apply, &two  },
    {"map2",  apply, &three},
    {NULL,    NULL,  NULL  },
};
