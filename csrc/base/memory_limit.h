/* SPDX-License-Identifier: MIT */
/* A limit for the memory of one Lua state (pyhelper.LuaRuntime's max_memory):
 * an allocator in front of Lua's own, which refuses what goes beyond. */
#ifndef LP_MEMORY_LIMIT_H
#define LP_MEMORY_LIMIT_H

#include "base/state.h"

struct lp_memory {
    lua_Alloc next; /* Lua's own */
    void *next_data;
    size_t used;
    size_t base;  /* what the runtime itself used when counting began */
    size_t limit; /* 0: none */
    int refused;  /* since the last error that was looked at */
};

/* [lock] Does the limit, if there is one, leave room for that many bytes? */
static inline int
lp_memory_is_free(const struct lp_memory *m, size_t size)
{
    size_t limit = m != NULL ? __atomic_load_n(&m->limit, __ATOMIC_RELAXED) : 0;
    return limit == 0 || (size <= limit && m->used <= limit - size);
}

/* [GIL, lock] Begin to count; 0, or -1 with a Python error. */
int lp_memory_watch(struct lp_state *S);

/* [GIL] Bytes that Lua may have, 0: without limit; on top of `base`, unless
 * `total`.  Lua code may run meanwhile. */
void lp_memory_set_limit(struct lp_memory *m, size_t limit, int total);

#endif
