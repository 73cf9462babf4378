/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/moves.h"

#include <string.h>

#include "numpy_tensor/operation.h"

enum { LIST, MOVING, FIXED }; /* in the walk */

struct move {
    const struct lp_loop *loop;
    int args[3]; /* of the loop: MOVING or FIXED */
    enum lp_way way;
    size_t item;     /* bytes of an element */
    ptrdiff_t step;  /* from one slice of `moving` to the next, in bytes */
    uint64_t slices; /* of `moving` */
};

/* Copy single elements, each with a position of its own. */
static void
move_elements(const struct move *m, char *const *data, ptrdiff_t n,
              const ptrdiff_t *steps)
{
    const char *list = data[LIST];
    char *moving = data[MOVING], *fixed = data[FIXED];
    switch (m->item) {
#define LP_EACH(type, to, from)                                               \
    for (ptrdiff_t i = 0; i < n; i++) {                                       \
        uint64_t at = *(const uint64_t *)(list + i * steps[LIST]) - 1;        \
        if (at < m->slices) {                                                 \
            char *there =                                                     \
                moving + i * steps[MOVING] + (ptrdiff_t)at * m->step;         \
            char *here = fixed + i * steps[FIXED];                            \
            *(type *)to = *(const type *)from;                                \
        }                                                                     \
    }
#define LP_MOVE(type)                                                         \
    case sizeof(type):                                                        \
        if (m->way == LP_GET) {                                               \
            LP_EACH(type, here, there)                                        \
        }                                                                     \
        else {                                                                \
            LP_EACH(type, there, here)                                        \
        }                                                                     \
        return;
        LP_MOVE(uint8_t)
        LP_MOVE(uint16_t)
        LP_MOVE(uint32_t)
        LP_MOVE(uint64_t)
#undef LP_MOVE
#undef LP_EACH
    default:
        return;
    }
}

static void
move_row(const void *context, char *const *data, ptrdiff_t n,
         const ptrdiff_t *steps)
{
    const struct move *m = context;
    if (m->way != LP_ADD && steps[LIST] != 0) {
        move_elements(m, data, n, steps);
        return;
    }
    /* How many stand side by side at the same position. */
    ptrdiff_t alike = steps[LIST] == 0 && steps[MOVING] != 0 ? n : 1;
    for (ptrdiff_t i = 0; i < n; i += alike) {
        uint64_t at =
            *(const uint64_t *)(data[LIST] + i * steps[LIST]) - 1;
        if (at >= m->slices) {
            continue; /* Python has changed it since it was checked */
        }
        char *args[3];
        ptrdiff_t arg_steps[3];
        for (int k = 0; k < 3; k++) {
            int which = m->args[k];
            args[k] = data[which] + i * steps[which] +
                      (which == MOVING ? (ptrdiff_t)at * m->step : 0);
            arg_steps[k] = steps[which];
        }
        m->loop->run(args, &alike, arg_steps, m->loop->data);
    }
}

struct range {
    uint64_t n;
    int outside;
};

static void
check_row(const void *context, char *const *data, ptrdiff_t n,
          const ptrdiff_t *steps)
{
    struct range *range = *(struct range *const *)context;
    for (ptrdiff_t i = 0; i < n; i++) {
        uint64_t at = *(const uint64_t *)(data[0] + i * steps[0]);
        range->outside |= at - 1 >= range->n;
    }
}

/* Are all positions from 1 to `n`? */
static int
are_positions(const struct lp_tensor *list, int64_t n)
{
    struct range range = {(uint64_t)n, 0}, *context = &range;
    struct lp_walk walk;
    if (!lp_walk_begin(&walk, list)) {
        return 0;
    }
    lp_walk_run(&walk, check_row, &context);
    return !range.outside;
}

/* Has each element a place of its own? */
static int
is_spread(const struct lp_tensor *t)
{
    for (int d = 0; d < t->nd; d++) {
        if (t->size[d] != 1 && lp_tensor_strides(t)[d] == 0) {
            return 0;
        }
    }
    return 1;
}

void
lp_with_size(const struct lp_tensor *t, int dim, int64_t n,
             struct lp_tensor *changed)
{
    lp_sketch(t, changed);
    changed->size[dim] = n;
}

/* A list for whole slices as one for each element of `like`. */
static void
widen(const struct lp_tensor *list, const struct lp_tensor *like, int dim,
      struct lp_tensor *wide)
{
    lp_with_size(like, dim, list->size[0], wide);
    wide->storage = list->storage;
    wide->offset = list->offset;
    wide->dtype = LP_Long;
    for (int d = 0; d < wide->nd; d++) {
        lp_tensor_strides(wide)[d] = d == dim ? list->size[1] : 0;
    }
}

int
lp_move(enum lp_way way, const struct lp_tensor *list,
        const struct lp_tensor *moving, int dim,
        const struct lp_tensor *fixed, void *element)
{
    struct lp_tensor wide, changed, part;
    struct lp_walk walk;
    const struct lp_tensor *target = way == LP_GET ? fixed : moving;
    struct move m = {
        .loop = &lp_loops[way == LP_ADD ? LP_LOOP_add
                                     : LP_LOOP_copy][moving->dtype],
        .args = {MOVING, FIXED, MOVING},
        .way = way,
        .item = lp_dtypes[moving->dtype].size,
        .step = (ptrdiff_t)lp_tensor_strides(moving)[dim] *
                (ptrdiff_t)lp_dtypes[moving->dtype].size,
        .slices = (uint64_t)moving->size[dim],
    };
    if (way != LP_ADD) {
        m.args[0] = way == LP_GET ? MOVING : FIXED;
        m.args[1] = m.args[2] = way == LP_GET ? FIXED : MOVING;
    }
    if (m.loop->run == NULL || list->dtype != LP_Long || list->nd == 0 ||
        !is_spread(target) || lp_share_memory(target, list) ||
        !are_positions(list, moving->size[dim])) {
        return 0;
    }
    if (list->nd != moving->nd) {
        if (list->nd != 1) {
            return 0;
        }
        widen(list, moving, dim, &wide);
        list = &wide;
    }
    lp_with_size(moving, dim, list->size[dim], &changed);
    lp_tensor_strides(&changed)[dim] = 0;
    if (!lp_same_sizes(list, &changed) || !lp_walk_begin(&walk, list)) {
        return 0;
    }
    walk.one_by_one = 0; /* nothing is written to the list */
    if (!lp_walk_add(&walk, &changed, list)) {
        return 0;
    }
    if (fixed == NULL) {
        lp_walk_add_one(&walk, element);
    }
    else {
        if (fixed->dtype != moving->dtype || fixed->nd != moving->nd ||
            fixed->size[dim] < list->size[dim] ||
            lp_share_memory(fixed, moving)) {
            return 0;
        }
        lp_with_size(fixed, dim, list->size[dim], &part);
        if (!lp_same_sizes(list, &part) ||
            !lp_walk_add(&walk, &part, list)) {
            return 0;
        }
    }
    /* Of elements with the same position, the last is to win. */
    lp_walk_run_in_order(&walk, move_row, &m);
    return 1;
}

int
lp_can_get(const struct lp_tensor *list, const struct lp_tensor *t, int dim)
{
    if (list->dtype != LP_Long || list->nd == 0 || lp_share_memory(list, t) ||
        !are_positions(list, t->size[dim])) {
        return 0;
    }
    for (int d = 0; list->nd == t->nd && d < t->nd; d++) {
        if (d != dim && list->size[d] != t->size[d]) {
            return 0;
        }
    }
    return 1;
}
