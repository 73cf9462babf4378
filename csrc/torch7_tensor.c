/* SPDX-License-Identifier: MIT */
#include "torch7_tensor.h"

#include <stdlib.h>
#include <string.h>

#include "cross/protect.h"
#include "torch7_tensor/th.h"

/* What is known of one Lua state's Torch7: a userdata in LP_SLOT_TENSOR3,
 * pointed to by S->provider_data. */
struct torch7 {
    /* Addresses of the metatables, which live as long as the state. */
    const void *tensor_mt[LP_N_DTYPES], *storage_mt[LP_N_DTYPES];
    /* The next storage's context: made before anything can jump. */
    struct th_foreign *spare;
};

static int
torch7_gc(lua_State *L)
{
    struct torch7 *torch7 = lua_touserdata(L, 1);
    free(torch7->spare);
    torch7->spare = NULL;
    return 0;
}

/* [-0, +0, m] The metatable that luaT has registered under a name. */
static const void *
metatable_of_or_jump(lua_State *L, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, name);
    const void *address = lua_istable(L, -1) ? lua_topointer(L, -1) : NULL;
    lua_pop(L, 1);
    return address;
}

/* [lock; -0, +0, m] Find Torch7 in this state.  True if it is there. */
static int
available_or_jump(struct lp_state *S, lua_State *L)
{
    if (S->provider_data != NULL) {
        return 1;
    }
    luaL_checkstack(L, 8, "lua-py: Torch7");
    lua_getfield(L, LUA_REGISTRYINDEX, lp_dtypes[LP_Double].tensor_name);
    int found = lua_istable(L, -1) && lp_th_find(L, lua_gettop(L));
    lua_pop(L, 1);
    if (!found) {
        return 0;
    }
    struct torch7 *torch7 = lp_new_userdata(L, sizeof *torch7);
    memset(torch7, 0, sizeof *torch7);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, torch7_gc);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    for (int i = 0; i < LP_N_DTYPES; i++) {
        if (lp_th[i].new_tensor != NULL) {
            torch7->tensor_mt[i] =
                metatable_of_or_jump(L, lp_dtypes[i].tensor_name);
            torch7->storage_mt[i] =
                metatable_of_or_jump(L, lp_dtypes[i].storage_name);
        }
    }
    lp_set_slot_or_jump(S, L, LP_SLOT_TENSOR3);
    S->provider_data = torch7;
    return 1;
}

static int
available_body(lua_State *L, struct lp_state *S, void *ctx)
{
    *(int *)ctx = available_or_jump(S, L);
    return 0;
}

/* ---- to Python ---- */

static PyObject *
wrap(struct lp_state *S, enum lp_dtype dtype, struct th_storage *storage,
     const struct lp_layout *layout)
{
    if (layout->nd == 0) {
        return lp_ndarray_wrap(layout, NULL);
    }
    PyObject *owner = lp_th_keep(S, &lp_th[dtype], storage);
    if (owner == NULL) {
        return NULL;
    }
    PyObject *array = lp_ndarray_wrap(layout, owner);
    Py_DECREF(owner);
    return array;
}

static PyObject *
wrap_tensor(struct lp_state *S, enum lp_dtype dtype, const struct th_tensor *t)
{
    struct lp_layout layout = {.dtype = dtype};
    if (t->storage == NULL || t->nd == 0) {
        return wrap(S, dtype, NULL, &layout);
    }
    if (t->nd > LP_MAX_DIMS) {
        PyErr_Format(PyExc_ValueError,
                     "a tensor of %d dimensions has no ndarray (at most %d)",
                     t->nd, LP_MAX_DIMS);
        return NULL;
    }
    layout.nd = t->nd;
    ptrdiff_t last = t->offset;
    for (int d = 0; d < t->nd; d++) {
        layout.size[d] = t->size[d];
        layout.stride[d] = t->stride[d];
        last += (t->size[d] - 1) * t->stride[d];
    }
    if (t->offset < 0 || last >= t->storage->size) {
        /* Torch7 lets a storage shrink below its tensors. */
        PyErr_Format(PyExc_ValueError,
                     "this tensor reaches element %zd of a storage of %zd: "
                     "the storage was resized",
                     last + 1, t->storage->size);
        return NULL;
    }
    layout.data =
        t->storage->data + t->offset * (ptrdiff_t)lp_dtypes[dtype].size;
    return wrap(S, dtype, t->storage, &layout);
}

static PyObject *
wrap_storage(struct lp_state *S, enum lp_dtype dtype, struct th_storage *storage)
{
    struct lp_layout layout = {.dtype = dtype};
    layout.nd = storage->size > 0;
    layout.size[0] = storage->size;
    layout.stride[0] = 1;
    layout.data = storage->data;
    return wrap(S, dtype, storage, &layout);
}

/* [-0, +0, -] luaT's name for the userdata whose metatable is on top, or
 * NULL; looks it up without making strings, so nothing can jump. */
static const char *
class_name(lua_State *L)
{
    lua_pushvalue(L, -1);
    lua_rawget(L, LUA_REGISTRYINDEX);
    const char *name =
        lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1);
    return name;
}

/* A class of Torch7 that is none of the known ones: GPU tensors are refused,
 * anything else is an opaque object. */
static int
refuse_cuda(const char *name)
{
    size_t n = strlen(name);
    if (strncmp(name, "torch.Cuda", 10) != 0 ||
        (strcmp(name + n - 6, "Tensor") != 0 &&
         strcmp(name + n - 7, "Storage") != 0)) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError,
                 "a %s lies in the memory of a GPU, which Python cannot see: "
                 "pass t:float() or t:double()",
                 name);
    return -1;
}

static enum lp_dtype
find_type(const void *const *metatables, const void *mt)
{
    for (int i = 0; i < LP_N_DTYPES; i++) {
        if (metatables[i] == mt) {
            return (enum lp_dtype)i;
        }
    }
    return LP_NO_DTYPE;
}

static int
to_python(struct lp_state *S, lua_State *L, int index, PyObject **result)
{
    void *const *udata = lua_touserdata(L, index);
    if (udata == NULL || lua_rawlen(L, index) != sizeof *udata ||
        !lua_getmetatable(L, index)) {
        return 0;
    }
    const void *mt = lua_topointer(L, -1);
    if (S->provider_data == NULL) {
        const char *name = class_name(L);
        int found = 0;
        if (name == NULL || strncmp(name, "torch.", 6) != 0 ||
            lp_protect(S, L, available_body, &found, 0, 0) < 0 || !found) {
            lua_pop(L, 1);
            return PyErr_Occurred() ? -1 : 0;
        }
    }
    const struct torch7 *torch7 = S->provider_data;
    enum lp_dtype tensor = find_type(torch7->tensor_mt, mt), storage;
    storage = tensor == LP_NO_DTYPE ? find_type(torch7->storage_mt, mt)
                                    : LP_NO_DTYPE;
    const char *name = tensor == LP_NO_DTYPE && storage == LP_NO_DTYPE
                           ? class_name(L)
                           : NULL;
    lua_pop(L, 1);
    if (tensor == LP_NO_DTYPE && storage == LP_NO_DTYPE) {
        return name != NULL ? refuse_cuda(name) : 0;
    }
    if (*udata == NULL) {
        return 0;
    }
    if (lp_need_numpy(S) < 0) {
        return -1;
    }
    lp_th_drain(S);
    *result = tensor != LP_NO_DTYPE ? wrap_tensor(S, tensor, *udata)
                                    : wrap_storage(S, storage, *udata);
    return *result != NULL ? 1 : -1;
}

/* ---- from Python ---- */

/* [lock; -0, +1, m] Push a tensor of Torch7 without elements. */
static struct th_tensor *
push_tensor_or_jump(lua_State *L, enum lp_dtype dtype)
{
    struct th_tensor **udata = lp_new_userdata(L, sizeof *udata);
    *udata = NULL;
    lua_getfield(L, LUA_REGISTRYINDEX, lp_dtypes[dtype].tensor_name);
    lua_setmetatable(L, -2);
    *udata = lp_th[dtype].new_tensor();
    return *udata;
}

static int
push(struct lp_state *S, lua_State *L, const struct lp_layout *layout,
     PyObject *array)
{
    struct torch7 *torch7 = S->provider_data;
    const struct th_functions *th = &lp_th[layout->dtype];
    if (th->new_tensor == NULL || torch7->tensor_mt[layout->dtype] == NULL) {
        PyErr_Format(PyExc_TypeError,
                     "this Torch7 has no %s: convert the array first, as by "
                     "array.astype('float32')",
                     lp_dtypes[layout->dtype].tensor_name);
        return -1;
    }
    lp_relieve_or_jump(S, L);
    lp_th_drain(S);
    struct th_tensor *tensor = push_tensor_or_jump(L, layout->dtype);
    if (layout->nd == 0) {
        return 0;
    }
    if (torch7->spare == NULL) {
        torch7->spare = malloc(sizeof *torch7->spare);
        if (torch7->spare == NULL) {
            PyErr_NoMemory();
            return -1;
        }
    }
    struct th_storage *storage =
        th->new_storage(layout->data, layout->extent,
                        &lp_th_foreign_allocator, torch7->spare);
    Py_INCREF(array);
    torch7->spare->array = array;
    torch7->spare = NULL;
    storage->flag &= (char)~TH_RESIZABLE;
    /* Owned by the tensor before the next call, which can run out of memory;
     * it sees that the storage is the tensor's already. */
    tensor->storage = storage;
    long size[LP_MAX_DIMS], stride[LP_MAX_DIMS];
    for (int d = 0; d < layout->nd; d++) {
        size[d] = (long)layout->size[d];
        stride[d] = (long)layout->stride[d];
    }
    th->set_storage(tensor, storage, 0, layout->nd, size, stride);
    return 0;
}

const struct lp_tensor_provider lp_torch7_provider = {
    "Torch7", to_python, available_or_jump, push, NULL,
};
