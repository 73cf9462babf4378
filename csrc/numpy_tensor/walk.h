/* SPDX-License-Identifier: MIT */
/* Going through tensors of the same sizes side by side. */
#ifndef LP_WALK_H
#define LP_WALK_H

#include "numpy_tensor/tensor.h"

enum { LP_WALK_DIMS = 8, LP_WALK_ARRAYS = 5 };

struct lp_walk {
    int n;  /* arrays */
    /* Elements of the first share memory: each sees what the ones before it
     * have left there. */
    int one_by_one;
    int nd; /* dimensions of size 1 are left out, others joined */
    int64_t size[LP_WALK_DIMS];
    char *data[LP_WALK_ARRAYS];
    ptrdiff_t step[LP_WALK_ARRAYS][LP_WALK_DIMS]; /* in bytes */
};

/* Works on `n` elements of each array. */
typedef void lp_walk_function(const void *context, char *const *data,
                              ptrdiff_t n, const ptrdiff_t *steps);

/* [-] Begin with the sizes of `first`, which is the result: 1, or 0 if it has
 * no elements or too many dimensions. */
int lp_walk_begin(struct lp_walk *w, const struct lp_tensor *first);
/* [-] Another array: a tensor of the same sizes, or with as many elements one
 * after another, whose memory is apart from the result's or is the same
 * element by element; 0 if it is not. */
int lp_walk_add(struct lp_walk *w, const struct lp_tensor *t,
                const struct lp_tensor *result);
/* [-] An element that stands for all. */
void lp_walk_add_one(struct lp_walk *w, void *element);
/* [-] Call `f` for as long rows as there are. */
void lp_walk_run(struct lp_walk *w, lp_walk_function *f, const void *context);

/* [-] The same in the order of positions. */
void lp_walk_run_in_order(struct lp_walk *w, lp_walk_function *f,
                          const void *context);

/* [-] Copy an element everywhere into `t`; 0 if it has none or too many
 * dimensions. */
int lp_fill(const struct lp_tensor *t, const void *element);

/* [-] Does it have that many dimensions, and these sizes? */
static inline int
lp_has_sizes(const struct lp_tensor *t, int nd, const int64_t *size)
{
    int has = t->nd == nd;
    for (int d = 0; has && d < nd; d++) {
        has = t->size[d] == size[d];
    }
    return has;
}

static inline int
lp_same_sizes(const struct lp_tensor *a, const struct lp_tensor *b)
{
    return lp_has_sizes(a, b->nd, b->size);
}

static inline int64_t
lp_count_elements(const struct lp_tensor *t)
{
    int64_t n = t->nd > 0;
    for (int d = 0; d < t->nd; d++) {
        n *= t->size[d];
    }
    return n;
}

/* [-] Do the elements lie in memory one after another? */
int lp_is_contiguous(const struct lp_tensor *t);
/* [-] Do both have memory in common? */
int lp_share_memory(const struct lp_tensor *a, const struct lp_tensor *b);

#endif
