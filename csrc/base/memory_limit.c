/* SPDX-License-Identifier: MIT */
#include "base/memory_limit.h"

#include <stdint.h>
#include <stdlib.h>

static void *
limited_alloc(void *data, void *p, size_t old_size, size_t new_size)
{
    struct lp_memory *m = data;
    if (p == NULL) {
        old_size = 0; /* from 5.2 on it tells the kind of object here */
    }
    if (new_size > old_size &&
        !lp_memory_is_free(m, new_size - old_size)) {
        m->refused = 1;
        return NULL;
    }
    void *result = m->next(m->next_data, p, old_size, new_size);
    if (result != NULL || new_size == 0) {
        m->used = m->used + new_size - old_size;
    }
    return result;
}

int
lp_memory_watch(struct lp_state *S)
{
    if (S->memory != NULL) {
        return 0;
    }
    struct lp_memory *m = calloc(1, sizeof *m);
    if (m == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    enum { KILOBYTE = 1024 };
    m->used = (size_t)lua_gc(S->main, LUA_GCCOUNT, 0) * KILOBYTE +
              (size_t)lua_gc(S->main, LUA_GCCOUNTB, 0);
    m->base = m->used;
    m->next = lua_getallocf(S->main, &m->next_data);
    lua_setallocf(S->main, limited_alloc, m);
    S->memory = m;
    return 0;
}

void
lp_memory_set_limit(struct lp_memory *m, size_t limit, int total)
{
    size_t with_base = limit == 0 || total       ? limit
                       : limit < SIZE_MAX - m->base ? limit + m->base
                                                    : SIZE_MAX;
    __atomic_store_n(&m->limit, with_base, __ATOMIC_RELAXED);
}
