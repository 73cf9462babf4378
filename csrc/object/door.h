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

/* [GIL, lock; -0, +0|1, -] Leave Python: `n`, or if n < 0 the current Python
 * error as an error value on top and -1.  `out` as above. */
int lp_door_fail(struct lp_cross *x, int out);
static inline int
lp_door_shut(struct lp_cross *x, int n, int out)
{
    if (LP_UNLIKELY(n < 0)) {
        return lp_door_fail(x, out);
    }
    lp_cross_end(x);
    return n;
}

/* [-0|1, +0, e] Return from a lua_CFunction what lp_door_shut gave. */
static inline int
lp_return_or_jump(lua_State *L, int n)
{
    return LP_LIKELY(n >= 0) ? n : lua_error(L);
}

/* Both: use as `return lp_door_close(...)`, the one jump and the last act.
 *
 * Functions that fail often have the crossing in a function of its own, never
 * inlined, and end with `return lp_return_or_jump(L, body(L))`: then no frame
 * of ours is left when Lua raises the error.  LuaJIT's throw unwinds C frames
 * by their tables, 100 ns for each. */
static inline int
lp_door_close(struct lp_cross *x, int n, int out)
{
    return lp_return_or_jump(x->frame.L, lp_door_shut(x, n, out));
}

#endif
