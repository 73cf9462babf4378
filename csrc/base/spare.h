/* SPDX-License-Identifier: MIT */
/* Small blocks of memory that have been given back, for the next ones.
 *
 * Lua's collector drops thousands of tensors at a time, which is what malloc
 * is slowest at: it joins the blocks and cuts them again. */
#ifndef LP_SPARE_H
#define LP_SPARE_H

#include <stdlib.h>

enum {
    LP_SPARE_GRAIN = 64, /* bytes: sizes are rounded up to a multiple */
    LP_SPARE_CLASSES = 8,
    LP_SPARE_MOST = 8 << 20 /* bytes kept in all */
};

struct lp_spare {
    void *first[LP_SPARE_CLASSES]; /* lists; each block begins with the next */
    size_t bytes;
};

/* [-] The class of a size; blocks of LP_SPARE_CLASSES and more are not kept. */
static inline size_t
lp_spare_class(size_t size)
{
    return (size - 1) / LP_SPARE_GRAIN;
}

/* [-, whoever owns `spare`] A block of at least `size` bytes, not 0, for `free`
 * or lp_spare_give; NULL without memory. */
static inline void *
lp_spare_take(struct lp_spare *spare, size_t size)
{
    size_t kind = lp_spare_class(size);
    if (kind >= LP_SPARE_CLASSES) {
        return malloc(size);
    }
    void *block = spare->first[kind];
    if (block == NULL) {
        return malloc((kind + 1) * LP_SPARE_GRAIN);
    }
    spare->first[kind] = *(void **)block;
    spare->bytes -= (kind + 1) * LP_SPARE_GRAIN;
    return block;
}

/* [-, whoever owns `spare`] Give back a block of lp_spare_take(size). */
static inline void
lp_spare_give(struct lp_spare *spare, void *block, size_t size)
{
    size_t kind = lp_spare_class(size);
#ifdef __SANITIZE_ADDRESS__
    kind = LP_SPARE_CLASSES; /* see what is used after it was given back */
#endif
    if (kind >= LP_SPARE_CLASSES || spare->bytes > LP_SPARE_MOST) {
        free(block);
        return;
    }
    *(void **)block = spare->first[kind];
    spare->first[kind] = block;
    spare->bytes += (kind + 1) * LP_SPARE_GRAIN;
}

/* [-, whoever owns `spare`] Free what is kept. */
static inline void
lp_spare_free(struct lp_spare *spare)
{
    for (int kind = 0; kind < LP_SPARE_CLASSES; kind++) {
        while (spare->first[kind] != NULL) {
            void *block = spare->first[kind];
            spare->first[kind] = *(void **)block;
            free(block);
        }
    }
    spare->bytes = 0;
}

#endif
