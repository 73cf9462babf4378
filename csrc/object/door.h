/* SPDX-License-Identifier: MIT */
/* The end of a lua_CFunction that entered Python. */
#ifndef LP_DOOR_H
#define LP_DOOR_H

#include "cross/error.h"

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

/* [GIL, lock] Leave Python and return from the lua_CFunction: with `n`
 * results, or if n < 0 by raising the current Python error in Lua.  Use as
 * `return lp_door_close(...)`: it is the one jump, and the last act. */
int lp_door_close(struct lp_cross *x, int n, int out);

#endif
