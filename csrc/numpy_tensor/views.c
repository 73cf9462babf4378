/* SPDX-License-Identifier: MIT */
/* Questions about a tensor, and other tensors on its storage: what costs no
 * work on elements.  Wording of errors as Torch7's. */
#include <string.h>

#include "numpy_tensor/walk.h"

/* ---- slices ---- */

void
lp_push_select_or_jump(lua_State *L, int index, int dim, int64_t i)
{
    const struct lp_tensor *from = lp_tensor_at(L, index);
    int nd = from->nd - 1;
    struct lp_tensor *t = lp_new_view_or_jump(L, index, nd);
    if (from->nd != nd + 1 || i >= from->size[dim]) {
        lp_changed_or_jump(L);
    }
    int64_t *stride = lp_tensor_strides(t);
    const int64_t *from_stride = lp_tensor_strides(from);
    for (int d = 0, k = 0; d < from->nd; d++) {
        if (d != dim) {
            t->size[k] = from->size[d];
            stride[k++] = from_stride[d];
        }
    }
    t->offset += i * from_stride[dim];
}

/* [-0, +0, e] The dimension that argument `index` names, cut to an integer, from
 * 0; an error blames argument `blamed`. */
static int
check_dim_or_jump(lua_State *L, int index, int blamed,
                  const struct lp_tensor *t)
{
    lua_Number dim = luaL_checknumber(L, index);
    luaL_argcheck(L, dim >= 1 && dim < t->nd + 1, blamed, "out of range");
    return (int)dim - 1;
}

/* [-0, +0, e] The number at `index` as an integer; -1 for one that is too large
 * to be a position. */
static int64_t
check_position_or_jump(lua_State *L, int index)
{
    lua_Number number = luaL_checknumber(L, index);
    return number >= -LP_MAX_ELEMENTS && number <= LP_MAX_ELEMENTS
               ? (int64_t)number
               : -1;
}

/* t:select(dim, i): a tensor with one dimension less, or a number */
static int
tensor_select(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    lua_Number dim_or_not = luaL_checknumber(L, 2);
    int64_t i = check_position_or_jump(L, 3) - 1;
    luaL_argcheck(L, t->nd > 0, 1, "empty Tensor");
    if (t->nd == 1) { /* whatever the dimension says, as in Torch7 */
        luaL_argcheck(L, i >= 0 && i < t->size[0], 2, "out of range");
        lp_push_element(L, t->dtype,
                        lp_tensor_data(t) +
                            i * t->size[1] *
                                (ptrdiff_t)lp_dtypes[t->dtype].size);
        return 1;
    }
    luaL_argcheck(L, dim_or_not >= 1 && dim_or_not < t->nd + 1, 2,
                  "out of range");
    int dim = (int)dim_or_not - 1;
    luaL_argcheck(L, i >= 0 && i < t->size[dim], 3, "out of range");
    lp_push_select_or_jump(L, 1, dim, i);
    return 1;
}

struct lp_tensor *
lp_push_alike_or_jump(lua_State *L, int index)
{
    const struct lp_tensor *from = lp_tensor_at(L, index);
    int nd = from->nd;
    struct lp_tensor *t = lp_new_view_or_jump(L, index, nd);
    if (from->nd != nd) {
        lp_changed_or_jump(L);
    }
    for (int d = 0; d < 2 * nd; d++) {
        t->size[d] = from->size[d];
    }
    return t;
}

/* t:narrow(dim, first, size) */
static int
tensor_narrow(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    luaL_checknumber(L, 2);
    int64_t first = check_position_or_jump(L, 3) - 1;
    int64_t size = check_position_or_jump(L, 4);
    int dim = check_dim_or_jump(L, 2, 2, t);
    luaL_argcheck(L, first >= 0 && first < t->size[dim], 3, "out of range");
    luaL_argcheck(L, size > 0 && size <= t->size[dim] - first, 4,
                  "out of range");
    struct lp_tensor *view = lp_push_alike_or_jump(L, 1);
    if (size > t->size[dim] - first) {
        lp_changed_or_jump(L);
    }
    view->size[dim] = size;
    view->offset += first * lp_tensor_strides(t)[dim];
    return 1;
}

/* t:transpose(dim1, dim2) */
static int
tensor_transpose(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    luaL_checknumber(L, 2);
    luaL_checknumber(L, 3);
    /* Torch7's C function, which complains, has no self before them. */
    int one = check_dim_or_jump(L, 2, 1, t);
    int two = check_dim_or_jump(L, 3, 2, t);
    struct lp_tensor *view = lp_push_alike_or_jump(L, 1);
    int64_t *stride = lp_tensor_strides(view);
    view->size[one] = t->size[two];
    view->size[two] = t->size[one];
    stride[one] = lp_tensor_strides(t)[two];
    stride[two] = lp_tensor_strides(t)[one];
    return 1;
}

/* ---- questions ---- */

#if LP_LUA53_UP
#define LP_PUSH_COUNT(L, n) lua_pushinteger(L, (lua_Integer)(n))
#else
#define LP_PUSH_COUNT(L, n) lua_pushnumber(L, (lua_Number)(n))
#endif

/* t:dim() */
static int
tensor_dim(lua_State *L)
{
    LP_PUSH_COUNT(L, lp_check_tensor_or_jump(L, 1)->nd);
    return 1;
}

/* t:nElement() */
static int
tensor_n_element(lua_State *L)
{
    LP_PUSH_COUNT(L, lp_count_elements(lp_check_tensor_or_jump(L, 1)));
    return 1;
}

/* t:isContiguous() */
static int
tensor_is_contiguous(lua_State *L)
{
    lua_pushboolean(L, lp_is_contiguous(lp_check_tensor_or_jump(L, 1)));
    return 1;
}

/* t:storageOffset(), from 1 */
static int
tensor_storage_offset(lua_State *L)
{
    LP_PUSH_COUNT(L, lp_check_tensor_or_jump(L, 1)->offset + 1);
    return 1;
}

/* t:storage(); none without elements */
static int
tensor_storage(lua_State *L)
{
    struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    if (t->storage == NULL) {
        return 0;
    }
    lp_push_storage_or_jump(t->S, L, t->dtype, t->storage, 0);
    return 1;
}

/* t:isSetTo(other): same storage, same geometry? */
static int
tensor_is_set_to(lua_State *L)
{
    const struct lp_tensor *a = lp_check_tensor_or_jump(L, 1);
    const struct lp_tensor *b = lp_check_tensor_or_jump(L, 2);
    int is = a->storage == b->storage && a->storage != NULL &&
             a->offset == b->offset && a->nd == b->nd;
    for (int d = 0; is && d < 2 * a->nd; d++) {
        is = a->size[d] == b->size[d];
    }
    lua_pushboolean(L, is);
    return 1;
}

/* t:isSameSizeAs(other), of any types */
static int
tensor_is_same_size_as(lua_State *L)
{
    const struct lp_tensor *a = lp_check_tensor_or_jump(L, 1);
    const struct lp_tensor *b = lp_check_tensor_or_jump(L, 2);
    int is = a->nd == b->nd;
    for (int d = 0; is && d < a->nd; d++) {
        is = a->size[d] == b->size[d];
    }
    lua_pushboolean(L, is);
    return 1;
}

/* One size or stride of dimension argument 2. */
static int
push_one(lua_State *L, const struct lp_tensor *t, const int64_t *values)
{
    int dim = (int)luaL_checknumber(L, 2);
    if (dim < 1 || dim > t->nd) {
        return luaL_argerror(
            L, 2, lua_pushfstring(L, "dimension %d out of range of %dD tensor",
                                  dim, t->nd));
    }
    LP_PUSH_COUNT(L, values[dim - 1]);
    return 1;
}

/* All of them, as a LongStorage; read before anybody can change them. */
static int
push_all(lua_State *L, const struct lp_tensor *t, const int64_t *values)
{
    struct lp_state *S = lp_state_of(L);
    int64_t known[LP_MAX_DIMS];
    int nd = t->nd;
    memcpy(known, values, (size_t)nd * sizeof *known);
    struct lp_storage *all = lp_push_storage_or_jump(S, L, LP_Long, NULL, nd);
    lp_storage_resize_or_jump(L, all, nd, 0);
    memcpy(all->data, known, (size_t)nd * sizeof *known);
    return 1;
}

/* t:size([dim]); what is no number is ignored */
static int
tensor_size(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    return lua_isnumber(L, 2) ? push_one(L, t, t->size)
                              : push_all(L, t, t->size);
}

/* t:stride([dim]) */
static int
tensor_stride(lua_State *L)
{
    const struct lp_tensor *t = lp_check_tensor_or_jump(L, 1);
    return lua_isnumber(L, 2) ? push_one(L, t, lp_tensor_strides(t))
                              : push_all(L, t, lp_tensor_strides(t));
}

const luaL_Reg lp_tensor_methods[] = {
    {"dim",           tensor_dim            },
    {"isContiguous",  tensor_is_contiguous  },
    {"isSameSizeAs",  tensor_is_same_size_as},
    {"isSetTo",       tensor_is_set_to      },
    {"nDimension",    tensor_dim            },
    {"nElement",      tensor_n_element      },
    {"narrow",        tensor_narrow         },
    {"select",        tensor_select         },
    {"size",          tensor_size           },
    {"storage",       tensor_storage        },
    {"storageOffset", tensor_storage_offset },
    {"stride",        tensor_stride         },
    {"totable",       lp_tensor_totable     },
    {"transpose",     tensor_transpose      },
    {NULL,            NULL                  },
};

/* ---- storages ---- */

/* s:size() */
static int
storage_size(lua_State *L)
{
    LP_PUSH_COUNT(L, lp_check_storage_or_jump(L, 1)->size);
    return 1;
}

/* s:resize(n): keeps what fits; returns s */
static int
storage_resize(lua_State *L)
{
    struct lp_storage *storage = lp_check_storage_or_jump(L, 1);
    lua_Number size = luaL_checknumber(L, 2);
    if (size < 0) {
        return luaL_error(
            L, "$ Torch: invalid memory size -- maybe an overflow?");
    }
    size = size < LP_MAX_ELEMENTS ? size : LP_MAX_ELEMENTS;
    lp_storage_resize_or_jump(L, storage, (ptrdiff_t)size, 0);
    lua_settop(L, 1);
    return 1;
}

/* s:fill(value); returns s */
static int
storage_fill(lua_State *L)
{
    struct lp_storage *storage = lp_check_storage_or_jump(L, 1);
    uint64_t element;
    luaL_checknumber(L, 2);
    lp_set_element_or_jump(L, storage->dtype, (char *)&element, 2);
    if (storage->size > 0) {
        struct lp_tensor all;
        lp_sketch_storage(storage, &all);
        lp_fill(&all, &element);
    }
    lua_settop(L, 1);
    return 1;
}

const luaL_Reg lp_storage_methods[] = {
    {"fill",    storage_fill      },
    {"resize",  storage_resize    },
    {"size",    storage_size      },
    {"totable", lp_storage_totable},
    {NULL,      NULL              },
};
