/* SPDX-License-Identifier: MIT */
#include "numpy_tensor.h"

#include "numpy_tensor/tensor.h"

static void
describe_tensor(const struct lp_tensor *t, struct lp_layout *layout)
{
    layout->nd = t->nd;
    layout->data = t->nd > 0 ? lp_tensor_data(t) : NULL;
    const int64_t *stride = lp_tensor_strides(t);
    for (int d = 0; d < t->nd; d++) {
        layout->size[d] = t->size[d];
        layout->stride[d] = stride[d];
    }
}

static void
describe_storage(const struct lp_storage *storage, struct lp_layout *layout)
{
    layout->nd = storage->size > 0;
    layout->data = storage->data;
    layout->size[0] = storage->size;
    layout->stride[0] = 1;
}

static int
to_python(struct lp_state *S, lua_State *L, int index, PyObject **result)
{
    struct lp_layout layout;
    const struct lp_tensor *t = lp_to_tensor(L, index);
    struct lp_storage *storage = t != NULL ? NULL : lp_to_storage(L, index);
    if (t == NULL && storage == NULL) {
        return 0;
    }
    if (lp_need_numpy(S) < 0) { /* other threads may run */
        return -1;
    }
    if (t != NULL) {
        storage = t->storage;
        layout.dtype = t->dtype;
        describe_tensor(t, &layout);
    }
    else {
        layout.dtype = storage->dtype;
        describe_storage(storage, &layout);
    }
    PyObject *owner = layout.nd > 0 ? lp_storage_owner(storage) : NULL;
    *result = layout.nd == 0 || owner != NULL
                  ? lp_ndarray_wrap(&layout, owner)
                  : NULL;
    return *result != NULL ? 1 : -1;
}

static int
available_or_jump(struct lp_state *S, lua_State *L)
{
    (void)S;
    (void)L;
    return 1;
}

static int
push(struct lp_state *S, lua_State *L, const struct lp_layout *layout,
     PyObject *array)
{
    lp_tensor_init_or_jump(S, L);
    struct lp_tensor *t = lp_new_tensor_or_jump(S, L, layout->dtype);
    if (layout->nd == 0) {
        return 0;
    }
    lp_tensor_set_nd_or_jump(L, t, layout->nd);
    for (int d = 0; d < layout->nd; d++) {
        t->size[d] = layout->size[d];
        t->size[layout->nd + d] = layout->stride[d];
    }
    struct lp_storage *storage = lp_storage_make(S, layout->dtype, 0);
    if (storage == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    Py_INCREF(array);
    storage->owner = array;
    storage->data = layout->data;
    storage->size = storage->capacity = layout->extent;
    storage->foreign = 1;
    storage->flag = LP_TH_REFCOUNTED;
    t->storage = storage; /* takes over the holder */
    return 0;
}

static void
push_library_or_jump(struct lp_state *S, lua_State *L)
{
    lp_tensor_init_or_jump(S, L);
    lua_newtable(L);
    for (const luaL_Reg *f = lp_tensor_library; f->name != NULL; f++) {
        lua_pushlightuserdata(L, S);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
}

const struct lp_tensor_provider lp_numpy_provider = {
    "built in, on NumPy", to_python, available_or_jump, push,
    push_library_or_jump,
};
