/* SPDX-License-Identifier: MIT */
/* A Lua state as Python's garbage collector sees it.
 *
 * A Python function that Lua holds may hold the LuaRuntime, or a table of it:
 * a cycle through both heaps.  Each Lua object of a state that Python made
 * holds the state's anchor, and the anchor shows the collector the Python
 * objects that Lua holds.  When nothing else is left of the cycle, clearing
 * the anchor closes the Lua state. */
#ifndef LP_ANCHOR_H
#define LP_ANCHOR_H

#include "base/state.h"

/* [GIL] Make the anchor of a state; it holds the state. */
LP_OWNED PyObject *lp_anchor_new(struct lp_state *S);

#endif
