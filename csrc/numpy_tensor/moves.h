/* SPDX-License-Identifier: MIT */
/* Elements and slices by lists of positions.
 *
 * All goes through two tensors of the same sizes but in one dimension: where
 * there the elements of `moving` are, positions say, one for each element of
 * `fixed` or for each of its slices. */
#ifndef LP_MOVES_H
#define LP_MOVES_H

#include "numpy_tensor/tensor.h"

enum lp_way { LP_GET, LP_PUT, LP_ADD }; /* `fixed` from `moving`, or to it */

/* [-] Move what there is to be moved; 0 if that is not for us, and nothing has
 * changed.  `moving` has at most LP_INLINE_DIMS dimensions, one of which is
 * `dim`; `list` may be a vector, for slices.  `fixed` may be longer than the
 * list; without it there is one element to put everywhere.  The loops are
 * known (lp_loops_need_or_jump). */
int lp_move(enum lp_way way, const struct lp_tensor *list,
            const struct lp_tensor *moving, int dim,
            const struct lp_tensor *fixed, void *element);

/* [-] Can a new tensor of the sizes that the list asks for get its elements
 * from `t`?  If lp_move takes that no more, something has changed. */
int lp_can_get(const struct lp_tensor *list, const struct lp_tensor *t,
               int dim);

/* [-] `t` with another size in a dimension, in `changed`, which must not be
 * moved. */
void lp_with_size(const struct lp_tensor *t, int dim, int64_t n,
                  struct lp_tensor *changed);

#endif
