/* SPDX-License-Identifier: MIT */
/* Symbols of the running process. */
#ifndef LP_DYNLIB_H
#define LP_DYNLIB_H

/* Address of a symbol of any globally loaded library, or NULL. */
void *lp_dynlib_symbol(const char *name);

/* The loaded library that contains `address`, or NULL; stays valid while
 * that library is loaded. */
void *lp_dynlib_library_of(const void *address);
/* Address of a symbol of that library or of those that it needs, or NULL. */
void *lp_dynlib_symbol_in(void *library, const char *name);

/* The file of that library as it was opened, or NULL. */
const char *lp_dynlib_file(const void *address);

/* Keep the library that contains `address` loaded until the process ends:
 * Lua unloads C modules in lua_close, but exit handlers, Python types and
 * threads still point into this one.  Returns 0, or -1 if it is unknown. */
int lp_dynlib_pin(const void *address);

#endif
