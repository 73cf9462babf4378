/* SPDX-License-Identifier: MIT */
/* Errors between the two languages.
 *
 * Inside C the convention is Python's: NULL or -1 with the Python error set.
 * A Lua error turns into a Python error where lua_pcall returns
 * (lp_error_from_lua); a Python error turns into a Lua error at the door, as
 * its last act (lp_cross_fail, then lua_error). */
#ifndef LP_ERROR_H
#define LP_ERROR_H

#include "base/gil.h"
#include "handle/py_handle.h"

/* pyhelper.LuaError and its subclasses; owned by the process. */
extern PyObject *lp_LuaError, *lp_LuaSyntaxError, *lp_LuaMemoryError;

/* [GIL, lock; -1, +0, -] Turn the Lua error value on top into the current
 * Python error: a Python exception that comes back is raised again as the
 * same object, anything else becomes a LuaError with `.value`. */
void lp_error_from_lua(struct lp_state *S, lua_State *L, int status,
                       PyObject *syntax_class);

/* [GIL, lock; -0, +1, -] Push the current Python error as the error object to
 * raise in Lua and clear it.  `out`: index of an empty reference to reuse, or
 * 0.  Never fails: without memory the value is a string. */
void lp_cross_fail(struct lp_state *S, lua_State *L, int out);

/* [-0, +0, m] Handler for lua_pcall, see LP_SLOT_HANDLER. */
void lp_error_init_or_jump(struct lp_state *S, lua_State *L);
/* [GIL] Add set_errors and trace_text to pyhelper._core.  0 or -1. */
int lp_error_init_python(PyObject *module);

#endif
