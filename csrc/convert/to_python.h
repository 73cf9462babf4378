/* SPDX-License-Identifier: MIT */
/* Lua values to Python objects: contract section 4, first table. */
#ifndef LP_TO_PYTHON_H
#define LP_TO_PYTHON_H

#include "base/state.h"

/* [GIL, lock; -0, +0, -] Convert the value at `index` by the view's rules.
 * NULL with a Python error.  Never jumps; needs eight free stack slots. */
LP_OWNED PyObject *lp_to_python(struct lp_state *S, lua_State *L, int index,
                                struct lp_view *view);

/* [GIL, lock] The same for what is known to be a number. */
LP_OWNED PyObject *lp_number_to_python(lua_State *L, int index,
                                       struct lp_view *view);

/* What the outermost table becomes. */
enum lp_table_as {
    LP_TABLE_BY_KEYS, /* the contract's rule */
    LP_TABLE_AS_DICT, /* whatever its keys (py.dict) */
    LP_TABLE_AS_LOCALS, /* a dict of the fields with string keys */
    LP_TABLE_AS_LIST, /* even if [1] is missing (py.list) */
    LP_TABLE_AS_ARGS, /* a list; errors call it py.args */
    LP_TABLE_AS_KWARGS /* a dict; errors call it py.kwargs */
};

/* The same as lp_to_python with a say in what a table becomes; other values
 * are converted as usual. */
LP_OWNED PyObject *lp_to_python_as(struct lp_state *S, lua_State *L,
                                   int index, struct lp_view *view,
                                   enum lp_table_as as);

/* [GIL, lock] The current error is about the argument with this number of a
 * call: say so, unless Python code has raised it. */
void lp_fail_in_argument(struct lp_state *S, int position);

/* The key of an item access, ref[key]: strings are str and integral numbers
 * int whatever the view says. */
LP_OWNED PyObject *lp_key_to_python(struct lp_state *S, lua_State *L,
                                    int index, struct lp_view *view);

/* A Lua string as str whatever the view says (names, keys, code). */
LP_OWNED PyObject *lp_to_str(lua_State *L, int index);

#endif
