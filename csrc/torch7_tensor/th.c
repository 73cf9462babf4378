/* SPDX-License-Identifier: MIT */
#include "torch7_tensor/th.h"

#include <stdio.h>

#include "base/dynlib.h"

struct th_functions lp_th[LP_N_DTYPES];

static void
keep_data(void *ctx, void *p)
{
    (void)ctx;
    (void)p;
}

/* Does this build of TH lay its structures out as th.h says?  Make a tensor
 * and look. */
static int
layout_is_known(const struct th_functions *th)
{
    static struct th_allocator allocator = {NULL, NULL, keep_data};
    static double data[8];
    long size[] = {2, 3}, stride[] = {4, 1};
    struct th_storage *s = th->new_storage(data, 8, &allocator, &allocator);
    struct th_tensor *t = th->new_tensor();
    int known = s->data == (char *)data && s->size == 8 && s->refcount == 1 &&
                s->flag == (TH_REFCOUNTED | TH_RESIZABLE | TH_FREEMEM) &&
                s->allocator == &allocator && s->allocator_ctx == &allocator;
    if (known) {
        th->set_storage(t, s, 1, 2, size, stride);
        known = t->nd == 2 && t->size[1] == 3 && t->stride[0] == 4 &&
                t->storage == s && t->offset == 1 && t->refcount == 1 &&
                s->refcount == 2;
    }
    th->free_tensor(t);
    th->free_storage(s);
    return known;
}

/* One function of one type; a name that is missing leaves NULL. */
static void
look_up(void *library, void **function, enum lp_dtype dtype,
        const char *name)
{
    char symbol[64];
    snprintf(symbol, sizeof symbol, "TH%s%s", lp_dtypes[dtype].name, name);
    *function = lp_dynlib_symbol_in(library, symbol);
}

static int
find(void *library)
{
    for (int i = 0; i < LP_N_DTYPES; i++) {
        struct th_functions *th = &lp_th[i];
        enum lp_dtype dtype = (enum lp_dtype)i;
        look_up(library, (void **)&th->new_storage, dtype,
                "Storage_newWithDataAndAllocator");
        look_up(library, (void **)&th->retain_storage, dtype,
                "Storage_retain");
        look_up(library, (void **)&th->free_storage, dtype, "Storage_free");
        look_up(library, (void **)&th->free_tensor, dtype, "Tensor_free");
        look_up(library, (void **)&th->set_storage, dtype,
                "Tensor_setStorageNd");
        look_up(library, (void **)&th->new_tensor, dtype, "Tensor_new");
        if (th->new_storage == NULL || th->retain_storage == NULL ||
            th->free_storage == NULL || th->free_tensor == NULL ||
            th->set_storage == NULL) {
            th->new_tensor = NULL;
        }
    }
    return lp_th[LP_Double].new_tensor != NULL &&
           layout_is_known(&lp_th[LP_Double]);
}

int
lp_th_find(lua_State *L, int index)
{
    static int found = -1; /* not looked yet */
    if (found >= 0) {
        return found;
    }
    lua_getfield(L, index, "__gc");
    lua_CFunction gc = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    if (gc == NULL) {
        return 0;
    }
    /* The library that __gc lies in needs TH, so its symbols are reached
     * through it even if they are not global. */
    void *address;
    *(lua_CFunction *)&address = gc;
    found = find(lp_dynlib_library_of(address));
    if (found) { /* arrays may be freed through it until the very end */
        lp_dynlib_pin(*(void **)&lp_th[LP_Double].free_storage);
        lp_dynlib_pin(address);
    }
    return found;
}
