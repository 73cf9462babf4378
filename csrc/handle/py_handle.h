/* SPDX-License-Identifier: MIT */
/* A Python object in Lua: identity only (make, test, unwrap, release).  What
 * it does is in object/py_object.c. */
#ifndef LP_PY_HANDLE_H
#define LP_PY_HANDLE_H

#include "base/gil.h"

/* The payload of our userdata: a reference or an error object. */
struct lp_handle {
    const void *magic;    /* &lp_ref_magic or &lp_error_magic */
    PyObject *obj;        /* owned; NULL once closed */
    struct lp_view *view; /* the conversion rules it remembers */
    void *aux; /* reference: owned receiver it was got from, or NULL;
                  error object: its struct lp_trace, or NULL */
    /* Small: the more bytes a reference has, the more often Lua collects. */
    uint16_t frame;   /* LuaJIT: frame it was got in, to tell a tail call, */
    uint16_t below;   /* and the frame below that one */
    uint8_t protocol; /* enum lp_protocol */
};

enum lp_protocol {
    LP_BY_VIEW, /* what fields of this object mean is the view's rule */
    LP_ATTRIBUTES,
    LP_ITEMS
};

/* Their addresses mark our userdata.  A userdata of exactly this size that
 * starts with one of them cannot come from elsewhere, and comparing costs
 * less than fetching a metatable. */
extern const char lp_ref_magic, lp_error_magic;

/* [-0, +0, -] The handle at `index`, or NULL if it is something else. */
static inline struct lp_handle *
lp_handle_at(lua_State *L, int index, const void *magic)
{
    struct lp_handle *h = lua_touserdata(L, index);
    if (h != NULL && lua_rawlen(L, index) == sizeof *h && h->magic == magic) {
        return h;
    }
    return NULL;
}

static inline struct lp_handle *
lp_to_ref(lua_State *L, int index)
{
    return lp_handle_at(L, index, &lp_ref_magic);
}

static inline struct lp_handle *
lp_to_error(lua_State *L, int index)
{
    return lp_handle_at(L, index, &lp_error_magic);
}

/* [-0, +0, e] A living reference at `index`, or a Lua error. */
struct lp_handle *lp_check_ref_or_jump(lua_State *L, int index);

/* [Lua lock; -0, +1, m] Push an empty reference, to be filled later.  Made
 * before Python is entered, so that nothing is owned if it jumps. */
struct lp_handle *lp_new_ref_or_jump(lua_State *L, struct lp_state *S,
                                     struct lp_view *view);
/* [GIL, lock; -0, +1, m] Push a reference to `obj`; inside lp_protect. */
struct lp_handle *lp_push_ref_or_jump(lua_State *L, struct lp_state *S,
                                      struct lp_view *view, PyObject *obj);

/* [GIL, lock] What the handle holds, or NULL with a Python error if it was
 * closed.  For use after lp_cross_begin: between a check before that and
 * here a finalizer of Lua or a signal handler may have closed it. */
LP_OWNED PyObject *lp_handle_object(const struct lp_handle *h);

/* [Lua lock] Release now what the handle holds. */
void lp_handle_close(struct lp_state *S, struct lp_handle *h);

/* [-0, +0, m] Metatables' __gc for a new state; -1 value popped by caller:
 * adds `__gc` to the table on top. */
void lp_handle_set_gc_or_jump(struct lp_state *S, lua_State *L);

#endif
