/* SPDX-License-Identifier: MIT */
/* Symbols of the running process. */
#ifndef LP_DYNLIB_H
#define LP_DYNLIB_H

/* Address of a symbol of any globally loaded library, or NULL. */
void *lp_dynlib_symbol(const char *name);

/* Keep the library that contains `address` loaded until the process ends:
 * Lua unloads C modules in lua_close, but exit handlers, Python types and
 * threads still point into this one.  Returns 0, or -1 if it is unknown. */
int lp_dynlib_pin(const void *address);

#endif
