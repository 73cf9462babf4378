/* SPDX-License-Identifier: MIT */
/* Torch7's C library TH, without its headers: the structures (x86-64 and
 * other LP64 machines) and the functions that are called.
 *
 * TH reports errors by longjmp through its caller: everything is checked
 * before a call, and only running out of memory is left. */
#ifndef LP_TH_H
#define LP_TH_H

#include "base/state.h"
#include "tensor/ndarray.h"

struct th_allocator {
    void *(*malloc)(void *ctx, ptrdiff_t size);
    /* NULL: resizing is malloc, copy and free. */
    void *(*realloc)(void *ctx, void *p, ptrdiff_t size);
    void (*free)(void *ctx, void *p);
};

enum { /* flags of a storage */
    TH_REFCOUNTED = 1,
    TH_RESIZABLE = 2,
    TH_FREEMEM = 4,
    TH_VIEW = 8
};

struct th_storage {
    char *data;
    ptrdiff_t size; /* in elements */
    int refcount;   /* atomic */
    char flag;
    struct th_allocator *allocator;
    void *allocator_ctx;
    struct th_storage *view;
};

struct th_tensor {
    long *size;
    long *stride; /* in elements */
    int nd;
    struct th_storage *storage; /* may be NULL */
    ptrdiff_t offset;
    int refcount;
    char flag;
};

/* The functions of one element type; `new_tensor` is NULL if Torch7 has no
 * such type. */
struct th_functions {
    /* Takes `data` over: the allocator's free is called for it. */
    struct th_storage *(*new_storage)(void *data, ptrdiff_t size,
                                      struct th_allocator *allocator,
                                      void *ctx);
    void (*retain_storage)(struct th_storage *storage);
    void (*free_storage)(struct th_storage *storage);
    struct th_tensor *(*new_tensor)(void);
    void (*free_tensor)(struct th_tensor *tensor);
    void (*set_storage)(struct th_tensor *tensor, struct th_storage *storage,
                        ptrdiff_t offset, int nd, long *size, long *stride);
};
extern struct th_functions lp_th[LP_N_DTYPES];

/* [-0, +0, m] Find TH in this process, which has loaded it if there is a
 * metatable of Torch7 at `index`, once.  True if it is there and its
 * structures are those above. */
int lp_th_find(lua_State *L, int index);

/* ---- memory.c ---- */

/* [GIL, lock] A Python object that keeps the memory of a storage as it is
 * now, also when Torch7 resizes or frees the storage. */
LP_OWNED PyObject *lp_th_keep(struct lp_state *S,
                              const struct th_functions *th,
                              struct th_storage *storage);

/* A storage on an array's memory frees it by this; its context is a
 * struct th_foreign. */
extern struct th_allocator lp_th_foreign_allocator;
struct th_foreign {
    PyObject *array; /* owned, from the moment the storage exists */
    struct th_foreign *next;
};

/* [GIL, lock] Release the arrays whose storages were freed meanwhile, on
 * whatever thread: through the queue of the state. */
void lp_th_drain(struct lp_state *S);

#endif
