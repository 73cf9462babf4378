/* SPDX-License-Identifier: MIT */
/* A new Lua state in a Python host, with all that its programs find there. */
#ifndef LP_RUNTIME_OPEN_H
#define LP_RUNTIME_OPEN_H

#include "object/python_table.h"

/* What the door gives: it alone knows all the parts. */
struct lp_runtime_parts {
    /* [GIL, lock; -0, +0, em] Make the parts of a new state. */
    void (*init_state_or_jump)(struct lp_state *S, lua_State *L);
    lua_CFunction open_core; /* what require 'py.core' calls */
};

struct lp_runtime_options {
    PyObject *filter, *getter, *setter, *overflow; /* borrowed or NULL */
    const char *encoding;
    int bytes, unpack;
    int no_python;            /* refuse require 'py' */
    const char *path, *cpath; /* to go before package.path and cpath */
    struct lp_python_objects python;
};

/* [GIL] A new Lua state; NULL with a Python error. */
struct lp_state *lp_runtime_open(const struct lp_runtime_parts *parts,
                                 const struct lp_runtime_options *options);

/* [GIL, lock; -0, +0, e] A view with pyhelper's rules. */
struct lp_view *lp_runtime_view_or_jump(struct lp_state *S, lua_State *L,
                                        const struct lp_runtime_options *o);

#endif
