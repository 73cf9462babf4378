/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing. */
#include "base/ptrmap.h"

#include <stdlib.h>

enum { FIRST_SIZE = 16 };

static size_t
slot_of(const struct lp_ptrmap *map, const void *key)
{
    /* Fibonacci hashing: objects are aligned, the low bits say nothing. */
    uint64_t h = (uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 32) & map->mask;
}

intptr_t
lp_ptrmap_get(const struct lp_ptrmap *map, const void *key)
{
    if (map->used == 0) {
        return -1;
    }
    for (size_t i = slot_of(map, key);; i = (i + 1) & map->mask) {
        if (map->slots[i].key == key) {
            return map->slots[i].value;
        }
        if (map->slots[i].key == NULL) {
            return -1;
        }
    }
}

static void
insert(struct lp_ptrmap *map, const void *key, intptr_t value)
{
    size_t i = slot_of(map, key);
    while (map->slots[i].key != NULL && map->slots[i].key != key) {
        i = (i + 1) & map->mask;
    }
    map->used += map->slots[i].key == NULL;
    map->slots[i].key = key;
    map->slots[i].value = value;
}

static int
grow(struct lp_ptrmap *map)
{
    size_t size = map->slots == NULL ? FIRST_SIZE : (map->mask + 1) * 2;
    struct lp_ptrmap bigger = {calloc(size, sizeof *bigger.slots), size - 1,
                               0};
    if (bigger.slots == NULL) {
        return -1;
    }
    for (size_t i = 0; map->slots != NULL && i <= map->mask; i++) {
        if (map->slots[i].key != NULL) {
            insert(&bigger, map->slots[i].key, map->slots[i].value);
        }
    }
    free(map->slots);
    *map = bigger;
    return 0;
}

int
lp_ptrmap_set(struct lp_ptrmap *map, const void *key, intptr_t value)
{
    if (map->slots == NULL || (map->used + 1) * 3 > (map->mask + 1) * 2) {
        if (grow(map) < 0) {
            return -1;
        }
    }
    insert(map, key, value);
    return 0;
}

void
lp_ptrmap_free(struct lp_ptrmap *map)
{
    free(map->slots);
    *map = (struct lp_ptrmap){NULL, 0, 0};
}
