/* SPDX-License-Identifier: MIT */
/* Memory that Torch7 and Python share.
 *
 * Python keeps Torch7's: holding the storage would not be enough, because
 * resizing it moves or frees the memory below.  So a storage is given an
 * allocator of ours around its own the first time that it is shared; when
 * Torch7 then frees memory that arrays are on, that waits for the last of
 * them.
 *
 * Torch7 keeps Python's: the storage's allocator frees it by queueing the
 * array, since that happens on any thread and inside finalizers. */
#include <stdatomic.h>
#include <stdlib.h>

#include "tensor/memory.h"
#include "torch7_tensor/th.h"

/* ---- Python keeps Torch7's memory ---- */

struct block {
    atomic_int holders; /* arrays, and the storage while it has this memory */
    void *data;
    struct th_allocator *allocator; /* the storage's own, to free it with */
    void *allocator_ctx;
};

/* Context of shared_allocator. */
struct shared {
    struct th_storage *storage;
    struct th_allocator *allocator; /* the storage's own */
    void *allocator_ctx;
    struct block *block; /* held; of storage->data, or NULL: no arrays */
};

static void
drop_block(void *ctx)
{
    struct block *block = ctx;
    if (atomic_fetch_sub(&block->holders, 1) == 1) {
        block->allocator->free(block->allocator_ctx, block->data);
        free(block);
    }
}

static void *
shared_malloc(void *ctx, ptrdiff_t size)
{
    struct shared *shared = ctx;
    return shared->allocator->malloc(shared->allocator_ctx, size);
}

static void
shared_free(void *ctx, void *p)
{
    struct shared *shared = ctx;
    struct block *block = shared->block;
    /* After resizing, the storage has other memory already; when it goes
     * itself, it still has this. */
    int last = shared->storage->data == p;
    if (block != NULL && block->data == p) {
        shared->block = NULL;
        drop_block(block);
    }
    else {
        shared->allocator->free(shared->allocator_ctx, p);
    }
    if (last) {
        free(shared);
    }
}

static struct th_allocator shared_allocator = {shared_malloc, NULL,
                                               shared_free};

/* Put our allocator around the storage's; NULL without memory. */
static struct shared *
adopt(struct th_storage *storage)
{
    if (storage->allocator == &shared_allocator) {
        return storage->allocator_ctx;
    }
    struct shared *shared = malloc(sizeof *shared);
    if (shared != NULL) {
        *shared = (struct shared){storage, storage->allocator,
                                  storage->allocator_ctx, NULL};
        storage->allocator = &shared_allocator;
        storage->allocator_ctx = shared;
    }
    return shared;
}

/* The block of the storage's memory, held once more. */
static struct block *
hold_block(struct lp_state *S, struct th_storage *storage, size_t bytes)
{
    struct shared *shared = adopt(storage);
    if (shared == NULL) {
        return NULL;
    }
    if (shared->block == NULL) {
        struct block *block = malloc(sizeof *block);
        if (block == NULL) {
            return NULL;
        }
        atomic_init(&block->holders, 1); /* the storage */
        block->data = storage->data;
        block->allocator = shared->allocator;
        block->allocator_ctx = shared->allocator_ctx;
        shared->block = block;
        S->foreign += bytes;
    }
    atomic_fetch_add(&shared->block->holders, 1);
    return shared->block;
}

/* A storage that cannot be resized (a mapped file, a view of another one)
 * keeps its memory as long as it lives. */
struct held_storage {
    const struct th_functions *th;
    struct th_storage *storage;
};

static void
drop_storage(void *ctx)
{
    struct held_storage *held = ctx;
    held->th->free_storage(held->storage);
    free(held);
}

static PyObject *
keep_fixed(const struct th_functions *th, struct th_storage *storage,
           size_t bytes)
{
    struct held_storage *held = malloc(sizeof *held);
    if (held == NULL) {
        return PyErr_NoMemory();
    }
    *held = (struct held_storage){th, storage};
    PyObject *memory =
        lp_memory_new(storage->data, bytes, 0, drop_storage, held);
    if (memory == NULL) {
        free(held);
        return NULL;
    }
    th->retain_storage(storage);
    return memory;
}

PyObject *
lp_th_keep(struct lp_state *S, const struct th_functions *th,
           struct th_storage *storage)
{
    size_t item = lp_dtypes[th - lp_th].size;
    size_t bytes = (size_t)storage->size * item;
    if (storage->allocator == &lp_th_foreign_allocator) {
        PyObject *array =
            ((struct th_foreign *)storage->allocator_ctx)->array;
        Py_INCREF(array);
        return array;
    }
    if ((storage->flag & TH_RESIZABLE) == 0 ||
        (storage->flag & TH_FREEMEM) == 0) {
        return keep_fixed(th, storage, bytes);
    }
    struct block *block = hold_block(S, storage, bytes);
    if (block == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *memory =
        lp_memory_new(storage->data, bytes, 0, drop_block, block);
    if (memory == NULL) {
        drop_block(block);
    }
    return memory;
}

/* ---- Torch7 keeps Python's memory ---- */

static _Atomic(struct th_foreign *) dropped; /* a stack */

/* [GIL] Python calls this soon, if it was asked to; see foreign_free. */
static int
release_dropped(void *ctx)
{
    (void)ctx;
    struct th_foreign *foreign = atomic_exchange(&dropped, NULL);
    while (foreign != NULL) {
        struct th_foreign *next = foreign->next;
        Py_DECREF(foreign->array);
        free(foreign);
        foreign = next;
    }
    return 0;
}

static void
foreign_free(void *ctx, void *p)
{
    struct th_foreign *foreign = ctx;
    (void)p;
    if (!lp_python_alive) {
        free(foreign); /* the array went with Python, or never will */
        return;
    }
    struct th_foreign *others = atomic_load(&dropped);
    do {
        foreign->next = others;
    } while (!atomic_compare_exchange_weak(&dropped, &others, foreign));
    /* The next tensor releases it (and may have done so by now); or Python, if
     * that runs code before. */
    if (others == NULL) {
        Py_AddPendingCall(release_dropped, NULL);
    }
}

struct th_allocator lp_th_foreign_allocator = {NULL, NULL, foreign_free};

void
lp_th_drain(struct lp_state *S)
{
    if (LP_LIKELY(atomic_load(&dropped) == NULL)) {
        return;
    }
    struct th_foreign *foreign = atomic_exchange(&dropped, NULL);
    while (foreign != NULL) {
        struct th_foreign *next = foreign->next;
        lp_queue_decref(S, foreign->array);
        free(foreign);
        foreign = next;
    }
}
