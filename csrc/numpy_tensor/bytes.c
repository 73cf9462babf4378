/* SPDX-License-Identifier: MIT */
/* Elements as the bytes of files, for Lua: as they lie in memory. */
#include "numpy_tensor/operation.h"

enum { FEW_BYTES = 1024 };

/* bytes(storage, first, last) -> a string of the elements from `first`, which
 * counts from 0, up to `last` */
int
lp_library_bytes(lua_State *L)
{
    const struct lp_storage *storage = lp_check_storage_or_jump(L, 1);
    const size_t item = lp_dtypes[storage->dtype].size;
    const lua_Number first = luaL_checknumber(L, 2);
    const lua_Number last = luaL_checknumber(L, 3);
    char few[FEW_BYTES], *bytes = few;
    if (!(first >= 0 && first <= last && last <= (double)storage->size)) {
        return luaL_error(L, "elements out of range");
    }
    const size_t n = (size_t)(last - first) * item;
    if (n > FEW_BYTES) {
        bytes = lua_newuserdata(L, n);
    }
    /* A finalizer may have run; one may run again before Lua copies. */
    if (last > (double)storage->size) {
        return lp_changed_or_jump(L);
    }
    if (n > 0) {
        memcpy(bytes, storage->data + (size_t)first * item, n);
    }
    lua_pushlstring(L, bytes, n);
    return 1;
}

/* set_bytes(storage, text, first): the reverse */
int
lp_library_set_bytes(lua_State *L)
{
    size_t n;
    const char *text = luaL_checklstring(L, 2, &n);
    const lua_Number first = luaL_checknumber(L, 3);
    const struct lp_storage *storage = lp_check_storage_or_jump(L, 1);
    const size_t item = lp_dtypes[storage->dtype].size;
    if (!(first >= 0 &&
          first + (lua_Number)(n / item) <= (lua_Number)storage->size) ||
        n % item != 0) {
        return luaL_error(L, "elements out of range");
    }
    if (n > 0) {
        memcpy(storage->data + (size_t)first * item, text, n);
    }
    return 0;
}

/* pack("torch.IntTensor", number) -> the bytes of such an element */
int
lp_library_pack(lua_State *L)
{
    const enum lp_dtype dtype = lp_check_dtype_or_jump(L, 1);
    uint64_t element = 0;
    luaL_checknumber(L, 2);
    lp_set_element_or_jump(L, dtype, (char *)&element, 2);
    lua_pushlstring(L, (const char *)&element, lp_dtypes[dtype].size);
    return 1;
}

/* unpack("torch.IntTensor", text): the reverse */
int
lp_library_unpack(lua_State *L)
{
    const enum lp_dtype dtype = lp_check_dtype_or_jump(L, 1);
    size_t n;
    const char *text = luaL_checklstring(L, 2, &n);
    uint64_t element = 0;
    if (n != lp_dtypes[dtype].size) {
        return luaL_error(L, "bytes of one element expected");
    }
    memcpy(&element, text, n);
    lp_push_element(L, dtype, (const char *)&element);
    return 1;
}
