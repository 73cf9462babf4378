/* SPDX-License-Identifier: MIT */
/* A small hash map from addresses to addresses or numbers.  Used for the
 * memo of the converters (identity, cycles). */
#ifndef LP_PTRMAP_H
#define LP_PTRMAP_H

#include <stddef.h>
#include <stdint.h>

struct lp_ptrmap_slot {
    const void *key; /* NULL: free */
    intptr_t value;
};

struct lp_ptrmap {
    struct lp_ptrmap_slot *slots; /* NULL while empty */
    size_t mask;                  /* number of slots - 1 */
    size_t used;
};

/* The value of `key`, or -1.  Values must not be -1, keys not NULL. */
intptr_t lp_ptrmap_get(const struct lp_ptrmap *map, const void *key);
/* Add or replace.  Returns 0, or -1 when out of memory (map unchanged). */
int lp_ptrmap_set(struct lp_ptrmap *map, const void *key, intptr_t value);
void lp_ptrmap_free(struct lp_ptrmap *map);

#endif
