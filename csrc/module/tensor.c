/* SPDX-License-Identifier: MIT */
/* py.share, and what py.torch and py.info need to know of tensors. */
#include "cross/protect.h"
#include "module/module.h"
#include "object/door.h"
#include "tensor/provider.h"

struct sharing {
    PyObject *obj, *kept; /* owned by the caller; `kept` may be NULL */
};

static int
share_body(lua_State *L, struct lp_state *S, void *ctx)
{
    struct sharing *sharing = ctx;
    PyObject *obj = sharing->obj;
    int kind = lp_array_kind(S, obj);
    if (kind < 0) {
        return -1;
    }
    if (kind != LP_ARRAY) {
        PyObject *name =
            PyObject_GetAttrString((PyObject *)Py_TYPE(obj), "__name__");
        if (name != NULL) {
            PyErr_Format(PyExc_TypeError,
                         "py.share: an array with a number of dimensions, of "
                         "numbers, was expected, got %U",
                         name);
            Py_DECREF(name);
        }
        return -1;
    }
    return lp_tensor_push(S, L, obj, 1, 0, &sharing->kept);
}

/* share(ref): a tensor on the memory of an array, never a copy */
static int
py_share(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    if (lp_to_ref(L, 1) == NULL) {
        return luaL_error(L,
                          "py.share: bad argument #1 (reference to an array "
                          "expected, got %s)",
                          luaL_typename(L, 1));
    }
    struct lp_handle *h = lp_check_ref_or_jump(L, 1);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    struct sharing sharing = {lp_handle_object(h), NULL};
    int n = -1;
    if (sharing.obj != NULL) {
        n = lp_protect(S, L, share_body, &sharing, 0, 1);
        lp_give_up(S, sharing.obj);
        if (sharing.kept != NULL) {
            lp_give_up(S, sharing.kept);
        }
    }
    return lp_door_close(&x, n < 0 ? -1 : 1, 0);
}

/* _tensor() -> the functions of the built-in tensors, for py.torch */
static int
tensor_library(lua_State *L)
{
    lp_push_tensor_library_or_jump(LP_STATE(L), L);
    return 1;
}

/* _tensor_provider([fix]) -> its name; nil while the choice is open, unless
 * `fix` makes it */
static int
tensor_provider(lua_State *L)
{
    struct lp_state *S = LP_STATE(L);
    const struct lp_tensor_provider *provider =
        lua_toboolean(L, 1) ? lp_provider_or_jump(S, L) : S->provider;
    if (provider != NULL) {
        lua_pushstring(L, provider->name);
    }
    else {
        lua_pushnil(L);
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"share",            py_share       },
    {"_tensor",          tensor_library },
    {"_tensor_provider", tensor_provider},
    {NULL,               NULL           },
};

void
lp_module_tensor(lua_State *L, struct lp_state *S, struct lp_view *view)
{
    lp_set_functions_or_jump(L, S, view, functions);
}
