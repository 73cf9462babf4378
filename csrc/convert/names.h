/* SPDX-License-Identifier: MIT */
/* Names of attributes, keywords and fields: strings of one language as those
 * of the other, from small caches, because making one costs as much as the
 * access itself. */
#ifndef LP_NAMES_H
#define LP_NAMES_H

#include "base/state.h"

/* [GIL, lock; -0, +0, -] The Lua string at `index` as an interned str; NULL
 * with a Python error. */
LP_OWNED PyObject *lp_name(struct lp_state *S, lua_State *L, int index);

/* The other direction, for keys of Lua tables. */
/* [GIL, lock; -0, +2|0, -] Push something and the string for a str that is
 * known, which needs no memory; 0 if it is not. */
int lp_push_known_name(struct lp_state *S, lua_State *L, PyObject *name);
/* [GIL, lock, inside lp_protect; -0, +0, m] The string on top is that of a
 * str (no subclass, UTF-8 with escapes): know it from now on. */
void lp_remember_name_or_jump(struct lp_state *S, lua_State *L,
                              PyObject *name);

#endif
