/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing, 8 bytes a slot: the key lies in the
 * object.  Removal shifts the cluster back, so that no tombstones slow a
 * long-lived cache down. */
#include "handle/handle_cache.h"

#include <stdlib.h>

enum { FIRST_SIZE = 16 };

static size_t
home_of(const struct lp_handle_cache *cache, const void *address,
        const struct lp_view *view)
{
    /* Fibonacci hashing: values are aligned, the low bits say nothing. */
    uint64_t h = ((uint64_t)(uintptr_t)address + view->id) *
                 UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 32) & cache->mask;
}

struct lp_lua_object *
lp_handle_cache_find(const struct lp_handle_cache *cache, const void *address,
                     const struct lp_view *view)
{
    if (cache->used == 0) {
        return NULL;
    }
    struct lp_lua_object *object;
    for (size_t i = home_of(cache, address, view);
         (object = cache->slots[i]) != NULL; i = (i + 1) & cache->mask) {
        if (object->address == address && object->view == view) {
            return object;
        }
    }
    return NULL;
}

static void
insert(struct lp_handle_cache *cache, struct lp_lua_object *object)
{
    size_t i = home_of(cache, object->address, object->view);
    while (cache->slots[i] != NULL) {
        i = (i + 1) & cache->mask;
    }
    cache->slots[i] = object;
    cache->used++;
}

static int
grow(struct lp_handle_cache *cache)
{
    size_t size = cache->slots == NULL ? FIRST_SIZE : (cache->mask + 1) * 2;
    struct lp_handle_cache bigger = {calloc(size, sizeof *bigger.slots),
                                     size - 1, 0};
    if (bigger.slots == NULL) {
        return -1;
    }
    for (size_t i = 0; cache->slots != NULL && i <= cache->mask; i++) {
        if (cache->slots[i] != NULL) {
            insert(&bigger, cache->slots[i]);
        }
    }
    free(cache->slots);
    *cache = bigger;
    return 0;
}

int
lp_handle_cache_add(struct lp_handle_cache *cache,
                    struct lp_lua_object *object)
{
    if (cache->slots == NULL ||
        (cache->used + 1) * 4 > (cache->mask + 1) * 3) {
        if (grow(cache) < 0) {
            return -1;
        }
    }
    insert(cache, object);
    return 0;
}

void
lp_handle_cache_remove(struct lp_handle_cache *cache,
                       const struct lp_lua_object *object)
{
    size_t hole = home_of(cache, object->address, object->view);
    while (cache->slots[hole] != object) {
        hole = (hole + 1) & cache->mask;
    }
    cache->used--;
    for (size_t i = (hole + 1) & cache->mask; cache->slots[i] != NULL;
         i = (i + 1) & cache->mask) {
        /* Move slot i into the hole unless its home lies after the hole. */
        size_t home =
            home_of(cache, cache->slots[i]->address, cache->slots[i]->view);
        if (((i - home) & cache->mask) >= ((i - hole) & cache->mask)) {
            cache->slots[hole] = cache->slots[i];
            hole = i;
        }
    }
    cache->slots[hole] = NULL;
}
