/* SPDX-License-Identifier: MIT */
/* Python iterators behind Lua's loops: what pairs(ref) and python.iter share.
 * The loop's function holds a reference to the iterator. */
#ifndef LP_PY_ITERATOR_H
#define LP_PY_ITERATOR_H

#include "handle/py_handle.h"

/* [GIL, lock] Let the empty reference `it` hold the iterator that `make`
 * returns for `obj`, which may be NULL with a Python error; 0 or -1.  The
 * lock is free while Python runs. */
int lp_iterator_open(struct lp_cross *x, struct lp_handle *it,
                     LP_STEALS PyObject *obj, PyObject *(*make)(PyObject *));

/* [GIL, lock] Its next item; NULL at the end, or with a Python error. */
LP_OWNED PyObject *lp_iterator_next(struct lp_cross *x,
                                    const struct lp_handle *it);

#endif
