/* SPDX-License-Identifier: MIT */
/* Names of attributes and keywords: Lua strings as interned Python strings,
 * from a small cache, because making one costs as much as the attribute
 * access itself. */
#ifndef LP_NAMES_H
#define LP_NAMES_H

#include "base/state.h"

/* [GIL, lock; -0, +0, -] The Lua string at `index` as an interned str; NULL
 * with a Python error. */
LP_OWNED PyObject *lp_name(struct lp_state *S, lua_State *L, int index);

#endif
