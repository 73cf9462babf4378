/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/walk.h"

#include <string.h>

static size_t
item_size(const struct lp_tensor *t)
{
    return lp_dtypes[t->dtype].size;
}

int
lp_is_contiguous(const struct lp_tensor *t)
{
    const int64_t *stride = lp_tensor_strides(t);
    int64_t next = 1;
    for (int d = t->nd - 1; d >= 0; d--) {
        if (t->size[d] != 1) {
            if (stride[d] != next) {
                return 0;
            }
            next *= t->size[d];
        }
    }
    return 1;
}

/* Strides are never negative: the first element has the lowest address. */
static char *
end_of(const struct lp_tensor *t)
{
    const int64_t *stride = lp_tensor_strides(t);
    int64_t last = 0;
    for (int d = 0; d < t->nd; d++) {
        last += (t->size[d] - 1) * stride[d];
    }
    return lp_tensor_data(t) + (last + 1) * (int64_t)item_size(t);
}

int
lp_share_memory(const struct lp_tensor *a, const struct lp_tensor *b)
{
    return a->nd > 0 && b->nd > 0 && lp_tensor_data(a) < end_of(b) &&
           lp_tensor_data(b) < end_of(a);
}

static int
is_same_memory(const struct lp_tensor *a, const struct lp_tensor *b)
{
    int same = lp_tensor_data(a) == lp_tensor_data(b) && a->dtype == b->dtype;
    for (int d = 0; same && d < a->nd; d++) {
        same = a->size[d] == 1 ||
               lp_tensor_strides(a)[d] == lp_tensor_strides(b)[d];
    }
    return same;
}

static void
add(struct lp_walk *w, const struct lp_tensor *t)
{
    const int64_t *stride = lp_tensor_strides(t);
    int k = 0;
    for (int d = 0; d < t->nd; d++) {
        if (t->size[d] != 1) {
            w->step[w->n][k++] = (ptrdiff_t)stride[d] *
                                 (ptrdiff_t)item_size(t);
        }
    }
    w->data[w->n++] = lp_tensor_data(t);
}

int
lp_walk_begin(struct lp_walk *w, const struct lp_tensor *first)
{
    if (first->nd == 0 || first->nd > LP_WALK_DIMS) {
        return 0;
    }
    w->n = w->nd = w->one_by_one = 0;
    for (int d = 0; d < first->nd; d++) {
        if (first->size[d] != 1) {
            w->one_by_one |= lp_tensor_strides(first)[d] == 0;
            w->size[w->nd++] = first->size[d];
        }
    }
    add(w, first);
    return 1;
}

int
lp_walk_add(struct lp_walk *w, const struct lp_tensor *t,
            const struct lp_tensor *result)
{
    if (t == result) {
        add(w, t);
        return 1;
    }
    int same_sizes = lp_same_sizes(t, result);
    if (lp_share_memory(t, result) &&
        !(same_sizes && is_same_memory(t, result))) {
        return 0;
    }
    if (same_sizes) {
        add(w, t);
        return 1;
    }
    if (!lp_is_contiguous(t) ||
        lp_count_elements(t) != lp_count_elements(result)) {
        return 0;
    }
    ptrdiff_t step = (ptrdiff_t)item_size(t);
    for (int d = w->nd - 1; d >= 0; d--) {
        w->step[w->n][d] = step;
        step *= (ptrdiff_t)w->size[d];
    }
    w->data[w->n++] = lp_tensor_data(t);
    return 1;
}

void
lp_walk_add_one(struct lp_walk *w, void *element)
{
    for (int d = 0; d < w->nd; d++) {
        w->step[w->n][d] = 0;
    }
    w->data[w->n++] = element;
}

/* Order does not matter to what works element by element: the dimension with
 * the smallest step in the result comes last. */
static void
sort(struct lp_walk *w)
{
    for (int i = 1; i < w->nd; i++) {
        for (int d = i; d > 0 && w->step[0][d - 1] < w->step[0][d]; d--) {
            int64_t size = w->size[d];
            w->size[d] = w->size[d - 1];
            w->size[d - 1] = size;
            for (int k = 0; k < w->n; k++) {
                ptrdiff_t step = w->step[k][d];
                w->step[k][d] = w->step[k][d - 1];
                w->step[k][d - 1] = step;
            }
        }
    }
}

/* Join dimensions that all arrays go through as through one. */
static void
join(struct lp_walk *w)
{
    int last = 0; /* the dimension that the next may join */
    for (int d = 1; d < w->nd; d++) {
        int joins = 1;
        for (int k = 0; joins && k < w->n; k++) {
            joins = w->step[k][last] == w->step[k][d] * w->size[d];
        }
        if (joins) {
            w->size[last] *= w->size[d];
        }
        else {
            w->size[++last] = w->size[d];
        }
        for (int k = 0; k < w->n; k++) {
            w->step[k][last] = w->step[k][d];
        }
    }
    w->nd = last + 1;
}

void
lp_walk_run(struct lp_walk *w, lp_walk_function *f, const void *context)
{
    if (!w->one_by_one) {
        sort(w);
    }
    lp_walk_run_in_order(w, f, context);
}

static void
run_one_by_one(const struct lp_walk *w, lp_walk_function *f,
               const void *context, const ptrdiff_t *steps)
{
    char *data[LP_WALK_ARRAYS];
    for (int64_t i = 0; i < w->size[w->nd - 1]; i++) {
        for (int k = 0; k < w->n; k++) {
            data[k] = w->data[k] + i * steps[k];
        }
        f(context, data, 1, steps);
    }
}

void
lp_walk_run_in_order(struct lp_walk *w, lp_walk_function *f,
                     const void *context)
{
    ptrdiff_t steps[LP_WALK_ARRAYS] = {0};
    if (w->nd == 0) { /* one element */
        f(context, w->data, 1, steps);
        return;
    }
    if (w->nd > 1) {
        join(w);
    }
    int inner = w->nd - 1;
    int64_t at[LP_WALK_DIMS] = {0};
    for (int k = 0; k < w->n; k++) {
        steps[k] = w->step[k][inner];
    }
    for (;;) {
        if (w->one_by_one) {
            run_one_by_one(w, f, context, steps);
        }
        else {
            f(context, w->data, (ptrdiff_t)w->size[inner], steps);
        }
        int d = inner - 1;
        for (; d >= 0; d--) {
            for (int k = 0; k < w->n; k++) {
                w->data[k] += w->step[k][d];
            }
            if (++at[d] < w->size[d]) {
                break;
            }
            for (int k = 0; k < w->n; k++) {
                w->data[k] -= w->step[k][d] * (ptrdiff_t)w->size[d];
            }
            at[d] = 0;
        }
        if (d < 0) {
            return;
        }
    }
}

/* context: the size of an element, which is data 1 */
static void
fill_row(const void *context, char *const *data, ptrdiff_t n,
         const ptrdiff_t *steps)
{
    const size_t item = *(const size_t *)context;
    char *to = data[0];
    if (steps[0] == (ptrdiff_t)item) {
        const size_t bytes = (size_t)n * item;
        memcpy(to, data[1], item);
        for (size_t done = item; done < bytes; done *= 2) {
            memcpy(to + done, to, done < bytes - done ? done : bytes - done);
        }
        return;
    }
    switch (item) {
#define LP_FILL(type)                                                         \
    case sizeof(type): {                                                      \
        const type value = *(const type *)data[1];                            \
        for (ptrdiff_t i = 0; i < n; i++) {                                   \
            *(type *)(to + i * steps[0]) = value;                             \
        }                                                                     \
        return;                                                               \
    }
        LP_FILL(uint8_t)
        LP_FILL(uint16_t)
        LP_FILL(uint32_t)
        LP_FILL(uint64_t)
#undef LP_FILL
    default:
        return;
    }
}

int
lp_fill(const struct lp_tensor *t, const void *element)
{
    uint64_t own;
    struct lp_walk walk;
    size_t item = item_size(t);
    if (!lp_walk_begin(&walk, t)) {
        return 0;
    }
    memcpy(&own, element, item);
    lp_walk_add_one(&walk, &own);
    lp_walk_run(&walk, fill_row, &item);
    return 1;
}
