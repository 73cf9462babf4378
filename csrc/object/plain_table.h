/* SPDX-License-Identifier: MIT */
/* The short way to fields of a table without metatable: no code can run, and
 * with a key and a value that need no memory nothing can raise, so there is
 * no protected call.  What does not fit goes the way of object/lua_value.c. */
#ifndef LP_PLAIN_TABLE_H
#define LP_PLAIN_TABLE_H

#include "handle/lua_handle.h"

/* [GIL, no lock needed] Both: 1 done, 0 not this case (nothing happened),
 * -1 Python error. */
int lp_plain_get(struct lp_lua_object *self, PyObject *key,
                 PyObject **result);
/* Only fields that are there; `item` NULL stores nil. */
int lp_plain_set(struct lp_lua_object *self, PyObject *key, PyObject *item);

#endif
