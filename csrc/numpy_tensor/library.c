/* SPDX-License-Identifier: MIT */
/* Functions with which py.torch makes and changes tensors.  Sizes and strides
 * are lists, offsets count from 0, types are names ("torch.DoubleTensor");
 * everything is checked, so that no call can reach outside of a storage. */
#include <string.h>

#include "numpy_tensor/operation.h"

#define LP_LIBRARY_STATE(L)                                                   \
    ((struct lp_state *)lua_touserdata(L, lua_upvalueindex(1)))

/* ---- geometry from Lua ---- */

struct geometry {
    int nd;
    int64_t extent; /* elements that it spans */
    int64_t count;
    int64_t size[LP_MAX_DIMS], stride[LP_MAX_DIMS];
};

/* [-0, +0, e] Element `i` (from 1) of the list at `index`: a table, or a
 * LongStorage. */
static int64_t
item_or_jump(lua_State *L, int index, int i)
{
    if (lua_istable(L, index)) {
        lua_rawgeti(L, index, i);
    }
    else {
        lua_pushinteger(L, i);
        lua_gettable(L, index);
    }
    lua_Number n = lua_tonumber(L, -1);
    if (lua_type(L, -1) != LUA_TNUMBER || !(n >= 0 && n <= 9e15)) {
        luaL_error(L, "bad argument #%d (sizes and strides must be numbers "
                      "from 0 on)",
                   index);
    }
    lua_pop(L, 1);
    return (int64_t)n;
}

/* [-0, +0, e] Number of elements of the list at `index`. */
static int
length_or_jump(lua_State *L, int index)
{
    const struct lp_storage *storage = lp_to_storage(L, index);
    ptrdiff_t n;
    if (storage != NULL) {
        n = storage->size;
    }
    else {
        luaL_checktype(L, index, LUA_TTABLE);
        n = (ptrdiff_t)lua_rawlen(L, index);
    }
    if (n > LP_MAX_DIMS) {
        luaL_error(L, "bad argument #%d (at most %d dimensions)", index,
                   LP_MAX_DIMS);
    }
    return (int)n;
}

/* [-0, +0, e] Read sizes, and strides if there are any: contiguous if not. */
static void
geometry_or_jump(lua_State *L, int sizes, int strides, struct geometry *g)
{
    const int64_t limit = INT64_MAX / 16;
    g->nd = length_or_jump(L, sizes);
    g->count = g->nd > 0;
    for (int d = 0; d < g->nd; d++) {
        g->size[d] = item_or_jump(L, sizes, d + 1);
        if (g->size[d] > 0 && g->count > limit / g->size[d]) {
            luaL_error(L, "bad argument #%d (too many elements)", sizes);
        }
        g->count *= g->size[d];
    }
    if (g->count == 0) {
        g->nd = 0;
        g->extent = 0;
        return;
    }
    int given = !lua_isnoneornil(L, strides);
    if (given && length_or_jump(L, strides) != g->nd) {
        luaL_error(L, "bad argument #%d (%d strides expected)", strides,
                   g->nd);
    }
    int64_t next = 1;
    g->extent = 1;
    for (int d = g->nd - 1; d >= 0; d--) {
        g->stride[d] = given ? item_or_jump(L, strides, d + 1) : next;
        next *= g->size[d];
        if (g->size[d] > 1 &&
            g->stride[d] > (limit - g->extent) / (g->size[d] - 1)) {
            luaL_error(L, "bad argument #%d (too large)", strides);
        }
        g->extent += (g->size[d] - 1) * g->stride[d];
    }
}

static void
set_geometry_or_jump(lua_State *L, struct lp_tensor *t,
                     const struct geometry *g, int64_t offset)
{
    lp_tensor_set_nd_or_jump(L, t, g->nd);
    for (int d = 0; d < g->nd; d++) {
        t->size[d] = g->size[d];
        t->size[g->nd + d] = g->stride[d];
    }
    t->offset = (ptrdiff_t)offset;
}

/* ---- making ---- */

/* [-0, +1, em] Push a new tensor with storage. */
static void
push_new_or_jump(lua_State *L, enum lp_dtype dtype, const struct geometry *g,
                 int zeroed)
{
    struct lp_state *S = LP_LIBRARY_STATE(L);
    struct lp_tensor *t = lp_new_tensor_or_jump(S, L, dtype);
    struct lp_storage *storage =
        lp_push_storage_or_jump(S, L, dtype, NULL, (ptrdiff_t)g->count);
    if (g->count > 0) {
        lp_storage_resize_or_jump(L, storage, (ptrdiff_t)g->count, zeroed);
    }
    lp_tensor_set_storage(t, storage);
    set_geometry_or_jump(L, t, g, 0);
    lua_pop(L, 1);
}

/* empty(type, sizes), zeros(type, sizes): a new contiguous tensor */
static int
make(lua_State *L, int zeroed)
{
    enum lp_dtype dtype = lp_check_dtype_or_jump(L, 1);
    struct geometry g;
    lua_settop(L, 2);
    geometry_or_jump(L, 2, 3, &g);
    push_new_or_jump(L, dtype, &g, zeroed);
    return 1;
}

/* empty_like(t [, type]): one with the sizes of another */
static int
library_empty_like(lua_State *L)
{
    const struct lp_tensor *from = lp_check_tensor_or_jump(L, 1);
    enum lp_dtype dtype = lua_isnoneornil(L, 2) ? from->dtype
                                                : lp_check_dtype_or_jump(L, 2);
    struct geometry g;
    g.nd = from->nd;
    g.count = from->nd > 0;
    for (int d = g.nd - 1; d >= 0; d--) {
        g.size[d] = from->size[d];
        g.stride[d] = g.count;
        g.count *= g.size[d];
    }
    g.extent = g.count;
    push_new_or_jump(L, dtype, &g, 0);
    return 1;
}

static int
library_empty(lua_State *L)
{
    return make(L, 0);
}

static int
library_zeros(lua_State *L)
{
    return make(L, 1);
}

/* new(type): a tensor without storage */
static int
library_new(lua_State *L)
{
    lp_new_tensor_or_jump(LP_LIBRARY_STATE(L), L,
                          lp_check_dtype_or_jump(L, 1));
    return 1;
}

/* new_storage(type, size) */
static int
library_new_storage(lua_State *L)
{
    enum lp_dtype dtype = lp_check_dtype_or_jump(L, 1);
    lua_Number size = luaL_optnumber(L, 2, 0);
    luaL_argcheck(L, size >= 0, 2, "negative");
    size = size < LP_MAX_ELEMENTS ? size : LP_MAX_ELEMENTS;
    struct lp_storage *storage =
        lp_push_storage_or_jump(LP_LIBRARY_STATE(L), L, dtype, NULL,
                                (ptrdiff_t)size);
    if (size > 0) {
        lp_storage_resize_or_jump(L, storage, (ptrdiff_t)size, 0);
    }
    return 1;
}

/* [-0, +0, e] The offset, if elements of that geometry lie within the storage.
 * Without elements it only says where they are going to be. */
static int64_t
offset_within_or_jump(lua_State *L, const struct lp_storage *storage,
                      const struct geometry *g, lua_Number offset)
{
    ptrdiff_t size = storage != NULL ? storage->size : 0;
    int within = offset >= 0 && offset <= (lua_Number)size;
    if (g->nd > 0 && (!within || g->extent > size - (int64_t)offset)) {
        luaL_error(L, "the storage is too small: it has %f elements",
                   (double)size);
    }
    return within ? (int64_t)offset : 0;
}

/* view(t, sizes, strides or nil, offset): another tensor on t's storage */
static int
library_view(lua_State *L)
{
    lp_check_tensor_or_jump(L, 1);
    lua_Number offset = luaL_checknumber(L, 4);
    struct geometry g;
    lua_settop(L, 4);
    geometry_or_jump(L, 2, 3, &g);
    struct lp_tensor *t = lp_new_view_or_jump(L, 1, 0);
    set_geometry_or_jump(L, t, &g,
                         offset_within_or_jump(L, t->storage, &g, offset));
    return 1;
}

/* set(t, storage or nil, offset, sizes, strides or nil): point t elsewhere;
 * returns t */
static int
library_set(lua_State *L)
{
    struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    struct lp_storage *storage =
        lua_isnil(L, 2) ? NULL : lp_check_storage_or_jump(L, 2);
    lua_Number offset = luaL_checknumber(L, 3);
    struct geometry g;
    lua_settop(L, 5);
    geometry_or_jump(L, 4, 5, &g);
    if (storage != NULL && storage->dtype != t->dtype) {
        return luaL_error(L, "bad argument #2 (%s expected, got %s)",
                          lp_dtypes[t->dtype].storage_name,
                          lp_dtypes[storage->dtype].storage_name);
    }
    set_geometry_or_jump(L, t, &g,
                         offset_within_or_jump(L, storage, &g, offset));
    lp_tensor_set_storage(t, storage);
    lua_settop(L, 1);
    return 1;
}

/* ---- asking ---- */

static void
push_list(lua_State *L, const int64_t *values, int n)
{
    lua_createtable(L, n, 0);
    for (int i = 0; i < n; i++) {
#if LP_LUA53_UP
        lua_pushinteger(L, (lua_Integer)values[i]);
#else
        lua_pushnumber(L, (lua_Number)values[i]);
#endif
        lua_rawseti(L, -2, i + 1);
    }
}

/* geometry(t) -> sizes, strides, offset */
static int
library_geometry(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    /* Making a table may run a finalizer that gives the tensor others. */
    int64_t known[2 * LP_MAX_DIMS];
    int nd = t->nd;
    ptrdiff_t offset = t->offset;
    memcpy(known, t->size, 2 * (size_t)nd * sizeof *known);
    push_list(L, known, nd);
    push_list(L, known + nd, nd);
    lua_pushinteger(L, (lua_Integer)offset);
    return 3;
}

/* typename(value) -> "torch.DoubleTensor", ..., or nil: not one of ours */
static int
library_typename(lua_State *L)
{
    const struct lp_tensor *t = lp_to_tensor(L, 1);
    const struct lp_storage *storage = lp_to_storage(L, 1);
    if (t != NULL) {
        lua_pushstring(L, lp_dtypes[t->dtype].tensor_name);
    }
    else if (storage != NULL) {
        lua_pushstring(L, lp_dtypes[storage->dtype].storage_name);
    }
    else {
        lua_pushnil(L);
    }
    return 1;
}

/* data(tensor or storage) -> address as light userdata, nil without elements */
static int
library_data(lua_State *L)
{
    const struct lp_storage *storage = lp_to_storage(L, 1);
    const struct lp_tensor *t =
        storage != NULL ? NULL : lp_check_tensor_or_jump(L, 1);
    char *data = storage != NULL ? storage->data
                 : t->nd > 0     ? lp_tensor_data(t)
                                 : NULL;
    if (data == NULL) {
        lua_pushnil(L);
    }
    else {
        lua_pushlightuserdata(L, data);
    }
    return 1;
}

/* structure(tensor or storage) -> its address, as light userdata */
static int
library_structure(lua_State *L)
{
    struct lp_storage *storage = lp_to_storage(L, 1);
    lua_pushlightuserdata(L, storage != NULL
                                 ? (void *)storage
                                 : (void *)lp_check_tensor_or_jump(L, 1));
    return 1;
}

/* same_storage(a, b) -> boolean, for tensors and storages */
static const struct lp_storage *
storage_at(lua_State *L, int index)
{
    const struct lp_storage *storage = lp_to_storage(L, index);
    return storage != NULL ? storage
                           : lp_check_tensor_or_jump(L, index)->storage;
}

static int
library_same_storage(lua_State *L)
{
    const struct lp_storage *a = storage_at(L, 1);
    lua_pushboolean(L, a != NULL && a == storage_at(L, 2));
    return 1;
}

/* metatable(type) -> the metatable of its tensors or storages; the methods
 * are in its field __methods */
static int
library_metatable(lua_State *L)
{
    int is_storage;
    enum lp_dtype dtype = lp_check_dtype_or_jump(L, 1);
    lp_dtype_of_name(lua_tostring(L, 1), &is_storage);
    lp_push_slot(LP_LIBRARY_STATE(L), L,
                 is_storage ? LP_SLOT_TENSOR2 : LP_SLOT_TENSOR1);
    lua_rawgeti(L, -1, (int)dtype + 1);
    return 1;
}

const luaL_Reg lp_tensor_library[] = {
    {"bytes",        lp_library_bytes    },
    {"convolve",     lp_library_convolve },
    {"data",         library_data        },
    {"empty",        library_empty       },
    {"empty_like",   library_empty_like  },
    {"geometry",     library_geometry    },
    {"metatable",    library_metatable   },
    {"new",          library_new         },
    {"new_storage",  library_new_storage },
    {"operation",    lp_library_operation},
    {"pack",         lp_library_pack     },
    {"random",       lp_library_random   },
    {"same_storage", library_same_storage},
    {"set",          library_set         },
    {"set_bytes",    lp_library_set_bytes},
    {"structure",    library_structure   },
    {"typename",     library_typename    },
    {"unpack",       lp_library_unpack   },
    {"view",         library_view        },
    {"zeros",        library_zeros       },
    {NULL,           NULL                },
};
