/* SPDX-License-Identifier: MIT */
/* The built-in tensors: metadata here, memory in an ndarray, or if it is small
 * behind the storage itself, which costs no crossing to make.
 *
 * As in Torch7, a storage is a run of elements and a tensor is sizes, strides
 * and an offset into a storage; any number of tensors share one.  All of it
 * belongs to one Lua state and is guarded by that state's lock. */
#ifndef LP_NUMPY_TENSOR_H
#define LP_NUMPY_TENSOR_H

#include <stdatomic.h>
#include <string.h>

#include "base/gil.h"
#include "tensor/ndarray.h"

/* Both structures begin as Torch7's THStorage and THTensor do, which code
 * reads through t:cdata(). */
enum { LP_TH_REFCOUNTED = 1, LP_TH_RESIZABLE = 2 };

struct lp_storage {
    char *data;
    ptrdiff_t size; /* in elements */
    int holders; /* tensors, and userdata that stand for the storage */
    char flag;
    void *allocator, *allocator_context; /* NULL */
    struct lp_storage *view;             /* NULL */

    struct lp_state *S;
    /* Owned: the array, or other object, that keeps the memory.  NULL if there
     * is none, or if it is `few` and no array is on that. */
    PyObject *owner;
    /* Elements that the memory has: not less than any size so far, because
     * tensors may still point there. */
    ptrdiff_t capacity;
    enum lp_dtype dtype;
    int foreign; /* the memory came from Python: it cannot grow */
    /* The storage itself until it is dropped, and the owner while `few` is
     * what that keeps. */
    atomic_int users;
    size_t room; /* bytes of `few` */
    _Alignas(16) char few[];
};

/* Up to here a crossing would take long beside the work on the elements;
 * beyond, NumPy knows better where to get memory. */
enum { LP_ROOM_MOST = 16 << 10 };

enum { LP_INLINE_DIMS = 4 };

struct lp_tensor {
    int64_t *size;   /* nd sizes, then nd strides in elements */
    int64_t *stride; /* where those begin */
    int nd;          /* 0: no elements */
    struct lp_storage *storage; /* held; NULL until it has elements */
    ptrdiff_t offset;           /* of the first element in the storage */
    int refcount;               /* 1 */
    char flag;

    enum lp_dtype dtype;
    struct lp_state *S;
    int64_t few[2 * LP_INLINE_DIMS]; /* their place, if they fit */
};

/* The userdata.  Lua's collector works for each byte of those, in particular
 * LuaJIT's: so they are small. */
struct lp_tensor_handle {
    const void *magic; /* NULL: finalized */
    union {
        struct lp_tensor *tensor;   /* owned, never NULL */
        struct lp_storage *storage; /* held, never NULL */
    } of;
};

extern const char lp_tensor_magic, lp_storage_magic;

static inline const struct lp_tensor_handle *
lp_to_tensor_handle(lua_State *L, int index, const void *magic)
{
    const struct lp_tensor_handle *h = lua_touserdata(L, index);
    return h != NULL && lua_rawlen(L, index) == sizeof *h &&
                   h->magic == magic
               ? h
               : NULL;
}

/* [-0, +0, -] The tensor at `index`, or NULL. */
static inline struct lp_tensor *
lp_to_tensor(lua_State *L, int index)
{
    const struct lp_tensor_handle *h =
        lp_to_tensor_handle(L, index, &lp_tensor_magic);
    return h != NULL ? h->of.tensor : NULL;
}

/* [-0, +0, -] The same where there is one. */
static inline struct lp_tensor *
lp_tensor_at(lua_State *L, int index)
{
    return ((struct lp_tensor_handle *)lua_touserdata(L, index))->of.tensor;
}

static inline struct lp_storage *
lp_to_storage(lua_State *L, int index)
{
    const struct lp_tensor_handle *h =
        lp_to_tensor_handle(L, index, &lp_storage_magic);
    return h != NULL ? h->of.storage : NULL;
}

static inline int64_t *
lp_tensor_strides(const struct lp_tensor *t)
{
    return t->size + t->nd;
}

/* [-] Give a tensor, which has room for `nd` dimensions, these sizes with the
 * strides of elements that lie one after another. */
static inline void
lp_set_contiguous(struct lp_tensor *t, int nd, const int64_t *size)
{
    int64_t next = 1;
    t->nd = nd;
    for (int d = nd - 1; d >= 0; d--) {
        t->size[d] = size[d];
        t->size[nd + d] = next;
        next *= size[d];
    }
}

/* [-] `t`, of at most LP_INLINE_DIMS dimensions, as a structure of which sizes
 * and strides can be changed; it holds nothing and must not be moved. */
static inline void
lp_sketch(const struct lp_tensor *t, struct lp_tensor *sketch)
{
    *sketch = *t;
    sketch->size = sketch->few;
    memcpy(sketch->few, t->size, 2 * (size_t)t->nd * sizeof *t->size);
}

/* [-] All elements of a storage that has some, as a vector; it holds nothing
 * and must not be moved. */
static inline void
lp_sketch_storage(struct lp_storage *storage, struct lp_tensor *sketch)
{
    *sketch = (struct lp_tensor){.storage = storage, .dtype = storage->dtype};
    sketch->size = sketch->few;
    sketch->nd = 1;
    sketch->few[0] = storage->size;
    sketch->few[1] = 1;
}

/* Its first element; only if nd > 0. */
static inline char *
lp_tensor_data(const struct lp_tensor *t)
{
    return t->storage->data +
           t->offset * (ptrdiff_t)lp_dtypes[t->dtype].size;
}

/* ---- object.c: making and dropping ---- */

/* [-0, +0, m] Make the metatables of a state, once. */
void lp_tensor_init_or_jump(struct lp_state *S, lua_State *L);

/* [-0, +0, e] What is at `index`, or "bad argument". */
struct lp_tensor *lp_check_tensor_or_jump(lua_State *L, int index);
struct lp_storage *lp_check_storage_or_jump(lua_State *L, int index);
enum lp_dtype lp_check_dtype_or_jump(lua_State *L, int index);

/* [lock; -0, +1, m] Push a tensor without elements. */
struct lp_tensor *lp_new_tensor_or_jump(struct lp_state *S, lua_State *L,
                                        enum lp_dtype dtype);
/* [lock; -0, +1, m] Push the userdata of a storage: of `storage`, or if that
 * is NULL of a new one without elements, with room for `size`. */
struct lp_storage *lp_push_storage_or_jump(struct lp_state *S, lua_State *L,
                                           enum lp_dtype dtype,
                                           struct lp_storage *storage,
                                           ptrdiff_t size);
/* [lock] A storage without elements and with one holder, the caller; NULL
 * without memory.  If `size` elements are few, there is room for them. */
struct lp_storage *lp_storage_make(struct lp_state *S, enum lp_dtype dtype,
                                   ptrdiff_t size);
void lp_storage_hold(struct lp_storage *storage);
void lp_storage_drop(struct lp_storage *storage);
/* [GIL, lock] What keeps the memory of a storage that has elements; NULL with
 * a Python error. */
LP_BORROWED PyObject *lp_storage_owner(struct lp_storage *storage);
/* [lock] Point a tensor at a storage (which it holds from now on), or at
 * none. */
void lp_tensor_set_storage(struct lp_tensor *t, struct lp_storage *storage);
/* [lock; -0, +0, m] Give a tensor `nd` dimensions, whose sizes and strides
 * the caller fills in at once. */
void lp_tensor_set_nd_or_jump(lua_State *L, struct lp_tensor *t, int nd);

/* More than there is memory for, and an exact number in Lua. */
#define LP_MAX_ELEMENTS 9e15

/* [no GIL, lock; -0, +0, em] Give a storage `size` elements; those that there
 * were keep their values. */
void lp_storage_resize_or_jump(lua_State *L, struct lp_storage *storage,
                                 ptrdiff_t size, int zeroed);

/* [-0, +0, e] The Lua error for what changed under the hands of a function:
 * wherever it makes a Lua object, a finalizer may run, and where it makes an
 * array other threads may. */
int lp_changed_or_jump(lua_State *L);

/* ---- element.c: t[i], s[i] ---- */

/* [-0, +1, -] One element as a Lua number. */
void lp_push_element(lua_State *L, enum lp_dtype dtype, const char *p);
/* [-0, +0, e] Store the number at `index` as C would: integers wrap. */
void lp_set_element_or_jump(lua_State *L, enum lp_dtype dtype, char *p,
                            int index);
/* Metamethods __index and __newindex; upvalue 1 is the methods' table. */
int lp_tensor_index(lua_State *L);
int lp_tensor_newindex(lua_State *L);
int lp_storage_index(lua_State *L);
int lp_storage_newindex(lua_State *L);

/* ---- elements.c: t:totable(), s:totable() ---- */

int lp_tensor_totable(lua_State *L);
int lp_storage_totable(lua_State *L);

/* ---- keys.c: t[{...}] ---- */

enum lp_picked { LP_NOT_PICKED, LP_PICKED_ELEMENT, LP_PICKED_VIEW };

/* [-0, +0, -] What the table at `index` picks of `t`, as storage (not held),
 * offset, sizes and strides in `picked`, which must not be moved.
 * LP_NOT_PICKED: it is wrong, or another kind of key. */
enum lp_picked lp_pick(lua_State *L, int index, const struct lp_tensor *t,
                       struct lp_tensor *picked);
/* [lock; -0, +1, m] Push that view of the tensor at `index`. */
void lp_push_picked_or_jump(lua_State *L, int index,
                            const struct lp_tensor *picked);

/* ---- views.c and library.c: functions for Lua ---- */

extern const luaL_Reg lp_tensor_methods[], lp_storage_methods[];
/* Upvalue 1 is the state. */
extern const luaL_Reg lp_tensor_library[];

/* [lock; -0, +1, em] Push a tensor on the storage of the one at `index`, with
 * room for `nd` dimensions.  A finalizer that Lua runs meanwhile may change
 * that one: what was read of it before has to be looked at again. */
struct lp_tensor *lp_new_view_or_jump(lua_State *L, int index, int nd);
/* [lock; -0, +1, em] Push a view with the same dimensions. */
struct lp_tensor *lp_push_alike_or_jump(lua_State *L, int index);
/* [lock; -0, +1, em] Push slice `i` (from 0) of a dimension as a tensor. */
void lp_push_select_or_jump(lua_State *L, int index, int dim, int64_t i);

#endif
