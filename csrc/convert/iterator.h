/* SPDX-License-Identifier: MIT */
/* Python iterators behind Lua's loops: what py.iter, pairs(ref) and python.iter
 * share.  The state of such a loop is a reference to the iterator. */
#ifndef LP_ITERATOR_H
#define LP_ITERATOR_H

#include "convert/ahead.h"

/* [-0, +0, e] The reference at index 1 of a loop's function, or a Lua error
 * that says what `name` is for.  `ahead`: the same, if items may be fetched
 * ahead, else NULL. */
struct lp_handle *lp_check_iterator_or_jump(lua_State *L, const char *name,
                                            struct lp_iteration **ahead);

/* [GIL, lock] Let the empty reference `it` hold the iterator that `make`
 * returns for `obj`, which may be NULL with a Python error; 0 or -1.  The
 * lock is free while Python runs. */
int lp_iterator_open(struct lp_cross *x, struct lp_handle *it,
                     LP_STEALS PyObject *obj, PyObject *(*make)(PyObject *));

/* [GIL, lock] Its next item; NULL at the end, or with a Python error, that of
 * a reference to something else with `name`.  `ahead`: what was asked for it
 * before the crossing, or NULL. */
LP_OWNED PyObject *lp_iterator_next(struct lp_cross *x, struct lp_handle *it,
                                    struct lp_iteration *ahead,
                                    const char *name);

#endif
