/* SPDX-License-Identifier: MIT */
#include "object/door.h"

#include "convert/to_lua.h"
#include "cross/uncaught.h"

int
lp_push_result(struct lp_cross *x, PyObject *obj, struct lp_view *view,
               enum lp_result how, int out)
{
    struct lp_state *S = x->frame.S;
    lua_State *L = x->frame.L;
    if (obj == NULL) {
        return -1;
    }
    if (how == LP_AS_REF && !view->by_value) {
        if (obj != Py_None) { /* that goes into no reference */
            lua_pushvalue(L, out);
        }
        return lp_fill_result(x, obj, lua_touserdata(L, out));
    }
    int flags = how == LP_AS_VALUE_NONE ? LP_KEEP_NONE
                : how == LP_AS_REF      ? LP_SHALLOW
                                        : 0;
    if (lp_push_scalar(L, S, obj, flags)) {
        Py_DECREF(obj); /* runs no code */
        return 1;
    }
    int done = lp_push_no_scalar(S, L, obj, view, flags);
    /* The last reference may run a finalizer: not with the lock held. */
    lp_give_up(S, obj);
    return done < 0 ? -1 : 1;
}

int
lp_door_fail(struct lp_cross *x, int out)
{
    lp_cross_fail(x->frame.S, x->frame.L, out);
    lp_show_uncaught(x->frame.S, x->frame.L);
    lp_cross_end(x);
    return -1;
}
