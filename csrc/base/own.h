/* SPDX-License-Identifier: MIT */
/* Ownership annotations: read by people, empty for the compiler.
 *
 *   LP_OWNED PyObject *f(...)          the caller gets a new reference
 *   LP_BORROWED PyObject *f(...)       the caller must not release the result
 *   void f(LP_STEALS PyObject *o)      the callee takes the reference over
 *
 * Names warn too: `_or_jump` may leave by longjmp (a Lua error), so nothing
 * owned may be in C locals; `_borrowed`, `_steal` say what they say. */
#ifndef LP_OWN_H
#define LP_OWN_H

#define LP_OWNED
#define LP_BORROWED
#define LP_STEALS

#define LP_LIKELY(x)   __builtin_expect(!!(x), 1)
#define LP_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define LP_NOINLINE    __attribute__((noinline))

#endif
