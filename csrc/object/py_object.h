/* SPDX-License-Identifier: MIT */
/* What references to Python objects do in Lua: contract section 5. */
#ifndef LP_PY_OBJECT_H
#define LP_PY_OBJECT_H

#include "base/state.h"

/* [-0, +0, m] Make the metatable of references for a new state. */
void lp_py_object_init_or_jump(struct lp_state *S, lua_State *L);
/* The function behind __pairs (object/py_pairs.c). */
int lp_ref_pairs(lua_State *L);
/* The same for error objects (object/py_error.c). */
void lp_py_error_init_or_jump(struct lp_state *S, lua_State *L);

/* [GIL, no lock] ref.name and ref.name = v: attribute, else item. */
LP_OWNED PyObject *lp_get_field(PyObject *obj, PyObject *name);
int lp_set_field(PyObject *obj, PyObject *name, PyObject *value);

#endif
