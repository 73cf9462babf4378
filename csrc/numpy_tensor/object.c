/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cross/error.h"
#include "numpy_tensor/tensor.h"
#include "tensor/memory.h"

const char lp_tensor_magic = 't', lp_storage_magic = 's';

/* ---- arguments ---- */

struct lp_tensor *
lp_check_tensor_or_jump(lua_State *L, int index)
{
    struct lp_tensor *t = lp_to_tensor(L, index);
    if (t == NULL) {
        luaL_error(L, "bad argument #%d (torch.*Tensor expected, got %s)",
                   index, luaL_typename(L, index));
    }
    return t;
}

struct lp_storage *
lp_check_storage_or_jump(lua_State *L, int index)
{
    struct lp_storage *storage = lp_to_storage(L, index);
    if (storage == NULL) {
        luaL_error(L, "bad argument #%d (torch.*Storage expected, got %s)",
                   index, luaL_typename(L, index));
    }
    return storage;
}

/* A type is given by the name of its tensors or storages. */
enum lp_dtype
lp_check_dtype_or_jump(lua_State *L, int index)
{
    int is_storage;
    const char *name = luaL_checkstring(L, index);
    enum lp_dtype dtype = lp_dtype_of_name(name, &is_storage);
    if (dtype == LP_NO_DTYPE) {
        luaL_error(L, "there is no tensor type '%s'", name);
    }
    return dtype;
}

/* ---- storages ---- */

struct lp_storage *
lp_storage_make(struct lp_state *S, enum lp_dtype dtype, ptrdiff_t size)
{
    const size_t item = lp_dtypes[dtype].size;
    size_t room = size > 0 && (size_t)size <= LP_ROOM_MOST / item
                      ? (size_t)size * item
                      : 0;
    struct lp_storage *storage =
        lp_spare_take(&S->spare, sizeof *storage + room);
    if (storage != NULL) {
        *storage = (struct lp_storage){
            .holders = 1,
            .flag = LP_TH_REFCOUNTED | LP_TH_RESIZABLE,
            .S = S,
            .dtype = dtype,
            .users = 1,
            .room = room,
        };
    }
    return storage;
}

void
lp_storage_hold(struct lp_storage *storage)
{
    storage->holders++;
}

/* [-] One user less; `few` has then nobody. */
static void
leave_room(void *ctx)
{
    struct lp_storage *storage = ctx;
    if (atomic_fetch_sub(&storage->users, 1) == 1) {
        free(storage);
    }
}

void
lp_storage_drop(struct lp_storage *storage)
{
    if (--storage->holders > 0) {
        return;
    }
    struct lp_state *S = storage->S;
    if (storage->owner == NULL) {
        if (storage->data != NULL) {
            lp_discount(S, sizeof *storage + storage->room);
        }
        lp_spare_give(&S->spare, storage, sizeof *storage + storage->room);
        return;
    }
    PyObject *owner = storage->owner;
    leave_room(storage);
    /* Queued, because finalizers may not take the GIL. */
    if (lp_python_alive) {
        lp_queue_decref(S, owner);
    }
}

LP_BORROWED PyObject *
lp_storage_owner(struct lp_storage *storage)
{
    if (storage->owner == NULL) { /* the memory is `few` */
        storage->owner = lp_memory_new(storage->few, storage->room, 0,
                                       leave_room, storage);
        if (storage->owner != NULL) {
            atomic_fetch_add(&storage->users, 1);
        }
    }
    return storage->owner;
}

static int
storage_gc(lua_State *L)
{
    struct lp_storage *storage = lp_to_storage(L, 1);
    if (storage != NULL && !lp_keep_until_closed(L)) {
        ((struct lp_tensor_handle *)lua_touserdata(L, 1))->magic = NULL;
        lp_storage_drop(storage);
    }
    return 0;
}

/* [-0, +1, m] Push a userdata that is none of ours yet. */
static struct lp_tensor_handle *
new_handle_or_jump(lua_State *L)
{
    struct lp_tensor_handle *h = lp_new_userdata(L, sizeof *h);
    h->magic = NULL;
    return h;
}

struct lp_storage *
lp_push_storage_or_jump(struct lp_state *S, lua_State *L, enum lp_dtype dtype,
                        struct lp_storage *storage, ptrdiff_t size)
{
    struct lp_tensor_handle *h = new_handle_or_jump(L);
    lp_push_slot(S, L, LP_SLOT_TENSOR2);
    lua_rawgeti(L, -1, (int)dtype + 1);
    lua_remove(L, -2);
    lua_setmetatable(L, -2);
    if (storage == NULL) {
        storage = lp_storage_make(S, dtype, size);
        if (storage == NULL) {
            luaL_error(L, "not enough memory");
        }
    }
    else {
        lp_storage_hold(storage);
    }
    h->of.storage = storage;
    h->magic = &lp_storage_magic;
    return storage;
}

/* [GIL, lock] Go on in the memory of `owner`, a new array of `size`. */
static void
take_memory(struct lp_storage *storage, LP_STEALS PyObject *owner,
            ptrdiff_t size)
{
    const size_t item = lp_dtypes[storage->dtype].size;
    char *data = ((struct lp_ndarray *)owner)->data;
    storage->size = size;
    if (storage->data != NULL && size <= storage->capacity) {
        /* Another thread made it larger meanwhile. */
        lp_queue_decref(storage->S, owner);
        return;
    }
    if (storage->data != NULL) {
        memcpy(data, storage->data, (size_t)storage->capacity * item);
    }
    if (storage->owner != NULL) {
        lp_queue_decref(storage->S, storage->owner);
    }
    storage->owner = owner;
    storage->data = data;
    storage->capacity = size;
    storage->S->foreign += (size_t)size * item;
}

/* [GIL, lock] Give a storage more elements in the memory that it has, which
 * may move; 0 if that is not possible. */
static int
grow(struct lp_storage *storage, ptrdiff_t size)
{
    const size_t item = lp_dtypes[storage->dtype].size;
    PyObject *owner = storage->owner;
    if (storage->data == NULL || storage->data == storage->few ||
        size <= storage->capacity || /* a signal's handler made it larger */
        !lp_ndarray_grow(owner, size)) {
        return 0;
    }
    storage->S->foreign += (size_t)(size - storage->capacity) * item;
    storage->data = ((struct lp_ndarray *)owner)->data;
    storage->size = storage->capacity = size;
    return 1;
}

/* [GIL] Torch7's words for memory that is not there; NumPy's tell the shape of
 * an array that nobody asked for. */
static void
word_lack_of_memory(size_t bytes)
{
    if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Format(PyExc_MemoryError,
                     "$ Torch: not enough memory: you tried to allocate "
                     "%zuGB. Buy new RAM!",
                     bytes >> 30);
    }
}

void
lp_storage_resize_or_jump(lua_State *L, struct lp_storage *storage,
                          ptrdiff_t size, int zeroed)
{
    struct lp_state *S = storage->S;
    const size_t item = lp_dtypes[storage->dtype].size;
    if (storage->foreign) {
        luaL_error(L, "Trying to resize storage that is not resizable");
    }
    if (size < 0 || (size_t)size > PTRDIFF_MAX / item) {
        luaL_error(L, "$ Torch: not enough memory: you tried to allocate "
                      "%f elements. Buy new RAM!",
                   (double)size);
    }
    /* Not before NumPy is there: who has none is told so by the first tensor. */
    if (storage->data == NULL && (size_t)size * item <= storage->room &&
        lp_ndarray_type != NULL) {
        storage->data = storage->few;
        storage->capacity = (ptrdiff_t)(storage->room / item);
        S->foreign += sizeof *storage + storage->room;
        if (zeroed) {
            memset(storage->few, 0, storage->room);
        }
    }
    if (storage->data != NULL && size <= storage->capacity) {
        storage->size = size;
        return;
    }
    lp_relieve_or_jump(S, L);
    struct lp_cross x;
    lp_cross_begin_or_jump(&x, S, L);
    if (grow(storage, size)) {
        lp_cross_end(&x);
        return;
    }
    lp_storage_hold(storage); /* its last tensor may be pointed elsewhere */
    lp_cross_unlock(&x); /* also lets go of what was dropped before */
    PyObject *owner = NULL;
    if (lp_numpy_import() == 0) {
        owner = lp_ndarray_new(storage->dtype, size, zeroed);
    }
    if (owner == NULL) {
        word_lack_of_memory((size_t)size * item);
    }
    lp_cross_lock(&x);
    if (owner == NULL) {
        lp_storage_drop(storage);
        lp_cross_fail(S, L, 0);
        lp_cross_end(&x);
        lua_error(L);
        return;
    }
    take_memory(storage, owner, size);
    lp_storage_drop(storage);
    lp_cross_end(&x);
}

/* ---- tensors ---- */

static int
tensor_gc(lua_State *L)
{
    struct lp_tensor *t = lp_to_tensor(L, 1);
    if (t != NULL && !lp_keep_until_closed(L)) {
        ((struct lp_tensor_handle *)lua_touserdata(L, 1))->magic = NULL;
        if (t->storage != NULL) {
            lp_storage_drop(t->storage);
        }
        if (t->size != t->few) {
            free(t->size);
        }
        lp_discount(t->S, sizeof *t);
        lp_spare_give(&t->S->spare, t, sizeof *t);
    }
    return 0;
}

/* [lock; -0, +1, m] Push a tensor that has no metatable yet: the caller sets
 * it at once. */
static struct lp_tensor *
new_tensor_or_jump(struct lp_state *S, lua_State *L, enum lp_dtype dtype)
{
    struct lp_tensor_handle *h = new_handle_or_jump(L);
    struct lp_tensor *t = lp_spare_take(&S->spare, sizeof *t);
    if (t == NULL) {
        luaL_error(L, "not enough memory");
    }
    h->of.tensor = t;
    h->magic = &lp_tensor_magic;
    S->foreign += sizeof *t;
    t->S = S;
    t->storage = NULL;
    t->offset = 0;
    t->dtype = dtype;
    t->nd = 0;
    t->size = t->stride = t->few;
    t->refcount = 1;
    t->flag = LP_TH_REFCOUNTED;
    return t;
}

struct lp_tensor *
lp_new_tensor_or_jump(struct lp_state *S, lua_State *L, enum lp_dtype dtype)
{
    lp_relieve_or_jump(S, L);
    struct lp_tensor *t = new_tensor_or_jump(S, L, dtype);
    lp_push_slot(S, L, LP_SLOT_TENSOR1);
    lua_rawgeti(L, -1, (int)dtype + 1);
    lua_remove(L, -2);
    lua_setmetatable(L, -2);
    return t;
}

int
lp_changed_or_jump(lua_State *L)
{
    return luaL_error(L, "another thread or a finalizer has changed a tensor "
                         "while it was used");
}

struct lp_tensor *
lp_new_view_or_jump(lua_State *L, int index, int nd)
{
    index = lp_abs(L, index);
    const struct lp_tensor *from = lp_tensor_at(L, index);
    lp_relieve_or_jump(from->S, L);
    struct lp_tensor *t = new_tensor_or_jump(from->S, L, from->dtype);
    lua_getmetatable(L, index);
    lua_setmetatable(L, -2);
    lp_tensor_set_nd_or_jump(L, t, nd);
    lp_tensor_set_storage(t, from->storage);
    t->offset = from->offset;
    return t;
}

void
lp_tensor_set_storage(struct lp_tensor *t, struct lp_storage *storage)
{
    struct lp_storage *old = t->storage;
    if (storage != NULL) {
        lp_storage_hold(storage);
    }
    t->storage = storage;
    if (old != NULL) {
        lp_storage_drop(old);
    }
}

void
lp_tensor_set_nd_or_jump(lua_State *L, struct lp_tensor *t, int nd)
{
    int64_t *size = t->few;
    if (nd > LP_INLINE_DIMS) {
        size = calloc(2 * (size_t)nd, sizeof *size);
        if (size == NULL) {
            luaL_error(L, "not enough memory");
        }
    }
    if (t->size != t->few) {
        free(t->size);
    }
    t->size = size;
    t->stride = size + nd;
    t->nd = nd;
}

/* ---- metatables ---- */

/* Metamethods that Torch7's API defines in Lua (py.torch): until something
 * has loaded that, this stands in for them. */
static int
load_metamethod(lua_State *L)
{
    int nargs = lua_gettop(L);
    luaL_checkstack(L, nargs + 8, "lua-py: tensor");
    lua_getglobal(L, "require");
    lua_pushliteral(L, "py.torch");
    lua_call(L, 1, 0);
    for (int i = 1; i <= nargs; i++) {
        if (lp_to_tensor(L, i) == NULL && lp_to_storage(L, i) == NULL) {
            continue;
        }
        lua_getmetatable(L, i);
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_rawget(L, -2);
        if (lua_isnil(L, -1) || lua_tocfunction(L, -1) == load_metamethod) {
            break;
        }
        lua_insert(L, 1);
        lua_settop(L, nargs + 1);
        lua_call(L, nargs, LUA_MULTRET);
        return lua_gettop(L);
    }
    return luaL_error(L, "%s has no metamethod %s",
                      luaL_typename(L, nargs > 0 ? 1 : 0),
                      lua_tostring(L, lua_upvalueindex(1)));
}

/* A method that is not in the table yet may be one of py.torch's. */
static int
load_method(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushnil(L);
    lua_setmetatable(L, 1); /* only once */
    lua_getglobal(L, "require");
    lua_pushliteral(L, "py.torch");
    lua_call(L, 1, 0);
    lua_pushvalue(L, 2);
    lua_gettable(L, 1);
    return 1;
}

struct kind {
    const luaL_Reg *methods;
    lua_CFunction index, newindex, gc;
};

/* [+1] The metatable of one type. */
static void
push_metatable_or_jump(lua_State *L, const char *name,
                       const struct kind *kind)
{
    static const char *const later[] = {
        "__tostring", "__add", "__sub", "__mul", "__div", "__unm",
        "__len",
    };
    lua_newtable(L);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__typename");
    lua_newtable(L); /* the methods */
    for (const luaL_Reg *m = kind->methods; m->name != NULL; m++) {
        lua_pushcfunction(L, m->func);
        lua_setfield(L, -2, m->name);
    }
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, load_method);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "__methods");
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, kind->index, 1);
    lua_setfield(L, -3, "__index");
    lua_pushcclosure(L, kind->newindex, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, kind->gc);
    lua_setfield(L, -2, "__gc");
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        lua_pushstring(L, later[i]);
        lua_pushvalue(L, -1);
        lua_pushcclosure(L, load_metamethod, 1);
        lua_rawset(L, -3);
    }
}

void
lp_tensor_init_or_jump(struct lp_state *S, lua_State *L)
{
    static const struct kind tensor = {lp_tensor_methods, lp_tensor_index,
                                       lp_tensor_newindex, tensor_gc};
    static const struct kind storage = {lp_storage_methods, lp_storage_index,
                                        lp_storage_newindex, storage_gc};
    lp_push_slot(S, L, LP_SLOT_TENSOR1);
    int done = lua_istable(L, -1);
    lua_pop(L, 1);
    if (done) {
        return;
    }
    lua_createtable(L, LP_N_DTYPES, 0);
    lua_createtable(L, LP_N_DTYPES, 0);
    for (int i = 0; i < LP_N_DTYPES; i++) {
        push_metatable_or_jump(L, lp_dtypes[i].tensor_name, &tensor);
        lua_rawseti(L, -3, i + 1);
        push_metatable_or_jump(L, lp_dtypes[i].storage_name, &storage);
        lua_rawseti(L, -2, i + 1);
    }
    lp_set_slot_or_jump(S, L, LP_SLOT_TENSOR2);
    lp_set_slot_or_jump(S, L, LP_SLOT_TENSOR1);
}
