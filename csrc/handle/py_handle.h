/* SPDX-License-Identifier: MIT */
/* A Python object in Lua: identity only (make, test, unwrap, release).  What
 * it does is in object/py_object.c. */
#ifndef LP_PY_HANDLE_H
#define LP_PY_HANDLE_H

#include "base/gil.h"

/* The payload of a reference's userdata.  Small, because each byte brings
 * Lua's next collection nearer.  The view's address marks it as ours: a
 * userdata of this size that begins with one cannot come from elsewhere, and
 * looking costs less than fetching a metatable. */
struct lp_handle {
    struct lp_view *view; /* the conversion rules it remembers */
    PyObject *obj;        /* owned; NULL once closed */
};

enum lp_protocol {
    LP_BY_VIEW, /* what fields of this object mean is the view's rule */
    LP_ATTRIBUTES,
    LP_ITEMS
};

/* A reference that knows more: how it was got, or what its fields mean. */
struct lp_member {
    struct lp_handle h;
    PyObject *owner; /* owned: the object that this method was got from, or
                        NULL */
    uint16_t frame;  /* LuaJIT: frame it was got in, to tell a tail call, */
    uint16_t below;  /* and the frame below that one */
    uint8_t protocol; /* enum lp_protocol */
};

/* The iterator of a loop over a list or tuple, with room for items that were
 * converted ahead of their turn: see convert/ahead.h. */
struct lp_iteration {
    struct lp_handle h;
    size_t epoch; /* of the state when they were fetched */
    PyInterpreterState *interpreter;
    PyThreadState *newest; /* its only thread then */
    uint8_t amount;        /* items that the next step takes from Python */
    uint8_t at, n;         /* ready: the items from `at` to `n` */
    struct lp_ready {
        union {
            double number;
            long long integer;
            char text[23];
        } as;
        uint8_t kind; /* size of a text, or what convert/ahead.c says */
    } ready[16];
};

/* A reference that has become an error object: marked by one more than the
 * view's address. */
struct lp_error {
    uintptr_t view; /* address of the view + LP_ERROR_MARK */
    struct lp_raised {
        PyObject *exc;          /* owned */
        struct lp_trace *trace; /* owned; NULL: not known */
        struct lp_raised *next, **link; /* S->raised: see handle/anchor.c */
    } *raised;                  /* NULL once finalized */
};
enum { LP_ERROR_MARK = 1 };

/* [-0, +0, -] The handle at `index` and its size, or NULL if it is something
 * else. */
static inline struct lp_handle *
lp_sized_handle_at(lua_State *L, int index, uintptr_t mark, size_t *size)
{
    struct lp_handle *h = lua_touserdata(L, index);
    if (h == NULL) {
        return NULL;
    }
    *size = lua_rawlen(L, index);
    if ((*size == sizeof *h || *size == sizeof(struct lp_member) ||
         *size == sizeof(struct lp_iteration)) &&
        lp_is_view(L, (uintptr_t)h->view - mark)) {
        return h;
    }
    return NULL;
}

static inline struct lp_handle *
lp_to_ref(lua_State *L, int index)
{
    size_t size;
    return lp_sized_handle_at(L, index, 0, &size);
}

static inline struct lp_error *
lp_to_error(lua_State *L, int index)
{
    size_t size;
    return (struct lp_error *)lp_sized_handle_at(L, index, LP_ERROR_MARK,
                                                 &size);
}

/* [-0, +0, -] What more is known of the reference at `index`, or NULL. */
static inline struct lp_member *
lp_to_member(lua_State *L, int index)
{
    size_t size;
    struct lp_handle *h = lp_sized_handle_at(L, index, 0, &size);
    return h != NULL && size == sizeof(struct lp_member)
               ? (struct lp_member *)h
               : NULL;
}

/* [-0, +0, e] The Lua error for what is no living reference. */
void lp_bad_ref_or_jump(lua_State *L, int index);

/* [-0, +0, e] A living reference at `index`, or a Lua error. */
static inline struct lp_handle *
lp_check_sized_ref_or_jump(lua_State *L, int index, size_t *size)
{
    struct lp_handle *h = lp_sized_handle_at(L, index, 0, size);
    if (LP_UNLIKELY(h == NULL || h->obj == NULL)) {
        lp_bad_ref_or_jump(L, index);
    }
    return h;
}

static inline struct lp_handle *
lp_check_ref_or_jump(lua_State *L, int index)
{
    size_t size;
    return lp_check_sized_ref_or_jump(L, index, &size);
}

/* A scope is a table with the references as keys, and of whom it is.  It has
 * these two fields from the start, so that filling them needs no memory. */
enum {
    LP_SCOPE_THREAD = 1, /* light userdata: the OS thread */
    LP_SCOPE_COROUTINE,  /* the Lua thread */
};

/* [-0, +0|1, -] Push the scope that new references belong to and return 1;
 * 0 if there is none: it is another OS thread's, or its coroutine waits. */
int lp_push_scope(lua_State *L, struct lp_state *S);
/* [-0, +0, m] Note the reference on top for py.scope. */
void lp_note_in_scope_or_jump(lua_State *L, struct lp_state *S);

/* [Lua lock; -0, +1, m] Push an empty reference of either size; `metatable`:
 * index of that of references, which is cheaper to take from an upvalue than
 * from the registry. */
static inline struct lp_handle *
lp_new_handle_or_jump(lua_State *L, struct lp_state *S, struct lp_view *view,
                      size_t size, int metatable)
{
    lp_relieve_or_jump(S, L);
    struct lp_handle *h = lp_new_userdata(L, size);
    h->view = view;
    h->obj = NULL;
    if (size == sizeof(struct lp_member)) {
        *(struct lp_member *)h = (struct lp_member){.h = {view, NULL}};
    }
    if (metatable != 0) {
        lua_pushvalue(L, metatable);
    }
    else {
        lp_push_slot(S, L, LP_SLOT_REF_MT);
    }
    lua_setmetatable(L, -2);
    if (LP_UNLIKELY(S->in_scope)) {
        lp_note_in_scope_or_jump(L, S);
    }
    return h;
}

/* [Lua lock; -0, +1, m] Push an empty reference, to be filled later.  Made
 * before Python is entered, so that nothing is owned if it jumps. */
struct lp_handle *lp_new_ref_or_jump(lua_State *L, struct lp_state *S,
                                     struct lp_view *view);
struct lp_member *lp_new_member_or_jump(lua_State *L, struct lp_state *S,
                                        struct lp_view *view);
/* [GIL, lock; -0, +1, m] Push a reference to `obj`; inside lp_protect. */
struct lp_handle *lp_push_ref_or_jump(lua_State *L, struct lp_state *S,
                                      struct lp_view *view, PyObject *obj);

/* [Lua lock; -0, +1, m] Push an empty reference for the iterator of a loop
 * over the value at `index`: a struct lp_iteration, if that is a list or tuple. */
struct lp_handle *lp_new_iterator_or_jump(lua_State *L, struct lp_state *S,
                                          struct lp_view *view, int index);

/* [-0, +0, m] Remember the reference on top in LP_SLOT_WRAPPERS: as the one for
 * an object, by that one's address, or under any other address; Python's
 * collector sees what is there (handle/anchor.h). */
void lp_remember_ref_or_jump(lua_State *L, struct lp_state *S,
                             const void *key);

/* [GIL, lock] What the handle holds, or NULL with a Python error if it was
 * closed.  For use after lp_cross_begin: between a check before that and
 * here a finalizer of Lua or a signal handler may have closed it. */
LP_OWNED PyObject *lp_handle_object(const struct lp_handle *h);

/* [Lua lock] Release an object that a userdata owns, from its finalizer;
 * nothing once Python has ended. */
void lp_release_field(struct lp_state *S, PyObject **field);
/* [Lua lock] Release now what the reference at `index` holds. */
void lp_ref_close(struct lp_state *S, lua_State *L, int index);

/* [GIL, lock] Make an error object of the empty reference `h`; the caller
 * sets its metatable.  0, or -1 without memory. */
int lp_ref_to_error(struct lp_handle *h, LP_STEALS PyObject *exc,
                    LP_STEALS struct lp_trace *trace);
static inline struct lp_view *
lp_error_view(const struct lp_error *e)
{
    return (struct lp_view *)(e->view - LP_ERROR_MARK);
}
/* [GIL, lock] The exception, or NULL with a Python error if it was
 * finalized. */
LP_OWNED PyObject *lp_error_object(const struct lp_error *e);

/* [-0, +0, m] Add `__gc` to the metatable of references, or of error
 * objects, on top. */
void lp_handle_set_gc_or_jump(lua_State *L, int is_error);

#endif
