/* SPDX-License-Identifier: MIT */
/* Ctrl-C and the other signals that Python code handles, while Lua runs.
 *
 * Python runs its signal handlers between two bytecodes of its main thread.
 * Lua code has no such place, so our handler stands in front of Python's: it
 * calls that one, sets `lp_attention` and plants a debug hook in the Lua
 * thread that runs (lua_sethook is the one function of Lua's API that signal
 * handlers may call).  The hook, or the next crossing, whichever comes first,
 * lets Python run its handlers and raises their exception in Lua.
 *
 * Without a signal a crossing pays for one load and one branch. */
#ifndef LP_SIGNAL_H
#define LP_SIGNAL_H

#include "base/gil.h"

/* [Lua lock] Signals that come while no crossing is open belong to S: the
 * Lua that the thread of Python's start runs.  lp_signals_forget: S closes. */
void lp_signals_watch(struct lp_state *S);
void lp_signals_forget(struct lp_state *S);
/* The host is a prompt, which sets its own SIGINT handler for every line. */
void lp_signals_at_prompt(void);

/* [GIL, no lock] Python's main thread only: run the handlers of signals that
 * came.  0, or -1 with the error that one raised. */
int lp_check_signals(void);

/* [GIL, lock; in a crossing or visit] For long work in C, every so many steps:
 * the same, where a signal waits and this is the thread for it. */
int lp_poll_slow(struct lp_state *S);
enum { LP_POLL_STEPS = 4096 };
static inline int
lp_poll(struct lp_state *S, size_t step)
{
    return LP_UNLIKELY(step % LP_POLL_STEPS == LP_POLL_STEPS - 1 &&
                       (lp_attention & LP_SIGNAL_PENDING))
               ? lp_poll_slow(S)
               : 0;
}

/* The coroutine that L has resumed, as far as the API shows it: L's running
 * function is C and has a thread as first argument (coroutine.resume) or
 * first upvalue (the functions of coroutine.wrap).  Else NULL. */
lua_State *lp_resumed_by(lua_State *L);

/* [GIL] Functions of pyhelper._core.  0 or -1. */
int lp_signal_init_python(PyObject *module);

#endif
