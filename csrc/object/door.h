/* SPDX-License-Identifier: MIT */
/* The end of a lua_CFunction that entered Python. */
#ifndef LP_DOOR_H
#define LP_DOOR_H

#include "cross/error.h"
#include "tensor/provider.h"

/* How results cross. */
enum lp_result {
    LP_AS_REF,       /* as a reference; None as py.None */
    LP_AS_VALUE,     /* converted, None as nil */
    LP_AS_VALUE_NONE /* converted, None as py.None at any depth */
};

/* [GIL, lock; -0, +1, -] Push a result.  `out`: index of an empty reference
 * made before Python was entered, or 0.  Returns 1, or -1 with a Python
 * error; `obj` may be NULL with an error set and is released. */
int lp_push_result(struct lp_cross *x, LP_STEALS PyObject *obj,
                   struct lp_view *view, enum lp_result how, int out);

/* [GIL, lock; -0, +0|1, -] The same as LP_AS_REF for a result that goes into
 * the empty reference `h` on top of the stack. */
static inline int
lp_fill_result(struct lp_cross *x, LP_STEALS PyObject *obj,
               struct lp_handle *h)
{
    struct lp_state *S = x->frame.S;
    if (LP_UNLIKELY(obj == NULL)) {
        return -1;
    }
    if (LP_UNLIKELY(obj == Py_None)) {
        Py_DECREF(obj);
        lp_push_slot(S, x->frame.L, LP_SLOT_NONE);
        return 1;
    }
    lp_count_foreign(S, obj);
    h->obj = obj;
    S->n_refs++;
    return 1;
}

/* [GIL, lock] Leave Python and return from the lua_CFunction: with `n`
 * results, or if n < 0 by raising the current Python error in Lua.  Use as
 * `return lp_door_close(...)`: it is the one jump, and the last act. */
int lp_door_fail(struct lp_cross *x, int out);
static inline int
lp_door_close(struct lp_cross *x, int n, int out)
{
    if (LP_UNLIKELY(n < 0)) {
        return lp_door_fail(x, out);
    }
    lp_cross_end(x);
    return n;
}

#endif
